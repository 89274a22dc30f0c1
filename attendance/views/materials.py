"""The papers of a session: kept by those who run it, given to those who came."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from accounts.presses import one_press
from attendance.actions.afterwards import add_material, remove_material
from attendance.forms.afterwards import MaterialForm
from attendance.models import Material
from attendance.queries.record import materials_for
from attendance.rules import can_keep_materials
from briefings.models import Session, SessionState
from briefings.words import when_in_words
from face.downloads import as_attachment
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_POST)
@one_press
def list_materials(request: HttpRequest, session: int) -> HttpResponse:
    """The papers of a session with a form for one more."""
    own = _session(request, session)
    form = MaterialForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        try:
            made = add_material(session=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "file")
        else:
            messages.success(request, f"{made.title} is among the papers")
            return redirect("attendance:material-list", session=own.pk)
    context = {
        "title": "Papers of the session",
        "caption": when_in_words(own),
        "session": own,
        "programme": own.programme,
        "section": "sessions",
        "form": form,
        "materials": own.materials.all(),
        "back_url": reverse("attendance:session-show", args=[own.pk]),
        "back_words": "Back to the session",
    }
    return render(request, "attendance/materials.html", context, status=422 if form.errors else 200)


@require_safe
def give_material(request: HttpRequest, session: int, material: int) -> FileResponse:
    """Give a paper to those who keep them."""
    return _file(get_object_or_404(Material, session=_session(request, session), pk=material))


@require_POST
def remove(request: HttpRequest, session: int, material: int) -> HttpResponse:
    """Take a paper away."""
    own = _session(request, session)
    found = get_object_or_404(Material, session=own, pk=material)
    remove_material(material=found, by=request.user, now=timezone.now())
    messages.success(request, f"{found.title} is removed")
    return redirect("attendance:material-list", session=own.pk)


@personal_link("place")
@require_safe
def give_by_place(request: HttpRequest, link: int, material: int) -> FileResponse:
    """Give a paper to who came, by the link of their place."""
    found = materials_for(request.link.person).filter(session__places__link=request.link)
    return _file(get_object_or_404(found, pk=material))


@require_safe
def give_own(request: HttpRequest, material: int) -> FileResponse:
    """Give a paper of a session that this person attended."""
    return _file(get_object_or_404(materials_for(request.user), pk=material))


def _session(request: HttpRequest, number: int) -> Session:
    found = get_object_or_404(
        Session.objects.select_related("programme").filter(state__in=(SessionState.OPEN, SessionState.HELD)), pk=number
    )
    if not can_keep_materials(request.user, found):
        raise Http404
    return found


def _file(material: Material) -> FileResponse:
    return as_attachment(material.file, material.file_name, material.content_type)
