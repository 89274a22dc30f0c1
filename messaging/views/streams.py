"""Streams of mails for whoever gets them: confirm one, leave one or all. No account; a GET changes nothing.

The link of a mail stands in the address, as RFC 8058 wants it: it opens nothing but what this address gets.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from face.anonymous import reads_no_session
from history.refusals import Refused
from messaging import streams
from messaging.actions.streams import confirm_stream, leave_all_streams, leave_stream
from messaging.models import Bounce, SubscriptionState


def _by_link(view: Callable) -> Callable:
    """Mark a page that a mail leads to: for anybody, kept in no cache, and its address told to no other site."""

    @reads_no_session
    @login_not_required
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        # Not "no-referrer": a browser then says "Origin: null" with our own forms, which looks like forgery.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return opened


@_by_link
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the owner of the address wants the stream; a press says yes."""
    own = streams.subscription_of(token, "confirm")
    if own is None:
        return _page(request, "nothing", status=404)
    stream = streams.find([own.stream]).get(own.stream)
    if stream is None:
        return _page(request, "nothing", status=404)
    context = {"stream": stream, "subscription": own, "preferences": streams.preferences_address(own.subscriber)}
    if request.method == "POST":
        try:
            confirm_stream(subscription=own, now=timezone.now())
        except Refused as refusal:
            return _page(request, "nothing", status=409, sentence=refusal.sentence)
        return _page(request, "confirmed", **context)
    return _page(request, "confirm", **context)


@csrf_exempt
@_by_link
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Leave one stream by one POST, with cookies or without, whatever it carries (RFC 8058, 3.2); a GET asks.

    Whether the link is right, wrong or used before: a POST gets the same answer.
    """
    own = streams.subscription_of(token, "leave")
    if request.method == "POST":
        if own is not None:
            leave_stream(subscription=own, now=timezone.now())
        return _page(request, "left")
    if own is None or own.state == SubscriptionState.LEFT:
        return _page(request, "left")
    stream = streams.find([own.stream]).get(own.stream)
    return _page(
        request, "leave", stream=stream, subscription=own, preferences=streams.preferences_address(own.subscriber)
    )


@_by_link
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Everything that goes to one address, with a button to leave each, and one to leave all."""
    subscriber = streams.subscriber_of(token)
    if subscriber is None:
        return _page(request, "left")
    done = ""
    if request.method == "POST":
        done = _leave_chosen(request, subscriber)
    rows = list(subscriber.subscriptions.confirmed().order_by("confirmed_at", "pk"))
    named = streams.find(row.stream for row in rows)
    return _page(
        request,
        "preferences",
        address=subscriber.address,
        rows=[(row, named[row.stream]) for row in rows if row.stream in named],
        comes_back=Bounce.objects.standing().filter(address=subscriber.address).exists(),
        done=done,
    )


def _leave_chosen(request: HttpRequest, subscriber) -> str:
    asked, now = request.POST.get("leave", ""), timezone.now()
    if asked == "all":
        leave_all_streams(subscriber=subscriber, now=now)
        return "You get none of these mails any more"
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        own = subscriber.subscriptions.filter(pk=asked).first()
        if own is not None:
            leave_stream(subscription=own, now=now)
            return "You do not get these mails any more"
    return ""


def _page(request: HttpRequest, name: str, *, status: int = 200, **context) -> HttpResponse:
    return render(request, f"messaging/streams/{name}.html", context, status=status)
