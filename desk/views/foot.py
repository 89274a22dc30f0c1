"""The pages that the foot of every page links to: help, privacy, cookies, accessibility, complaints."""

from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from desk.queries.retention import retention_lines


@login_not_required
@require_safe
def show_help(request: HttpRequest) -> HttpResponse:
    """Say what people ask most, and how to reach somebody."""
    return _page(request, "help")


@login_not_required
@require_safe
def show_privacy(request: HttpRequest) -> HttpResponse:
    """Say what is kept, why, how long and which rights there are (UK GDPR, articles 13 and 14)."""
    return _page(request, "privacy", lines=retention_lines())


@login_not_required
@require_safe
def show_cookies(request: HttpRequest) -> HttpResponse:
    """List every cookie with its name, purpose and end (PECR, regulation 6)."""
    hours = settings.SESSION_COOKIE_AGE // 3600
    names = {"session_cookie": settings.SESSION_COOKIE_NAME, "csrf_cookie": settings.CSRF_COOKIE_NAME}
    return _page(request, "cookies", **names, session_hours=hours)


@login_not_required
@require_safe
def show_accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement (SI 2018/952, regulation 8); it says so where the owner has not completed it."""
    return _page(request, "accessibility")


@login_not_required
@require_safe
def show_complaint(request: HttpRequest) -> HttpResponse:
    """Say how to complain about the use of personal data (Data (Use and Access) Act 2025, section 103)."""
    return _page(request, "complaint")


def _page(request: HttpRequest, name: str, **context: object) -> HttpResponse:
    contact = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return render(request, f"desk/foot/{name}.html", {"contact": contact, **context})
