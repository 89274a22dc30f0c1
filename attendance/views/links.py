"""The public page on which somebody has their personal links sent again."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import client_address, hit, network_of
from attendance.actions import invitations as actions
from attendance.forms.invitations import LinkAgainForm

PERIOD = timedelta(minutes=15)
PER_NETWORK = 100
PER_NETWORK_AND_ADDRESS = 5


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_link_again(request: HttpRequest) -> HttpResponse:
    """Ask for the own links; the answer is the same whether the address is known, and beyond the limits too."""
    form = LinkAgainForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "title": "Have your link sent again", "button": "Send me my link"}
        return render(request, "attendance/link_again.html", context, status=422 if form.errors else 200)
    now, email = timezone.now(), form.cleaned_data["email"].lower()
    network = network_of(client_address(request))
    within = hit("links again by network", network, limit=PER_NETWORK, period=PERIOD, now=now)
    pair = f"{network}\n{email}"
    if hit("links again by both", pair, limit=PER_NETWORK_AND_ADDRESS, period=PERIOD, now=now) and within:
        actions.send_links_again(address=email, now=now)
    return redirect("attendance:invitation-again-done")


@login_not_required
@require_safe
def show_link_again_done(request: HttpRequest) -> HttpResponse:
    """What happens next; nothing about the address."""
    return render(request, "attendance/link_again_done.html", {"title": "Look at your mail"})
