"""Assurances as staff and senior managers see them: lists, spreadsheets, one in its exact words."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Person
from briefings.models import Programme
from briefings.rules import mandates_of
from commitments.clocks import local_day
from commitments.forms.assurances import AssuranceFilter
from commitments.models import STANDING, UNENDED, Assurance, AssuranceState
from commitments.queries import assurances as queries
from commitments.queries.questions import distance
from commitments.rules import (
    assurances_visible_to,
    can_scribe,
    can_triage,
    programmes_with_questions,
    questions_visible_to,
)
from face.paging import LONG, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from history.queries import timeline
from organisations.models import Organisation

HEADS = (
    "Reference", "Programme", "Organisation", "Given by", "Role", "Words", "For", "State", "Given on", "Due on",
    "Late", "Evidence", "Ended on", "Ended because",
)  # fmt: skip


@require_safe
def list_assurances(request: HttpRequest) -> HttpResponse:
    """Every assurance that this person may read, in all programmes."""
    return _list(request, None)


@require_safe
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The assurances of one programme."""
    return _list(request, _programme(request, slug))


@require_safe
def export_assurances(request: HttpRequest) -> StreamingHttpResponse:
    """The list as a spreadsheet, with the filter that is on."""
    return _export(request, None)


@require_safe
def export_of_programme(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The list of one programme as a spreadsheet."""
    return _export(request, _programme(request, slug))


@require_safe
def show_assurance(request: HttpRequest, assurance: int) -> HttpResponse:
    """One assurance in its exact words, with its way so far and what can be done."""
    now = timezone.now()
    own = assurance_of(request, assurance)
    today = local_day(own.programme, now)
    seen = [person for person in (own.person, own.noted_by, own.proposed_by, own.confirmed_by) if person]
    look_at_many(by=request.user, at=seen, page="commitments:assurance-show", now=now)
    replaced_by = Assurance.objects.filter(replaces=own).first()
    context = {
        "assurance": own,
        "programme": own.programme,
        "section": "assurances",
        "today": today,
        "is_unended": own.state in UNENDED,
        "distance": distance(own.due_on, today, own.programme.nation) if own.state in UNENDED else "",
        "questions": own.questions.filter(pk__in=questions_visible_to(request.user, today).values("pk")),
        "replaced_by": replaced_by,
        "events": timeline(own),
        **may_do(request.user, own),
    }
    return render(request, "commitments/assurances/show.html", context)


def may_do(person: Person, own: Assurance) -> dict[str, bool]:
    """Return what ``person`` can do with ``own`` in the state it is in, for the buttons of its page."""
    is_own, triages = person.pk == own.person_id, can_triage(person, own.programme)
    stands, proposed = own.state in STANDING, own.state == AssuranceState.PROPOSED
    return {
        "may_confirm": is_own and own.state == AssuranceState.NOTED,
        "may_propose": own.state == AssuranceState.GIVEN and (is_own or triages),
        "may_confirm_kept": proposed and triages and person.pk not in (own.proposed_by_id, own.person_id),
        "may_send_back": proposed and triages,
        "may_say_not_kept": stands and triages,
        "may_withdraw": is_own and own.state in UNENDED,
        "may_replace": stands and is_own,
    }


def assurance_of(request: HttpRequest, assurance: int) -> Assurance:
    """Return the assurance that this person may read; raises Http404 for any other."""
    visible = assurances_visible_to(request.user, timezone.localdate())
    rows = visible.select_related("programme", "organisation", "person", "session", "mandate", "replaces")
    return get_object_or_404(rows.select_related("noted_by", "proposed_by", "confirmed_by"), pk=assurance)


def _programme(request: HttpRequest, slug: str) -> Programme:
    return get_object_or_404(programmes_with_questions(request.user, timezone.localdate()), slug=slug)


def _found(request: HttpRequest, programme: Programme | None) -> tuple[AssuranceFilter, QuerySet[Assurance]]:
    today = timezone.localdate()
    visible = assurances_visible_to(request.user, today)
    own = visible.filter(programme=programme) if programme else visible
    givers = Organisation.objects.filter(pk__in=own.values("organisation")).order_by("name")
    chosen = AssuranceFilter(request.GET, organisations=givers)
    found = queries.assurances_found(
        own,
        state=chosen.value("state") or "",
        organisation=chosen.value("organisation"),
        late_on=today if chosen.value("late") else None,
        words=chosen.value("q") or "",
    )
    return chosen, found


def _list(request: HttpRequest, programme: Programme | None) -> HttpResponse:
    now = timezone.now()
    chosen, found = _found(request, programme)
    page = page_of(found, request.GET.get("page"), size=LONG)
    givers = {assurance.person for assurance in page.rows}
    look_at_many(by=request.user, at=givers, page="commitments:assurance-list", now=now)
    context = {
        "title": "Assurances",
        "section": "assurances",
        "caption": programme.name if programme else "",
        "filter": chosen,
        "page": page,
        "today": timezone.localdate(now),
        "in_programme": programme,
        "give_in": _to_give_in(request.user, programme, now),
        **({"programme": programme} if programme else {}),
    }
    return render(request, "commitments/assurances/list.html", context)


def _to_give_in(person: Person, programme: Programme | None, now) -> list[Programme]:
    """Return the programmes in which ``person`` gives or notes assurances: the one shown, or where they speak."""
    own = Programme.objects.filter(pk__in=mandates_of(person, timezone.localdate(now)).values("programme"))
    if programme is None:
        return list(own.order_by("name", "pk"))
    may = can_scribe(person, programme) or can_triage(person, programme) or own.filter(pk=programme.pk).exists()
    return [programme] if may else []


def _export(request: HttpRequest, programme: Programme | None) -> StreamingHttpResponse:
    _, found = _found(request, programme)
    givers = Person.objects.filter(pk__in=found.order_by().values("person"))
    look_at_many(by=request.user, at=givers, page="commitments:assurance-export", now=timezone.now())
    return stream_csv(f"{programme.slug}-assurances" if programme else "assurances", HEADS, _rows(found))


def _rows(found: QuerySet[Assurance]) -> Iterator[list]:
    today = timezone.localdate()
    for own in found.prefetch_related("questions").iterator(chunk_size=500):
        yield [
            own.reference,
            own.programme.name,
            own.organisation.name,
            own.person.name,
            own.role,
            own.words,
            _for(own),
            own.get_state_display(),
            timezone.localtime(own.given_at).date().isoformat() if own.given_at else "",
            own.due_on.isoformat(),
            "yes" if own.state in UNENDED and own.due_on < today else "no",
            own.evidence,
            timezone.localtime(own.ended_at).date().isoformat() if own.ended_at else "",
            own.end_reason,
        ]


def _for(own: Assurance) -> str:
    """Return what it is for, in words; questions by their references."""
    parts = ["everybody"] if own.for_everybody else []
    parts += [f"session of {own.session.date.isoformat()}"] if own.session else []
    parts += sorted(question.reference for question in own.questions.all())
    return "; ".join(parts)
