"""Attitudes before and after workshops, for who runs a programme: what is asked, when, and what may be shown."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, has
from accounts.presses import one_press
from accounts.qr import qr_svg
from attendance.actions.attitudes import send_link
from attendance.forms.attitudes import AttitudesForm, OpenForm, SendForm
from attendance.queries.attitudes import attitudes_of, points_of, sessions_to_ask
from briefings.models import Programme
from face.paging import SHORT, page_of
from history.actions import key_of
from history.refusals import Refused
from surveys.actions.attitudes import close_point, open_point
from surveys.actions.questionnaires import change_statements, start_attitudes
from surveys.models import Method, Opening, Point, Questionnaire, Sheet
from surveys.queries import changes_too_few, shown_of

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def list_attitudes(request: HttpRequest, slug: str) -> HttpResponse:
    """What a programme asks or asked about attitudes, the newest first."""
    programme = _programme(request, slug, Permission.SEE_FEEDBACK)
    context = {
        **_context(request, programme, "Attitudes"),
        "page": page_of(attitudes_of(programme), request.GET.get("page"), size=SHORT),
        **_back(reverse("attendance:feedback-show", args=[slug]), "Back to feedback"),
    }
    return render(request, "attendance/attitudes/list.html", context)


@require_http_methods(_ASKS)
@one_press
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose how and what to ask."""
    programme = _programme(request, slug, Permission.CHOOSE_QUESTIONS)
    form = AttitudesForm(request.POST if request.method == "POST" else None, initial=AttitudesForm.initial_for([]))
    if request.method == "POST" and form.is_valid():
        try:
            made = start_attitudes(
                about=programme,
                method=form.cleaned_data["method"],
                title=form.cleaned_data["title"],
                words=form.words(),
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_refusal(refusal, "ready")
        else:
            return redirect("attendance:attitudes-show", slug=slug, questionnaire=made.pk)
    context = {**_context(request, programme, "Ask about attitudes"), "form": form, "button": "Save the statements"}
    context |= _back(reverse("attendance:attitudes-list", args=[slug]), "Back to attitudes")
    return render(request, "attendance/attitudes/form.html", context)


@require_safe
def show(request: HttpRequest, slug: str, questionnaire: int) -> HttpResponse:
    """One questionnaire: its points, and what may be shown of the answers."""
    programme = _programme(request, slug, Permission.SEE_FEEDBACK)
    own = _questionnaire(programme, questionnaire)
    points, shown = points_of(own), shown_of(own)
    context = {
        **_context(request, programme, own.title),
        "questionnaire": own,
        "points": points,
        "answered": any(each.answers for each in points),
        "shown": shown,
        "has_changes": any(each.changes for each in shown),
        "too_few": changes_too_few(own),
        **_back(reverse("attendance:attitudes-list", args=[slug]), "Back to attitudes"),
    }
    return render(request, "attendance/attitudes/show.html", context)


@require_http_methods(_ASKS)
def change_words(request: HttpRequest, slug: str, questionnaire: int) -> HttpResponse:
    """Change the statements while nobody has answered."""
    programme = _programme(request, slug, Permission.CHOOSE_QUESTIONS)
    own = _questionnaire(programme, questionnaire)
    if Sheet.objects.filter(opening__questionnaire=own).exists():
        raise Http404
    words = [each.words for each in own.statements.all()]
    initial = AttitudesForm.initial_for(words)
    form = AttitudesForm(request.POST if request.method == "POST" else None, initial=initial, words_only=True)
    if request.method == "POST" and form.is_valid():
        try:
            change_statements(questionnaire=own, words=form.words(), by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "ready")
        else:
            messages.success(request, "The statements are saved")
            return redirect("attendance:attitudes-show", slug=slug, questionnaire=own.pk)
    context = {**_context(request, programme, "Change the statements"), "form": form, "button": "Save the statements"}
    return render(request, "attendance/attitudes/form.html", {**context, **_to_show(own, slug)})


@require_http_methods(_ASKS)
def open_it(request: HttpRequest, slug: str, questionnaire: int, point: str) -> HttpResponse:
    """Open a point for answers, for so many people."""
    programme = _programme(request, slug, Permission.CHOOSE_QUESTIONS)
    own = _questionnaire(programme, questionnaire)
    if point not in own.points:
        raise Http404
    form = OpenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        opening = open_point(
            questionnaire=own, point=point, most=form.cleaned_data["most"], by=request.user, now=timezone.now()
        )
        return redirect("attendance:attitudes-room", slug=slug, questionnaire=own.pk, point=opening.point)
    title = f"Open “{Point(point).label}” for answers"
    context = {**_context(request, programme, title), "form": form, "button": "Open for answers", **_to_show(own, slug)}
    return render(request, "layouts/form.html", context)


@require_http_methods(_ASKS)
def close_it(request: HttpRequest, slug: str, questionnaire: int, point: str) -> HttpResponse:
    """Ask, then close a point and publish what may be shown."""
    programme = _programme(request, slug, Permission.CHOOSE_QUESTIONS)
    own = _questionnaire(programme, questionnaire)
    opening = _opening(own, point)
    if request.method == "POST":
        close_point(opening=opening, by=request.user, now=timezone.now())
        messages.success(request, "Closed. What may be shown is shown now")
        return redirect("attendance:attitudes-show", slug=slug, questionnaire=own.pk)
    number = opening.sheets.count()
    context = _context(request, programme, f"Close “{opening.get_point_display()}”?") | {
        "facts": [{"name": "Answers so far", "value": number}],
        "consequence": "Nobody can answer any more. The answers are published as far as they may be shown: with fewer "
        "than ten, nothing is. Later answers would be published only in tens.",
        "button": "Close and publish",
        **_to_show(own, slug),
    }
    return render(request, "layouts/confirm.html", context)


@require_safe
def show_in_room(request: HttpRequest, slug: str, questionnaire: int, point: str) -> HttpResponse:
    """The code, large, to show in the room."""
    programme = _programme(request, slug, Permission.SEE_FEEDBACK)
    own = _questionnaire(programme, questionnaire)
    opening = _opening(own, point)
    context = _context(request, programme, own.title) | {"opening": opening, **_to_show(own, slug)}
    context["link"] = settings.SITE_URL + reverse("surveys:attitudes-answer", args=[opening.code])
    context["qr"] = qr_svg(context["link"], "Opens the statements on a phone")
    context["address"] = (settings.SITE_URL + reverse("surveys:attitudes-code")).partition("://")[2]
    return render(request, "attendance/attitudes/room.html", context)


@require_http_methods(_ASKS)
def send(request: HttpRequest, slug: str, questionnaire: int, point: str) -> HttpResponse:
    """Mail the link to those who have a place in sessions to come, or came to sessions that are over."""
    programme = _programme(request, slug, Permission.CHOOSE_QUESTIONS)
    own = _questionnaire(programme, questionnaire)
    opening, now = _opening(own, point), timezone.now()
    form = SendForm(request.POST if request.method == "POST" else None, sessions=sessions_to_ask(programme))
    if request.method == "POST" and form.is_valid():
        number = send_link(
            opening=opening, programme=programme, sessions=form.cleaned_data["sessions"], by=request.user, now=now
        )
        messages.success(request, f"The link goes to {number} {'person' if number == 1 else 'people'}")
        return redirect("attendance:attitudes-show", slug=slug, questionnaire=own.pk)
    title = f"Send the link: {opening.get_point_display().lower()}"
    context = {**_context(request, programme, title), "form": form, "button": "Send by e-mail", **_to_show(own, slug)}
    return render(request, "layouts/form.html", context)


def _programme(request: HttpRequest, slug: str, permission: Permission) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, permission), slug=slug)


def _questionnaire(programme: Programme, pk: int) -> Questionnaire:
    found: QuerySet[Questionnaire] = Questionnaire.objects.exclude(method=Method.FEEDBACK)
    return get_object_or_404(found, pk=pk, about=key_of(programme))


def _opening(questionnaire: Questionnaire, point: str) -> Opening:
    """Return the open ``point`` of ``questionnaire``; raises Http404 where it takes no answers."""
    return get_object_or_404(questionnaire.openings.filter(closed_on__isnull=True), point=point)


def _context(request: HttpRequest, programme: Programme, title: str) -> dict[str, Any]:
    return {
        "programme": programme,
        "section": "feedback",
        "caption": programme.name,
        "title": title,
        "can_choose": has(request.user, Permission.CHOOSE_QUESTIONS, programme),
    }


def _to_show(questionnaire: Questionnaire, slug: str) -> dict[str, str]:
    return _back(reverse("attendance:attitudes-show", args=[slug, questionnaire.pk]), "Back to the answers")


def _back(url: str, words: str) -> dict[str, str]:
    return {"back_url": url, "back_words": words}
