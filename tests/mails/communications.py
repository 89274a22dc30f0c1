"""Posts and their reuse."""

from communications.actions.reuses import say_reused
from communications.queries.posts import stream_of
from messaging.actions.streams import ask_for_stream, confirm_stream
from messaging.models import Subscription
from tests.communications.factories import Desk
from tests.mails import NOW, makes


@makes("communications.post", "communications.author", "communications.reused")
def posts() -> None:
    desk = Desk()
    ask_for_stream(stream=stream_of(desk.series), address="reader@example.org", now=NOW)
    confirm_stream(subscription=Subscription.objects.get(), now=NOW)
    say_reused(
        series=desk.series, post=desk.published(), organisation="Another council", place="Their newsletter",
        by="stranger", now=NOW,
    )  # fmt: skip
