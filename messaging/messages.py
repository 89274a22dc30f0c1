"""The mails of messaging itself: whether somebody wants a stream."""

from messaging import streams
from messaging.kinds import AT_ONCE, Content, Kind, register, render_mail
from messaging.models import Message, Subscription

CONFIRM = "messaging.stream_confirm"
ALREADY = "messaging.stream_already"


def render(message: Message) -> Content:
    """Return the mail with the link that confirms, or the one that says there is nothing to confirm."""
    own = Subscription.objects.select_related("subscriber").get(pk=message.refs["subscription"])
    stream = streams.find([own.stream]).get(own.stream)
    name = stream.name if stream else "a series that has ended"
    context = {
        "name": name,
        "confirm_address": streams.confirm_address(own),
        "preferences_address": streams.preferences_address(own.subscriber),
    }
    if message.kind == ALREADY:
        return render_mail("messaging/email/stream_already", context, f"You get these mails already: {name}")
    return render_mail("messaging/email/stream_confirm", context, f"Do you want these mails? {name}")


def register_kinds() -> None:
    """Make the kinds known; called when the app is ready."""
    register(Kind(CONFIRM, render, private=True, label="Subscription to confirm", rank=AT_ONCE))
    register(Kind(ALREADY, render, private=True, label="Subscription held already", rank=AT_ONCE))
