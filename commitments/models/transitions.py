"""The way of a question as data: its states, the moves between them and whose they are.

The actions move by these lines alone, ``docs/questions.md`` shows them, and a test compares the two.
"""

from dataclasses import dataclass

from django.db import models


class QuestionState(models.TextChoices):
    RAISED = "raised", "Raised"
    OPEN = "open", "Open"
    COMMISSIONED = "commissioned", "Asked of an owner"
    ACCEPTED = "accepted", "With an owner"
    DRAFTING = "drafting", "Being written"
    CLEARING = "clearing", "In clearance"
    ANSWERED = "answered", "Answered"
    CLOSED = "closed", "Closed"
    MERGED = "merged", "Joined with another"
    OUT_OF_SCOPE = "out_of_scope", "Out of scope"
    WITHDRAWN = "withdrawn", "Withdrawn"


_RAISED, _OPEN, _COMMISSIONED, _ACCEPTED = list(QuestionState)[:4]
_DRAFTING, _CLEARING, _ANSWERED, _CLOSED, _MERGED, _OUT, _WITHDRAWN = list(QuestionState)[4:]

UNANSWERED = (_RAISED, _OPEN, _COMMISSIONED, _ACCEPTED, _DRAFTING, _CLEARING)
"""The states in which somebody owes something: each has an owner, a due date and a next reminder."""
WITH_OWNER = (_COMMISSIONED, _ACCEPTED)
"""The states that only a senior manager owns; raised and open are the coordinator's, the rest may be either's."""
TAKEN_ON = (_OPEN, _COMMISSIONED, _ACCEPTED, _DRAFTING, _CLEARING)
"""The states in which the answer's clock runs."""
TOLD = (_ANSWERED, _CLOSED)
"""The states in which the newest answer stands."""

COORDINATOR, OWNER, EITHER = "the coordinator", "the owner", "the owner or the coordinator"
GOVERNANCE, ASKER, CLOCK = "a governance role", "who asked", "the clock"


@dataclass(frozen=True)
class Move:
    """One thing that can happen: from which states, to which (none: it stays where it is), and whose it is."""

    verb: str
    sources: tuple[QuestionState, ...]
    targets: tuple[QuestionState, ...]
    whose: str
    words: str

    def leads(self, source: str, target: str) -> bool:
        """Return whether it may go from ``source`` to ``target``."""
        return source in self.sources and target in (self.targets or (source,))


_ALL = (
    Move("opened", (_RAISED,), (_OPEN,), COORDINATOR, "takes it on"),
    Move("commissioned", (_RAISED, _OPEN, _COMMISSIONED, _DRAFTING), (_COMMISSIONED,), COORDINATOR, "asks an owner"),
    Move("accepted", (_COMMISSIONED,), (_ACCEPTED,), OWNER, "accepts it"),
    Move("declined", (_COMMISSIONED, _ACCEPTED, _DRAFTING), (_OPEN,), OWNER, "declines with a reason"),
    Move(
        "transferred", (_COMMISSIONED, _ACCEPTED, _DRAFTING, _CLEARING), (_COMMISSIONED,), EITHER,
        "passes it to another organisation; the due date stays",
    ),
    Move("released", (_COMMISSIONED, _ACCEPTED, _DRAFTING, _CLEARING), (_OPEN,), CLOCK, "sees that the owner has left"),
    Move("drafted", (_OPEN, _COMMISSIONED, _ACCEPTED, _DRAFTING), (_DRAFTING,), EITHER, "writes a draft"),
    Move("held_reply", TAKEN_ON, (), EITHER, "sends a holding reply"),
    Move("sent_to_clearance", (_OPEN, _COMMISSIONED, _ACCEPTED, _DRAFTING), (_CLEARING,), EITHER, "asks for clearance"),
    Move("cleared", (_CLEARING, _ANSWERED), (), GOVERNANCE, "clears the words"),
    Move("returned", (_CLEARING,), (_DRAFTING,), GOVERNANCE, "sends the words back with a reason"),
    Move("took_back", (_CLEARING,), (_DRAFTING,), EITHER, "takes the words back"),
    Move("answered", TAKEN_ON, (_ANSWERED,), EITHER, "answers"),
    Move("answered_again", TOLD, (_ANSWERED,), EITHER, "answers in better words"),
    Move("improving", TOLD, (_ANSWERED,), EITHER, "asks for clearance of better words"),
    Move("not_improved", (_ANSWERED,), (), GOVERNANCE, "sends better words back with a reason"),
    Move("not_improving", (_ANSWERED,), (), EITHER, "takes better words back"),
    Move("reopened", (_ANSWERED,), (_ACCEPTED, _OPEN), ASKER, "says, once, that it is not answered"),
    Move("merged", UNANSWERED, (_MERGED,), COORDINATOR, "joins it with another"),
    Move("joined", (*TAKEN_ON, *TOLD), (*TAKEN_ON, _ANSWERED), COORDINATOR, "joins another with it"),
    Move("parted", (_MERGED,), (_OPEN,), COORDINATOR, "parts it again"),
    Move("put_out_of_scope", UNANSWERED, (_OUT,), COORDINATOR, "ends it with a reason"),
    Move("withdrew", (*UNANSWERED, _MERGED), (_WITHDRAWN,), ASKER, "takes it back"),
    Move("paused", TAKEN_ON, (), COORDINATOR, "lets the clock stand still, with a reason"),
    Move("resumed", TAKEN_ON, (), "the coordinator or the clock", "lets the clock go on"),
    Move("extended", TAKEN_ON, (), COORDINATOR, "gives it more time, with a reason"),
    Move("recounted", UNANSWERED, (), COORDINATOR, "counts its date by today’s calendar"),
    Move("corrected", (*UNANSWERED, *TOLD), (), COORDINATOR, "says that “late” was wrong, with a note"),
    Move("closed", (_ANSWERED,), (_CLOSED,), CLOCK, "sees that nobody objected in ten working days"),
)  # fmt: skip
MOVES: dict[str, Move] = {move.verb: move for move in _ALL}
"""Every move by its verb, which is also the verb of the history."""


def diagram() -> str:
    """Return the way of a question as a Mermaid state diagram; moves that stay where they are stand in the table."""
    lines = ["stateDiagram-v2", "    [*] --> raised"]
    for move in _ALL:
        for source in move.sources:
            lines += [
                f"    {source} --> {target}: {move.verb}"
                for target in move.targets
                if target != source and (move.verb != "joined" or (source, target) == (_CLOSED, _ANSWERED))
            ]
    lines += [f"    {end} --> [*]" for end in (_CLOSED, _MERGED, _OUT, _WITHDRAWN)]
    return "\n".join(lines)


def table() -> str:
    """Return the moves as a Markdown table."""
    rows = ["| move | from | to | who |", "| --- | --- | --- | --- |"]
    for move in _ALL:
        sources, targets = (", ".join(each) for each in (move.sources, move.targets or ("as it is",)))
        rows.append(f"| {move.verb} | {sources} | {targets} | {move.whose} {move.words} |")
    return "\n".join(rows)
