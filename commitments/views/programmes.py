"""The programme of a list, for who may read it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.permissions import Permission, has
from briefings.models import Programme
from commitments.queries.standards import programme_called


def programme_read(
    request: HttpRequest, slug: str, others: Callable[[Any, date], QuerySet[Programme]] | None = None
) -> Programme:
    """Return the programme whose questions and assurances this person reads by a role, or that is among ``others``.

    Raises Http404 for any other. Who reads by a role is found by it, without asking what else might let them in.
    """
    found = programme_called(slug)
    if found is None:
        raise Http404
    if not has(request.user, Permission.READ_QUESTIONS, found):
        if others is None:
            raise Http404
        get_object_or_404(others(request.user, timezone.localdate()).values("pk"), pk=found.pk)
    return found


def public_programme(slug: str) -> Programme:
    """Return the programme of which everybody may read; raises Http404 for any other."""
    found = programme_called(slug)
    if found is None or not found.is_public:
        raise Http404
    return found
