"""What the pages of this app share: the page of one form, the page that asks first, and what stands in an address."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

READ_OR_POST = ["GET", "HEAD", "POST"]
_LARGEST_ID = 2**63 - 1


def demand(may: bool) -> None:
    """Answer with the page that says "not for you" where ``may`` is false: for pages without an object."""
    if not may:
        raise PermissionDenied


def row_of(found: Any, pk: int) -> Any:
    """Return the row of the QuerySet ``found`` with the id ``pk``, however large a number was typed; else Http404."""
    row = found.filter(pk=pk).first() if pk <= _LARGEST_ID else None
    if row is None:
        raise Http404
    return row


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: str,
    button: str,
    back: str,
    back_words: str,
    template: str = "organisations/form.html",
    **context: Any,
) -> HttpResponse:
    """Return the page of one form; status 422 where it was sent with something wrong."""
    known = {"form": form, "title": title, "button": button, "back_url": back, "back_words": back_words, "lead": ""}
    return render(request, template, {**known, **context}, status=_status(form))


def confirm_page(
    request: HttpRequest,
    *,
    title: str,
    facts: list[tuple[str, Any]],
    words: str,
    button: str,
    back: str,
    form: forms.BaseForm | None = None,
    refusal: str = "",
    harmless: bool = False,
) -> HttpResponse:
    """Return the page that asks first: ``facts`` are what is touched; ``refusal`` says why it cannot be."""
    context = {
        "title": title,
        "facts": [{"name": name, "value": value} for name, value in facts],
        "consequence": words,
        "button": button,
        "back_url": back,
        "refusal": refusal,
        "harmless": harmless,
    }
    if form is not None:
        context["form"] = form
    return render(request, "organisations/confirm.html", context, status=422 if refusal else _status(form))


def _status(form: forms.BaseForm | None) -> int:
    return 422 if form is not None and form.is_bound and form.errors else 200
