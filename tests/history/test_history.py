from datetime import timedelta

import pytest
from django.utils import timezone

from history import queries, verbs
from history.actions import CLOCK, STRANGER, forget_old, key_of, look, look_at_all, look_at_many, record, record_many
from history.models import Entry, Look
from history.retention import Retention
from tests.messaging.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture(autouse=True)
def known_verbs(monkeypatch):
    monkeypatch.setattr(verbs, "_words", {})
    monkeypatch.setattr(verbs, "_marks", {})


def test_a_row_is_named_by_what_it_is_and_its_number():
    person = PersonFactory()
    assert [key_of(person), key_of("clock")] == [f"accounts.person:{person.pk}", "clock"]
    with pytest.raises(ValueError, match="Save the row"):
        key_of(PersonFactory.build())


def test_what_is_recorded_has_no_values(now):
    person = PersonFactory()
    entry = record(by=person, verb="changed", about=person, now=now, reason="asked", fields={"name": "x", "email": "y"})
    assert (entry.actor, entry.object_id, entry.fields) == (key_of(person), str(person.pk), ["email", "name"])


def test_the_same_in_bulk(now, django_assert_num_queries):
    people = PersonFactory.create_batch(3)
    with django_assert_num_queries(1):
        record_many(by=CLOCK, verb="invited", about=people, now=now)
    assert Entry.objects.filter(actor=CLOCK, verb="invited").count() == 3


def test_a_look_at_oneself_leaves_no_trace(now, django_assert_num_queries):
    me, other = PersonFactory.create_batch(2)
    assert look(by=me, at=me, page="a:b-c", now=now) is None
    look(by=me, at=other, page="a:b-c", now=now)
    with django_assert_num_queries(1):
        look_at_many(by=me, at=[me, other, other], page="a:b-list", now=now)
    assert list(Look.objects.order_by("pk").values_list("person", "page")) == [
        (key_of(other), "a:b-c"),
        (key_of(other), "a:b-list"),
    ]


def test_everybody_in_a_download_is_traced_without_being_read(now, django_assert_num_queries):
    me, *others = PersonFactory.create_batch(4)
    people = type(me).objects.filter(pk__in=[each.pk for each in (me, *others[:2])])
    with django_assert_num_queries(1):
        look_at_all(by=me, people=people, page="a:b-export", now=now)
    assert sorted(Look.objects.values_list("person", "page")) == sorted(
        (key_of(each), "a:b-export") for each in others[:2]
    )


def test_what_is_past_its_time_goes(now):
    me, other = PersonFactory.create_batch(2)
    for days in (1, 740, 7 * 365 + 10):
        at = now - timedelta(days=days)
        record(by=me, verb="changed", about=other, now=at)
        look(by=me, at=other, page="a:b-c", now=at)
    assert [forget_old(now=now), forget_old(now=now)] == [3, 0]
    assert (Entry.objects.count(), Look.objects.count()) == (2, 1)


def test_a_timeline_is_told_in_words_newest_first(now, django_assert_max_num_queries):
    person, other = PersonFactory.create_batch(2)
    verbs.register("gave_up", "Gave up the place", mark="dash")
    verbs.register("changed", "Changed: {fields}", about="accounts.Person")
    record(by=CLOCK, verb="gave_up", about=person, now=now)
    record(by=STRANGER, verb="changed", about=person, now=now + timedelta(hours=1), fields=["sort_name"])
    record(by=CLOCK, verb="asked_again", about=person, now=now + timedelta(hours=2))
    record(by=CLOCK, verb="gave_up", about=other, now=now)
    with django_assert_max_num_queries(3):
        events = queries.timeline(person)
    assert [(event.words, event.who, event.mark) for event in events] == [
        ("Asked again", "Briefing Hub", "ring"),
        ("Changed: sort name", "Somebody who was not signed in", "ring"),
        ("Gave up the place", "Briefing Hub", "dash"),
    ]
    assert len(queries.timeline(person, other)) == 4
    assert queries.timeline() == []


def test_a_verb_without_fields_leaves_the_colon_out(now):
    verbs.register("changed", "Changed: {fields}")
    entry = record(by=CLOCK, verb="changed", about=PersonFactory(), now=now)
    assert verbs.sentence(entry) == "Changed"
    with pytest.raises(ValueError, match="no mark"):
        verbs.register("x", "X", mark="star")


def test_personal_fields_need_an_end():
    with pytest.raises(ValueError, match="until when"):
        Retention(plain=("id",), personal=("name",))
    with pytest.raises(ValueError, match="until when"):
        Retention(plain=("id",), until="ever")
