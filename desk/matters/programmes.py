"""What waits for a coordinator, for one programme or all of theirs."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from attendance.queries.cover import Row
from briefings.models import Appointment, Programme, ProgrammeRole, SessionState
from commitments.models import AssuranceState
from desk import addresses
from desk.matters import BAD, WAIT, Group, Matter, some
from desk.queries.programmes import (
    NO_OWNER,
    UNKEPT,
    Questions,
    assurances_of,
    questions_of,
    uncovered,
    with_work,
)
from face.dates import day_plain, day_without_year, period

_NEAR = timedelta(days=7)
_SESSIONS_NAMED = 3
_NAMED = 2


def coordinating(person: Any, now: datetime) -> Group | None:
    """Return what waits in the programmes that ``person`` coordinates; None for who coordinates none."""
    today = timezone.localdate(now)
    held = Appointment.objects.on(today).filter(person=person, role=ProgrammeRole.COORDINATOR)
    own = Programme.objects.filter(pk__in=held.values("programme"))
    programmes = with_work(own, now)
    if not programmes:
        return None
    questions, assurances = questions_of(programmes, today), assurances_of(programmes, today)
    open_cover: dict[int, list[Row]] = {}
    for found in uncovered(programmes, now):
        open_cover.setdefault(found.session.programme_id, []).append(found)
    matters = [
        matter
        for programme in programmes
        for matter in matters_of(
            programme,
            questions[programme.pk],
            assurances[programme.pk],
            open_cover.get(programme.pk, []),
            today,
            named=len(programmes) > 1,
        )
    ]
    more = (reverse("briefings:programme-list"), "All programmes")
    if len(programmes) == 1:
        more = (reverse("desk:programme-show", args=[programmes[0].slug]), f"Overview of {programmes[0]}")
    return Group("What your programmes need", "coordinating", matters, more, "Nothing needs you today.")


def matters_of(
    programme: Programme,
    questions: Questions,
    assurances: Counter,
    open_cover: Iterable[Row],
    today: date,
    *,
    named: bool = False,
) -> list[Matter]:
    """Return what waits for the coordinator of ``programme`` (from ``with_work``); ``named`` says which it is."""
    matters = [
        *_cover(list(open_cover), today),
        *_questions(programme, questions),
        *_assurances(programme, assurances),
        *_day(programme),
        *_answers(programme),
        *_tellings(programme),
        *_plan(programme),
        *_agreements(programme),
        *_guidance(programme),
        *_sending(programme),
    ]
    if not named:
        return matters
    return [
        Matter(each.look, each.title, each.url, f"{programme}. {each.text}".strip(), each.order) for each in matters
    ]


def _cover(found: list[Row], today: date) -> Iterable[Matter]:
    for each in found[:_SESSIONS_NAMED]:
        session = each.session
        url = f"{reverse('attendance:cover-ask', args=[session.programme.slug])}?session={session.pk}"
        kind = "session in draft" if session.state == SessionState.DRAFT else "session"
        title = f"{some(len(each.lacking), 'partner has', 'partners have')} nobody senior at the {kind} of "
        where = f"{session.venue}, " if session.venue else ""
        look = BAD if session.date <= today + _NEAR else WAIT
        slot = session.get_slot_display().lower()
        text = f"{where}{period(session.starts, session.ends)}. {each.covered} of {each.partners} partners are covered."
        text += f" {_wanted(each)}"
        yield Matter(look, f"{title}{day_without_year(session.date)}, {slot}", url, text, session.date.isoformat())
    if len(found) > _SESSIONS_NAMED:
        rest = len(found) - _SESSIONS_NAMED
        url = reverse("attendance:cover-show", args=[found[0].session.programme.slug])
        title = f"{some(rest, 'more session lacks', 'more sessions lack')} senior cover"
        yield Matter(WAIT, title, url, "Within the next 30 days.", found[_SESSIONS_NAMED].session.date.isoformat())


def _wanted(row: Row) -> str:
    """Return in words whom the rule still wants, by name where they are few."""
    names = [organisation.name for organisation in row.lacking]
    if row.short < len(names):
        return f"The rule wants {row.short} more."
    return (
        f"Nobody for {' and '.join(names)}."
        if len(names) <= _NAMED
        else f"Nobody for {names[0]} and {len(names) - 1} more."
    )


def _questions(programme: Programme, found: Questions) -> Iterable[Matter]:
    without = found.by_owner[NO_OWNER]
    if without:
        title = some(without, "question has no owner", "questions have no owner")
        text = f"The oldest was asked on {day_plain(found.oldest_without_owner)}. The programme’s clock runs."
        url = addresses.questions(programme, whose="nobody")
        yield Matter(BAD, title, url, text, found.oldest_without_owner.isoformat())
    if found.late:
        title = some(found.late, "question is past its date", "questions are past their date")
        url = addresses.questions(programme, late="yes")
        yield Matter(BAD, title, url, f"Of {found.unanswered} that still wait for an answer.")


def _assurances(programme: Programme, found: Counter) -> Iterable[Matter]:
    late, proposed, unkept = found["late"], found[AssuranceState.PROPOSED], found[UNKEPT]
    if unkept:
        title = some(unkept, "assurance has nobody who keeps it", "assurances have nobody who keeps them")
        text = "A mandate ended, or an organisation was replaced. Ask a senior manager to take over."
        yield Matter(BAD, title, addresses.assurances(programme, unkept="on"), text)
    if late:
        title = some(late, "assurance is past its date", "assurances are past their date")
        yield Matter(BAD, title, addresses.assurances(programme, late="yes"), "Given, and not proposed as kept.")
    if proposed:
        title = some(proposed, "assurance is proposed as kept", "assurances are proposed as kept")
        url = addresses.assurances(programme, state=AssuranceState.PROPOSED)
        yield Matter(WAIT, title, url, "Look at the evidence and confirm it, or send it back.")


def _day(programme: Any) -> Iterable[Matter]:
    if programme.registers_open:
        title = f"The register of {day_plain(programme.register_day)} is not closed"
        if programme.registers_open > 1:
            title = some(programme.registers_open, "register is", "registers are") + " not closed"
        text = (
            f"{'The oldest is of ' + day_plain(programme.register_day) + '. ' if programme.registers_open > 1 else ''}"
        )
        url = addresses.register(programme.register_first)
        text += "Thanks and a new choice of dates go out when it is closed."
        yield Matter(WAIT, title, url, text, programme.register_day.isoformat())
    if programme.walk_ins_open:
        title = some(programme.walk_ins_open, "walk-in is", "walk-ins are") + " not matched to a person"
        url = addresses.walk_ins(programme.walk_in_first)
        yield Matter(WAIT, title, url, "They count as soon as it is known who they are.")


def _answers(programme: Any) -> Iterable[Matter]:
    if programme.calendar_answers:
        title = some(programme.calendar_answers, "answer from a calendar needs", "answers from calendars need") + " you"
        url = reverse("attendance:answer-calendar", args=[programme.slug])
        yield Matter(WAIT, title, url, "They could not be followed by themselves: see why, and what to do.")


def _tellings(programme: Any) -> Iterable[Matter]:
    if programme.tellings_proposed:
        title = some(programme.tellings_proposed, "telling waits", "tellings wait") + " for approval"
        url = reverse("commitments:telling-list", args=[programme.slug])
        yield Matter(WAIT, title, url, "What became of what people asked and said: a second person approves it.")


def _agreements(programme: Any) -> Iterable[Matter]:
    if programme.agreements_lapsed:
        title = some(programme.agreements_lapsed, "agreement has lapsed", "agreements have lapsed")
        text = "The review date has passed. Propose a new version, or withdraw it."
        yield Matter(BAD, title, addresses.agreements(programme, standing="lapsed"), text)
    if programme.endorsements_late:
        title = some(programme.endorsements_late, "endorsement is late", "endorsements are late")
        text = "Partners that were to answer by now and have said nothing."
        yield Matter(BAD, title, addresses.agreements(programme, outcome="waits"), text)
    if programme.endorsements_declined:
        title = some(programme.endorsements_declined, "partner has", "partners have") + " declined an agreement"
        text = "Read the reason: better words are another version, and everybody is asked again."
        yield Matter(WAIT, title, addresses.agreements(programme, outcome="declined"), text)
    if programme.agreements_drafted:
        title = some(programme.agreements_drafted, "agreement is drafted", "agreements are drafted")
        url = addresses.agreements(programme, standing="draft")
        yield Matter(WAIT, f"{title} and not proposed", url, "Nobody is asked to endorse it yet.")


def _guidance(programme: Any) -> Iterable[Matter]:
    if programme.guidance_comments:
        title = some(programme.guidance_comments, "comment on guidance has", "comments on guidance have") + " no answer"
        url = reverse("commitments:programme-guidance", args=[programme.slug])
        yield Matter(WAIT, title, url, "Say whether each is taken up, or why not: who commented is told.")
    if programme.reviews_overdue:
        title = some(programme.reviews_overdue, "document is", "documents are") + " past the day of review"
        url = f"{reverse('commitments:reference-list', args=[programme.slug])}?lapsed=on"
        yield Matter(WAIT, title, url, "Give each its next day, or take it off the list.")


def _plan(programme: Programme) -> Iterable[Matter]:
    if programme.items_late:
        title = some(programme.items_late, "thing to be told is late", "things to be told are late")
        url = reverse("communications:plan-show", args=[programme.slug])
        yield Matter(BAD, title, f"{url}?kind=item", "See in the plan whose it is, or say how it was told.")


def _sending(programme: Any) -> Iterable[Matter]:
    if programme.addresses_bouncing:
        title = some(programme.addresses_bouncing, "mail has", "mails have") + " come back"
        text = "These people do not get our mails: ask for the right address."
        yield Matter(WAIT, title, reverse("messaging:bounce-list"), text)
    if programme.mails_in_need:
        title = some(programme.mails_in_need, "message was", "messages were") + " not delivered"
        url = addresses.messages(programme, state="given_up")
        yield Matter(WAIT, title, url, "See to which mail domains, and why.")
    if programme.rounds_paused:
        title = some(programme.rounds_paused, "round of invitations is", "rounds of invitations are") + " paused"
        yield Matter(WAIT, title, reverse("attendance:round-list", args=[programme.slug]), "Let it go on, or stop it.")
