"""Making somebody a lead of an organisation: choose who is known, or type name and address."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from history.refusals import Refused
from organisations.actions.organisations import appoint_lead
from organisations.actions.people import person_at
from organisations.forms.leads import LeadForm
from organisations.models import Organisation
from organisations.rules import can_manage_organisations
from organisations.views.pages import READ_OR_POST, form_page, row_of

_LEAD = (
    "A lead sees the people of this organisation, adds people, marks who has left and says how many practitioners"
    " there are. There can be several."
)


@require_http_methods(READ_OR_POST)
def new_lead(request: HttpRequest, organisation: int) -> HttpResponse:
    """Add a lead, who is told by mail."""
    manages = can_manage_organisations(request.user)
    chosen = row_of(Organisation.objects.all() if manages else Organisation.objects.none(), organisation)
    form = LeadForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            person = _appoint(request, chosen, form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            messages.success(request, f"{person.name} is now a lead and is told by e-mail")
            return redirect("organisations:organisation-show", organisation=chosen.pk)
    return form_page(
        request,
        form,
        title=f"Add a lead of {chosen.name}",
        button="Add the lead",
        back=reverse("organisations:organisation-show", args=[chosen.pk]),
        back_words=f"Back to {chosen.name}",
        lead=_LEAD,
    )


@transaction.atomic
def _appoint(request: HttpRequest, organisation: Organisation, values: dict):
    now = timezone.now()
    person = person_at(email=values["email"], name=values["name"], by=request.user, now=now)
    appoint_lead(organisation=organisation, person=person, by=request.user, now=now)
    return person
