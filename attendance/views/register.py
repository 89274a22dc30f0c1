"""The day at the door: the register, one press at a time, walk-ins, senior managers who came."""

from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4, uuid5
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, has
from attendance.actions import register as actions
from attendance.actions.cover import note_attended, take_attended_back
from attendance.forms.register import OrganisationChoiceForm, RegisterFilter, SeniorForm, WalkInForm, read_mark
from attendance.models import Place, SeniorAttendance, WalkIn
from attendance.queries.phone import organisations_there
from attendance.queries.register import (
    FIRST_EXPECTED,
    FIRST_MARKED,
    MOST,
    Line,
    Rows,
    already_marked,
    not_marked_yet,
    register_counts,
    seniors_on_register,
    session_to_mark,
    session_with_register,
)
from attendance.rules import can_keep_register
from briefings.models import Mandate, Session
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import Organisation

READ_OR_POST = ["GET", "HEAD", "POST"]
_KEPT = ("find", "left", "marked")
"""What the address of the register may say, and a press brings back."""
_UNREADABLE = "This press did not arrive whole. Press once more."


def session_at_door(request: HttpRequest, session: int) -> Session:
    """Return the session whose register this person keeps now; Http404 for any other, a draft or a cancelled one."""
    return _kept_by(request, session_with_register(session))


def _kept_by(request: HttpRequest, found: Session | None) -> Session:
    if found is None or not can_keep_register(request.user, found, _today(found)):
        raise Http404
    return found


def _today(session: Session) -> date:
    return timezone.now().astimezone(ZoneInfo(session.zone)).date()


def is_closed(session: Session) -> bool:
    """Return whether the register of ``session``, read with it, is closed."""
    register = getattr(session, "register", None)
    return register is not None and register.closed_at is not None


def frame(request: HttpRequest, session: Session, title: str) -> dict[str, Any]:
    """Return what every page around the register needs: the session, whether it is closed, who may close it."""
    return {
        "title": title,
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "closed": is_closed(session),
        "manages": has(request.user, Permission.MANAGE_SESSIONS, session.programme),
        "back_url": reverse("attendance:register-show", args=[session.pk]),
        "back_words": "Back to the register",
    }


@require_safe
def show_register(request: HttpRequest, session: int) -> HttpResponse:
    """Who is here, who is not marked yet, who is, and which senior managers came."""
    own = session_at_door(request, session)
    chosen = RegisterFilter(request.GET)
    find = chosen.value("find") or ""
    left = min(chosen.value("left") or FIRST_EXPECTED, MOST)
    marked = min(chosen.value("marked") or FIRST_MARKED, MOST)
    counts = register_counts(own, marked)
    expected, done = not_marked_yet(own, counts, find, left), already_marked(own, counts, find, marked)
    seniors, other_mandates = seniors_on_register(own)
    people = {line.person for line in [*expected.lines, *done.lines] if line.person}
    people |= {senior.person for senior in seniors} | {mandate.person for mandate in other_mandates}
    look_at_many(by=request.user, at=people, page="attendance:register-show", now=timezone.now())
    context = frame(request, own, "Register") | {
        "counts": counts,
        "expected": expected,
        "marked": done,
        "find": find,
        "more_expected": _more(request, "left", left, expected),
        "more_marked": _more(request, "marked", marked, done),
        "kept": _kept(request.GET),
        "last": _last_pressed(request, done),
        "seniors": seniors,
        "other_mandates": other_mandates,
        "seats": getattr(own, "seats", None),
        "back_url": reverse("attendance:session-show", args=[own.pk]),
        "back_words": "Back to the session",
    }
    return render(request, "attendance/register/show.html", context)


@require_POST
def mark(request: HttpRequest, session: int) -> HttpResponse:
    """Keep one press: here, came late, left early, excused, or the undo of a press."""
    own = _kept_by(request, session_to_mark(session))
    pressed = read_mark(request.POST)
    if pressed is None:
        messages.error(request, _UNREADABLE)
        return _back(request, own)
    subject = WalkIn(pk=pressed.walk_in) if pressed.walk_in else Place(pk=pressed.place)
    # Each button of one form is a press of its own; the same button pressed twice is one.
    common = {"session": own, "subject": subject, "kind": pressed.mark, "by": request.user, "now": timezone.now()}
    press = uuid5(pressed.press, pressed.mark)
    try:
        if pressed.instead:
            actions.mark_instead(press=press, **common)
        else:
            actions.mark(press=press, undoes=pressed.undoes, **common)
    except actions.NobodyThere as refusal:
        raise Http404 from refusal
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return _back(request, own)
    about = f"walk-in-{subject.pk}" if isinstance(subject, WalkIn) else f"place-{subject.pk}"
    return _back(request, own, last=about)


@require_http_methods(READ_OR_POST)
def add_walk_in(request: HttpRequest, session: int) -> HttpResponse:
    """Add somebody who came without a place: first the organisation, then the name."""
    own = session_at_door(request, session)
    organisation = _organisation_asked(request, own)
    if organisation is None:
        return _ask_organisation(request, own)
    form = WalkInForm(request.POST if request.method == "POST" else None, initial={"press": uuid4()})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        # Somebody else, typed into the same form after going back, is somebody else.
        press = uuid5(form.cleaned_data["press"], f"{organisation.pk}:{name}")
        columns = {"name": name, "organisation": organisation, "press": press}
        try:
            walk_in = actions.add_walk_in(session=own, by=request.user, now=timezone.now(), **columns)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return _back(request, own, last=f"walk-in-{walk_in.pk}")
    context = frame(request, own, "Who is it?") | {
        "form": form,
        "organisation": organisation,
        "caption": f"Walk-in from {organisation.name}",
        "back_url": reverse("attendance:register-walk-in", args=[own.pk]),
        "back_words": "Choose another organisation",
        "button": "Add",
    }
    return render(request, "attendance/register/walk_in_name.html", context, status=422 if form.errors else 200)


@require_POST
def mark_senior(request: HttpRequest, session: int) -> HttpResponse:
    """Note that a senior manager came, whether or not they were asked."""
    own = session_at_door(request, session)
    form = SeniorForm(request.POST, mandates=Mandate.objects.on(own.date).filter(programme=own.programme))
    if not form.is_valid():
        messages.error(request, "Choose a senior manager from the list.")
        return _back(request, own, anchor="seniors")
    try:
        note_attended(session=own, mandate=form.cleaned_data["mandate"], by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return _back(request, own, anchor="seniors")


@require_POST
def undo_senior(request: HttpRequest, session: int, senior: int) -> HttpResponse:
    """Take back that a senior manager came."""
    own = session_at_door(request, session)
    attended = get_object_or_404(SeniorAttendance, session=own, pk=senior)
    take_attended_back(attendance=attended, by=request.user, now=timezone.now())
    return _back(request, own, anchor="seniors")


def _kept(data: QueryDict) -> str:
    """Return what is kept of an address or of what a press brought back; unknown names go."""
    return urlencode({name: data[name][:100] for name in _KEPT if data.get(name)})


def _back(request: HttpRequest, session: Session, *, last: str = "", anchor: str = "saved") -> HttpResponse:
    """Go back to the register as it was. A search ends with the press unless others who match still wait."""
    sent = request.POST.get("kept", "")[:1_000]
    back = QueryDict(_kept(QueryDict(sent))).dict() if sent else {}
    if back.get("find") and not not_marked_yet(session, None, back["find"], 1).total:
        del back["find"]
    if last:
        back["last"] = last
    query = f"?{urlencode(back)}" if back else ""
    # redirect() would first try whether this is the name of an address.
    return HttpResponseRedirect(f"{reverse('attendance:register-show', args=[session.pk])}{query}#{anchor}")


def _more(request: HttpRequest, name: str, shown: int, rows: Rows) -> str:
    """Return the address that shows four times as many rows of one half; "" where all are shown."""
    if not rows.more or shown >= MOST:
        return ""
    query = QueryDict(_kept(request.GET), mutable=True)
    query[name] = str(min(4 * shown, MOST))
    return f"?{query.urlencode()}"


def _last_pressed(request: HttpRequest, done: Rows) -> Line | None:
    """Return the row that the address says was pressed last, where it is marked and among the first shown."""
    asked = request.GET.get("last", "")
    return next((line for line in done.lines if line.key == asked), None)


def _organisation_asked(request: HttpRequest, session: Session) -> Organisation | None:
    asked = request.GET.get("organisation", "")
    readable = asked.isascii() and asked.isdigit() and len(asked) < 10
    return organisations_there(session).filter(pk=int(asked)).first() if readable else None


def _ask_organisation(request: HttpRequest, session: Session) -> HttpResponse:
    partners = session.programme.partners.on(session.date).select_related("organisation")
    names = sorted((partner.organisation for partner in partners), key=lambda own: own.name.casefold())
    others = organisations_there(session).exclude(pk__in=[own.pk for own in names]).order_by("name", "pk")
    form = OrganisationChoiceForm(request.GET if "organisation" in request.GET else None, organisations=others)
    form.is_valid()
    context = frame(request, session, "Which organisation are they from?") | {
        "partners": names,
        "form": form,
        "has_others": others.exists(),
    }
    return render(request, "attendance/register/walk_in.html", context)
