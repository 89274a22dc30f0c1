"""Somebody cannot come: who is asked in their place, the best chosen already."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from attendance.actions import cover as actions
from attendance.forms.cover import NextForm
from attendance.models import CoverState, SeniorAttendance
from attendance.queries.proposals import next_best
from attendance.views.cover import said
from briefings.models import Programme
from briefings.words import when_in_words
from history.actions import look_at_many
from history.refusals import Refused
from organisations.models import OrganisationLead


@require_http_methods(["GET", "HEAD", "POST"])
def ask_next(request: HttpRequest, slug: str, request_id: int) -> HttpResponse:
    """Show who could be asked instead, and ask the one chosen."""
    now = timezone.now()
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_SESSIONS), slug=slug)
    found = SeniorAttendance.objects.filter(session__programme=programme)
    own = get_object_or_404(found.select_related("session__programme", "person", "organisation"), pk=request_id)
    there = SeniorAttendance.objects.filter(session=own.session, organisation=own.organisation)
    others = list(
        there.exclude(pk=own.pk).filter(state__in=(CoverState.ASKED, CoverState.COMING)).select_related("person")
    )
    mandates = next_best(own)
    look_at_many(
        by=request.user, at={own.person, *(each.person for each in (*others, *mandates))}, page="attendance:cover-next",
        now=now,
    )  # fmt: skip
    form = NextForm(request.POST if request.method == "POST" else None, mandates=mandates)
    if request.method == "POST" and form.is_valid():
        try:
            pair = (own.session, form.cleaned_data["mandate"])
            asked = actions.ask_to_cover(requests=[pair], by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, said(asked))
            return redirect("attendance:cover-show", slug=programme.slug)
    context = {
        "programme": programme,
        "section": "cover",
        "title": f"Who comes for {own.organisation.name}?",
        "caption": f"{programme.name}, {when_in_words(own.session)}",
        "form": form,
        "own": own,
        "others": others,
        "can_ask": bool(mandates) and own.session.during.lower > now,
        "is_over": own.session.during.lower <= now,
        "leads": OrganisationLead.objects.on(timezone.localdate(now))
        .filter(organisation=own.organisation, person__is_active=True)
        .select_related("person")
        .order_by("person__sort_name"),
        "back_url": reverse("attendance:cover-show", args=[programme.slug]),
        "back_words": "Back to senior cover",
    }
    return render(request, "attendance/cover/next.html", context, status=422 if form.errors else 200)
