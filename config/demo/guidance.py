"""Guidance of the pilot: two versions, comments in each state, who has read it, documents that lie elsewhere."""

from datetime import datetime, timedelta

from attendance.models import CAME, Attendance
from commitments.actions import guidance as actions
from commitments.actions.references import add_reference
from commitments.models import AgreementVersion, SectionComment
from commitments.queries.guidance import seal_of, sections_of
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

_SECTIONS = (
    (
        "Whose plan it is",
        "Each family has **one** plan. The worker who knows the family best writes it, whatever their organisation.\n\n"
        "- Ask the family first who that is.\n- Write the name of the worker on the first page.\n",
    ),
    (
        "Who may read it",
        "Everybody who works with the family may read the plan. Say so to the family when you begin.\n\n"
        "| Who | What they read |\n|---|---|\n| Health visitors, social workers | The whole plan |\n"
        "| Police, fire | The safety page |\n",
    ),
    (
        "When something worries you",
        "1. Telephone the worker on the first page the same day.\n2. Write down what you saw, in your own words.\n"
        "3. If nobody answers within a day, telephone their manager.\n",
    ),
)
_CHANGED = (
    "Everybody who works with the family may read the plan. Say so to the family when you begin, and again when "
    "somebody new joins.\n\n"
    "| Who | What they read |\n|---|---|\n| Health visitors, social workers | The whole plan |\n"
    "| Housing officers | The contacts and the safety page |\n| Police, fire | The safety page |\n"
)
_NEW = "Housing officers are named among those who read the plan, and families are told **again** when somebody joins."
_REFERENCES = (
    # kind, title, version, whose, holds from and until, looked at again (days from today)
    ("procedure", "Opening and closing a family plan", "1.2", 0, -60, None, 150),
    ("procedure", "Visiting together out of hours", "2.0", 1, -300, None, -5),
    ("sharing", "Family plan information sharing agreement", "3.1", 2, -45, 320, 270),
    ("other", "Fire safety visits with families", "1.0", 3, -400, -20, 40),
)


class GuidanceOfPilot:
    """How “Working from one family plan” comes about."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot = calendar, pilot
        self.by, self.writer = county.cast["coordinator"], county.cast["facilitator"]

    def plan(self) -> None:
        """Put the way of the guidance into the calendar."""
        day, at = self.calendar.day, self.calendar.at
        at(day(-42), 10, self._start)
        at(day(-40), 11, self._comment, 1, 1, "May the police read what the school writes?")
        at(day(-39), 15, self._answer, False, "The school’s own notes stay with the school: the law gives no ground.")
        at(day(-38), 16, self._publish, "")
        at(day(-20), 10, self._comment, 1, 4, "Housing officers meet families every week. They should be named.")
        at(day(-17), 10, self._change)
        at(day(-17), 11, self._stand_on_agreements)
        at(day(-17), 12, self._answer, True, "They are named now, with what they read.")
        at(day(-16), 16, self._publish, _NEW)
        at(day(-13), 17, self._read)
        at(day(-3), 10, self._comment, 2, 2, "Which number do we ring at the weekend?")
        at(day(-1), 10, self._refer)

    def _start(self, now: datetime) -> None:
        made = actions.start_guidance(
            programme=self.pilot.programme, title="Working from one family plan", by=self.writer, now=now
        )
        for title, words in _SECTIONS:
            actions.add_section(guidance=made, title=title, words=words, by=self.writer, now=now)
        self.own = actions.set_open(guidance=made, is_open=True, by=self.by, now=now)

    def _comment(self, number: int, mandate: int, words: str, now: datetime) -> None:
        section, who = sections_of(self.own)[number], self.pilot.mandates[mandate].person
        actions.comment_on(section=section, words=words, by=who, now=now)

    def _answer(self, is_taken_up: bool, words: str, now: datetime) -> None:
        said = SectionComment.objects.filter(section__guidance=self.own).order_by("-pk").first()
        actions.answer_comment(comment=said, is_taken_up=is_taken_up, words=words, by=self.writer, now=now)

    def _change(self, now: datetime) -> None:
        section = sections_of(self.own)[1]
        actions.change_section(
            section=section, title=section.title, words=_CHANGED, version=section.version, by=self.writer, now=now
        )

    def _stand_on_agreements(self, now: datetime) -> None:
        """Let the first section stand on what everybody has endorsed, and a new one on what some have not yet."""
        plan, door = (
            AgreementVersion.objects.get(agreement__programme=self.pilot.programme, agreement__title=title, number=1)
            for title in ("One plan, one writer", "Who opens the building")
        )
        common = {"by": self.writer, "now": now}
        actions.stand_on(section=sections_of(self.own)[0], versions=[plan], **common)
        actions.draft_from_agreements(guidance=self.own, title="In the shared building", versions=[door], **common)

    def _publish(self, note: str, now: datetime) -> None:
        seen = seal_of(self.own, sections_of(self.own))
        self.version = actions.publish_guidance(
            guidance=self.own, seen=seen, note=note, although_unendorsed=True, by=self.by, now=now
        )

    def _read(self, now: datetime) -> None:
        came = Attendance.objects.filter(session__programme=self.pilot.programme, outcome__in=CAME, noted_at__lt=now)
        for fact in came.filter(person__isnull=False).select_related("person").order_by("pk")[:24:2]:
            actions.acknowledge(version=self.version, person=fact.person, by=fact.person, now=now)

    def _refer(self, now: datetime) -> None:
        partners, today = self.pilot.county.organisations, self.calendar.day(0)
        for kind, title, version, whose, since, until, review in _REFERENCES:
            add_reference(
                programme=self.pilot.programme,
                kind=kind,
                title=title,
                version=version,
                organisation=partners[whose],
                link=f"https://example.org/documents/{title.lower().replace(' ', '-')}",
                effective_from=today + timedelta(days=since),
                effective_until=today + timedelta(days=until) if until else None,
                review_on=today + timedelta(days=review),
                by=self.by,
                now=now,
            )
