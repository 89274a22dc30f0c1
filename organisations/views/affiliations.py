"""What ties one person to an organisation: joining, correcting, leaving, coming back."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from face.dates import day_plain
from history.actions import look
from history.refusals import Refused
from organisations.actions import people as actions
from organisations.forms.people import AffiliationForm, LeaveForm
from organisations.models import Affiliation
from organisations.rules import affiliations_visible_to, can_keep_staff_list, organisations_kept_by, people_visible_to
from organisations.views.pages import READ_OR_POST, confirm_page, form_page, row_of

_FIELD = {actions.AlreadyThere: "profession", actions.OrganisationEnded: "organisation"}
_FIELD |= {actions.EndsBeforeItBegins: "since"}


@require_http_methods(READ_OR_POST)
def new_affiliation(request: HttpRequest, person: int) -> HttpResponse:
    """Put a person who is known on the staff list of one more organisation."""
    if not organisations_kept_by(request.user).exists():
        raise Http404
    somebody: Person = row_of(people_visible_to(request.user, timezone.localdate()), person)
    look(by=request.user, at=somebody, page="organisations:affiliation-add", now=timezone.now())
    form = AffiliationForm(request.POST if request.method == "POST" else None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.start_affiliation(person=somebody, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return redirect("organisations:person-show", person=somebody.pk)
    return _page(request, form, somebody, f"{somebody.name} joins an organisation", "Add to the staff list")


@require_http_methods(READ_OR_POST)
def edit_affiliation(request: HttpRequest, affiliation: int) -> HttpResponse:
    """Correct profession, areas, staff number or the first day."""
    tie = _kept(request, affiliation)
    look(by=request.user, at=tie.person, page="organisations:affiliation-change", now=timezone.now())
    initial = {
        "profession": tie.profession,
        "areas": list(tie.areas.all()),
        "staff_number": tie.staff_number,
        "since": tie.since,
    }
    data = request.POST if request.method == "POST" else None
    form = AffiliationForm(data, person=request.user, organisation=tie.organisation, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_affiliation(affiliation=tie, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return redirect("organisations:person-show", person=tie.person_id)
    return _page(request, form, tie.person, f"{tie.person.name} at {tie.organisation.name}", "Save")


@require_http_methods(READ_OR_POST)
def leave(request: HttpRequest, affiliation: int) -> HttpResponse:
    """Say which was the last day of somebody, who then counts no longer."""
    tie = _kept(request, affiliation)
    look(by=request.user, at=tie.person, page="organisations:affiliation-end", now=timezone.now())
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        last = form.cleaned_data["last_day"]
        try:
            # A last day that is the end of the calendar has no day after it.
            until = last + timedelta(days=1) if last.year < 9999 else last
            actions.mark_leaver(affiliation=tie, until=until, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "last_day")
        else:
            messages.success(
                request, f"{tie.person.name} leaves {tie.organisation.name}: the last day is {day_plain(last)}"
            )
            return redirect("organisations:person-show", person=tie.person_id)
    return confirm_page(
        request,
        title=f"{tie.person.name} has left {tie.organisation.name}?",
        facts=[("Profession", tie.profession or "Not known"), ("Here since", day_plain(tie.since))],
        words="After the last day they are no longer invited for this organisation. You can take that back.",
        button="Mark as having left",
        back=reverse("organisations:person-show", args=[tie.person_id]),
        form=form,
    )


@require_POST
def come_back(request: HttpRequest, affiliation: int) -> HttpResponse:
    """Take back that somebody has left."""
    tie = _kept(request, affiliation)
    try:
        actions.undo_leaver(affiliation=tie, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"{tie.person.name} is on the staff list of {tie.organisation.name} again")
    return redirect("organisations:person-show", person=tie.person_id)


def _kept(request: HttpRequest, pk: int) -> Affiliation:
    """Return a tie that this person may change: of somebody they see, with an organisation whose list they keep."""
    seen = people_visible_to(request.user, timezone.localdate())
    found = affiliations_visible_to(request.user).filter(person__in=seen)
    tie = row_of(found.select_related("person", "organisation", "profession"), pk)
    if not can_keep_staff_list(request.user, tie.organisation):
        raise Http404
    return tie


def _page(request: HttpRequest, form: Any, somebody: Person, title: str, button: str) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title,
        button=button,
        back=reverse("organisations:person-show", args=[somebody.pk]),
        back_words=f"Back to {somebody.name}",
        section="people",
    )
