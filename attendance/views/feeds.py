"""Feeds for calendar programs, and the pages on which somebody gets, replaces and ends the address of their own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import reads_no_session
from accounts.links import LinkRefused, LinkUnknown, find, personal_link
from accounts.models import Person, PersonalLink
from attendance.actions.feeds import end_feed, get_feed, mail_feed, replace_feed
from attendance.feeds import Feed, feed_address, person_feed, public_feed
from attendance.queries.feeds import entries_of, feed_link_of, public_sessions
from briefings.models import Programme
from messaging.queries import sender_for, senders_for

READ_OR_POST = ["GET", "HEAD", "POST"]


@login_not_required
@reads_no_session
@require_safe
def show_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Give a person's sessions to the program that subscribes to them; 410 once the address has ended."""
    now = timezone.now()
    try:
        person = find(token, "calendar", now).person
    except LinkRefused as refusal:
        status = 404 if isinstance(refusal, LinkUnknown) else 410
        return HttpResponse(f"{refusal.sentence}\n", content_type="text/plain; charset=utf-8", status=status)
    entries = list(entries_of(person, now))
    senders = senders_for({entry.session.programme for entry in entries})
    feed = person_feed(entries, name=f"Sessions of {person.name}", sender_of=senders.__getitem__, now=now)
    response = _answer(request, feed, "private, no-cache")
    response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@reads_no_session
@require_safe
def show_public_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the public sessions of a programme to whoever subscribes to them."""
    now = timezone.now()
    programme = get_object_or_404(Programme, slug=slug.replace("\x00", ""), is_public=True)
    feed = public_feed(programme, public_sessions(programme, now), sender=sender_for(programme), now=now)
    return _answer(request, feed, "public, max-age=900")


def _answer(request: HttpRequest, feed: Feed, caching: str) -> HttpResponse:
    response = HttpResponse(feed.body, content_type="text/calendar; charset=utf-8")
    response["ETag"], response["Cache-Control"] = feed.etag, caching
    response["Content-Disposition"] = 'inline; filename="sessions.ics"'
    answer = get_conditional_response(request, etag=feed.etag, response=response)
    answer["Cache-Control"] = caching
    return answer


@require_http_methods(READ_OR_POST)
def show_own(request: HttpRequest) -> HttpResponse:
    """The own feed: what it is, its address, and the presses to get, replace and end it."""
    person, now = request.user, timezone.now()
    if request.method == "POST":
        messages.success(request, _do(request.POST.get("what"), person, mails=False))
        return redirect("attendance:feed-own")
    link = feed_link_of(person, now)
    context = {"title": "Your sessions in your calendar", "person": person, "link": link, **_addresses(link)}
    return render(request, "attendance/feeds/own.html", context)


@personal_link("place")
@require_http_methods(READ_OR_POST)
def show_by_place(request: HttpRequest, link: int) -> HttpResponse:
    """The same from the page of a place: the address itself goes by mail, to the person alone (docs/adr/0045)."""
    person, now = request.link.person, timezone.now()
    if request.method == "POST":
        messages.success(request, _do(request.POST.get("what"), person, mails=True))
        return redirect("attendance:place-feed", link=link)
    context = {
        "title": "Your sessions in your calendar",
        "personal_link": True,
        "place_link": link,
        "person": person,
        "link": feed_link_of(person, now),
    }
    return render(request, "attendance/feeds/by_place.html", context)


def _do(what: str | None, person: Person, *, mails: bool) -> str:
    """Do what the button says and return what to tell; an unknown button gets the address, as the first one does."""
    now = timezone.now()
    if what == "end":
        end_feed(person=person, by=person, now=now)
        return "The feed has ended. Its address opens nothing any more"
    if what == "replace":
        replace_feed(person=person, by=person, now=now)
        if not mails:
            return "You have a new address. The old one opens nothing any more"
    if mails:
        is_new = mail_feed(person=person, by=person, now=now)
        return "The address is on its way to your e-mail" if is_new else "The address was sent a moment ago"
    get_feed(person=person, by=person, now=now)
    return "Your feed is ready"


def _addresses(link: PersonalLink | None) -> dict[str, str]:
    if link is None:
        return {"address": "", "webcal": ""}
    address = feed_address(link)
    return {"address": address, "webcal": f"webcal:{address.partition(':')[2]}"}
