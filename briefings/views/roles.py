"""Who has which role in a programme, and which senior managers may speak for whom."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from briefings.actions.appointments import appoint, end_appointment, end_mandate, give_mandate
from briefings.forms.roles import AppointForm, MandateForm
from briefings.models import Appointment, Mandate
from briefings.views.pages import confirm_page, form_page, programme_of
from face.dates import day_plain
from face.paging import page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.actions.people import person_at
from organisations.rules import people_visible_to

MOST_FOUND = 10


@require_safe
def list_roles(request: HttpRequest, slug: str) -> HttpResponse:
    """Who coordinates, facilitates, sits on the board, and since when."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    held = Appointment.objects.on(timezone.localdate()).filter(programme=programme).select_related("person")
    page = page_of(held.order_by("role", "person__sort_name", "pk"), request.GET.get("page"))
    _looked(request, page.rows, "briefings:role-list")
    return render(request, "briefings/role_list.html", {"programme": programme, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def add_role(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a role to somebody who is found, or named by address."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    form = AppointForm(request.POST if request.method == "POST" else None, initial=chosen(request))
    if request.method == "POST" and form.is_valid():
        now, values = timezone.now(), form.cleaned_data
        try:
            with transaction.atomic():
                person = person_at(email=values["email"], name=values["name"], by=request.user, now=now)
                appoint(programme=programme, person=person, role=values["role"], by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            return redirect("briefings:role-list", slug=programme.slug)
    return form_page(
        request,
        form,
        title="Give somebody a role",
        button="Give the role",
        back=reverse("briefings:role-list", args=[programme.slug]),
        back_words="Back to the roles",
        programme=programme,
        current="set-up",
        lead="They are told by mail, with a link to the programme.",
        template="briefings/person_form.html",
        **search(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def end_role(request: HttpRequest, slug: str, appointment: int) -> HttpResponse:
    """Ask, then end a role today."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    held = get_object_or_404(programme.appointments.select_related("person", "programme"), pk=appointment)
    back, refused = reverse("briefings:role-list", args=[programme.slug]), ""
    if request.method == "POST":
        try:
            end_appointment(appointment=held, by=request.user, now=timezone.now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            return redirect(back if held.person != request.user else "briefings:programme-list")
    _looked(request, [held], "briefings:role-end")
    return confirm_page(
        request,
        title=f"End the role of {held.person.name}?",
        facts=[
            ("Person", held.person.name),
            ("Role", held.get_role_display()),
            ("Since", day_plain(held.since)),
        ],
        words="It ends at once. What they did stays in the history.",
        button="End the role",
        back=back,
        programme=programme,
        current="set-up",
        refusal=refused,
    )


@require_safe
def list_mandates(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may speak for which partner, confirmed by whom; and the partners for whom nobody may."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    today = timezone.localdate()
    held = programme.mandates.filter(pk__in=Mandate.objects.on(today).values("pk"))
    rows = held.select_related("person", "organisation").order_by("organisation__name", "person__sort_name", "pk")
    page = page_of(rows, request.GET.get("page"))
    _looked(request, page.rows, "briefings:mandate-list")
    partners = programme.partners.exclude(organisation__in=held.values("organisation")).select_related("organisation")
    context = {"programme": programme, "page": page, "gaps": list(partners.order_by("organisation__name", "pk"))}
    return render(request, "briefings/mandate_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_mandate(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down that somebody may speak for a partner, and who said so."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    today = timezone.localdate()
    form = MandateForm(request.POST if request.method == "POST" else None, programme=programme, today=today)
    for name, value in chosen(request).items():
        form.initial[name] = value
    if request.method == "POST" and form.is_valid():
        values, now = dict(form.cleaned_data), timezone.now()
        address, name = values.pop("email"), values.pop("name")
        try:
            with transaction.atomic():
                person = person_at(email=address, name=name, by=request.user, now=now)
                give_mandate(programme=programme, person=person, by=request.user, now=now, **values)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            return redirect("briefings:mandate-list", slug=programme.slug)
    return form_page(
        request,
        form,
        title="Record a mandate",
        button="Record the mandate",
        back=reverse("briefings:mandate-list", args=[programme.slug]),
        back_words="Back to the mandates",
        programme=programme,
        current="set-up",
        lead="A mandate makes somebody a senior manager: they may speak for their organisation in this programme.",
        template="briefings/person_form.html",
        **search(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def close_mandate(request: HttpRequest, slug: str, mandate: int) -> HttpResponse:
    """Ask, then end a mandate today."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    held = get_object_or_404(programme.mandates.select_related("person", "organisation"), pk=mandate)
    back = reverse("briefings:mandate-list", args=[programme.slug])
    if request.method == "POST":
        end_mandate(mandate=held, by=request.user, now=timezone.now())
        return redirect(back)
    _looked(request, [held], "briefings:mandate-end")
    return confirm_page(
        request,
        title=f"End the mandate of {held.person.name}?",
        facts=[
            ("Senior manager", held.person.name),
            ("Speaks for", held.organisation.name),
            ("Since", day_plain(held.since)),
            ("Confirmed by", held.confirmed_by),
        ],
        words="It ends today. What they promised until now stays, and so does the record that they could.",
        button="End the mandate",
        back=back,
        programme=programme,
        current="set-up",
    )


def search(request: HttpRequest) -> dict:
    """Return what was searched for and whom this person sees by that name or address, ten at most."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if not words:
        return {"words": "", "found": []}
    now = timezone.now()
    seen = people_visible_to(request.user, timezone.localdate(now)).filter(is_active=True, email__isnull=False)
    for word in words.split():
        seen = seen.filter(name__icontains=word) | seen.filter(email__icontains=word)
    found = list(seen.order_by("sort_name", "pk")[:MOST_FOUND])
    look_at_many(by=request.user, at=found, page=_route(request), now=now)
    return {"words": words, "found": found}


def chosen(request: HttpRequest) -> dict[str, str]:
    """Return the address and name of the person whose id stands in the address, where this person may see them."""
    number = request.GET.get("person", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return {}
    person = people_visible_to(request.user, timezone.localdate()).filter(pk=int(number)).first()
    return {"email": person.email or "", "name": person.name} if person else {}


def _looked(request: HttpRequest, rows: list, page: str) -> None:
    look_at_many(by=request.user, at=[row.person for row in rows], page=page, now=timezone.now())


def _route(request: HttpRequest) -> str:
    return request.resolver_match.view_name
