"""The assistants of a senior manager: named and ended by the coordinator, or by the senior manager themselves."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from briefings.actions.assistants import end_assistant, name_assistant
from briefings.forms.roles import AssistantForm
from briefings.models import Assistant, Mandate
from briefings.rules import can_manage, mandates_to_assist
from briefings.views.pages import confirm_page, form_page
from briefings.views.roles import chosen, search
from face.dates import day_plain
from face.paging import page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.actions.people import person_at


@require_safe
def list_own(request: HttpRequest) -> HttpResponse:
    """The mandates of the senior manager who looks, each with its assistants."""
    held = Mandate.objects.on(timezone.localdate()).filter(person=request.user).select_related("programme")
    found = held.select_related("organisation").order_by("programme__name", "organisation__name", "pk")
    return render(request, "briefings/assistant_own.html", {"page": page_of(found, request.GET.get("page"))})


@require_safe
def list_assistants(request: HttpRequest, mandate: int) -> HttpResponse:
    """Who answers for one senior manager, and until when."""
    own, now = _mandate(request, mandate), timezone.now()
    held = Assistant.objects.on(timezone.localdate(now)).filter(programme=own.programme_id, senior=own.person_id)
    page = page_of(held.select_related("person").order_by("person__sort_name", "pk"), request.GET.get("page"))
    people = [own.person, *(row.person for row in page.rows)]
    look_at_many(by=request.user, at=people, page="briefings:assistant-list", now=now)
    for row in page.rows:
        row.last_day = row.until and row.until - timedelta(days=1)
    is_kept = can_manage(request.user, own.programme)
    back = (
        reverse("briefings:mandate-list", args=[own.programme.slug]) if is_kept else reverse("briefings:assistant-own")
    )
    context = {"mandate": own, "page": page, "back_url": back, "is_own": own.person_id == request.user.pk}
    return render(request, "briefings/assistant_list.html", {**context, **_inside(request, own)})


@require_http_methods(["GET", "HEAD", "POST"])
def add_assistant(request: HttpRequest, mandate: int) -> HttpResponse:
    """Name an assistant who is found, or by address."""
    own, now = _mandate(request, mandate), timezone.now()
    form = AssistantForm(request.POST if request.method == "POST" else None, today=timezone.localdate(now))
    form.initial.update(chosen(request))
    if request.method == "POST" and form.is_valid():
        values, last = form.cleaned_data, form.cleaned_data["last_day"]
        try:
            with transaction.atomic():
                person = person_at(email=values["email"], name=values["name"], by=request.user, now=now)
                until = last and last + timedelta(days=1)
                name_assistant(mandate=own, person=person, until=until, by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            return redirect("briefings:assistant-list", mandate=own.pk)
    return form_page(
        request,
        form,
        title="Name an assistant",
        button="Name the assistant",
        back=reverse("briefings:assistant-list", args=[own.pk]),
        back_words="Back to the assistants",
        lead=f"For {own.person.name}, in {own.programme.name}. They get every request from the next one on.",
        template="briefings/person_form.html",
        **_inside(request, own),
        **search(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def close_assistant(request: HttpRequest, mandate: int, assistant: int) -> HttpResponse:
    """Ask, then end today that somebody answers for a senior manager."""
    own, now = _mandate(request, mandate), timezone.now()
    theirs = Assistant.objects.filter(programme=own.programme_id, senior=own.person_id).select_related("person")
    held = get_object_or_404(theirs, pk=assistant)
    back = reverse("briefings:assistant-list", args=[own.pk])
    if request.method == "POST":
        end_assistant(assistant=held, by=request.user, now=now)
        return redirect(back)
    look_at_many(by=request.user, at=[own.person, held.person], page="briefings:assistant-end", now=now)
    return confirm_page(
        request,
        title=f"End that {held.person.name} assists?",
        facts=[
            ("Assistant", held.person.name),
            ("Senior manager", own.person.name),
            ("Since", day_plain(held.since)),
        ],
        words="It ends today. Their links open nothing any more; what they answered stays.",
        button="End it today",
        back=back,
        **({"programme": own.programme, "current": "set-up"} if can_manage(request.user, own.programme) else {}),
    )


def _mandate(request: HttpRequest, mandate: int) -> Mandate:
    found = mandates_to_assist(request.user, timezone.localdate())
    return get_object_or_404(found.select_related("programme", "person", "organisation"), pk=mandate)


def _inside(request: HttpRequest, mandate: Mandate) -> dict[str, Any]:
    """Return what puts a page under the set-up of the programme, for those who keep it."""
    programme = mandate.programme
    if not can_manage(request.user, programme):
        return {"caption": programme.name}
    return {"programme": programme, "caption": programme.name, "section": "set-up"}
