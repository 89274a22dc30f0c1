"""What waits for a senior manager, or for the assistant who keeps their diary."""

from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import PersonalLink
from attendance.models import CoverState, SeniorAttendance
from commitments.models import (
    UNANSWERED,
    UNENDED,
    Assurance,
    AssuranceState,
    Clearance,
    Commission,
    CommissionState,
    Handover,
    HandoverState,
    SeniorAsked,
)
from commitments.queries.agreements import waits_for
from commitments.queries.assurances import when_kept
from commitments.queries.owed import to_clear
from commitments.queries.questions import shortened, when_due
from desk import addresses
from desk.matters import BAD, GOOD, MOST_WORDS, OPEN, QUIET, WAIT, Group, Matter
from face.dates import day_plain, day_without_year, period

_SOON = timedelta(days=14)
_READ = 100


def cover(person: Any, now: datetime) -> Group:
    """Return the sessions that ``person``, or whom they assist, was asked to come to, and those they said yes to."""
    links = PersonalLink.objects.filter(person=person, purpose="cover", revoked_at__isnull=True, ends_at__gt=now)
    by_request = {int(link.about.rpartition(":")[2]): link.pk for link in links.only("pk", "about")[:_READ]}
    if not by_request:
        return Group("Sessions that need you", "cover")
    found = SeniorAttendance.objects.filter(
        pk__in=by_request, state__in=(CoverState.ASKED, CoverState.COMING), session__during__startswith__gt=now
    ).select_related("session__programme", "organisation", "person")
    return Group("Sessions that need you", "cover", [_request(own, by_request[own.pk], person) for own in found])


def _request(own: SeniorAttendance, link: int, person: Any) -> Matter:
    session = own.session
    when = f"{day_without_year(session.date)}, {period(session.starts, session.ends)}"
    whose = "" if own.person_id == person.pk else f" For {own.person.name}."
    url, order = reverse("desk:link-open", args=[link]), session.date.isoformat()
    if own.state == CoverState.COMING:
        return Matter(GOOD, when, url, f"{session}, for {own.organisation}. You said you come.{whose}", order)
    return Matter(WAIT, f"Can you come? {when}", url, f"{session}, for {own.organisation}.{whose}", order)


def commissions(person: Any, now: datetime) -> Group:
    """Return the questions that ``person`` was asked to answer, or has accepted."""
    today = timezone.localdate(now)
    live = (CommissionState.ASKED, CommissionState.ACCEPTED)
    mine = Commission.objects.filter(person=person, state__in=live, question__state__in=UNANSWERED)
    found = mine.select_related("question").order_by("question__due_on", "pk")[:_READ]
    more = (addresses.questions(), "All questions")
    return Group("Questions for you to answer", "commissions", [_commission(own, today) for own in found], more)


def clearances(person: Any, now: datetime) -> Group:
    """Return the answers that wait for a governance role that ``person`` holds."""
    today = timezone.localdate(now)
    found = to_clear(person, today)[:_READ]
    return Group("Answers for you to clear", "clearances", [_clearance(own, today) for own in found])


def _clearance(own: Clearance, today: date) -> Matter:
    question = own.draft.question
    words = shortened(question.words, MOST_WORDS)
    url = reverse("commitments:question-clear", args=[question.pk, own.pk])
    text = f"As {own.get_role_display()} for {own.organisation}. {when_due(question, today)}"
    return Matter(WAIT, words, url, text, str(question.due_on))


def _commission(own: Commission, today: date) -> Matter:
    question = own.question
    late = question.due_on is not None and question.due_on < today and question.paused_on is None
    due = f"{'Was due' if late else 'Due'} by {day_plain(question.due_on)}." if question.due_on else ""
    ask = "Say whether it is yours to answer." if own.state == CommissionState.ASKED else "You accepted it."
    words = shortened(question.words, MOST_WORDS)
    url = reverse("commitments:question-show", args=[question.pk])
    return Matter(BAD if late else WAIT, words, url, f"{due} {ask}".strip(), str(question.due_on))


def agreements(person: Any, now: datetime) -> Group:
    """Return the agreements that ``person`` is asked to endorse for an organisation that has not answered."""
    today = timezone.localdate(now)
    found = [_endorsement(asked, today) for asked in waits_for(person, today)[:_READ]]
    return Group("Agreements for you to endorse", "agreements", found, (addresses.agreements(), "All agreements"))


def _endorsement(asked: SeniorAsked, today: date) -> Matter:
    version = asked.asked.version
    answer_by = asked.asked.answer_by or version.endorse_by
    late = answer_by < today
    url = reverse("commitments:agreement-show", args=[version.agreement_id])
    text = f"For {asked.asked.organisation}. {'Was due' if late else 'Answer'} by {day_plain(answer_by)}."
    return Matter(BAD if late else WAIT, version.agreement.title, url, text, answer_by.isoformat())


def assurances(person: Any, now: datetime) -> Group:
    """Return what ``person`` is asked to take over, then what they keep: to be confirmed, late, due soon, later."""
    today = timezone.localdate(now)
    asked = Handover.objects.filter(person=person, state=HandoverState.ASKED).select_related("assurance__organisation")
    found = Assurance.objects.filter(keeper=person, state__in=UNENDED).order_by("due_on", "pk")[:_READ]
    more = (addresses.assurances(), "All assurances")
    matters = [*(_handover(each, today) for each in asked[:_READ]), *(_assurance(own, today) for own in found)]
    return Group("What you promised", "assurances", matters, more)


def _handover(asked: Handover, today: date) -> Matter:
    own = asked.assurance
    words = shortened(own.words, MOST_WORDS)
    url = reverse("commitments:assurance-show", args=[own.pk])
    text = f"Given for {own.organisation}. {when_kept(own, today)} Will you take it over?"
    return Matter(WAIT, words, url, text, own.due_on.isoformat())


def _assurance(own: Assurance, today: date) -> Matter:
    words = shortened(own.words, MOST_WORDS)
    url, order = reverse("commitments:assurance-show", args=[own.pk]), own.due_on.isoformat()
    if own.state == AssuranceState.NOTED:
        noted = day_plain(timezone.localdate(own.noted_at))
        return Matter(WAIT, words, url, f"Written down for you on {noted}. It counts when you confirm it.", order)
    if own.state == AssuranceState.PROPOSED:
        return Matter(QUIET, words, url, "Proposed as kept: the coordinator confirms it.", order)
    look = BAD if own.due_on < today else WAIT if own.due_on <= today + _SOON else OPEN
    return Matter(look, words, url, when_kept(own, today), order)
