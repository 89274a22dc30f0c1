"""How a programme handles questions: themes, clearance, the ladder of reminders, closure days; own reminders."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import Permission
from attendance.queries.people import people_of
from briefings.models import Programme
from commitments.actions import policies
from commitments.clocks import local_day
from commitments.forms.rules import ClosureForm, HolderForm, RemindersForm, RulesForm, ThemeNameForm
from commitments.models import DigestChoice, GovernanceHolder, GovernanceRole, Theme, Told
from commitments.queries.counting import recountable
from commitments.queries.standards import ladder_for, policy_of
from history.refusals import Refused
from organisations.models import Affiliation, Organisation

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
def show_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """What holds for the questions of a programme, on one page."""
    programme = _programme(request, slug)
    today, policy, ladder = local_day(programme, timezone.now()), policy_of(programme), ladder_for(programme)
    holders = GovernanceHolder.objects.on(today).filter(programme=programme).select_related("person", "organisation")
    holders = list(holders.order_by("organisation__name", "role", "pk"))
    held = {holder.role for holder in holders if holder.person.is_active}
    needed = [(role.value, role.label) for role in GovernanceRole if role in policy.clearance_roles]
    context = {
        **_page(programme, "How questions are handled"),
        "policy": policy,
        "themes": [Theme(each).label for each in Theme.values if each in policy.themes],
        "own_themes": programme.own_themes.filter(is_ended=False),
        "rungs": [(step, ", ".join(Told(each).label.lower() for each in step.tells)) for step in ladder.steps],
        "repeat": ladder.repeat,
        "holders": holders,
        "needed": needed,
        "vacant": [label for role, label in needed if role not in held],
        "closures": programme.closure_days.filter(day__gte=today),
        "recountable": recountable(programme),
    }  # fmt: skip
    return render(request, "commitments/questions/rules.html", context)


@require_http_methods(READ_OR_POST)
def change_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Change themes, clearance and the ladder."""
    programme = _programme(request, slug)
    policy, ladder = policy_of(programme), ladder_for(programme)
    initial = {
        "themes": policy.themes, "clearance_roles": policy.clearance_roles, "repeat_days": policy.repeat_days,
    }  # fmt: skip
    form = RulesForm(_posted(request), ladder=ladder, initial=initial)

    def act() -> None:
        policies.set_policy(programme=programme, by=request.user, now=timezone.now(), **form.changes)

    said = "It holds from now on. No due date has moved"
    return _form(request, programme, form, act, said, "Themes, clearance and reminders", "Save")


@require_http_methods(READ_OR_POST)
def new_theme(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a theme of the programme's own."""
    programme = _programme(request, slug)
    form = ThemeNameForm(_posted(request))

    def act() -> None:
        policies.add_theme(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)

    return _form(request, programme, form, act, "The theme can be used", "Add a theme", "Add the theme", field="name")


@require_POST
def close_theme(request: HttpRequest, slug: str, theme: int) -> HttpResponse:
    """Use an own theme no more."""
    programme = _programme(request, slug)
    own = get_object_or_404(programme.own_themes.select_related("programme"), pk=theme)
    policies.end_theme(theme=own, by=request.user, now=timezone.now())
    messages.success(request, "The theme is used no more. Questions that have it keep it")
    return redirect("commitments:question-rules", slug=slug)


@require_http_methods(READ_OR_POST)
def new_holder(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who holds a governance role for a partner."""
    programme, now = _programme(request, slug), timezone.now()
    today = local_day(programme, now)
    partners = Organisation.objects.filter(pk__in=programme.partners.on(today).values("organisation"))
    staff = Affiliation.objects.on(today).filter(organisation__in=partners).values("person")
    everybody = people_of(programme, request.user, now).values("pk")
    people = Person.objects.filter(Q(pk__in=staff) | Q(pk__in=everybody) | Q(mandates__programme=programme))
    form = HolderForm(_posted(request), organisations=partners, people=people.filter(is_active=True).distinct())

    def act() -> None:
        policies.name_holder(programme=programme, by=request.user, now=now, **form.cleaned_data)

    return _form(
        request, programme, form, act, "They can clear answers from now on", "Give a governance role", "Give it"
    )


@require_POST
def close_holder(request: HttpRequest, slug: str, holder: int) -> HttpResponse:
    """End that somebody holds a governance role."""
    programme = _programme(request, slug)
    own = get_object_or_404(programme.governance_holders, pk=holder)
    policies.end_holder(holder=own, by=request.user, now=timezone.now())
    messages.success(request, "The role has ended. What waits for it is asked of somebody else who holds it")
    return redirect("commitments:question-rules", slug=slug)


@require_http_methods(READ_OR_POST)
def new_closure(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a day on which the offices are closed."""
    programme = _programme(request, slug)
    form = ClosureForm(_posted(request))

    def act() -> None:
        policies.close_on(programme=programme, by=request.user, now=timezone.now(), **form.cleaned_data)

    said = "It is not counted from now on. No date that stands has moved: those that would are listed below"
    return _form(request, programme, form, act, said, "Add a closure day", "Add the day", field="day")


@require_POST
def drop_closure(request: HttpRequest, slug: str, closure: int) -> HttpResponse:
    """Take a closure day back."""
    programme = _programme(request, slug)
    own = get_object_or_404(programme.closure_days.select_related("programme"), pk=closure)
    policies.open_on(closure=own, by=request.user, now=timezone.now())
    messages.success(request, "It is a working day again. No date that stands has moved")
    return redirect("commitments:question-rules", slug=slug)


@require_http_methods(READ_OR_POST)
def choose_reminders(request: HttpRequest) -> HttpResponse:
    """Choose one mail a day instead of one for each question."""
    wants = DigestChoice.objects.filter(person=request.user).exists()
    form = RemindersForm(_posted(request), initial={"how": "digest" if wants else "each"})
    if form.is_bound and form.is_valid():
        wants = form.cleaned_data["how"] == "digest"
        policies.choose_digest(person=request.user, wants=wants, now=timezone.now())
        said = "You get one e-mail a day" if wants else "You get one e-mail for each question"
        messages.success(request, said)
        return redirect("commitments:question-list")
    context = {
        "form": form,
        "section": "questions",
        "title": "How you are reminded",
        "button": "Save",
        "back_url": reverse("commitments:question-list"),
        "back_words": "Back to questions",
    }
    return render(request, "layouts/form.html", context)


def _programme(request: HttpRequest, slug: str) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, Permission.TRIAGE_QUESTIONS), slug=slug)


def _page(programme: Programme, title: str) -> dict[str, Any]:
    return {
        "programme": programme,
        "section": "questions",
        "title": title,
        "caption": programme.name,
        "back_url": reverse("commitments:programme-questions", args=[programme.slug]),
        "back_words": "Back to questions",
    }


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _form(
    request: HttpRequest, programme: Programme, form: Any, act: Callable, said: str, title: str, button: str, *,
    field: str | None = None,
) -> HttpResponse:  # fmt: skip
    rules = reverse("commitments:question-rules", args=[programme.slug])
    if form.is_bound and form.is_valid():
        try:
            act()
        except Refused as refusal:
            form.add_refusal(refusal, field)
        else:
            messages.success(request, said)
            return redirect(rules)
    context = {**_page(programme, title), "form": form, "button": button, "back_url": rules}
    context["back_words"] = "Back to how questions are handled"
    return render(request, "layouts/form.html", context)
