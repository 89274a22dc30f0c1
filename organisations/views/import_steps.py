"""What is decided about a staff list: what its names mean, whether it is written, dropped, undone, who has left."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from face.dates import moment
from face.paging import LONG, page_of
from history.actions import look_at_many
from history.refusals import Refused
from organisations.actions import imports as actions
from organisations.forms.imports import MissingForm, NameForm, RestForm, options_of, prefix_of
from organisations.models import (
    Affiliation,
    Area,
    ImportState,
    NameKind,
    Organisation,
    Profession,
    RowFate,
    StaffListImport,
)
from organisations.rules import can_manage_organisations
from organisations.views.imports import around, staff_list_of

NAMES_ON_A_PAGE = 20
_MODELS = {NameKind.ORGANISATION: Organisation, NameKind.PROFESSION: Profession, NameKind.AREA: Area}
_GROUPS = {NameKind.ORGANISATION: "Organisations", NameKind.PROFESSION: "Professions", NameKind.AREA: "Areas"}


@require_http_methods(["GET", "HEAD", "POST"])
def decide_names(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Ask what the names mean that nobody knows, twenty at a time; those put off stay on the list."""
    chosen = staff_list_of(request, staff_list)
    if chosen.state != ImportState.READ:
        return _to(chosen)
    unknown = actions.unknown_names(chosen)
    page = page_of(unknown, request.GET.get("page"), size=NAMES_ON_A_PAGE)
    if not page.total:
        return _to(chosen)
    # By their own keys, so that an answer counts also where somebody else has decided names beside it.
    answered = [name for name in unknown if f"{prefix_of(name.kind, name.words)}-choice" in request.POST]
    forms, rest = _name_forms(request, answered or page.rows), _rest_form(request, page)
    if request.method == "POST" and all(form.is_valid() for form in [*forms, *rest]):
        decided = _with_rest([(form.name, form.decided) for form in forms if form.decided], unknown, rest)
        refusal = _decide(request, chosen, decided)
        if not refusal:
            return redirect("organisations:import-names", staff_list=chosen.pk)
        forms[0].add_error("choice", refusal)
    return _names_page(request, chosen, page, forms, rest)


def _name_forms(request: HttpRequest, names: list[Any]) -> list[NameForm]:
    may_make = can_manage_organisations(request.user)
    options = {kind: options_of(kind) for kind in {name.kind for name in names}}
    sent = request.POST if request.method == "POST" else None
    return [NameForm(sent, name=name, options=options[name.kind], may_make=may_make) for name in actions.suggest(names)]


def _rest_form(request: HttpRequest, page: Any) -> list[RestForm]:
    """Return the question about all other names where one page does not hold them, else nothing."""
    sent = request.POST if request.method == "POST" else None
    may_make = can_manage_organisations(request.user)
    return [RestForm(sent, may_make=may_make)] if page.total > NAMES_ON_A_PAGE else []


def _with_rest(decided: list[tuple[Any, str]], unknown: list[Any], rest: list[RestForm]) -> list[tuple[Any, str]]:
    choice = rest[0].cleaned_data["choice"] if rest else ""
    if not choice:
        return decided
    done = {(name.kind, name.words) for name, _ in decided}
    return [*decided, *((name, choice) for name in unknown if (name.kind, name.words) not in done)]


def _decide(request: HttpRequest, staff_list: StaffListImport, decided: list[tuple[Any, str]]) -> str:
    """Keep what was decided; return why that cannot be, or ""."""
    if not decided:
        return "Choose what at least one of these names means"
    choices = [(name.kind, name.words, _target(name.kind, choice)) for name, choice in decided]
    now = timezone.now()
    try:
        actions.decide_names(
            staff_list=staff_list, choices=choices, by=request.user, now=now, today=timezone.localdate(now)
        )
    except Refused as refusal:
        return refusal.sentence
    count = len(decided)
    messages.success(request, f"{_counted(count, 'name is', 'names are')} decided")
    return ""


def _target(kind: str, choice: str) -> Any:
    return choice if choice in (actions.NEW, actions.SKIP) else _MODELS[NameKind(kind)].objects.get(pk=choice)


def _names_page(
    request: HttpRequest, staff_list: StaffListImport, page: Any, forms: list[NameForm], rest: list[RestForm]
) -> HttpResponse:
    groups = [
        {"title": words, "forms": [form for form in forms if form.name.kind == kind]} for kind, words in _GROUPS.items()
    ]
    is_wrong = any(form.errors for form in [*forms, *rest])
    context = {
        **around(staff_list, "Names we do not know"),
        "forms": [*forms, *rest],
        "rest": rest,
        "is_wrong": is_wrong,
        "groups": [group for group in groups if group["forms"]],
        "page": page,
        "may_make": can_manage_organisations(request.user),
    }
    return render(request, "organisations/imports/names.html", context, status=422 if is_wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_import(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Say in words what will happen, then let a worker write it."""
    chosen = staff_list_of(request, staff_list)
    if chosen.state != ImportState.READ:
        return _to(chosen)
    refusal = ""
    if request.method == "POST":
        try:
            actions.confirm(staff_list=chosen, by=request.user, now=timezone.now())
        except Refused as refused:
            refusal = refused.sentence
        else:
            return _to(chosen)
    return _confirm_page(
        request,
        chosen,
        title="Add this staff list?",
        facts=_what_happens(actions.figures_of(chosen)),
        consequence="Nobody is mailed because of this, and nobody is removed. You can undo it for 30 days, as long as "
        "no later staff list was added.",
        button="Add the staff list",
        button_class="",
        refusal=refusal,
    )


def _what_happens(figures: dict[str, int]) -> list[dict[str, str]]:
    left = sum(figures[fate] for fate in (RowFate.DUPLICATE, RowFate.SKIPPED, RowFate.REJECTED))
    not_taken = f"{_counted(left, 'row', 'rows')}: twice in the file, left out, or not usable"
    return [
        *_written(figures),
        {"name": "As they were", "value": _counted(figures[RowFate.SAME], "row", "rows")},
        {"name": "Not taken over", "value": not_taken if left else "0 rows"},
    ]


def _written(figures: dict[str, int]) -> list[dict[str, str]]:
    words = {
        RowFate.NEW: ("Added", "new person", "new people"),
        RowFate.JOINS: ("Added to an organisation", "person we know already", "people we know already"),
        RowFate.CHANGES: ("Changed", "person", "people"),
        RowFate.LEAVES: ("Marked as having left", "person", "people"),
    }
    return [
        {"name": name, "value": _counted(figures[fate], one, many)}
        for fate, (name, one, many) in words.items()
        if figures.get(fate)
    ]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@require_http_methods(["GET", "HEAD", "POST"])
def drop_import(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Let go of a staff list that was not written."""
    chosen = staff_list_of(request, staff_list)
    if chosen.state not in (ImportState.UPLOADED, ImportState.READ, ImportState.CONFIRMED):
        return _to(chosen)
    refusal = ""
    if request.method == "POST":
        try:
            actions.drop(staff_list=chosen, by=request.user, now=timezone.now())
        except Refused as refused:
            refusal = refused.sentence
        else:
            messages.success(request, "The staff list was dropped. Nothing of it was added")
            return redirect("organisations:import-list")
    return _confirm_page(
        request,
        chosen,
        title="Drop this staff list?",
        facts=[_uploaded(chosen), {"name": "Rows", "value": f"{chosen.rows_read:,}"}],
        consequence="Its rows are deleted and nothing of them is added. What you decided about names is kept.",
        button="Drop the staff list",
        refusal=refusal,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def undo_import(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Put back what the last staff list changed."""
    chosen = staff_list_of(request, staff_list)
    if chosen.state != ImportState.DONE:
        return _to(chosen)
    refusal, now = "", timezone.now()
    if request.method == "POST":
        try:
            actions.undo(staff_list=chosen, by=request.user, now=now, today=timezone.localdate(now))
        except Refused as refused:
            refusal = refused.sentence
        else:
            return _to(chosen)
    return _confirm_page(
        request,
        chosen,
        title="Undo this staff list?",
        facts=[_uploaded(chosen), *_written(chosen.counts)],
        consequence="People whom it added are removed, and what it changed goes back to what it was. Whoever has been "
        "invited or has taken a place since stays, as somebody who has left. Whom you marked as having left stays so.",
        button="Undo the staff list",
        refusal=refusal,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def decide_missing(request: HttpRequest, staff_list: int) -> HttpResponse:
    """Show who is missing from a new list; those who are ticked, then checked, are noted as leavers."""
    chosen = staff_list_of(request, staff_list)
    if chosen.state != ImportState.DONE:
        return _to(chosen)
    missing = actions.missing_people(chosen, timezone.localdate())
    form = MissingForm(request.POST if request.method == "POST" else None, missing=missing)
    everybody = request.POST.get("everybody") == "1"
    if request.method == "POST" and (everybody or form.is_valid()):
        ticked = list(missing if everybody else form.cleaned_data["people"])
        # Everybody are as many as were on the check page, or the page is shown again.
        is_checked = not everybody or request.POST.get("number") == str(len(ticked))
        if request.POST.get("do") == "confirm" and is_checked and ticked:
            return _mark(request, chosen, ticked)
        if ticked:
            return _check_missing(request, chosen, ticked, everybody=everybody)
    return _missing_page(request, chosen, missing, form)


def _missing_page(request: HttpRequest, staff_list: StaffListImport, missing: Any, form: MissingForm) -> HttpResponse:
    page = page_of(missing, request.GET.get("page"), size=LONG)
    if not page.total:
        return _to(staff_list)
    _look(request, page.rows)
    context = {
        **around(staff_list, "Who is missing from the new list?"),
        "form": form,
        "page": page,
        "ticked": set(request.POST.getlist("people")),
    }
    return render(request, "organisations/imports/missing.html", context, status=422 if form.errors else 200)


def _check_missing(
    request: HttpRequest, staff_list: StaffListImport, ticked: list[Affiliation], *, everybody: bool
) -> HttpResponse:
    shown, number = ticked[:LONG], len(ticked)
    _look(request, shown)
    context = {
        **around(staff_list, "Mark them as leavers?"),
        "back_url": reverse("organisations:import-missing", args=[staff_list.pk]),
        "back_words": "Back to who is missing",
        "ticked": ticked,
        "shown": shown,
        "more": number - len(shown),
        "everybody": everybody,
        "button": f"Mark {_counted(number, 'person as a leaver', 'people as leavers')}",
    }
    return render(request, "organisations/imports/missing_check.html", context)


def _mark(request: HttpRequest, staff_list: StaffListImport, ticked: list[Affiliation]) -> HttpResponse:
    now = timezone.now()
    count = actions.mark_missing_as_leavers(
        staff_list=staff_list,
        affiliations=[each.pk for each in ticked],
        by=request.user,
        now=now,
        today=timezone.localdate(now),
    )
    messages.success(request, f"{_counted(count, 'person is', 'people are')} marked as having left")
    return redirect("organisations:import-missing", staff_list=staff_list.pk)


def _look(request: HttpRequest, affiliations: list[Affiliation]) -> None:
    people = [each.person for each in affiliations]
    look_at_many(by=request.user, at=people, page="organisations:import-missing", now=timezone.now())


def _uploaded(staff_list: StaffListImport) -> dict[str, str]:
    who = staff_list.uploaded_by.name if staff_list.uploaded_by else "somebody who has left"
    return {"name": "Uploaded", "value": f"{moment(staff_list.uploaded_at)}, by {who}"}


def _to(staff_list: StaffListImport) -> HttpResponse:
    return redirect("organisations:import-show", staff_list=staff_list.pk)


def _confirm_page(
    request: HttpRequest,
    staff_list: StaffListImport,
    *,
    title: str,
    facts: list[dict[str, str]],
    consequence: str,
    button: str,
    button_class: str = "danger",
    refusal: str = "",
) -> HttpResponse:
    context = {
        **around(staff_list, title),
        "facts": [{"note": "", "url": "", **fact} for fact in facts],
        "consequence": consequence,
        "button": button,
        "button_class": button_class,
        "refusal": refusal,
    }
    return render(request, "organisations/imports/confirm.html", context, status=422 if refusal else 200)
