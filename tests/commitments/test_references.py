"""Documents that lie elsewhere: kept on a list, shown as lapsed, and the coordinators reminded of their review."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments.actions import references as actions
from commitments.actions.references import NotTheirs, WasRemoved, remind_of_review, remind_of_reviews
from commitments.messages import references as messages
from commitments.models import Reference
from commitments.tasks import remind_due
from messaging import kinds
from messaging.models import Message
from tests.commitments.factories import NOW, TODAY
from tests.commitments.guiding import DAY, a_cast
from tests.commitments.pages import signed_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return a_cast()


def a_reference(cast, **columns) -> Reference:
    columns = {
        "kind": "procedure", "title": "Keys and doors", "version": "2.1", "organisation": cast.organisation,
        "link": "https://example.org/keys", "effective_from": TODAY - 30 * DAY, "review_on": TODAY + 30 * DAY,
        **columns,
    }  # fmt: skip
    return actions.add_reference(programme=cast.programme, by=cast.coordinator, now=NOW, **columns)


def at(name, *args) -> str:
    return reverse(f"commitments:reference-{name}", args=args)


def typed(**more) -> dict:
    days = {
        "effective_from": ("1", "9", "2026"), "effective_until": ("", "", ""), "review_on": ("1", "12", "2026"),
        **{name: value for name, value in more.items() if isinstance(value, tuple)},
    }  # fmt: skip
    boxes = {
        f"{name}_{part}": text
        for name, texts in days.items()
        for part, text in zip(("day", "month", "year"), texts, strict=True)
    }
    words_typed = {name: value for name, value in more.items() if not isinstance(value, tuple)}
    return {"kind": "sharing", "title": "Who may see what", "version": "1", "link": "", **boxes, **words_typed}


def test_the_coordinator_keeps_the_list_and_everybody_reads_it(cast):
    client, slug = signed_in(cast.coordinator), cast.programme.slug
    assert "No document is on the list yet" in words(client.get(at("list", slug)))
    whose = {"organisation": cast.organisation.pk}
    page = client.post(at("add", slug), typed(**whose, link="javascript:alert(1)"))
    assert "Enter a web address that begins with https://" in words(page)
    page = client.post(at("add", slug), typed(**whose, effective_until=("1", "8", "2026")))
    assert "It ends before it begins" in words(page)
    assert "There is a problem" in words(client.post(at("add", slug), {}))
    page = client.post(at("add", slug), typed(**whose, link="https://example.org/isa"), follow=True)
    assert "The document is on the list" in words(page)
    own = Reference.objects.get()
    public = Client().get(at("list", slug))
    assert 'href="https://example.org/isa"' in public.content.decode()
    assert "Holds" in words(public)
    assert "Change" not in words(public)
    page = client.post(at("change", own.pk), typed(**whose, title="Who sees what"), follow=True)
    assert "Who sees what" in words(page)
    assert "Who sees what" not in words(client.post(at("remove", own.pk), follow=True))
    assert client.get(at("change", own.pk)).status_code == 404
    assert "It was taken off the list meanwhile" in words(
        client.post(at("change", own.pk), typed(**whose), follow=True)
    )
    assert "It was taken off the list meanwhile" in words(client.post(at("remove", own.pk), follow=True))


def test_what_has_lapsed_is_said_to_have(cast):
    a_reference(cast, title="Overdue", review_on=TODAY - DAY)
    a_reference(cast, title="Over", effective_until=TODAY - DAY)
    a_reference(cast, title="Later", effective_from=TODAY + DAY)
    page = words(Client().get(at("list", cast.programme.slug)))
    assert "Lapsed Its review is overdue" in page
    assert "Lapsed It does not hold any more" in page
    assert "Holds later" in page
    page = words(Client().get(at("list", cast.programme.slug), {"lapsed": "on"}))
    assert "2 documents" in page
    assert "Later" not in page
    assert "1 document " in words(Client().get(at("list", cast.programme.slug), {"q": "overdue"}))


def test_the_coordinators_are_reminded_until_it_has_another_day(cast):
    own = a_reference(cast, review_on=TODAY + 10 * DAY)
    assert own.next_reminder_on == TODAY + 8 * DAY
    assert remind_of_reviews(now=NOW) == 0
    for days, number in ((8, 1), (10, 2), (11, 3)):
        now = NOW + days * DAY
        with time_machine.travel(now, tick=False):
            remind_due()
            remind_due()
        assert Message.objects.filter(kind=messages.REVIEW).count() == number
    mails = list(Message.objects.filter(kind=messages.REVIEW).order_by("pk"))
    assert {each.person for each in mails} == {cast.coordinator}
    assert kinds.find(messages.REVIEW).render(mails[0]).subject == "The review of “Keys and doors” is due"
    text = kinds.find(messages.REVIEW).render(mails[-1]).text
    assert "was to be looked at again on" in text
    assert at("change", own.pk) in text
    assert messages.not_wanted(mails, NOW) == {}
    own = actions.change_reference(reference=own, review_on=TODAY + 365 * DAY, by=cast.coordinator, now=now)
    assert own.next_reminder_on > TODAY + 300 * DAY
    assert set(messages.not_wanted(mails, NOW).values()) == {"review_has_moved_on"}
    assert remind_of_review(reference_id=own.pk, now=now) == 0
    actions.remove_reference(reference=own, by=cast.coordinator, now=now)
    assert remind_of_review(reference_id=own.pk, now=now + timedelta(days=400)) == 0


def test_only_the_coordinator_may(cast):
    own = a_reference(cast)
    common = {"by": cast.facilitator, "now": NOW}
    for refused in (
        lambda: actions.add_reference(programme=cast.programme, **common),
        lambda: actions.change_reference(reference=own, **common),
        lambda: actions.remove_reference(reference=own, **common),
    ):
        with pytest.raises(NotTheirs):
            refused()
    actions.remove_reference(reference=own, by=cast.coordinator, now=NOW)
    with pytest.raises(WasRemoved):
        actions.change_reference(reference=own, by=cast.coordinator, now=NOW, title="?")


@pytest.mark.parametrize(
    "columns", [{"link": "javascript:alert(1)"}, {"title": ""}, {"effective_until": TODAY - 99 * DAY}]
)
def test_the_database_keeps_it_too(cast, columns):
    own = a_reference(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reference.objects.filter(pk=own.pk).update(**columns)


def test_the_list_asks_the_database_as_often_for_one_as_for_three(cast):
    def queries() -> int:
        client = signed_in(cast.coordinator)
        with CaptureQueriesContext(connection) as caught:
            client.get(at("list", cast.programme.slug))
        return len(caught)

    a_reference(cast)
    queries()
    one = queries()
    a_reference(cast, title="Two")
    a_reference(cast, title="Three")
    assert queries() == one
