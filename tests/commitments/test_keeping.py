"""What becomes of an assurance: evidence with files, reviews, and who takes it over when its keeper may not speak."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from briefings.actions.appointments import end_mandate
from briefings.models import Appointment
from commitments.actions import assurances as actions
from commitments.actions import handovers
from commitments.messages import handovers as messages
from commitments.models import Assurance, AssuranceState, Evidence, Handover, HandoverState, Review
from commitments.rules import assurances_visible_to
from commitments.tasks import remind_due
from messaging import kinds
from messaging.models import Message
from organisations.actions.organisations import end_organisation
from organisations.actions.uploads import UploadRefused
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory
from tests.organisations.test_uploads import PDF

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 1)
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


def given(cast, **options) -> Assurance:
    options = {"words": "We send two people", "due_on": DUE, "for_everybody": True, "by": cast.senior} | options
    return actions.note_assurance(mandate=cast.mandate, now=NOW, **options)


def lost(cast) -> Assurance:
    """One whose giver's mandate has ended, as the clock finds it."""
    own = given(cast)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    assert handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    own.refresh_from_db()
    return own


def paper(name="rota.pdf", content=PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def told(kind: str) -> set[int]:
    return set(Message.objects.filter(kind=kind).values_list("person_id", flat=True))


def mail(kind: str) -> str:
    message = Message.objects.filter(kind=kind).latest("pk")
    return kinds.find(kind).render(message).text


def of(name, own, *args):
    return reverse(f"commitments:assurance-{name}", args=[own.pk, *args])


# Evidence


def test_evidence_is_kept_by_version_with_its_files_and_why_it_was_sent_back(cast):
    own = given(cast)
    actions.propose_kept(assurance=own, evidence="The rota.", files=[paper()], by=cast.senior, now=NOW)
    actions.send_back(assurance=own, reason="Which weeks?", by=cast.coordinator, now=NOW)
    actions.propose_kept(assurance=own, evidence="The rota of March.", by=cast.senior, now=LATER)
    newest, first = own.evidence_given.all()
    assert (newest.words, newest.returned_at, newest.files.count()) == ("The rota of March.", None, 0)
    assert (first.words, first.returned_because, first.returned_by) == ("The rota.", "Which weeks?", cast.coordinator)
    assert first.files.get().content_type == "application/pdf"


def test_a_file_that_is_not_what_it_says_changes_nothing(cast):
    own = given(cast)
    with pytest.raises(UploadRefused):
        actions.propose_kept(
            assurance=own, evidence="Seen.", files=[paper("a.pdf", b"<html>")], by=cast.senior, now=NOW
        )
    with pytest.raises(actions.TooManyFiles):
        actions.propose_kept(assurance=own, evidence="Seen.", files=[paper()] * 6, by=cast.senior, now=NOW)
    own.refresh_from_db()
    assert (own.state, Evidence.objects.count()) == (AssuranceState.GIVEN, 0)


@pytest.mark.parametrize("edit", ["words = 'other'", "given_at = now()", "version = 7"])
def test_the_database_lets_nobody_edit_evidence(cast, edit):
    actions.propose_kept(assurance=given(cast), evidence="The rota.", by=cast.senior, now=NOW)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE commitments_evidence SET {edit}")  # noqa: S608


def test_evidence_with_a_file_on_the_pages(cast):
    own, client = given(cast), signed_in(cast.senior)
    typed = {"evidence": "The rota.", "files": [paper("a.pdf", b"no")]}
    assert "What is in the file is not a pdf file" in words(client.post(of("propose", own), typed))
    typed = {"evidence": "The rota.", "files": [paper(), paper("plan.pdf")]}
    page = client.post(of("propose", own), typed, follow=True)
    assert "rota.pdf" in words(page)
    assert "plan.pdf" in words(page)
    file = Evidence.objects.get().files.first()
    answer = signed_in(cast.coordinator).get(of("file", own, file.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="rota.pdf"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert b"".join(answer.streaming_content) == PDF
    page = signed_in(cast.coordinator).post(of("send-back", own), {"reason": "Which weeks?"}, follow=True)
    assert "Which weeks?" in words(page)
    assert signed_in(PersonFactory()).get(of("file", own, file.pk)).status_code == 404


# Reviews


def test_a_review_keeps_both_dates_and_the_reminders_start_again(cast):
    own = given(cast, is_ongoing=True)
    Assurance.objects.filter(pk=own.pk).update(reminded_step=4)
    actions.review_assurance(assurance=own, words="Going well.", due_on=date(2027, 3, 1), by=cast.senior, now=NOW)
    own.refresh_from_db()
    assert (own.due_on, own.reminded_step, own.next_reminder_on) == (date(2027, 3, 1), 0, date(2027, 2, 25))
    made = own.reviews.get()
    assert (made.due_before, made.due_after, made.reviewed_by) == (DUE, date(2027, 3, 1), cast.senior)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Review.objects.update(words="other")


def test_who_may_not_review_and_when(cast):
    own = given(cast)
    options = {"assurance": own, "words": "?", "due_on": DUE, "now": NOW}
    with pytest.raises(actions.NotTheirs):
        actions.review_assurance(by=PersonFactory(), **options)
    with pytest.raises(actions.DateHasPassed):
        actions.review_assurance(by=cast.senior, **options | {"due_on": TODAY})
    actions.propose_kept(assurance=own, evidence="Seen.", by=cast.senior, now=NOW)
    with pytest.raises(actions.NotNow):
        actions.review_assurance(by=cast.senior, **options)


def test_the_first_page_of_a_keeper_says_that_it_goes_on(cast):
    given(cast, is_ongoing=True)
    assert "It goes on, and is reviewed on Tuesday 1 December 2026." in words(signed_in(cast.senior).get("/"))


def test_a_review_on_its_page(cast):
    own, client = given(cast, is_ongoing=True), signed_in(cast.senior)
    assert "When is it reviewed again?" in words(client.get(of("review", own)))
    assert "There is a problem" in words(client.post(of("review", own), {}))
    page = client.post(of("review", own), {"words": "Going well.", "by_when": "2026-11-30"}, follow=True)
    assert "The date moved from 1 December 2026 to 30 November 2026" in words(page)


# Who takes it over


def test_when_a_mandate_ends_a_successor_is_asked_for_once(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    own = given(cast)
    assert not handovers.orphaned(TODAY).exists()
    assert not handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    assert [*handovers.orphaned(TODAY)] == [own]
    remind_due()
    remind_due()
    own.refresh_from_db()
    assert (own.keeper, own.keeper_lost_on, own.person, own.state) == (None, TODAY, cast.senior, "given")
    assert own.next_reminder_on is not None
    assert told(messages.LOST) == {cast.coordinator.pk, lead.pk}
    assert Message.objects.filter(kind=messages.LOST).count() == 2
    assert own.words in mail(messages.LOST)


def test_until_it_is_taken_over_the_coordinators_are_reminded_and_not_who_has_left(cast):
    from commitments.messages.assurances import reminded_people

    own = lost(cast)
    assert reminded_people(own, True, NOW) == [cast.coordinator]
    with pytest.raises(actions.NotTheirs):
        actions.end_assurance(assurance=own, state="withdrawn", reason="?", by=cast.senior, now=NOW)


def test_until_then_somebody_is_asked_for_every_five_working_days(cast):
    own = given(cast, due_on=date(2027, 9, 1))
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    heir = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    with time_machine.travel(NOW, tick=False):
        remind_due()
    asked = handovers.ask_to_take_over(assurance=own, mandate=heir, by=cast.coordinator, now=NOW)
    for days in range(1, 16):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            remind_due()
    again = Message.objects.filter(kind="commitments.assurance_reminder", person=cast.coordinator)
    assert [row.due_at.date() for row in again.order_by("pk")] == [date(2026, 11, 9), date(2026, 11, 16)]
    assert Message.objects.filter(kind=messages.ASKED, person=heir.person).count() == 3
    handovers.take_over(handover=asked, by=heir.person, now=NOW + timedelta(days=15))
    own.refresh_from_db()
    assert (own.next_reminder_on, own.reminded_step) == (date(2027, 8, 27), 0)


def test_a_successor_takes_it_over_and_the_words_stay_those_of_who_gave_them(cast):
    own, mandate = lost(cast), MandateFactory(programme=cast.programme, organisation=cast.organisation)
    with pytest.raises(actions.NotTheirs):
        handovers.ask_to_take_over(assurance=own, mandate=mandate, by=mandate.person, now=NOW)
    asked = handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    assert told(messages.ASKED) == {mandate.person_id}
    assert mandate.organisation.name in mail(messages.ASKED)
    with pytest.raises(actions.NotTheirs):
        handovers.take_over(handover=asked, by=cast.coordinator, now=NOW)
    batch = list(Message.objects.filter(kind__in=[messages.LOST, messages.ASKED]))
    assert messages.not_wanted(batch, NOW) == {}
    handovers.take_over(handover=asked, by=mandate.person, now=NOW)
    handovers.take_over(handover=asked, by=mandate.person, now=NOW)
    own.refresh_from_db()
    assert (own.keeper, own.keeper_lost_on, own.person) == (mandate.person, None, cast.senior)
    assert len(messages.not_wanted(batch, NOW)) == len(batch)
    assert "has taken over" in mail(messages.DECIDED)
    actions.propose_kept(assurance=own, evidence="Seen.", by=mandate.person, now=NOW)
    with pytest.raises(actions.NotTheirs):
        actions.confirm_kept(assurance=own, by=mandate.person, now=NOW)


def test_where_who_took_it_over_leaves_too_that_one_is_named(cast):
    own, heir = lost(cast), MandateFactory(programme=cast.programme, organisation=cast.organisation)
    asked = handovers.ask_to_take_over(assurance=own, mandate=heir, by=cast.coordinator, now=NOW)
    handovers.take_over(handover=asked, by=heir.person, now=NOW)
    end_mandate(mandate=heir, by=cast.coordinator, now=LATER)
    with time_machine.travel(LATER, tick=False):
        assert handovers.ask_for_successor(assurance_id=own.pk, now=LATER)
        said = f"{heir.person.name} does not speak for {cast.organisation.name}"
        coordinator = signed_in(cast.coordinator)
        for name in ("show", "successor"):
            assert said in words(coordinator.get(of(name, own)))
        assert said in mail(messages.LOST)


def test_declining_leaves_it_with_the_coordinator_who_asks_another(cast):
    own, mandate = lost(cast), MandateFactory(programme=cast.programme, organisation=cast.organisation)
    asked = handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    handovers.decline_to_take_over(handover=asked, reason="Not my budget.", by=mandate.person, now=NOW)
    assert "The reason: Not my budget." in mail(messages.DECIDED)
    with pytest.raises(actions.NotNow):
        handovers.take_over(handover=asked, by=mandate.person, now=NOW)
    with pytest.raises(actions.NotNow):
        handovers.decline_to_take_over(handover=asked, reason="?", by=mandate.person, now=NOW)
    first = handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=LATER)
    first.refresh_from_db()
    assert first.state == HandoverState.ENDED
    first.pk, first.state = None, HandoverState.ASKED
    with pytest.raises(IntegrityError, match="handover_one_at_a_time"), transaction.atomic():
        first.save(force_insert=True)


def test_only_who_speaks_for_who_carries_it_can_be_asked(cast):
    own, elsewhere = lost(cast), MandateFactory(programme=cast.programme)
    with pytest.raises(handovers.OtherOrganisation):
        handovers.ask_to_take_over(assurance=own, mandate=elsewhere, by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NoMandate):
        handovers.ask_to_take_over(assurance=own, mandate=cast.mandate, by=cast.coordinator, now=NOW)
    options = {"words": "We come", "due_on": DUE, "for_everybody": True, "by": elsewhere.person, "now": NOW}
    kept = actions.note_assurance(mandate=elsewhere, **options)
    with pytest.raises(actions.NotNow):
        handovers.ask_to_take_over(assurance=kept, mandate=elsewhere, by=cast.coordinator, now=NOW)


def test_a_replaced_organisation_and_one_that_came_after_that(cast):
    """PCT, CCG, ICB: the promise is carried on, and a keeper who speaks for the new one goes along."""
    own = given(cast)
    second, third = OrganisationFactory(), OrganisationFactory()
    other = MandateFactory(programme=cast.programme, organisation=second)
    for organisation, successor in ((cast.organisation, second), (second, third)):
        end_organisation(organisation=organisation, ended_on=TODAY, successor=successor, by=cast.coordinator, now=NOW)
    cast.organisation.refresh_from_db()
    assert [*handovers.orphaned(TODAY)] == [own]
    PartnerFactory(programme=cast.programme, organisation=third)
    MandateFactory(programme=cast.programme, organisation=third, person=cast.senior)
    assert handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    own.refresh_from_db()
    assert (own.carried_by, own.keeper, own.organisation) == (third, cast.senior, cast.organisation)
    assert not handovers.orphaned(TODAY).exists()
    assert other.organisation == second


def test_two_that_merge_have_one_successor_who_is_asked_for_both(cast):
    heir, gone = OrganisationFactory(), []
    for organisation in (cast.organisation, OrganisationFactory()):
        mandate = MandateFactory(programme=cast.programme, organisation=organisation)
        gone.append(
            actions.note_assurance(
                mandate=mandate, words="We come", due_on=DUE, for_everybody=True, by=mandate.person, now=NOW
            )
        )
        end_organisation(organisation=organisation, ended_on=TODAY, successor=heir, by=cast.coordinator, now=NOW)
    lead = OrganisationLeadFactory(organisation=heir).person
    remind_due()
    assert lead.pk in told(messages.LOST)
    mandate = MandateFactory(programme=cast.programme, organisation=heir)
    for own in gone:
        asked = handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
        handovers.take_over(handover=asked, by=mandate.person, now=NOW)
    kept = Assurance.objects.filter(keeper=mandate.person, carried_by=heir)
    assert {*kept} == {*gone}
    assert not handovers.orphaned(TODAY).exists()


def test_what_nobody_takes_over_lapses_by_a_person_with_a_reason(cast):
    own = given(cast)
    with pytest.raises(actions.NotTheirs):
        actions.end_assurance(assurance=own, state="lapsed", reason="?", by=cast.coordinator, now=NOW)
    own = lost(cast)
    mandate = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    own = actions.end_assurance(assurance=own, state="lapsed", reason="The team is gone.", by=cast.coordinator, now=NOW)
    assert (own.state, own.end_reason) == (AssuranceState.LAPSED, "The team is gone.")
    assert Handover.objects.get().state == HandoverState.ENDED


def test_the_database_lets_none_be_without_keeper_and_unasked(cast):
    own = given(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assurance.objects.filter(pk=own.pk).update(keeper=None)


def test_handing_over_on_the_pages(cast):
    own, coordinator = lost(cast), signed_in(cast.coordinator)
    assert "One assurance has nobody who keeps it" in words(coordinator.get("/"))
    assert "Nobody keeps it." in words(coordinator.get(of("show", own)))
    assert "Nobody has a mandate for" in words(coordinator.get(of("successor", own)))
    mandate = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    assert "Choose who is asked to take it over" in words(coordinator.post(of("successor", own), {}))
    page = coordinator.post(of("successor", own), {"mandate": mandate.pk}, follow=True)
    assert f"{mandate.person.name} is asked to take it over" in words(page)
    assert f"{mandate.person.name}, {mandate.job_title}" in words(coordinator.get(of("successor", own)))
    coordinator.post(of("successor", own), {"mandate": mandate.pk})
    assert (Handover.objects.count(), Message.objects.filter(kind=messages.ASKED).count()) == (1, 1)
    assert signed_in(mandate.person).post(of("take-over", own)).url.startswith("/account/confirm/")
    successor = signed_in(mandate.person, fresh=True)
    assert "It is to be kept by Tuesday 1 December 2026. Will you take it over?" in words(successor.get("/"))
    assert "You are asked to take this over" in words(successor.get(of("show", own)))
    page = words(successor.post(of("take-over", own), follow=True))
    assert "You see to this assurance from now on" in page
    assert f"Kept by now {mandate.person.name}" in page
    assert successor.get(of("take-over", own)).status_code == 404
    assert "You see to this assurance from now on" in words(successor.post(of("take-over", own), follow=True))
    again = words(successor.post(of("decline", own), {"reason": "Late"}, follow=True))
    assert "moved on" in again


def test_declining_and_lapsing_on_the_pages(cast):
    own, mandate = lost(cast), MandateFactory(programme=cast.programme, organisation=cast.organisation)
    handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    page = signed_in(mandate.person).post(of("decline", own), {"reason": "Not my budget."}, follow=True)
    assert "The coordinator is told" in words(page)
    coordinator = signed_in(cast.coordinator)
    assert "does not: Not my budget." in words(coordinator.get(of("show", own)))
    page = coordinator.post(of("lapse", own), {"reason": "The team is gone."}, follow=True)
    assert "The assurance has ended: lapsed" in words(page)


# The register


def test_the_register_finds_by_kind_evidence_and_keeper(cast):
    first, second = given(cast, kind="supported"), given(cast)
    actions.propose_kept(assurance=second, evidence="Seen.", by=cast.senior, now=NOW)
    Assurance.objects.filter(pk=first.pk).update(keeper=None, keeper_lost_on=TODAY)
    client, address = signed_in(cast.coordinator), reverse("commitments:assurance-list")
    found = {
        query: {each.pk for each in client.get(f"{address}?{query}").context["page"].rows}
        for query in ("kind=supported", "evidence=on", "unkept=on", f"organisation={cast.organisation.pk}")
    }
    assert [*found.values()] == [{first.pk}, {second.pk}, {first.pk}, {first.pk, second.pk}]


def test_a_lead_reads_what_was_promised_for_the_own_organisation(cast):
    own = given(cast)
    elsewhere = MandateFactory(programme=cast.programme)
    other = actions.note_assurance(
        mandate=elsewhere, words="We come", due_on=DUE, for_everybody=True, by=elsewhere.person, now=NOW
    )
    lead = signed_in(OrganisationLeadFactory(organisation=cast.organisation).person)
    assert lead.get(of("show", own)).status_code == 200
    assert lead.get(of("show", other)).status_code == 404
    page = lead.get(reverse("commitments:programme-assurances", args=[cast.programme.slug]))
    assert [each.pk for each in page.context["page"].rows] == [own.pk]


def test_a_mandate_reads_its_own_organisation_in_its_own_programme_alone(cast):
    elsewhere = Cast()
    MandateFactory(programme=elsewhere.programme, organisation=cast.organisation)
    reader = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    MandateFactory(programme=elsewhere.programme, organisation=elsewhere.organisation, person=reader)
    foreign = elsewhere.programme.mandates.get(organisation=cast.organisation)
    promise = {"words": "We come", "due_on": DUE, "for_everybody": True, "now": NOW}
    hidden = actions.note_assurance(mandate=foreign, by=foreign.person, **promise)
    seen = [given(cast), given(elsewhere)]
    carried = given(cast)
    Assurance.objects.filter(pk=hidden.pk).update(carried_by=cast.organisation)
    assert {*assurances_visible_to(reader, TODAY)} == {*seen, carried}
    Assurance.objects.filter(pk=hidden.pk).update(carried_by=elsewhere.organisation)
    assert {*assurances_visible_to(reader, TODAY)} == {*seen, carried, hidden}, "whoever carries it reads it"


def test_all_versions_of_a_promise_stand_together(cast):
    first = given(cast)
    second = given(cast, words="We send three people", replaces=first)
    third = given(cast, words="We send four people", replaces=second)
    page = words(signed_in(cast.coordinator).get(of("show", second)))
    assert "All versions of this promise" in page
    assert all(each.words in page for each in (first, second, third))


def test_every_cycle_of_reviews_has_its_reminders(cast):
    own = given(cast, is_ongoing=True)
    at = NOW.replace(day=27)
    assert actions.remind_about(assurance_id=own.pk, now=at)
    actions.review_assurance(assurance=own, words="Going well.", due_on=date(2027, 3, 1), by=cast.senior, now=at)
    assert actions.remind_about(assurance_id=own.pk, now=at.replace(year=2027, month=2, day=25))
    assert Message.objects.filter(kind="commitments.assurance_reminder", person=cast.senior).count() == 2


def test_where_nobody_coordinates_the_administrators_are_told(cast):
    own = given(cast)
    administrator = PersonFactory(is_administrator=True)
    Appointment.objects.filter(person=cast.coordinator).update(until=NOW.date())
    actions.propose_kept(assurance=own, evidence="The rota.", by=cast.senior, now=NOW)
    assert told("commitments.assurance_proposed") == {administrator.pk}
