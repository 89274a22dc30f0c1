"""The invented county: whole in an empty database, never added to one that is in use."""

from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Person
from attendance.invariants import findings
from attendance.models import (
    CalendarAnswer,
    OnlineDecision,
    OnlineReport,
    Place,
    PlaceState,
    Quota,
    Team,
    WalkIn,
)
from attendance.queries.booking import affiliation_for
from attendance.queries.online import walk_ins_alike
from attendance.queries.shares import why_waiting
from briefings.models import Session
from commitments.models import (
    Agreement,
    Assurance,
    AssuranceState,
    CommentState,
    GuidanceVersion,
    Outcome,
    Output,
    OutputKind,
    PartnerAsked,
    Question,
    QuestionState,
    SectionComment,
    Standing,
)
from commitments.queries.agreements import is_early, shown_versions, standing_of
from communications.models import Post, Reuse
from config.demo.clock import ZONE, Calendar
from config.demo.story import who_can_sign_in
from messaging import kinds
from messaging.models import Bounce, Message
from surveys.models import Edition

pytestmark = pytest.mark.django_db


def test_the_county_stands_in_every_state_and_loads_once(client, capsys):
    call_command("demo")
    said = capsys.readouterr().out
    people, messages = Person.objects.count(), Message.objects.count()

    assert [what for _, found in findings() for what in found] == []
    assert sorted(Session.objects.filter(programme__code="OFP").values_list("state", flat=True)) == [
        "cancelled", *["draft"] * 2, *["held"] * 5, *["open"] * 7,
    ]  # fmt: skip
    assert set(Question.objects.values_list("state", flat=True)) == set(QuestionState.values)
    assert set(Assurance.objects.values_list("state", flat=True)) == set(AssuranceState.values)
    assert Edition.objects.filter(block="all").exists()
    assert Edition.objects.filter(block="before-after", answers__gte=10).exists()
    assert GuidanceVersion.objects.count() == 2
    assert set(SectionComment.objects.values_list("state", flat=True)) == set(CommentState.values)
    assert set(Output.objects.values_list("kind", flat=True)) == set(OutputKind.values)
    assert _standings() == {Standing.FULL, Standing.IN_PART}
    assert set(PartnerAsked.objects.values_list("outcome", flat=True)) == {"", *Outcome.values}
    assert Edition.objects.exists()
    assert set(Post.objects.values_list("state", flat=True)) == {"draft", "scheduled", "published"}
    assert set(Reuse.objects.values_list("state", flat=True)) == {"waiting", "shown"}
    assert Place.objects.filter(state=PlaceState.WAITING).exists()
    assert Place.objects.filter(state=PlaceState.OFFERED, offered_from_line=True).count() == 1
    assert Place.objects.filter(closed_reason="offer_lapsed").count() == 1
    _quota_keeps_somebody_waiting()
    _lead_hears_of_the_team()
    _second_report_is_to_be_decided()
    assert set(CalendarAnswer.objects.values_list("outcome", flat=True)) == {"confirmed", "noted", "asks"}
    assert Bounce.objects.standing().count() == 1
    assert {person is None for person in WalkIn.objects.values_list("person", flat=True)} == {True, False}
    assert 8 <= Message.objects.filter(state=Message.State.PLANNED).count() <= 60

    signing_in = who_can_sign_in()
    assert [one.person.email in said for one in signing_in] == [True] * 9
    for one in signing_in:
        client.force_login(one.person)
        assert client.get("/").status_code == 200, one.part

    call_command("demo")
    assert (Person.objects.count(), Message.objects.count()) == (people, messages)


def _quota_keeps_somebody_waiting() -> None:
    now, team = timezone.now(), Team.objects.get()
    quota = Quota.objects.get(organisation=team.organisation)
    assert (quota.released_on > timezone.localdate(now), team.places.filter(person=None).count()) == (True, 2)
    waits = Place.objects.in_line().get(session=team.session)
    tie = affiliation_for(waits.session.programme, waits.person, now)
    assert "all the places it may have in this session. The rest is free" in why_waiting(
        waits.session, waits.person, tie, now
    )


def _lead_hears_of_the_team() -> None:
    mail = Message.objects.get(kind="attendance.team_left")
    said = kinds.find(mail.kind).render(mail).text
    assert "has handed the place to" in said
    assert "has given up the place." in said
    released = Quota.objects.exclude(organisation=Team.objects.get().organisation).get()
    assert released.limit_on(timezone.localdate()) is None


def _second_report_is_to_be_decided() -> None:
    first, second = OnlineReport.objects.order_by("uploaded_at")
    assert (first.taken_over_at is None, second.taken_over_at) == (False, None)
    rows = list(second.presences.filter(decision=OnlineDecision.OPEN))
    alike = walk_ins_alike(second.session, rows)
    assert sorted(len(alike[row.pk]) for row in rows) == [0, 1], "one is a walk-in already, one nobody knows"


def _standings() -> set[str]:
    shown = list(shown_versions(Agreement.objects.all()))
    assert any(is_early(version, timezone.localdate()) for version in shown), "one is in use before it is endorsed"
    return {standing_of(version, timezone.localdate()) for version in shown}


def test_a_story_told_in_the_night_keeps_the_order_of_its_last_day():
    now, happened = datetime(2026, 11, 30, 0, 30, tzinfo=ZONE), []
    calendar = Calendar(now.date(), now)
    for hour in (9, 8.3, 8.4):
        calendar.at(now.date(), hour, lambda own, moment: happened.append((own, moment)), hour)
    calendar.tell()
    assert happened == [(8.3, now), (8.4, now), (9, now)]


def test_a_database_with_people_of_its_own_gets_none_of_the_county(capsys):
    Person.objects.create_person(name="Amina Samplewood", email="amina@example.org")

    call_command("demo")

    assert Person.objects.count() == 1
    assert "nothing was added" in capsys.readouterr().out


def test_a_measured_county_of_any_size_keeps_every_promise(capsys):
    call_command("demo", people=200)

    assert [what for _, found in findings() for what in found] == []
    assert (Person.objects.count(), Session.objects.count(), Place.objects.count()) == (201, 150, 600)
    assert Session.objects.open().count() >= 25, "a page of them"
    with pytest.raises(CommandError, match="people of its own"):
        call_command("demo", people=200)
    with pytest.raises(CommandError, match="from 100 to"):
        call_command("demo", people=5)
