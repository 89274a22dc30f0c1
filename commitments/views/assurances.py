"""Assurances as staff and senior managers see them: lists, spreadsheets, one in its exact words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Person
from accounts.permissions import Permission, has
from attendance.queries.sessions import sessions_visible_to
from briefings.models import Programme
from commitments.clocks import local_day
from commitments.forms.assurances import AssuranceFilter
from commitments.models import (
    STANDING,
    UNENDED,
    Assurance,
    AssuranceState,
    Evidence,
    EvidenceFile,
    Handover,
    HandoverState,
)
from commitments.queries import assurances as queries
from commitments.queries.questions import distance
from commitments.queries.standards import calendar_of
from commitments.rules import (
    assurances_of_programme,
    assurances_visible_to,
    can_scribe,
    can_triage,
    programmes_with_assurances,
    questions_visible_to,
    spoken_in,
)
from commitments.views.programmes import programme_read
from face.downloads import as_attachment
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from history.queries import timeline

HEADS = (
    "Reference", "Programme", "Organisation", "Given by", "Role", "Kind", "Words", "For", "State", "Given on", "Due on",
    "Kept or reviewed", "Late", "Carried by", "Kept by now", "Evidence", "Files", "Ended on", "Ended because",
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
    evidence = list(own.evidence_given.select_related("given_by", "returned_by").prefetch_related("files"))
    asked = own.handovers.filter(state=HandoverState.ASKED).select_related("person", "mandate__organisation").first()
    declined = own.handovers.filter(state=HandoverState.DECLINED).select_related("person", "mandate__organisation")
    reviews = list(own.reviews.select_related("reviewed_by"))
    last_keeper = queries.last_keeper_of(own) if own.keeper is None else None
    named = {*_named(own, evidence, asked), *([last_keeper] if last_keeper else [])}
    look_at_many(by=request.user, at=named, page="commitments:assurance-show", now=now)
    context = {
        "assurance": own,
        "programme": own.programme,
        "section": "assurances",
        "today": today,
        "is_unended": own.state in UNENDED,
        "distance": distance(own.due_on, today, calendar_of(own.programme)) if own.state in UNENDED else "",
        "questions": own.questions.filter(pk__in=questions_visible_to(request.user, today).values("pk")),
        **_versions(request.user, own, today),
        "evidence": evidence,
        "reviews": reviews,
        "last_keeper": last_keeper,
        "opens_session": bool(own.session) and sessions_visible_to(request.user).filter(pk=own.session_id).exists(),
        "handover": asked,
        "declined": list(declined),
        "events": timeline(own),
        **may_do(request.user, own),
        "may_take_over": asked is not None and asked.person_id == request.user.pk,
    }
    return render(request, "commitments/assurances/show.html", context)


def _versions(person: Person, own: Assurance, today: date) -> dict[str, Any]:
    """Return the versions before and after ``own`` with itself, of what ``person`` may read; none where it is alone."""
    chain = queries.versions_of(own)
    if len(chain) == 1:
        return {"versions": []}
    visible = assurances_visible_to(person, today).filter(pk__in=[each.pk for each in chain])
    seen = {*visible.values_list("pk", flat=True)}
    place = chain.index(own)
    return {
        "versions": [each for each in chain if each.pk in seen],
        "earlier": chain[place - 1] if place else None,
        "replaced_by": chain[place + 1] if place + 1 < len(chain) else None,
    }


def _named(own: Assurance, evidence: list[Evidence], asked: Handover | None) -> list[Person]:
    people = [own.person, own.keeper, own.noted_by, own.proposed_by, own.confirmed_by, asked and asked.person]
    people += [person for each in evidence for person in (each.given_by, each.returned_by)]
    return list({person.pk: person for person in people if person}.values())


@require_safe
def give_file(request: HttpRequest, assurance: int, file: int) -> FileResponse:
    """Give a file of the evidence, as a download, to who may read the assurance."""
    own = assurance_of(request, assurance)
    found = get_object_or_404(EvidenceFile, evidence__assurance=own, pk=file, destroyed_on=None)
    return as_attachment(found.file, found.file_name, found.content_type)


def may_do(person: Person, own: Assurance) -> dict[str, bool]:
    """Return what ``person`` can do with ``own`` in the state it is in, for the buttons of its page."""
    is_own, triages = person.pk == own.keeper_id, can_triage(person, own.programme)
    stands, proposed = own.state in STANDING, own.state == AssuranceState.PROPOSED
    is_given, is_unkept = own.state == AssuranceState.GIVEN, own.keeper_id is None
    return {
        "may_confirm": person.pk == own.person_id and own.state == AssuranceState.NOTED,
        "may_propose": is_given and (is_own or triages),
        "may_review": is_given and (is_own or triages),
        "may_confirm_kept": proposed
        and triages
        and person.pk not in (own.proposed_by_id, own.person_id, own.keeper_id),
        "may_send_back": proposed and triages,
        "may_say_not_kept": stands and triages,
        "may_withdraw": is_own and own.state in UNENDED,
        "may_replace": stands and is_own,
        "may_ask_successor": stands and is_unkept and triages,
        "may_redact": triages,
        "may_let_lapse": stands and is_unkept and triages,
    }


def assurance_of(request: HttpRequest, assurance: int) -> Assurance:
    """Return the assurance that this person may read; raises Http404 for any other."""
    visible = assurances_visible_to(request.user, timezone.localdate())
    rows = visible.select_related("programme", "organisation", "person", "session", "mandate", "carried_by")
    return get_object_or_404(rows.select_related("keeper", "noted_by", "proposed_by", "confirmed_by"), pk=assurance)


def _programme(request: HttpRequest, slug: str) -> Programme:
    return programme_read(request, slug, programmes_with_assurances)


def _found(request: HttpRequest, programme: Programme | None) -> tuple[AssuranceFilter, QuerySet[Assurance], bool]:
    """Return the filter, what it finds, and whether it is looked for among all assurances of the programme."""
    today = timezone.localdate()
    person = request.user
    own = assurances_of_programme(person, programme, today) if programme else assurances_visible_to(person, today)
    by_role = programme is not None and has(person, Permission.READ_QUESTIONS, programme)
    chosen = AssuranceFilter(request.GET, organisations=queries.giving_in(own, programme if by_role else None))
    found = queries.assurances_found(
        own,
        state=chosen.value("state") or "",
        organisation=chosen.value("organisation"),
        kind=chosen.value("kind") or "",
        late_on=today if chosen.value("late") else None,
        is_unkept=bool(chosen.value("unkept")),
        has_evidence=bool(chosen.value("evidence")),
        words=chosen.value("q") or "",
    )
    return chosen, found, by_role


def _list(request: HttpRequest, programme: Programme | None) -> HttpResponse:
    now = timezone.now()
    chosen, found, by_role = _found(request, programme)
    page = queries.list_page(found, request.GET.get("page"), few=bool(chosen.value("q")) or not by_role)
    seen = {pk for own in page.rows for pk in (own.person_id, own.keeper_id)} - {None}
    look_at_many(by=request.user, at=[Person(pk=pk) for pk in seen], page="commitments:assurance-list", now=now)
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
    spoken = spoken_in(person, timezone.localdate(now))
    if programme is None:
        return list(Programme.objects.filter(pk__in=spoken).order_by("name", "pk"))
    may = can_scribe(person, programme) or can_triage(person, programme) or programme.pk in spoken
    return [programme] if may else []


def _export(request: HttpRequest, programme: Programme | None) -> StreamingHttpResponse:
    _, found, _ = _found(request, programme)
    givers = Person.objects.filter(Q(pk__in=found.values("person")) | Q(pk__in=found.values("keeper")))
    look_at_many(by=request.user, at=givers, page="commitments:assurance-export", now=timezone.now())
    return stream_csv(
        f"{programme.slug}-assurances" if programme else "assurances", HEADS, _rows(queries.in_order(found))
    )


def _rows(found: QuerySet[Assurance]) -> Iterator[list]:
    today = timezone.localdate()
    for own in found.prefetch_related("questions").iterator(chunk_size=500):
        yield [
            own.reference,
            own.programme.name,
            own.organisation.name,
            own.person.name,
            own.role,
            own.get_kind_display(),
            own.words,
            _for(own),
            own.get_state_display(),
            timezone.localtime(own.given_at).date().isoformat() if own.given_at else "",
            own.due_on.isoformat(),
            "reviewed" if own.is_ongoing else "kept",
            "yes" if own.state in UNENDED and own.due_on < today else "no",
            own.carried_by.name,
            own.keeper.name if own.keeper else "",
            own.evidence,
            own.files,
            timezone.localtime(own.ended_at).date().isoformat() if own.ended_at else "",
            own.end_reason,
        ]


def _for(own: Assurance) -> str:
    """Return what it is for, in words; questions by their references."""
    parts = ["everybody"] if own.for_everybody else []
    parts += [f"session of {own.session.date.isoformat()}"] if own.session else []
    parts += sorted(question.reference for question in own.questions.all())
    return "; ".join(parts)
