"""Inviting: choose whom, write the words, check, watch it go out; who is left out, who said no."""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import Permission
from attendance.actions import invitations as actions
from attendance.forms.invitations import AnswerFilter, ChoiceForm, LeftOutFilter, WordsForm
from attendance.messages.invitations import context_of, subject_of
from attendance.models import Invitation, InvitationAnswer, InvitationRound, RoundState
from attendance.queries.invitations import (
    InvitationChoice,
    LeftOut,
    answers_no,
    belonging,
    figures_of_choice,
    figures_of_rounds,
    has_session_to_choose,
    last_round,
    people_left_out,
    people_to_invite,
    surroundings_of,
    who_answered,
)
from briefings.models import Programme
from face.dates import moment
from face.paging import LONG, SHORT, page_of
from face.spreadsheets import stream_csv
from history.actions import look, look_at_many
from history.queries import timeline
from history.refusals import Refused
from organisations.models import Affiliation


def programme_of(request: HttpRequest, slug: str) -> Programme:
    """Return the programme in which this person may invite; raises Http404 for any other."""
    return get_object_or_404(Programme.objects.where(request.user, Permission.INVITE_PEOPLE), slug=slug)


def _around(programme: Programme, title: str, back: str = "", back_words: str = "", query: str = "") -> dict[str, Any]:
    """Return what every page of inviting knows; ``back`` is a URL name that takes the slug."""
    return {
        "programme": programme,
        "section": "inviting",
        "title": title,
        "caption": programme.name,
        "back_url": f"{reverse(back, args=[programme.slug])}{query}" if back else "",
        "back_words": back_words,
    }


@require_safe
def list_rounds(request: HttpRequest, slug: str) -> HttpResponse:
    """The rounds so far with their figures, and how many people are still to be invited."""
    programme, now = programme_of(request, slug), timezone.now()
    page = page_of(programme.invitation_rounds.select_related("made_by"), request.GET.get("page"), size=SHORT)
    context = {
        **_around(programme, "Inviting"),
        "page": page,
        "rounds": figures_of_rounds(page.rows),
        "everybody": figures_of_choice(programme, InvitationChoice(), now),
        "said_no": answers_no(programme).count(),
        "can_choose": has_session_to_choose(programme, now),
        "filter": None,
        "empty_title": "No round of invitations yet",
        "empty_text": "Choose whom to invite; you see the mail and the number of people before anything is sent.",
    }
    return render(request, "attendance/round_list.html", context)


@require_safe
def choose_people(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose whom to invite; says how many, who is left out and why."""
    programme, now = programme_of(request, slug), timezone.now()
    form = _choice_form(programme, request.GET if request.GET else None, now)
    return _choice_page(request, programme, form, now)


def _choice_page(request: HttpRequest, programme: Programme, form: ChoiceForm, now: datetime) -> HttpResponse:
    choice = InvitationChoice() if not form.is_bound else form.choice() if form.is_valid() else None
    context = {
        **_around(programme, "Whom do you want to invite?", "attendance:round-list", "Back to inviting"),
        "form": form,
        "figures": figures_of_choice(programme, choice, now) if choice else None,
        "address": urlencode(form.pairs()) if form.is_bound and choice else "who=new",
        "can_choose": has_session_to_choose(programme, now),
    }
    return render(request, "attendance/round_choose.html", context, status=200 if choice else 422)


@require_safe
def list_left_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is left out of a choice, by name and with the reason."""
    programme, now = programme_of(request, slug), timezone.now()
    form = _choice_form(programme, request.GET, now)
    if not form.is_valid():
        return redirect("attendance:round-choose", slug)
    found = LeftOutFilter(request.GET)
    reason = found.value("reason") or ""
    page = page_of(people_left_out(programme, form.choice(), now, reason), request.GET.get("page"), size=LONG)
    look_at_many(by=request.user, at=page.rows, page="attendance:round-left-out", now=now)
    query = f"?{urlencode(form.pairs())}"
    context = {
        **_around(programme, "Who is left out", "attendance:round-choose", "Back to the choice", query),
        "filter": found,
        "carried": form.pairs(),
        "empty_title": "Nobody is left out",
        "empty_text": "Everybody who is eligible with this choice will be invited.",
        "page": page,
        "rows": _with_belonging(programme, page.rows, now),
    }
    return render(request, "attendance/round_left_out.html", context)


def _with_belonging(programme: Programme, people: list[Person], now: datetime) -> list[dict[str, Any]]:
    found = belonging(programme, [person.pk for person in people], now)
    return [
        {"person": person, "reason": LeftOut(person.left_out).label, **_belongs(found.get(person.pk))}
        for person in people
    ]


def _belongs(affiliation: Affiliation | None) -> dict[str, str]:
    """Return organisation and profession in words; somebody who left in the meantime has neither."""
    profession = affiliation and affiliation.profession
    return {
        "organisation": affiliation.organisation.name if affiliation else "No longer in scope",
        "profession": profession.name if profession else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def write_words(request: HttpRequest, slug: str) -> HttpResponse:
    """The words of a round with a preview; then the check page; then the round itself.

    Only "send" changes anything; the other buttons carry what was typed to the next page and back.
    """
    programme, now = programme_of(request, slug), timezone.now()
    sent = request.POST if request.method == "POST" else request.GET
    choosing = _choice_form(programme, sent, now)
    if not choosing.is_valid():
        return _choice_page(request, programme, choosing, now)
    step = request.POST.get("do", "") if request.method == "POST" else ""
    words = WordsForm(request.POST) if step else WordsForm(initial=_usual_words(programme))
    if not step or step not in ("check", "send") or not words.is_valid():
        return _words_page(request, programme, choosing, words, now)
    if step == "check":
        return _check_page(request, programme, choosing, words, now)
    return _send(request, programme, choosing, words, now)


def _choice_form(programme: Programme, data: Any, now: datetime) -> ChoiceForm:
    return ChoiceForm(data, initial={"who": "new"}, programme=programme, last=last_round(programme), now=now)


def _usual_words(programme: Programme) -> dict[str, str]:
    return {
        "subject": programme.invitation_subject or f"Choose your session: {programme.name}"[:150],
        "introduction": programme.invitation_introduction,
    }


def _words_page(
    request: HttpRequest, programme: Programme, choosing: ChoiceForm, words: WordsForm, now: datetime, refusal: str = ""
) -> HttpResponse:
    choice = choosing.choice()
    back = f"?{urlencode(choosing.pairs())}"
    context = {
        **_around(programme, "What will the mail say?", "attendance:round-choose", "Back to whom to invite", back),
        "form": words,
        "carried": choosing.pairs(),
        "chosen": choosing.in_words(),
        "address": urlencode(choosing.pairs()),
        "figures": figures_of_choice(programme, choice, now),
        "preview": _preview(request, programme, choice, words, now),
        "can_choose": has_session_to_choose(programme, now),
        "refusal": refusal,
    }
    return render(request, "attendance/round_words.html", context, status=422 if words.errors or refusal else 200)


def _preview(
    request: HttpRequest, programme: Programme, choice: InvitationChoice, words: WordsForm, now: datetime
) -> dict[str, Any] | None:
    """Return the mail as the first of the chosen people will get it, by name; None where nobody is chosen.

    Its link leads nowhere: a preview must not hand out somebody's personal link.
    """
    person = people_to_invite(programme, choice, now).order_by("sort_name", "pk").first()
    if person is None:
        return None
    look(by=request.user, at=person, page="attendance:round-words", now=now)
    words.is_valid()
    # What was typed wrong is shown as it usually reads, what was right as it was typed.
    typed = {**_usual_words(programme), **(words.cleaned_data if words.is_bound else {})}
    made = InvitationRound(programme=programme, **typed)
    invitation = Invitation(programme=programme, person=person, round=made, invited_at=now)
    return {
        **context_of(invitation, "#preview", surroundings_of(programme, [person.pk], now)[person.pk]),
        "introduction": typed["introduction"],
        "subject": subject_of(invitation, "invitation"),
        "site_name": settings.SITE_NAME,
        "site_owner": settings.SITE_OWNER,
        "site_url": settings.SITE_URL,
        "button": "btn second",
    }


def _check_page(
    request: HttpRequest, programme: Programme, choosing: ChoiceForm, words: WordsForm, now: datetime
) -> HttpResponse:
    back = f"?{urlencode(choosing.pairs())}"
    context = {
        **_around(programme, "Check before you invite", "attendance:round-choose", "Back to whom to invite", back),
        "carried": [*choosing.pairs(), *((name, words.cleaned_data[name]) for name in ("subject", "introduction"))],
        "chosen": choosing.in_words(),
        "address": urlencode(choosing.pairs()),
        "words": words.cleaned_data,
        "figures": figures_of_choice(programme, choosing.choice(), now),
        "days": sorted(programme.invitation_reminder_days),
        "press": uuid.uuid4(),
    }
    return render(request, "attendance/round_check.html", context)


def _send(
    request: HttpRequest, programme: Programme, choosing: ChoiceForm, words: WordsForm, now: datetime
) -> HttpResponse:
    try:
        press = uuid.UUID(request.POST.get("press", ""))
    except ValueError:
        return _check_page(request, programme, choosing, words, now)
    try:
        made = actions.start_round(
            programme=programme, choice=choosing.choice(), **words.cleaned_data, press=press, by=request.user, now=now
        )
    except Refused as refusal:
        return _words_page(request, programme, choosing, words, now, refusal.sentence)
    return redirect("attendance:round-show", slug=programme.slug, round=made.pk)


def _round_of(request: HttpRequest, slug: str, number: int) -> InvitationRound:
    programmes = Programme.objects.where(request.user, Permission.INVITE_PEOPLE)
    return get_object_or_404(
        InvitationRound.objects.select_related("programme", "made_by"),
        pk=number,
        programme__in=programmes,
        programme__slug=slug,
    )


@require_safe
def show_round(request: HttpRequest, slug: str, round: int) -> HttpResponse:
    """How one round is doing; the page asks for its figures again by itself while they move."""
    made = _round_of(request, slug, round)
    [figures] = figures_of_rounds([made])
    title = f"Invitations of {moment(made.made_at)}"
    context = {
        **_around(made.programme, title, "attendance:round-list", "Back to inviting"),
        "made": made,
        "figures": figures,
        "events": [
            {"title": event.words, "shape": event.mark, "who": event.who, "at": event.at, "words": ""}
            for event in timeline(made)
        ],
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "attendance/_round_figures.html" if part else "attendance/round_show.html", context)


@require_POST
def pause_round(request: HttpRequest, slug: str, round: int) -> HttpResponse:
    """Hold what has not gone out yet."""
    return _steer(request, slug, round, actions.pause_round, "The round is paused. Nothing goes out until you go on.")


@require_POST
def resume_round(request: HttpRequest, slug: str, round: int) -> HttpResponse:
    """Let a paused round go out."""
    return _steer(request, slug, round, actions.go_on_with_round, "The round goes on.")


@require_http_methods(["GET", "HEAD", "POST"])
def stop_round(request: HttpRequest, slug: str, round: int) -> HttpResponse:
    """End a round for good, after a page that says what that means."""
    if request.method == "POST":
        said = "The round is stopped. Whoever had not been mailed yet counts as not invited."
        return _steer(request, slug, round, actions.stop_round, said)
    made = _round_of(request, slug, round)
    if made.state not in (RoundState.SENDING, RoundState.PAUSED):
        return redirect("attendance:round-show", slug=slug, round=made.pk)
    [figures] = figures_of_rounds([made])
    here = reverse("attendance:round-show", args=[slug, made.pk])
    context = {
        **_around(made.programme, "Stop this round?"),
        "back_url": here,
        "back_words": "Back to the round",
        "made": made,
        "figures": figures,
        "not_yet": figures.waiting + figures.held,
        "consequence": "It cannot go on after that, and its reminders end. Whoever was not mailed yet counts as not "
        "invited, so you can invite them again with other words.",
        "button": "Stop this round",
    }
    return render(request, "attendance/round_stop.html", context)


def _steer(request: HttpRequest, slug: str, round: int, action: Any, said: str) -> HttpResponse:
    made = _round_of(request, slug, round)
    try:
        action(round=made, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("attendance:round-show", slug=slug, round=made.pk)


@require_safe
def list_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """Who said that no date suits, or that it is not for them."""
    programme, now = programme_of(request, slug), timezone.now()
    found = AnswerFilter(request.GET)
    page = page_of(answers_no(programme, found.value("answer") or ""), request.GET.get("page"), size=LONG)
    people = [invitation.person for invitation in page.rows]
    look_at_many(by=request.user, at=people, page="attendance:answer-list", now=now)
    belongs = belonging(programme, [person.pk for person in people], now)
    said_by = who_answered(page.rows)
    context = {
        **_around(programme, "Who said no", "attendance:round-list", "Back to inviting"),
        "filter": found,
        "page": page,
        "rows": [
            {"invitation": row, "said_by": said_by[row.pk], **_belongs(belongs.get(row.person_id))} for row in page.rows
        ],
        "empty_title": "" if found.chosen() else "Nobody has said no",
        "empty_text": ""
        if found.chosen()
        else "Whoever says that no date suits, or that it is not for them, stands here.",
    }
    return render(request, "attendance/answer_list.html", context)


@require_safe
def export_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a CSV file, with every page."""
    programme, now = programme_of(request, slug), timezone.now()
    found = list(answers_no(programme, AnswerFilter(request.GET).value("answer") or ""))
    look_at_many(by=request.user, at=[row.person for row in found], page="attendance:answer-export", now=now)
    belongs = belonging(programme, [row.person_id for row in found], now)
    said_by = who_answered(found)
    rows = (_answer_cells(row, belongs.get(row.person_id), said_by[row.pk]) for row in found)
    header = ["Name", "E-mail address", "Organisation", "Profession", "Answer", "Said by", "Date"]
    return stream_csv(f"answers-{programme.slug}", header, rows)


def _answer_cells(row: Invitation, affiliation: Affiliation | None, said_by: str) -> list[str]:
    belongs = _belongs(affiliation)
    return [
        row.person.name,
        row.person.email or "",
        belongs["organisation"],
        belongs["profession"],
        InvitationAnswer(row.answer).label,
        said_by,
        f"{timezone.localtime(row.answered_at):%Y-%m-%d}",
    ]
