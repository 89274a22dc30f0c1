"""How long personal data stays, declared on every model as ``retention``; a test fails while a field is undecided."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Retention:
    """What a model says of its columns.

    ``personal``: names of fields that say something about a living person. ``plain``: all others.
    ``until``: in words, when the personal ones go; empty only where there are none.
    """

    plain: tuple[str, ...]
    personal: tuple[str, ...] = ()
    until: str = ""

    def __post_init__(self) -> None:
        if bool(self.personal) != bool(self.until):
            raise ValueError("Say until when the personal fields stay, and only where there are some.")
