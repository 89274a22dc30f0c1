"""Versions of guidance: publishing one, reading one as a page or a PDF, what is different between two of them."""

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
from commitments.rules import guidance_to_work_on, programmes_to_read_guidance_of
from commitments.views.guidance import READ_OR_POST, back_to, to_publish
from history.refusals import Refused


@require_http_methods(READ_OR_POST)
def publish(request: HttpRequest, guidance: int) -> HttpResponse:
    """Read the draft once more and publish it."""
    return _publish(request, to_publish(request, guidance))


@fresh_code_required
def _publish(request: HttpRequest, own: Guidance) -> HttpResponse:
    sections, unanswered = list(sections_of(own)), unanswered_of(own).count()
    form = PublishForm(
        request.POST if request.method == "POST" else None,
        unanswered=unanswered,
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
    context = {
        **_about(request, version.guidance),
        "version": version,
        "newest": newest,
        "is_newest": newest.pk == version.pk,
        "number_before": version.number - 1,
        "endorsement": endorsement_of(version),
    }
    return render(request, "commitments/guidance/version.html", context)


@login_not_required
@require_safe
def give_document(request: HttpRequest, guidance: int, number: int) -> HttpResponse:
    """The same as an accessible PDF."""
    version = version_to_read(request, guidance, number)
    matrix, facts = endorsement_of(version), [("Programme", version.guidance.programme.name)]
    if version.guidance.ended_at:
        facts.append(("Taken back", version.guidance.end_reason))
    if version.unanswered:
        facts.append(("Comments without an answer when it was published", str(version.unanswered)))
    made = document_of(version, facts=facts, matrix=matrix)
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


def endorsement_of(version: GuidanceVersion) -> dict[str, Any] | None:
    """Return who has endorsed what ``version`` stands on; None where it stands on no agreement."""
    return None


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
