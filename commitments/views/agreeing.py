"""What coordinators do with agreements: made of an output, drafted, proposed, in use, ended; and the rules."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Permission
from accounts.presses import one_press
from briefings.models import Mandate, Programme
from commitments.actions import agreements as actions
from commitments.clocks import local_day
from commitments.differences import compare
from commitments.forms.agreements import (
    USUAL_REVIEW,
    AgreementRulesForm,
    InUseForm,
    ProposeForm,
    ReplaceForm,
    WordsForm,
)
from commitments.forms.fields import ReasonForm
from commitments.models import Agreement, AgreementVersion, Output, OutputKind, VersionState
from commitments.queries.agreements import CURRENT, policy_of, who_speaks
from commitments.rules import can_triage
from commitments.views.agreements import agreement_of
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_POST)
@one_press
def make(request: HttpRequest, slug: str) -> HttpResponse:
    """Draft an agreement that was not noted in a workshop here."""
    programme = _kept(request, slug)
    form = WordsForm(_posted(request), today=local_day(programme, timezone.now()))
    if form.is_bound and form.is_valid():
        try:
            made = actions.make_agreement(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"Agreement {made.reference} is drafted. Nobody is asked yet")
            return redirect("commitments:agreement-show", agreement=made.pk)
    back = reverse("commitments:programme-agreements", args=[programme.slug])
    return _form(request, programme, form, "Draft an agreement", "Save as a draft", back, "Back to agreements")


@require_POST
def make_of_output(request: HttpRequest, slug: str, output: int) -> HttpResponse:
    """Make an agreement of what was noted in a workshop, by one press: a draft, to be changed at will."""
    programme, now = _kept(request, slug), timezone.now()
    noted = get_object_or_404(Output, pk=output, session__programme=programme, kind=OutputKind.AGREEMENT)
    made = actions.make_agreement(
        programme=programme,
        title=Truncator(" ".join(noted.words.split())).chars(80),
        words=noted.words,
        review_on=local_day(programme, now) + USUAL_REVIEW,
        output=noted,
        by=request.user,
        now=now,
    )
    messages.success(request, f"Agreement {made.reference} is drafted. Read it once more, then propose it")
    return redirect("commitments:agreement-show", agreement=made.pk)


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, agreement: int) -> HttpResponse:
    """Write the draft anew."""
    own, draft = _with_draft(request, agreement)
    seal = actions.seal_of_draft(draft)
    initial = {"title": own.title, "words": draft.words, "review_on": draft.review_on, "seen": seal}
    today = local_day(own.programme, timezone.now())
    form = WordsForm(_posted(request), today=today, has_title=draft.number == 1, changes=True, initial=initial)
    theirs = draft if form.is_bound and request.POST.get("seen") != seal else None

    def act() -> None:
        actions.change_draft(version=draft, by=request.user, now=timezone.now(), **form.cleaned_data)

    return _acted(
        request, own, form, act, "The draft is saved", "Change the draft", "Save the draft",
        template="commitments/agreements/change.html", more={"theirs": theirs},
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def draft_next(request: HttpRequest, agreement: int) -> HttpResponse:
    """Draft the next version, starting from the words of the last."""
    own = kept_agreement(request, agreement)
    last = own.versions.first()
    if last.state == VersionState.DRAFT:
        raise Http404
    today = local_day(own.programme, timezone.now())
    initial = {"words": last.words, "review_on": max(last.review_on, today + USUAL_REVIEW)}
    form = WordsForm(_posted(request), today=today, has_title=False, initial=initial)

    def act() -> None:
        actions.draft_version(agreement=own, by=request.user, now=timezone.now(), **form.cleaned_data)

    said = "The next version is drafted. What was proposed before stands until you propose it"
    return _acted(request, own, form, act, said, "Draft the next version", "Save as a draft")


@require_http_methods(READ_OR_POST)
def drop(request: HttpRequest, agreement: int) -> HttpResponse:
    """Drop the draft of a later version."""
    own, draft = _with_draft(request, agreement)
    if draft.number == 1:
        raise Http404

    def act() -> None:
        actions.drop_draft(version=draft, by=request.user, now=timezone.now())

    return _confirmed(
        request, own, act, said=f"The draft of version {draft.number} is dropped", title="Drop this draft?",
        consequence="Nobody was asked about it. What was proposed before stands.", button="Drop the draft",
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def propose(request: HttpRequest, agreement: int) -> HttpResponse:
    """Ask every partner; before that, who is asked and who has nobody."""
    own, draft = _with_draft(request, agreement)
    now = timezone.now()
    today = local_day(own.programme, now)
    form = ProposeForm(
        _posted(request),
        today=today,
        review_on=draft.review_on,
        initial={"endorse_by": actions.usual_endorse_by(own.programme, now), "seen": actions.seal_of_draft(draft)},
    )

    def act() -> None:
        actions.propose_version(version=draft, by=request.user, now=timezone.now(), **form.cleaned_data)

    before = own.versions.filter(state__in=CURRENT).first()
    more = {
        "draft": draft,
        "before": before,
        "pieces": compare(before.words, draft.words) if before else [],
        "partners": _who_is_asked(own.programme, today),
    }
    return _acted(
        request, own, form, act, "Every partner is asked by e-mail", "Propose it to every partner", "Ask them now",
        template="commitments/agreements/propose.html", more=more,
    )  # fmt: skip


def _who_is_asked(programme: Programme, today) -> list[tuple[str, list[Mandate]]]:
    """Return every partner of today with who may speak for it; an empty list where it has nobody."""
    held = who_speaks(programme, today)
    mandates: dict[int, list[Mandate]] = {}
    for mandate in held.select_related("person").order_by("person__sort_name", "pk"):
        mandates.setdefault(mandate.organisation_id, []).append(mandate)
    partners = programme.partners.model.objects.on(today).filter(programme=programme).select_related("organisation")
    rows = partners.order_by("organisation__name", "pk")
    return [(each.organisation.name, mandates.get(each.organisation_id, [])) for each in rows]


@require_http_methods(READ_OR_POST)
def put_in_use(request: HttpRequest, agreement: int) -> HttpResponse:
    """Say since when people work by it."""
    own = kept_agreement(request, agreement)
    if not own.versions.filter(state__in=CURRENT).exists():
        raise Http404
    form = InUseForm(_posted(request), today=local_day(own.programme, timezone.now()))

    def act() -> None:
        actions.put_in_use(agreement=own, by=request.user, now=timezone.now(), **form.cleaned_data)

    said = "It is in use. Until every partner has endorsed it, every page says so"
    return _acted(request, own, form, act, said, "People work by it", "Say that it is in use")


@require_http_methods(READ_OR_POST)
def take_out_of_use(request: HttpRequest, agreement: int) -> HttpResponse:
    """Say that nobody works by it any more."""
    own = kept_agreement(request, agreement)

    def act() -> None:
        actions.take_out_of_use(agreement=own, by=request.user, now=timezone.now())

    return _confirmed(
        request, own, act, said="It is not in use any more", title="Does nobody work by it any more?",
        consequence="What partners have signed stays as it is.", button="Take it out of use",
    )  # fmt: skip


@require_http_methods(READ_OR_POST)
def withdraw(request: HttpRequest, agreement: int) -> HttpResponse:
    """End it, with the reason."""
    own = kept_agreement(request, agreement)
    hint = "Everybody who was asked reads this. The words and what was signed stay."
    form = ReasonForm(_posted(request), label="Why is it withdrawn?", hint=hint)

    def act() -> None:
        actions.withdraw_agreement(
            agreement=own, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
        )

    return _acted(request, own, form, act, "The agreement is withdrawn", "Withdraw this agreement", "Withdraw it")


@require_http_methods(READ_OR_POST)
def replace(request: HttpRequest, agreement: int) -> HttpResponse:
    """End it because another agreement takes its place."""
    own = kept_agreement(request, agreement)
    others = Agreement.objects.unended().filter(programme=own.programme_id, versions__state__in=CURRENT)
    form = ReplaceForm(_posted(request), others=others.exclude(pk=own.pk).order_by("reference"))

    def act() -> None:
        actions.replace_agreement(agreement=own, by=request.user, now=timezone.now(), **form.cleaned_data)

    return _acted(request, own, form, act, "The agreement is replaced", "Replace it by another agreement", "Replace it")


@require_http_methods(READ_OR_POST)
def change_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Say how a programme has its agreements endorsed."""
    programme = _kept(request, slug)
    policy = policy_of(programme)
    initial = {"endorse_days": policy.endorse_days, "needs_second_step": policy.needs_second_step}
    form = AgreementRulesForm(_posted(request), initial=initial)
    back = reverse("commitments:programme-agreements", args=[programme.slug])
    if form.is_bound and form.is_valid():
        actions.set_agreement_policy(programme=programme, by=request.user, now=timezone.now(), **form.changes)
        messages.success(request, "It holds from now on")
        return redirect(back)
    return _form(request, programme, form, "How agreements are endorsed", "Save", back, "Back to agreements")


def kept_agreement(request: HttpRequest, agreement: int) -> Agreement:
    """Return the agreement that this person, a coordinator, may change; raises Http404 for any other."""
    own = agreement_of(request, agreement)
    if not can_triage(request.user, own.programme) or own.ended_at is not None:
        raise Http404
    return own


def _with_draft(request: HttpRequest, agreement: int) -> tuple[Agreement, AgreementVersion]:
    own = kept_agreement(request, agreement)
    draft = get_object_or_404(own.versions, state=VersionState.DRAFT)
    draft.agreement = own
    return own, draft


def _kept(request: HttpRequest, slug: str) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _acted(
    request: HttpRequest, own: Agreement, form: Any, act: Callable[[], None], said: str, title: str, button: str, *,
    template: str = "commitments/agreements/form.html", more: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    if form.is_bound and form.is_valid():
        try:
            act()
        except Refused as refusal:
            form.add_refusal(refusal)
            if isinstance(refusal, actions.DraftMoved):
                # The page shows what the draft says now: whoever presses again has read it.
                form.data = {**form.data.dict(), "seen": form.initial["seen"]}
        else:
            messages.success(request, said)
            return redirect("commitments:agreement-show", agreement=own.pk)
    back = reverse("commitments:agreement-show", args=[own.pk])
    more = {"agreement": own, **(more or {})}
    return _form(request, own.programme, form, title, button, back, "Back to the agreement", template, more)


def _form(
    request: HttpRequest, programme: Programme, form: Any, title: str, button: str, back_url: str, back_words: str,
    template: str = "layouts/form.html", more: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    context = {
        "programme": programme,
        "section": "agreements",
        "form": form,
        "title": title,
        "caption": programme.name,
        "button": button,
        "back_url": back_url,
        "back_words": back_words,
        **(more or {}),
    }
    return render(request, template, context)


def _confirmed(
    request: HttpRequest, own: Agreement, act: Callable[[], None], *, said: str, title: str, consequence: str,
    button: str,
) -> HttpResponse:  # fmt: skip
    if request.method == "POST":
        try:
            act()
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, said)
        return redirect("commitments:agreement-show", agreement=own.pk)
    context = {
        "programme": own.programme,
        "section": "agreements",
        "agreement": own,
        "title": title,
        "caption": f"{own.programme.name}, agreement {own.reference}",
        "consequence": consequence,
        "button": button,
        "back_url": reverse("commitments:agreement-show", args=[own.pk]),
        "back_words": "Back to the agreement",
    }
    return render(request, "layouts/confirm.html", context)
