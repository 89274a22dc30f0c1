"""The scribe's screen of a session: live questions, what is asked and what is promised in the room.

Everybody else finds under the same address where to type the code that is shown in the room.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.presses import one_press
from attendance.models import LIVE, CoverState, Place, SeniorAttendance
from attendance.queries.sessions import sessions_visible_to
from briefings.models import Session
from commitments.actions.assurances import note_assurance
from commitments.actions.questions import raise_question
from commitments.actions.room import RoomClosed, ask_in_room
from commitments.clocks import local_day
from commitments.forms.asking import words_to_compare
from commitments.forms.assurances import PromiseForm
from commitments.forms.questions import ScribeForm
from commitments.forms.room import CodeForm, OpenForm
from commitments.models import UNANSWERED, AskedAs, HiddenBecause, Question, Showing
from commitments.queries.assurances import mandates_on
from commitments.queries.questions import published_answers
from commitments.queries.room import room_of, scribe_list
from commitments.queries.similar import alike, alike_answered
from commitments.rules import can_scribe, can_scribe_at, questions_of_programme
from commitments.views.asking import may_look_alike
from commitments.views.public import FOR_PRACTITIONERS
from commitments.views.room import short_address, tag_of
from history.actions import look_at_many
from history.refusals import Refused


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def note_question(request: HttpRequest, session: int) -> HttpResponse:
    """Write down a question: its words, who asked or nobody, Enter. All that is asked stands below."""
    if not request.user.is_authenticated or not _scribes(request, session):
        return _show_where_to_type(request, session)
    own = session_of_scribe(request, session)
    looks = "look" in request.POST
    form = _question_form(request, own, request.POST if request.method == "POST" and not looks else None)
    if looks:
        form.initial = request.POST.dict()
        return _page(request, own, form, _promise_form(request, own), _alike(request, own, form))
    if form.is_bound and form.is_valid():
        person = form.cleaned_data["person"]
        said = {
            "session": own,
            "words": form.cleaned_data["words"],
            "person": person,
            "asked_as": AskedAs.NAME if person else AskedAs.NOBODY,
            "by": request.user,
            "now": timezone.now(),
        }
        room = room_of(own)
        try:
            is_open = room is not None and room.is_open
            question = (
                ask_in_room(**said, showing=Showing.SHOWN)
                if is_open
                else raise_question(**said, programme=own.programme)
            )
        except RoomClosed as refusal:  # closed by somebody else meanwhile
            form.add_refusal(refusal)
            return _page(request, own, form, _promise_form(request, own))
        messages.success(request, f"Noted as {question.reference}{f' for {person.name}' if person else ''}")
        return redirect("commitments:session-questions", session=own.pk)
    return _page(request, own, form, _promise_form(request, own))


def _alike(request: HttpRequest, own: Session, form: ScribeForm) -> dict:
    """Return what looks like the words that are typed, among what this scribe may read."""
    now = timezone.now()
    if not may_look_alike(request.user.pk, now):
        return {"looked": False}
    programme, words = own.programme, words_to_compare(form, request.POST)
    read = questions_of_programme(request.user, programme, local_day(programme, now))
    owed = Question.objects.filter(Q(session=own) | Q(pk__in=read.values("pk")), state__in=UNANSWERED)
    found = alike(words, owed)
    opens = set(read.filter(pk__in=[each.pk for each in found]).values_list("pk", flat=True))
    return {
        "looked": True,
        "answered": alike_answered(words, published_answers(programme, audiences=FOR_PRACTITIONERS, session=own)),
        "open_alike": [each for each in found if each.pk in opens],
        "shown_alike": [each for each in found if each.pk not in opens],
    }


@never_cache
@require_safe
def show_list(request: HttpRequest, session: int) -> HttpResponse:
    """The scribe's list alone, for the page that follows the room."""
    own = session_of_scribe(request, session)
    return render(request, "commitments/room/_scribe_list.html", _list(own))


@require_POST
def note_promise(request: HttpRequest, session: int) -> HttpResponse:
    """Write down what a senior manager promised: they are asked by e-mail whether these were their words."""
    own = session_of_scribe(request, session)
    if not can_scribe(request.user, own.programme):
        raise Http404
    form = _promise_form(request, own, request.POST)
    if form.is_valid():
        try:
            noted = note_assurance(session=own, by=request.user, now=timezone.now(), **form.promise())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"Noted as {noted.reference}. {noted.person.name} is asked to confirm the words")
            return redirect("commitments:session-questions", session=own.pk)
    return _page(request, own, _question_form(request, own), form)


def session_of_scribe(request: HttpRequest, session: int) -> Session:
    """Return the session in which this person writes down what is asked; raises Http404 for any other."""
    own = get_object_or_404(Session.objects.select_related("programme", "room__venue"), pk=session)
    if not can_scribe_at(request.user, own, local_day(own.programme, timezone.now())):
        raise Http404
    return own


def _scribes(request: HttpRequest, session: int) -> bool:
    try:
        session_of_scribe(request, session)
    except Http404:
        return False
    return True


def _show_where_to_type(request: HttpRequest, session: int) -> HttpResponse:
    """For who is in the room without a task there: the page to type the code on, once live questions are open."""
    own = sessions_visible_to(request.user).filter(pk=session).first()
    if request.method == "POST" or own is None or room_of(own) is None:
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.get_full_path())
    context = {"form": CodeForm(), "title": "Ask in the session", "caption": str(own)}
    return render(request, "commitments/room/enter.html", context)


def _people_there(own: Session):
    """Return those who may have asked: who has a place, who covers it, who presents it."""
    covering = (CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED)
    there = [
        Place.objects.filter(session=own, state__in=LIVE).values("person"),
        SeniorAttendance.objects.filter(session=own, state__in=covering).values("person"),
        own.parts.values("person"),
    ]
    found = Person.objects.filter(pk__in=there[0]) | Person.objects.filter(pk__in=there[1])
    return (found | Person.objects.filter(pk__in=there[2])).order_by("sort_name", "pk")


def _question_form(request: HttpRequest, own: Session, typed=None) -> ScribeForm:
    return ScribeForm(typed, people=_people_there(own))


def _promise_form(request: HttpRequest, own: Session, typed=None) -> PromiseForm | None:
    if not can_scribe(request.user, own.programme):
        return None
    today = local_day(own.programme, timezone.now())
    mandates = mandates_on(own.programme, today)
    nation = own.programme.nation
    return PromiseForm(typed, prefix="promise", mandates=mandates, today=today, nation=nation, is_own=False)


def _list(own: Session) -> dict:
    room = room_of(own)
    return {
        "session": own,
        "programme": own.programme,
        "room": room,
        "list": scribe_list(own),
        "owed": UNANSWERED,
        "reasons": HiddenBecause.choices,
    }


def _page(
    request: HttpRequest, own: Session, form: ScribeForm, promise_form: PromiseForm | None, alike_to: dict | None = None
) -> HttpResponse:
    promised = own.assurances.select_related("person", "organisation").order_by("-noted_at", "pk")
    people = [*_people_there(own), *(each.person for each in promised)]
    look_at_many(by=request.user, at=people, page="commitments:session-questions", now=timezone.now())
    listed = _list(own)
    context = {
        **listed,
        "section": "sessions",
        "form": form,
        "promise_form": promise_form,
        "promised": promised,
        "open_form": None if listed["room"] and listed["room"].is_open else OpenForm(prefix="room"),
        "tag": tag_of(listed["room"]) if listed["room"] else "",
        "short_address": short_address(),
        **(alike_to or {"looked": False}),
    }
    return render(request, "commitments/scribe.html", context)
