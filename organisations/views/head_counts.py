"""Head-counts: asking for them, entering one that was said, and the page that the mailed link opens."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import personal_link
from history.actions import look_at_many
from history.refusals import Refused
from organisations.actions.head_counts import (
    PURPOSE,
    NothingSaid,
    answer_head_counts,
    ask_head_counts,
    give_head_counts,
)
from organisations.actions.people import person_at
from organisations.forms.head_counts import AskForm, NumbersForm, OneNumberForm
from organisations.models import HeadCountRequest, Organisation
from organisations.queries import current_head_counts
from organisations.rules import can_keep_staff_list, can_manage_organisations, organisations_visible_to
from organisations.views.organisations import back_to
from organisations.views.pages import READ_OR_POST, form_page, row_of

_ASK = (
    "We mail a link. On its page they enter one number for each profession in each area, without signing in. Where"
    " an organisation gives no staff list, these numbers say how many there are to reach."
)


@require_http_methods(READ_OR_POST)
def ask(request: HttpRequest, organisation: int) -> HttpResponse:
    """Ask leads, or somebody else, how many practitioners there are."""
    manages = can_manage_organisations(request.user)
    chosen = row_of(Organisation.objects.all() if manages else Organisation.objects.none(), organisation)
    form = AskForm(request.POST if request.method == "POST" else None, organisation=chosen)
    if "leads" in form.fields:
        leads = form.fields["leads"].queryset
        look_at_many(by=request.user, at=leads, page="organisations:head-count-ask", now=timezone.now())
    if request.method == "POST" and form.is_valid():
        try:
            number = _ask(request, chosen, form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal, "email")
        else:
            messages.success(
                request, "One person is asked by e-mail" if number == 1 else f"{number} people are asked by e-mail"
            )
            return redirect("organisations:organisation-show", organisation=chosen.pk)
    return form_page(
        request, form, title=f"Ask {chosen.name} for head-counts", button="Ask by e-mail", lead=_ASK, **back_to(chosen)
    )


@transaction.atomic
def _ask(request: HttpRequest, organisation: Organisation, values: dict[str, Any]) -> int:
    now = timezone.now()
    people = {person.pk: person for person in values.get("leads") or ()}
    if values["email"]:
        somebody = person_at(email=values["email"], name=values["name"], by=request.user, now=now)
        people[somebody.pk] = somebody
    ask_head_counts(
        organisation=organisation,
        people=people.values(),
        professions=values["professions"],
        areas=values["areas"],
        by=request.user,
        now=now,
    )
    return len(people)


@require_http_methods(READ_OR_POST)
def enter_one(request: HttpRequest, organisation: int) -> HttpResponse:
    """Write down one number that was said."""
    chosen = row_of(organisations_visible_to(request.user), organisation)
    if not can_keep_staff_list(request.user, chosen):
        chosen = row_of(Organisation.objects.none(), organisation)
    form = OneNumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        key = (values["profession"].pk, values["area"].pk)
        give_head_counts(
            organisation=chosen,
            numbers={key: values["number"]},
            counted_on=values["counted_on"],
            by=request.user,
            now=timezone.now(),
        )
        return redirect("organisations:organisation-show", organisation=chosen.pk)
    return form_page(request, form, title=f"Enter a head-count of {chosen.name}", button="Save", **back_to(chosen))


@personal_link(PURPOSE)
@require_http_methods(READ_OR_POST)
def give(request: HttpRequest, link: int) -> HttpResponse:
    """The page of the mailed link: one number for each profession in each area."""
    asked, now = _asked(request), timezone.now()
    known = {(row.profession_id, row.area_id): row.number for row in current_head_counts(asked.organisation)}
    form = NumbersForm(request.POST if request.method == "POST" else None, request=asked, known=known)
    if request.method == "POST" and form.is_valid():
        try:
            answer_head_counts(request=asked, numbers=form.numbers(), by=request.link.person, now=now)
        except NothingSaid as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("organisations:head-count-done", link=link)
    context = {
        "form": form,
        "title": f"How many work at {asked.organisation.name}?",
        "person": request.link.person,
        "button": "Send the numbers",
        "is_known": bool(known),
        "personal_link": True,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "organisations/head_count.html", context, status=status)


@personal_link(PURPOSE)
@require_safe
def give_done(request: HttpRequest, link: int) -> HttpResponse:
    """What was said, and the way to correct it."""
    asked = _asked(request)
    context = {
        "title": "Thank you: the numbers are written down",
        "lead": f"They are the numbers of {asked.organisation.name} on record, with your name and the day.",
        "counts": list(current_head_counts(asked.organisation)),
        "again": reverse("organisations:head-count-give", args=[link]),
        "personal_link": True,
    }
    return render(request, "organisations/head_count_done.html", context)


def _asked(request: HttpRequest) -> HeadCountRequest:
    pk = int(request.link.about.rpartition(":")[2])
    return row_of(HeadCountRequest.objects.select_related("organisation"), pk)
