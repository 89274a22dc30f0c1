"""What the pages of this app share: loading through what somebody may see, and the page of one form."""

from functools import cache
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.permissions import Permission
from briefings.models import Programme, programme_ids_with
from history.statements import Reading


def programme_of(request: HttpRequest, slug: str, permission: Permission) -> Programme:
    """Return the programme in which this person holds ``permission``; raises Http404 for any other."""
    if "\x00" in slug:
        raise Http404
    ids = programme_ids_with(request.user, permission)
    found = _called().rows(slug=slug) if ids != [] else []
    if not found or (ids is not None and found[0].pk not in ids):
        raise Http404
    return found[0]


@cache
def _called() -> Reading:
    return Reading("programme_by_slug", Programme.objects.filter(slug="the slug"), slug="the slug")


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: str,
    button: str,
    back: str,
    back_words: str,
    programme: Programme | None = None,
    current: str = "",
    template: str = "briefings/form.html",
    **context: Any,
) -> HttpResponse:
    """Return the page of one form; status 422 where it was sent with something wrong."""
    known = {
        "form": form,
        "title": title,
        "button": button,
        "back_url": back,
        "back_words": back_words,
        "lead": "",
        "more_url": "",
        **_inside(programme, current),
        **context,
    }
    return render(request, template, known, status=422 if form.is_bound and form.errors else 200)


def confirm_page(
    request: HttpRequest,
    *,
    title: str,
    facts: list[tuple[str, Any]],
    words: str,
    button: str,
    back: str,
    programme: Programme | None = None,
    current: str = "",
    refusal: str = "",
) -> HttpResponse:
    """Return the page that asks before something ends: ``facts`` are what is touched; ``refusal`` why it cannot be."""
    context = {
        "title": title,
        "facts": [{"name": name, "value": value} for name, value in facts],
        "consequence": words,
        "button": button,
        "back_url": back,
        "refusal": refusal,
        **_inside(programme, current),
    }
    return render(request, "briefings/confirm.html", context, status=422 if refusal else 200)


def _inside(programme: Programme | None, current: str) -> dict[str, Any]:
    """Return what puts a page under the navigation of its programme."""
    return {"programme": programme, "caption": programme.name, "section": current} if programme else {}
