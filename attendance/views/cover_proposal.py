"""The fewest requests that meet the rule of senior cover: proposed, looked through, sent."""

from django.contrib import messages
from django.db.models import QuerySet
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, has
from attendance.actions import cover as actions
from attendance.covering import Unmet, Why
from attendance.forms.cover import ProposalFilter, ProposalForm
from attendance.queries.proposals import Proposed, proposed_requests
from attendance.views import cover_drawn
from attendance.views.cover import partners_of, programme_of, said, to_ask_for
from briefings.models import Session
from face.dates import day_without_year
from history.actions import look_at_many
from history.refusals import Refused

MOST = 120
"""Half-days that are looked at together: with 60 senior managers of 12 partners that takes a third of a second."""


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the fewest requests that meet the rule, why each, and what they cannot meet; ask those left ticked."""
    programme, now = programme_of(request, slug), timezone.now()
    if not has(request.user, Permission.MANAGE_SESSIONS, programme):
        raise Http404
    to_come = to_ask_for(programme, now)
    months = to_come.order_by().annotate(month=TruncMonth("date")).values_list("month", flat=True).distinct()
    chosen = ProposalFilter(request.GET or None, months=sorted(months), organisations=partners_of(programme, now))
    fitting = list(_of_month(to_come, chosen.value("month")))
    organisation = chosen.value("organisation")
    found = proposed_requests(programme, fitting[:MOST], now, [organisation.pk] if organisation else ())
    people = {mandate.person for _, mandate in found.pairs}
    look_at_many(by=request.user, at=people, page="attendance:cover-propose", now=now)
    form = ProposalForm(request.POST if request.method == "POST" else None, pairs=found.pairs, loads=found.why_them)
    if request.method == "POST" and form.is_valid():
        try:
            asked = actions.ask_to_cover(requests=form.pairs(), by=request.user, now=now)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, said(asked))
            return redirect("attendance:cover-show", slug=programme.slug)
    context = {
        "programme": programme,
        "section": "cover",
        "title": "The fewest requests that meet the rule",
        "caption": programme.name,
        "rule": cover_drawn.rule_in_words(programme),
        "form": form,
        "found": found,
        "people": len(people),
        "unmet": [in_words(each, found) for each in found.proposal.unmet],
        "no_mandate": any(each.why == Why.NO_MANDATE for each in found.proposal.unmet)
        and has(request.user, Permission.MANAGE_PROGRAMME, programme),
        "filter": chosen,
        "looked_at": len(found.sessions),
        "left_out": len(fitting) - len(found.sessions),
        "narrowed": bool(chosen.chosen()),
    }
    return render(request, "attendance/cover/propose.html", context, status=422 if form.errors else 200)


def _of_month(sessions: QuerySet[Session], month: str | None) -> QuerySet[Session]:
    if not month:
        return sessions
    year, number = month.split("-")
    return sessions.filter(date__year=year, date__month=number)


def in_words(unmet: Unmet, found: Proposed) -> str:
    """Return why something cannot be met, as a sentence for a coordinator."""
    sessions = [found.sessions[pk] for pk in unmet.sessions]
    when = " and ".join(f"{day_without_year(each.date)}, {each.get_slot_display().lower()}" for each in sessions[:3])
    if unmet.organisation is None:
        more = "1 more partner than has" if unmet.short == 1 else f"{unmet.short} more partners than have"
        names = [found.organisations[pk].name for pk in unmet.without]
        who = f": nobody of {cover_drawn.listed(names)} can be asked" if names else ""
        return f"On {when} the rule wants {more} anybody free{who}."
    name = found.organisations[unmet.organisation].name
    if unmet.why == Why.NO_MANDATE:
        return f"{name} has no senior manager with a mandate."
    if unmet.why == Why.NO_WEEKDAY:
        return f"{name} has nobody free on any {sessions[0].date:%A}."
    if unmet.why == Why.NOBODY_FREE:
        return f"{name} has nobody free on {when}."
    if unmet.why == Why.BUSY_THEN:
        return f"{name} has nobody left for {when}: whoever is free is asked for another session at that time."
    more = "1 more session than is" if unmet.short == 1 else f"{unmet.short} more sessions than are"
    return f"{name} is to be at {more} looked at here."
