"""The receiving end of a trial. Open to everybody who reaches the server, and it says so."""

import re
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from face.paging import page_of
from messaging import mailbox
from messaging.forms.filters import MailboxFilter
from messaging.models import Delivered

SANDBOX = "sandbox allow-popups allow-top-navigation; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
"""The page of a mail is a stranger's page: no script, no picture from elsewhere, no cookie of ours, links alone."""

MOST_ID = 2**63 - 1


def trial_only(view: Callable) -> Callable:
    """Decorate a page that is not there where mails leave, or in production."""

    @login_not_required
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if settings.EMAIL_URL or settings.PRODUCTION:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@trial_only
def list_mails(request: HttpRequest) -> HttpResponse:
    """Every mail that arrived, newest first."""
    chosen = MailboxFilter(request.GET)
    mails = Delivered.objects.order_by("-received_at", "-pk").defer("raw")
    if words := chosen.value("q"):
        mails = mails.filter(Q(recipient__icontains=words) | Q(subject__icontains=words))
    page = page_of(mails, request.GET.get("page"))
    return render(request, "messaging/mailbox_list.html", {"filter": chosen, "page": page})


@trial_only
def show_mail(request: HttpRequest, mail: int) -> HttpResponse:
    """One mail in its words, with its files."""
    row = _row(mail)
    return render(request, "messaging/mailbox_show.html", {"row": row, "mail": mailbox.read(row.raw)})


@trial_only
def show_page(request: HttpRequest, mail: int) -> HttpResponse:
    """The HTML part of one mail, as a mail program shows it."""
    html = mailbox.read(_row(mail).raw).html
    if not html:
        raise Http404
    response = HttpResponse(html)
    response["Content-Security-Policy"] = SANDBOX
    return response


@trial_only
def show_file(request: HttpRequest, mail: int, number: int) -> HttpResponse:
    """Download one file of a mail."""
    files = mailbox.read(_row(mail).raw).files
    file = next((file for file in files if file.number == number), None)
    if file is None:
        raise Http404
    response = HttpResponse(file.content, content_type=file.mimetype)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", file.name).strip("._")[:100] or "file"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _row(mail: int) -> Delivered:
    if mail > MOST_ID:
        raise Http404
    return get_object_or_404(Delivered, pk=mail)
