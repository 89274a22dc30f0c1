"""People, their ties and head-counts: each exit of each action, and who may correct whom."""

import datetime

import pytest
from django.utils import timezone

from accounts.links import find, token_of
from accounts.models import Person, PersonalLink
from history.models import Entry
from messaging.models import Message
from organisations.actions import head_counts, people
from organisations.messages import ADDRESS_CHANGED, HEAD_COUNT
from organisations.models import HeadCount, HeadCountRequest
from organisations.queries import current_head_counts, requests_waiting
from organisations.rules import affiliations_visible_to, can_edit_person
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def by():
    return {"by": PersonFactory(administrator=True), "now": timezone.now()}


@pytest.fixture
def today():
    return timezone.localdate()


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def fields():
    return Entry.objects.order_by("-pk").first().fields


def test_who_is_known_by_the_address_joins_and_keeps_the_name(by):
    known = PersonFactory(name="Amina Samplewood", email="amina@example.org")
    organisation = OrganisationFactory()
    person = people.add_person(name="A. Samplewood", email="AMINA@example.org", organisation=organisation, **by)
    assert (person, person.name) == (known, "Amina Samplewood")
    with pytest.raises(people.AlreadyThere):
        people.add_person(name="Amina", email="amina@example.org", organisation=organisation, **by)
    assert verbs() == ["joined"]


def test_without_an_address_it_is_somebody_new(by, today):
    organisation, area = OrganisationFactory(), AreaFactory()
    made = [
        people.add_person(name="Amina", email=None, organisation=organisation, areas=[area], staff_number="7", **by)
        for _ in range(2)
    ]
    assert made[0] != made[1]
    tie = made[0].affiliations.get()
    assert (tie.since, tie.staff_number, list(tie.areas.all())) == (today, "7", [area])


def test_nobody_joins_what_has_ended(by, today):
    organisation = OrganisationFactory(ended_on=today)
    with pytest.raises(people.OrganisationEnded):
        people.add_person(name="Amina", email="amina@example.org", organisation=organisation, **by)
    assert (Person.objects.filter(email="amina@example.org").count(), verbs()) == (0, [])


def test_a_new_address_is_told_to_the_old_one(by):
    person = PersonFactory(name="Amina", email="old@example.org")
    people.change_person(person=person, name="Amina", email="new@example.org", **by)
    assert list(Message.objects.values_list("kind", "address")) == [(ADDRESS_CHANGED, "old@example.org")]
    assert fields() == ["email"]
    people.change_person(person=person, name="Amina Samplewood", email="new@example.org", **by)
    people.change_person(person=person, name="Amina Samplewood", email="new@example.org", **by)
    assert (fields(), len(verbs()), Message.objects.count()) == (["name"], 2, 1)
    person.refresh_from_db()
    assert person.sort_name == "samplewood amina"


def test_an_address_belongs_to_one_and_stays_with_who_signs_in(by):
    person = PersonFactory(last_login=timezone.now())
    other = PersonFactory()
    with pytest.raises(people.AddressTaken):
        people.change_person(person=person, name="Amina", email=other.email.upper(), **by)
    with pytest.raises(people.AddressNeeded):
        people.change_person(person=person, name="Amina", email=None, **by)
    assert people.change_person(person=other, name="Amina", email=None, **by).email is None


def test_profession_areas_number_and_first_day_are_corrected(by, today):
    tie = AffiliationFactory(areas=[AreaFactory()])
    profession, area = ProfessionFactory(), AreaFactory()
    said = {"profession": profession, "areas": [area], "staff_number": "9", "since": today}
    people.change_affiliation(affiliation=tie, **said, **by)
    assert fields() == ["areas", "profession", "since", "staff_number"]
    people.change_affiliation(affiliation=tie, **said, **by)
    assert (verbs(), list(tie.areas.all())) == (["affiliation_changed"], [area])


def test_one_profession_once_at_a_time_in_one_organisation(by, today):
    first = AffiliationFactory()
    second = AffiliationFactory(person=first.person, organisation=first.organisation)
    said = {"areas": [], "staff_number": "", "since": first.since}
    with pytest.raises(people.AlreadyThere):
        people.change_affiliation(affiliation=second, profession=first.profession, **said, **by)
    people.mark_leaver(affiliation=second, until=today, **by)
    with pytest.raises(people.EndsBeforeItBegins):
        people.change_affiliation(
            affiliation=second, profession=None, areas=[], staff_number="", since=today + DAY, **by
        )


def test_a_leaver_is_marked_corrected_and_taken_back(by, today):
    tie = AffiliationFactory()
    for until in (today, today, today + DAY):
        people.mark_leaver(affiliation=tie, until=until, **by)
    assert verbs() == ["left", "left"]
    for _ in range(2):
        assert people.undo_leaver(affiliation=tie, **by).until is None
    assert verbs() == ["left", "left", "came_back"]


def test_nobody_leaves_before_they_came_or_is_taken_back_beside_a_new_start(by, today):
    tie = AffiliationFactory()
    with pytest.raises(people.EndsBeforeItBegins):
        people.mark_leaver(affiliation=tie, until=tie.since - DAY, **by)
    people.mark_leaver(affiliation=tie, until=today, **by)
    AffiliationFactory(person=tie.person, organisation=tie.organisation, profession=tie.profession, since=today)
    with pytest.raises(people.AlreadyThere):
        people.undo_leaver(affiliation=tie, **by)


def test_a_lead_corrects_own_people_until_they_belong_elsewhere_too(today):
    lead, tie = PersonFactory(), AffiliationFactory()
    assert can_edit_person(lead, tie.person, today) is False
    OrganisationLeadFactory(organisation=tie.organisation, person=lead)
    lead = Person.objects.get(pk=lead.pk)
    assert can_edit_person(lead, tie.person, today) is True
    elsewhere = AffiliationFactory(person=tie.person, until=today)
    assert can_edit_person(lead, tie.person, today) is False
    assert list(affiliations_visible_to(lead)) == [tie]
    assert elsewhere in affiliations_visible_to(tie.person)


def test_head_counts_are_asked_of_each_by_a_link_of_their_own(by):
    organisation, profession, area = OrganisationFactory(), ProfessionFactory(), AreaFactory()
    asked = [PersonFactory(), PersonFactory(), PersonFactory(email=None)]
    request = head_counts.ask_head_counts(
        organisation=organisation, people=asked, professions=[profession], areas=[area], **by
    )
    assert sorted(Message.objects.filter(kind=HEAD_COUNT).values_list("person", flat=True)) == sorted(
        person.pk for person in asked[:2]
    )
    link = PersonalLink.objects.order_by("pk").first()
    assert find(token_of(link), "head_count", by["now"]).about == f"organisations.headcountrequest:{request.pk}"
    assert list(requests_waiting(organisation, by["now"])) == [request]
    head_counts.answer_head_counts(request=request, numbers={(profession.pk, area.pk): 3}, by=asked[0], now=by["now"])
    assert list(requests_waiting(organisation, by["now"])) == []
    assert HeadCount.objects.get().said_by == asked[0]


def test_nobody_is_asked_without_an_address_or_for_too_many_numbers(by):
    organisation = OrganisationFactory()
    with pytest.raises(head_counts.NobodyToAsk):
        head_counts.ask_head_counts(
            organisation=organisation, people=[PersonFactory(email=None)], professions=[], areas=[], **by
        )
    many = {"professions": ProfessionFactory.create_batch(11), "areas": AreaFactory.create_batch(10)}
    with pytest.raises(head_counts.TooManyNumbers):
        head_counts.ask_head_counts(organisation=organisation, people=[PersonFactory()], **many, **by)
    assert HeadCountRequest.objects.count() == 0


def test_the_same_day_again_takes_the_place_and_another_day_stays(by, today):
    organisation, profession, area = OrganisationFactory(), ProfessionFactory(), AreaFactory()
    key = (profession.pk, area.pk)
    give = head_counts.give_head_counts
    assert give(organisation=organisation, numbers={key: 5}, counted_on=today - DAY, **by) == 1
    assert give(organisation=organisation, numbers={key: 7}, **by) == 1
    assert give(organisation=organisation, numbers={key: 0}, **by) == 1
    assert give(organisation=organisation, numbers={key: 0}, **by) == 0
    assert [(row.counted_on, row.number) for row in HeadCount.objects.all()] == [(today, 0), (today - DAY, 5)]
    assert [row.number for row in current_head_counts(organisation)] == [0]
    assert verbs() == ["head_count_given"] * 3
    with pytest.raises(head_counts.NothingSaid):
        give(organisation=organisation, numbers={}, **by)
