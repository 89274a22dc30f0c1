from uuid import UUID

from celery import shared_task
from django.utils import timezone

from commitments.actions import assurances, handovers, questions, room
from commitments.actions.agreements import look_after_agreements
from commitments.actions.alone import each_alone
from commitments.actions.endorsements import forget_old_names
from commitments.actions.outputs import remind_of_due_actions
from commitments.actions.references import remind_of_reviews
from commitments.models import Assurance, Clearance, ClearanceState, Question


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

    # First whom nobody may ask any more: a reminder to who has left would reach nobody.
    count = each_alone(questions.orphaned(today).values_list("pk", flat=True), release)
    count += each_alone(sorted(set(clearing)), reroute)
    count += each_alone(owed, remind_of_question)
    count += remind_of_due_actions(now=now)
    count += remind_of_reviews(now=now)
    count += look_after_agreements(now=now)
    # As with questions: first whose keeper may not speak any more.
    count += each_alone(handovers.orphaned(today).values_list("pk", flat=True), ask_for_successor)
    return count + each_alone(promised, remind_of_assurance)


@shared_task(name="commitments.tasks.close_rooms", ignore_result=True)
def close_rooms() -> int:
    """Close the live questions of days gone by that nobody closed; return how many."""
    return room.close_forgotten(now=timezone.now())


@shared_task(name="commitments.tasks.forget_endorsers", ignore_result=True)
def forget_endorsers() -> int:
    """Delete the names beside what was signed when their time is over; return how many."""
    return forget_old_names(now=timezone.now())
