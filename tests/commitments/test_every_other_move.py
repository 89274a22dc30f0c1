"""Every action on what a workshop noted, and on a request to take a promise over, tried in every state."""

import pytest
from django.db import transaction

from commitments.actions import assurances, handovers, outputs
from commitments.models import ActionState, Handover, HandoverState, Output
from history.models import Entry
from messaging.models import Message
from tests.briefings.factories import MandateFactory
from tests.commitments.factories import NOW
from tests.commitments.refused import DUE, Town

pytestmark = pytest.mark.django_db


def picture() -> list:
    return [*Output.objects.values(), *Handover.objects.values(), Message.objects.count(), Entry.objects.count()]


# Actions

ENDED = {ActionState.DONE: outputs.finish_action, ActionState.DROPPED: outputs.drop_action}
ON_ACTIONS = {
    "change": lambda own, town: outputs.change_action(output=own, owner=town.practitioner, due_on=DUE, **town.by),
    "finish": lambda own, town: outputs.finish_action(output=own, words="Done", **town.by),
    "drop": lambda own, town: outputs.drop_action(output=own, words="No need", **town.by),
    "remove": lambda own, town: outputs.remove_output(output=own, **town.by),
}
LEADS = {"change": "open", "finish": "done", "drop": "dropped", "remove": None}
"""Where each leads from an action that is open; of one that has ended all are refused."""


@pytest.mark.parametrize("what", ON_ACTIONS)
@pytest.mark.parametrize("state", ActionState.values)
def test_every_action_on_an_action_in_every_state(state, what):
    town = Town()
    own = town.action()
    if state in ENDED:
        ENDED[state](output=own, words="Over", **town.by)
    before = picture()
    if state == ActionState.OPEN:
        ON_ACTIONS[what](own, town)
        assert Output.objects.filter(pk=own.pk).values_list("action_state", flat=True).first() == LEADS[what]
        assert Output.objects.filter(next_reminder_on=None).exists() == (what in ("finish", "drop"))
        return
    with pytest.raises(outputs.ActionHasEnded), transaction.atomic():
        ON_ACTIONS[what](own, town)
    assert picture() == before
    assert outputs.remind_of_action(output_id=own.pk, now=NOW) == 0


@pytest.mark.parametrize("what", ["change", "finish", "drop"])
def test_what_is_no_action_is_not_ended_as_one(what):
    town = Town()
    own = town.noted()
    with pytest.raises(outputs.ActionHasEnded):
        ON_ACTIONS[what](own, town)


# Taking over

ON_REQUESTS = {"take over": handovers.take_over, "decline": handovers.decline_to_take_over}
REACHED = {
    (HandoverState.ASKED, "take over"): "taken",
    (HandoverState.ASKED, "decline"): "declined",
    (HandoverState.TAKEN, "take over"): "taken",
}
"""Taking over twice is taking over once; all that is not here is refused."""


@pytest.mark.parametrize("what", ON_REQUESTS)
@pytest.mark.parametrize("state", HandoverState.values)
def test_every_answer_to_a_request_in_every_state(state, what):
    town = Town()
    own = town.lost()
    heir, other = (MandateFactory(programme=town.programme, organisation=town.organisation) for _ in range(2))
    asked = handovers.ask_to_take_over(assurance=own, mandate=heir, **town.by)
    answered = {"handover": asked, "by": heir.person, "now": NOW}
    if state == HandoverState.TAKEN:
        handovers.take_over(**answered)
    elif state == HandoverState.DECLINED:
        handovers.decline_to_take_over(reason="No", **answered)
    elif state == HandoverState.ENDED:
        handovers.ask_to_take_over(assurance=own, mandate=other, **town.by)
    before = picture()
    more = {"reason": "No budget"} if what == "decline" else {}
    for stranger in (other.person, town.coordinator, town.senior):
        with pytest.raises(assurances.NotTheirs), transaction.atomic():
            ON_REQUESTS[what](**answered | {"by": stranger}, **more)
    assert picture() == before
    if (state, what) in REACHED:
        ON_REQUESTS[what](**answered, **more)
        asked.refresh_from_db()
        own.refresh_from_db()
        assert asked.state == REACHED[state, what]
        assert (own.keeper == heir.person) == (asked.state == HandoverState.TAKEN)
    else:
        with pytest.raises(assurances.NotNow), transaction.atomic():
            ON_REQUESTS[what](**answered, **more)
        assert picture() == before
