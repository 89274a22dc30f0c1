"""Inviting and reminding: the kinds, whom they are still wanted for, and their words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from attendance.models import Invitation, InvitationRound, Place, PlaceState, RoundState
from attendance.queries.invitations import ROUND_KEY, Surroundings, surroundings_of
from briefings.models import Programme, Session
from briefings.words import where_in_words
from history import verbs
from messaging.actions import Planned
from messaging.kinds import BULK, Content, Kind, Stencils, register, render_mail
from messaging.models import Message

INVITATION = "attendance.invitation"
REMINDER = "attendance.invitation_reminder"
LINK_AGAIN = "attendance.invitation_link_again"
LINKS_ASKED = "attendance.invitation_links_asked"


def invite(rows: Iterable[tuple[int, int]], made: InvitationRound, *, now: datetime) -> int:
    """Plan the mail of one round for (invitation id, person id) pairs; return how many are new."""
    planned = (
        Planned(
            key=f"{ROUND_KEY}{made.pk}:invitation:{pk}",
            to=person,
            refs={"invitation": pk, "round": made.pk},
            about=made.programme,
        )
        for pk, person in rows
    )
    return messaging.actions.queue_many(kind=INVITATION, rows=planned, now=now)


def remind(rows: Iterable[tuple[int, int, int]], programme: Programme, step: int, *, now: datetime) -> int:
    """Plan one rung of the ladder for (invitation id, person id, round id) rows; return how many are new."""
    planned = (
        Planned(
            key=f"{ROUND_KEY}{made}:reminder:{step}:{pk}",
            to=person,
            refs={"invitation": pk, "step": step},
            about=programme,
            useful_until=now + timedelta(days=3),
        )
        for pk, person, made in rows
    )
    return messaging.actions.queue_many(kind=REMINDER, rows=planned, now=now)


def tell_link_again(invitation: Invitation, *, now: datetime) -> None:
    """Plan the mail with somebody's own link, once in ten minutes however often it is asked for."""
    messaging.actions.queue(
        kind=LINK_AGAIN,
        key=f"{INVITATION}:{invitation.pk}:link:{_ten_minutes(now)}",
        to=invitation.person,
        refs={"invitation": invitation.pk},
        about=invitation.programme,
        now=now,
        useful_until=now + timedelta(days=1),
    )


def tell_links_asked(person: Person | None, address: str, *, now: datetime) -> None:
    """Plan the answer to somebody who asked for their links on the public page; ``person`` None where unknown."""
    messaging.actions.queue(
        kind=LINKS_ASKED,
        key=f"{LINKS_ASKED}:{address}:{_ten_minutes(now)}",
        to=person,
        address=address,
        refs={},
        now=now,
        useful_until=now + timedelta(days=1),
    )


def _ten_minutes(now: datetime) -> int:
    return int(now.timestamp()) // 600


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each invitation or reminder of ``batch`` that should not go out any more.

    What is read for the batch stays with its messages, so that ``render`` asks nothing again for each of them.
    """
    found = _invitations(batch)
    unanswered = set(
        Invitation.objects.unanswered().filter(pk__in=[i.pk for i in found.values()]).values_list("pk", flat=True)
    )
    around = _around(found.values(), now)
    reasons = {}
    for message in batch:
        invitation = found.get(message.refs["invitation"])
        message.loaded = invitation and (invitation, around[invitation.pk])
        reason = _why_not(invitation, unanswered, around)
        if reason:
            reasons[message.pk] = reason
    return reasons


def render(message: Message) -> Content:
    """Return an invitation, or a reminder of one, as its person gets it."""
    invitation, around = getattr(message, "loaded", None) or _load(message, timezone.now())
    template = {INVITATION: "invitation", REMINDER: "invitation_reminder", LINK_AGAIN: "invitation_link_again"}
    return content_of(invitation, template[message.kind], address_of(invitation.link), around)


def _load(message: Message, now: datetime) -> tuple[Invitation, Surroundings]:
    invitation = _invitations([message])[message.refs["invitation"]]
    return invitation, _around([invitation], now)[invitation.pk]


def content_of(invitation: Invitation, template: str, address: str, around: Surroundings) -> Content:
    """Return the mail ``template`` for ``invitation`` with ``address`` as its link."""
    context, subject = context_of(invitation, address, around), subject_of(invitation, template)
    rest = {name: value for name, value in context.items() if name not in ("invitation", "person", "address")}
    shown = {**rest, **{name: _columns(rest[name]) for name in ("programme", "organisation")}}
    return _stencils.mail(
        (template, subject, settings.SITE_NAME, settings.SITE_OWNER, settings.SITE_URL, repr(shown)),
        f"attendance/mail/{template}",
        lambda own: {**rest, "person": {"name": own["name"]}, "address": own["address"]},
        subject,
        {"name": invitation.person.name, "address": address},
    )


_stencils = Stencils()


def _columns(row: models.Model | None) -> list[Any]:
    return [getattr(row, column.attname) for column in row._meta.concrete_fields] if row else []


def subject_of(invitation: Invitation, template: str) -> str:
    """Return the subject of the mail ``template``; the coordinator's own words where a round has them."""
    name = invitation.programme.name
    return {
        "invitation": (invitation.round and invitation.round.subject) or f"Choose your session: {name}",
        "invitation_reminder": f"Have you chosen your session? {name}",
        "invitation_link_again": f"Your link: {name}",
    }[template]


def context_of(invitation: Invitation, address: str, around: Surroundings) -> dict[str, Any]:
    """Return what the mails of inviting know; also for the preview, whose ``invitation`` is not saved.

    ``says_source``: whether to say that the employer gave us the address (UK GDPR, article 14): in the first mail to
    somebody who never signed in, and so never gave it to us themselves.
    """
    programme, person = invitation.programme, invitation.person
    organisation = around.affiliation.organisation if around.affiliation else None
    return {
        "invitation": invitation,
        "programme": programme,
        "person": person,
        "organisation": organisation,
        "says_source": bool(organisation and around.is_first_mail and person.last_login is None),
        "introduction": (invitation.round and invitation.round.introduction) or programme.invitation_introduction,
        "dates": [_date_of(session) for session in around.next_sessions],
        "open_dates": around.open_sessions,
        "more_dates": around.open_sessions - len(around.next_sessions),
        "address": address,
    }


def _date_of(session: Session) -> dict[str, Any]:
    return {"date": session.date, "starts": session.starts, "ends": session.ends, "where": where_in_words(session)}


def render_links_asked(message: Message) -> Content:
    """Return all links of the person that open something now, or that we have no invitation for the address.

    Whoever was booked without an invitation, by themselves or by a lead, gets the link of their place.
    """
    now = timezone.now()
    found = Invitation.objects.filter(
        person=message.person_id, link__ends_at__gt=now, link__revoked_at__isnull=True, person__isnull=False
    )
    found = list(found.select_related("programme", "link").order_by("programme__name", "pk"))
    links = [{"programme": each.programme, "address": address_of(each.link)} for each in found]
    places = [
        {"session": place.session, "waits": place.state == PlaceState.WAITING, "address": address_of(place.link)}
        for place in _places_without(message, [invitation.programme_id for invitation in found], now)
    ]
    number = len(links) + len(places)
    context = {"invitations": links, "places": places, "person": message.person, "asked_for": message.address}
    subject = "Your personal link" if number else "We have no invitation for this address"
    context["number"] = number
    return render_mail("attendance/mail/invitation_links_asked", context, subject)


def _places_without(message: Message, invited: Sequence[int], now: datetime) -> models.QuerySet[Place]:
    """Return the places to come of whom ``message`` is for outside the programmes ``invited`` (ids) to, by date."""
    works = Place.objects.live().filter(link__ends_at__gt=now, link__revoked_at=None, session__during__endswith__gt=now)
    own = works.filter(person=message.person_id, person__isnull=False).exclude(session__programme__in=invited)
    return own.select_related("session__programme", "link").order_by("session__date", "pk")


def _invitations(batch: Sequence[Message]) -> dict[int, Invitation]:
    """Return by id the invitations of ``batch``; programmes and rounds are read once for all, people not again."""
    ids = [message.refs["invitation"] for message in batch]
    found = Invitation.objects.select_related("link").prefetch_related("programme", "round").in_bulk(ids)
    for message in batch:
        invitation = found.get(message.refs["invitation"])
        if invitation and message.person and message.person_id == invitation.person_id:
            invitation.person = message.person
    return found


def _around(invitations: Iterable[Invitation], now: datetime) -> dict[int, Surroundings]:
    """Return by invitation id what surrounds each; queries once for each programme among them."""
    by_programme = defaultdict(list)
    for invitation in invitations:
        by_programme[invitation.programme].append(invitation)
    return {
        invitation.pk: found[invitation.person_id]
        for programme, own in by_programme.items()
        for found in [surroundings_of(programme, [invitation.person_id for invitation in own], now)]
        for invitation in own
    }


def _why_not(invitation: Invitation | None, unanswered: set[int], around: dict[int, Surroundings]) -> str:
    if invitation is None:
        return "invitation_gone"
    if invitation.round and invitation.round.state == RoundState.STOPPED:
        return "round_stopped"
    if invitation.pk not in unanswered:
        return "answered_or_booked"
    if around[invitation.pk].affiliation is None:
        return "not_eligible"
    if not around[invitation.pk].open_sessions:
        return "nothing_to_choose"
    return ""


def register_kinds() -> None:
    """Make the kinds of inviting and the words of its history known; called when the app is ready."""
    _register_verbs()
    register(Kind(INVITATION, render, not_wanted, label="Invitation", rank=BULK))
    register(Kind(REMINDER, render, not_wanted, label="Reminder of an invitation", rank=BULK))
    register(Kind(LINK_AGAIN, render, label="Personal link again"))
    # Private: whether an address that a stranger typed is known is nobody's business.
    register(Kind(LINKS_ASKED, render_links_asked, private=True, label="Personal links, asked for by page"))


def _register_verbs() -> None:
    verbs.register("invited", "Invited people", about="attendance.invitationround")
    verbs.register("round_paused", "Paused the round", mark="half")
    verbs.register("round_sending", "Let the round go on", mark="half")
    verbs.register("round_stopped", "Stopped the round", mark="dash")
    verbs.register("answered_invitation", "Said no to the invitation", mark="dash")
    verbs.register("took_back_answer", "Took back the answer to the invitation")
