"""Programmes: their list, and starting one. The page of one shows more apps and belongs to the desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, permission_required
from briefings.actions.programmes import start_programme
from briefings.forms.programmes import StartForm
from briefings.models import Programme
from briefings.rules import can_start_programmes
from briefings.views.pages import form_page
from face.paging import page_of
from history.refusals import Refused


@require_safe
def list_programmes(request: HttpRequest) -> HttpResponse:
    """The programmes in which this person has a role."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    found = Programme.objects.visible_to(request.user)
    if words:
        found = found.filter(name__icontains=words)
    context = {
        "page": page_of(found, request.GET.get("page")),
        "words": words,
        "can_start": can_start_programmes(request.user),
    }
    return render(request, "briefings/programme_list.html", context)


@permission_required(Permission.START_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def begin_programme(request: HttpRequest) -> HttpResponse:
    """Four answers, then the task list."""
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            programme = start_programme(
                coordinator=request.user, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("briefings:set-up-show", slug=programme.slug)
    return form_page(
        request,
        form,
        title="Start a programme",
        button="Start the programme",
        back=reverse("briefings:programme-list"),
        back_words="Back to the programmes",
        lead="You become its coordinator. Nobody is told, and everything can be changed later.",
    )
