"""Feedback: tickets are given out, each is used once, and what was answered is counted. No answer is kept."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.db.models import F

from history.refusals import Refused
from surveys.models import SCALE, Questionnaire, Statement, Tally, Ticket
from surveys.tickets import digest_of, token_for


class TicketUnknown(Refused):
    sentence = "Part of the address may be missing. Copy the whole link from our e-mail."


class TicketUsed(Refused):
    sentence = "The answers that belong to this link are counted already. Each link can be used once."


class TicketEnded(Refused):
    sentence = "Feedback on this session could be given until a certain day, and that day has passed."


class NotTheStatements(Refused):
    sentence = "Open the page again: the statements on it have changed."


@transaction.atomic
def give_tickets(*, questionnaire: Questionnaire, holders: Iterable[str], until: date) -> None:
    """Let each of ``holders`` answer ``questionnaire`` once, up to and with the day ``until``.

    Asking again gives nobody a second ticket. The rows stand in the order of their digests, which is no order.
    """
    digests = sorted(digest_of(token_for(questionnaire.pk, holder)) for holder in holders)
    Ticket.objects.bulk_create(
        (Ticket(digest=each, questionnaire=questionnaire, until=until) for each in digests), ignore_conflicts=True
    )


def find_ticket(token: str, today: date) -> Ticket:
    """Return the ticket that ``token`` stands for, its questionnaire loaded. Changes nothing.

    Raises TicketUnknown, TicketUsed, TicketEnded.
    """
    ticket = Ticket.objects.select_related("questionnaire").filter(digest=digest_of(token)).first()
    if ticket is None:
        raise TicketUnknown
    return _usable(ticket, today)


@transaction.atomic
def give_feedback(*, token: str, answers: Sequence[int], today: date) -> None:
    """Use the ticket of ``token`` up and count ``answers``, one of SCALE for each statement in its order.

    Nothing is kept that joins the two, and no history is written: a row of it would have a moment. Raises as
    ``find_ticket``, and NotTheStatements.
    """
    locked = Ticket.objects.select_for_update(no_key=True, of=("self",)).filter(digest=digest_of(token)).first()
    if locked is None:
        raise TicketUnknown
    _usable(locked, today)
    statements = list(Statement.objects.filter(questionnaire=locked.questionnaire_id).order_by("position"))
    if len(statements) != len(answers) or not set(answers) <= set(SCALE):
        raise NotTheStatements
    # Counted in the order of the statements by everybody, so that no two wait for one another.
    for statement, answer in zip(statements, answers, strict=True):
        Tally.objects.filter(statement=statement, answer=answer).update(number=F("number") + 1)
    locked.is_used = True
    locked.save(update_fields=["is_used"])


@transaction.atomic
def forget_tickets(*, today: date) -> int:
    """Delete the tickets whose time is over; return how many."""
    return Ticket.objects.filter(until__lt=today).delete()[0]


def _usable(ticket: Ticket, today: date) -> Ticket:
    if ticket.is_used:
        raise TicketUsed
    if ticket.until < today:
        raise TicketEnded
    return ticket
