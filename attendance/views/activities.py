"""The library of activities of a programme: ready ones to take over, own ones, and using one in a session."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, has
from accounts.presses import one_press
from attendance.forms.activities import ActivityForm, UseForm
from briefings.actions.activities import save_activity, take_ready, use_activity
from briefings.activities import READY
from briefings.models import Programme, SessionState
from face.paging import SHORT, page_of
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def list_activities(request: HttpRequest, slug: str) -> HttpResponse:
    """The programme's own activities, and the ready ones that it has not taken over."""
    programme = _programme(request, slug, Permission.SEE_PROGRAMME)
    names = set(programme.activities.values_list("name", flat=True))
    context = {
        **_context(request, programme, "Activities"),
        "page": page_of(programme.activities.all(), request.GET.get("page"), size=SHORT),
        "ready": [each for each in READY if each.name not in names],
    }
    return render(request, "attendance/activities/list.html", context)


@require_http_methods(_ASKS)
@one_press
def write(request: HttpRequest, slug: str, activity: int | None = None) -> HttpResponse:
    """Write an activity of one's own, or change one."""
    programme = _programme(request, slug, Permission.MANAGE_SESSIONS)
    own = get_object_or_404(programme.activities.all(), pk=activity) if activity else None
    initial = ActivityForm.initial_of(own) if own else {}
    form = ActivityForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            said = form.changes if own else form.cleaned_data
            save_activity(programme=programme, activity=own, by=request.user, now=now, **said)
        except Refused as refusal:
            form.add_refusal(refusal, "name")
        else:
            messages.success(request, "The activity is saved")
            return redirect("attendance:activity-list", slug=slug)
    title = f"Change “{own.name}”" if own else "Write an activity"
    context = {**_context(request, programme, title), "form": form, "button": "Save the activity", **_back(slug)}
    return render(request, "layouts/form.html", context)


@require_POST
def take(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Take a ready activity into the library."""
    programme = _programme(request, slug, Permission.MANAGE_SESSIONS)
    ready = next((each for each in READY if each.key == key), None)
    if ready is None:
        raise Http404
    try:
        take_ready(programme=programme, ready=ready, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"“{ready.name}” is in your library")
    return redirect("attendance:activity-list", slug=slug)


@require_http_methods(_ASKS)
@one_press
def use(request: HttpRequest, slug: str, activity: int) -> HttpResponse:
    """Add an activity to the agenda of a session."""
    programme = _programme(request, slug, Permission.MANAGE_SESSIONS)
    own = get_object_or_404(programme.activities.all(), pk=activity)
    sessions = programme.sessions.filter(state__in=(SessionState.DRAFT, SessionState.OPEN))
    sessions = sessions.filter(during__endswith__gt=timezone.now()).select_related("programme")
    form = UseForm(request.POST if request.method == "POST" else None, sessions=sessions)
    if request.method == "POST" and form.is_valid():
        session = form.cleaned_data["session"]
        try:
            use_activity(activity=own, session=session, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "session")
        else:
            messages.success(request, f"“{own.name}” stands at the end of the agenda")
            return redirect("attendance:session-show", session=session.pk)
    title = f"Use “{own.name}”"
    context = {**_context(request, programme, title), "form": form, "button": "Add it to the agenda", **_back(slug)}
    return render(request, "layouts/form.html", context)


def _programme(request: HttpRequest, slug: str, permission: Permission) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, permission), slug=slug)


def _context(request: HttpRequest, programme: Programme, title: str) -> dict:
    return {
        "programme": programme,
        "section": "sessions",
        "caption": programme.name,
        "title": title,
        "may_plan": has(request.user, Permission.MANAGE_SESSIONS, programme),
    }


def _back(slug: str) -> dict[str, str]:
    return {"back_url": reverse("attendance:activity-list", args=[slug]), "back_words": "Back to the activities"}
