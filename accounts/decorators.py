"""Marks on views that the middleware and allauth act on."""

from collections.abc import Callable
from functools import wraps

from allauth.core.exceptions import ReauthenticationRequired
from django.http import Http404, HttpRequest, HttpResponse

from accounts.adapters import has_authenticator, is_fresh
from face.anonymous import reads_no_session as reads_no_session  # views above may take it from here


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
