"""The addresses of messaging; see routes.py for how a line is written."""

from history.actions import key_of
from messaging.models import Bounce, Delivered, Message
from tests.access.routes import Route, nothing
from tests.cast import NOW, Cast
from tests.messaging.factories import MessageFactory

STAFF = "administrator coordinator other"


def any_mail(cast: Cast) -> dict:
    raw = b"Content-Type: text/html\r\n\r\n<p>Hello</p>"
    fields = {"recipient": "a@example.org", "received_at": NOW, "raw": raw}
    mail, _ = Delivered.objects.get_or_create(message_id="<access@x>", defaults=fields)
    return {"mail": mail.pk}


def a_file(cast: Cast) -> dict:
    """A file that is not there: the mail has none."""
    return {**any_mail(cast), "number": 1}


def own_message(cast: Cast) -> dict:
    return {"message": MessageFactory(about=key_of(cast.programme)).pk}


def other_message(cast: Cast) -> dict:
    return {"message": MessageFactory(about=key_of(cast.other_programme)).pk}


def own_lost_message(cast: Cast) -> dict:
    return {"message": _lost(cast.programme).pk}


def other_lost_message(cast: Cast) -> dict:
    return {"message": _lost(cast.other_programme).pk}


def _lost(programme) -> Message:
    return MessageFactory(about=key_of(programme), state=Message.State.GIVEN_UP, reason="refused")


def own_bounce(cast: Cast) -> dict:
    return {"bounce": _bounce(cast.programme).pk}


def other_bounce(cast: Cast) -> dict:
    return {"bounce": _bounce(cast.other_programme).pk}


def _bounce(programme) -> Bounce:
    sent = {"state": Message.State.SENT, "sent_at": NOW, "message_id": f"<bounce-{programme.pk}@x>"}
    message = MessageFactory(about=key_of(programme), kind="attendance.place_booked", **sent)
    return Bounce.objects.create(message=message, address="a@example.org", status="5.1.1", came_at=NOW)


def any_token(cast: Cast) -> dict:
    """A link that opens nothing; those that do are followed in tests/messaging/test_streams.py."""
    return {"token": "1-nothing"}


ROUTES: list[Route] = [
    # Whoever has the link of a mail; a wrong one gets a page that does not say so.
    Route("messaging:stream-confirm", any_token, {404: "everyone"}),
    Route("messaging:stream-leave", any_token, {200: "everyone"}),
    Route("messaging:stream-preferences", any_token, {200: "everyone"}),
    Route("messaging:bounce-list", nothing, {200: STAFF}),
    Route("messaging:bounce-clear", own_bounce, {302: "administrator coordinator"}, post=True),
    Route("messaging:bounce-clear", other_bounce, {302: "administrator other"}, post=True),
    Route("messaging:mailbox-list", nothing, {200: "everyone"}),
    Route("messaging:mailbox-show", any_mail, {200: "everyone"}),
    Route("messaging:mailbox-page", any_mail, {200: "everyone"}),
    Route("messaging:mailbox-file", a_file, {404: "everyone"}),
    Route("messaging:message-list", nothing, {200: STAFF}),
    Route("messaging:message-download", nothing, {200: STAFF}),
    Route("messaging:sender-edit", nothing, {200: "administrator"}, rest=403),
    Route("messaging:message-show", own_message, {200: "administrator coordinator"}),
    Route("messaging:message-show", other_message, {200: "administrator other"}),
    Route("messaging:message-stop", own_message, {200: "administrator coordinator"}),
    Route("messaging:message-stop", other_message, {200: "administrator other"}),
    Route("messaging:message-try-again", own_lost_message, {302: "administrator coordinator"}, post=True),
    Route("messaging:message-try-again", other_lost_message, {302: "administrator other"}, post=True),
]
