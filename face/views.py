"""The deployer's two colours as a stylesheet, and every component on one page."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from face import colours, examples

A_YEAR = 365 * 24 * 3600


@login_not_required
@require_safe
@cache_control(max_age=A_YEAR, public=True, immutable=True)
def show_brand(request: HttpRequest) -> HttpResponse:
    """Answer the deployer's two colours as a stylesheet. Its address changes with them, so it is kept for a year."""
    return HttpResponse(colours.stylesheet(), content_type="text/css; charset=utf-8")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def list_components(request: HttpRequest) -> HttpResponse:
    """Show every component in its states, outside production. A POST shows the form's errors and keeps nothing."""
    if settings.PRODUCTION:
        raise Http404
    return render(request, "components/all.html", examples.context(request))
