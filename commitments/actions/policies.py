"""What a programme says about its questions: themes, clearance, its holders, closure days, the ladder; own digests."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from briefings.models import Programme
from commitments.actions.questions.moving import set_reminder
from commitments.clocks import Step, local_day
from commitments.models import (
    UNANSWERED,
    ClosureDay,
    DigestChoice,
    GovernanceHolder,
    LadderRung,
    OwnTheme,
    Question,
    QuestionPolicy,
)
from commitments.queries.standards import calendar_of, theme_from, themes_of
from history.actions import record, record_many
from history.refusals import Refused
from organisations.models import Organisation


class NamedBefore(Refused):
    sentence = "This is here already."


class NoSuchTheme(Refused):
    sentence = "This theme is not one of the programme’s. Choose another."


class NotAPartner(Refused):
    sentence = "This organisation is not a partner of the programme."


@transaction.atomic
def set_policy(
    *,
    programme: Programme,
    by: Any,
    now: datetime,
    steps: Iterable[Step] | None = None,
    **columns: Any,
) -> QuestionPolicy:
    """Say which standard themes are used, whose clearance every answer needs, and who is reminded when.

    ``columns`` are among themes, clearance_roles and repeat_days; what is not named stays. ``steps`` empty: the usual
    ladder; None: the one that there is. Another ladder gives every open question its next reminder anew; no due date
    moves. Setting what is set changes nothing.
    """
    policy, _ = QuestionPolicy.objects.select_for_update(no_key=True).get_or_create(programme=programme)
    changed = sorted(name for name, value in columns.items() if getattr(policy, name) != value)
    for name in changed:
        setattr(policy, name, columns[name])
    policy.save(update_fields=changed)
    if steps is not None and _set_rungs(policy, steps):
        changed.append("ladder")
    if {"ladder", "repeat_days"} & {*changed}:
        _remind_anew(programme, now)
    if changed:
        record(by=by, verb="set_question_policy", about=programme, now=now, fields=changed)
    return policy


def _set_rungs(policy: QuestionPolicy, steps: Iterable[Step]) -> bool:
    """Make ``steps`` the ladder of ``policy``; return whether it was another."""
    wanted = [(step.days, list(step.tells)) for step in sorted(steps, key=lambda step: step.days)]
    if wanted == [*policy.rungs.values_list("days", "tells")]:
        return False
    policy.rungs.all().delete()
    LadderRung.objects.bulk_create(LadderRung(policy=policy, days=days, tells=tells) for days, tells in wanted)
    return True


def _remind_anew(programme: Programme, now: datetime) -> None:
    today, calendar = local_day(programme, now), calendar_of(programme)
    owed = Question.objects.filter(programme=programme, state__in=UNANSWERED, paused_on=None)
    for question in owed.select_related("programme").select_for_update(no_key=True, of=("self",)).order_by("pk"):
        question.reminded_step = 0
        set_reminder(question, today, calendar)
        question.save(update_fields=["reminded_step", "next_reminder_on"])


@transaction.atomic
def add_theme(*, programme: Programme, name: str, by: Any, now: datetime) -> OwnTheme:
    """Add a theme of the programme's own; one that had ended is used again. Raises NamedBefore."""
    theme = OwnTheme.objects.select_for_update(no_key=True).filter(programme=programme, name__iexact=name).first()
    if theme and not theme.is_ended:
        raise NamedBefore
    if theme is None:
        theme = OwnTheme.objects.create(programme=programme, name=name)
    else:
        theme.is_ended = False
        theme.save(update_fields=["is_ended"])
    record(by=by, verb="added_theme", about=programme, now=now)
    return theme


@transaction.atomic
def end_theme(*, theme: OwnTheme, by: Any, now: datetime) -> OwnTheme:
    """Use an own theme no more; questions that have it keep it."""
    theme.is_ended = True
    theme.save(update_fields=["is_ended"])
    record(by=by, verb="ended_theme", about=theme.programme, now=now)
    return theme


@transaction.atomic
def file_under(*, questions: Iterable[Question], theme: str, by: Any, now: datetime) -> int:
    """File ``questions`` of one programme under ``theme``, a value of ``themes_of``, or "" for none. Return how many.

    Raises NoSuchTheme.
    """
    rows = list(questions)
    if theme and any(theme not in dict(themes_of(programme)) for programme in {row.programme for row in rows}):
        raise NoSuchTheme
    Question.objects.filter(pk__in=[row.pk for row in rows]).update(**theme_from(theme))
    record_many(by=by, verb="filed", about=rows, now=now)
    return len(rows)


@transaction.atomic
def name_holder(
    *, programme: Programme, organisation: Organisation, role: str, person: Person, by: Any, now: datetime
) -> GovernanceHolder:
    """Say who holds a governance role for a partner from today. Raises NotAPartner, NamedBefore."""
    today = local_day(programme, now)
    if not programme.partners.on(today).filter(organisation=organisation).exists():
        raise NotAPartner
    same = {"programme": programme, "organisation": organisation, "role": role, "person": person}
    if GovernanceHolder.objects.filter(**same, until=None).exists():
        raise NamedBefore
    holder = GovernanceHolder.objects.create(**same, since=today)
    record(by=by, verb="named_governance_holder", about=programme, now=now, reason=role)
    return holder


@transaction.atomic
def end_holder(*, holder: GovernanceHolder, by: Any, now: datetime) -> GovernanceHolder:
    """End that somebody holds a governance role, from today. What waits for them is asked of somebody else."""
    holder = GovernanceHolder.objects.select_for_update(no_key=True, of=("self",)).get(pk=holder.pk)
    if holder.until is None:
        holder.until = max(local_day(holder.programme, now), holder.since)
        holder.save(update_fields=["until"])
        record(by=by, verb="ended_governance_holder", about=holder.programme, now=now, reason=holder.role)
    return holder


@transaction.atomic
def close_on(*, programme: Programme, day: date, why: str, by: Any, now: datetime) -> ClosureDay:
    """Say that the offices are closed on ``day``: it is not counted from now on. No date that stands is moved.

    Raises NamedBefore.
    """
    closure, is_new = ClosureDay.objects.get_or_create(programme=programme, day=day, defaults={"why": why})
    if not is_new:
        raise NamedBefore
    record(by=by, verb="closed_on", about=programme, now=now, reason=day.isoformat())
    return closure


@transaction.atomic
def open_on(*, closure: ClosureDay, by: Any, now: datetime) -> None:
    """Take a closure day back. No date that stands is moved."""
    record(by=by, verb="opened_on", about=closure.programme, now=now, reason=closure.day.isoformat())
    closure.delete()


@transaction.atomic
def choose_digest(*, person: Person, wants: bool, now: datetime) -> None:
    """Have one mail a day about all questions that are ``person``'s, or one for each again."""
    if wants:
        DigestChoice.objects.get_or_create(person=person, defaults={"chosen_at": now})
    else:
        DigestChoice.objects.filter(person=person).delete()
    record(by=person, verb="chose_digest" if wants else "left_digest", about=person, now=now)
