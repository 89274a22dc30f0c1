"""Whom to invite, who is left out and why, and how rounds of invitations are doing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounts.models import Person
from attendance.models import CAME, Attendance, Invitation, InvitationRound, Place, RoundState
from attendance.queries.cells import people_of_gap
from briefings.models import Partner, Programme, Session
from briefings.queries import affiliations_in_scope
from history.actions import key_of
from history.models import Entry
from history.queries import names_of
from history.statements import as_one
from messaging.models import Message
from organisations.models import Affiliation, AffiliationArea, Area

ROUND_KEY = "attendance.round:"
"""What the key of each message of a round begins with, then the round's id: one index range finds all of them."""

DATES_SHOWN = 3
"""How many of the dates an invitation names."""


@dataclass(frozen=True)
class InvitationChoice:
    """Whom a coordinator chose to invite: ids, an empty list means all. ``again``: also who did not answer yet.

    ``gap``: exactly those whom reach counts in the cells of these ids as never reached, or with ``again`` as invited;
    of ``unknown`` ("profession", "area") their staff list does not say which.

    ``joined_since`` is an ISO moment ("" for any): only who became eligible after it, because they joined a staff
    list, took up the work, or their organisation became a partner.
    """

    organisations: list[int] = field(default_factory=list)
    areas: list[int] = field(default_factory=list)
    professions: list[int] = field(default_factory=list)
    again: bool = False
    joined_since: str = ""
    gap: bool = False
    unknown: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return what an ``InvitationRound`` keeps; ``InvitationChoice(**it)`` gives the choice back."""
        return asdict(self)


def chosen_affiliations(programme: Programme, choice: InvitationChoice, now: datetime) -> QuerySet[Affiliation]:
    """Return the affiliations in scope that ``choice`` picks; areas stand for all areas inside them."""
    found = affiliations_in_scope(programme, timezone.localdate(now))
    if choice.organisations:
        found = found.filter(organisation__in=choice.organisations)
    if choice.professions:
        found = found.filter(profession__in=choice.professions)
    if choice.areas:
        inside = Q(pk__in=[])
        for path in Area.objects.filter(pk__in=choice.areas).values_list("path", flat=True):
            inside |= Q(path__startswith=path)
        areas = Area.objects.filter(inside)
        found = found.filter(Exists(AffiliationArea.objects.filter(affiliation=OuterRef("pk"), area__in=areas)))
    if choice.joined_since:
        found = found.filter(_joined_since(programme, datetime.fromisoformat(choice.joined_since)))
    return found


def _joined_since(programme: Programme, moment: datetime) -> Q:
    day = timezone.localdate(moment)
    partner = Partner.objects.filter(programme=programme, organisation=OuterRef("organisation"), since__gt=day)
    return Q(person__created_at__gt=moment) | Q(since__gt=day) | Q(Exists(partner))


class LeftOut(TextChoices):
    """Why somebody eligible and chosen is not invited; the first that fits counts."""

    HOLDS_PLACE = "holds_place", "Holds a place, or waits for one"
    ATTENDED = "attended", "Has attended without a place"
    ANSWERED = "answered", "Said that no date suits, or that it is not for them"
    NO_ADDRESS = "no_address", "Has no e-mail address"
    INVITED = "invited", "Was invited before"


def _sorted_out(programme: Programme, choice: InvitationChoice, now: datetime) -> QuerySet[Person]:
    """Return the chosen people, each with ``left_out``: the reason to leave them out, "" for who is invited."""
    own = Invitation.objects.filter(programme=programme, person=OuterRef("pk"))
    holding = Place.objects.live().filter(session__programme=programme, person=OuterRef("pk"))
    came = Attendance.objects.filter(session__programme=programme, person=OuterRef("pk"), outcome__in=CAME)
    reasons = [
        When(Exists(holding), then=Value(LeftOut.HOLDS_PLACE)),
        When(Exists(came), then=Value(LeftOut.ATTENDED)),
        When(Exists(own.exclude(answer="")), then=Value(LeftOut.ANSWERED)),
        When(email__isnull=True, then=Value(LeftOut.NO_ADDRESS)),
    ]
    if not choice.again:
        reasons.append(When(Exists(_told(own)), then=Value(LeftOut.INVITED)))
    return _chosen(programme, choice, now).annotate(left_out=Case(*reasons, default=Value("")))


def _chosen(programme: Programme, choice: InvitationChoice, now: datetime) -> QuerySet[Person]:
    if choice.gap:
        none = {name: [None] if name in choice.unknown else [] for name in ("profession", "area")}
        cell = (choice.organisations, choice.professions + none["profession"], choice.areas + none["area"])
        ids = people_of_gap(programme, timezone.localdate(now), cell, invited=choice.again)
        return Person.objects.filter(pk__in=as_one(ids))
    return Person.objects.filter(Exists(chosen_affiliations(programme, choice, now).filter(person=OuterRef("pk"))))


def _told(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Return those whose round was not stopped, or whose mail was just leaving when it was."""
    return invitations.filter(
        Q(round__isnull=True) | ~Q(round__state=RoundState.STOPPED) | Exists(mail_of(OuterRef("pk"), OuterRef("round")))
    )


def mail_of(invitation: Any, made: Any) -> QuerySet[Message]:
    """Return the mail of ``invitation`` in its round ``made`` (ids or OuterRefs), where it left or is just leaving."""
    key = Concat(Value(ROUND_KEY), Cast(made, CharField()), Value(":invitation:"), Cast(invitation, CharField()))
    left = (Message.State.SENT, Message.State.CLAIMED, Message.State.GIVEN_UP)
    return Message.objects.filter(key=key, state__in=left)


def people_to_invite(programme: Programme, choice: InvitationChoice, now: datetime) -> QuerySet[Person]:
    """Return the people that a round invites at ``now``: eligible, with an address, no place and no answer.

    Those invited before are among them only where ``choice.again`` says so.
    """
    return _sorted_out(programme, choice, now).filter(left_out="")


def people_left_out(
    programme: Programme, choice: InvitationChoice, now: datetime, reason: str = ""
) -> QuerySet[Person]:
    """Return the chosen people whom a round leaves out, by name, each with ``left_out``; those of one ``reason``."""
    people = _sorted_out(programme, choice, now).exclude(left_out="").order_by("sort_name", "pk")
    return people.filter(left_out=reason) if reason else people


@dataclass(frozen=True)
class ChoiceFigures:
    """How many people a choice picks, how many of them are invited, and why the others are not."""

    chosen: int
    invited: int
    left_out: list[tuple[LeftOut, int]]

    @property
    def others(self) -> int:
        """People who are chosen and left out."""
        return self.chosen - self.invited


def figures_of_choice(programme: Programme, choice: InvitationChoice, now: datetime) -> ChoiceFigures:
    """Return the figures of ``choice`` in one query; reasons that nobody has are missing."""
    rows = _sorted_out(programme, choice, now).order_by().values_list("left_out").annotate(Count("pk"))
    counts = dict(rows)
    return ChoiceFigures(
        chosen=sum(counts.values()),
        invited=counts.get("", 0),
        left_out=[(reason, counts[reason]) for reason in LeftOut if counts.get(reason)],
    )


def last_round(programme: Programme) -> InvitationRound | None:
    """Return the newest round of ``programme``, None before the first."""
    return programme.invitation_rounds.first()


def has_session_to_choose(programme: Programme, now: datetime) -> bool:
    """Return whether there is an open session to come."""
    return Session.objects.open().to_come(now).filter(programme=programme).exists()


@dataclass(frozen=True)
class RoundFigures:
    """How one round is doing: its mails by their fate, its people by what they did."""

    made: InvitationRound
    sent: int = 0
    waiting: int = 0
    held: int = 0
    failed: int = 0
    withdrawn: int = 0
    holding: int = 0
    declined: int = 0

    @property
    def settled(self) -> int:
        """Mails whose fate is known."""
        return self.sent + self.failed + self.withdrawn

    @property
    def open(self) -> int:
        """People who were told and have neither taken a place nor said no."""
        return max(self.sent - self.holding - self.declined, 0)

    @property
    def is_moving(self) -> bool:
        """Whether the figures change by themselves."""
        return self.made.state == RoundState.WRITING or (self.made.state == RoundState.SENDING and self.waiting > 0)

    @property
    def is_done(self) -> bool:
        return self.made.state == RoundState.SENDING and not self.waiting


_FATES = {
    Message.State.SENT: "sent",
    Message.State.PLANNED: "waiting",
    Message.State.CLAIMED: "waiting",
    Message.State.HELD: "held",
    Message.State.GIVEN_UP: "failed",
    Message.State.WITHHELD: "withdrawn",
    Message.State.MISSED: "withdrawn",
}


def figures_of_rounds(rounds: Sequence[InvitationRound]) -> list[RoundFigures]:
    """Return the figures of each of ``rounds``, in their order, in two queries."""
    counts: dict[int, Counter[str]] = {made.pk: Counter() for made in rounds}
    if not counts:
        return []
    mails = Message.objects.filter(reduce(or_, (Q(key__startswith=_mails_of(pk)) for pk in counts)))
    number = Cast(KeyTextTransform("round", "refs"), BigIntegerField())
    for pk, state, found in mails.values_list(number, "state").annotate(found=Count("pk")).order_by():
        counts[pk][_FATES[state]] += found
    holding = Place.objects.live().filter(session__programme=OuterRef("programme"), person=OuterRef("person"))
    own = Invitation.objects.filter(round__in=counts).annotate(holds=Exists(holding))
    people = own.values("round").annotate(
        holding=Count("pk", filter=Q(holds=True)), declined=Count("pk", filter=Q(holds=False) & ~Q(answer=""))
    )
    for row in people:
        counts[row.pop("round")].update(row)
    return [RoundFigures(made, **counts[made.pk]) for made in rounds]


def _mails_of(made: int) -> str:
    return f"{ROUND_KEY}{made}:invitation:"


def answers_no(programme: Programme, answer: str = "") -> QuerySet[Invitation]:
    """Return the invitations whose person said no, the newest answer first; only those with this ``answer``."""
    found = Invitation.objects.filter(programme=programme).exclude(answer="")
    found = found.filter(answer=answer) if answer else found
    return found.select_related("person").order_by("-answered_at", "-pk")


def belonging(programme: Programme, people: Iterable[int], now: datetime) -> dict[int, Affiliation]:
    """Return by person id the affiliation that makes each of ``people`` eligible now; the oldest where several do."""
    found = affiliations_in_scope(programme, timezone.localdate(now)).filter(person__in=list(people))
    rows = found.select_related("organisation", "profession").order_by("-pk")
    return {affiliation.person_id: affiliation for affiliation in rows}


@dataclass(frozen=True)
class Surroundings:
    """What the words of an invitation depend on besides it."""

    affiliation: Affiliation | None
    is_first_mail: bool
    next_sessions: Sequence[Session]
    open_sessions: int


def surroundings_of(programme: Programme, people: Iterable[int], now: datetime) -> dict[int, Surroundings]:
    """Return by person id what surrounds the invitations of ``people`` to ``programme``: the same queries for any."""
    people = list(people)
    sessions = Session.objects.open().to_come(now).filter(programme=programme)
    upcoming = list(sessions.select_related("room__venue").order_by("date", "starts", "pk")[:DATES_SHOWN])
    count = sessions.count() if len(upcoming) == DATES_SHOWN else len(upcoming)
    belongs = belonging(programme, people, now)
    mailed = set(
        Message.objects.filter(person__in=people, state=Message.State.SENT).values_list("person", flat=True).distinct()
    )
    return {pk: Surroundings(belongs.get(pk), pk not in mailed, upcoming, count) for pk in people}


def who_answered(invitations: Sequence[Invitation]) -> dict[int, str]:
    """Return by invitation id who gave its answer in words: the person themselves, or somebody on their behalf."""
    entries = Entry.objects.filter(
        object_type=Invitation._meta.label_lower,
        object_id__in=[str(invitation.pk) for invitation in invitations],
        verb="answered_invitation",
    )
    actors = {int(number): actor for number, actor in entries.order_by("pk").values_list("object_id", "actor")}
    names = names_of(actors.values())
    own = {invitation.pk: key_of(invitation.person) for invitation in invitations}
    return {pk: "Themselves" if actors.get(pk, person) == person else names[actors[pk]] for pk, person in own.items()}
