"""What waits for organisation leads, administrators and information governance officers."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import PersonalLink
from accounts.permissions import ADMINISTRATOR, INFORMATION_GOVERNANCE, assignments_of
from attendance.models import CAME, Attendance, Place, Team
from attendance.queries.teams import teams_to_name
from briefings.models import Appointment, Partner, Programme, ProgrammeRole
from briefings.queries import eligible_people
from desk import addresses
from desk.matters import BAD, OPEN, QUIET, WAIT, Group, Matter, some
from desk.trace import visible_looks
from face.dates import day_plain, day_without_year
from messaging.models import Message
from messaging.queries import broken_channel
from organisations.actions.head_counts import PURPOSE
from organisations.models import Affiliation, HeadCountRequest, ImportState, Organisation, StaffListImport
from organisations.rules import led_organisation_ids

_LOOKED = timedelta(days=7)


def leading(person: Any, now: datetime) -> Group | None:
    """Return what waits for the lead of an organisation; None for who leads none."""
    led = list(Organisation.objects.filter(pk__in=led_organisation_ids(person)))
    if not led:
        return None
    today = timezone.localdate(now)
    waits = [*_head_counts(person, now), *_staff_lists(led), *_to_name(led, now), *_without_people(led, today)]
    return Group(
        "Your organisation",
        "leading",
        [*waits, *_not_booked(led, today)],
        None,
        "Nothing needs you today.",
    )


def _head_counts(person: Any, now: datetime) -> list[Matter]:
    """Return the requests for head-counts that nobody has answered, by the links that were mailed to ``person``."""
    links = PersonalLink.objects.filter(person=person, purpose=PURPOSE, revoked_at__isnull=True, ends_at__gt=now)
    by_request = {int(link.about.rpartition(":")[2]): link.pk for link in links}
    if not by_request:
        return []
    found = HeadCountRequest.objects.filter(pk__in=by_request, answered_at__isnull=True).select_related("organisation")
    return [
        Matter(
            WAIT,
            f"Say how many practitioners {each.organisation} has",
            reverse("desk:link-open", args=[by_request[each.pk]]),
            f"Asked on {day_plain(timezone.localdate(each.asked_at))}. Reach is measured against it.",
            each.asked_at.isoformat(),
        )
        for each in found
    ]


def _staff_lists(led: list[Organisation]) -> list[Matter]:
    found = StaffListImport.objects.filter(organisation__in=led, state=ImportState.READ).select_related("organisation")
    return [
        Matter(
            WAIT,
            f"Check the staff list of {each.organisation}",
            addresses.staff_list(each),
            f"{each.file_name} is read: look at what would change and decide.",
            each.uploaded_at.isoformat(),
        )
        for each in found
    ]


def _to_name(led: list[Organisation], now: datetime) -> list[Matter]:
    """Return the teams that hold places without a name: they go back by themselves after a day."""
    return [
        Matter(
            WAIT,
            f"{some(team.unnamed, 'place', 'places')} of your team on {day_without_year(team.session.date)} "
            + ("has no name yet" if team.unnamed == 1 else "have no name yet"),
            reverse("attendance:team-show", args=[team.pk]),
            f"{team.session}. " + _until(team),
            team.names_until.isoformat() if team.names_until else "9",
        )
        for team in teams_to_name(led, now)
    ]


def _until(team: Team) -> str:
    return f"What has no name after {day_plain(team.names_until)} goes back by itself." if team.names_until else ""


def _without_people(led: list[Organisation], today: date) -> list[Matter]:
    listed = Affiliation.objects.on(today).filter(organisation__in=led).values_list("organisation", flat=True)
    known = set(listed.distinct())
    text = "Without it nobody there can be invited by name."
    return [
        Matter(WAIT, f"Give the staff list of {each}", addresses.organisation(each), text)
        for each in led
        if each.pk not in known
    ]


def _not_booked(led: list[Organisation], today: date) -> list[Matter]:
    """Return for each programme and organisation how many of the eligible neither came nor hold a place."""
    partners = Partner.objects.on(today).filter(organisation__in=led).select_related("programme", "organisation")
    return [matter for partner in partners.order_by("programme", "pk") if (matter := _of_partner(partner, today))]


def _of_partner(partner: Partner, today: date) -> Matter | None:
    programme, organisation = partner.programme, partner.organisation
    own = {"person": OuterRef("pk"), "session__programme": programme}
    people = eligible_people(programme, today, Q(organisation=organisation)).filter(is_active=True)
    reached = Exists(Place.objects.live().filter(**own)) | Exists(Attendance.objects.filter(**own, outcome__in=CAME))
    found = people.aggregate(eligible=Count("pk"), without=Count("pk", filter=~reached))
    eligible, without = found["eligible"], found["without"]
    if not without:
        return None
    title = f"{some(without, 'person of', 'people of')} {organisation} {'has' if without == 1 else 'have'} no place yet"
    text = f"{programme}: of {eligible} who are eligible."
    return Matter(OPEN, title, reverse("attendance:team-choose", args=[organisation.pk]), text)


def administering(person: Any, now: datetime) -> Group | None:
    """Return what waits for an administrator; None for anybody else."""
    if not any(held.role is ADMINISTRATOR for held in assignments_of(person)):
        return None
    matters = [*_channel(), *_mails(), *_programmes_without_coordinator(timezone.localdate(now))]
    return Group("The installation", "installation", matters, None, "Nothing needs you today.")


def _channel() -> list[Matter]:
    channel = broken_channel()
    if channel is None:
        return []
    text = "Messages wait and are sent as soon as it works again."
    return [Matter(BAD, "Mail cannot be sent at the moment", addresses.messages(), text)]


def _mails() -> list[Matter]:
    number = Message.objects.in_need().count()
    if not number:
        return []
    url = addresses.messages(state=Message.State.GIVEN_UP)
    return [Matter(WAIT, some(number, "message was", "messages were") + " not delivered", url, "In all programmes.")]


def _programmes_without_coordinator(today: date) -> list[Matter]:
    held = Appointment.objects.on(today).filter(programme=OuterRef("pk"), role=ProgrammeRole.COORDINATOR)
    over = Q(ends_on__lt=today)
    return [
        Matter(
            BAD,
            f"{programme} has no coordinator",
            reverse("briefings:role-list", args=[programme.slug]),
            "Nobody is told of its questions and assurances.",
        )
        for programme in Programme.objects.exclude(over).exclude(Exists(held))[:20]
    ]


def governing(person: Any, now: datetime) -> Group | None:
    """Return what an information governance officer should know; None for anybody else."""
    if not any(held.role is INFORMATION_GOVERNANCE for held in assignments_of(person)):
        return None
    since = now - _LOOKED
    number = visible_looks(person).filter(at__gte=since).count()
    text = f"Since {day_plain(timezone.localdate(since))}, by staff, at people of your programmes."
    title = some(number, "look", "looks") + " at personal data in seven days"
    look = OPEN if number else QUIET
    return Group("Personal data", "governance", [Matter(look, title, reverse("desk:trace-list"), text)])
