"""Several questions of a list at once: assign or pass on, join, file. A page shows which before anything is done."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission
from accounts.presses import one_press
from briefings.models import Programme
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.actions.questions.several import Outcome
from commitments.clocks import local_day
from commitments.forms.handling import ThemeForm
from commitments.forms.several import AssignSeveralForm, MergeSeveralForm
from commitments.models import Question
from commitments.queries.assurances import mandates_on
from commitments.queries.standards import themes_of

MOST = 50
TITLES = {
    "assign": ("Ask one senior manager to answer these questions", "Ask this senior manager"),
    "join": ("Join these questions", "Join them"),
    "file": ("File these questions under a theme", "Keep the theme"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def handle_several(request: HttpRequest, slug: str) -> HttpResponse:
    """Do one thing to the questions ticked in the list of a programme. A GET asks, a POST does."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)
    given = request.POST if request.method == "POST" else request.GET
    back = reverse("commitments:programme-questions", args=[slug])
    do, chosen = given.get("do", ""), _chosen(programme, given.getlist("chosen"))
    if not chosen:
        messages.error(request, "Choose a question first: tick the box beside it")
        return redirect(back)
    if do not in TITLES:
        raise Http404
    form = _form(request, programme, do, chosen)
    if form.is_bound and form.is_valid():
        _say(request, _act(request, programme, do, chosen, form.cleaned_data), do)
        return redirect(back)
    title, button = TITLES[do]
    context = {
        "programme": programme,
        "section": "questions",
        "caption": programme.name,
        "title": title,
        "button": button,
        "form": form,
        "do": do,
        "chosen": chosen,
        "back_url": back,
        "back_words": "Back to questions",
    }
    return render(request, "commitments/questions/several.html", context)


def _chosen(programme: Programme, ids: list[str]) -> list[Question]:
    wanted = []
    for each in ids[:MOST]:
        try:
            wanted.append(UUID(each))
        except ValueError:
            continue
    found = Question.objects.filter(programme=programme, pk__in=wanted).select_related("programme", "owner")
    return list(found.order_by("raised_on", "reference"))


def _form(request: HttpRequest, programme: Programme, do: str, chosen: list[Question]) -> Any:
    posted = request.POST if request.method == "POST" else None
    if do == "assign":
        mandates = mandates_on(programme, local_day(programme, timezone.now()))
        return AssignSeveralForm(posted, mandates=mandates, is_owned=any(each.owner_id for each in chosen))
    if do == "join":
        return MergeSeveralForm(posted, chosen=chosen)
    return ThemeForm(posted, themes=themes_of(programme))


def _act(request: HttpRequest, programme: Programme, do: str, chosen: list[Question], said: dict) -> Outcome:
    common = {"by": request.user, "now": timezone.now()}
    if do == "assign":
        reason = said.get("reason", "")
        return actions.assign_several(questions=chosen, mandate=said["mandate"], reason=reason, **common)
    if do == "join":
        into = next(each for each in chosen if str(each.pk) == said["into"])
        return actions.merge_several(questions=chosen, into=into, **common)
    policies.file_under(questions=chosen, theme=said["theme"], **common)
    return Outcome(done=chosen)


def _say(request: HttpRequest, outcome: Outcome, do: str) -> None:
    number = len(outcome.done)
    done = {"assign": "asked of the senior manager", "join": "joined", "file": "filed"}[do]
    said = f"{number} question{'s are' if number != 1 else ' is'} {done}."
    for question, why in outcome.refused:
        said += f" {question.reference} is not: {why}"
    (messages.warning if outcome.refused else messages.success)(request, said.rstrip("."))
