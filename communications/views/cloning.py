"""Another programme like one that is there: what is taken along, then every date before and after."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, permission_required
from accounts.presses import one_press
from commitments.clocks import local_day
from communications.actions.cloning import MOST_DATES, DateIsPast, TooManyDates, clone_programme
from communications.forms.cloning import CloneForm, DatesForm
from communications.queries.cloning import dates_of
from communications.views.pages import programme_of
from history.refusals import Refused


@permission_required(Permission.START_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def clone(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask what is taken along; then show where each date goes and let it be changed; then make it."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    today = local_day(programme, timezone.now())
    form = CloneForm(request.POST if request.method == "POST" else None, initial={"first": today})
    context = {
        "programme": programme, "section": "plan", "caption": programme.name, "form": form,
        "title": "Start another programme like this one", "button": "See the dates",
        "back_url": reverse("communications:plan-show", args=[slug]),
    }  # fmt: skip
    if not form.is_bound or not form.is_valid():
        return _page(request, "communications/plan/form.html", context, form)
    try:
        dates = dates_of(programme, form.cleaned_data["parts"], form.cleaned_data["first"])
        if len(dates) > MOST_DATES:
            raise TooManyDates(len(dates))
    except Refused as refusal:
        form.add_refusal(refusal, "parts")
        return _page(request, "communications/plan/form.html", context, form)
    typed = DatesForm(request.POST if request.POST.get("do") == "make" else None, dates=dates)
    if typed.is_bound and typed.is_valid():
        try:
            made = clone_programme(
                programme=programme, dates=typed.cleaned_data, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except Refused as refusal:
            typed.add_refusal(refusal, refusal.key if isinstance(refusal, DateIsPast) else None)
        else:
            messages.success(request, "The programme is made. Its sessions are drafts: nobody is told")
            return redirect("communications:plan-show", slug=made.slug)
    context |= {"dates": typed, "rows": typed.rows(), "carried": _carried(request)}
    return _page(request, "communications/templates/clone_dates.html", context, typed)


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the answers of the first page, to carry them along in the form of the second."""
    names = ("name", "first_day", "first_month", "first_year", "parts")
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _page(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> HttpResponse:
    return render(request, template, context, status=422 if form.is_bound and form.errors else 200)
