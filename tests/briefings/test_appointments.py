"""Roles in a programme and mandates of senior managers."""

from datetime import date

import pytest

from briefings import messages
from briefings.actions import appointments
from briefings.models import Appointment, Mandate, ProgrammeRole
from history.models import Entry
from messaging.models import Message
from tests.briefings.factories import NOW, AppointmentFactory, MandateFactory, PartnerFactory, ProgrammeFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)


def appoint(programme, person, role=ProgrammeRole.FACILITATOR, by=None):
    return appointments.appoint(programme=programme, person=person, role=role, by=by or PersonFactory(), now=NOW)


def test_an_appointed_person_is_told_which_role_in_which_programme():
    programme, person = ProgrammeFactory(name="Wren Valley"), PersonFactory(name="Femi Facilitator")
    appoint(programme, person)
    mail = messages.render(Message.objects.get(person=person))
    assert mail.subject == "You are now a facilitator of Wren Valley"
    assert f"/programmes/{programme.slug}/" in mail.text
    assert f"/programmes/{programme.slug}/" in mail.html
    for words in (mail.text, mail.html):
        assert "Whoever has this role runs sessions: the register" in words


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (ProgrammeRole.BOARD, "a member of the board"),
        (ProgrammeRole.INFORMATION_GOVERNANCE, "an information governance officer"),
    ],
)
def test_roles_read_as_people_say_them(role, words):
    appointment = appoint(ProgrammeFactory(name="Wren Valley"), PersonFactory(), role)
    message = Message.objects.get(refs__appointment=appointment.pk)
    assert messages.render(message).subject == f"You are now {words} of Wren Valley"


def test_appointing_twice_is_appointing_once():
    programme, person = ProgrammeFactory(), PersonFactory()
    assert appoint(programme, person) == appoint(programme, person)
    assert (Message.objects.count(), Entry.objects.count()) == (1, 1)


def test_who_has_no_address_gets_no_mail():
    appoint(ProgrammeFactory(), PersonFactory(email=None))
    assert Message.objects.count() == 0


def test_a_closed_account_gets_no_role_and_no_mandate():
    programme, closed = ProgrammeFactory(), PersonFactory(is_active=False)
    with pytest.raises(appointments.AccountClosed):
        appoint(programme, closed)
    with pytest.raises(appointments.AccountClosed):
        give(PartnerFactory(programme=programme), closed)


def test_a_role_ends_today_and_its_unsent_mail_is_not_wanted():
    programme = ProgrammeFactory()
    appointment = appoint(programme, PersonFactory())
    message = Message.objects.get()
    assert messages.not_wanted([message], NOW) == {}
    ended = appointments.end_appointment(appointment=appointment, by=PersonFactory(), now=NOW)
    assert ended.until == TODAY
    assert messages.not_wanted([message], NOW) == {message.pk: "role_ended"}


def test_ending_twice_is_ending_once():
    appointment, by = AppointmentFactory(role=ProgrammeRole.BOARD), PersonFactory()
    appointments.end_appointment(appointment=appointment, by=by, now=NOW)
    appointments.end_appointment(appointment=appointment, by=by, now=NOW)
    assert Entry.objects.count() == 1


def test_the_last_coordinator_stays():
    appointment = AppointmentFactory()
    AppointmentFactory(programme=appointment.programme, until=TODAY)
    with pytest.raises(appointments.LastCoordinator):
        appointments.end_appointment(appointment=appointment, by=appointment.person, now=NOW)
    assert Appointment.objects.get(pk=appointment.pk).until is None


def test_one_of_two_coordinators_can_go():
    appointment = AppointmentFactory()
    AppointmentFactory(programme=appointment.programme)
    assert appointments.end_appointment(appointment=appointment, by=appointment.person, now=NOW).until == TODAY


def give(partner, person=None, organisation=None):
    return appointments.give_mandate(
        programme=partner.programme,
        organisation=organisation or partner.organisation,
        person=person or PersonFactory(),
        job_title="Director",
        since=TODAY,
        confirmed_by="The chief executive",
        confirmed_on=TODAY,
        by=PersonFactory(),
        now=NOW,
    )


def test_a_mandate_says_who_confirmed_it():
    mandate = give(PartnerFactory())
    assert (mandate.confirmed_by, mandate.confirmed_on, mandate.until) == ("The chief executive", TODAY, None)
    assert Entry.objects.get().verb == "gave_mandate"


def test_a_mandate_is_for_a_partner_and_once():
    partner, person = PartnerFactory(), PersonFactory()
    with pytest.raises(appointments.NotAPartner):
        give(partner, person, OrganisationFactory())
    give(partner, person)
    with pytest.raises(appointments.HasMandate):
        give(partner, person)


def test_a_mandate_ends_once_and_stays_as_evidence():
    mandate, by = MandateFactory(), PersonFactory()
    assert appointments.end_mandate(mandate=mandate, by=by, now=NOW).until == TODAY
    appointments.end_mandate(mandate=mandate, by=by, now=NOW)
    assert (Mandate.objects.count(), Entry.objects.count()) == (1, 1)
