"""Addresses from which mails come back: who they are of, why, and the press that says that one works again."""

from django.contrib import messages as banners
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Permission, scopes_with
from face.paging import LONG, page_of
from history.actions import look_at_many
from messaging import actions, queries, reasons
from messaging.forms.filters import BounceFilter
from messaging.models import Bounce


@require_safe
def list_bounces(request: HttpRequest) -> HttpResponse:
    """The addresses that do not take our mails, with what to do."""
    chosen, now = BounceFilter(request.GET), timezone.now()
    page = page_of(
        queries.bounces_found(_visible(request), chosen.value("q") or ""), request.GET.get("page"), size=LONG
    )
    people = [bounce.message.person for bounce in page.rows if bounce.message.person]
    look_at_many(by=request.user, at=people, page="messaging:bounce-list", now=now)
    context = {
        "title": "Addresses from which mails come back",
        "filter": chosen,
        "page": page,
        "rows": [(bounce, reasons.words_of_status(bounce.status)) for bounce in page.rows],
        "empty_title": "No mail comes back",
        "empty_text": "An address stands here when its mail server says that a mail of ours cannot be delivered.",
        "back_url": reverse("messaging:message-list"),
    }
    return render(request, "messaging/bounce_list.html", context)


@require_POST
def clear_bounce(request: HttpRequest, bounce: int) -> HttpResponse:
    """Say that an address works."""
    own: Bounce = get_object_or_404(_visible(request), pk=min(bounce, 2**63 - 1))
    actions.clear_bounces(address=own.address, by=request.user, now=timezone.now())
    banners.success(request, "The address is no longer marked")
    return redirect("messaging:bounce-list")


def _visible(request: HttpRequest):
    if not scopes_with(request.user, Permission.SEE_MESSAGES):
        raise Http404
    return queries.bounces_visible_to(request.user)
