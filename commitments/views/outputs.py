"""What a workshop leaves behind: the fast screen in the room, the list of a programme, ending an action."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from accounts.models import Person
from accounts.permissions import Permission
from accounts.presses import one_press
from attendance.models import LIVE, Place
from briefings.models import Mandate, Programme, Session, SessionKind
from briefings.rules import coordinators_of
from commitments.actions.outputs import change_action, drop_action, finish_action, note_output, remove_output
from commitments.clocks import local_day
from commitments.forms.outputs import ChangeActionForm, EndForm, OutputFilter, OutputForm
from commitments.models import ActionState, Output, OutputKind
from commitments.queries.outputs import list_page, outputs_of, outputs_of_session
from commitments.rules import can_scribe_at, can_triage, programmes_with_outputs
from commitments.views.programmes import programme_read
from history.actions import look_at_many
from history.refusals import Refused

_ASKS = ["GET", "HEAD", "POST"]


@require_http_methods(_ASKS)
@one_press
def note(request: HttpRequest, session: int) -> HttpResponse:
    """Write down one thing after the other; what was written down before stands beside it."""
    own, now = _session(request, session), timezone.now()
    today = local_day(own.programme, now)
    people = _people_there(own)
    form = OutputForm(request.POST if request.method == "POST" else None, people=people, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            made = note_output(session=own, by=request.user, now=now, **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"{made.get_kind_display()} noted{_who_is_told(made)}")
            # The kind stays chosen: a round in the room is mostly about one thing.
            return redirect(f"{reverse('commitments:session-outputs', args=[own.pk])}?kind={made.kind}")
    if not form.is_bound and request.GET.get("kind") in OutputKind:
        form.initial["kind"] = request.GET["kind"]
    found = list(outputs_of_session(own))
    look_at_many(
        by=request.user,
        at=[*people, *(each.owner for each in found if each.owner)],
        page="commitments:session-outputs",
        now=now,
    )
    context = {
        "session": own,
        "programme": own.programme,
        "section": "sessions",
        "form": form,
        "outputs": found,
        "counts": [(kind.label, sum(each.kind == kind for each in found)) for kind in OutputKind],
        "today": today,
    }
    return render(request, "commitments/outputs/note.html", context)


def _who_is_told(action: Output) -> str:
    if action.owner is None:
        return ""
    name = action.owner.name
    return f", and {name} is told" if action.owner.email else f". {name} has no e-mail address: tell them yourself"


@require_POST
def remove(request: HttpRequest, session: int, output: int) -> HttpResponse:
    """Take back what was written down by mistake."""
    own = _session(request, session)
    found = get_object_or_404(own.outputs, pk=output)
    try:
        remove_output(output=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "Taken off the list")
    return redirect("commitments:session-outputs", session=own.pk)


@require_safe
def list_outputs(request: HttpRequest, slug: str) -> HttpResponse:
    """What the workshops of a programme left behind, with what is open and by when."""
    programme = programme_read(request, slug, lambda person, on: programmes_with_outputs(person))
    now = timezone.now()
    chosen = OutputFilter(request.GET)
    found = outputs_of(
        programme,
        words=chosen.value("q") or "",
        kind=chosen.value("kind") or "",
        theme=chosen.value("theme") or "",
        only_open=bool(chosen.value("open")),
    )
    page = list_page(found, request.GET.get("page"))
    owners = [Person(pk=pk) for pk in {each.owner_id for each in page.rows} - {None}]
    look_at_many(by=request.user, at=owners, page="commitments:programme-outputs", now=now)
    context = {
        "programme": programme,
        "section": "outputs",
        "caption": programme.name,
        "title": "What workshops left behind",
        "filter": chosen,
        "page": page,
        "today": local_day(programme, now),
        "can_end": can_triage(request.user, programme),
        "empty_title": "" if chosen.chosen() else "Nothing is written down yet",
        "empty_text": "" if chosen.chosen() else "Open a workshop and press “Write down what comes out of it”.",
    }
    return render(request, "commitments/outputs/list.html", context)


@require_http_methods(_ASKS)
def end(request: HttpRequest, slug: str, output: int) -> HttpResponse:
    """Say for its owner that an action is done, or that it is not needed any more."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)
    actions = Output.objects.open_actions().filter(session__programme=programme)
    own = get_object_or_404(actions.select_related("session__programme", "owner"), pk=output)
    form = EndForm(request.POST if request.method == "POST" else None)
    back = reverse("commitments:programme-outputs", args=[slug])
    if request.method == "POST" and form.is_valid():
        done = form.cleaned_data["how"] == ActionState.DONE
        act = finish_action if done else drop_action
        try:
            act(output=own, words=form.cleaned_data["words"], by=request.user, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "The action is done" if done else "The action is dropped")
        return redirect(back)
    look_at_many(by=request.user, at=[own.owner], page="commitments:action-end", now=timezone.now())
    context = {
        "programme": programme,
        "section": "outputs",
        "caption": programme.name,
        "title": "End an action",
        "own": own,
        "form": form,
        "button": "End the action",
        "back_url": back,
        "back_words": "Back to the list",
    }
    return render(request, "commitments/outputs/end.html", context)


@require_http_methods(_ASKS)
@one_press
def change(request: HttpRequest, slug: str, output: int) -> HttpResponse:
    """Give an open action to somebody else, or move its date."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)
    actions = Output.objects.open_actions().filter(session__programme=programme)
    own = get_object_or_404(actions.select_related("session__programme", "owner"), pk=output)
    now = timezone.now()
    people = _people_there(own.session)
    initial = {"owner": own.owner, "due_on": own.due_on}
    data = request.POST if request.method == "POST" else None
    form = ChangeActionForm(data, people=people, today=local_day(programme, now), initial=initial)
    back = reverse("commitments:programme-outputs", args=[slug])
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_action(output=own, by=request.user, now=now, **form.changes)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"The action is changed{_who_is_told(changed)}")
            return redirect(back)
    look_at_many(by=request.user, at=[own.owner, *people], page="commitments:action-change", now=now)
    context = {
        "programme": programme,
        "section": "outputs",
        "caption": programme.name,
        "title": "Give an action to somebody else, or move its date",
        "own": own,
        "form": form,
        "button": "Change the action",
        "back_url": back,
        "back_words": "Back to the list",
    }
    return render(request, "commitments/outputs/end.html", context)


@personal_link("action")
@require_http_methods(_ASKS)
def show_own(request: HttpRequest, link: int) -> HttpResponse:
    """The action of whoever has the link, and a form to say how it ended."""
    found = Output.objects.select_related("session__programme", "owner")
    own = get_object_or_404(found, link=request.link, owner=request.link.person_id)
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        act = finish_action if form.cleaned_data["how"] == ActionState.DONE else drop_action
        try:
            act(output=own, words=form.cleaned_data["words"], by=own.owner, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "Thank you. The coordinator sees it on the list")
        return redirect("commitments:action-show", link=link)
    programme = own.session.programme
    context = {
        "personal_link": True,
        "programme": programme,
        "own": own,
        "form": form,
        "today": local_day(programme, timezone.now()),
        "title": "Your action",
        "caption": programme.name,
    }
    return render(request, "commitments/outputs/own.html", context)


def _session(request: HttpRequest, pk: int) -> Session:
    """Return the workshop in which this person may write down; raises Http404 for any other."""
    found = Session.objects.select_related("programme").filter(kind=SessionKind.WORKSHOP)
    own = get_object_or_404(found, pk=pk)
    if not can_scribe_at(request.user, own, local_day(own.programme, timezone.now())):
        raise Http404
    return own


def _people_there(session: Session):
    """Return who may own an action: who has a place, senior managers of the programme, who runs it."""
    today = session.date
    ids = [
        Place.objects.filter(session=session, state__in=LIVE).values("person"),
        Mandate.objects.on(today).filter(programme=session.programme).values("person"),
        session.parts.values("person"),
        coordinators_of(session.programme, today).order_by().values("pk"),
    ]
    found = Person.objects.filter(pk__in=ids[0])
    for each in ids[1:]:
        found = found | Person.objects.filter(pk__in=each)
    return found.order_by("sort_name", "pk")
