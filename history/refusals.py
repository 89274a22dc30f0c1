"""The base of every named refusal."""


class Refused(Exception):
    """Something that cannot be done now. Each action names its own subclass, beside the function.

    ``sentence`` is shown to a person as it stands: what is the matter and what to do next. ``code`` names the
    class for programs and tests.
    """

    sentence = "This cannot be done now."

    def __init__(self, sentence: str = "") -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)

    @property
    def code(self) -> str:
        return type(self).__name__
