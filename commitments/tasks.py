from uuid import UUID

from celery import shared_task
from django.utils import timezone

from commitments.actions import assurances, handovers, questions, room
from commitments.actions.agreements import look_after_agreements
from commitments.actions.endorsements import forget_old_names
from commitments.actions.outputs import remind_of_due_actions
from commitments.actions.references import remind_of_reviews
from commitments.models import Assurance, Clearance, ClearanceState, Question
from history.alone import each_alone, in_turn


@shared_task(name="commitments.tasks.remind_due", ignore_result=True)
def remind_due() -> int:
    """Send what is to be reminded of today and close what is over; return how many. Running it twice does it once."""
    now = timezone.now()
    today = timezone.localdate(now)
    due = {"next_reminder_on__lte": today}
    clearing = Clearance.objects.filter(state=ClearanceState.ASKED).values_list("draft__question", flat=True)
    owed = Question.objects.filter(**due).order_by("next_reminder_on").values_list("pk", flat=True)
    promised = Assurance.objects.filter(**due).order_by("next_reminder_on").values_list("pk", flat=True)

    def release(pk: UUID) -> bool:
        return questions.release_orphan(question_id=pk, now=now)

    def reroute(pk: UUID) -> bool:
        return questions.reroute_clearances(question_id=pk, now=now)

    def remind_of_question(pk: UUID) -> bool:
        return questions.remind_about(question_id=pk, now=now)

    def ask_for_successor(pk: int) -> bool:
        return handovers.ask_for_successor(assurance_id=pk, now=now)

    def remind_of_assurance(pk: int) -> bool:
        return assurances.remind_about(assurance_id=pk, now=now)

    orphaned = questions.orphaned(today).values_list("pk", flat=True)
    unkept = handovers.orphaned(today).values_list("pk", flat=True)
    return in_turn(
        # First whom nobody may ask any more: a reminder to who has left would reach nobody.
        lambda: each_alone("Releasing a question", orphaned, release),
        lambda: each_alone("Asking others for clearance", sorted(set(clearing)), reroute),
        lambda: each_alone("Reminding of a question", owed, remind_of_question),
        lambda: remind_of_due_actions(now=now),
        lambda: remind_of_reviews(now=now),
        lambda: look_after_agreements(now=now),
        # As with questions: first whose keeper may not speak any more.
        lambda: each_alone("Asking for a successor", unkept, ask_for_successor),
        lambda: each_alone("Reminding of an assurance", promised, remind_of_assurance),
    )


@shared_task(name="commitments.tasks.close_rooms", ignore_result=True)
def close_rooms() -> int:
    """Close the live questions of days gone by that nobody closed; return how many."""
    return room.close_forgotten(now=timezone.now())


@shared_task(name="commitments.tasks.forget_endorsers", ignore_result=True)
def forget_endorsers() -> int:
    """Delete the names beside what was signed when their time is over; return how many."""
    return forget_old_names(now=timezone.now())
