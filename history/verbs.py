"""What the history's verbs say to people. Each app names its own when it is ready."""

from history.models import Entry

_words: dict[str, str] = {}
_marks: dict[str, str] = {}

MARKS = ("ring", "half", "full", "dash", "gap")


def register(verb: str, words: str, *, mark: str = "ring", about: str = "") -> None:
    """Say ``verb`` in words: ``register("gave_up", "Gave up the place", mark="dash", about="attendance.place")``.

    ``about`` is the label of the model where the same verb says something else of another; ``{fields}`` in the words
    stands for the names of what changed. Raises ValueError for a mark that the look does not have.
    """
    if mark not in MARKS:
        raise ValueError(f"There is no mark {mark}.")
    _words[_key(verb, about)], _marks[verb] = words, mark


def sentence(entry: Entry) -> str:
    """Return what ``entry`` says; a verb that nobody named speaks for itself."""
    words = _words.get(_key(entry.verb, entry.object_type)) or _words.get(_key(entry.verb, ""))
    if words is None:
        words = entry.verb.rpartition(".")[2].replace("_", " ").capitalize()
        words += ": {fields}" if entry.fields else ""
    return words.replace("{fields}", _listed(entry.fields)) if entry.fields else words.replace(": {fields}", "")


def mark(verb: str) -> str:
    """Return the mark that stands before ``verb``."""
    return _marks.get(verb, "ring")


def _listed(fields: list[str]) -> str:
    return ", ".join(field.replace("_", " ") for field in fields)


def _key(verb: str, about: str) -> str:
    return f"{about.lower()}|{verb}"
