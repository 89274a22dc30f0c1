"""Invitations, places, sessions, senior cover, the register."""

import uuid
from datetime import date, datetime, time, timedelta

from attendance.actions import availability, cover, feeds, invitations, moves, notices, register, reminders, sessions
from attendance.actions.attitudes import send_link
from attendance.actions.handovers import ask_colleague, decline_handover
from attendance.actions.lead_requests import ask_leads
from attendance.actions.places import change_seats, give_up_place, send_entry_again
from attendance.actions.policies import set_booking_rules
from attendance.actions.teams import book_team, nudge_colleagues, release_all_unnamed
from attendance.actions.words import change_words, tell_all_words
from attendance.messages import cover as cover_messages
from attendance.messages import invitations as invitation_messages
from attendance.models import Invitation
from briefings.models import Part, SessionState
from surveys.actions.attitudes import open_point
from surveys.actions.questionnaires import start_attitudes
from tests.attendance import inviting
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.attendance.registers import a_coordinator, half_way
from tests.attendance.test_cover import Cast
from tests.mails import NOW, makes
from tests.organisations.factories import OrganisationLeadFactory, PersonFactory

BY = "clock"
WITH = {"by": BY, "now": NOW}


@makes(
    "attendance.place_booked", "attendance.place_waiting", "attendance.place_promoted", "attendance.place_given_up",
    "attendance.place_entry_again", "attendance.place_moved",
)  # fmt: skip
def places_come_and_go() -> None:
    session = a_session(capacity=1)
    programme = session.programme
    first, second, _third = a_place(session), a_place(session), a_place(session)
    send_entry_again(place=first, **WITH)
    give_up_place(place=first, **WITH)
    second.refresh_from_db()
    moves.move_people(
        session=session, to=another_day(programme), places=[second], all_or_nobody=False, from_reserve=False,
        fewer=True, words="The heating has failed.", **WITH,
    )  # fmt: skip
    a_place(session)


@makes("attendance.place_offered", "attendance.place_reminder")
def offered_late_and_reminded() -> datetime:
    session = a_session(capacity=1)
    set_booking_rules(programme=session.programme, offer_days=10, **WITH)
    booked = a_place(session)
    a_place(session)
    later = datetime.combine(session.date, time(9), NOW.tzinfo) - timedelta(days=2)
    reminders.remind_of(session=session, now=later)
    change_seats(session=session, capacity=2, reserved=0, by=booked.person, now=later)
    return later


@makes(
    "attendance.handover_asked", "attendance.handover_declined", "attendance.handover_withdrawn",
    "attendance.handover_too_late",
)  # fmt: skip
def taken_over() -> None:
    place = a_place(a_session())
    colleague, other = a_practitioner(place.session.programme), a_practitioner(place.session.programme)
    decline_handover(handover=ask_colleague(place=place, email=other.email, **WITH), **WITH)
    ask_colleague(place=place, email=a_practitioner(place.session.programme).email, **WITH)
    ask_colleague(place=place, email=colleague.email, **WITH)
    late = a_place(a_session())
    ask_colleague(place=late, email=a_practitioner(late.session.programme).email, **WITH)
    set_booking_rules(programme=late.session.programme, freeze_days=60, **WITH)


@makes("attendance.team_moved_up")
def team_that_waited() -> None:
    session = a_session(capacity=1)
    holder = a_place(session)
    organisation = partner_of(session.programme)
    book_team(
        session=session, organisation=organisation, people=[], unnamed=1, rule="fit", names_until=NOW.date(),
        press=uuid.uuid4(), by=OrganisationLeadFactory(organisation=organisation).person, now=NOW,
    )  # fmt: skip
    give_up_place(place=holder, by=holder.person, now=NOW)


@makes("attendance.team_left")
def team_that_somebody_left() -> datetime:
    session = a_session(capacity=2)
    organisation = partner_of(session.programme)
    book_team(
        session=session, organisation=organisation, people=[a_practitioner(session.programme) for _ in range(2)],
        unnamed=0, rule="fit", names_until=None, press=uuid.uuid4(),
        by=OrganisationLeadFactory(organisation=organisation).person, now=NOW,
    )  # fmt: skip
    for place in session.places.all():
        give_up_place(place=place, by=place.person, now=NOW)
    return NOW + timedelta(hours=2)


@makes("attendance.team_released", "attendance.team_last_day")
def team_without_names() -> datetime:
    session = a_session(capacity=5)
    lead = OrganisationLeadFactory(organisation=partner_of(session.programme)).person
    book_team(
        session=session, organisation=partner_of(session.programme), people=[a_practitioner(session.programme)],
        unnamed=2, rule="fit", names_until=NOW.date(), press=uuid.uuid4(), by=lead, now=NOW,
    )  # fmt: skip
    later = NOW + timedelta(days=1)
    release_all_unnamed(now=later)
    book_team(
        session=session, organisation=partner_of(session.programme), people=[], unnamed=1, rule="fit",
        names_until=session.date - timedelta(days=1), press=uuid.uuid4(), by=lead, now=later,
    )  # fmt: skip
    set_booking_rules(programme=session.programme, freeze_days=5, by=BY, now=later)
    return later


@makes(
    "attendance.invitation", "attendance.invitation_reminder", "attendance.invitation_link_again",
    "attendance.invitation_links_asked", "attendance.nudge", "attendance.lead_asked",
    "attendance.invitations_wanted",
)  # fmt: skip
def invited() -> None:
    programme = inviting.a_programme(people=1)
    round = inviting.a_written_round(programme)
    own = Invitation.objects.get(programme=programme)
    invitation_messages.remind([(own.pk, own.person_id, round.pk)], programme, 1, now=NOW)
    invitations.send_link_again(invitation=own, now=NOW)
    invitations.send_links_again(address=own.person.email, now=NOW)
    organisation = partner_of(programme)
    lead = OrganisationLeadFactory(organisation=organisation).person
    a_coordinator(programme.sessions.get())
    inviting.an_eligible(programme)
    nudge_colleagues(organisation=organisation, programme=programme, people=None, by=lead, now=NOW)
    ask_leads(programme=programme, organisation=organisation, whom="", missing=1, eligible=1, **WITH)


@makes(
    "attendance.part_given", "attendance.part_changed", "attendance.part_ended", "attendance.session_changed",
    "attendance.session_notice", "attendance.session_cancelled",
)  # fmt: skip
def session_changes() -> None:
    session = a_session()
    another_day(session.programme)
    a_place(session)
    presenter, facilitator = PersonFactory(), PersonFactory()
    sessions.give_part(session=session, person=presenter, part=Part.PRESENTER, **WITH)
    sessions.give_part(session=session, person=presenter, part=Part.FACILITATOR, **WITH)
    sessions.give_part(session=session, person=facilitator, part=Part.FACILITATOR, **WITH)
    sessions.end_part(part=session.parts.get(person=facilitator), **WITH)
    notices.send_notice(
        session=session, subject="The car park is closed", words="Bring ID.", to_waiting=True, press=uuid.uuid4(),
        by=a_coordinator(session), now=NOW,
    )  # fmt: skip
    sessions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    other = a_session()
    a_place(other)
    another_day(other.programme)
    sessions.cancel_session(session=other, reason="The venue has flooded", **WITH)
    third = a_session()
    a_place(third)
    change_words(programme=third.programme, changes={"what_to_bring": "A photo ID"}, tells=True, **WITH)
    tell_all_words(now=NOW)


@makes("attendance.feed_address")
def feed() -> None:
    place = a_place(a_session())
    feeds.mail_feed(person=place.person, by=place.person, now=NOW)


@makes(
    "attendance.cover_asked", "attendance.cover_reminder", "attendance.cover_coming", "attendance.cover_given_up",
    "attendance.cover_withdrawn", "attendance.cover_apologies", "attendance.cover_unanswered",
    "attendance.availability_asked",
)  # fmt: skip
def senior_cover() -> None:
    gone, coming = Cast(), Cast()
    cover.answer_cannot(attendance=gone.coming(), by=gone.senior, now=NOW)
    coming.coming()
    withdrawn = Cast()
    cover.withdraw_request(attendance=withdrawn.coming(), by=withdrawn.coordinator, now=NOW)
    asked = Cast()
    own = asked.asked()
    cover_messages.remind([own], now=NOW)
    cover_messages.tell_unanswered([own], now=NOW)
    availability.ask_availability(mandates=[asked.mandate], by=asked.coordinator, now=NOW)


@makes("attendance.attitudes_asked")
def attitudes() -> None:
    session = a_session(capacity=5)
    a_place(session)
    about = session.programme
    asked = start_attitudes(about=about, method="paired", title="Wren House", words=["I know how to ask."], **WITH)
    opening = open_point(questionnaire=asked, point="before", most=10, **WITH)
    send_link(opening=opening, programme=about, sessions=[session], **WITH)


@makes("attendance.thanks", "attendance.missed")
def after_the_day() -> datetime:
    programme = a_programme()
    session = a_session(programme, capacity=5)
    another_day(programme)
    came, _missed = a_place(session), a_place(session)
    during = half_way(session)
    register.mark(session=session, subject=came, kind="attended", press=uuid.uuid4(), by=BY, now=during)
    after = session.during.upper + timedelta(minutes=10)
    sessions.hold_session(session=session, by=BY, now=after)
    session.refresh_from_db()
    assert session.state == SessionState.HELD
    register.close_register(session=session, by=BY, now=after)
    return after + timedelta(hours=1)
