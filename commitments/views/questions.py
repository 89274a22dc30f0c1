"""Questions as staff and senior managers see them: lists, spreadsheets, one question."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.permissions import Permission, has
from attendance.queries.sessions import sessions_visible_to
from briefings.models import Programme
from commitments.clocks import local_day
from commitments.forms.questions import QuestionFilter
from commitments.messages.questions import askers_owed
from commitments.models import (
    TAKEN_ON,
    TOLD,
    UNANSWERED,
    Clearance,
    ClearanceState,
    DraftState,
    Question,
    QuestionState,
    Theme,
)
from commitments.queries import questions as queries
from commitments.queries.counting import counted_today
from commitments.queries.owed import waiting_to_clear
from commitments.queries.similar import alike
from commitments.queries.standards import calendar_of, themes_of
from commitments.rules import (
    assurances_of_programme,
    can_answer,
    can_raise_for,
    can_read_names,
    can_triage,
    is_among,
    programmes_to_raise_in,
    programmes_with_lists,
    questions_of_programme,
    questions_visible_to,
)
from commitments.views.programmes import programme_read
from face.spreadsheets import stream_csv
from history.actions import look_at_many

HEADS = (
    "Reference", "Programme", "Session", "Question", "State", "Raised on", "Organisation", "Owner", "Due on", "Late",
    "Answered on", "Ended without an answer because", "Theme", "Paused until", "Answered late", "Joined with",
)  # fmt: skip


@require_safe
def list_questions(request: HttpRequest) -> HttpResponse:
    """Every question that this person may read, in all programmes."""
    raising = programmes_to_raise_in(request.user, timezone.localdate())
    return _list(request, None, {"raise_in": list(raising)})


@require_safe
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions of one programme."""
    programme = _programme(request, slug)
    raising = can_raise_for(request.user, programme, timezone.localdate())
    return _list(request, programme, {"raise_in": [programme] if raising else []})


@require_safe
def export_questions(request: HttpRequest) -> StreamingHttpResponse:
    """The list as a spreadsheet, with the filter that is on."""
    return _export(request, None)


@require_safe
def export_of_programme(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The list of one programme as a spreadsheet."""
    return _export(request, _programme(request, slug))


@require_safe
def show_question(request: HttpRequest, question: UUID) -> HttpResponse:
    """One question: its words, where it is, by when and why then, what has happened, and what can be done."""
    now = timezone.now()
    own = question_of(request, question)
    today = local_day(own.programme, now)
    shows_names = can_read_names(request.user, own)
    asked = queries.askers_of(own, shows_names)
    seen = [person for person in (*asked.people, own.owner) if person]
    look_at_many(by=request.user, at=seen, page="commitments:question-show", now=now)
    triages = can_triage(request.user, own.programme)
    commission = queries.live_commission(own)
    context = {
        "question": own,
        "programme": own.programme,
        "section": "questions",
        "today": today,
        "asked": asked,
        "back_url": _list_address(request, own.programme),
        "mandate": _mandate(own),
        "events": queries.history_of(own, shows_names),
        "answers": list(own.answers.select_related("organisation", "given_by")),
        "holding_replies": list(own.holding_replies.select_related("organisation", "given_by")),
        "merged": list(own.merged.order_by("raised_on", "reference")),
        "opens": _opened(request, own, today),
        "opens_session": bool(own.session) and sessions_visible_to(request.user).filter(pk=own.session_id).exists(),
        "assurances": assurances_of_programme(request.user, own.programme, today).filter(questions=own).order_by("pk"),
        "declined": list(queries.declined_commissions(own)) if triages else [],
        "passed_on": list(queries.reasoned_commissions(own)) if triages else [],
        "reasons_of_dates": list(own.clock_changes.exclude(reason="")) if triages else [],
        "commission": commission,
        "triages": triages,
        "is_asked": bool(commission and commission.person_id == request.user.pk),
        "is_owner": own.owner_id == request.user.pk,
        "is_owed": own.state in UNANSWERED,
        "is_anybody_told": is_anybody_told(own),
        "can_answer": can_answer(request.user, own, today) and own.state in ANSWERABLE,
        **_date(own, today),
        **_drafts(request, own, today, triages=triages),
        "alike": alike(own.words, _others(own)) if triages and own.state == QuestionState.RAISED else [],
    }
    return render(request, "commitments/questions/show.html", context)


def is_anybody_told(own: Question) -> bool:
    """Return whether somebody who asked can be written to: not who asked anonymously, or has no e-mail address."""
    return askers_owed(own).exclude(person__email=None).exists()


def _opened(request: HttpRequest, own: Question, today: date) -> set[UUID]:
    """Return the keys of the questions joined with ``own`` that this person may open: their words alone are for all."""
    read = questions_of_programme(request.user, own.programme, today)  # none is joined with one of another programme
    return set(read.filter(Q(merged_into=own) | Q(pk=own.merged_into_id)).values_list("pk", flat=True))


ANSWERABLE = (*TAKEN_ON, *TOLD)


def _date(own: Question, today: date) -> dict:
    """Return the due date, how it came about, and what today's calendar makes of it."""
    calendar = calendar_of(own.programme)
    is_owed = own.state in UNANSWERED
    counted = counted_today(own, calendar).due if is_owed and own.paused_on is None else own.due_on
    distance = queries.distance(own.due_on, today, calendar) if own.due_on else ""
    if own.paused_on:
        distance = queries.left_when_it_goes_on(own, calendar)
    late = own.state in TOLD and bool(own.answered_on and own.due_on and own.answered_on > own.due_on)
    return {
        "distance": distance,
        # What was joined with another, or has ended, has no clock of its own any more.
        "steps": queries.clock_steps(own) if own.state in ANSWERABLE or is_owed else [],
        "counted_today": counted if counted != own.due_on else None,
        "is_late": is_owed and own.paused_on is None and own.due_on < today,
        "was_late": late and not own.is_not_late,
        "was_corrected": late and own.is_not_late,
    }


def _drafts(request: HttpRequest, own: Question, today: date, *, triages: bool) -> dict:
    """Return words that are not published, for who writes or clears them alone."""
    draft = own.drafts.select_related("written_by").first()
    clearances = list(draft.clearances.select_related("organisation", "decided_by").order_by("pk")) if draft else []
    held = set(Clearance.objects.of_holder(request.user, today).filter(draft=draft).values_list("pk", flat=True))
    if not (triages or own.owner_id == request.user.pk or held):
        draft, clearances = None, []
    shown = draft if draft and draft.state in (DraftState.WRITING, DraftState.CLEARING, DraftState.RETURNED) else None
    return {
        "draft": shown,
        "clearances": clearances if shown else [],
        "to_clear": [each for each in clearances if each.pk in held and each.state == ClearanceState.ASKED],
    }


def _others(own: Question) -> QuerySet[Question]:
    ended = (QuestionState.MERGED, QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN)
    return Question.objects.filter(programme=own.programme).exclude(pk=own.pk).exclude(state__in=ended)


def question_of(request: HttpRequest, question: UUID) -> Question:
    """Return the question that this person may read; raises Http404 for any other."""
    around = ("programme", "owner", "organisation", "session", "own_theme", "merged_into")
    # Who reads by a role finds it by that, without asking what else might let them in.
    by_role = Question.objects.filter(programme__in=Programme.objects.where(request.user, Permission.READ_QUESTIONS))
    found = by_role.select_related(*around).filter(pk=question).first()
    if found is None:
        others = questions_visible_to(request.user, timezone.localdate())
        found = get_object_or_404(others.select_related(*around), pk=question)
    return found


def _programme(request: HttpRequest, slug: str) -> Programme:
    return programme_read(request, slug, programmes_with_lists)


def _list_address(request: HttpRequest, programme: Programme) -> str:
    """Return the list of ``programme`` where this person reads it, else the list of what they were asked."""
    person = request.user
    by_role = has(person, Permission.READ_QUESTIONS, programme)
    if by_role or is_among(programmes_with_lists, person, timezone.localdate(), programme):
        return reverse("commitments:programme-questions", args=[programme.slug])
    return reverse("commitments:question-list")


def _mandate(question: Question) -> str:
    """Return the role in which the owner speaks, "" where there is none."""
    if question.owner_id is None:
        return ""
    own = question.owner.mandates.filter(programme=question.programme, organisation=question.organisation)
    return own.order_by("-since").values_list("job_title", flat=True).first() or ""


def _found(request: HttpRequest, programme: Programme | None) -> tuple[QuestionFilter, QuerySet[Question], bool]:
    """Return the filter, what it finds, and whether it is looked for among all questions of the programme."""
    today = timezone.localdate()
    read = questions_of_programme(request.user, programme, today) if programme else None
    own = questions_visible_to(request.user, today) if read is None else read
    by_role = programme is not None and has(request.user, Permission.READ_QUESTIONS, programme)
    if by_role:
        owners, themes = queries.choices_in(programme)
    else:
        owners = queries.answering_in(own)
        themes = themes_of(programme) if programme else list(Theme.choices)
    chosen = QuestionFilter(request.GET, organisations=owners, themes=themes)
    whose = chosen.value("whose")
    if whose == "mine":  # their owner reads them anyway
        own = Question.objects.filter(**({"programme": programme} if programme else {}))
    found = queries.questions_found(
        own,
        state=chosen.value("state") or "",
        organisation=chosen.value("organisation"),
        owner=request.user if whose == "mine" else None,
        without_owner=whose == "nobody",
        theme=chosen.value("theme") or "",
        late_on=today if chosen.value("late") else None,
        words=chosen.value("q") or "",
    )
    return chosen, found, by_role


def _list(request: HttpRequest, programme: Programme | None, more: dict) -> HttpResponse:
    now = timezone.now()
    today = timezone.localdate(now)
    chosen, found, by_role = _found(request, programme)
    page = queries.list_page(found, request.GET.get("page"), few=bool(chosen.value("q")) or not by_role)
    owners = [Person(pk=pk) for pk in {row.owner_id for row in page.rows} - {None}]
    look_at_many(by=request.user, at=owners, page="commitments:question-list", now=now)
    context = {
        "title": "Questions",
        "section": "questions",
        "caption": programme.name if programme else "",
        "filter": chosen,
        "page": page,
        "today": today,
        "in_programme": programme,
        "triages": bool(programme and can_triage(request.user, programme)),
        "to_clear": waiting_to_clear(request.user, today),
        "reads_figures": bool(programme and has(request.user, Permission.READ_QUESTIONS, programme)),
        **({"programme": programme} if programme else {}),
        **more,
    }
    return render(request, "commitments/questions/list.html", context)


def _export(request: HttpRequest, programme: Programme | None) -> StreamingHttpResponse:
    _, found, _ = _found(request, programme)
    owners = Person.objects.filter(pk__in=found.values("owner"))
    look_at_many(by=request.user, at=owners, page="commitments:question-export", now=timezone.now())
    name = f"{programme.slug}-questions" if programme else "questions"
    return stream_csv(name, HEADS, _rows(queries.in_order(found)))


def _rows(found: QuerySet[Question]) -> Iterator[list]:
    today, states, themes = timezone.localdate(), dict(QuestionState.choices), dict(Theme.choices)
    # Plain columns: ten thousand rows need no ten thousand questions in memory, nor the people and bodies around them.
    for row in found.select_related(None).values_list(*_COLUMNS).iterator(chunk_size=2_000):
        (reference, programme, session, words, state, raised_on, organisation, owner, due_on, paused_on, paused_until,
         answered_on, is_not_late, end_reason, theme, own_theme, whole) = row  # fmt: skip
        yield [
            reference,
            programme,
            session.isoformat() if session else "",
            words,
            states[state],
            raised_on.isoformat(),
            organisation or "",
            owner or "",
            due_on.isoformat() if due_on else "",
            "yes" if state in UNANSWERED and due_on < today and paused_on is None else "no",
            answered_on.isoformat() if answered_on else "",
            end_reason,
            own_theme or themes.get(theme, ""),
            paused_until.isoformat() if paused_until else "",
            "yes" if answered_on and answered_on > due_on and not is_not_late else "no",
            whole or "",
        ]


_COLUMNS = (
    "reference", "programme__name", "session__date", "words", "state", "raised_on", "organisation__name", "owner__name",
    "due_on", "paused_on", "paused_until", "answered_on", "is_not_late", "end_reason", "theme",
    "own_theme__name", "merged_into__reference",
)  # fmt: skip
