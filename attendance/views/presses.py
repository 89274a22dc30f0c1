"""Who presses for a place together is written together: docs/adr/0112-who-presses-together-is-written-together.md."""

from collections.abc import Callable
from functools import cache, wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import http_date

from accounts.links import opened_in
from accounts.presses import digest_of, key_of
from attendance.actions.together import Pressed, together


def taken_together(view: Callable) -> Callable:
    """Decorate the view that takes a place by an invitation: who presses with others is written with them.

    Stands above all that checks, which is checked for several at once; what is not plain goes to ``view`` as ever.
    """

    @wraps(view)
    def pressed(request: HttpRequest, link: int, session: int) -> HttpResponse:
        return answer_together(request, link, session) or view(request, link=link, session=session)

    return pressed


def answer_together(request: HttpRequest, link: int, session: int) -> HttpResponse | None:
    """Return the answer to a press that was written with others; None where it has to go alone, and when asked again.

    ``request.user`` is known, and that the form is ours.
    """
    if getattr(request, "goes_alone", False):
        return None
    request.goes_alone = True
    own = _pressed(request, link, session)
    if own is None or together.take(own) is None:
        return None
    # What add_never_cache_headers says, which takes it apart and puts it together again four times.
    kept = {"Expires": http_date(), "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private"}
    return HttpResponseRedirect(own.leads_to.format(place=own.place), headers=kept)


def _pressed(request: HttpRequest, link: int, session: int) -> Pressed | None:
    key = key_of(request)
    if key is None or request.POST.get("series") or max(link, session) >= 2**63:
        return None
    opened = opened_in(request)
    if not opened:
        return None
    leads_to = _leads_to().format(link=link, place="{place}") + ("?free=1" if "free" in request.GET else "")
    return Pressed(key, digest_of(request), link, opened, session, leads_to)


@cache
def _leads_to() -> str:
    path = reverse("attendance:invitation-done", kwargs={"link": 1234, "place": 5678})
    return path.replace("1234", "{link}").replace("5678", "{place}")
