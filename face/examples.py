"""What the component page shows: invented people, and names as long as the database takes."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.http import HttpRequest

from face.fields import ClockField, HintedRadios, LongTextField, ThreeBoxDateField
from face.forms import FilterForm, HubForm
from face.navigation import ShownLink
from face.paging import page_of

LONG = "Partnerschaft-Gwasanaethau-Cyhoeddus " + "Aberdaron" * 28
_LONDON = ZoneInfo("Europe/London")


class ExampleForm(HubForm):
    """One field of each kind."""

    name = forms.CharField(label="Full name", max_length=40)
    kind = forms.ChoiceField(
        label="What kind of session is it?",
        choices=[("briefing", "Briefing"), ("workshop", "Workshop")],
        widget=HintedRadios(hints={"briefing": "Introduces the concept and leaves room for questions"}),
    )
    day = ThreeBoxDateField(label="Which day?", help_text="For example, 27 3 2027")
    starts = ClockField(label="Start", help_text="For example, 9:30am", widget=forms.TextInput({"class": "w4"}))
    email = forms.EmailField(label="E-mail address")
    places = forms.IntegerField(label="How many places?", help_text="The Court Room holds 25.", max_value=25)
    room = forms.ChoiceField(label="Room", choices=[("", "Choose a room"), ("1", LONG[:300])])
    needs = forms.MultipleChoiceField(
        label="What do people need?",
        choices=[("loop", "Hearing loop"), ("captions", "Live captions"), ("welsh", "Welsh")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    notes = LongTextField(label="How to get in", help_text="Parking, doors, lifts, prayer room.", required=False)
    papers = forms.FileField(label="Papers", help_text="PDF or Word, up to 5 MB.", required=False)
    agreed = forms.BooleanField(label="The partners know of this session")
    layout = Layout(
        "name",
        "kind",
        Fieldset("When it is", "day", "starts"),
        "email",
        "places",
        "room",
        "needs",
        "notes",
        "papers",
        "agreed",
    )


class ExampleFilter(FilterForm):
    """A search and a choice."""

    words = forms.CharField(label="Name or e-mail address", widget=forms.TextInput({"type": "search"}))
    area = forms.ChoiceField(
        label="Area", choices=[("", "All areas"), ("melton", "Melton"), ("leicester", "Leicestershire")]
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """Return everything that components/all.html needs; a posted form is cleaned, for its errors, and forgotten."""
    form = ExampleForm(request.POST, request.FILES) if request.method == "POST" else ExampleForm()
    form.is_valid()
    found = ExampleFilter(request.GET or None)
    return {
        "form": form,
        "filter": found,
        "page": page_of(_people(), request.GET.get("page"), size=5),
        "default_sort": "name",
        "example": {**_states(), **_choices(), **_figures(), **_files()},
    }


def _mark(shape: str, colour: str, words: str, **more: Any) -> dict[str, Any]:
    return {"shape": shape, "colour": colour, "words": words, "state": words, **more}


def _people() -> list[dict[str, Any]]:
    attended, invited = _mark("full", "good", "Attended"), _mark("ring", "open", "Invited")
    never, place = _mark("gap", "bad", "Never reached"), _mark("half", "wait", "Holds a place")
    rows = [
        {"name": "Amina Samplewood", "organisation": "Wren Valley NHS Trust", **attended},
        {"name": "Beatrix Makebelieve", "organisation": "Tolbury City Council", **place},
        {"name": LONG[:300], "organisation": LONG[:300], **never},
        {"name": "Dafydd O’Sample", "organisation": "Hearthside Homes", **invited},
    ]
    return [rows[place % 4] for place in range(207)]


def _states() -> dict[str, Any]:
    at = datetime(2026, 11, 20, 16, 12, tzinfo=_LONDON)
    return {
        "day": date(2026, 11, 23),
        "links": [
            ShownLink(words, "#main", words == "Overview") for words in ("Overview", "Sessions", "People", "Questions")
        ],
        "tags": [
            _mark("ring", "open", "Asked"),
            _mark("half", "wait", "Holds a place"),
            _mark("full", "good", "Attended"),
            _mark("dash", "quiet", "Given up"),
            _mark("gap", "bad", "Never reached"),
        ],
        "matters": [
            {
                "colour": "bad",
                "shape": "gap",
                "url": "#main",
                "title": "Nobody senior from Wrenshire Police for tomorrow morning",
                "text": "Tolbury Guildhall, 9:30am. Asked on 10 November, no answer.",
            },
            {
                "colour": "wait",
                "shape": "half",
                "url": "#main",
                "title": "Five questions are past their date",
                "text": "The oldest is from 12 October.",
            },
        ],
        "events": [
            {
                "shape": "half",
                "title": "Holding reply sent to 3 people",
                "who": "Briefing Hub",
                "at": at,
                "words": "“We have your question. You hear from us by 27 November.”",
            },
            {"shape": "ring", "title": LONG, "who": LONG[:300], "at": at.replace(day=12, hour=10), "words": ""},
        ],
    }


def _choices() -> dict[str, Any]:
    card = {"starts": time(13, 30), "ends": time(16, 30), "url": "#main", "act": "Take a place"}
    full = {"act": "Join the waiting list", "second": True, "taken": 20, "capacity": 20}
    return {
        "cards": [
            {
                **card,
                "date": date(2026, 11, 26),
                "where": "Eastmarsh Library, Reading Room",
                "note": "Step-free. 4 minutes from Eastmarsh bus station.",
                "taken": 17,
                "capacity": 24,
                "seats": "7 of 24 places free",
            },
            {
                **card,
                **full,
                "date": date(2026, 12, 3),
                "where": LONG[:300],
                "note": LONG[:300],
                "seats": "All 20 places are taken. Three people wait before you.",
            },
        ],
        "tasks": [
            {"words": "Say which organisations take part", "url": "#main", **_mark("full", "good", "Done")},
            {
                "words": "Choose areas and professions",
                "url": "#main",
                "hint": "Who is eligible follows from it",
                **_mark("half", "wait", "Under way"),
            },
            {"words": "Plan the sessions", "url": "#main", **_mark("ring", "open", "Not begun")},
            {"words": "Invite people", "url": "", **_mark("dash", "quiet", "Cannot start yet")},
        ],
        "facts": [
            {"name": "Session", "value": "Thursday 26 November 2026", "note": "1:30pm to 4:30pm", "url": "#main"},
            {"name": "Where", "value": LONG[:300], "note": "", "url": ""},
            {"name": "What you need to take part", "value": "Not provided", "note": "", "url": "#main"},
        ],
    }


def _figures() -> dict[str, Any]:
    rows = [("Wren Valley NHS Trust", 120, 40, 30), (LONG[:120], 8, 60, 70), ("Lantern Trust", 0, 0, 12)]
    cell = {
        "good": _mark("full", "good", "Coming"),
        "open": _mark("ring", "open", "Asked"),
        "bad": _mark("gap", "bad", "Nobody"),
    }
    return {
        "chart": {
            "caption": "Reach by organisation",
            "first": "Organisation",
            "whole": 190,
            "columns": ["Attended", "Place", "Never"],
            "key": [
                {"colour": "b1", "words": "Attended"},
                {"colour": "b2", "words": "Holds a place"},
                {"colour": "b4", "words": "Never reached"},
            ],
            "rows": [
                {
                    "words": words,
                    "parts": list(zip(("b1", "b2", "b4"), numbers, strict=True)),
                    "numbers": numbers,
                    "total": sum(numbers),
                }
                for words, *numbers in rows
            ],
        },
        "matrix": {
            "caption": "Senior cover by organisation and session",
            "first": "Organisation",
            "columns": [f"{day}\n9:30am" for day in ("Tue 24 Nov", "Thu 26 Nov", "Tue 1 Dec", "Thu 3 Dec")],
            "rows": [
                {"words": "Wrenshire Police", "cells": [cell["bad"], cell["open"], cell["good"], cell["good"]]},
                {"words": LONG[:120], "cells": [cell["good"], cell["good"], cell["open"], cell["bad"]]},
            ],
            "foot": {"words": "Covered", "cells": ["1 of 2", "1 of 2", "1 of 2", "1 of 2"]},
        },
    }


def _files() -> dict[str, Any]:
    return {
        "upload": {
            "file": "staff-list-november.csv",
            "read": 1204,
            "good": 1202,
            "heads": ["Name", "E-mail address", "Profession"],
            "rows": [["Amina Samplewood", "amina.samplewood@example.org", "Health visitor"]],
            "refused": [
                {"line": 17, "reason": "The e-mail address has no @"},
                {"line": 1190, "reason": "There is no name"},
            ],
        },
        "work": {"done": 6200, "total": 10000, "unit": "rows", "finished": False},
    }
