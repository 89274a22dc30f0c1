"""How a coordinator takes words and files out of a promise that must not stay."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from commitments.actions import redaction as actions
from commitments.forms.handling import RedactForm
from commitments.models import Assurance, Evidence, EvidenceFile, Handover, Review
from commitments.views.handling import DESTROYED
from commitments.views.keeping import READ_OR_POST, assurance_page, assurance_with
from history.refusals import Refused

SAID = {"evidence": (Evidence, "evidence"), "review": (Review, "review")}
"""By kind in the address: the words of what, and how they are called."""
REASONS = {
    "sent-back": (Evidence, "returned_because", "reason why evidence was sent back"),
    "not-taken-over": (Handover, "reason", "reason why somebody does not take it over"),
}
_MOST = {Assurance: 2000, Evidence: 3000, Review: 2000}
_MOST_OF_A_REASON = 500


@require_http_methods(READ_OR_POST)
def redact_words(request: HttpRequest, assurance: int) -> HttpResponse:
    """Destroy words of the promise itself."""
    own = assurance_with(request, assurance, "may_redact")
    return _said(request, own, own, "promise")


@require_http_methods(READ_OR_POST)
def redact_ending(request: HttpRequest, assurance: int) -> HttpResponse:
    """Destroy words of the reason why a promise ended."""
    own = assurance_with(request, assurance, "may_redact")
    return _reason(request, own, own, "end_reason", "reason why it ended")


@require_http_methods(READ_OR_POST)
def redact_part(request: HttpRequest, assurance: int, kind: str, number: int) -> HttpResponse:
    """Destroy words of evidence, of a review or of a reason, or a file of the evidence."""
    own = assurance_with(request, assurance, "may_redact")
    if kind == "file":
        return _file(request, own, number)
    if kind in REASONS:
        model, field, called = REASONS[kind]
        return _reason(request, own, get_object_or_404(model, assurance=own, pk=number), field, called)
    if kind not in SAID:
        raise Http404
    model, called = SAID[kind]
    return _said(request, own, get_object_or_404(model, assurance=own, pk=number), called)


def _said(request: HttpRequest, own: Assurance, what: Any, called: str) -> HttpResponse:
    def act(words: str) -> None:
        actions.redact_said(what=what, words=words, by=request.user, now=timezone.now())

    return _words(request, own, what.words, _MOST[type(what)], act, called)


def _reason(request: HttpRequest, own: Assurance, what: Any, field: str, called: str) -> HttpResponse:
    def act(words: str) -> None:
        actions.redact_reason_of(what=what, words=words, by=request.user, now=timezone.now())

    return _words(request, own, getattr(what, field), _MOST_OF_A_REASON, act, called)


def _words(
    request: HttpRequest, own: Assurance, before: str, most: int, act: Callable[[str], None], called: str
) -> HttpResponse:
    """Show ``before`` to be changed into what may stay, and let it be destroyed by ``act``."""
    form = RedactForm(request.POST if request.method == "POST" else None, initial={"words": before})
    form.fields["words"].max_length = most
    if form.is_bound and form.is_valid():
        try:
            act(form.cleaned_data["words"])
        except Refused as refusal:
            form.add_refusal(refusal, "words")
        else:
            return _destroyed(request, own)
    context = assurance_page(own) | {"form": form, "before": before, "title": f"Redact the {called}"}
    context |= {"button": "Destroy the original words"}
    return render(request, "commitments/assurances/redact.html", context)


def _file(request: HttpRequest, own: Assurance, number: int) -> HttpResponse:
    file = get_object_or_404(EvidenceFile, evidence__assurance=own, pk=number)
    if request.method == "POST":
        try:
            actions.destroy_file(file=file, by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
            return redirect("commitments:assurance-show", assurance=own.pk)
        return _destroyed(request, own, "The file is destroyed, and its name too")
    if file.destroyed_on:
        raise Http404
    context = assurance_page(own) | {
        "title": f"Destroy the file {file.file_name}?",
        "consequence": "The file and its name are destroyed and cannot be got back. The page says that there was one, "
        "and the history that it was destroyed.",
        "button": "Destroy the file",
    }
    return render(request, "commitments/assurances/confirm.html", context)


def _destroyed(request: HttpRequest, own: Assurance, said: str = DESTROYED) -> HttpResponse:
    messages.success(request, said)
    return redirect("commitments:assurance-show", assurance=own.pk)
