"""Organisations, areas and professions: each exit of each action."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import Person
from accounts.permissions import assignments_of
from history.models import Entry
from messaging.models import Message
from organisations.actions import areas, organisations
from organisations.messages import LEAD
from organisations.models import Area, MailDomain, Organisation, OrganisationLead, Profession
from tests.organisations.factories import AreaFactory, OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
END = datetime.date(2026, 3, 31)


@pytest.fixture
def by():
    return {"by": PersonFactory(administrator=True), "now": timezone.now()}


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def fields():
    return Entry.objects.order_by("-pk").first().fields


def test_an_organisation_is_added_with_its_domains(by):
    made = organisations.add_organisation(name="Tolbury", kind="council", domains=["a.org", "b.org"], **by)
    assert list(made.mail_domains.values_list("domain", flat=True)) == ["a.org", "b.org"]
    assert verbs() == ["added"]


def test_a_name_is_taken_whatever_the_capitals(by):
    OrganisationFactory(name="Tolbury")
    other = OrganisationFactory(name="Eastmarsh")
    with pytest.raises(organisations.OrganisationNameTaken):
        organisations.add_organisation(name="TOLBURY", kind="council", **by)
    with pytest.raises(organisations.OrganisationNameTaken):
        organisations.change_organisation(organisation=other, name="tolbury", kind="council", domains=[], **by)
    assert (Organisation.objects.count(), verbs()) == (2, [])


def test_what_is_the_same_leaves_no_trace(by):
    made = organisations.add_organisation(name="Tolbury", kind="council", domains=["a.org"], **by)
    organisations.change_organisation(organisation=made, name="Tolbury", kind="council", domains=["a.org"], **by)
    assert verbs() == ["added"]
    organisations.change_organisation(organisation=made, name="Tolbury City", kind="police", domains=["b.org"], **by)
    assert fields() == ["kind", "mail_domains", "name"]
    assert list(MailDomain.objects.values_list("domain", flat=True)) == ["b.org"]


def test_an_end_names_who_follows_and_can_be_taken_back(by):
    old, new = OrganisationFactory(), OrganisationFactory()
    for _ in range(2):
        ended = organisations.end_organisation(organisation=old, ended_on=END, successor=new, **by)
    assert (ended.ended_on, ended.successor) == (END, new)
    for _ in range(2):
        opened = organisations.reopen_organisation(organisation=old, **by)
    assert (opened.ended_on, opened.successor) == (None, None)
    assert verbs() == ["ended", "reopened"]


def test_nobody_follows_themselves_or_who_has_ended(by):
    old, gone = OrganisationFactory(), OrganisationFactory(ended_on=END)
    with pytest.raises(organisations.OwnSuccessor):
        organisations.end_organisation(organisation=old, ended_on=END, successor=old, **by)
    with pytest.raises(organisations.SuccessorEnded):
        organisations.end_organisation(organisation=old, ended_on=END, successor=gone, **by)
    assert verbs() == []


def _led_by(person):
    return [held.scope_key for held in assignments_of(Person.objects.get(pk=person.pk))]


def test_a_lead_is_appointed_once_told_once_and_ended_at_once(by):
    organisation, person = OrganisationFactory(), PersonFactory()
    leads = {organisations.appoint_lead(organisation=organisation, person=person, **by).pk for _ in range(2)}
    assert len(leads) == 1
    assert list(Message.objects.values_list("kind", "person")) == [(LEAD, person.pk)]
    assert _led_by(person) == [f"organisations.organisation:{organisation.pk}"]
    for _ in range(2):
        organisations.end_lead(lead=OrganisationLead.objects.get(), **by)
    assert _led_by(person) == []
    assert verbs() == ["lead_appointed", "made_lead", "lead_ended", "ended_lead"]


def test_there_can_be_several_leads_and_one_can_come_back(by):
    lead = OrganisationLeadFactory()
    organisations.appoint_lead(organisation=lead.organisation, person=PersonFactory(), **by)
    organisations.end_lead(lead=lead, **by)
    organisations.appoint_lead(organisation=lead.organisation, person=lead.person, **by)
    assert lead.organisation.leads.on(timezone.localdate()).count() == 2


def test_a_lead_needs_an_open_account_and_an_address(by):
    organisation = OrganisationFactory()
    with pytest.raises(organisations.LeadClosed):
        organisations.appoint_lead(organisation=organisation, person=PersonFactory(is_active=False), **by)
    with pytest.raises(organisations.LeadHasNoAddress):
        organisations.appoint_lead(organisation=organisation, person=PersonFactory(email=None), **by)
    assert (OrganisationLead.objects.count(), Message.objects.count()) == (0, 0)


def test_an_area_moves_with_all_that_lies_inside(by):
    north, south = (areas.add_area(name=name, parent=None, **by) for name in ("North", "South"))
    town = areas.add_area(name="Town", parent=north, **by)
    ward = areas.add_area(name="Ward", parent=town, **by)
    assert ward.path == f"/{north.pk}/{town.pk}/{ward.pk}/"
    areas.change_area(area=town, name="Old Town", parent=south, **by)
    ward.refresh_from_db()
    assert ward.ancestor_ids() == [south.pk, town.pk]
    assert fields() == ["name", "parent"]
    areas.change_area(area=town, name="Old Town", parent=None, **by)
    ward.refresh_from_db()
    assert ward.path == f"/{town.pk}/{ward.pk}/"


def test_the_same_again_leaves_no_trace_of_an_area(by):
    area = AreaFactory(name="North")
    areas.change_area(area=area, name="North", parent=None, **by)
    assert verbs() == []


def test_an_area_lies_neither_inside_itself_nor_inside_a_part_of_it(by):
    north = AreaFactory(name="North")
    town = AreaFactory(name="Town", parent=north)
    for inside in (north, town):
        with pytest.raises(areas.AreaInsideItself):
            areas.change_area(area=north, name="North", parent=inside, **by)


def test_a_name_is_taken_only_within_the_same_larger_area(by):
    north = AreaFactory(name="North")
    AreaFactory(name="Town", parent=north)
    areas.add_area(name="Town", parent=None, **by)
    with pytest.raises(areas.AreaNameTaken):
        areas.add_area(name="TOWN", parent=north, **by)
    with pytest.raises(areas.AreaNameTaken):
        areas.change_area(area=Area.objects.get(name="Town", parent=None), name="Town", parent=north, **by)


def test_areas_lie_inside_one_another_only_so_deep(by):
    deep = AreaFactory()
    Area.objects.filter(pk=deep.pk).update(path=f"{'/12345' * 40}"[: 199 - len(str(deep.pk))] + f"{deep.pk}/")
    deep.refresh_from_db()
    with pytest.raises(areas.AreaTooDeep):
        areas.add_area(name="Below", parent=deep, **by)
    other, part = AreaFactory(), None
    part = AreaFactory(parent=other)
    with pytest.raises(areas.AreaTooDeep):
        areas.change_area(area=other, name=other.name, parent=deep, **by)
    part.refresh_from_db()
    assert part.ancestor_ids() == [other.pk]


def test_a_profession_has_one_name(by):
    made = areas.add_profession(name="Health visitor", **by)
    other = areas.add_profession(name="Nurse", **by)
    with pytest.raises(areas.ProfessionNameTaken):
        areas.add_profession(name="HEALTH VISITOR", **by)
    with pytest.raises(areas.ProfessionNameTaken):
        areas.rename_profession(profession=other, name="Health Visitor", **by)
    for _ in range(2):
        areas.rename_profession(profession=made, name="Health visitor (school)", **by)
    assert sorted(Profession.objects.values_list("name", flat=True)) == ["Health visitor (school)", "Nurse"]
    assert verbs() == ["added", "added", "changed"]
