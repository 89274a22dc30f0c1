"""The log of messages for staff, and the two things they can do with one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as banners
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Permission, scopes_with
from face.keeping import count_of, kept_of
from face.paging import LONG, InOrder, page_of
from face.spreadsheets import stream_csv
from history.actions import look, look_at_many
from history.queries import timeline
from history.refusals import Refused
from messaging import actions, kinds, queries, reasons
from messaging.forms.filters import MessageFilter
from messaging.models import Bounce, Message

LOOKS = {
    Message.State.PLANNED: ("ring", "open"),
    Message.State.CLAIMED: ("half", "wait"),
    Message.State.SENT: ("full", "good"),
    Message.State.WITHHELD: ("dash", "quiet"),
    Message.State.MISSED: ("dash", "quiet"),
    Message.State.GIVEN_UP: ("gap", "bad"),
    Message.State.HELD: ("half", "wait"),
}
HEADS = ["Kind", "To", "E-mail address", "Mail domain", "State", "Why", "Due", "Sent", "Tries"]
MOST_ID = 2**63 - 1


@dataclass(frozen=True)
class Row:
    """One message as the log may show it: without subject and person where its kind hides them."""

    message: Message
    is_private: bool
    hides_recipient: bool

    @classmethod
    def of(cls, message: Message) -> "Row":
        known = kinds.find(message.kind)
        return cls(message, known is None or known.private, queries.hides_recipient(message.kind))

    @property
    def kind(self) -> str:
        return "Private message" if self.hides_recipient else kinds.label(self.message.kind)

    @property
    def subject(self) -> str:
        return "" if self.is_private else self.message.subject or ""

    @property
    def text(self) -> str:
        return "" if self.is_private else self.message.text or ""

    @property
    def person(self) -> str:
        shown = self.message.person and not self.hides_recipient
        return self.message.person.name if shown else ""

    @property
    def address(self) -> str:
        return "" if self.hides_recipient else self._address()

    @property
    def domain(self) -> str:
        return self._address().rpartition("@")[2]

    @property
    def look(self) -> tuple[str, str]:
        return LOOKS[self.message.state]

    @property
    def bounce(self) -> Bounce | None:
        return None if self.hides_recipient else getattr(self.message, "bounce", None)

    @property
    def came_back(self) -> str:
        return f"{reasons.words_of_status(self.bounce.status)} ({self.bounce.status})" if self.bounce else ""

    @property
    def reason(self) -> str:
        return reasons.words(self.message.reason or self.message.last_error)

    def _address(self) -> str:
        message = self.message
        return message.sent_to or message.address or (message.person.email if message.person else None) or ""


@require_safe
def list_messages(request: HttpRequest) -> HttpResponse:
    """Which messages there are and what became of them, with figures by state and mail domain."""
    chosen = MessageFilter(request.GET)
    visible = _visible(request)
    found = queries.found(visible, **_wanted(chosen))
    now = timezone.now()
    shown = found.select_related("person", "bounce")
    page = page_of(InOrder(shown, count_of(found, now)), request.GET.get("page"), size=LONG)
    rows = [Row.of(message) for message in page.rows]
    _trace(request, rows, "messaging:message-list")
    scope = queries.found(visible, about=chosen.value("about") or "")
    counts = kept_of(scope, "states", lambda: queries.count_by_state(scope), now)
    states = [(Message.State(state), *LOOKS[state], count) for state, count in counts.items()]
    with_domains = scope.annotate(domain=queries.DOMAIN)  # reads addresses of people too
    context = {
        "filter": chosen, "page": page, "rows": rows, "states": states,
        "domains": kept_of(with_domains, "domains", lambda: queries.count_by_domain(scope), now),
        "channel": queries.broken_channel(),
        "mailbox": queries.broken_mailbox(), "bouncing": queries.bounces_visible_to(request.user).exists(),
    }  # fmt: skip
    return render(request, "messaging/message_list.html", context)


@require_safe
def download_messages(request: HttpRequest) -> HttpResponse:
    """The same list as a table for a spreadsheet, whole."""
    found = queries.found(_visible(request), **_wanted(MessageFilter(request.GET))).select_related("person")
    return stream_csv("messages", HEADS, _lines(request, found))


def _lines(request: HttpRequest, found) -> Iterator[list[Any]]:
    batch: list[Row] = []
    for message in found.iterator(chunk_size=2_000):
        batch.append(Row.of(message))
        if len(batch) == 2_000:
            yield from _batch(request, batch)
            batch = []
    yield from _batch(request, batch)


def _batch(request: HttpRequest, rows: list[Row]) -> Iterator[list[Any]]:
    # Who was shown is written before a line leaves, so that a broken download is traced as well.
    _trace(request, rows, "messaging:message-download")
    for row in rows:
        message = row.message
        times = [at and timezone.localtime(at).strftime("%Y-%m-%d %H:%M") for at in (message.due_at, message.sent_at)]
        state = message.get_state_display()
        yield [row.kind, row.person, row.address, row.domain, state, row.reason, *times, message.attempts]


@require_safe
def show_message(request: HttpRequest, message: int) -> HttpResponse:
    """One message: its words as far as they are kept, each try, what staff did."""
    row = Row.of(_one(request, message))
    if row.person:
        look(by=request.user, at=row.message.person, page="messaging:message-show", now=timezone.now())
    states = Message.State
    context = {
        "row": row,
        "message": row.message,
        "tries": [(each, reasons.words(each.code)) for each in row.message.tries.order_by("-pk")[:50]],
        "timeline": timeline(row.message),
        "can_try_again": row.message.state == states.GIVEN_UP,
        "can_stop": row.message.state in (states.PLANNED, states.HELD),
    }
    return render(request, "messaging/message_show.html", context)


@require_POST
def try_again(request: HttpRequest, message: int) -> HttpResponse:
    """Plan a message that was given up once more."""
    found = _one(request, message)
    try:
        actions.try_again(message=found, by=request.user, now=timezone.now())
        banners.success(request, "The message is sent again now.")
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    return redirect("messaging:message-show", message=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, message: int) -> HttpResponse:
    """Ask, then withhold a message for good."""
    row = Row.of(_one(request, message))
    if request.method != "POST":
        return render(request, "messaging/message_stop.html", {"row": row, "message": row.message})
    try:
        actions.stop(message=row.message, by=request.user, now=timezone.now())
        banners.success(request, "The message is stopped. It is not sent.")
    except Refused as refusal:
        banners.error(request, refusal.sentence)
    return redirect("messaging:message-show", message=row.message.pk)


def _visible(request: HttpRequest):
    if not scopes_with(request.user, Permission.SEE_MESSAGES):
        raise Http404
    return queries.messages_visible_to(request.user)


def _one(request: HttpRequest, message: int) -> Message:
    if message > MOST_ID:
        raise Http404
    return get_object_or_404(_visible(request).select_related("person", "bounce"), pk=message)


def _wanted(chosen: MessageFilter) -> dict[str, str]:
    return {name: chosen.value(name) or "" for name in chosen.fields}


def _trace(request: HttpRequest, rows: list[Row], page: str) -> None:
    people = [row.message.person for row in rows if row.person]
    look_at_many(by=request.user, at=people, page=page, now=timezone.now())
