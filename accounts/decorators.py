"""Marks on views that the middleware and allauth act on."""

from collections.abc import Callable
from functools import wraps

from allauth.core.exceptions import ReauthenticationRequired
from django.http import Http404, HttpRequest, HttpResponse

from accounts.adapters import has_authenticator, is_fresh


def fresh_code_required(view: Callable) -> Callable:
    """Decorate a view for signed-in people that needs a code entered in the last ten minutes.

    Without one the person confirms who they are first and comes back; a form that was being posted is carried on.
    """

    @wraps(view)
    def confirmed(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return confirmed


def authenticator_required(view: Callable) -> Callable:
    """Decorate a view that makes sense only for somebody with an authenticator app; it is not there for others."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not has_authenticator(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def reads_no_session(view: Callable) -> Callable:
    """Mark a public view before which no middleware of ours may look at who is signed in (anonymous questions)."""

    @wraps(view)
    def unread(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    unread.reads_no_session = True
    return unread
