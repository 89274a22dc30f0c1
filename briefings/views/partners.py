"""The partner organisations of a programme."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from briefings.actions.partners import add_partners, change_partner, remove_partner
from briefings.forms.scope import PartnerForm, PartnersForm
from briefings.views.pages import confirm_page, form_page, programme_of
from face.dates import day_plain
from face.paging import page_of
from history.refusals import Refused


@require_safe
def list_partners(request: HttpRequest, slug: str) -> HttpResponse:
    """Who takes part, from when, until when."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    partners = programme.partners.select_related("organisation").order_by("organisation__name", "pk")
    context = {
        "programme": programme,
        "page": page_of(partners, request.GET.get("page")),
        "today": timezone.localdate(),
    }
    return render(request, "briefings/partner_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_partner(request: HttpRequest, slug: str) -> HttpResponse:
    """Tick organisations that join, and say from which day."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    form = PartnersForm(
        request.POST if request.method == "POST" else None, programme=programme, today=timezone.localdate()
    )
    if request.method == "POST" and form.is_valid():
        add_partners(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)
        return redirect("briefings:partner-list", slug=programme.slug)
    return form_page(
        request,
        form,
        title="Add partner organisations",
        button="Add",
        back=reverse("briefings:partner-list", args=[programme.slug]),
        back_words="Back to the partner organisations",
        programme=programme,
        current="set-up",
        lead="Nobody is told. Their people become eligible where area and profession are in scope.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def change_dates(request: HttpRequest, slug: str, partner: int) -> HttpResponse:
    """From which day and until which day one organisation takes part."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    chosen = get_object_or_404(programme.partners.select_related("organisation"), pk=partner)
    form = PartnerForm(
        request.POST if request.method == "POST" else None, initial={"since": chosen.since, "until": chosen.until}
    )
    if request.method == "POST" and form.is_valid():
        try:
            if form.changes:
                change_partner(partner=chosen, by=request.user, now=timezone.now(), **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal, "until")
        else:
            return redirect("briefings:partner-list", slug=programme.slug)
    return form_page(
        request,
        form,
        title=chosen.organisation.name,
        button="Save",
        back=reverse("briefings:partner-list", args=[programme.slug]),
        back_words="Back to the partner organisations",
        programme=programme,
        current="set-up",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def drop_partner(request: HttpRequest, slug: str, partner: int) -> HttpResponse:
    """Ask, then take a mistaken partner out."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    chosen = get_object_or_404(programme.partners.select_related("organisation", "programme"), pk=partner)
    back, refused = reverse("briefings:partner-list", args=[programme.slug]), ""
    if request.method == "POST":
        try:
            remove_partner(partner=chosen, by=request.user, now=timezone.now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            return redirect(back)
    return confirm_page(
        request,
        title=f"Remove {chosen.organisation.name}?",
        facts=[("Organisation", chosen.organisation.name), ("Takes part from", day_plain(chosen.since))],
        words=(
            "Do this only for an organisation that was added by mistake: its people are no longer eligible, from now."
            " If it did take part, enter its last day instead."
        ),
        button="Remove it",
        back=back,
        programme=programme,
        current="set-up",
        refusal=refused,
    )
