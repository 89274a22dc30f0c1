"""Who may ask, answer and promise."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Person
from accounts.permissions import Permission, has, scopes_with
from attendance.models import CAME, Attendance
from briefings.models import Partner, Programme, Session, programme_ids_with
from briefings.rules import mandate_for, mandates_of, spoken_for
from commitments.models import (
    Agreement,
    AgreementVersion,
    Assurance,
    Clearance,
    Commission,
    GovernanceHolder,
    Guidance,
    Handover,
    HandoverState,
    Question,
)
from history.statements import DAY, NUMBER, Prepared, compiled
from organisations.models import Organisation
from organisations.rules import led_organisation_ids


def can_triage(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` decides what becomes of the questions and assurances of ``programme``."""
    return has(person, Permission.TRIAGE_QUESTIONS, programme)


def can_scribe(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` may write down what is asked and promised in the sessions of ``programme``."""
    return has(person, Permission.RUN_SESSIONS, programme)


def questions_visible_to(person: Any, on: date) -> QuerySet[Question]:
    """Return the questions that ``person`` may read.

    Those of own programmes, those that are theirs to answer or were asked of them, those of organisations they lead,
    and those whose answers they clear.
    """
    if not person.is_authenticated:
        return Question.objects.none()
    programmes = programme_ids_with(person, Permission.READ_QUESTIONS)
    if programmes is None:
        return Question.objects.all()
    # Each ground has an index. What other tables lead to is read here: as subqueries it would be built, planned and
    # read again in each of the statements of a list.
    others = [key for (key,) in _asked_or_cleared().rows(person=person.pk, on=on)]
    return Question.objects.filter(
        Q(programme__in=programmes)
        | Q(owner=person)
        | Q(organisation__in=led_organisation_ids(person))
        | Q(pk__in=others)
    )


@cache
def _asked_or_cleared() -> Prepared:
    """Return the statement that reads which questions of other owners a person was asked or clears."""
    somebody, day = Person(pk=NUMBER), DAY
    asked = Commission.objects.filter(person=somebody).exclude(question__owner=somebody).values_list("question")
    cleared = Clearance.objects.of_holder(somebody, day).values_list("draft__question")
    return compiled("questions_asked_or_cleared", asked.union(cleared), person=somebody.pk, on=day)


def questions_of_programme(person: Any, programme: Programme, on: date) -> QuerySet[Question]:
    """Return the questions of ``programme`` that ``person`` may read; by a role there all of them, without a search."""
    if has(person, Permission.READ_QUESTIONS, programme):
        return Question.objects.filter(programme=programme)
    return questions_visible_to(person, on).filter(programme=programme)


def assurances_visible_to(person: Any, on: date) -> QuerySet[Assurance]:
    """Return the assurances that ``person`` may read: by a role, their own and their organisations', and what they are
    asked to take over.
    """
    if not person.is_authenticated:
        return Assurance.objects.none()
    programmes = programme_ids_with(person, Permission.READ_QUESTIONS)
    if programmes is None:
        return Assurance.objects.all()
    # Read here: as subqueries they would be built, planned and read again in each of the statements of a list.
    spoken = defaultdict(set)
    for organisation, programme in spoken_for(person, on):
        spoken[programme].add(organisation)
    asked = [key for (key,) in _asked_to_take_over().rows(person=person.pk)]
    led = led_organisation_ids(person)
    mine = Q()
    # By programme: who speaks for one organisation here and for another there does not read the one there.
    for programme, bodies in spoken.items():
        mine |= Q(programme=programme) & (Q(organisation__in=bodies) | Q(carried_by__in=bodies))
    return Assurance.objects.filter(
        Q(programme__in=programmes)
        | Q(person=person)
        | Q(keeper=person)
        | Q(noted_by=person)
        | Q(pk__in=asked)
        | Q(organisation__in=led)
        | Q(carried_by__in=led)
        | mine
    )


@cache
def _asked_to_take_over() -> Prepared:
    asked = Handover.objects.filter(person=NUMBER, state=HandoverState.ASKED).values_list("assurance")
    return compiled("assurances_asked_to_take_over", asked, person=NUMBER)


def assurances_of_programme(person: Any, programme: Programme, on: date) -> QuerySet[Assurance]:
    """Return the assurances of ``programme`` that ``person`` may read; by a role there all of them."""
    if has(person, Permission.READ_QUESTIONS, programme):
        return Assurance.objects.filter(programme=programme)
    return assurances_visible_to(person, on).filter(programme=programme)


def programmes_with_assurances(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes whose assurances concern ``person``: by a role, a mandate, or as lead of a partner."""
    return Programme.objects.filter(_where(person, Permission.READ_QUESTIONS) | _spoken(person, on) | _led(person, on))


def programmes_with_questions(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes whose questions and assurances concern ``person``: by a role, or by a mandate."""
    return Programme.objects.filter(_where(person, Permission.READ_QUESTIONS) | _spoken(person, on))


def programmes_with_lists(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes whose questions ``person`` may read a list of.

    By a role or a mandate, as lead of a partner, or because they clear answers there. Which questions of them they
    read is ``questions_visible_to``.
    """
    held = GovernanceHolder.objects.on(on).filter(person=person.pk).values("programme")
    return Programme.objects.filter(
        _where(person, Permission.READ_QUESTIONS) | _spoken(person, on) | _led(person, on) | Q(pk__in=held)
    )


def is_among(
    programmes: Callable[[Any, date], QuerySet[Programme]], person: Any, on: date, programme: Programme | None
) -> bool:
    """Return whether ``programme``, or any, is among ``programmes`` (of those above) of ``person``, for navigation.

    It is asked on every page: whom assurances concern is read off what is known, from the cheapest on.
    """
    if programmes is not programmes_with_assurances:
        found = programmes(person, on)
        return found.filter(pk=programme.pk).exists() if programme else found.exists()
    if _reads(person, programme):
        return True
    if led := led_organisation_ids(person):
        partners = Partner.objects.on(on).filter(organisation__in=led)
        if (partners.filter(programme=programme) if programme else partners).exists():
            return True
    spoken = spoken_in(person, on)
    return programme.pk in spoken if programme else bool(spoken)


def _reads(person: Any, programme: Programme | None) -> bool:
    read = Permission.READ_QUESTIONS
    return has(person, read, programme) if programme else bool(scopes_with(person, read))


def _where(person: Any, permission: Permission) -> Q:
    """Return the condition on programmes that ``person`` holds ``permission`` there."""
    ids = programme_ids_with(person, permission)
    return Q(pk__isnull=False) if ids is None else Q(pk__in=ids)


def _spoken(person: Any, on: date) -> Q:
    """Return the condition on programmes that ``person`` holds a mandate there."""
    return Q(pk__in=mandates_of(person, on).values("programme"))


def spoken_in(person: Any, on: date) -> set[int]:
    """Return the ids of the programmes in which ``person`` holds a mandate on ``on``."""
    return {programme for _, programme in spoken_for(person, on)}


def _led(person: Any, on: date) -> Q:
    """Return the condition on programmes that ``person`` leads a partner of them; no table is read for who leads none.

    What a person does not have is not asked for: these conditions stand in the navigation of every page.
    """
    led = led_organisation_ids(person)
    return Q(pk__in=Partner.objects.on(on).filter(organisation__in=led).values("programme")) if led else Q(pk__in=())


def can_read_names(person: Any, question: Question) -> bool:
    """Return whether ``person`` sees who asked by name: the coordinator and whoever answers, as askers are told."""
    return question.owner_id == person.pk or can_triage(person, question.programme)


def can_answer(person: Any, question: Question, on: date) -> bool:
    """Return whether ``person`` may answer ``question`` on ``on``: its owner by mandate, or a coordinator."""
    if can_triage(person, question.programme):
        return True
    if question.owner_id != person.pk:
        return False
    return mandate_for(person, question.programme, on, question.organisation) is not None


def can_scribe_at(person: Any, session: Session, today: date) -> bool:
    """Return whether ``person`` may write down what is asked in ``session`` on ``today``, the day where it is.

    Who keeps registers may at any time; who presents or facilitates this very session on its day alone.
    """
    if can_scribe(person, session.programme):
        return True
    return session.date == today and session.parts.filter(person=person.pk).exists()


def staff_organisations(person: Any, programme: Programme, on: date) -> set[int]:
    """Return the ids of the partners of ``programme`` for whose staff ``person`` may ask: by mandate, or as lead."""
    found = {organisation for organisation, each in spoken_for(person, on) if each == programme.pk}
    if led := led_organisation_ids(person):
        partners = programme.partners.on(on).filter(organisation__in=led)
        found.update(partners.values_list("organisation", flat=True))
    return found


def can_raise_for(person: Any, programme: Programme, on: date) -> bool:
    """Return whether ``person`` may raise questions of others in ``programme``."""
    return can_triage(person, programme) or bool(staff_organisations(person, programme, on))


def programmes_to_raise_in(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes in which ``person`` may raise a question for themselves or others, for the first page."""
    may = _where(person, Permission.TRIAGE_QUESTIONS) | Q(pk__in=spoken_in(person, on)) | _led(person, on)
    return Programme.objects.filter(may).order_by("name", "pk")


def programmes_with_outputs(person: Any) -> QuerySet[Programme]:
    """Return the programmes whose outputs ``person`` may read: they read its questions or run its sessions."""
    reads = Programme.objects.where(person, Permission.READ_QUESTIONS).values("pk")
    runs = Programme.objects.where(person, Permission.RUN_SESSIONS).values("pk")
    return Programme.objects.filter(Q(pk__in=reads) | Q(pk__in=runs))


def can_write_guidance(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` writes the guidance of ``programme`` and answers comments: who runs its sessions."""
    return has(person, Permission.RUN_SESSIONS, programme)


def can_publish_guidance(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` opens, publishes and takes back the guidance of ``programme``."""
    return has(person, Permission.TRIAGE_QUESTIONS, programme)


def programmes_with_guidance(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes whose guidance ``person`` may comment on.

    By a role, by a mandate, as lead of a partner, or because they came to a session of it.
    """
    if not person.is_authenticated:
        return Programme.objects.none()
    came = Attendance.objects.filter(person=person.pk, outcome__in=CAME).values("session__programme")
    return Programme.objects.filter(
        Q(pk__in=programmes_with_outputs(person).values("pk"))
        | Q(pk__in=programmes_with_assurances(person, on).values("pk"))
        | Q(pk__in=came)
    )


def guidance_to_work_on(person: Any, on: date) -> QuerySet[Guidance]:
    """Return the guidance whose draft ``person`` may read: what they write, and what is open for their comments."""
    if not person.is_authenticated:
        return Guidance.objects.none()
    written = Programme.objects.where(person, Permission.RUN_SESSIONS)
    open_to_them = Q(is_open=True, programme__in=programmes_with_guidance(person, on))
    return Guidance.objects.filter(Q(programme__in=written) | open_to_them)


def programmes_to_read_guidance_of(person: Any, on: date) -> QuerySet[Programme]:
    """Return the programmes whose published guidance ``person``, or a stranger, may read."""
    return Programme.objects.filter(
        Q(is_public=True)
        | Q(pk__in=programmes_with_guidance(person, on).values("pk"))
        | Q(pk__in=Programme.objects.visible_to(person).values("pk"))
    )


def organisation_of(person: Any, programme: Programme, on: date) -> Organisation | None:
    """Return for which organisation ``person`` speaks in ``programme`` on ``on``, None where for none.

    By mandate, as lead of a partner, by the last session they came to, by where they work.
    """
    partners = programme.partners.on(on).values("organisation")
    mandate = mandate_for(person, programme, on)
    if mandate:
        return mandate.organisation
    came = Attendance.objects.filter(person=person.pk, session__programme=programme, outcome__in=CAME)
    last = came.select_related("organisation").order_by("-session__during").first()
    if last:
        return last.organisation
    led = Organisation.objects.filter(pk__in=led_organisation_ids(person)).filter(pk__in=partners)
    works = Organisation.objects.filter(
        pk__in=person.affiliations.on(on).filter(organisation__in=partners).values("organisation")
    )
    return led.order_by("pk").first() or works.order_by("pk").first()


def agreements_visible_to(person: Any, on: date) -> QuerySet[Agreement]:
    """Return the agreements that ``person`` may read: by a role; by a mandate or as lead those that were proposed."""
    if not person.is_authenticated:
        return Agreement.objects.none()
    reads = Programme.objects.where(person, Permission.READ_QUESTIONS).values("pk")
    proposed = AgreementVersion.objects.filter(agreement=OuterRef("pk"), proposed_at__isnull=False)
    concerned = programmes_with_assurances(person, on).values("pk")
    return Agreement.objects.filter(Q(programme__in=reads) | (Q(programme__in=concerned) & Exists(proposed)))


def organisations_seen(person: Any, programme: Programme, on: date) -> set[int] | None:
    """Return the ids of the partners whose outcomes ``person`` reads in ``programme``; None: those of all.

    Who reads by a role or holds a mandate there reads all; a lead reads those of organisations they lead.
    """
    if has(person, Permission.READ_QUESTIONS, programme) or mandate_for(person, programme, on) is not None:
        return None
    return set(led_organisation_ids(person))


def outcomes_seen(person: Any, on: date, *, programme: str) -> Q:
    """Return the condition on rows with an ``organisation`` that ``organisations_seen`` lets ``person`` know of them.

    ``programme`` is the way from such a row to its programme.
    """
    reads = programmes_with_questions(person, on).values("pk")
    return Q(**{f"{programme}__in": reads}) | Q(organisation__in=led_organisation_ids(person))


def drafts_seen(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` reads what is drafted in ``programme`` and not yet proposed."""
    return has(person, Permission.READ_QUESTIONS, programme)
