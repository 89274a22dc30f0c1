"""The link by which somebody who came gives feedback, and what is shown of it."""

from datetime import date

from django.urls import reverse

from attendance.models import Attendance
from briefings.models import Programme
from history.actions import key_of
from surveys.models import Method, Questionnaire, Ticket
from surveys.queries import with_answers
from surveys.tickets import digest_of, token_for


def holder_of(attendance: Attendance) -> str:
    """Return the name under which somebody holds a ticket: that of the place or walk-in, which outlive a mark."""
    walk_in = attendance.walk_in_id
    return f"attendance.walkin:{walk_in}" if walk_in else f"attendance.place:{attendance.place_id}"


def feedback_path(attendance: Attendance, today: date) -> str:
    """Return the path at which whoever ``attendance`` is about can give feedback; "" where they cannot (any more)."""
    programme = attendance.session.programme
    asked = Questionnaire.objects.filter(about=key_of(programme), method=Method.FEEDBACK).values_list("pk", flat=True)
    tokens = {digest_of(token): token for token in (token_for(pk, holder_of(attendance)) for pk in asked)}
    usable = Ticket.objects.filter(digest__in=tokens, is_used=False, until__gte=today).values_list("digest", flat=True)
    return next((reverse("surveys:feedback-show", args=[tokens[digest]]) for digest in usable), "")


def feedback_of(programme: Programme) -> list[Questionnaire]:
    """Return what ``programme`` asks and asked for, the newest first. Three queries, however many there are."""
    return list(with_answers(Questionnaire.objects.filter(about=key_of(programme), method=Method.FEEDBACK)))
