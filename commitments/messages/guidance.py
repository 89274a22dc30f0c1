"""Guidance: partners are asked to comment, who did is told what became of it, who was briefed of each version."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from attendance.models import CAME, Attendance, Place
from briefings.models import Mandate, Programme
from commitments.clocks import local_day
from commitments.models import Guidance, GuidanceVersion, SectionComment
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.markdown import to_text
from messaging.models import Message
from organisations.models import OrganisationLead

ANSWERED = "commitments.comment_answered"
PUBLISHED = "commitments.guidance_published"
OPENED = "commitments.guidance_open"


def ask_for_comments(guidance: Guidance, *, now: datetime) -> int:
    """Ask the senior managers and the leads of the partners to comment, each once for a document; return how many."""
    today = local_day(guidance.programme, now)
    spoken_for = Mandate.objects.on(today).filter(programme=guidance.programme).values("person")
    partners = guidance.programme.partners.on(today).values("organisation")
    led = OrganisationLead.objects.on(today).filter(organisation__in=partners).values("person")
    people = Person.objects.filter(Q(pk__in=spoken_for) | Q(pk__in=led), is_active=True, email__isnull=False)
    rows = [
        Planned(
            key=f"{OPENED}:{guidance.pk}:{person.pk}", to=person, refs={"guidance": guidance.pk},
            about=guidance.programme,
        )
        for person in people.exclude(email="").order_by("pk")
    ]  # fmt: skip
    return messaging.actions.queue_many(kind=OPENED, rows=rows, now=now)


def tell_commenter(comment: SectionComment, *, now: datetime) -> None:
    """Tell who commented what became of it."""
    person, programme = comment.made_by, comment.section.guidance.programme
    if person.email and person.is_active:
        row = Planned(key=f"{ANSWERED}:{comment.pk}", to=person, refs={"comment": comment.pk}, about=programme)
        messaging.actions.queue_many(kind=ANSWERED, rows=[row], now=now)


def tell_briefed(version: GuidanceVersion, *, now: datetime) -> int:
    """Tell everybody who came to a session of the programme that there is a new version; return how many."""
    programme = version.guidance.programme
    rows = [
        Planned(
            key=f"{PUBLISHED}:{version.pk}:{person.pk}", to=person, refs={"version": version.pk}, about=programme
        )
        for person in briefed(programme)
    ]  # fmt: skip
    return messaging.actions.queue_many(kind=PUBLISHED, rows=rows, now=now)


def briefed(programme: Programme) -> QuerySet[Person]:
    """Return who came to a session of ``programme`` and can be written to."""
    came = Attendance.objects.filter(session__programme=programme, outcome__in=CAME, person__isnull=False)
    found = Person.objects.filter(pk__in=came.values("person"), is_active=True, email__isnull=False)
    return found.exclude(email="").order_by("pk")


def comments_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail about guidance that is not open for comments any more."""
    is_open = Guidance.objects.filter(is_open=True).in_bulk([message.refs["guidance"] for message in batch])
    return {message.pk: "closed_for_comments" for message in batch if message.refs["guidance"] not in is_open}


def answer_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose comment is gone."""
    there = SectionComment.objects.in_bulk([message.refs["comment"] for message in batch])
    return {message.pk: "comment_is_gone" for message in batch if message.refs["comment"] not in there}


def version_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail about guidance that was taken back or has a newer version meanwhile."""
    found = GuidanceVersion.objects.select_related("guidance").in_bulk([message.refs["version"] for message in batch])
    newest: dict[int, int] = {}
    for each in GuidanceVersion.objects.filter(guidance__in={version.guidance_id for version in found.values()}):
        newest[each.guidance_id] = max(newest.get(each.guidance_id, 0), each.number)
    reasons = {}
    for message in batch:
        version = found.get(message.refs["version"])
        if version is None or version.guidance.ended_at:
            reasons[message.pk] = "guidance_was_taken_back"
        elif version.number < newest[version.guidance_id]:
            reasons[message.pk] = "newer_version"
    return reasons


def render_open(message: Message) -> Content:
    """Return the mail to who is asked to comment."""
    own = Guidance.objects.select_related("programme").get(pk=message.refs["guidance"])
    context = {
        "person": message.person,
        "guidance": own,
        "programme": own.programme,
        "address": settings.SITE_URL + reverse("commitments:guidance-show", args=[own.pk]),
    }
    return render_mail("commitments/mail/guidance_open", context, f"Your comments, please: {own.title}")


def render_answer(message: Message) -> Content:
    """Return the mail to who commented: their words, and what became of them."""
    found = SectionComment.objects.select_related("section__guidance__programme")
    own = found.get(pk=message.refs["comment"])
    guidance = own.section.guidance
    context = {
        "person": message.person,
        "comment": own,
        "guidance": guidance,
        "programme": guidance.programme,
        "address": settings.SITE_URL + reverse("commitments:guidance-show", args=[guidance.pk]),
    }
    return render_mail("commitments/mail/comment_answered", context, f"Your comment on “{guidance.title}”")


def render_version(message: Message) -> Content:
    """Return the mail about a version: what is new, and where to read what changed since the own briefing."""
    version = GuidanceVersion.objects.select_related("guidance__programme").get(pk=message.refs["version"])
    context = {
        "person": message.person,
        "version": version,
        "programme": version.guidance.programme,
        "note_text": to_text(version.note),
        "own_page": _own_page(message, version.guidance.programme),
        "address": settings.SITE_URL + reverse("commitments:guidance-since", args=[version.guidance_id]),
    }
    what = "New guidance" if version.number == 1 else "Guidance has changed"
    return render_mail("commitments/mail/guidance_published", context, f"{what}: {version.title}")


def _own_page(message: Message, programme: Programme) -> str:
    """Return the address of the page of the last place that its reader came with, where its link still works; or ""."""
    came = Place.objects.filter(
        person=message.person_id,
        session__programme=programme,
        attendance__outcome__in=CAME,
        link__revoked_at__isnull=True,
        link__ends_at__gt=message.due_at,
    )
    last = came.select_related("link").order_by("-session__during").first()
    return address_of(last.link) if last else ""


def register_kinds() -> None:
    """Make the kinds of guidance known; called when the app is ready."""
    register(Kind(OPENED, render_open, comments_not_wanted, label="Guidance open for comments"))
    register(Kind(ANSWERED, render_answer, answer_not_wanted, label="What became of a comment"))
    register(Kind(PUBLISHED, render_version, version_not_wanted, label="Guidance published"))
