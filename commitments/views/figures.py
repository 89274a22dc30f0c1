"""The questions of a programme in figures, for its board and its coordinators."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from commitments.clocks import local_day
from commitments.figures import figures_of
from commitments.queries.figures import lines_of, oldest_owed
from commitments.queries.standards import calendar_of
from commitments.views.programmes import programme_read
from history.actions import look_at_many


@require_safe
def show_figures(request: HttpRequest, slug: str) -> HttpResponse:
    """How many are open and late, how long replies and answers took, by theme and by owner organisation."""
    programme = programme_read(request, slug)
    now = timezone.now()
    today = local_day(programme, now)
    total, by_theme, by_organisation = figures_of(lines_of(programme, today), calendar_of(programme))
    oldest = oldest_owed(programme)
    if oldest and oldest.owner:
        look_at_many(by=request.user, at=[oldest.owner], page="commitments:question-figures", now=now)
    context = {
        "programme": programme,
        "section": "questions",
        "today": today,
        "back_url": reverse("commitments:programme-questions", args=[slug]),
        "total": total,
        "oldest": oldest,
        "tables": [
            {"name": "By theme", "head": "Theme", "none": "No theme yet", "rows": by_theme.items()},
            {
                "name": "By owner organisation",
                "head": "Owner",
                "none": "The coordinator",
                "rows": by_organisation.items(),
            },
        ],
    }
    return render(request, "commitments/questions/figures.html", context)
