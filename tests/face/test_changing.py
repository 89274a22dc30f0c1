"""Two people have the same form open: each keeps what the other wrote, unless both answered the same question."""

from datetime import date, time
from html.parser import HTMLParser

import pytest
from django import forms
from django.urls import reverse

from accounts.models import Person
from attendance.models import BookingRules
from briefings.models import Activity, Programme, ProgrammeRole, SessionPart
from commitments.actions.references import add_reference
from commitments.models import AgreementPolicy, QuestionPolicy
from commitments.queries.standards import ladder_for, policy_of
from communications.models import PlannedItem, Stage
from face.forms import ChangingMixin, HubForm
from messaging.models import SenderProfile
from tests.attendance.places import a_session
from tests.briefings.factories import AppointmentFactory, PartnerFactory, ProgrammeFactory, RoomFactory, VenueFactory
from tests.commitments.pages import signed_in
from tests.commitments.refused import Town
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db


class _Typed(HTMLParser):
    """What a browser would send of the form of a page as it came."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._in, self._select, self._area = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self._in = given.get("method") == "post" and "sheet" in (given.get("class") or "")
        elif not self._in:
            return
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            self.found.setdefault(name, []).append(given.get("value") or "")
        elif tag == "textarea":
            self._area = name
            self.found[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.found.setdefault(self._select, []).append(given.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data):
        if self._area:
            self.found[self._area] = [self.found[self._area][0] + data.lstrip("\n")]


class Tabs:
    """One address opened by two people before either of them saves."""

    def __init__(self, first: Person, second: Person, address: str) -> None:
        self.address = address
        self.clients = signed_in(first, fresh=True), signed_in(second, fresh=True)
        self.typed = [_Typed(client.get(address).content.decode()).found for client in self.clients]
        assert "was" in self.typed[0], f"{address} carries no marks of what stood there"

    def save(self, number: int, /, **answers) -> None:
        sent = self.typed[number] | answers
        answer = self.clients[number].post(self.address, sent)
        assert answer.status_code == 302, answer.context and answer.context["form"].errors

    def both(self, first: dict, second: dict) -> None:
        """Let the one save ``first``, and then the other ``second`` on the page that was opened before."""
        self.save(0, **first)
        self.save(1, **second)


@pytest.fixture
def programme():
    return ProgrammeFactory(starts_on=date(2026, 11, 2), ends_on=None, purpose="Why")


@pytest.fixture
def tabs(programme):
    people = [AppointmentFactory(programme=programme, role=ProgrammeRole.COORDINATOR).person for _ in range(2)]

    def opened(route: str, *args) -> Tabs:
        return Tabs(*people, reverse(route, args=args))

    return opened


def values(row, *names) -> tuple:
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in names)


@pytest.mark.parametrize(
    ("task", "first", "second", "found"),
    [
        ("purpose", {"purpose": "Anew"}, {"nation": "scotland"}, {"purpose": "Anew", "nation": "scotland"}),
        (
            "half-days",
            {"morning_starts": "9am", "morning_ends": "11am"},
            {"afternoon_ends": "5pm"},
            {"morning_starts": time(9), "morning_ends": time(11), "afternoon_ends": time(17)},
        ),
        (
            "reminders",
            {"reminder_days": "7"},
            {"invitation_reminder_days": "3"},
            {"reminder_days": [7], "invitation_reminder_days": [3]},
        ),
        ("places", {"places_rule": "unlimited"}, {}, {"places_rule": "unlimited"}),
        ("service-standard", {"answer_days": "20"}, {}, {"acknowledge_days": 2, "answer_days": 20}),
        ("cover", {"cover_rule": "at_least", "cover_number": "3"}, {}, {"cover_rule": "at_least", "cover_number": 3}),
        ("publishing", {"publishes_reach": "on"}, {}, {"publishes_reach": True}),
    ],
)
def test_each_task_of_the_set_up(tabs, programme, task, first, second, found):
    Programme.objects.update(acknowledge_days=2, answer_days=10, cover_rule="none", is_public=True)
    tabs("briefings:set-up-change", programme.slug, task).both(first, second)
    assert values(programme, *found) == tuple(found.values())


def test_answers_that_belong_together_are_written_together(tabs, programme):
    """A half-day is as one of the two saw it: never the start of the one with the end of the other."""
    Programme.objects.update(morning_starts=time(9, 30), morning_ends=time(12, 30))
    opened = tabs("briefings:set-up-change", programme.slug, "half-days")
    opened.both({"morning_starts": "11:30am"}, {"morning_ends": "11am"})
    assert values(programme, "morning_starts", "morning_ends") == (time(9, 30), time(11))


def test_an_answer_that_both_changed_is_that_of_the_last(tabs, programme):
    tabs("briefings:set-up-change", programme.slug, "purpose").both({"purpose": "First"}, {"purpose": "Last"})
    assert values(programme, "purpose") == ("Last",)


def test_the_marks_survive_an_error(tabs, programme):
    opened = tabs("briefings:set-up-change", programme.slug, "purpose")
    opened.save(0, purpose="Anew")
    wrong = opened.clients[1].post(opened.address, opened.typed[1] | {"starts_on_day": "40"})
    assert wrong.status_code == 422
    opened.typed[1] = _Typed(wrong.content.decode()).found
    opened.save(1, starts_on_day="3")
    assert values(programme, "purpose", "starts_on") == ("Anew", date(2026, 11, 3))


def test_the_scope(tabs, programme):
    here, also = ProfessionFactory.create_batch(2)
    Programme.objects.update(every_area=True, every_profession=False)
    programme.professions.set([here])
    opened = tabs("briefings:scope-change", programme.slug)
    opened.both({"every_profession": "yes"}, {"professions": [here.pk, also.pk]})
    assert values(programme, "every_area", "every_profession") == (True, True)
    assert {*programme.professions.all()} == {here, also}


def test_from_when_a_partner_takes_part(tabs, programme):
    partner = PartnerFactory(programme=programme, since=date(2026, 1, 1))
    opened = tabs("briefings:partner-change", programme.slug, partner.pk)
    opened.both({"since_year": "2025"}, {})
    assert values(partner, "since") == (date(2025, 1, 1),)


def test_the_rules_of_booking(tabs, programme):
    opened = tabs("attendance:booking-rules", programme.slug)
    opened.both({"closes_days": "2"}, {"freeze_days": "1"})
    rules = BookingRules.objects.get(programme=programme)
    assert (rules.closes_days, rules.freeze_days) == (2, 1)


def test_how_questions_are_handled(tabs, programme):
    opened = tabs("commitments:question-rules-change", programme.slug)
    opened.both({"themes": ["risk"], "days_1": "-4"}, {"clearance_roles": ["dpo"]})
    policy = policy_of(programme)
    assert (policy.themes, policy.clearance_roles) == (["risk"], ["dpo"])
    assert ladder_for(programme).steps[0].days == -4
    opened.save(1, clearance_roles=["dpo"])
    assert QuestionPolicy.objects.get().rungs.count() == len(ladder_for(programme).steps)


def test_how_agreements_are_endorsed(tabs, programme):
    opened = tabs("commitments:agreement-rules", programme.slug)
    opened.both({"endorse_days": "7"}, {"needs_second_step": "on"})
    policy = AgreementPolicy.objects.get()
    assert (policy.endorse_days, policy.needs_second_step) == (7, True)


def test_a_session(tabs, programme):
    room = RoomFactory()
    session = a_session(programme, room=room, title="Old", online_link="")
    opened = tabs("attendance:session-change", session.pk)
    opened.both({"title": "New"}, {"online_link": "https://meet.example.org/a"})
    assert values(session, "title", "online_link", "room") == ("New", "https://meet.example.org/a", room)


def test_a_venue_and_a_room(tabs):
    room = RoomFactory(venue=VenueFactory(area=AreaFactory(parent=AreaFactory())), capacity=20)
    opened = tabs("attendance:venue-change", room.venue_id)
    opened.both({"directions": "By bus"}, {"access_notes": "A lift"})
    assert values(room.venue, "directions", "access_notes") == ("By bus", "A lift")
    opened = tabs("attendance:room-change", room.venue_id, room.pk)
    opened.both({"name": "Blue"}, {"capacity": "30"})
    assert values(room, "name", "capacity") == ("Blue", 30)


def test_a_stage_and_what_is_planned_in_it(tabs, programme):
    stage = Stage.objects.create(
        programme=programme, kind="own", name="Before", starts_on=date(2027, 1, 4), ends_on=date(2027, 1, 8)
    )
    opened = tabs("communications:stage-change", programme.slug, stage.pk)
    opened.both({"name": "First"}, {"ends_on_day": "15"})
    assert values(stage, "name", "ends_on") == ("First", date(2027, 1, 15))
    professions, partners = ProfessionFactory.create_batch(2), PartnerFactory.create_batch(2, programme=programme)
    Programme.objects.update(every_profession=True)
    item = PlannedItem.objects.create(
        stage=stage, words="What changes", due_on=date(2027, 1, 6), means="session", next_reminder_on=date(2027, 1, 1)
    )
    opened = tabs("communications:item-change", programme.slug, item.pk)
    opened.both(
        {"words": "Who to ask", "organisations": [partners[0].organisation_id]}, {"professions": [professions[0].pk]}
    )
    assert values(item, "words") == ("Who to ask",)
    assert [*item.organisations.all()] == [partners[0].organisation]
    assert [*item.professions.all()] == [professions[0]]


def test_an_organisation_and_the_sender(programme):
    people = PersonFactory.create_batch(2, is_administrator=True)
    chosen = OrganisationFactory(name="Old")
    chosen.mail_domains.create(domain="old.example.org")
    opened = Tabs(*people, reverse("organisations:organisation-change", args=[chosen.pk]))
    opened.both({"domains": "new.example.org\nold.example.org"}, {"name": "New"})
    assert values(chosen, "name") == ("New",)
    assert chosen.mail_domains.count() == 2
    opened = Tabs(*people, reverse("messaging:sender-edit"))
    opened.both({"name": "The team"}, {"reply_to": "ask@example.org"})
    sender = SenderProfile.objects.get()
    assert (sender.name, sender.reply_to) == ("The team", "ask@example.org")


def test_how_many_places_a_session_has(tabs, programme):
    session = a_session(programme, capacity=10)
    opened = tabs("attendance:session-seats", session.pk)
    opened.both({"capacity": "12"}, {"reserved": "2"})
    assert values(session, "capacity", "reserved") == (12, 2)


def test_an_activity_and_an_action(tabs, programme):
    own = Activity.objects.create(programme=programme, name="Cards", aim="To know", minutes=20, steps="Sit")
    opened = tabs("attendance:activity-change", programme.slug, own.pk)
    opened.both({"aim": "To talk"}, {"minutes": "30"})
    assert values(own, "aim", "minutes") == ("To talk", 30)
    town = Town()
    action, clerk = town.action(due_on=date(2027, 3, 1)), PersonFactory(email="clerk@example.org")
    SessionPart.objects.create(session=action.session, person=clerk, part="presenter")
    SessionPart.objects.create(session=action.session, person=town.senior, part="presenter")
    address = reverse("commitments:action-change", args=[town.programme.slug, action.pk])
    opened = Tabs(town.coordinator, town.second, address)
    opened.both({"owner": clerk.email}, {"due_on_day": "15"})
    assert values(action, "owner", "due_on") == (clerk, date(2027, 3, 15))


def test_a_person_and_what_they_do(programme):
    people = PersonFactory.create_batch(2, is_administrator=True)
    tie, profession = AffiliationFactory(staff_number="1"), ProfessionFactory()
    opened = Tabs(*people, reverse("organisations:affiliation-change", args=[tie.pk]))
    opened.both({"profession": str(profession.pk)}, {"staff_number": "2"})
    assert values(tie, "profession", "staff_number") == (profession, "2")
    opened = Tabs(*people, reverse("organisations:person-change", args=[tie.person_id]))
    opened.both({"name": "New Name"}, {"email": "new.name@example.org"})
    assert values(tie.person, "name", "email") == ("New Name", "new.name@example.org")
    area, larger = AreaFactory(name="Old"), AreaFactory()
    opened = Tabs(*people, reverse("organisations:area-change", args=[area.pk]))
    opened.both({"parent": str(larger.pk)}, {"name": "New"})
    assert values(area, "name", "parent") == ("New", larger)


def test_a_document_that_lies_elsewhere():
    town = Town()
    own = add_reference(
        programme=town.programme, kind="procedure", title="Keys", version="1", organisation=town.organisation,
        effective_from=date(2026, 11, 2), review_on=date(2027, 11, 2), **town.by,
    )  # fmt: skip
    opened = Tabs(town.coordinator, town.second, reverse("commitments:reference-change", args=[own.pk]))
    opened.both({"version": "2"}, {"review_on_day": "9"})
    assert values(own, "version", "review_on") == ("2", date(2027, 11, 9))


class _Form(ChangingMixin, HubForm):
    text = forms.CharField(required=False)
    number = forms.IntegerField(required=False)
    several = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], required=False)
    person = forms.ModelChoiceField(Person.objects.all(), required=False)


def test_what_a_page_without_marks_sends_is_written_as_it_is():
    form = _Form({"text": "a", "was": ""}, initial={"text": "a"})
    assert form.is_valid()
    assert form.changes.keys() == {"text", "number", "several", "person"}
    assert "was" not in form.cleaned_data


@pytest.mark.parametrize("initial", [{"text": None}, {"several": ["b", "a"], "number": 3}, {"person": "of"}])
def test_what_shows_the_same_is_the_same(initial):
    somebody = PersonFactory()
    initial = {name: somebody if value == "of" else value for name, value in initial.items()}
    was = _Form(initial=initial)["was"].value()
    data = {name: getattr(value, "pk", value) for name, value in initial.items() if value is not None}
    form = _Form(data | {"was": was})
    assert form.is_valid()
    assert form.changes == {}


@pytest.mark.parametrize("was", ["x", ":", "text:", ",,,", "text:" + "0" * 5_000, "\x01"])
def test_marks_that_somebody_made_up_do_no_harm(was):
    form = _Form({"text": "a", "was": was})
    assert not form.is_valid() or form.changes["text"] == "a"
