"""The brief that a senior manager, or who keeps their diary, reads before the day."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.links import personal_link
from attendance.models import CoverState, SeniorAttendance
from briefings.words import where_in_words
from desk.queries.briefs import brief_for

READ_BY = (CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED)


@personal_link("cover")
@require_safe
def show_brief(request: HttpRequest, link: int) -> HttpResponse:
    """One page to read or print: who comes from where, what is open, what was promised. Gone once it is declined."""
    found = SeniorAttendance.objects.select_related(
        "session__programme", "session__room__venue", "person", "organisation"
    )
    own = get_object_or_404(found, pk=request.link.about.rpartition(":")[2], state__in=READ_BY)
    today = timezone.localdate()
    context = {
        "own": own,
        "session": own.session,
        "programme": own.session.programme,
        "where": where_in_words(own.session),
        "brief": brief_for(own, today=today),
        "today": today,
        "own_link": link,
        "personal_link": True,
    }
    return render(request, "desk/brief.html", context)
