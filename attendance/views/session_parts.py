"""Who runs a session, and its agenda."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from attendance.actions.sessions import end_part, give_part
from attendance.forms.sessions import AgendaLineForm, PartForm
from attendance.views.sessions import asks_while, session_of
from briefings.actions.sessions import AgendaMoved, change_agenda, minutes_between, seal_of_agenda
from briefings.models import Session, SessionPart, SessionState
from briefings.words import when_in_words
from history.actions import look_at_many
from history.refusals import Refused
from organisations.rules import people_visible_to

_ASKS = ["GET", "HEAD", "POST"]
_SPARE_LINES = 3
_MOST_LINES = 20


@require_http_methods(_ASKS)
@asks_while(SessionState.DRAFT, SessionState.OPEN)
def add_person(request: HttpRequest, session: int) -> HttpResponse:
    """Who presents and facilitates, and a form to add somebody."""
    found, now = session_of(request, session), timezone.now()
    people = people_visible_to(request.user, timezone.localdate())
    form = PartForm(request.POST if request.method == "POST" else None, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            give_part(session=found, person=form.person, part=form.cleaned_data["part"], by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            messages.success(request, f"{form.person.name} is added.")
            return redirect("attendance:session-people", session=found.pk)
    parts = list(found.parts.select_related("person").order_by("person__sort_name", "part"))
    look_at_many(by=request.user, at=[part.person for part in parts], page="attendance:session-people", now=now)
    context = {**_context(found, "Presenters and facilitators"), "form": form, "parts": parts, "button": "Add"}
    return render(request, "attendance/sessions/people.html", context, status=422 if form.errors else 200)


@require_http_methods(_ASKS)
@asks_while(SessionState.DRAFT, SessionState.OPEN)
def drop_person(request: HttpRequest, session: int, part: int) -> HttpResponse:
    """Ask, then take somebody's part away."""
    found = session_of(request, session)
    chosen = get_object_or_404(found.parts.select_related("person", "session"), pk=part)
    back = reverse("attendance:session-people", args=[found.pk])
    if request.method == "POST":
        end_part(part=chosen, by=request.user, now=timezone.now())
        messages.success(request, f"{chosen.person.name} no longer has this part.")
        return redirect(back)
    context = _context(found, f"Take {chosen.person.name} off this session?") | {
        "facts": [
            {"name": "Person", "value": chosen.person.name},
            {"name": "Part", "value": chosen.get_part_display()},
            {"name": "When", "value": when_in_words(found)},
        ],
        "consequence": _follows(found, chosen),
        "button": "Take off",
        "danger": True,
        "back_url": back,
    }
    return render(request, "attendance/sessions/confirm.html", context)


def _follows(session: Session, part: SessionPart) -> str:
    """Return what taking ``part`` away comes to for its person."""
    others = session.parts.filter(person=part.person_id).exclude(pk=part.pk)
    stays = " They stay on it: " + ", ".join(other.get_part_display().lower() for other in others) + "."
    if session.state != SessionState.OPEN:
        return f"They are not told: the session is a draft.{stays if others else ''}"
    if others:
        return f"They are told by e-mail.{stays}"
    return "They are told by e-mail, and the entry leaves their calendar unless they have a place there."


@require_http_methods(_ASKS)
@asks_while(SessionState.DRAFT, SessionState.OPEN, SessionState.HELD)
def change_the_agenda(request: HttpRequest, session: int) -> HttpResponse:
    """The parts of a session, with their minutes; together no longer than the session."""
    found = session_of(request, session)
    seal, moved = seal_of_agenda(found), False  # before the lines: what comes between is seen as another agenda
    lines = _line_forms(request, found)
    valid = [form.is_valid() for form in lines]  # each is asked, so that every fault is shown
    if all(valid):
        typed = [line for line in (form.line() for form in lines) if line]
        try:
            seen = request.POST.get("seen", "")
            change_agenda(session=found, lines=typed, by=request.user, now=timezone.now(), seen=seen)
        except Refused as refusal:
            lines[0].add_refusal(refusal)
            moved = isinstance(refusal, AgendaMoved)
        else:
            messages.success(request, "The agenda is saved.")
            return redirect("attendance:session-show", session=found.pk)
    faulty = any(form.is_bound and form.errors for form in lines)
    context = _context(found, "Agenda") | {
        "lines": lines,
        "forms": lines,
        "length": minutes_between(found.starts, found.ends),
        "button": "Save the agenda",
        "faulty": faulty,
        "seen": request.POST.get("seen", seal) if faulty and not moved else seal,
        "moved": moved,
        "agenda_now": found.agenda.select_related("presenter") if moved else [],
    }
    return render(request, "attendance/sessions/agenda.html", context, status=422 if faulty else 200)


def _line_forms(request: HttpRequest, session: Session) -> list[AgendaLineForm]:
    people = Person.objects.filter(session_parts__session=session).distinct().order_by("sort_name", "pk")
    items = list(session.agenda.all())
    data = request.POST if request.method == "POST" else None
    count = min(len(items) + _SPARE_LINES, _MOST_LINES)
    if data is not None:
        count = next((number for number in range(_MOST_LINES) if f"{number}-title" not in data), _MOST_LINES) or 1
    initial = [
        {name: getattr(item, name) for name in ("kind", "title", "minutes")}
        | {"presenter": item.presenter_id, "activity": item.activity_id}
        for item in items
    ]
    initial += [{"kind": "other"}] * max(0, count - len(initial))
    return [AgendaLineForm(data, prefix=str(number), initial=initial[number], people=people) for number in range(count)]


def _context(session: Session, title: str) -> dict:
    return {
        "title": title,
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "caption": f"{session}, {when_in_words(session)}",
        "back_url": reverse("attendance:session-show", args=[session.pk]),
        "back_words": "Back to the session",
    }
