"""What waits for somebody, in words: each matter with one press to it, for components/todo.html."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.humanize.templatetags.humanize import apnumber

MOST = 7
"""How many matters stand in one group; the rest is one press away."""
MOST_WORDS = 90
"""Letters of a question or a promise in the name of a matter."""

BAD, WAIT, OPEN, GOOD, QUIET = ("bad", "gap"), ("wait", "half"), ("open", "ring"), ("good", "full"), ("quiet", "dash")
"""Colour and mark of a matter, the worst first: late or missing, waits for this person, news, settled, ended."""
_RANKS = {"bad": 0, "wait": 1, "open": 2, "good": 3, "quiet": 4}


@dataclass(frozen=True)
class Matter:
    """One thing that somebody should know or do: ``title`` is the press to it, ``text`` says why and by when."""

    look: tuple[str, str]
    title: str
    url: str
    text: str = ""
    order: str = "9"
    """Among matters of one colour the smallest stands first: an ISO day, so that what has none comes after."""

    @property
    def colour(self) -> str:
        return self.look[0]

    @property
    def shape(self) -> str:
        return self.look[1]


@dataclass(frozen=True)
class Group:
    """The matters that come with one role. ``more`` is the address of all of them and what it is called."""

    title: str
    key: str
    matters: list[Matter] = field(default_factory=list)
    more: tuple[str, str] | None = None
    nothing: str = ""
    """What stands there when there is nothing to do; a group without it is not shown then."""

    @property
    def shown(self) -> list[Matter]:
        """The worst seven."""
        return worst_first(self.matters)[:MOST]

    @property
    def left_out(self) -> int:
        return max(0, len(self.matters) - MOST)


def worst_first(matters: Iterable[Matter]) -> list[Matter]:
    """Return ``matters`` by colour, then by their order."""
    return sorted(matters, key=lambda matter: (_RANKS[matter.colour], matter.order))


def some(number: int, one: str, many: str) -> str:
    """Return "One question", "Four questions", "12 questions": the beginning of a sentence."""
    return f"{str(apnumber(number)).capitalize()} {one if number == 1 else many}"
