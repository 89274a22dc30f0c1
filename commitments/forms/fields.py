"""Fields that several forms of questions and assurances share."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from accounts.models import Person
from briefings.models import Mandate, Session
from briefings.words import when_in_words
from commitments.models import Question
from face.dates import day_plain
from face.fields import LongTextField, ThreeBoxDateField
from face.forms import HubForm
from messaging.working_days import first_working_day
from organisations.actions.uploads import EVERY_KIND, MAX_BYTES, MEGABYTE

NO_CASES = "Do not write about a case: no names, dates of birth, addresses or numbers of people you work with."
_MOST_NAMED = 4


class MandateField(forms.ModelChoiceField):
    """A senior manager, by organisation, name and role."""

    def label_from_instance(self, mandate: Mandate) -> str:
        return f"{mandate.organisation.name}: {mandate.person.name}, {mandate.job_title}"


class ReadAtOnce(ModelChoiceIterator):
    """Few choices, read by one statement: Django reads any number of them piece by piece, by three."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        yield from map(self.choice, self.queryset)


class SessionField(forms.ModelChoiceField):
    """A session, by its day and hours."""

    iterator = ReadAtOnce

    def label_from_instance(self, session: Session) -> str:
        return f"{when_in_words(session)}{f': {session.title}' if session.title else ''}"


class QuestionField(forms.ModelChoiceField):
    """One question to choose, by reference and the first words."""

    def label_from_instance(self, question: Question) -> str:
        return f"{question.reference}: {Truncator(question.words).chars(100)}"


class QuestionsField(forms.ModelMultipleChoiceField):
    """Questions to tick, by reference and the first words."""

    def label_from_instance(self, question: Question) -> str:
        return f"{question.reference}: {Truncator(question.words).chars(100)}"


class SuggestingInput(forms.TextInput):
    """A line to type a name in, with the names that are expected offered by the browser."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names: list[str] = []

    def render(self, name: str, value: Any, attrs: dict | None = None, renderer: Any = None) -> SafeString:
        attrs = {**(attrs or {}), "autocomplete": "off"}
        list_id = f"{attrs.get('id', name)}_names"
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in self.names))
        control = super().render(name, value, {**attrs, "list": list_id}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', control, list_id, options)


class PersonByNameField(forms.CharField):
    """Somebody among ``people``, found by what is typed: a name, a part of it, or an e-mail address.

    Gives the Person or None. Where several fit, the sentence names them so that more can be typed.
    """

    def __init__(self, *, people: QuerySet[Person] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        super().__init__(**kwargs)
        self.people = Person.objects.none() if people is None else people

    def prepare_value(self, value: Any) -> Any:
        """Show a Person by the address, which finds nobody else, or by the name."""
        return value.email or value.name if isinstance(value, Person) else value

    def clean(self, value: Any) -> Person | None:
        typed = super().clean(value)
        return self._found(" ".join(typed.split())) if typed else None

    def _found(self, typed: str) -> Person:
        exact = list(self.people.filter(Q(email__iexact=typed) | Q(name__iexact=typed)).order_by("pk")[:2])
        found = exact or self._like(typed)
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(
                "Nobody here is called “%(typed)s”. Check the spelling, or type the e-mail address",
                code="nobody",
                params={"typed": typed},
            )
        # Two people may have the same name: only the address tells them apart.
        names = ", ".join(f"{each.name} ({each.email})" if exact else each.name for each in found[:_MOST_NAMED])
        raise ValidationError(
            "Several people fit: %(names)s. Type the whole name or the e-mail address",
            code="several",
            params={"names": names + (" and others" if len(found) > _MOST_NAMED else "")},
        )

    def _like(self, typed: str) -> list[Person]:
        people = self.people
        for word in typed.split()[:6]:
            people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
        return list(people.order_by("sort_name", "pk")[: _MOST_NAMED + 1])


class ReasonForm(HubForm):
    """Why something ends, is refused or sent on: read by those who are told."""

    reason = forms.CharField(
        label="Why?",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=500,
        error_messages={"required": "Say why: one sentence is enough"},
    )

    def __init__(self, *args: Any, label: str = "Why?", hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label, self.fields["reason"].help_text = label, hint


class SeveralFilesInput(forms.FileInput):
    """A control that takes several files at once."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """No file, one or several; gives a list. What is in them is checked by the action that keeps them."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SeveralFilesInput({"accept": ",".join(f".{kind}" for kind in EVERY_KIND)}))
        kwargs.setdefault("help_text", f"Up to {MAX_BYTES // MEGABYTE} MB each: {', '.join(EVERY_KIND)}.")
        super().__init__(**kwargs)

    def clean(self, value: Any, initial: Any = None) -> list[File]:
        given = value if isinstance(value, list | tuple) else [value]
        return [file for file in (super(SeveralFilesField, self).clean(each, initial) for each in given) if file]


OTHER_DAY = "other"
_WEEKS = (2, 4, 12)


class ByWhenMixin(forms.Form):
    """By when a promise is kept: a few usual dates to tap, or another."""

    by_when = forms.ChoiceField(label="Kept by when?", widget=forms.RadioSelect)
    due_on = ThreeBoxDateField(
        label="Another day", help_text="Only if none of the days above fits, for example 27 3 2027.", required=False
    )

    def set_days(self, today: date, nation: str) -> None:
        """Offer working days of ``nation`` some weeks from ``today``; called by the form when it is made."""
        field = self.fields["by_when"]
        days = [first_working_day(today + timedelta(weeks=weeks), nation) for weeks in _WEEKS]
        field.choices = [
            *(
                (day.isoformat(), f"In {weeks} weeks, {day_plain(day)}")
                for weeks, day in zip(_WEEKS, days, strict=True)
            ),
            (OTHER_DAY, "Another day"),
        ]
        field.initial = days[1].isoformat()

    def clean(self) -> dict:
        """Make ``due_on`` the day that was chosen."""
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("by_when")
        if chosen == OTHER_DAY and not cleaned.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", "Enter the other day by which it is kept")
        elif chosen and chosen != OTHER_DAY:
            self.errors.pop("due_on", None)
            cleaned["due_on"] = date.fromisoformat(chosen)
        return cleaned


def names_of(people: Iterable[Person]) -> list[str]:
    """Return what the browser offers for ``people``."""
    return [person.name for person in people]


__all__ = [
    "NO_CASES", "ByWhenMixin", "LongTextField", "MandateField", "PersonByNameField", "QuestionField", "QuestionsField",
    "ReasonForm", "SessionField", "SeveralFilesField", "SuggestingInput", "names_of",
]  # fmt: skip
