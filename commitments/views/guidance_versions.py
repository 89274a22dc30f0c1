"""Versions of guidance: publishing one, reading one as a page or a PDF, what is different between two of them."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import fresh_code_required
from commitments.actions import guidance as actions
from commitments.clocks import local_day
from commitments.documents import document_of
from commitments.forms.guidance import PublishForm, VersionsForm
from commitments.models import Guidance, GuidanceVersion
from commitments.queries.guidance import (
    changes_between,
    is_anything_new,
    newest_of,
    seal_of,
    sections_of,
    unanswered_of,
)
from commitments.queries.standing import Endorsed, Row, drafted_from, endorsed_by, endorsed_of, names_in_words
from commitments.rules import guidance_to_work_on, programmes_to_read_guidance_of
from commitments.views.guidance import READ_OR_POST, back_to, to_publish
from face.dates import day_plain
from history.refusals import Refused
from organisations.models import Organisation

PRINTED_BESIDE = 4
"""How many agreements stand beside one another on paper."""


@require_http_methods(READ_OR_POST)
def publish(request: HttpRequest, guidance: int) -> HttpResponse:
    """Read the draft once more and publish it."""
    return _publish(request, to_publish(request, guidance))


@fresh_code_required
def _publish(request: HttpRequest, own: Guidance) -> HttpResponse:
    sections, unanswered = list(sections_of(own)), unanswered_of(own).count()
    endorsed = endorsed_by(drafted_from(own), own.programme, local_day(own.programme, timezone.now()))
    form = PublishForm(
        request.POST if request.method == "POST" else None,
        unanswered=unanswered,
        endorsed=endorsed,
        initial={"seen": seal_of(own, sections)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.publish_guidance(guidance=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"Version {made.number} is published")
            return redirect("commitments:guidance-version", guidance=own.pk, number=made.number)
    context = {
        "title": "Publish this guidance",
        "caption": own.title,
        "programme": own.programme,
        "section": "guidance",
        "guidance": own,
        "sections": sections,
        "unanswered": unanswered,
        "endorsed": endorsed,
        "matrix": matrix_of(endorsed),
        "newest": newest_of(own),
        "form": form,
        **back_to(own),
    }
    return render(request, "commitments/guidance/publish.html", context)


@login_not_required
@require_safe
def show_version(request: HttpRequest, guidance: int, number: int) -> HttpResponse:
    """One version, at an address of its own that stays: to read, to print."""
    version = version_to_read(request, guidance, number)
    newest = newest_of(version.guidance)
    endorsed = endorsed_of(version, local_day(version.guidance.programme, timezone.now()))
    context = {
        **_about(request, version.guidance),
        "version": version,
        "newest": newest,
        "is_newest": newest.pk == version.pk,
        "number_before": version.number - 1,
        "endorsed": endorsed,
        "matrix": matrix_of(endorsed),
        "before": _before(version),
    }
    return render(request, "commitments/guidance/version.html", context)


@login_not_required
@require_safe
def give_document(request: HttpRequest, guidance: int, number: int) -> HttpResponse:
    """The same as an accessible PDF."""
    version = version_to_read(request, guidance, number)
    programme = version.guidance.programme
    endorsed = endorsed_of(version, today := local_day(programme, timezone.now()))
    facts = [("Programme", programme.name)]
    if endorsed:
        facts.append(("Endorsed", _standing(endorsed, version, today)))
    if version.guidance.ended_at:
        facts.append(("Taken back", version.guidance.end_reason))
    if version.unanswered:
        facts.append(("Comments without an answer when it was published", str(version.unanswered)))
    made = document_of(version, facts=facts, matrix=_as_printed(endorsed, version, today))
    response = HttpResponse(made, content_type="application/pdf")
    name = f"{slugify(version.title)[:60] or 'guidance'}-version-{version.number}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@login_not_required
@require_safe
def compare_versions(request: HttpRequest, guidance: int, number: int) -> HttpResponse:
    """What is different in a version from an earlier one, or from any other."""
    version = version_to_read(request, guidance, number)
    own = version.guidance
    numbers = list(own.versions.order_by("-number").values_list("number", flat=True))
    chosen = {"before": version.number - 1, "after": version.number}
    form = VersionsForm({**chosen, **request.GET.dict()}, numbers=numbers)
    for name in chosen:
        value = form.value(name)
        chosen[name] = chosen[name] if value in (None, "") else value
    found = {each.number: each for each in own.versions.filter(number__in=chosen.values())}
    if chosen["after"] not in found:
        raise Http404
    changes = changes_between(found.get(chosen["before"]), found[chosen["after"]])
    context = {
        **_about(request, own),
        "version": version,
        "before": found.get(chosen["before"]),
        "after": found[chosen["after"]],
        "changes": changes,
        "is_new": is_anything_new(changes),
        "filter": form,
        "back_url": reverse("commitments:guidance-version", args=[own.pk, version.number]),
        "back_words": f"Back to version {version.number}",
    }
    return render(request, "commitments/guidance/changes.html", context)


def guidance_to_read(request: HttpRequest, pk: int) -> Guidance:
    """Return guidance that has a version which this person, or a stranger, may read; raises Http404 for any other."""
    today = timezone.localdate()
    programmes = programmes_to_read_guidance_of(request.user, today)
    found = Guidance.objects.filter(programme__in=programmes, versions__isnull=False).distinct()
    return get_object_or_404(found.select_related("programme"), pk=pk)


def version_to_read(request: HttpRequest, guidance: int, number: int) -> GuidanceVersion:
    """Return the version ``number`` of guidance that may be read; raises Http404 for any other."""
    own = guidance_to_read(request, guidance)
    version = get_object_or_404(own.versions.select_related("published_by"), number=number)
    version.guidance = own
    return version


def matrix_of(endorsed: Endorsed | None) -> dict[str, Any] | None:
    """Return the matrix as components/matrix.html draws it; None where guidance stands on no agreement.

    The longer side stands in the rows, so that it is read down and not across.
    """
    if endorsed is None:
        return None
    agreements = [str(row.version) for row in endorsed.rows]
    organisations = [each.name for each in endorsed.organisations]
    cells = [row.cells for row in endorsed.rows]
    first, columns, rows = "Agreement", organisations, agreements
    if len(organisations) > len(agreements):
        first, columns, rows = "Organisation", agreements, organisations
        cells = list(zip(*cells, strict=True))
    return {
        "caption": "Which organisation has endorsed which agreement",
        "first": first,
        "columns": columns,
        "rows": [
            {
                "words": words,
                "note": "",
                "cells": [{"shape": shape, "colour": colour, "words": said, "url": ""} for shape, colour, said in row],
            }
            for words, row in zip(rows, cells, strict=True)
        ],
        "foot": None,
    }


def _before(version: GuidanceVersion) -> str:
    """Return the names of who had not endorsed it when it was published."""
    names = Organisation.objects.filter(pk__in=version.unendorsed).order_by("name").values_list("name", flat=True)
    return names_in_words(names)


def _standing(endorsed: Endorsed, version: GuidanceVersion, today: date) -> str:
    of_today = f"(as of {day_plain(today)})"
    if endorsed.lacking:
        return f"In use before endorsed by {endorsed.lacking_in_words} {of_today}."
    if outdated := endorsed.outdated_in_words:
        return f"It stands on what does not hold any more {of_today}: {outdated}."
    if not endorsed.organisations:
        return f"No partner has been asked to endorse it {of_today}."
    late = f" It was published before it was endorsed by {_before(version)}." if version.unendorsed else ""
    return f"Every partner has endorsed what it stands on {of_today}.{late}"


def _as_printed(endorsed: Endorsed | None, version: GuidanceVersion, today: date) -> dict[str, Any] | None:
    """Return the same for the PDF: organisations in rows, a few agreements beside one another on each table."""
    if endorsed is None:
        return None
    parts = [endorsed.rows[first : first + PRINTED_BESIDE] for first in range(0, len(endorsed.rows), PRINTED_BESIDE)]
    return {
        "lead": _standing(endorsed, version, today),
        "agreements": [[str(row.version), f"{row.version.words}" + _since(row)] for row in endorsed.rows],
        "tables": [
            {
                "head": ["Organisation", *(str(row.version) for row in rows)],
                "rows": [
                    [each.name, *(row.cells[place][2] for row in rows)]
                    for place, each in enumerate(endorsed.organisations)
                ],
            }
            for rows in parts
        ],
    }


def _since(row: Row) -> str:
    return f" ({row.since}.)" if row.since else ""


def _about(request: HttpRequest, own: Guidance) -> dict[str, Any]:
    works = guidance_to_work_on(request.user, timezone.localdate()).filter(pk=own.pk).exists()
    return {
        "guidance": own,
        "programme": own.programme,
        "section": "guidance",
        "works_on_it": works,
        "back_url": reverse("commitments:programme-guidance", args=[own.programme.slug]),
        "back_words": "Back to the guidance",
    }
