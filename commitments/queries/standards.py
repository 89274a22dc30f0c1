"""What holds for the questions of a programme: its calendar, ladder, themes, clearance, and who looks after them."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Person
from briefings.models import Programme, ProgrammeRole
from briefings.rules import coordinators_of
from commitments.clocks import Calendar, Ladder, Step, ladder_of
from commitments.models import GovernanceHolder, OwnTheme, Question, QuestionPolicy, Theme
from history.statements import Prepared, compiled
from organisations.models import Organisation


def calendar_of(programme: Programme) -> Calendar:
    """Return the working days of ``programme``: those of its nation without its closure days. One query."""
    return Calendar(programme.nation, frozenset(programme.closure_days.values_list("day", flat=True)))


def policy_of(programme: Programme) -> QuestionPolicy:
    """Return what ``programme`` says about its questions; a new, unsaved one where it has said nothing.

    No query where ``programme`` was loaded together with it.
    """
    with_it = Programme._meta.get_field("question_policy")
    if with_it.is_cached(programme):
        return with_it.get_cached_value(programme) or QuestionPolicy(programme=programme)
    return QuestionPolicy.objects.filter(programme=programme).first() or QuestionPolicy(programme=programme)


def programme_called(slug: str) -> Programme | None:
    """Return the programme ``slug`` together with what it says about its questions, or None; who may see it is asked
    by who calls. One statement that each connection prepares: nearly every page of a programme begins with it.
    """
    found = _called().rows(slug=slug)
    if not found:
        return None
    programme = Programme.from_db(connection.alias, _PROGRAMME, found[0][: len(_PROGRAMME)])
    policy = found[0][len(_PROGRAMME) :]
    kept = QuestionPolicy.from_db(connection.alias, _POLICY, policy) if policy[0] is not None else None
    Programme._meta.get_field("question_policy").set_cached_value(programme, kept)
    return programme


_PROGRAMME = [field.attname for field in Programme._meta.concrete_fields]
_POLICY = [field.attname for field in QuestionPolicy._meta.concrete_fields]


@cache
def _called() -> Prepared:
    rows = Programme.objects.filter(slug="slug").order_by()
    columns = (*_PROGRAMME, *(f"question_policy__{name}" for name in _POLICY))
    return compiled("programme_with_its_policy", rows.values_list(*columns), slug="slug")


def ladder_for(programme: Programme) -> Ladder:
    """Return the ladder of reminders of ``programme``. Two queries at most."""
    policy = policy_of(programme)
    rungs = list(policy.rungs.all()) if policy.pk else []
    return ladder_of([Step(rung.days, tuple(rung.tells)) for rung in rungs], policy.repeat_days)


def themes_of(programme: Programme, own: Iterable[tuple[int, str]] | None = None) -> list[tuple[str, str]]:
    """Return what a question of ``programme`` may be filed under, as choices: standard themes, then own ones.

    An own theme has the value ``own-<id>``; ``theme_from`` reads it back. ``own``: what ``own_themes_of`` has found.
    """
    used = policy_of(programme).themes
    own = own_themes_of(programme).values_list("pk", "name") if own is None else own
    return [choice for choice in Theme.choices if choice[0] in used] + [(f"own-{pk}", name) for pk, name in own]


def own_themes_of(programme: Programme) -> QuerySet[OwnTheme]:
    """Return the themes that ``programme`` has added and still uses, in their order."""
    return programme.own_themes.filter(is_ended=False)


def theme_from(value: str) -> dict:
    """Return the columns of a question for the choice ``value`` of ``themes_of``; "" means none."""
    own = value.removeprefix("own-")
    if value.startswith("own-") and own.isdecimal() and len(own) < 19:
        return {"theme": "", "own_theme_id": int(own)}
    return {"theme": value, "own_theme_id": None}


def keepers_of(programme: Programme, on: date) -> list[Person]:
    """Return who looks after what nobody else owns: the coordinators, where there is none the administrators."""
    found = list(coordinators_of(programme, on))
    return found or list(Person.objects.filter(is_administrator=True, is_active=True).order_by("sort_name", "pk"))


def board_of(programme: Programme, on: date) -> list[Person]:
    """Return the members of the programme's board on ``on``."""
    held = programme.appointments.filter(role=ProgrammeRole.BOARD)
    seats = held.model.objects.on(on).filter(pk__in=held)
    return list(Person.objects.filter(pk__in=seats.values("person"), is_active=True).order_by("sort_name", "pk"))


def holders_of(programme: Programme, role: str, organisation: Organisation, on: date) -> list[Person]:
    """Return who holds ``role`` for ``organisation`` in ``programme`` on ``on``."""
    held = GovernanceHolder.objects.on(on).filter(programme=programme, role=role, organisation=organisation)
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("sort_name", "pk"))


def roles_held(programme: Programme, on: date, *, but: Person) -> set[str]:
    """Return the roles that somebody of ``programme`` holds on ``on``, other than ``but`` who wrote the words."""
    held = GovernanceHolder.objects.on(on).filter(programme=programme, person__is_active=True).exclude(person=but)
    return set(held.values_list("role", flat=True))


def organisation_that_clears(question: Question, role: str, on: date, *, but: Person) -> Organisation | None:
    """Return whose holder of ``role`` clears an answer to ``question``: its own organisation's, else another partner's.

    None where nobody in the programme holds the role ``but`` who wrote the words.
    """
    held = GovernanceHolder.objects.on(on).filter(programme=question.programme, role=role, person__is_active=True)
    held = held.exclude(person=but)
    own = held.filter(organisation=question.organisation_id).select_related("organisation").first()
    found = own or held.select_related("organisation").order_by("since", "pk").first()
    return found.organisation if found else None
