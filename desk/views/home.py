"""The first page."""

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.links import open_in_browser
from accounts.models import PersonalLink
from briefings.models import Programme
from communications.queries.posts import newest_posts
from desk.matters.home import groups_for
from desk.queries.public import answers_published, guidance_published, sessions_to_choose

_MOST_ID = 2**63 - 1
MOST_PROGRAMMES = 12


@login_not_required
@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """For a visitor: what this is, open sessions, answers. For a signed-in person: what waits for me."""
    now = timezone.now()
    if not request.user.is_authenticated:
        return _public_page(request, now)
    groups = groups_for(request.user, now)
    context = {
        "groups": groups,
        "sessions": [] if groups else sessions_to_choose(now),
        "programmes": Programme.objects.visible_to(request.user)[:MOST_PROGRAMMES],
    }
    return render(request, "desk/home.html", context)


def _public_page(request: HttpRequest, now: datetime) -> HttpResponse:
    context = {
        "sessions": sessions_to_choose(now),
        "answers": answers_published(),
        "guidance": guidance_published(),
        "posts": newest_posts(),
    }
    return render(request, "desk/welcome.html", context)


@require_safe
def open_link(request: HttpRequest, link: int) -> HttpResponse:
    """Open a personal link of one's own from the first page, as its mail would: the page itself checks it again."""
    own = get_object_or_404(PersonalLink, pk=min(link, _MOST_ID), person=request.user)
    return open_in_browser(own)
