"""What the scribe does with the room and with each question in it: one press, one action."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from briefings.models import Mandate, Session
from commitments.actions import room as actions
from commitments.actions.questions import commission, merge
from commitments.clocks import local_day
from commitments.forms.room import AnsweredForm, OpenForm, OwnersForm, SameForm, TakenForm
from commitments.models import UNANSWERED, Commission, HiddenBecause, LiveRoom, Question
from commitments.queries.assurances import mandates_on
from commitments.queries.room import room_of, same_as, speakers_of, without_owner
from commitments.rules import can_triage
from commitments.views.questions import is_anybody_told
from commitments.views.scribe import session_of_scribe
from face.forms import HubForm
from history.actions import look_at_many
from history.refusals import Refused


@require_POST
def open_it(request: HttpRequest, session: int) -> HttpResponse:
    """Let people ask from their phones."""
    own = session_of_scribe(request, session)
    form = OpenForm(request.POST, prefix="room")
    is_moderated = form.cleaned_data["is_moderated"] if form.is_valid() else True
    return _do(
        request,
        own,
        lambda **by: actions.open_room(session=own, is_moderated=is_moderated, **by),
        "Live questions are open. Show the code on the screen",
    )


@require_POST
def set_moderation(request: HttpRequest, session: int) -> HttpResponse:
    """Let new questions wait for the scribe, or not."""
    own = _with_room(request, session)
    is_moderated = request.POST.get("moderated") == "yes"
    said = "New questions wait until you show them" if is_moderated else "New questions are shown at once"
    return _do(request, own, lambda **by: actions.set_moderation(session=own, is_moderated=is_moderated, **by), said)


@require_POST
def change_code(request: HttpRequest, session: int) -> HttpResponse:
    """Give the room another code."""
    own = _with_room(request, session)
    said = "There is a new code. Open the screen again, so that everybody can see it"
    return _do(request, own, lambda **by: actions.change_code(session=own, **by), said)


@require_http_methods(["GET", "HEAD", "POST"])
def close_it(request: HttpRequest, session: int) -> HttpResponse:
    """Show what nobody answers yet, give it to people who are still in the room, and take no more questions."""
    own = _with_room(request, session)
    mandates = mandates_on(own.programme, local_day(own.programme, timezone.now()))
    open_questions = list(without_owner(own))
    form = OwnersForm(request.POST if request.method == "POST" else None, questions=open_questions, mandates=mandates)
    if request.method == "POST" and form.is_valid() and _give_owners(request, own, form):
        actions.close_room(session=own, by=request.user, now=timezone.now())
        left = without_owner(own).count()
        messages.success(request, f"Live questions are closed. {_left_words(left)}")
        return redirect("commitments:session-questions", session=own.pk)
    look_at_many(
        by=request.user, at=[each.person for each in mandates], page="commitments:room-close", now=timezone.now()
    )
    context = {
        **_context(own),
        "room": room_of(own),
        "form": form,
        "title": "Close live questions",
        "back_url": reverse("commitments:session-questions", args=[own.pk]),
        "back_words": "Back to the questions",
    }
    return render(request, "commitments/room/close.html", context)


def _give_owners(request: HttpRequest, own: Session, form: OwnersForm) -> bool:
    """Give each question to who was chosen; what cannot be given is said, and the rest stands."""
    for question, mandate in form.given():
        try:
            _take_away(question, mandate, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error(None, f"{question.reference}: {refusal.sentence}")
    return form.is_valid()


def _left_words(number: int) -> str:
    if not number:
        return "Every question is answered or has an owner"
    if number == 1:
        return "1 question stays with the coordinator, who finds an owner"
    return f"{number} questions stay with the coordinator, who finds owners"


@require_safe
def show_one(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """One question, with who answered it in which words, or who takes it away."""
    own, asked = _question(request, session, question)
    return _one(request, own, asked)


def _one(request: HttpRequest, own: Session, asked: Question, **typed: HubForm) -> HttpResponse:
    """Render the page with its forms; ``typed`` are those that came back with errors."""
    today = local_day(own.programme, timezone.now())
    speakers, mandates = speakers_of(own, today), mandates_on(own.programme, today)
    people = [each.person for each in (*speakers, *mandates)]
    look_at_many(by=request.user, at=people, page="commitments:room-question", now=timezone.now())
    forms: dict[str, HubForm] = {}
    if asked.state in UNANSWERED:
        forms["answered_form"] = AnsweredForm(prefix="answered", speakers=speakers)
        if asked.owner is None:
            forms["taken_form"] = TakenForm(prefix="taken", mandates=mandates)
        if same_as(asked).exists():
            forms["same_form"] = SameForm(prefix="same", others=same_as(asked))
    forms |= typed
    context = {
        **_context(own),
        **forms,
        "forms": list(forms.values()),
        "question": asked,
        "answers": asked.answers.select_related("organisation", "given_by"),
        "may_triage": can_triage(request.user, own.programme),
        "title": "One question",
        "back_url": reverse("commitments:session-questions", args=[own.pk]),
        "back_words": "Back to the questions",
    }
    return render(request, "commitments/room/question.html", context)


@require_POST
def show_it(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """Show a question to everybody in the room."""
    own, asked = _question(request, session, question)
    said = f"{asked.reference} is shown"
    return _do(request, own, lambda **by: actions.show_question(session=own, question=asked, **by), said)


@require_POST
def hide_it(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """Keep a question from the room, for one of the reasons there are."""
    own, asked = _question(request, session, question)
    because = request.POST.get("because", "")
    if because not in HiddenBecause.values:
        messages.error(request, "Say why it is hidden: press one of the reasons")
        return redirect("commitments:session-questions", session=own.pk)
    said = f"{asked.reference} is hidden. It is still answered or ended like any other"
    return _do(
        request, own, lambda **by: actions.hide_question(session=own, question=asked, because=because, **by), said
    )


@require_POST
def answered_now(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """Note who answered it in the room, in which words."""
    own, asked = _question(request, session, question)
    speakers = speakers_of(own, local_day(own.programme, timezone.now()))
    form = AnsweredForm(request.POST, prefix="answered", speakers=speakers)
    if not form.is_valid():
        return _one(request, own, asked, answered_form=form)
    said = f"{asked.reference} is answered{'. Whoever asked is told' if is_anybody_told(asked) else ''}"
    return _do(request, own, lambda **by: actions.answer_in_room(question=asked, **form.cleaned_data, **by), said)


@require_POST
def taken_away(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """Give it an owner before people leave."""
    own, asked = _question(request, session, question)
    form = TakenForm(
        request.POST, prefix="taken", mandates=mandates_on(own.programme, local_day(own.programme, timezone.now()))
    )
    if not form.is_valid():
        return _one(request, own, asked, taken_form=form)
    mandate = form.cleaned_data["mandate"]
    said = f"{mandate.person.name} takes {asked.reference} away and is asked by e-mail to answer it"
    return _do(request, own, lambda **by: _take_away(asked, mandate, **by), said)


@require_POST
def same(request: HttpRequest, session: int, question: str) -> HttpResponse:
    """Join it with another question of the session that asks the same."""
    own, asked = _question(request, session, question)
    form = SameForm(request.POST, prefix="same", others=same_as(asked))
    if not form.is_valid():
        return _one(request, own, asked, same_form=form)
    into = form.cleaned_data["into"]
    said = f"{asked.reference} is joined with {into.reference}. Whoever asked either gets its answer"
    return _do(request, own, lambda **by: merge(question=asked, into=into, **by), said)


def _take_away(question: Question, mandate: Mandate, **by: Any) -> Commission:
    return commission(question=question, organisation=mandate.organisation, person=mandate.person, **by)


def _with_room(request: HttpRequest, session: int) -> Session:
    own = session_of_scribe(request, session)
    get_object_or_404(LiveRoom, session=own)
    return own


def _question(request: HttpRequest, session: int, question: str) -> tuple[Session, Question]:
    own = _with_room(request, session)
    return own, get_object_or_404(
        own.questions.select_related("programme", "session", "organisation", "owner"), pk=question
    )


def _context(own: Session) -> dict:
    return {"session": own, "programme": own.programme, "section": "sessions"}


def _do(request: HttpRequest, own: Session, act: Callable[..., object], said: str) -> HttpResponse:
    """Act and come back to the scribe's screen with one sentence."""
    try:
        act(by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:session-questions", session=own.pk)
