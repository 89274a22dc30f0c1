"""A session as those who run it need it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, has
from briefings.models import Programme, Session
from briefings.words import where_in_words
from desk.queries.sessions import at_a_glance
from history.actions import look_at_many

_MOST_ID = 2**63 - 1


@require_safe
def show_session(request: HttpRequest, session: int) -> HttpResponse:
    """Places, seniors, questions and promises of one session, with the way to its register."""
    seen = Session.objects.filter(programme__in=Programme.objects.visible_to(request.user))
    own = get_object_or_404(seen.select_related("programme", "room__venue"), pk=min(session, _MOST_ID))
    programme = own.programme
    may = {
        "run": has(request.user, Permission.RUN_SESSIONS, programme),
        "manage": has(request.user, Permission.MANAGE_SESSIONS, programme),
    }
    if not (may["run"] or has(request.user, Permission.SEE_FIGURES, programme)):
        raise Http404
    found = at_a_glance(own, by=request.user)
    people = {senior.person for senior in found.seniors} | {each.person for each in found.assurances or ()}
    look_at_many(by=request.user, at=people, page="desk:session-show", now=timezone.now())
    context = {
        "programme": programme,
        "section": "sessions",
        "session": own,
        "where": where_in_words(own),
        "found": found,
        "may": may,
    }
    return render(request, "desk/session.html", context)
