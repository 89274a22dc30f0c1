"""What is typed in the room: the code, a question on a phone, and what the scribe notes of each."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Mandate
from commitments.forms.asking import LOOKS_WHILE_TYPING
from commitments.forms.fields import NO_CASES, LongTextField, MandateField, QuestionField
from commitments.models import AskedAs, Question
from commitments.queries.room import Speaker
from face.fields import HintedRadios
from face.forms import HubForm

MOST_LETTERS = 500


class CodeForm(HubForm):
    """The code that is shown in the room."""

    code = forms.CharField(
        label="Code of the session",
        help_text="Five letters and figures, on the screen in the room.",
        max_length=20,
        widget=forms.TextInput(attrs={"class": "w10", "autocapitalize": "characters", "autocomplete": "off"}),
    )


class AnonymousRoomForm(HubForm):
    """A question in the room that nothing links to whoever asks it."""

    words = LongTextField(
        label="Your question",
        help_text=f"{NO_CASES} Leave out what only you could know.",
        max_length=MOST_LETTERS,
        rows=4,
    )


class RoomForm(HubForm):
    """A question in the room, by name or by pseudonym."""

    words = LongTextField(label="Your question", help_text=NO_CASES, max_length=MOST_LETTERS, rows=4)
    words.widget.attrs.update(LOOKS_WHILE_TYPING)
    asked_as = forms.ChoiceField(
        label="How do you want to ask?",
        error_messages={"required": "Choose whether you ask by name or by pseudonym"},
        choices=[(AskedAs.NAME, "By name"), (AskedAs.PSEUDONYM, "By pseudonym")],
        widget=HintedRadios(
            hints={
                AskedAs.NAME: "The coordinator and whoever answers see who you are. The room does not.",
                AskedAs.PSEUDONYM: "No member of staff sees who you are, and we can bring you the answer.",
            }
        ),
    )


class OpenForm(HubForm):
    """How live questions begin."""

    is_moderated = forms.TypedChoiceField(
        label="Who sees a new question?",
        coerce=lambda value: value == "yes",
        choices=[("yes", "The scribe first"), ("no", "Everybody in the room at once")],
        initial="yes",
        widget=HintedRadios(
            hints={"yes": "It waits until you show it. Better where senior managers and their staff sit together."}
        ),
    )


class AnsweredForm(HubForm):
    """Who answered in the room, in which words."""

    speaker = forms.ChoiceField(label="Who answered?")
    words = LongTextField(
        label="In which words?",
        help_text=f"Who asked is told, and everybody with a place in the session can read it. {NO_CASES}",
        max_length=5000,
        rows=4,
    )

    def __init__(self, *args: Any, speakers: list[Speaker], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._speakers = {each.key: each for each in speakers}
        self.fields["speaker"].choices = [("", "Choose one"), *((each.key, each.words) for each in speakers)]

    def clean_speaker(self) -> Speaker:
        """Make ``speaker`` the Speaker that was chosen."""
        return self._speakers[self.cleaned_data["speaker"]]


class TakenForm(HubForm):
    """Who takes a question away to answer it."""

    mandate = MandateField(
        label="Who takes it away?",
        help_text="A senior manager. They are asked by e-mail at once, with the date it is due.",
        queryset=Mandate.objects.none(),
        empty_label="Choose one",
    )

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates


class SameForm(HubForm):
    """Which other question of the session asks the same."""

    into = QuestionField(
        label="Which question asks the same?",
        help_text="That one stays in the room. Whoever asked either gets its answer.",
        queryset=Question.objects.none(),
        empty_label="Choose one",
    )

    def __init__(self, *args: Any, others: QuerySet[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = others


class OwnersForm(HubForm):
    """An owner for each question that has none, all on one page; a question left empty stays with the coordinator."""

    mark_optional = False

    def __init__(self, *args: Any, questions: list[Question], mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mandates = {str(each.pk): each for each in mandates}
        label = MandateField(queryset=mandates).label_from_instance
        choices = [("", "Nobody yet: the coordinator"), *((key, label(each)) for key, each in self.mandates.items())]
        self.questions = {self._name(each): each for each in questions}
        for name, question in self.questions.items():
            self.fields[name] = forms.ChoiceField(label="Who takes it away?", choices=choices, required=False)
            self.fields[name].question = question

    @staticmethod
    def _name(question: Question) -> str:
        return f"owner_{question.pk.hex}"

    def rows(self) -> list[tuple[Question, forms.BoundField]]:
        """Return each question with its field, for the page."""
        return [(question, self[name]) for name, question in self.questions.items()]

    def given(self) -> list[tuple[Question, Mandate]]:
        """Return each question that was given to somebody, and to whom."""
        chosen = ((question, self.cleaned_data.get(name)) for name, question in self.questions.items())
        return [(question, self.mandates[key]) for question, key in chosen if key]
