"""What somebody missed: the parts of a workshop and what came out of it, from the page of their own place."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.links import personal_link
from attendance.models import Place
from attendance.queries.series import position_of
from briefings.models import SessionKind
from commitments.queries.outputs import outputs_of_session


@personal_link("place")
@require_safe
def show_missed(request: HttpRequest, link: int) -> HttpResponse:
    """The agenda and the outputs of a workshop that somebody with a place did not come to. No names stand in it."""
    missed = Place.objects.filter(missed_at__isnull=False, session__kind=SessionKind.WORKSHOP)
    place = get_object_or_404(
        missed.select_related("session__programme", "session__series"), link=request.link, person=request.link.person_id
    )
    session = place.session
    context = {
        "personal_link": True,
        "programme": session.programme,
        "session": session,
        "place": place,
        "agenda": session.agenda.all(),
        "outputs": outputs_of_session(session).order_by("kind", "noted_at", "pk"),
        "position": position_of(place, timezone.now()),
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
    }
    return render(request, "commitments/outputs/missed.html", context)
