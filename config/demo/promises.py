"""What is asked in the pilot and what is promised, in every state there is."""

from datetime import date, datetime

from django.core.files.base import ContentFile

import briefings.actions.appointments as appointments
import commitments.actions.assurances as assurances
import commitments.actions.handovers as handovers
import commitments.actions.policies as policies
import commitments.actions.questions as questions
import commitments.actions.redaction as redaction
import commitments.actions.telling as telling
from accounts.models import Person
from attendance.models import Place, PlaceState
from briefings.models import Mandate
from commitments.models import (
    AskedAs,
    Asker,
    Assurance,
    AssuranceState,
    Audience,
    Commission,
    GovernanceRole,
    Question,
    TellingKind,
)
from commitments.queries.telling import findings_of, seal_of
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

_AS = {
    "name": AskedAs.NAME,
    "pseudonym": AskedAs.PSEUDONYM,
    "nobody": AskedAs.NOBODY,
    "scribe": AskedAs.NOBODY,
}


PLACE_LEFT = 5
"""The organisation whose acting director promised something and left."""


class Promises:
    """Questions and assurances of ``pilot``, by the keys of words.QUESTIONS and words.ASSURANCES."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.county, self.calendar, self.pilot = county, calendar, pilot
        self.by, self.second = county.cast["coordinator"], county.cast["second"]
        self.scribe = county.cast["facilitator"]
        self.questions: dict[str, Question] = {}
        self.assurances: dict[str, Assurance] = {}

    def plan(self) -> None:
        """Put what is asked, answered, promised and kept into the calendar."""
        for number, (key, who, session, ago, text, _) in enumerate(words.QUESTIONS):
            hour = 8 if ago == 0 else 12.7 + number / 20
            self.calendar.at(self.calendar.day(-ago), hour, self._ask, key, who, session, text)
        for row in words.ASSURANCES:
            self.calendar.at(self.calendar.day(-row[3]), 15, self._promise, *row)
        self.calendar.at(self.calendar.day(-31), 8, self._set_policy)
        self.calendar.at(self.calendar.day(-31), 8.1, self._give_another_mandate)
        self.calendar.at(self.calendar.day(0), 8.1, self._file)
        self.calendar.at(self.calendar.day(-2), 14, self._tell, TellingKind.DID, self.by)
        self.calendar.at(self.calendar.day(0), 8.2, self._tell, TellingKind.ANSWERED, None)
        self._plan_answers()
        self._plan_ends()

    def _tell(self, kind: TellingKind, approver: Person | None, now: datetime) -> None:
        """Let the second coordinator draft what became of it; ``approver`` publishes it, without one it waits."""
        common = {"by": self.second, "now": now}
        own = telling.draft_telling(programme=self.pilot.programme, kind=kind, **common)
        # "Two workers" is what was promised, and points at nobody.
        exact = [finding.words for finding in findings_of(own, now.date()) if finding.may_mean_otherwise]
        own = telling.say_meant_otherwise(telling=own, words=exact, **common)
        own = telling.propose_telling(telling=own, **common)
        if approver:
            telling.publish_telling(telling=own, seen=seal_of(own), by=approver, now=now)

    # Questions

    def _ask(self, key: str, who: str, session: str | None, text: str, now: datetime) -> None:
        known = self.pilot.sessions[session] if session else None
        place = self._place_of_asker(known, len(self.questions)) if who in ("name", "pseudonym") else None
        self.questions[key] = questions.raise_question(
            programme=self.pilot.programme,
            words=text,
            asked_as=_AS[who],
            person=place.person if place else None,
            place=place,
            session=known,
            by=place.person if place else self.scribe if who == "scribe" else "stranger",
            now=now,
        )

    def _place_of_asker(self, session, number: int) -> Place:
        booked = Place.objects.filter(session=session, state=PlaceState.BOOKED).select_related("person", "session")
        winifred = booked.filter(person=self.county.cast["practitioner"]).first()
        return winifred or list(booked.order_by("pk"))[4 + number % 5]

    def _plan_answers(self) -> None:
        """What becomes of each question, in working days ago: (key, then what happens when)."""
        at, day = self.calendar.at, self.calendar.day
        for ago, hour, do, *what in (
            (30, 9.5, self._commission, "bank", 0),
            (29, 9.5, self._accept, "bank"),
            (25, 15, self._answer, "bank", Audience.PUBLIC),
            (30, 10, self._commission, "visits", 1),
            (28, 14, self._accept, "visits"),
            (23, 15, self._answer, "visits", Audience.PRACTITIONERS),
            (23, 9.5, self._open, "share"),
            (22, 9.5, self._commission, "share", 6),
            (19, 11, self._accept, "share"),
            (7, 16, self._answer, "share", Audience.PUBLIC),
            (23, 10, self._commission, "rota", 1),
            (20, 10, self._accept, "rota"),
            (16, 10, self._answer, "rota", Audience.ATTENDERS),
            (14, 12, self._say_unanswered, "rota"),
            (16, 11, self._commission, "record", 0),
            (15, 11, self._accept, "record"),
            (2, 11, self._answer, "record", Audience.PUBLIC),
            (16, 12, self._commission, "login", 1),  # overdue: reminded, then the lead and the coordinator are told
            (15, 12, self._accept, "login"),
            (8, 16, self._hold, "login"),
            (9, 12, self._merge, "again", "login"),
            (9, 9.5, self._commission, "night", 2),
            (7, 9.5, self._accept, "night"),
            (3, 15, self._draft, "night"),
            (9, 10, self._commission, "risk", 3),
            (6, 10, self._decline, "risk"),
            (9, 11, self._open, "welsh"),
            (4, 9.5, self._commission, "travel", 3),
            (4, 10, self._commission, "agency", 0),
            (3, 9.5, self._accept, "agency"),
            (2, 16, self._send_to_clearance, "agency"),
            (3, 10, self._out_of_scope, "pay"),
            (3, 11, self._withdraw, "wrong"),
            (0, 8.3, self._commission, "phone", 2),
            (1, 9, self._pause, "travel"),
        ):
            at(day(-ago), hour, do, *what)

    def _set_policy(self, now: datetime) -> None:
        """The council's information governance lead clears words; the offices are closed on Christmas Eve."""
        common = {"programme": self.pilot.programme, "by": self.by, "now": now}
        policies.name_holder(
            organisation=self.pilot.mandates[0].organisation,
            role=GovernanceRole.IG_LEAD,
            person=self.county.cast["governance"],
            **common,
        )
        policies.close_on(day=date(now.year, 12, 24), why="Council offices closed", **common)
        policies.add_theme(name="Working hours", **common)

    def _file(self, now: datetime) -> None:
        own = self.pilot.programme.own_themes.get()
        for theme, keys in {**words.THEMES, f"own-{own.pk}": ("rota", "travel")}.items():
            rows = [self._latest(key) for key in keys]
            policies.file_under(questions=rows, theme=theme, by=self.by, now=now)

    def _merge(self, key: str, into: str, now: datetime) -> None:
        questions.merge(question=self._latest(key), into=self._latest(into), by=self.by, now=now)

    def _hold(self, key: str, now: datetime) -> None:
        own = self._latest(key)
        questions.send_holding_reply(question=own, words=words.HOLDING_REPLY, by=own.owner, now=now)

    def _pause(self, key: str, now: datetime) -> None:
        questions.pause_clock(
            question=self._latest(key), until=self.calendar.day(8), reason=words.WHY_PAUSED, by=self.by, now=now
        )

    def _draft(self, key: str, now: datetime) -> None:
        own = self._latest(key)
        questions.save_draft(question=own, words=words.DRAFT, audience=Audience.PUBLIC, by=own.owner, now=now)

    def _send_to_clearance(self, key: str, now: datetime) -> None:
        own = self._latest(key)
        questions.send_to_clearance(
            question=own,
            words=words.TO_CLEAR,
            audience=Audience.PUBLIC,
            roles=[GovernanceRole.IG_LEAD],
            by=own.owner,
            now=now,
        )

    def _latest(self, key: str) -> Question:
        return Question.objects.select_related("programme", "owner", "organisation").get(pk=self.questions[key].pk)

    def _open(self, key: str, now: datetime) -> None:
        questions.open_question(question=self._latest(key), by=self.by, now=now)

    def _commission(self, key: str, place: int, now: datetime) -> None:
        mandate = self.pilot.mandates[place]
        questions.commission(
            question=self._latest(key), organisation=mandate.organisation, person=mandate.person, by=self.by, now=now
        )

    def _of(self, key: str) -> Commission:
        return Commission.objects.select_related("question", "person").filter(question=self.questions[key]).latest("pk")

    def _accept(self, key: str, now: datetime) -> None:
        commission = self._of(key)
        questions.accept_commission(commission=commission, by=commission.person, now=now)

    def _decline(self, key: str, now: datetime) -> None:
        commission = self._of(key)
        reason = "This is for the County Council’s legal team: we follow their advice."
        questions.decline_commission(commission=commission, reason=reason, by=commission.person, now=now)

    def _answer(self, key: str, audience: Audience, now: datetime) -> None:
        text = next(row[5] for row in words.QUESTIONS if row[0] == key)
        question = self._latest(key)
        questions.publish_answer(question=question, words=text, audience=audience, by=question.owner, now=now)

    def _asker(self, key: str) -> Asker:
        return Asker.objects.select_related("question", "person").get(question=self.questions[key])

    def _say_unanswered(self, key: str, now: datetime) -> None:
        asker = self._asker(key)
        questions.say_unanswered(asker=asker, by=asker.person, now=now)

    def _out_of_scope(self, key: str, now: datetime) -> None:
        reason = "Pay is agreed nationally. Your union and your HR team can tell you where it stands."
        questions.put_out_of_scope(question=self._latest(key), reason=reason, by=self.by, now=now)

    def _withdraw(self, key: str, now: datetime) -> None:
        asker = self._asker(key)
        questions.withdraw_question(asker=asker, by=asker.person, now=now)

    # Assurances

    def _promise(
        self, key: str, place: int, session: str, ago: int, due: int, kind: str, text: str, now: datetime
    ) -> None:
        mandate = Mandate.objects.select_related("programme", "organisation", "person").get(
            pk=self.pilot.mandates[place].pk
        )
        by_scribe = key in ("scribed", "lapsed")
        self.assurances[key] = assurances.note_assurance(
            mandate=mandate,
            words=text,
            due_on=self.calendar.day(due),
            kind=kind,
            session=self.pilot.sessions[session],
            questions=[self.questions["login"]] if key == "logins" else [],
            for_everybody=key == "release",
            replaces=self.assurances["lead"] if key == "replaced" else None,
            by=self.scribe if by_scribe else mandate.person,
            now=now,
        )

    def _plan_ends(self) -> None:
        at, day = self.calendar.at, self.calendar.day
        shown = "The bank hours of October and November are in the Trust’s finance report, page 12."
        for ago, hour, do, *what in (
            (12, 10, self._propose, "bank", shown),
            (10, 10, self._confirm_kept, "bank"),
            (6, 10, self._propose, "guide", "The guide went to every team with the staff letter of this week."),
            (4, 10, self._confirm_kept, "guide"),
            (1, 10, self._propose, "van", "One van at each of our three stations carries the sign since Monday."),
            (1, 11, self._end, "estate", AssuranceState.NOT_KEPT, "The estate office closed before it could open."),
            (15, 15, self._promise_and_leave),
            (3, 9, self._leave),
            (2, 9, self._ask_to_take_over),
            (4, 11, self._review, "joint"),
            (3, 10, self._redact_review, "joint"),
            (2, 11, self._end, "training", AssuranceState.WITHDRAWN, "Night staff come to the open sessions instead."),
        ):
            at(day(-ago), hour, do, *what)

    # Somebody who promised and then left: whoever came after is asked to take it over

    def _give_another_mandate(self, now: datetime) -> None:
        organisation = self.county.organisations[PLACE_LEFT]
        person = Person.objects.get(pk=self.county.practitioners[organisation.pk].pop())
        self.left = appointments.give_mandate(
            programme=self.pilot.programme, organisation=organisation, person=person, job_title="Acting director",
            since=now.date(), confirmed_by="Letter of the chief officers’ group", confirmed_on=now.date(), by=self.by,
            now=now,
        )  # fmt: skip

    def _promise_and_leave(self, now: datetime) -> None:
        self.assurances["left"] = assurances.note_assurance(
            mandate=self.left, words=words.LEFT, due_on=self.calendar.day(21), for_everybody=True, is_ongoing=True,
            by=self.left.person, now=now,
        )  # fmt: skip

    def _leave(self, now: datetime) -> None:
        appointments.end_mandate(mandate=self.left, by=self.by, now=now)
        handovers.ask_for_successor(assurance_id=self.assurances["left"].pk, now=now)

    def _ask_to_take_over(self, now: datetime) -> None:
        mandate = self.pilot.mandates[PLACE_LEFT]
        handovers.ask_to_take_over(assurance=self._promised("left"), mandate=mandate, by=self.by, now=now)

    def _review(self, key: str, now: datetime) -> None:
        own = self._promised(key)
        assurances.review_assurance(
            assurance=own, words=words.REVIEWED, due_on=self.calendar.day(16), by=own.person, now=now
        )

    def _redact_review(self, key: str, now: datetime) -> None:
        review = self._promised(key).reviews.select_related("assurance").get()
        redaction.redact_said(what=review, words=words.REVIEWED_REDACTED, by=self.by, now=now)

    def _promised(self, key: str) -> Assurance:
        return Assurance.objects.select_related("programme", "person").get(pk=self.assurances[key].pk)

    def _propose(self, key: str, evidence: str, now: datetime) -> None:
        own = self._promised(key)
        files = [ContentFile(text.encode(), name) for name, text in words.EVIDENCE.get(key, {}).items()]
        assurances.propose_kept(assurance=own, evidence=evidence, files=files, by=own.person, now=now)

    def _confirm_kept(self, key: str, now: datetime) -> None:
        assurances.confirm_kept(assurance=self._promised(key), by=self.second, now=now)

    def _end(self, key: str, state: AssuranceState, reason: str, now: datetime) -> None:
        own = self._promised(key)
        by = own.person if state == AssuranceState.WITHDRAWN else self.by
        assurances.end_assurance(assurance=own, state=state, reason=reason, by=by, now=now)
