"""Tellings as coordinators make them, and as everybody reads them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import fresh_code_required, reads_no_session
from accounts.links import personal_link
from accounts.permissions import Permission
from attendance.models import Place
from briefings.models import Programme
from commitments.actions import telling as actions
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.forms.telling import IntroForm, ItemForm, StartForm
from commitments.models import Telling, TellingState
from commitments.queries.telling import (
    MOST_ITEMS,
    SHOWN,
    attended,
    by_section,
    findings_of,
    list_page,
    said_words,
    seal_of,
    told_everybody,
    told_to_place,
)
from commitments.rules import can_triage
from commitments.views.programmes import programme_read, public_programme
from commitments.views.raising import shown_sessions
from face.paging import SHORT, page_of
from history.queries import timeline
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_POST)
def list_tellings(request: HttpRequest, slug: str) -> HttpResponse:
    """What a programme has told and is about to tell, with a form for another draft."""
    programme = programme_read(request, slug)
    may = can_triage(request.user, programme)
    form = None
    if may:
        chosen = request.GET.get("session", "")
        form = StartForm(
            request.POST if request.method == "POST" else None,
            sessions=shown_sessions(programme).select_related(None),
            initial={"session": chosen} if chosen.isdecimal() else {},
        )
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                made = actions.draft_telling(
                    programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data
                )
            except Refused as refusal:
                form.add_refusal(refusal)
            else:
                return redirect("commitments:telling-show", telling=made.pk)
    found = programme.tellings.all() if may else programme.tellings.filter(state=TellingState.PUBLISHED)
    page = list_page(found, request.GET.get("page"))
    context = {
        "title": "Telling what became of it",
        "programme": programme,
        "section": "questions",
        "page": page,
        "form": form,
        "back_url": reverse("commitments:programme-questions", args=[programme.slug]),
        "back_words": "Back to questions",
    }
    return render(request, "commitments/telling/list.html", context)


@require_safe
def show_telling(request: HttpRequest, telling: int) -> HttpResponse:
    """One telling as everybody will read it, with what stands in its way."""
    own = _readable(request, telling)
    now = timezone.now()
    is_live = own.state in (TellingState.DRAFT, TellingState.PROPOSED)
    may = can_triage(request.user, own.programme)
    others = [each for each in actions.approvers_of(own, now) if each != request.user] if may and is_live else []
    findings = findings_of(own, local_day(own.programme, now)) if may and is_live else []
    otherwise = list(dict.fromkeys(finding.words for finding in findings if finding.may_mean_otherwise))
    sections = by_section(own)
    context = {
        "telling": own,
        "programme": own.programme,
        "section": "questions",
        "look": SHOWN[own.state],
        "sections": sections,
        "is_numbered": True,
        "most": MOST_ITEMS if sum(len(row["rows"]) for row in sections) >= MOST_ITEMS else 0,
        "is_in_public": own.programme.is_public and _for_everybody(sections),
        "findings": findings,
        "otherwise": otherwise,
        "recipients": attended(own).count() if may and is_live else 0,
        "may_change": may and is_live,
        "may_approve": may and own.state == TellingState.PROPOSED and actions.is_approver(request.user, own, now),
        "others": others,
        "may_withdraw": may and own.state != TellingState.WITHDRAWN,
        "events": timeline(own),
        "back_url": reverse("commitments:telling-list", args=[own.programme.slug]),
        "back_words": "Back to what is told",
    }
    return render(request, "commitments/telling/show.html", context)


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, telling: int) -> HttpResponse:
    """Change the words of a telling, or leave items out; what moved meanwhile is shown as it is now."""
    own = _own(request, telling, {TellingState.DRAFT, TellingState.PROPOSED})
    data = request.POST if request.method == "POST" else None
    intro, forms = _change_forms(own, data)
    moved: list[str] = []
    if data is not None and all([intro.is_valid(), *(form.is_valid() for form in forms)]):
        try:
            actions.change_telling(
                telling=own,
                intro=intro.cleaned_data["intro"],
                words=[_words_of(form) for form in forms],
                seen=intro.cleaned_data["seen"],
                by=request.user,
                now=timezone.now(),
            )
        except actions.WordsMoved as refusal:
            intro, forms, moved = _anew(own, intro, forms)
            intro.add_refusal(refusal)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
            return redirect("commitments:telling-show", telling=own.pk)
        else:
            messages.success(request, "The new words are kept")
            return redirect("commitments:telling-show", telling=own.pk)
    context = {
        "title": f"Change “{own.get_kind_display()}”",
        "caption": own.programme.name,
        "programme": own.programme,
        "section": "questions",
        "telling": own,
        "form": intro,
        "forms": forms,
        "moved": moved,
        "back_url": reverse("commitments:telling-show", args=[own.pk]),
        "back_words": "Back to the draft",
    }
    return render(request, "commitments/telling/change.html", context)


def _change_forms(own: Telling, data: Any) -> tuple[IntroForm, list[ItemForm]]:
    intro = IntroForm(data, initial={"intro": own.intro, "seen": seal_of(own)})
    items = [item for row in by_section(own) for item in row["rows"]]
    return intro, [ItemForm(data, item=item, said_words=said_words(own)) for item in items]


def _words_of(form: ItemForm) -> actions.Words:
    typed = form.cleaned_data
    return actions.Words(form.item.pk, typed["said"], typed["told"], typed["is_left_out"])


def _anew(own: Telling, intro: IntroForm, forms: list[ItemForm]) -> tuple[IntroForm, list[ItemForm], list[str]]:
    """Return the forms with the words of now, and where those differ from what was on the page.

    What was typed stays where nothing moved: an item that was redacted or written by somebody else shows the new words.
    """
    typed = {form.item.pk: form.cleaned_data for form in forms}
    own.refresh_from_db()
    again = IntroForm(
        {"intro": intro.cleaned_data["intro"], "seen": seal_of(own)}, initial={"intro": own.intro, "seen": seal_of(own)}
    )
    again.is_valid()
    _, now = _change_forms(own, None)
    moved = []
    for form in now:
        before = typed.get(form.item.pk)
        if before is not None and before["seen"] == form.initial["seen"]:
            form.initial |= before
        else:
            moved.append(form.item.place)
    return again, now, moved


@require_POST
def say_otherwise(request: HttpRequest, telling: int) -> HttpResponse:
    """Say that the words that were ticked mean something else here."""
    own = _own(request, telling, {TellingState.DRAFT, TellingState.PROPOSED})
    words = request.POST.getlist("words")
    return _done(
        request,
        own,
        lambda: actions.say_meant_otherwise(telling=own, words=words, by=request.user, now=timezone.now()),
        "What you ticked does not stand in the way any more",
    )


@require_POST
def propose(request: HttpRequest, telling: int) -> HttpResponse:
    """Ask for approval."""
    own = _own(request, telling, {TellingState.DRAFT})
    return _done(
        request,
        own,
        lambda: actions.propose_telling(telling=own, by=request.user, now=timezone.now()),
        "It waits for approval",
    )


@require_http_methods(READ_OR_POST)
def publish(request: HttpRequest, telling: int) -> HttpResponse:
    """Approve, publish and send it."""
    return _publish(request, _own(request, telling, {TellingState.PROPOSED}))


@fresh_code_required
def _publish(request: HttpRequest, own: Telling) -> HttpResponse:
    if request.method == "POST":
        return _done(
            request,
            own,
            lambda: actions.publish_telling(
                telling=own, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now()
            ),
            "It is published, and goes to everybody who attended",
        )
    number = attended(own).count()
    people = f"{number} people who attended get it" if number != 1 else "The one who attended gets it"
    sections = by_section(own)
    alone = sum(item.for_attended for row in sections for item in row["rows"])
    if not own.programme.is_public:
        where = "Nobody else reads it: the programme is not public."
    elif not _for_everybody(sections):
        where = "Nobody else reads it: all of it was answered to those who attended alone."
    elif alone:
        where = "Everybody can read it, without what is marked “for those who attended”."
    else:
        where = "Everybody can read it."
    context = {
        "title": f"Publish “{own.get_kind_display()}”?",
        "caption": own.programme.name,
        "programme": own.programme,
        "section": "questions",
        "telling": own,
        "sections": sections,
        "is_numbered": True,
        "seen": seal_of(own),
        "consequence": f"{people} by mail, once. {where} Its words cannot be changed afterwards.",
        "button": "Approve and publish",
        "back_url": reverse("commitments:telling-show", args=[own.pk]),
        "back_words": "Back",
    }
    return render(request, "commitments/telling/publish.html", context)


@require_http_methods(READ_OR_POST)
def withdraw(request: HttpRequest, telling: int) -> HttpResponse:
    """Drop a draft, or take what was published off the page, with the reason."""
    own = _own(request, telling, {TellingState.DRAFT, TellingState.PROPOSED, TellingState.PUBLISHED})
    is_out = own.state == TellingState.PUBLISHED
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="Why is it taken off the page?" if is_out else "Why is it dropped?",
        hint="Mails that were sent stay sent." if is_out else "",
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return _done(
            request,
            own,
            lambda: actions.withdraw_telling(telling=own, reason=reason, by=request.user, now=timezone.now()),
            "It is taken off the page" if is_out else "The draft is dropped",
        )
    context = {
        "title": "Take it off the page" if is_out else "Drop this draft",
        "caption": own.programme.name,
        "programme": own.programme,
        "section": "questions",
        "form": form,
        "button": "Take it off the page" if is_out else "Drop this draft",
        "back_url": reverse("commitments:telling-show", args=[own.pk]),
        "back_words": "Back",
    }
    return render(request, "layouts/form.html", context)


@reads_no_session
@login_not_required
@require_safe
def list_told(request: HttpRequest, slug: str) -> HttpResponse:
    """What a programme has told everybody."""
    programme = public_programme(slug)
    page = page_of(told_everybody(programme), request.GET.get("page"), size=SHORT)
    context = {"programme": programme, "page": page, "title": "What became of what you asked and said"}
    return render(request, "commitments/public/told_list.html", context)


@reads_no_session
@login_not_required
@require_safe
def show_told(request: HttpRequest, slug: str, telling: int) -> HttpResponse:
    """One telling for everybody, to read or to print."""
    programme = public_programme(slug)
    own = told_everybody(programme).filter(pk=telling).first()
    if own is None:
        return _taken_off(request, programme, telling)
    context = {"programme": programme, "telling": own, "sections": by_section(own, for_everybody=True)}
    return render(request, "commitments/public/told.html", context)


def _taken_off(request: HttpRequest, programme: Programme, telling: int) -> HttpResponse:
    """Say to who follows an old link that the page is gone. Raises Http404 where it never was there for everybody."""
    was_there = programme.tellings.filter(
        pk=telling, state=TellingState.WITHDRAWN, published_at__isnull=False, items__for_attended=False
    )
    own = get_object_or_404(was_there.distinct())
    context = {"programme": programme, "telling": own, "title": "This page was taken off"}
    return render(request, "commitments/public/taken_off.html", context, status=410)


@personal_link("place")
@require_safe
def show_told_to_place(request: HttpRequest, link: int, telling: int) -> HttpResponse:
    """One telling for somebody who came: with what was answered to those who attended alone."""
    places = Place.objects.select_related("session__programme")
    place = get_object_or_404(places, link=request.link, person=request.link.person_id)
    own = get_object_or_404(told_to_place(place), pk=telling)
    context = {
        "programme": place.session.programme,
        "telling": own,
        "sections": by_section(own),
        "is_for_attended": True,
        "personal_link": True,
        "back_url": reverse("commitments:place-answers", args=[link]),
        "back_words": "Back to questions and answers",
    }
    return render(request, "commitments/public/told_for_link.html", context)


def _for_everybody(sections: list[dict[str, Any]]) -> bool:
    """Return whether something of ``sections`` stands on the page that everybody reads."""
    return any(not item.for_attended for row in sections for item in row["rows"])


def _readable(request: HttpRequest, telling: int) -> Telling:
    programmes = Programme.objects.where(request.user, Permission.READ_QUESTIONS)
    own = get_object_or_404(
        Telling.objects.select_related("programme", "session").filter(programme__in=programmes), pk=telling
    )
    if own.state != TellingState.PUBLISHED and not can_triage(request.user, own.programme):
        raise Http404
    return own


def _own(request: HttpRequest, telling: int, states: set[TellingState]) -> Telling:
    """Return the telling that this person may work on; what was pressed twice is for the action to refuse."""
    triaged = Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS)
    found = Telling.objects.select_related("programme", "session").filter(programme__in=triaged)
    if request.method != "POST":
        found = found.filter(state__in=states)
    return get_object_or_404(found, pk=telling)


def _done(request: HttpRequest, own: Telling, act: Callable[[], Any], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:telling-show", telling=own.pk)
