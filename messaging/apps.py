from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """The outbox: one row, one person, one reason, its fate known. Knows no briefing."""

    name = "messaging"

    def ready(self) -> None:
        from messaging import backends
        from messaging.messages import register_kinds

        backends.register()
        register_kinds()
        self._name_words()
        self._register_links()

    @staticmethod
    def _name_words() -> None:
        from history import verbs
        from messaging import reasons

        reasons.register(stream_left="the reader has left", mails_come_back="mails to this address come back")
        for verb, words, mark in (
            ("confirmed_stream", "Asked for by the owner of the address", "full"),
            ("left_stream", "Left", "dash"),
        ):
            verbs.register(verb, words, mark=mark, about="messaging.subscription")

    @staticmethod
    def _register_links() -> None:
        from django.conf import settings

        from accounts.permissions import Permission, scopes_with
        from face.navigation import SITE, Link, register

        def sees_messages(person, programme) -> bool:
            return bool(scopes_with(person, Permission.SEE_MESSAGES))

        def is_trial(person, programme) -> bool:
            return not (settings.EMAIL_URL or settings.PRODUCTION)

        register(Link("messages", "Messages", "messaging:message-list", sees_messages, order=60, row=SITE))
        register(Link("mailbox", "Mailbox", "messaging:mailbox-list", is_trial, order=95, row=SITE))
