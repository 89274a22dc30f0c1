"""Everything about one person, for those who may see it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from desk.queries.people import known_of
from history.actions import look
from organisations.rules import can_see_people, people_visible_to

_MOST_ID = 2**63 - 1


@require_safe
def show_person(request: HttpRequest, person: int) -> HttpResponse:
    """Affiliations, invitations, places, what became of them, questions by name, messages, who looked."""
    now = timezone.now()
    today = timezone.localdate(now)
    visible = people_visible_to(request.user, today)
    if not can_see_people(request.user):
        visible = visible.none()
    own = get_object_or_404(visible, pk=min(person, _MOST_ID))
    look(by=request.user, at=own, page="desk:person-show", now=now)
    known = known_of(own, by=request.user)
    return render(request, "desk/person.html", {"person": own, "known": known})
