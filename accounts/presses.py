"""One press has one effect: a form's key is used once, and whoever presses again gets the same answer.

A double click, the way back, a retry after a time-out, ten identical requests at once: the first that comes inserts
the key and holds it until its effect is saved; the others wait for that row and are led where the first was led.
Only an answer that leads on is kept: what was refused changed nothing, so the same form may be pressed again. Whom its
page showed was seen all the same.
Where two presses wait for each other PostgreSQL ends one of them, and that one is done once more.
"""

import logging
import uuid
from collections.abc import Callable
from functools import wraps

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.links import cookie_name, open_in_browser
from accounts.models import Press
from history.actions import looks_apart
from history.alone import met_at_a_lock
from history.statements import insert_of, prepared, send

logger = logging.getLogger(__name__)

_LEFT_OUT = {"csrfmiddlewaretoken", "press"}


def one_press(view: Callable) -> Callable:
    """Decorate a view whose form has ``{% press_field %}``; stands below what checks the link or the sign-in.

    The layouts of forms and confirmations write the field by themselves where the view is decorated.
    A POST without a key does what it does, as ever. The same key with anything else in it gets a page that says so.
    """

    @wraps(view)
    def pressed(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        request.takes_press = True
        key = key_of(request)
        if key is None:
            return view(request, *args, **kwargs)
        try:
            return once(request, key, *args, **kwargs)
        except OperationalError as error:
            if connection.in_atomic_block or not met_at_a_lock(error):
                raise
            logger.warning("A press of %s met another at a lock, and is done once more.", view.__name__, exc_info=True)
        for file in request.FILES.values():
            file.seek(0)
        return once(request, key, *args, **kwargs)

    def once(request: HttpRequest, key: uuid.UUID, *args, **kwargs) -> HttpResponse:
        with looks_apart(), transaction.atomic():
            made = _claim(key, digest_of(request))
            if made is not None:
                return _effect(made, view(request, *args, **kwargs))
        return _again(request, Press.objects.select_related("link").filter(pk=key).first(), digest_of(request))

    pressed.takes_press = True
    return pressed


def key_of(request: HttpRequest) -> uuid.UUID | None:
    """Return the key of the form that is pressed, or None where ``request`` is no press."""
    # A look for what was asked before is no press: it is counted against a limit, and must not be taken back.
    if request.method != "POST" or "look" in request.POST:
        return None
    try:
        return uuid.UUID(request.POST.get("press", ""))
    except ValueError:
        return None


def _claim(key: uuid.UUID, digest: str) -> Press | None:
    """Return the new row, or None where the key is used; waits for whoever is using it at this moment."""
    made = Press(key=key, digest=digest, made_at=timezone.now())
    return made if send([insert_of([made], "ON CONFLICT DO NOTHING RETURNING 1")]) else None


def _effect(made: Press, response: HttpResponse) -> HttpResponse:
    if response.status_code != 302:
        transaction.set_rollback(True)
        return response
    made.location = response["Location"]
    if cookie_name() in response.cookies:
        made.link_id = int(made.location.rstrip("/").rpartition("/")[2])  # open_in_browser leads to /<prefix>/<id>/
    _LED.rows(location=made.location, link=made.link_id, key=made.key)
    return response


_LED = prepared(
    "press_led",
    "UPDATE accounts_press SET location = $1, link_id = $2 WHERE key = $3",
    location="text",
    link="bigint",
    key="uuid",
)


def _again(request: HttpRequest, before: Press | None, digest: str) -> HttpResponse:
    if before is None or not constant_time_compare(before.digest, digest):
        return render(request, "accounts/used_form.html", status=409)
    if before.link is not None:
        return open_in_browser(before.link)
    return redirect(before.location)


def digest_of(request: HttpRequest) -> str:
    """Return by what a press is known again: the address, who is signed in, and what was sent; keyed."""
    sent = sorted((name, value) for name, values in request.POST.lists() if name not in _LEFT_OUT for value in values)
    files = sorted((name, file.name, file.size) for name, files in request.FILES.lists() for file in files)
    text = f"{request.path}\n{request.user.pk or ''}\n{sent}\n{files}"
    # The salt stays as it was: a form that was pressed before an update is known after it.
    return salted_hmac("attendance.press", text, algorithm="sha256").hexdigest()
