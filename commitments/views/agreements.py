"""Agreements as everybody concerned sees them: lists, the matrix by partner, one with its versions and its way."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Person
from briefings.models import Partner, Programme
from commitments.clocks import local_day
from commitments.differences import compare
from commitments.forms.agreements import AgreementFilter
from commitments.models import (
    Agreement,
    AgreementVersion,
    Endorsement,
    EndorsementChain,
    SeniorAsked,
    VersionState,
)
from commitments.queries import agreements as queries
from commitments.queries.endorsements import exported_lines, name_lines, way_of
from commitments.rules import (
    agreements_visible_to,
    can_triage,
    drafts_seen,
    organisations_seen,
    outcomes_seen,
    programmes_with_assurances,
)
from commitments.views.programmes import programme_read
from face.paging import LONG, page_of
from face.spreadsheets import stream_csv
from history.actions import look_at_many
from organisations.models import Organisation

HEADS = (
    "Reference", "Programme", "Title", "Version", "Words", "State", "In use since", "Review by", "Answer by", "Partner",
    "Says", "On", "Role", "Note or reason",
)  # fmt: skip
NAME_HEADS = ("Position", "Name", "Salt")


@require_safe
def list_agreements(request: HttpRequest) -> HttpResponse:
    """Every agreement that this person may read, in all programmes."""
    return _list(request, None)


@require_safe
def list_of_programme(request: HttpRequest, slug: str) -> HttpResponse:
    """The agreements of one programme."""
    return _list(request, programme_of(request, slug))


@require_safe
def show_matrix(request: HttpRequest, slug: str) -> HttpResponse:
    """What each partner says of each agreement of a programme."""
    programme = programme_of(request, slug)
    today = local_day(programme, timezone.now())
    chosen, found = _found(request, programme, today)
    page = page_of(found, request.GET.get("page"), size=LONG)
    matrix = queries.matrix_of(page.rows, today, seen=organisations_seen(request.user, programme, today))
    context = {
        "programme": programme,
        "section": "agreements",
        "caption": programme.name,
        "title": "Agreements by partner",
        "filter": chosen,
        "page": page,
        "matrix": _drawn(matrix),
        "paper": matrix,
        "head": _head(request.user, programme, today),
        "triages": can_triage(request.user, programme),
    }
    return render(request, "commitments/agreements/matrix.html", context)


def _drawn(matrix: queries.Matrix) -> dict[str, Any]:
    rows = [
        {
            "words": f"{row.version.agreement.title}, version {row.version.number}",
            "note": "In use before endorsed" if row.is_early else row.standing.label,
            "cells": [
                {"colour": cell.colour, "shape": cell.shape, "words": cell.words, "url": _url(row)}
                for cell in row.cells
            ],
        }
        for row in matrix.rows
    ]
    return {
        "caption": "What each partner says of each agreement",
        "first": "Agreement",
        "columns": [each.name for each in matrix.organisations],
        "rows": rows,
    }


def _url(row: queries.Row) -> str:
    return reverse("commitments:agreement-show", args=[row.version.agreement_id])


@require_safe
def export_agreements(request: HttpRequest) -> StreamingHttpResponse:
    """One line for each agreement and partner, with the filter that is on."""
    return _export(request, None)


@require_safe
def export_of_programme(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The same of one programme."""
    return _export(request, programme_of(request, slug))


@require_safe
def export_chain(request: HttpRequest, slug: str) -> HttpResponse:
    """The chain of endorsements of a programme as the lines that were hashed; no names of people."""
    programme = _chain_of(request, slug)
    now = timezone.now()
    response = StreamingHttpResponse(exported_lines(programme, now), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{programme.slug}-endorsements.jsonl"'
    return response


@require_safe
def export_names(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Who signed, with the salt of each name, for who looks after the programme: goes with the chain to an auditor."""
    programme = _chain_of(request, slug)
    if not can_triage(request.user, programme):
        raise Http404
    signed = Person.objects.filter(endorsements_signed__endorsement__programme=programme).distinct()
    look_at_many(by=request.user, at=signed, page="commitments:endorsement-names", now=timezone.now())
    return stream_csv(f"{programme.slug}-endorsement-names", NAME_HEADS, name_lines(programme))


def _chain_of(request: HttpRequest, slug: str) -> Programme:
    programme = programme_of(request, slug)
    if organisations_seen(request.user, programme, timezone.localdate()) is not None:
        raise Http404
    return programme


@require_safe
def show_agreement(request: HttpRequest, agreement: int) -> HttpResponse:
    """One agreement: the words that hold, what each partner says, the versions before, its way."""
    now = timezone.now()
    own = agreement_of(request, agreement)
    today = local_day(own.programme, now)
    seen = organisations_seen(request.user, own.programme, today)
    version = queries.shown_versions(Agreement.objects.filter(pk=own.pk)).get()
    sees_drafts = drafts_seen(request.user, own.programme)
    lines = _lines_of(version, today, seen)
    people = [line["signed_by"].person for line in lines if line["signed_by"]]
    passed = _passed_on(version, seen)
    look_at_many(
        by=request.user,
        at=[*people, *(each.person for each in passed), *(each.passed_by for each in passed if each.passed_by)],
        page="commitments:agreement-show",
        now=now,
    )
    draft = own.versions.filter(state=VersionState.DRAFT).first()
    context = {
        "agreement": own,
        "programme": own.programme,
        "section": "agreements",
        "today": today,
        "version": version,
        "answer_by": version.endorse_by,
        "standing": queries.standing_of(version, today),
        "is_early": queries.is_early(version, today),
        "lines": lines,
        "passed": passed,
        "draft": draft if sees_drafts and draft != version else None,
        "earlier": _earlier(own, version, seen),
        "events": way_of(own) if seen is None else [],
        "head": _head(request.user, own.programme, today),
        "may_sign": may_sign(request.user, version, today),
        **_may_do(request.user, own, version, draft),
    }
    return render(request, "commitments/agreements/show.html", context)


def _lines_of(version: AgreementVersion, today: date, seen: set[int] | None) -> list[dict[str, Any]]:
    """Return what each partner says of ``version`` and who signed it, for those that may be ``seen``."""
    latest = queries.latest_of(version)
    speaks = set(queries.who_speaks(version.agreement.programme, today).values_list("organisation", flat=True))
    lines = []
    for asked in queries.asked_of(version):
        if seen is not None and asked.organisation_id not in seen:
            continue
        made = latest.get(asked.organisation_id)
        lines.append(
            {
                "said": queries.said_by(asked, version, today),
                "organisation": asked.organisation,
                "made": made,
                "has_nobody": made is None and asked.organisation_id not in speaks,
                "signed_by": getattr(made, "signed_by", None) if made else None,
            }
        )
    return lines


def _passed_on(version: AgreementVersion, seen: set[int] | None) -> list[SeniorAsked]:
    found = SeniorAsked.objects.filter(asked__version=version, passed_by__isnull=False)
    if seen is not None:
        found = found.filter(asked__organisation__in=seen)
    return list(found.select_related("person", "passed_by", "asked__organisation").order_by("asked_at", "pk"))


def _earlier(own: Agreement, shown: AgreementVersion, seen: set[int] | None) -> list[dict[str, Any]]:
    """Return the versions before the one shown, each with what the next one changed and how far it was endorsed."""
    versions = list(queries.counted(own.versions.filter(proposed_at__isnull=False)).order_by("-number"))
    found = []
    for later, each in zip([shown, *versions], versions, strict=False):
        if each.pk != shown.pk:
            after = later if later.pk != each.pk else shown
            found.append({"version": each, "after": after, "pieces": compare(each.words, after.words)})
    return found


def may_sign(person: Person, version: AgreementVersion, today: date) -> bool:
    """Return whether ``person`` may sign for a partner that is asked about ``version``, which stands."""
    if version.state != VersionState.PROPOSED or version.review_on < today:
        return False
    return queries.mandates_to_endorse(person, version, today).exists()


def _may_do(
    person: Person, own: Agreement, version: AgreementVersion, draft: AgreementVersion | None
) -> dict[str, bool]:
    """Return what a coordinator can do with ``own`` as it stands, for the buttons of its page."""
    triages = can_triage(person, own.programme) and own.ended_at is None
    is_current = version.state in queries.CURRENT
    return {
        "triages": can_triage(person, own.programme),
        "may_change": triages and draft is not None,
        "may_propose": triages and draft is not None,
        "may_drop": triages and draft is not None and draft.number > 1,
        "may_draft": triages and draft is None,
        "may_put_in_use": triages and is_current and own.in_use_since is None,
        "may_take_out_of_use": triages and own.in_use_since is not None,
        "may_withdraw": triages,
        "may_replace": triages and is_current,
    }


def agreement_of(request: HttpRequest, agreement: int) -> Agreement:
    """Return the agreement that this person may read; raises Http404 for any other."""
    visible = agreements_visible_to(request.user, timezone.localdate())
    rows = visible.select_related("programme", "session", "superseded_by", "output")
    return get_object_or_404(rows, pk=agreement)


def programme_of(request: HttpRequest, slug: str) -> Programme:
    """Return the programme whose agreements concern this person; raises Http404 for any other."""
    return programme_read(request, slug, programmes_with_assurances)


def _head(person: Person, programme: Programme, today: date) -> EndorsementChain | None:
    """Return the end of the programme's chain for who may take it with them, where there is one."""
    if organisations_seen(person, programme, today) is not None:
        return None
    return EndorsementChain.objects.filter(programme=programme).first()


def _found(
    request: HttpRequest, programme: Programme | None, today: date
) -> tuple[AgreementFilter, QuerySet[AgreementVersion]]:
    visible = agreements_visible_to(request.user, today)
    visible = visible.filter(programme=programme) if programme else visible
    chosen = AgreementFilter(request.GET, organisations=_partners_seen(request.user, programme, today))
    found = queries.versions_found(
        queries.shown_versions(visible),
        on=today,
        standing=chosen.value("standing") or "",
        organisation=chosen.value("organisation"),
        outcome=chosen.value("outcome") or "",
        words=chosen.value("q") or "",
        seen=outcomes_seen(request.user, today, programme="version__agreement__programme"),
    )
    return chosen, found


def _partners_seen(person: Person, programme: Programme | None, today: date) -> QuerySet[Organisation]:
    programmes = [programme] if programme else list(programmes_with_assurances(person, today))
    partners = Partner.objects.filter(outcomes_seen(person, today, programme="programme"), programme__in=programmes)
    return Organisation.objects.filter(pk__in=partners.values("organisation")).order_by("name", "pk")


def _list(request: HttpRequest, programme: Programme | None) -> HttpResponse:
    today = timezone.localdate()
    chosen, found = _found(request, programme, today)
    page = page_of(found, request.GET.get("page"), size=LONG)
    triages = programme is not None and can_triage(request.user, programme)
    context = {
        "title": "Agreements",
        "section": "agreements",
        "caption": programme.name if programme else "",
        "filter": chosen,
        "page": page,
        "rows": [(each, queries.standing_of(each, today), queries.is_early(each, today)) for each in page.rows],
        "today": today,
        "in_programme": programme,
        "triages": triages,
        "empty_title": "" if chosen.chosen() else "Nothing is agreed yet",
        "empty_text": "" if chosen.chosen() else "What a workshop settles becomes an agreement that partners endorse.",
        **({"programme": programme} if programme else {}),
    }
    return render(request, "commitments/agreements/list.html", context)


def _export(request: HttpRequest, programme: Programme | None) -> StreamingHttpResponse:
    today = timezone.localdate()
    _, found = _found(request, programme, today)
    name = f"{programme.slug}-agreements" if programme else "agreements"
    return stream_csv(name, HEADS, _csv_rows(request.user, found, today))


def _csv_rows(person: Person, found: Iterable[AgreementVersion], today: date) -> Iterator[list]:
    seen: dict[int, set[int] | None] = {}
    for version in found:
        own = version.agreement
        if own.programme_id not in seen:
            seen[own.programme_id] = organisations_seen(person, own.programme, today)
        latest = queries.latest_of(version)
        standing = queries.standing_of(version, today).label
        first = [
            own.reference,
            own.programme.name,
            own.title,
            version.number,
            version.words,
            f"{standing}, in use before endorsed" if queries.is_early(version, today) else standing,
            own.in_use_since.isoformat() if own.in_use_since else "",
            version.review_on.isoformat(),
            version.endorse_by.isoformat() if version.endorse_by else "",
        ]
        partners = [
            asked
            for asked in queries.asked_of(version)
            if seen[own.programme_id] is None or asked.organisation_id in seen[own.programme_id]
        ]
        for asked in partners:
            made = latest.get(asked.organisation_id)
            own_day = [asked.answer_by.isoformat()] if asked.answer_by else first[-1:]
            yield [
                *first[:-1],
                *own_day,
                asked.organisation.name,
                queries.said_by(asked, version, today).words,
                *_csv_said(made),
            ]
        if not partners:
            yield [*first, "", "", "", "", ""]


def _csv_said(made: Endorsement | None) -> list[str]:
    if made is None:
        return ["", "", ""]
    return [timezone.localtime(made.signed_at).date().isoformat(), made.role, made.note]
