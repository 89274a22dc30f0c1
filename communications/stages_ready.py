"""What the rest of the house learns of stages and the plan when the app is ready: a link, kinds of mail, words."""

from typing import Any

from accounts.links import register_purpose
from accounts.permissions import Permission, has
from communications.messages.plan import register_kinds
from face.navigation import TELLING, Link, register
from history import verbs
from messaging import reasons

_VERBS = (
    ("planned_item", "Planned", "ring"),
    ("changed_item", "Changed: {fields}", "ring"),
    ("linked_item", "Linked to what will fulfil it", "half"),
    ("fulfilled_item", "Done", "full"),
    ("reopened_item", "Open again", "ring"),
    ("removed_item", "Taken off the plan", "dash"),
    ("passed_item_on", "Its owner has left: passed on", "ring"),
    ("reminded_of_item", "Owner reminded", "ring"),
    ("added_stage", "Stage added", "ring"),
    ("changed_stage", "Stage changed: {fields}", "ring"),
    ("kept_stage", "What reached its audiences is kept", "full"),
    ("removed_stage", "Stage taken away", "dash"),
    ("took_template", "Began with a template", "ring"),
    ("kept_template", "Kept as a template", "ring"),
    ("dropped_template", "Template taken away", "dash"),
    ("cloned", "Began like another programme", "ring"),
)


def register_stages() -> None:
    """Register everything; called once in ``AppConfig.ready``."""
    register_purpose("planned", "planned")
    register_kinds()
    register(Link("plan", "Plan", "communications:plan-show", _sees_plan, order=75, group=TELLING))
    reasons.register(
        item_is_done="it is told already",
        item_has_another_owner="somebody else owns it now",
    )
    for verb, sentence, mark in _VERBS:
        verbs.register(verb, sentence, mark=mark)


def _sees_plan(person: Any, programme: Any) -> bool:
    return has(person, Permission.SEE_PROGRAMME, programme)
