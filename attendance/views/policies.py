"""A programme's rules about booking: its days, and the quotas of its partners."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from attendance.actions.policies import QuotaInForce, release_quota, remove_quota, set_booking_rules, set_quota
from attendance.forms.policies import BookingRulesForm, QuotaForm
from attendance.models import BookingRules, Quota
from attendance.queries.freezing import Freezing, freezing
from attendance.views.session_plans import programme_managed
from attendance.views.sessions import typed_again
from briefings.models import Partner, Programme
from organisations.models import Organisation

_ASKS = ["GET", "HEAD", "POST"]


@require_http_methods(_ASKS)
def change_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Set when booking opens and closes, when freed places are offered, when the list of names is final."""
    programme = programme_managed(request, slug)
    rules = BookingRules.objects.filter(programme=programme).first() or BookingRules(programme=programme)
    initial = {name: getattr(rules, name) for name in BookingRulesForm.base_fields}
    form = BookingRulesForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid() and "again" not in request.POST:
        now, changes = timezone.now(), form.changes
        freeze_days = changes.get("freeze_days", rules.freeze_days)
        if rules.freeze_days != freeze_days and "confirmed" not in request.POST:
            rules.freeze_days = freeze_days
            if found := freezing(programme, rules, now):
                return _check_page(request, programme, rules, found)
        set_booking_rules(programme=programme, by=request.user, now=now, **changes)
        messages.success(request, "The rules are saved. They hold from now on.")
        return redirect("attendance:booking-rules", slug=slug)
    context = {**_context(programme, "When places can be booked"), "form": form, "button": "Save the rules"}
    return render(request, "attendance/policies/rules.html", context, status=422 if form.errors else 200)


def _check_page(request: HttpRequest, programme: Programme, rules: BookingRules, found: Freezing) -> HttpResponse:
    context = {
        **_context(programme, "Check what follows at once"),
        "days": rules.freeze_days,
        "found": found,
        "typed": typed_again(request),
    }
    return render(request, "attendance/policies/check_rules.html", context)


@require_http_methods(_ASKS)
def change_quotas(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the quotas of a programme, and set one."""
    programme = programme_managed(request, slug)
    partners = Partner.objects.on(timezone.localdate()).filter(programme=programme)
    organisations = Organisation.objects.filter(pk__in=partners.values("organisation")).order_by("name", "pk")
    form = QuotaForm(request.POST if request.method == "POST" else None, organisations=organisations)
    if request.method == "POST" and form.is_valid():
        set_quota(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, "The quota is saved. Who waits and may have a place now gets it.")
        return redirect("attendance:booking-quotas", slug=slug)
    context = {
        **_context(programme, "How many places one organisation may have"),
        "form": form,
        "button": "Set the quota",
        "back_url": reverse("attendance:booking-rules", args=[slug]),
        "back_words": "Back to the rules of booking",
        "quotas": (quotas := _quotas(programme)),
        "any_released": any(quota.is_released and quota.organisation_id for quota in quotas),
    }
    return render(request, "attendance/policies/quotas.html", context, status=422 if form.errors else 200)


@require_POST
def release(request: HttpRequest, slug: str, quota: int) -> HttpResponse:
    """End a quota at once."""
    found = _quota(request, slug, quota)
    if found:  # else it is gone by the press before this one
        release_quota(quota=found, by=request.user, now=timezone.now())
    messages.success(request, "The quota is released. Who waited because of it moves up.")
    return redirect("attendance:booking-quotas", slug=slug)


@require_POST
def remove(request: HttpRequest, slug: str, quota: int) -> HttpResponse:
    """Take a quota that is released off the list."""
    found = _quota(request, slug, quota)
    try:
        if found:
            remove_quota(quota=found, by=request.user, now=timezone.now())
    except QuotaInForce as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "The released quota is off the list")
    return redirect("attendance:booking-quotas", slug=slug)


def _quota(request: HttpRequest, slug: str, number: int) -> Quota | None:
    programme = programme_managed(request, slug)
    return Quota.objects.select_related("programme").filter(pk=number, programme=programme).first()


def _quotas(programme: Programme) -> list[Quota]:
    found = list(Quota.objects.filter(programme=programme).select_related("organisation"))
    for quota in found:
        quota.is_released = quota.limit_on(timezone.localdate()) is None
    return found


def _context(programme: Programme, title: str) -> dict:
    return {
        "programme": programme,
        "section": "sessions",
        "caption": programme.name,
        "title": title,
        "back_url": reverse("attendance:session-list", args=[programme.slug]),
        "back_words": "Back to the sessions",
    }
