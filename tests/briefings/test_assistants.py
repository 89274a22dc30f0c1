"""Assistants of senior managers: named by the coordinator or by themselves, with an end, ended."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from briefings import messages
from briefings.actions.appointments import AccountClosed
from briefings.actions.assistants import NoMandateToAssist, NotTheirOwnAssistant, end_assistant, name_assistant
from briefings.models import Assistant
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, MandateFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


def _name(mandate, person, **columns):
    given = {"until": None, "by": mandate.person, "now": timezone.now(), **columns}
    return name_assistant(mandate=mandate, person=person, **given)


def test_naming_twice_is_naming_once_and_an_end_can_be_given_later():
    mandate, person = MandateFactory(), PersonFactory()
    held, last = _name(mandate, person), timezone.localdate() + timedelta(days=9)
    assert _name(mandate, person) == held
    assert _name(mandate, person, until=last).until == last
    for _ in range(2):
        end_assistant(assistant=held, by=mandate.person, now=timezone.now())
    held.refresh_from_db()
    assert held.until == timezone.localdate()
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == ["named_assistant", "changed", "ended"]
    assert _name(mandate, person).pk != held.pk


def test_an_assistant_is_told_what_they_may_do():
    mandate, person = MandateFactory(), PersonFactory(email="pat@example.org")
    held = _name(mandate, person, until=timezone.localdate() + timedelta(days=9))
    _name(mandate, person)
    mail = Message.objects.get(kind=messages.ASSISTS)
    kind = kinds.find(messages.ASSISTS)
    words = kind.render(mail)
    assert words.subject == f"You now answer for {mandate.person.name}"
    assert "whether they come to a session they are asked to" in words.text
    assert words.text.count(f"{settings.SITE_URL}/") >= 1
    assert kind.still_wanted([mail], timezone.now()) == {}
    end_assistant(assistant=held, by=mandate.person, now=timezone.now())
    assert kind.still_wanted([mail], timezone.now()) == {mail.pk: "role_ended"}
    _name(mandate, PersonFactory(email=None))
    assert Message.objects.filter(kind=messages.ASSISTS).count() == 1


def test_who_cannot_be_named():
    mandate = MandateFactory()
    with pytest.raises(NotTheirOwnAssistant):
        _name(mandate, mandate.person)
    with pytest.raises(AccountClosed):
        _name(mandate, PersonFactory(is_active=False))
    mandate.until = timezone.localdate()
    mandate.save()
    with pytest.raises(NoMandateToAssist):
        _name(mandate, PersonFactory())


@pytest.mark.parametrize("by_themselves", [False, True])
def test_an_assistant_is_named_listed_and_ended_on_the_pages(client, by_themselves):
    mandate = MandateFactory()
    who = mandate.person if by_themselves else AppointmentFactory(programme=mandate.programme).person
    client.force_login(who)
    own = "/mandates/" if by_themselves else f"/programmes/{mandate.programme.slug}/set-up/mandates/"
    page = f"/mandates/{mandate.pk}/assistants/"
    assert page in client.get(own).content.decode()
    assert ("/mandates/" in client.get("/account/").content.decode()) == by_themselves
    assert "No assistant yet" in client.get(page).content.decode()
    assert client.get(f"{page}add/").status_code == 200
    last = timezone.localdate() + timedelta(days=30)
    typed = {"email": "pat@example.org", "name": "Pat Diary"}
    typed |= {f"last_day_{part}": getattr(last, part) for part in ("day", "month", "year")}
    assert client.post(f"{page}add/", {"email": "", "name": ""}).status_code == 422
    assert client.post(f"{page}add/", {"email": mandate.person.email}).status_code == 422
    assert client.post(f"{page}add/", typed).status_code == 302
    held = Assistant.objects.get()
    assert (held.person.name, held.until) == ("Pat Diary", last + timedelta(days=1))
    assert "Pat Diary" in client.get(page).content.decode()
    assert client.get(f"{page}{held.pk}/end/").status_code == 200
    assert client.post(f"{page}{held.pk}/end/").status_code == 302
    assert "Pat Diary" not in client.get(page).content.decode()


def test_the_list_costs_the_same_for_many(client, django_assert_max_num_queries):
    mandate = MandateFactory()
    client.force_login(mandate.person)
    client.get(f"/mandates/{mandate.pk}/assistants/")
    counts = []
    for number in (1, 3):
        while Assistant.objects.count() < number:
            _name(mandate, PersonFactory())
        with django_assert_max_num_queries(9) as taken:
            client.get(f"/mandates/{mandate.pk}/assistants/")
        counts.append(len(taken))
    assert counts[0] == counts[1]
