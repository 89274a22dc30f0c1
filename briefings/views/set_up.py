"""Setting a programme up: the task list, one form for each task, and all answers on one page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission
from briefings.actions.programmes import change_programme, change_scope
from briefings.forms.programmes import (
    CoverForm,
    HalfDaysForm,
    PlacesForm,
    PublishingForm,
    PurposeForm,
    RemindersForm,
    ServiceStandardForm,
)
from briefings.forms.scope import ScopeForm
from briefings.models import CoverRule, Programme
from briefings.queries import count_eligible, set_up_of
from briefings.views.pages import form_page, programme_of
from face.dates import day_plain, period
from history.refusals import Refused


@dataclass(frozen=True)
class Task:
    """One line of the task list: its form, and what a page says about it."""

    key: str
    title: str
    form: type[forms.BaseForm]
    lead: str = ""
    more: tuple[str, str] = ()
    """The name of an address about this programme that helps to decide, and its words."""


TASKS = {
    task.key: task
    for task in (
        Task("purpose", "Purpose and scale", PurposeForm),
        Task(
            "half-days",
            "Half-days",
            HalfDaysForm,
            "Local time. Sessions that are planned already keep theirs.",
        ),
        Task("reminders", "Reminders", RemindersForm, "Nobody is reminded of what is over or answered."),
        Task("places", "Places per person", PlacesForm),
        Task(
            "service-standard",
            "Service standard for questions",
            ServiceStandardForm,
            "People see when they can expect an answer.",
        ),
        Task(
            "cover",
            "Senior cover",
            CoverForm,
            "Senior managers’ presence says that it matters.",
            ("attendance:cover-rules", "What each rule would mean for the sessions you have planned"),
        ),
        Task("publishing", "Publishing the reach", PublishingForm, "Leads see their own figures whatever you choose."),
    )
}


@require_safe
def show_set_up(request: HttpRequest, slug: str) -> HttpResponse:
    """The task list, each task with its state."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    now = timezone.now()
    figures = set_up_of(programme, timezone.localdate(now))
    context = {
        "programme": programme,
        "groups": _groups(programme, figures),
        "eligible": count_eligible(programme, now),
    }
    return render(request, "briefings/set_up.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change_task(request: HttpRequest, slug: str, task: str) -> HttpResponse:
    """The form of one task."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    if task not in TASKS:
        raise Http404
    chosen = TASKS[task]
    form = _form_for(chosen, programme, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            change_programme(programme=programme, changes=form.changes, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"{chosen.title}: saved.")
            return redirect("briefings:set-up-show", slug=programme.slug)
    return _task_page(request, programme, form, chosen.title, chosen.lead, chosen.more)


def _form_for(task: Task, programme: Programme, data: Any) -> forms.BaseForm:
    if issubclass(task.form, forms.BaseModelForm):
        return task.form(data, instance=programme, **_dates(task, programme))
    names = task.form.base_fields
    return task.form(data, initial={name: getattr(programme, name) for name in names})


def _dates(task: Task, programme: Programme) -> dict[str, Any]:
    if task.key != "purpose":
        return {}
    return {"initial": {"starts_on": programme.starts_on, "ends_on": programme.ends_on}}


@require_http_methods(["GET", "HEAD", "POST"])
def change_the_scope(request: HttpRequest, slug: str) -> HttpResponse:
    """Which areas and professions the programme is for."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    form = ScopeForm(request.POST if request.method == "POST" else None, programme=programme)
    if request.method == "POST" and form.is_valid():
        change_scope(programme=programme, by=request.user, now=timezone.now(), **form.changes)
        messages.success(request, "Areas and professions: saved.")
        return redirect("briefings:set-up-show", slug=programme.slug)
    lead = "Somebody is eligible when their organisation, area and profession are all in scope."
    return _task_page(request, programme, form, "Areas and professions in scope", lead)


def _task_page(
    request: HttpRequest,
    programme: Programme,
    form: forms.BaseForm,
    title: str,
    lead: str,
    more: tuple[str, str] = (),
) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title,
        lead=lead,
        more_url=reverse(more[0], args=[programme.slug]) if more else "",
        more_words=more[1] if more else "",
        button="Save",
        back=reverse("briefings:set-up-show", args=[programme.slug]),
        back_words="Back to the set-up",
        programme=programme,
        current="set-up",
    )


@require_safe
def check_set_up(request: HttpRequest, slug: str) -> HttpResponse:
    """All answers on one page, each with a link to change it."""
    programme = programme_of(request, slug, Permission.MANAGE_PROGRAMME)
    context = {"programme": programme, "groups": _answers(programme)}
    return render(request, "briefings/check_set_up.html", context)


# --- the states of the tasks

_DONE, _USUAL, _MISSING = ("full", "good"), ("full", "quiet"), ("ring", "open")


def _groups(programme: Programme, figures: dict[str, int]) -> list[dict[str, Any]]:
    """Return the groups of the task list: a title and lines of title, address, state as mark, colour and words."""
    return [
        {
            "title": "Whom it is for",
            "tasks": [
                _line(programme, "purpose", _said(programme.purpose, "Purpose missing")),
                _other(
                    programme, "Partner organisations", "partner-list", _counted(figures["partners_now"], "partner")
                ),
                _other(programme, "Areas and professions in scope", "scope-change", _scope_state(programme, figures)),
            ],
        },
        {
            "title": "Who does what",
            "tasks": [
                _other(programme, "Coordinators and other roles", "role-list", _counted(figures["roles"], "role")),
                _other(programme, "Mandates of senior managers", "mandate-list", _mandate_state(figures)),
            ],
        },
        {"title": "How it works", "tasks": [_line(programme, key, _usual(programme, key)) for key in _POLICIES]},
        {
            "title": "What people read",
            "tasks": [
                {
                    "title": "How the programme speaks",
                    "address": _address(programme, "voice"),
                    "state": _said(programme.contact_email, "Contact missing"),
                }
            ],
        },
    ]


_POLICIES = ("half-days", "reminders", "places", "service-standard", "cover", "publishing")


def _line(programme: Programme, key: str, state: tuple) -> dict[str, Any]:
    return {"title": TASKS[key].title, "address": _address(programme, key), "state": state}


def _address(programme: Programme, key: str) -> str:
    if key == "voice":  # whoever comes is told what is changed there, so a higher app has the page
        return reverse("attendance:programme-voice", args=[programme.slug])
    return reverse("briefings:set-up-change", args=[programme.slug, key])


def _other(programme: Programme, title: str, route: str, state: tuple) -> dict[str, Any]:
    return {"title": title, "address": reverse(f"briefings:{route}", args=[programme.slug]), "state": state}


def _said(value: str, missing: str) -> tuple:
    return (*_DONE, "Done") if value else (*_MISSING, missing)


def _counted(number: int, word: str) -> tuple:
    return (*_DONE, f"{number} {word}{'' if number == 1 else 's'}") if number else (*_MISSING, f"No {word} yet")


def _scope_state(programme: Programme, figures: dict[str, int]) -> tuple:
    areas = programme.every_area or figures["areas"]
    professions = programme.every_profession or figures["professions"]
    if areas and professions:
        return (*_DONE, "Done")
    return (*_MISSING, "Areas missing" if professions else "Professions missing" if areas else "Not chosen yet")


def _mandate_state(figures: dict[str, int]) -> tuple:
    found, all_of_them = figures["mandated"], figures["partners_now"]
    words = f"{found} of {all_of_them} partners"
    if not found:
        return (*_MISSING, "Nobody yet")
    return (*_DONE, words) if found == all_of_them else ("half", "wait", words)


def _usual(programme: Programme, key: str) -> tuple:
    names = TASKS[key].form.base_fields
    usual = all(getattr(programme, name) == Programme._meta.get_field(name).get_default() for name in names)
    return (*_USUAL, "Usual values") if usual else (*_DONE, "Your values")


# --- all answers


def _answers(programme: Programme) -> list[dict[str, Any]]:
    rows: list[tuple[str, str, Callable[[Programme], str]]] = [
        ("voice", "Name", lambda p: p.name),
        ("purpose", "Scale", lambda p: p.get_scale_display()),
        ("purpose", "Purpose", lambda p: p.purpose or "Not said yet"),
        ("purpose", "Nation", lambda p: p.get_nation_display()),
        ("purpose", "Runs", _runs),
        ("purpose", "Listed for everybody", lambda p: "Yes" if p.is_public else "No"),
        ("half-days", "Morning", lambda p: period(p.morning_starts, p.morning_ends)),
        ("half-days", "Afternoon", lambda p: period(p.afternoon_starts, p.afternoon_ends)),
        ("reminders", "Reminders of a place", lambda p: _days(p.reminder_days, "before")),
        ("reminders", "Reminders of an invitation", lambda p: _days(p.invitation_reminder_days, "after")),
        ("places", "Places per person", lambda p: p.get_places_rule_display()),
        ("service-standard", "Questions", _standard),
        ("cover", "Senior cover", _cover),
        ("publishing", "Reach for everybody", lambda p: "Published" if p.publishes_reach else "Not published"),
        ("voice", "Whom to ask", lambda p: ", ".join(filter(None, (p.contact_name, p.contact_email, p.contact_phone)))),
        ("voice", "What to bring", lambda p: p.what_to_bring or "Nothing said"),
    ]
    answers = [
        {
            "word": word,
            "value": say(programme),
            "address": _address(programme, key),
        }
        for key, word, say in rows
    ]
    return [*answers[:6], *_scope_answers(programme), *answers[6:]]


def _scope_answers(programme: Programme) -> list[dict[str, Any]]:
    names = [partner.organisation.name for partner in programme.partners.select_related("organisation")]
    scope = reverse("briefings:scope-change", args=[programme.slug])
    areas = "Every area" if programme.every_area else _listed(programme.areas.all())
    professions = "Every profession" if programme.every_profession else _listed(programme.professions.all())
    return [
        {
            "word": "Partner organisations",
            "value": _listed(sorted(names)),
            "address": reverse("briefings:partner-list", args=[programme.slug]),
        },
        {"word": "Areas", "value": areas, "address": scope},
        {"word": "Professions", "value": professions, "address": scope},
    ]


def _listed(things: Any) -> str:
    return ", ".join(str(thing) for thing in things) or "None yet"


def _runs(programme: Programme) -> str:
    first, last = programme.starts_on, programme.ends_on
    words = f"From {day_plain(first)}" if first else ""
    return f"{words} until {day_plain(last)}".strip().capitalize() if last else words or "Not settled yet"


def _days(days: list[int], word: str) -> str:
    numbers = " and ".join(str(day) for day in days)
    return f"{numbers} working days {word}" if days else "None"


def _standard(programme: Programme) -> str:
    return f"Acknowledged within {programme.acknowledge_days} working days, answered within {programme.answer_days}"


def _cover(programme: Programme) -> str:
    words = programme.get_cover_rule_display()
    if programme.cover_rule == CoverRule.AT_LEAST:
        return f"{words}: {programme.cover_number} partners"
    return f"{words}: {programme.cover_number} per cent" if programme.cover_rule == CoverRule.SHARE else words
