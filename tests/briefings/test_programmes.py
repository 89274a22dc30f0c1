"""Starting a programme, changing it and saying whom it is for."""

from datetime import date, time

import pytest

from briefings.actions import programmes
from briefings.models import Appointment, PlacesRule, Programme, ProgrammeRole, Scale
from history.models import Entry
from messaging.models import Message
from tests.briefings.factories import NOW, ProgrammeFactory, SessionFactory
from tests.organisations.factories import AreaFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


def start(name="Wren Valley pilot", by=None, **kwargs):
    by = by or PersonFactory()
    return programmes.start_programme(name=name, coordinator=kwargs.pop("coordinator", by), by=by, now=NOW, **kwargs)


def test_who_starts_a_programme_coordinates_it_and_is_its_contact():
    by = PersonFactory(name="Carys Coordinator", email="carys@example.org")
    programme = start(by=by, scale=Scale.MAJOR, purpose="One plan")
    assert (programme.slug, programme.code, programme.scale) == ("wren-valley-pilot", "WVP", "major")
    assert (programme.contact_name, programme.contact_email) == ("Carys Coordinator", "carys@example.org")
    held = Appointment.objects.get(programme=programme)
    assert (held.person, held.role, held.since) == (by, ProgrammeRole.COORDINATOR, date(2026, 11, 2))
    assert Message.objects.count() == 0
    assert set(Entry.objects.values_list("verb", flat=True)) == {"started", "appointed"}


def test_another_coordinator_is_told():
    other = PersonFactory()
    start(coordinator=other)
    assert list(Message.objects.values_list("kind", "person")) == [("briefings.appointed", other.pk)]


@pytest.mark.parametrize(
    ("name", "slug"), [("Start", "start-2"), ("Bilateral", "bilateral-2"), ("计划", "programme"), ("x" * 200, "x" * 70)]
)
def test_an_address_is_never_one_that_means_something_else(name, slug):
    assert start(name=name).slug == slug


def test_programmes_of_one_name_get_addresses_of_their_own():
    assert [start().slug, start().slug] == ["wren-valley-pilot", "wren-valley-pilot-2"]


@pytest.mark.parametrize(("name", "code"), [("Wren Valley pilot", "WVP"), ("Plan", "BH"), ("42", "BH")])
def test_references_begin_with_the_initials(name, code):
    assert programmes.code_for(name) == code


def test_a_change_keeps_what_somebody_else_wrote_meanwhile():
    programme, by = ProgrammeFactory(), PersonFactory()
    Programme.objects.update(purpose="Written meanwhile")
    changed = programmes.change_programme(programme=programme, changes={"name": "New name"}, by=by, now=NOW)
    assert (changed.name, changed.purpose) == ("New name", "Written meanwhile")
    assert Entry.objects.get().fields == ["name"]


def test_no_change_leaves_no_trace():
    programme = ProgrammeFactory()
    programmes.change_programme(programme=programme, changes={"name": programme.name}, by=PersonFactory(), now=NOW)
    assert Entry.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"starts_on": date(2026, 5, 2), "ends_on": date(2026, 5, 1)}, programmes.EndsBeforeStart),
        ({"morning_starts": time(13), "morning_ends": time(13)}, programmes.SlotEndsBeforeStart),
        ({"afternoon_starts": time(17)}, programmes.SlotEndsBeforeStart),
    ],
)
def test_impossible_times_are_refused(changes, refusal):
    programme = ProgrammeFactory()
    with pytest.raises(refusal):
        programmes.change_programme(programme=programme, changes=changes, by=PersonFactory(), now=NOW)
    assert Entry.objects.count() == 0


@pytest.mark.parametrize("state", ["draft", "open", "held", "cancelled"])
def test_one_place_for_each_person_is_chosen_before_a_session_is_opened(state):
    programme = ProgrammeFactory(places_rule=PlacesRule.UNLIMITED)
    SessionFactory(programme=programme, state=state, cancelled_reason="Snow" if state == "cancelled" else "")
    changes = {"programme": programme, "by": PersonFactory(), "now": NOW}
    if state == "draft":
        programmes.change_programme(**changes, changes={"places_rule": PlacesRule.ONE})
    else:
        with pytest.raises(programmes.SessionsAreOpen, match="has been opened for booking"):
            programmes.change_programme(**changes, changes={"places_rule": PlacesRule.ONE})
    programme.refresh_from_db()
    assert programme.places_rule == (PlacesRule.ONE if state == "draft" else PlacesRule.UNLIMITED)
    programmes.change_programme(**changes, changes={"places_rule": PlacesRule.ONE_PER_SESSION})


def test_scope_is_added_to_and_taken_from():
    kept, gone, new = ProfessionFactory(), ProfessionFactory(), ProfessionFactory()
    area = AreaFactory()
    programme, by = ProgrammeFactory(professions=[kept, gone], areas=[]), PersonFactory()
    programmes.change_scope(
        programme=programme, add_professions=[new], remove_professions=[gone], add_areas=[area], by=by, now=NOW
    )
    assert set(programme.professions.all()) == {kept, new}
    assert list(programme.areas.all()) == [area]
    assert Entry.objects.get().fields == ["areas", "professions"]


def test_every_area_and_every_profession_are_ticked_and_unticked():
    programme, by = ProgrammeFactory(), PersonFactory()
    programmes.change_scope(programme=programme, every_area=False, by=by, now=NOW)
    programme.refresh_from_db()
    assert (programme.every_area, programme.every_profession) == (False, True)
    assert Entry.objects.get().fields == ["every_area"]


def test_the_same_scope_leaves_no_trace():
    programme = ProgrammeFactory()
    programmes.change_scope(programme=programme, every_area=True, by=PersonFactory(), now=NOW)
    assert Entry.objects.count() == 0
