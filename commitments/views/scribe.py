"""The scribe's page of a session: what is asked and what is promised in the room, one line after the other."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from attendance.models import LIVE, CoverState, Place, SeniorAttendance
from briefings.models import Session
from commitments.actions.assurances import note_assurance
from commitments.actions.questions import raise_question
from commitments.clocks import local_day
from commitments.forms.assurances import PromiseForm
from commitments.forms.questions import ScribeForm
from commitments.models import AskedAs
from commitments.queries.assurances import mandates_on
from commitments.queries.questions import questions_of_session
from commitments.rules import can_scribe, can_scribe_at
from history.actions import look_at_many
from history.refusals import Refused


@require_http_methods(["GET", "HEAD", "POST"])
def note_question(request: HttpRequest, session: int) -> HttpResponse:
    """Write down a question: its words, who asked or nobody, Enter. What was asked before stands below."""
    own = _session(request, session)
    form = _question_form(request, own, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = form.cleaned_data["person"]
        question = raise_question(
            programme=own.programme,
            session=own,
            words=form.cleaned_data["words"],
            person=person,
            asked_as=AskedAs.NAME if person else AskedAs.NOBODY,
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, f"Noted as {question.reference}{f' for {person.name}' if person else ''}")
        return redirect("commitments:session-questions", session=own.pk)
    return _page(request, own, form, _promise_form(request, own))


@require_POST
def note_promise(request: HttpRequest, session: int) -> HttpResponse:
    """Write down what a senior manager promised: they are asked by e-mail whether these were their words."""
    own = _session(request, session)
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


def _session(request: HttpRequest, session: int) -> Session:
    """Return the session in which this person writes down what is asked; raises Http404 for any other."""
    own = get_object_or_404(Session.objects.select_related("programme", "room__venue"), pk=session)
    if not can_scribe_at(request.user, own, local_day(own.programme, timezone.now())):
        raise Http404
    return own


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
    return PromiseForm(typed, prefix="promise", mandates=mandates, today=today, is_own=False)


def _page(request: HttpRequest, own: Session, form: ScribeForm, promise_form: PromiseForm | None) -> HttpResponse:
    promised = own.assurances.select_related("person", "organisation").order_by("-noted_at", "pk")
    people = [*_people_there(own), *(each.person for each in promised)]
    look_at_many(by=request.user, at=people, page="commitments:session-questions", now=timezone.now())
    context = {
        "session": own,
        "programme": own.programme,
        "section": "sessions",
        "form": form,
        "promise_form": promise_form,
        "questions": list(questions_of_session(own)),
        "promised": promised,
    }
    return render(request, "commitments/scribe.html", context)
