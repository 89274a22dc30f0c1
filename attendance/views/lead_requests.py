"""A gap in the reach: the ready request to the leads of an organisation, looked through and sent."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.permissions import Permission
from attendance.actions import lead_requests as actions
from attendance.forms.lead_requests import LeadRequestForm
from attendance.messages.lead_requests import context_of
from briefings.models import Programme
from history.actions import look_at_many
from history.refusals import Refused


@require_http_methods(["GET", "HEAD", "POST"])
def ask_leads(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the request as a lead will read it; a press sends it. What the address does not say is a 404."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.INVITE_PEOPLE), slug=slug)
    now = timezone.now()
    form = LeadRequestForm(request.POST if request.method == "POST" else request.GET, programme=programme)
    if not form.is_valid():
        raise Http404
    organisation, asked = form.cleaned_data["organisation"], form.cleaned_data
    back = f"{reverse('desk:reach-show', args=[programme.slug])}?organisation={organisation.pk}&by=cell"
    if request.method == "POST":
        try:
            actions.ask_leads(
                programme=programme, organisation=organisation, whom=form.whom(), missing=asked["missing"],
                eligible=asked["eligible"], by=request.user, now=now,
            )  # fmt: skip
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, f"The request goes to {organisation.name} by e-mail, once a day for the same")
        return redirect(back)
    leads = Person.objects.filter(pk__in=actions.leads_of(organisation, now)).order_by("sort_name", "pk")
    look_at_many(by=request.user, at=leads, page="attendance:lead-ask", now=now)
    context = {
        **context_of(
            programme, organisation, leads[0] if leads else None, form.whom(), asked["missing"], asked["eligible"]
        ),
        "section": "overview",
        "title": f"Ask {organisation.name}",
        "caption": programme.name,
        "form": form,
        "leads": leads,
        "back_url": back,
        "back_words": "Back to reach",
        "button": "Send the request",
    }
    return render(request, "attendance/lead_request.html", context)
