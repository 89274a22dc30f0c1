"""The communication plan: an item for its owner, and its reminders."""

from datetime import datetime, timedelta

from communications.actions.plan import chase_plan
from tests.communications.plans import Plan
from tests.mails import NOW, makes


@makes("communications.item_given", "communications.item_reminder")
def an_item_that_is_late() -> datetime:
    plan = Plan()
    plan.item(due=NOW.date())
    later = NOW + timedelta(days=2)
    chase_plan(now=later)
    return later
