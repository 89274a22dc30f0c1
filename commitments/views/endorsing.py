"""Endorsing: what the mailed link opens, signing with a code, passing it on; what everybody reads of agreements."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from accounts.adapters import has_authenticator
from accounts.decorators import fresh_code_required, reads_no_session
from accounts.links import personal_link
from accounts.models import Person
from briefings.models import Mandate, Programme
from commitments.actions import endorsements as actions
from commitments.clocks import local_day
from commitments.differences import compare
from commitments.forms.agreements import PassOnForm, SignForm
from commitments.models import AgreementVersion, Endorsement, SeniorAsked, VersionState
from commitments.queries import agreements as queries
from commitments.views.agreements import agreement_of, may_sign
from face.paging import SHORT, page_of
from history.actions import look_at_many
from history.refusals import Refused
from messaging import markdown
from organisations.models import Organisation

READ_OR_POST = ["GET", "HEAD", "POST"]
STEPS = settings.BASE_DIR / "docs" / "verifying-endorsements.md"


@personal_link("endorsement")
@require_safe
def show_asked(request: HttpRequest, link: int) -> HttpResponse:
    """The words that somebody is asked to endorse, and what changed. Signing leads through a sign-in code."""
    rows = SeniorAsked.objects.select_related("person", "passed_by", "asked__organisation")
    own = get_object_or_404(rows, link=request.link, person=request.link.person_id)
    version = _version(own.asked.version_id)
    today = local_day(version.agreement.programme, timezone.now())
    held = queries.mandates_to_endorse(own.person, version, today).filter(organisation=own.asked.organisation).first()
    latest = queries.latest_of(version).get(own.asked.organisation_id)
    context = {
        **_words(version, own.asked.organisation),
        "asked": own,
        "own_link": link,
        "personal_link": True,
        "latest": latest,
        "stands": may_sign(own.person, version, today) and held is not None,
        "may_pass_on": held is not None and latest is None and _colleagues(held, today).exists(),
    }
    return render(request, "commitments/agreements/asked.html", context)


@require_http_methods(READ_OR_POST)
def sign(request: HttpRequest, agreement: int) -> HttpResponse:
    """Say for an organisation what it says of the words, and sign it."""
    version = _to_sign(request, agreement)
    needs_app = queries.policy_of(version.agreement.programme).needs_second_step
    if needs_app and not has_authenticator(request.user):
        return render(request, "commitments/agreements/needs_app.html", _words(version, None))
    # Who has an authenticator app is asked for a code of it.
    return _sign(request, version)


@fresh_code_required
def _sign(request: HttpRequest, version: AgreementVersion) -> HttpResponse:
    now = timezone.now()
    today = local_day(version.agreement.programme, now)
    mandates = queries.mandates_to_endorse(request.user, version, today)
    form = SignForm(request.POST if request.method == "POST" else None, mandates=mandates, words=version.words)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.endorse(version=version, by=request.user, now=now, **form.signed())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _what_was_signed(made, request.user))
            return redirect("commitments:agreement-show", agreement=version.agreement_id)
    only = form.only[0] if len(form.only) == 1 else None
    context = {
        **_words(version, only.organisation if only else None),
        "form": form,
        "only": only,
        "latest": queries.latest_of(version).get(only.organisation_id) if only else None,
        "may_pass_on": _own_request(request.user, version) is not None,
        "title": "Endorse this agreement",
        "button": "Sign",
        "back_url": reverse("commitments:agreement-show", args=[version.agreement_id]),
        "back_words": "Back to the agreement",
    }
    return render(request, "commitments/agreements/sign.html", context)


def _what_was_signed(made: Endorsement, person: Person) -> str:
    said = made.get_outcome_display().lower()
    name = getattr(made, "signed_by", None)
    if name is not None and name.person_id == person.pk:
        return f"Signed for {made.organisation_name}: {said}. We sent you a receipt that is worth keeping"
    who = name.name if name is not None else "A colleague"
    return f"{who} had already answered for {made.organisation_name}: {said}. Nothing was added to it"


@require_http_methods(READ_OR_POST)
def pass_on(request: HttpRequest, agreement: int) -> HttpResponse:
    """Pass it to a colleague who may speak for the same organisation."""
    version = _to_sign(request, agreement)
    today = local_day(version.agreement.programme, timezone.now())
    own = _own_request(request.user, version)
    held = queries.mandates_to_endorse(request.user, version, today)
    mine = held.filter(organisation=own.asked.organisation_id).first() if own else None
    if own is None or mine is None:
        raise Http404
    colleagues = _colleagues(mine, today)
    form = PassOnForm(request.POST if request.method == "POST" else None, mandates=colleagues)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.pass_on(senior=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"{made.person.name} is asked by e-mail, and you are not reminded any more")
            return redirect("commitments:agreement-show", agreement=version.agreement_id)
    look_at_many(
        by=request.user, at=[each.person for each in colleagues], page="commitments:endorsement-pass-on",
        now=timezone.now(),
    )  # fmt: skip
    context = {
        **_words(version, mine.organisation),
        "form": form,
        "has_colleagues": colleagues.exists(),
        "title": "Pass it to a colleague",
        "caption": version.agreement.programme.name,
        "button": "Pass it on",
        "back_url": reverse("commitments:agreement-show", args=[version.agreement_id]),
        "back_words": "Back to the agreement",
    }
    return render(request, "commitments/agreements/pass_on.html", context)


@reads_no_session
@login_not_required
@require_safe
def list_agreed(request: HttpRequest, slug: str) -> HttpResponse:
    """What partners have agreed in a programme, and which have endorsed it: organisations, never people."""
    programme = get_object_or_404(Programme.objects.public(), slug=slug)
    today = local_day(programme, timezone.now())
    page = page_of(queries.public_versions(programme, today), request.GET.get("page"), size=SHORT)
    matrix = queries.matrix_of(page.rows, today)
    rows = [
        (row, [each for each, cell in zip(matrix.organisations, row.cells, strict=True) if cell.colour == "good"])
        for row in matrix.rows
    ]
    context = {"programme": programme, "page": page, "rows": rows, "title": "What partners have agreed"}
    return render(request, "commitments/public/agreed.html", context)


@reads_no_session
@login_not_required
@require_safe
def show_steps(request: HttpRequest) -> HttpResponse:
    """How anybody checks an exported chain without us."""
    title, _, text = STEPS.read_text().partition("\n")
    # The file is ours, and what comes of it is cleaned like what people write.
    context = {"title": title.removeprefix("# "), "steps": SafeString(markdown.to_html(text))}
    return render(request, "commitments/public/steps.html", context)


def _to_sign(request: HttpRequest, agreement: int) -> AgreementVersion:
    """Return the version that stands and for which this person may sign; raises Http404 where there is none."""
    own = agreement_of(request, agreement)
    found = own.versions.filter(state=VersionState.PROPOSED).first()
    today = local_day(own.programme, timezone.now())
    if found is None or not may_sign(request.user, found, today):
        raise Http404
    return _version(found.pk)


def _version(pk: int) -> AgreementVersion:
    rows = queries.counted(AgreementVersion.objects.all())
    return rows.select_related("agreement__programme", "agreement__session").get(pk=pk)


def _own_request(person: Person, version: AgreementVersion) -> SeniorAsked | None:
    """Return what ``person`` was asked of ``version`` and can pass on: not answered, not passed on before."""
    found = SeniorAsked.objects.filter(
        person=person, passed_on_at=None, asked__version=version, asked__outcome="", asked__is_needed=True
    )
    return found.select_related("asked__version", "mandate").order_by("pk").first()


def _colleagues(own: Mandate, today) -> Any:
    return queries.colleagues_with_mandate(own, today)


def _words(version: AgreementVersion, organisation: Organisation | None) -> dict[str, Any]:
    """Return what every page about signing shows: the words, and what is different from the version before."""
    before = queries.endorsed_before(version, organisation)
    today = local_day(version.agreement.programme, timezone.now())
    return {
        "agreement": version.agreement,
        "programme": version.agreement.programme,
        "section": "agreements",
        "version": version,
        "standing": queries.standing_of(version, today),
        "is_early": queries.is_early(version, today),
        "before": before,
        "pieces": compare(before.words, version.words) if before else [],
        "answer_by": version.partners_asked.filter(organisation=organisation)
        .values_list("answer_by", flat=True)
        .first(),
    }
