"""How a programme speaks: its words are changed, and where they stand in calendars a page says first who is told."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from attendance.actions.words import change_words
from attendance.forms.words import TellForm, VoiceForm
from attendance.queries.words import WORDS_TOLD, Concerned, who_comes
from attendance.views.sessions import typed_again
from briefings.models import Programme

_LABELS = {name: VoiceForm.base_fields[name].label for name in WORDS_TOLD}


@require_http_methods(["GET", "HEAD", "POST"])
def change_voice(request: HttpRequest, slug: str) -> HttpResponse:
    """Change how a programme speaks; where that is told, a page shows first who is told what."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_PROGRAMME), slug=slug)
    form, now = VoiceForm(request.POST if request.method == "POST" else None, instance=programme), timezone.now()
    if request.method != "POST" or not form.is_valid() or "again" in request.POST:
        return _form_page(request, programme, form)
    changes = form.changes
    new = {name: changes[name] for name in WORDS_TOLD if name in changes and changes[name] != getattr(programme, name)}
    concerned, tells = (who_comes(programme, now) if new else Concerned(0, 0, 0)), False
    if concerned.people:
        tell = TellForm(request.POST if "confirmed" in request.POST else None, concerned=concerned)
        if not tell.is_valid():
            return _preview(request, programme, new, concerned, tell)
        tells = tell.cleaned_data["tells"] == "everybody"
    change_words(programme=programme, changes=changes, tells=tells, by=request.user, now=now)
    messages.success(request, _done(concerned.people if tells else 0))
    return redirect("briefings:set-up-show", slug=programme.slug)


def _done(people: int) -> str:
    if not people:
        return "How the programme speaks: saved."
    return f"Saved. {people} {'person is' if people == 1 else 'people are'} told by e-mail."


def _form_page(request: HttpRequest, programme: Programme, form: VoiceForm) -> HttpResponse:
    context = {
        **_context(programme, "How the programme speaks"),
        "form": form,
        "button": "Save",
        "concerned": who_comes(programme, timezone.now()),
    }
    return render(request, "attendance/programmes/voice.html", context, status=422 if form.errors else 200)


def _preview(
    request: HttpRequest, programme: Programme, new: dict[str, str], concerned: Concerned, tell: TellForm
) -> HttpResponse:
    context = {
        **_context(programme, "Check who is told"),
        "facts": [
            {
                "name": _LABELS[name],
                "value": words or "Nothing",
                "note": f"It was: {getattr(programme, name) or 'nothing'}",
            }
            for name, words in new.items()
        ],
        "concerned": concerned,
        "form": tell,
        "typed": [(name, value) for name, value in typed_again(request) if name != "tells"],
    }
    return render(request, "attendance/programmes/check_voice.html", context, status=422 if tell.errors else 200)


def _context(programme: Programme, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "programme": programme,
        "section": "set-up",
        "caption": programme.name,
        "back_url": reverse("briefings:set-up-show", args=[programme.slug]),
        "back_words": "Back to the set-up",
    }
