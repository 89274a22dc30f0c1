"""Form fields and widgets that more than one app needs."""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import MINYEAR, date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator

from face.dates import day_plain

_ENGLISH = "january february march april may june july august september october november december"
_WELSH = "ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr"
MONTHS = (_ENGLISH.split(), _WELSH.split())
PARTS = ("day", "month", "year")
Limit = date | Callable[[], date] | None


class ThreeBoxDateWidget(forms.MultiWidget):
    """Day, month and year in boxes of their own. templates/hub/field.html draws them."""

    use_fieldset = True

    def __init__(self, attrs: dict | None = None) -> None:
        boxes = {
            "day": forms.TextInput({"class": "w2", "inputmode": "numeric"}),
            "month": forms.TextInput({"class": "w4"}),
            "year": forms.TextInput({"class": "w4", "inputmode": "numeric"}),
        }
        super().__init__(boxes, attrs)

    def decompress(self, value: date | None) -> list:
        return [value.day, value.month, value.year] if value else [None, None, None]


class ThreeBoxDateField(forms.MultiValueField):
    """A date typed as day, month and year; the month as a number or a word, in English or Welsh.

    Gives a ``datetime.date`` or None. A fault names the boxes it is in (``error.params["parts"]``); what is missing
    is said before what is impossible, and that before a rule. ``subject`` begins the sentences ("The date must be …").
    Source: GOV.UK Design System, date input.
    """

    widget = ThreeBoxDateWidget

    def __init__(
        self, *, subject: str = "The date", not_before: Limit = None, not_after: Limit = None, **kwargs: Any
    ) -> None:
        self.subject, self.not_before, self.not_after = subject, not_before, not_after
        fields = [forms.CharField(required=False) for _ in PARTS]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> date | None:
        texts = [str(part if part is not None else "").strip() for part in (value or ("", "", ""))]
        if not any(texts):
            if self.required:
                raise self._fault(self.error_messages["required"], "required", "day", "month", "year")
            return None
        missing = [part for part, text in zip(PARTS, texts, strict=True) if not text]
        if missing:
            raise self._fault(f"{self.subject} must include a {' and a '.join(missing)}", "incomplete", *missing)
        found = self._real_date(*texts)
        self._keep_rules(found)
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = self.widget.decompress(initial) if isinstance(initial, date) else (initial or ["", "", ""])
        return [str(part or "") for part in before] != [str(part or "") for part in (data or ["", "", ""])]

    def _real_date(self, day: str, month: str, year: str) -> date:
        month_number = month_of(month)
        if month_number is None:
            self._not_real("the month is a number from 1 to 12 or its name", "month")
        year_number = _whole(year)
        if year_number is None or len(year) != 4 or year_number < MINYEAR:
            self._not_real("the year has four digits, for example 2027", "year")
        length = calendar.monthrange(year_number, month_number)[1]
        day_number = _whole(day)
        if day_number is None or not 1 <= day_number <= length:
            name = calendar.month_name[month_number] + (f" {year_number}" if month_number == 2 else "")
            self._not_real(f"{name} has {length} days", "day")
        return date(year_number, month_number, day_number)

    def _keep_rules(self, found: date) -> None:
        earliest, latest = _limit(self.not_before), _limit(self.not_after)
        if earliest and found < earliest:
            raise self._fault(f"{self.subject} must be {day_plain(earliest)} or later", "too_early", *PARTS)
        if latest and found > latest:
            raise self._fault(f"{self.subject} must be {day_plain(latest)} or earlier", "too_late", *PARTS)

    def _not_real(self, why: str, part: str) -> None:
        raise self._fault(f"{self.subject} must be a real date: {why}", "impossible", part)

    @staticmethod
    def _fault(sentence: str, code: str, *parts: str) -> ValidationError:
        return ValidationError(sentence, code=code, params={"parts": parts})


def month_of(text: str) -> int | None:
    """Return 1 to 12 for "11", "Nov", "november" or "Tachwedd" (three letters at least), None for anything else."""
    number = _whole(text)
    if number is not None:
        return number if 1 <= number <= 12 else None
    word = text.casefold().rstrip(".")
    for names in MONTHS:
        for place, name in enumerate(names, 1):
            if len(word) >= 3 and (name.startswith(word) or (word == "sept" and name == "september")):
                return place
    return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _limit(limit: Limit) -> date | None:
    return limit() if callable(limit) else limit


class ClockField(forms.CharField):
    """A time of day as people type it: 9:30am, 9.30, 0930, 14:00, 2pm, midday. Gives a ``datetime.time`` or None."""

    default_error_messages = {"invalid": "Enter a time such as 9:30am or 14:00"}
    _FORM = re.compile(r"(\d{1,2})(?:[:.]?([0-5]\d))?\s*([ap])?\.?(?:m\.?)?", re.IGNORECASE)

    def to_python(self, value: Any) -> time | None:
        if value in self.empty_values or isinstance(value, time):
            return value or None
        text = super().to_python(value).lower()
        if text in ("midday", "noon", "midnight"):
            return time(0 if text == "midnight" else 12)
        match = self._FORM.fullmatch(text)
        return self._time(match) if match else self._refuse()

    def validate(self, value: time | None) -> None:
        forms.Field.validate(self, value)

    def run_validators(self, value: time | None) -> None:
        """The validators of text do not apply to a time."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, time) else value

    def _time(self, match: re.Match) -> time:
        hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
        if half and not 1 <= hour <= 12:
            self._refuse()
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        return time(hour, minute) if hour < 24 else self._refuse()

    def _refuse(self) -> None:
        raise ValidationError(self.error_messages["invalid"], code="invalid")


class LongTextField(forms.CharField):
    """Text of several lines. Line ends come back as one character, so that a limit counts what was typed."""

    widget = forms.Textarea

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["rows"] = rows
        self.widget.attrs.pop("cols", None)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


class HintedRadios(forms.RadioSelect):
    """Radio buttons of which some carry a line of explanation: ``HintedRadios(hints={"briefing": "Introduces …"})``."""

    def __init__(self, *, hints: dict[str, str], attrs: dict | None = None, choices: Any = ()) -> None:
        super().__init__(attrs, choices)
        self.hints = hints

    def create_option(self, name, value, *args, **kwargs) -> dict:
        option = super().create_option(name, value, *args, **kwargs)
        hint = self.hints.get(str(value))
        if hint and option["attrs"].get("id"):
            option["hint"] = hint
            option["attrs"]["aria-describedby"] = f"{option['attrs']['id']}_hint"
        return option


class NamesIterator(ModelChoiceIterator):
    """The choices of a field by key and ``name``, without an instance of each: a filter has a hundred of them."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        yield from self.names()

    def names(self) -> Iterable[tuple[Any, str]]:
        """Return key and name of each row."""
        return self.queryset.values_list("pk", "name")


class NameChoice(forms.ModelChoiceField):
    """One row of a model that has a name; the choice is that row."""

    iterator = NamesIterator
