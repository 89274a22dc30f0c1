"""Whom to ask for senior cover: what ``attendance.covering`` needs, read in few queries, and its answer in rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from attendance.covering import Half, Proposal, Senior, propose, wants_of
from attendance.models import Availability, CoverState, Engagement, SeniorAttendance
from attendance.queries.cover import shares_of
from briefings.models import CoverRule, Mandate, Partner, Programme, Session, SessionState
from organisations.models import Organisation

LIVE = (CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED)


@dataclass(frozen=True)
class Proposed:
    """Whom to ask for what, and what cannot be met; with the rows behind the numbers of ``covering``."""

    pairs: list[tuple[Session, Mandate]]
    proposal: Proposal
    sessions: dict[int, Session]
    organisations: dict[int, Organisation]
    seniors: dict[int, Senior]

    @property
    def why_them(self) -> dict[int, str]:
        """Return by mandate in words why this person: how often they were asked, whether they said that they can."""
        words = {}
        for session, mandate in self.pairs:
            own = self.seniors[mandate.pk]
            words[mandate.pk] = why_in_words(own.load, said=session.pk in own.said)
        return words


def free_mandates(session: Session, organisation: Organisation) -> QuerySet[Mandate]:
    """Return the mandates of those of ``organisation`` who can be asked for ``session``.

    Left out is who is at, or asked for, another session at that time, or said that they cannot. Who was asked for
    this session and said no is left out too.
    """
    own = {"person": OuterRef("person")}
    elsewhere = SeniorAttendance.objects.filter(
        **own, state__in=(CoverState.ASKED, CoverState.COMING), session__during__overlap=session.during
    ).exclude(session=session.pk)
    busy = Engagement.objects.filter(**own, during__overlap=session.during).exclude(session=session.pk)
    cannot = Availability.objects.filter(**own, date=session.date, slot=session.slot, can=False)
    apologies = SeniorAttendance.objects.filter(**own, session=session, state=CoverState.APOLOGIES)
    found = Mandate.objects.on(session.date).filter(
        programme=session.programme_id, organisation=organisation, person__is_active=True
    )
    found = found.exclude(Exists(elsewhere) | Exists(busy) | Exists(cannot) | Exists(apologies))
    return found.select_related("person", "organisation").order_by("pk")


def cannot_stand(now: datetime) -> QuerySet[SeniorAttendance]:
    """Return the requests to come, open or answered with yes, that cannot stand as they are.

    Their person may not speak for the organisation on that day any more. Or a session was moved, and they are asked
    for two at one time: the one to which they come stands, else the one that was asked first.
    """
    mandates = Mandate.objects.on(OuterRef("session__date")).filter(
        programme=OuterRef("session__programme"),
        organisation=OuterRef("organisation"),
        person=OuterRef("person"),
        person__is_active=True,
    )
    to_come = SeniorAttendance.objects.filter(
        state__in=(CoverState.ASKED, CoverState.COMING),
        session__state__in=(SessionState.DRAFT, SessionState.OPEN),
        session__during__startswith__gt=now,
    )
    instead = to_come.filter(
        Q(state=CoverState.COMING) | Q(pk__lt=OuterRef("pk")),
        person=OuterRef("person"),
        session__during__overlap=OuterRef("session__during"),
    ).exclude(session=OuterRef("session"))
    found = to_come.filter(~Exists(mandates) | Q(Exists(instead), state=CoverState.ASKED))
    return found.select_related("session__programme", "person", "organisation").order_by("pk")


def asked_against_diary(person: int, now: datetime) -> QuerySet[SeniorAttendance]:
    """Return the open requests to ``person`` (an id) for half-days of which it was said since that they cannot."""
    cannot = Availability.objects.filter(
        person=OuterRef("person"),
        date=OuterRef("session__date"),
        slot=OuterRef("session__slot"),
        can=False,
        said_at__gte=OuterRef("asked_at"),
    )
    found = SeniorAttendance.objects.filter(
        Exists(cannot),
        person=person,
        state=CoverState.ASKED,
        session__state__in=(SessionState.DRAFT, SessionState.OPEN),
        session__during__startswith__gt=now,
    )
    return found.select_related("session", "organisation").order_by("session__during", "pk")


def may_speak(own: SeniorAttendance) -> bool:
    """Return whether the person of ``own`` has a mandate for its organisation on the day of its session.

    Whose account is closed speaks for nobody.
    """
    mandates = Mandate.objects.on(own.session.date).filter(
        programme=own.session.programme_id,
        organisation=own.organisation_id,
        person=own.person_id,
        person__is_active=True,
    )
    return mandates.exists()


def next_best(own: SeniorAttendance) -> list[Mandate]:
    """Return who else of its organisation can be asked for what ``own`` was asked, the best first; in one query.

    As in ``covering``: who was asked least comes first (``load``), then who ``said`` that they can.
    """
    session = own.session
    asked = (
        SeniorAttendance.objects.filter(
            person=OuterRef("person"), session__programme=session.programme_id, state__in=LIVE
        )
        .order_by()
        .values("person")
        .annotate(number=Count("pk"))
        .values("number")
    )
    can = Availability.objects.filter(person=OuterRef("person"), date=session.date, slot=session.slot, can=True)
    found = free_mandates(session, own.organisation).exclude(person=own.person_id)
    found = found.annotate(load=Coalesce(Subquery(asked), Value(0)), said=Exists(can))
    return list(found.order_by("load", "-said", "person__sort_name", "pk"))


def why_in_words(load: int, *, said: bool) -> str:
    """Return in words why somebody is proposed: how often they were asked, whether they said that they can."""
    often = f"asked to {load} so far" if load else "first request"
    return f"{often}, said that they can" if said else often


def proposed_requests(
    programme: Programme, sessions: Sequence[Session], now: datetime, organisations: Iterable[int] = ()
) -> Proposed:
    """Return the fewest requests by which ``sessions`` meet the rule of ``programme``, of ``organisations`` if given.

    Six queries, and one more for a rule of a share. Who is asked and has not answered counts as covered: nobody is
    asked twice for one thing. A programme without a rule wants somebody of every partner.
    """
    only = set(organisations)
    partners = list(Partner.objects.filter(programme=programme).select_related("organisation"))
    names = {each.organisation_id: each.organisation for each in partners}
    requests = list(
        SeniorAttendance.objects.filter(session__in=sessions).values_list("session", "organisation", "person", "state")
    )
    halves = [_half(session, partners, requests) for session in sessions]
    mandates = list(
        Mandate.objects.filter(programme=programme, organisation__in=names, person__is_active=True)
        .select_related("person", "organisation")
        .order_by("pk")
    )
    seniors = _seniors(programme, sessions, mandates, requests)
    rule = programme.cover_rule if programme.cover_rule != CoverRule.NONE else CoverRule.EVERY_PARTNER
    wants = wants_of(rule, programme.cover_number, halves, _owed(programme, now), only or None)
    proposal = propose(halves, seniors, wants)
    by_pk, own = {each.pk: each for each in sessions}, {each.pk: each for each in mandates}
    pairs = [(by_pk[session], own[mandate]) for session, mandate in proposal.requests]
    return Proposed(pairs, proposal, by_pk, names, {each.pk: each for each in seniors})


def _half(session: Session, partners: list[Partner], requests: list) -> Half:
    there = {
        each.organisation_id
        for each in partners
        if each.since <= session.date and (each.until is None or each.until > session.date)
    }
    covered = {organisation for pk, organisation, _, state in requests if pk == session.pk and state in LIVE}
    return Half(session.pk, session.during.lower, session.during.upper, frozenset(there), frozenset(covered))


def _seniors(
    programme: Programme, sessions: Sequence[Session], mandates: list[Mandate], requests: list
) -> list[Senior]:
    people = {each.person_id for each in mandates}
    busy = defaultdict(list)
    engaged = Engagement.objects.filter(person__in=people, session__date__in={each.date for each in sessions})
    asked = SeniorAttendance.objects.filter(
        person__in=people,
        state__in=(CoverState.ASKED, CoverState.COMING),
        session__date__in={each.date for each in sessions},
    )
    for person, pk, during in engaged.values_list("person", "session", "during"):
        busy[person].append((pk, during))
    for person, pk, during in asked.values_list("person", "session", "session__during"):
        busy[person].append((pk, during))
    said = {
        (person, day, slot): can
        for person, day, slot, can in Availability.objects.filter(
            person__in=people, date__in={each.date for each in sessions}
        ).values_list("person", "date", "slot", "can")
    }
    loads = dict(
        SeniorAttendance.objects.filter(person__in=people, session__programme=programme, state__in=LIVE)
        .order_by()
        .values_list("person")
        .annotate(Count("pk"))
    )
    known = {(pk, person) for pk, _, person, state in requests if state != CoverState.WITHDRAWN}
    return [_senior(mandate, sessions, busy[mandate.person_id], said, loads, known) for mandate in mandates]


def _senior(mandate: Mandate, sessions: Sequence[Session], busy: list, said: dict, loads: dict, known: set) -> Senior:
    person, free, sure = mandate.person_id, set(), set()
    for session in sessions:
        holds = mandate.since <= session.date and (mandate.until is None or mandate.until > session.date)
        answer = said.get((person, session.date, session.slot))
        elsewhere = any(pk != session.pk and _overlap(during, session.during) for pk, during in busy)
        if not holds or answer is False or elsewhere or (session.pk, person) in known:
            continue
        free.add(session.pk)
        if answer:
            sure.add(session.pk)
    return Senior(mandate.pk, person, mandate.organisation_id, loads.get(person, 0), frozenset(free), frozenset(sure))


def _overlap(one: Any, two: Any) -> bool:
    return one.lower < two.upper and two.lower < one.upper


def _owed(programme: Programme, now: datetime) -> dict[int, int]:
    """Return by partner at how many more sessions it is to be, by a rule of a share; who is asked counts."""
    today = timezone.localdate(now)
    asked = defaultdict(set)
    waiting = SeniorAttendance.objects.filter(
        session__programme=programme, state=CoverState.ASKED, session__date__gte=today
    )
    shares = shares_of([programme], today)
    if not shares:
        return {}
    sure = SeniorAttendance.objects.filter(
        session=OuterRef("session"), organisation=OuterRef("organisation"), state__in=(CoverState.COMING,)
    )
    for session, organisation in waiting.exclude(Exists(sure)).values_list("session", "organisation"):
        asked[organisation].add(session)
    return {
        partner: max(share.needed - share.covered - len(asked[partner]), 0) for (_, partner), share in shares.items()
    }
