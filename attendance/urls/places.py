"""A personal invitation, one's own place, and what staff do about places."""

from django.urls import path

from accounts.links import exchange
from attendance.views import answers, booking, feeds, handovers, invited, moves, places, staff, teams

invitation = [
    path("i/<link_token:token>/", exchange, {"purpose": "invitation"}, name="invitation-open"),
    path("i/<int:link>/", invited.show_sessions, name="invitation-choose"),
    path("i/<int:link>/sessions/<int:session>/", invited.take, name="invitation-take"),
    path("i/<int:link>/done/<int:place>/", invited.show_done, name="invitation-done"),
    path("i/<int:link>/places/<int:place>/", invited.open_place, name="invitation-place"),
    path("i/<int:link>/answer/take-back/", invited.take_back_answer, name="invitation-take-back"),
    path("i/<int:link>/answer/<slug:answer>/", invited.answer, name="invitation-answer"),
    path("i/<int:link>/not-me/", invited.show_not_me, name="invitation-not-me"),
]
place = [
    path("p/<link_token:token>/", exchange, {"purpose": "place"}, name="place-open"),
    path("p/<int:link>/", places.show_place, name="place-show"),
    path("p/<int:link>/newer/", places.open_newer, name="place-newer"),
    path("p/<int:link>/calendar/", feeds.show_by_place, name="place-feed"),
    path("p/<int:link>/entry/", places.send_entry, name="place-send-entry"),
    path("p/<int:link>/session.ics", places.download_entry, name="place-file"),
    path("p/<int:link>/accept/", places.accept, name="place-accept"),
    path("p/<int:link>/give-up/", places.give_up, name="place-give-up"),
    path("p/<int:link>/take-back/", answers.take_back, name="place-take-back"),
    path("p/<int:link>/change/", places.choose_other, name="place-choose-other"),
    path("p/<int:link>/change/<int:session>/", places.change, name="place-change"),
    path("p/<int:link>/needs/", places.change_needs, name="place-needs"),
    path("p/<int:link>/absence/", places.say_why, name="place-absence"),
]
handover = [
    path("p/<int:link>/colleague/", handovers.ask, name="place-hand-over"),
    path("p/<int:link>/colleague/withdraw/", handovers.withdraw, name="place-hand-over-withdraw"),
    path("takeover/<link_token:token>/", exchange, {"purpose": "handover"}, name="handover-open"),
    path("takeover/<int:link>/", handovers.take, name="handover-take"),
    path("takeover/<int:link>/decline/", handovers.decline, name="handover-decline"),
]
TEAMS = "organisations/<int:organisation>/booking/"
by_leads = [
    path(TEAMS, teams.choose_session, name="team-choose"),
    path(f"{TEAMS}nudge/<int:programme>/", teams.nudge, name="team-nudge"),
    path(f"{TEAMS}<int:session>/", teams.book, name="team-book"),
    path("teams/<int:team>/", teams.show, name="team-show"),
    path("teams/<int:team>/name/", teams.name, name="team-name"),
    path("teams/<int:team>/switch/", teams.switch, name="team-switch"),
    path("teams/<int:team>/release/", teams.release, name="team-release"),
    path("teams/<int:team>/places/<int:place>/give-up/", teams.give_up, name="team-give-up"),
    path("teams/<int:team>/places/<int:place>/replace/", teams.replace, name="team-replace"),
]
calendar = [
    path("calendar/<link_token:token>.ics", feeds.show_feed, name="feed-show"),
    path("programmes/<slug:slug>/sessions.ics", feeds.show_public_feed, name="session-feed"),
    path("programmes/<slug:slug>/calendar-answers/", answers.list_answers, name="answer-calendar"),
    path("programmes/<slug:slug>/calendar-answers/<int:answer>/settle/", answers.settle, name="answer-settle"),
    path("account/calendar/", feeds.show_own, name="feed-own"),
]
PERSON = "programmes/<slug:slug>/people/<int:person>/"
for_others = [
    path("programmes/<slug:slug>/people/find/", staff.find_person, name="person-find"),
    path(PERSON, staff.show_person, name="person-show"),
    path(f"{PERSON}take/", staff.take_for, name="person-take"),
    path(f"{PERSON}answer/", staff.answer_for, name="person-answer"),
    path(f"{PERSON}send-link/", staff.send_link_for, name="person-send-link"),
    path(f"{PERSON}places/<int:place>/change/", staff.change_for, name="person-change"),
    path(f"{PERSON}places/<int:place>/seat/", staff.seat_for, name="person-seat"),
    path(f"{PERSON}places/<int:place>/give-up/", staff.give_up_for, name="person-give-up"),
    path(f"{PERSON}places/<int:place>/send-entry/", staff.send_entry_for, name="person-send-entry"),
    path("sessions/<int:session>/places/", staff.list_places, name="session-places"),
    path("sessions/<int:session>/move/", moves.choose, name="session-move"),
    path("sessions/<int:session>/moved/<int:move>/", moves.show, name="session-moved"),
    path("sessions/<int:session>/places.csv", staff.export_places, name="session-places-export"),
]
without_invitation = [
    path("sessions/<int:session>/book/", booking.give_address, name="session-book"),
    path("sessions/<int:session>/book/organisation/", booking.choose_organisation, name="session-book-organisation"),
    path("sessions/<int:session>/book/code/", booking.give_code, name="session-book-code"),
    path("sessions/<int:session>/book/details/", booking.give_details, name="session-book-details"),
    path("sessions/<int:session>/book/check/", booking.check, name="session-book-check"),
]
urlpatterns = [*place, *handover, *by_leads, *for_others, *without_invitation, *calendar]
