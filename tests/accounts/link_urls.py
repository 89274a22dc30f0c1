"""Addresses for the tests of personal links: two purposes and a page that sends a link again."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.links import exchange, personal_link


@personal_link("test")
def opened(request: HttpRequest, link: int) -> HttpResponse:
    return HttpResponse(f"{request.method} {request.link.pk} for {request.link.person}")


@personal_link("other")
def opened_other(request: HttpRequest, link: int) -> HttpResponse:
    return HttpResponse("other")


@login_not_required
def resend(request: HttpRequest) -> HttpResponse:
    return HttpResponse("resend")


urlpatterns = [
    path("t/<link_token:token>/", exchange, {"purpose": "test"}),
    path("t/<int:link>/", opened),
    path("t/<int:link>/deep/", opened),
    path("o/<link_token:token>/", exchange, {"purpose": "other"}),
    path("o/<int:link>/", opened_other),
    path("resend/", resend, name="test-resend"),
    path("", include("config.urls")),
]
