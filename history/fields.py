"""What is asked about a thing that the history knows."""

from django import forms


class KeyField(forms.RegexField):
    """The key of a thing, "briefings.session:12".

    A filter that is on shows its kind and number, never its name: whoever asks may not be one who may know it.
    """

    def __init__(self, *, regex: str = r"^[a-z_]+\.[a-z_]+:[0-9]+$", **kwargs) -> None:
        super().__init__(regex, **kwargs)

    def in_words(self, value: str) -> str:
        """Return what the thing is called without a look at it: "Session 12"."""
        kind, _, number = str(value).rpartition(".")[2].partition(":")
        return f"{kind.replace('_', ' ')} {number}".strip().capitalize()
