from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    """Invitations, places, the waiting list, who is where when, calendar entries."""

    name = "attendance"

    def ready(self) -> None:
        from accounts.links import register_purpose
        from attendance.messages import (
            attitudes,
            availability,
            cover,
            feeds,
            handovers,
            invitations,
            lead_requests,
            notices,
            places,
            register,
            sessions,
            teams,
        )

        register_purpose("invitation", "i", resend="attendance:invitation-again")
        register_purpose("place", "p", resend="attendance:invitation-again")
        register_purpose("cover", "cover")
        register_purpose("availability", "when")
        register_purpose("calendar", "calendar")
        attitudes.register_kinds()
        register_purpose("handover", "takeover")
        availability.register_kinds()
        cover.register_kinds()
        feeds.register_kinds()
        handovers.register_kinds()
        invitations.register_kinds()
        notices.register_kinds()
        lead_requests.register_kinds()
        places.register_kinds()
        sessions.register_kinds()
        register.register_kinds()
        teams.register_kinds()
        self._register_links()

    @staticmethod
    def _register_links() -> None:
        from accounts.permissions import Permission, has, scopes_with
        from briefings.rules import can_manage_venues
        from face.navigation import PEOPLE, QUESTIONS, SITE, Link, register

        def may_invite(person, programme) -> bool:
            return has(person, Permission.INVITE_PEOPLE, programme)

        def sees_drafts(person, programme) -> bool:
            return has(person, Permission.SEE_PROGRAMME, programme)

        def sees_figures(person, programme) -> bool:
            return sees_drafts(person, programme) and has(person, Permission.SEE_FIGURES, programme)

        def may_book(person, programme) -> bool:
            return has(person, Permission.BOOK_FOR_OTHERS, programme)

        def sees_feedback(person, programme) -> bool:
            return has(person, Permission.SEE_FEEDBACK, programme)

        def sees_figures_anywhere(person, programme) -> bool:
            return bool(scopes_with(person, Permission.SEE_FIGURES))

        def keeps_venues(person, programme) -> bool:
            return can_manage_venues(person)

        register(Link("venues", "Venues", "attendance:venue-list", keeps_venues, order=40, row=SITE))
        register(Link("feedback", "Feedback", "attendance:feedback-show", sees_feedback, order=70, group=QUESTIONS))
        register(Link("all-cover", "Senior cover", "attendance:cover-all", sees_figures_anywhere, order=50, row=SITE))
        register(Link("booking", "Book for somebody", "attendance:person-find", may_book, order=35, group=PEOPLE))
        register(Link("sessions", "Sessions", "attendance:session-list", sees_drafts, order=20))
        register(Link("cover", "Senior cover", "attendance:cover-show", sees_figures, order=40, group=PEOPLE))
        register(Link("inviting", "Inviting", "attendance:round-list", may_invite, order=30, group=PEOPLE))
