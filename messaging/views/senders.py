"""Who the mails of the whole installation come from: the administrators' page."""

from email.utils import parseaddr

from django.conf import settings
from django.contrib import messages as banners
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import INSTALLATION, Permission, permission_required
from messaging import actions, queries
from messaging.forms.senders import SenderForm


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(Permission.MANAGE_INSTALLATION)
def edit_sender(request: HttpRequest) -> HttpResponse:
    """Ask for the name, the mailbox and the address for replies; save them."""
    sender = queries.sender_for(INSTALLATION)
    initial = {"name": sender.name, "address": sender.address, "reply_to": sender.reply_to}
    form = SenderForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        said = {**form.cleaned_data, "only": form.changes}
        actions.set_sender(about=INSTALLATION, **said, by=request.user, now=timezone.now())
        banners.success(request, "The sender is saved. It counts from the next mail.")
        return redirect("messaging:sender-edit")
    status = 422 if form.is_bound else 200
    default = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return render(request, "messaging/sender_form.html", {"form": form, "default": default}, status=status)
