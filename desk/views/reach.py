"""Reach: for those who run a programme, for a lead the own organisation, for everybody what may be published."""

from datetime import date, datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, has
from attendance.queries.figures import Figures, figures_of
from briefings.models import Partner, Programme
from desk import reach_page
from desk.forms import ReachFilter
from desk.queries.reach import SOURCES, ReachOf, reach_of, weeks_of
from desk.reach_page import Chosen
from face.keeping import Keeping
from face.paging import LONG, page_of
from face.spreadsheets import csv_blocks, send_csv
from organisations.rules import led_organisation_ids

DAY = timedelta(days=1)


@login_not_required
@require_safe
def show_reach(request: HttpRequest, slug: str) -> HttpResponseBase:
    """How far the briefings have come, by organisation, profession and area, and by week."""
    now = timezone.now()
    programme = Programme.objects.filter(slug=slug).first()
    if programme is None:
        return _not_here(request)
    own = _own(request, programme)
    if own is not None and not own:
        return _public_page(request, programme, now)
    kept = SOURCES.at(now)
    found, at = _counted(programme, kept)
    form = ReachFilter(request.GET or None, names=_names(found, own), own=own)
    chosen = _chosen(form, own)
    can_invite = has(request.user, Permission.INVITE_PEOPLE, programme)
    rows, _ = kept.get(
        f"reach-rows:{programme.pk}:{chosen.by}:{chosen.key}:{can_invite}:{at.isoformat()}",
        lambda: reach_page.rows_of(found, chosen, programme if can_invite else None),
    )
    # As each line is the sum of cells, all lines are the sum of the organisations: these are few.
    total = found.total if chosen.is_everything else rows.total("All that is shown")
    weeks, _ = kept.get(
        f"reach-weeks:{programme.pk}:{chosen.key}", lambda: weeks_of(programme, timezone.localdate(now), chosen.fits)
    )
    page = page_of(rows, request.GET.get("page"), size=LONG)
    context = {
        "programme": programme,
        "section": "overview",
        "title": "Reach",
        "caption": programme.name,
        "filter": form,
        "page": page,
        "by": chosen.by,
        "total": total,
        "unmatched": found.unmatched if own is None else 0,
        "head_counts": [each for each in found.head_counts if own is None or each[0] in _own_names(found, own)],
        "day": _days_over(programme, kept) if own is None else None,
        "chart": reach_page.chart_of(weeks, total.eligible),
        "at": at,
        "is_own": own is not None,
        "empty_title": "Nobody is eligible here",
        "empty_text": "No staff list or head-count of a partner is in scope for what you chose.",
    }
    return render(request, "desk/reach/show.html", context)


@require_safe
def download_reach(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The lines that the page shows, all of them, for a spreadsheet."""
    programme = get_object_or_404(_seen(request), slug=slug)
    own = _own(request, programme)
    kept = SOURCES.at(timezone.now())
    found, at = _counted(programme, kept)
    chosen = _chosen(ReachFilter(request.GET or None, names=_names(found, own), own=own), own)
    blocks, _ = kept.get(
        f"reach-file:{programme.pk}:{chosen.by}:{chosen.key}:{at.isoformat()}",
        lambda: list(csv_blocks(reach_page.HEADS, reach_page.lines(reach_page.rows_of(found, chosen)))),
    )
    return send_csv(f"reach-{programme.slug}", blocks)


def _counted(programme: Programme, kept: Keeping) -> tuple[ReachOf, datetime]:
    """Return the reach of ``programme`` and of which moment it is."""
    today = timezone.localdate(kept.now)
    return kept.get(f"reach:{programme.pk}", lambda: reach_of(programme, today, with_names=True))


def _days_over(programme: Programme, kept: Keeping) -> Figures:
    over = programme.sessions.filter(during__endswith__lt=kept.now)
    return kept.get(f"figures-over:{programme.pk}", lambda: figures_of(over))[0]


def _public_page(request: HttpRequest, programme: Programme, now: datetime) -> HttpResponseBase:
    if not (programme.is_public and programme.publishes_reach):
        return _not_here(request)
    on = _published_on(timezone.localdate(now))
    found, _ = SOURCES.at(now).get(
        f"public-reach:{programme.pk}:{on}", lambda: reach_page.public_of(reach_of(programme, on, until=on - DAY))
    )
    context = {"programme": programme, "title": "Reach", "caption": programme.name, "found": found, "on": on}
    return render(request, "desk/reach/public.html", context)


def _not_here(request: HttpRequest) -> HttpResponseBase:
    """Answer the same whether there is no such programme or one that does not publish."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.get_full_path())


def _published_on(today: date) -> date:
    """Return the day of the figures that everybody sees: the first of the month.

    Figures that change each day would show, by the difference, what one session with few people came to; so those of
    a session on that day itself, whose register is being kept, come with the next month.
    """
    return today.replace(day=1)


def _seen(request: HttpRequest) -> QuerySet[Programme]:
    """Return the programmes of which this person sees exact figures: by a role, or as a lead the own ones."""
    led = Partner.objects.on(timezone.localdate()).filter(organisation__in=led_organisation_ids(request.user))
    figures = Programme.objects.where(request.user, Permission.SEE_FIGURES)
    return Programme.objects.filter(Q(pk__in=figures.values("pk")) | Q(pk__in=led.values("programme")))


def _own(request: HttpRequest, programme: Programme) -> frozenset[int] | None:
    """Return the organisations whose figures this person sees; None for all of them."""
    if has(request.user, Permission.SEE_FIGURES, programme):
        return None
    led = Partner.objects.on(timezone.localdate()).filter(
        programme=programme, organisation__in=led_organisation_ids(request.user)
    )
    return frozenset(led.values_list("organisation", flat=True))


def _names(found: ReachOf, own: frozenset[int] | None) -> dict[str, dict]:
    """Return the names to choose from: of a lead's own organisations alone, and what these have."""
    if own is None:
        return found.names
    keys = [key for key in found.cells if key[0] in own]
    return {
        name: {pk: words for pk, words in found.names[name].items() if pk in {key[place] for key in keys}}
        for place, name in enumerate(reach_page.PARTS)
    }


def _own_names(found: ReachOf, own: frozenset[int]) -> set[str]:
    return {found.names["organisation"].get(pk, "") for pk in own}


def _chosen(form: ReachFilter, own: frozenset[int] | None) -> Chosen:
    def number(name: str) -> int | None:
        return int(form.value(name)) if form.value(name) else None

    return Chosen(number("organisation"), number("profession"), number("area"), form.value("by") or form.usual, own)
