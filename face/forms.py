"""The base of every form: plain sentences, no marks of the browser's own, a summary whose links land on a control."""

import copy
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.boundfield import BoundField

from face.fields import PARTS, ThreeBoxDateWidget

BUTTON_ID = "id_submit"
# What turns the direction of the text around it (Unicode Annex 9); the plain marks of direction are left alone.
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BREAKS = "\u2028\u2029"
_HELPERS = "is|are|was|were|has|have|had|can|could|may|might|must|should|will|would"
_QUESTION = re.compile(
    r"(?:(?:about|at|by|for|from|in|of|on|since|to|until|with) )?"
    r"(?:how|what|when|where|which|who|whom|whose|why)\b(?! about| if)[^?]*\?"
)
_TURNED = re.compile(
    rf"\b(?P<helper>do|{_HELPERS}) (?P<subject>you|they|we|it|that|people|others)\b"
    r"|\bdoes it (?P<verb>begin|end|hold|lie|say|show|stand|start|take|wait)\b"
)
_IN_DOUBT = re.compile(  # who is meant is more than a word, or stands at the end
    rf"\b(?:{_HELPERS}) (?:[A-Z]|(?:a|all|an|any|each|every|her|his|its|my|one|our|she|he|some|the|their|these|this"
    rf"|those|your)\b)|(?:^|\b(?:for|since) )(?:how|when|where|why) (?:\w+ )?(?:{_HELPERS})\b"
)
_NO_ARTICLE = re.compile(r"(?:the|a|an|your|their|his|her|its|how|what|which|when|where|who|why)\b", re.IGNORECASE)


class PlainText:
    """Refuses characters that cannot be seen. ``lines`` allows line ends and tabs, as in a text of several lines.

    Marks that only join others, as in some scripts and faces, may stand there, but not alone.
    """

    code = "unseen_character"

    def __init__(self, *, lines: bool) -> None:
        self.allowed = "\n\r\t" if lines else ""

    def __call__(self, value: str) -> None:
        for character in str(value):
            if character not in self.allowed and is_unseen(character):
                raise ValidationError(
                    "%(label)s has a character that cannot be seen (U+%(point)s). Delete it, or type the words again",
                    code=self.code,
                    params={"point": f"{ord(character):04X}", "label": "This text"},
                )
        if value and all(character.isspace() or unicodedata.category(character) == "Cf" for character in str(value)):
            raise ValidationError(
                "%(label)s has nothing in it that can be seen. Type the words",
                code=self.code,
                params={"label": "This text"},
            )


def is_unseen(character: str) -> bool:
    """Return whether this is a control character (C0, DEL, C1), a line separator or one that turns the text around."""
    return unicodedata.category(character) in ("Cc", "Cs") or character in _TURNS or character in _BREAKS


class HubBoundField(BoundField):
    """A field of a form of ours. A group of controls is not itself marked as wrong: its parts and its legend are."""

    def build_widget_attrs(self, attrs: dict, widget: forms.Widget | None = None) -> dict:
        attrs = super().build_widget_attrs(attrs, widget)
        if (widget or self.field.widget).use_fieldset:
            attrs.pop("aria-invalid", None)
        return attrs


class HubFormMixin:
    """What makes a form one of ours. Stands first among the bases: ``class BookForm(HubFormMixin, LibraryForm)``.

    ``layout`` is a crispy layout of fields only; without it the fields follow one another. templates/layouts/form.html
    owns the form tag, the summary of errors and the buttons.
    """

    bound_field_class = HubBoundField
    use_required_attribute = False
    layout: Layout | None = None
    mark_optional = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            prepare(field)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper(self)
        helper.form_tag, helper.disable_csrf, helper.render_hidden_fields = False, True, True
        if self.layout is not None:
            helper.layout = copy.deepcopy(self.layout)
        return helper

    def add_refusal(self, refusal: Exception, field: str | None = None) -> None:
        """Show the sentence of a ``history.refusals.Refused`` as an error, at ``field`` where it belongs to one."""
        self.add_error(field, ValidationError(refusal.sentence, code=refusal.code))

    def _clean_fields(self) -> None:
        super()._clean_fields()
        for name, errors in self._errors.items():
            for error in errors.as_data():
                if error.code == PlainText.code and error.params:
                    error.params["label"] = subject_of(self[name])


class HubForm(HubFormMixin, forms.Form):
    """A form of ours without a model."""


class HubModelForm(HubFormMixin, forms.ModelForm):
    """A form of ours that fills a model's fields. It cleans; an action saves."""


class ChangingMixin:
    """A form that changes what stands already, and leaves alone what somebody else has written since its page was made.

    Stands first among the bases. The page carries marks of what stood in the form; ``changes`` is what was typed and
    did not stand there. Answers that mean something only with each other are named in ``together``: none of them is
    written without the others.
    """

    together: tuple[tuple[str, ...], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["was"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=self._standing)

    @property
    def changes(self) -> dict[str, Any]:
        """Return what the valid form says that did not stand there when its page was made, by the field's name.

        Where the page carried no marks it is all of it.
        """
        was = dict(part.split(":", 1) for part in self._was.split(",") if ":" in part)
        typed = {name: self.cleaned_data[name] for name in self.fields if name in self.cleaned_data}
        changed = {name for name, value in typed.items() if _mark(value) != was.get(name)}
        changed |= {name for group in self.together if changed & {*group} for name in group}
        return {name: value for name, value in typed.items() if name in changed}

    def _standing(self) -> str:
        fields = [(name, field) for name, field in self.fields.items() if name != "was"]
        return ",".join(f"{name}:{_mark(self.get_initial_for_field(field, name))}" for name, field in fields)

    def _clean_fields(self) -> None:
        super()._clean_fields()
        self._was = self.cleaned_data.pop("was", "")


def _mark(value: Any) -> str:
    """Return a mark of ``value`` that is the same where a form shows the same: a row as itself or by its key."""
    if isinstance(value, list | tuple | set | models.QuerySet):
        return _mark(",".join(sorted(_mark(each) for each in value)))
    plain = "" if value is None else str(value.pk if isinstance(value, models.Model) else value)
    return sha256(plain.encode()).hexdigest()[:12]


class FilterForm(HubForm):
    """The filter of a list, sent by GET. It never fails: what cannot be read counts as not filtered."""

    mark_optional = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False

    def value(self, name: str) -> Any:
        """Return what was chosen for ``name``; None (or the empty value of the field) where nothing can be used."""
        self.is_valid()
        return self.cleaned_data.get(name) if self.is_bound else None

    def chosen(self) -> list[dict[str, str]]:
        """Return what is filtered by, for components/chips.html: name, value as in the address, label and words."""
        self.is_valid()
        found = []
        for name, value in (self.cleaned_data if self.is_bound else {}).items():
            for one in value if isinstance(value, list | tuple) else [value]:
                if one not in (None, "", False) and name in self.fields:
                    words = _choice_words(self.fields[name], one)
                    label = str(self[name].label).partition(", for example")[0]
                    found.append({"name": name, "value": self[name].data, "label": label, "words": words})
        return found


def _choice_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        return str(field.label_from_instance(value))
    if hasattr(field, "in_words"):
        return field.in_words(value)
    return str(dict(getattr(field, "choices", ())).get(value, value))


# --- sentences


def noun_of(label: str) -> str:
    """Return a label as it stands inside a sentence: "Full name" gives "the full name", "Your name" "your name"."""
    label = str(label).removesuffix(" (optional)").strip()
    # An abbreviation keeps its capitals.
    if len(label) < 2 or not label[1].isupper():
        label = label[:1].lower() + label[1:]
    return label if _NO_ARTICLE.match(label) else f"the {label}"


def clause_of(question: str) -> str:
    """Return a question as it stands inside a sentence: "Why is it late?" gives "why it is late". Pure.

    "" for what is none, and where it cannot be told how its words change places.
    """
    asked = question[:1].lower() + question[1:].strip()
    if not _QUESTION.fullmatch(asked):
        return ""
    said, times = _TURNED.subn(_turned, asked.removesuffix("?"))
    in_doubt = re.search(r"(?<!^who )\b(?:do|does|did)\b(?!$| with)", said) or (not times and _IN_DOUBT.search(said))
    return "" if in_doubt else said


def _turned(found: re.Match[str]) -> str:
    if found["verb"]:
        return f"it {found['verb']}s"
    return found["subject"] if found["helper"] == "do" else f"{found['subject']} {found['helper']}"


def subject_of(field: BoundField | forms.Field) -> str:
    """Return what a sentence about this field begins with: its label, or "This answer" where that is a question."""
    label = str(field.label or "").strip().removesuffix(" (optional)")
    return "This answer" if not label or label.endswith("?") else label


def sentences_for(field: forms.Field) -> dict[str, str]:
    """Return the error sentences of a field by code, made from its label. A field's own ``error_messages`` win."""
    label, subject = str(field.label or "").strip(), subject_of(field).replace("%", "%%")
    missing = _missing(field, label)
    return {
        "required": missing,
        "blank": missing,
        "null": missing,
        "max_length": f"{subject} must be %(limit_value)d characters or less. It has %(show_value)d",
        "min_length": f"{subject} must be %(limit_value)d characters or more. It has %(show_value)d",
        "min_value": f"{subject} must be %(limit_value)s or more",
        "max_value": f"{subject} must be %(limit_value)s or less",
        "null_characters_not_allowed": f"{subject} has a character that cannot be seen. Delete it",
        "unique": f"{subject} is already in use. Enter another",
        **_wrong(field, subject),
    }


def _missing(field: forms.Field, label: str) -> str:
    verb = "Choose" if isinstance(field, forms.ChoiceField | forms.ModelChoiceField | forms.FileField) else "Enter"
    if isinstance(field, forms.BooleanField):
        return f"Tick the box to go on: {label}"
    if label and not label.endswith("?"):
        return f"{verb} {noun_of(label)}"
    clause = clause_of(label)
    return f"{verb} {clause}" if clause else f"Answer the question: {label}"


def _wrong(field: forms.Field, subject: str) -> dict[str, str]:
    options = "Choose from the options shown"
    if isinstance(field, forms.EmailField):
        return {"invalid": "Enter an e-mail address in the form name@example.org"}
    if isinstance(field, forms.URLField):
        return {"invalid": "Enter a web address that begins with https://"}
    if isinstance(field, forms.DecimalField | forms.FloatField):
        return {"invalid": f"{subject} must be a number, for example 12.5"}
    if isinstance(field, forms.IntegerField):
        return {"invalid": f"{subject} must be a whole number, for example 25"}
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        return {"invalid_choice": options, "invalid_list": options, "invalid_pk_value": options}
    if isinstance(field, forms.FileField):
        return {
            "missing": "Choose a file",
            "invalid": "Choose a file again: it did not arrive",
            "empty": "The file is empty. Choose another",
            "max_length": "The name of the file is too long. Give it a shorter name and choose it again",
        }
    return {}


def prepare(field: forms.Field) -> None:
    """Make a field one of ours: plain sentences, no limits of the browser's own, unseen characters refused."""
    own = {code for code, sentence in field.error_messages.items() if _default(field).get(code) is not sentence}
    field.error_messages |= {code: text for code, text in sentences_for(field).items() if code not in own}
    widget = field.widget
    for attribute in ("maxlength", "minlength", "min", "max", "step", "required"):
        widget.attrs.pop(attribute, None)
    if type(widget) is forms.NumberInput:
        field.widget = forms.TextInput({"inputmode": "numeric", "class": "w4", **widget.attrs})
        field.widget.is_required = widget.is_required
    if isinstance(widget, forms.EmailInput):
        widget.attrs = {"autocomplete": "email", "spellcheck": "false", **widget.attrs}
    if isinstance(field, forms.CharField) and not any(isinstance(check, PlainText) for check in field.validators):
        field.validators = [*field.validators, PlainText(lines=isinstance(widget, forms.Textarea))]


def _default(field: forms.Field) -> dict[str, str]:
    messages: dict[str, str] = {}
    for kind in reversed(type(field).__mro__):
        messages.update(getattr(kind, "default_error_messages", {}))
    return messages


# --- what the templates ask of a field


def kind_of(field: BoundField) -> str:
    """Return how templates/hub/field.html draws a field: hidden, date, radios, ticks, tick or control."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, ThreeBoxDateWidget):
        return "date"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "ticks"
    if isinstance(widget, forms.RadioSelect):
        return "radios"
    return "tick" if isinstance(widget, forms.CheckboxInput) else "control"


def target_of(field: BoundField) -> str:
    """Return the id of the control that a link to this field lands on: the first faulty one where it has several."""
    kind = kind_of(field)
    if kind == "date":
        return f"{field.auto_id}_{(faulty_parts(field) or PARTS)[0]}"
    return f"{field.auto_id}_0" if kind in ("radios", "ticks") else field.auto_id


def faulty_parts(field: BoundField) -> tuple[str, ...]:
    """Return which boxes of a three-box date are wrong; all of them where the fault does not say."""
    for error in field.errors.as_data() if field.errors else ():
        return tuple((error.params or {}).get("parts", PARTS))
    return ()


def date_boxes(field: BoundField) -> list[dict[str, Any]]:
    """Return the three boxes of a date for the template: id, name, label, value, width, keyboard, faulty."""
    values, faulty = field.value(), faulty_parts(field)
    if not isinstance(values, list | tuple):
        values = field.field.widget.decompress(values)
    widths = {"day": "w2", "month": "w4", "year": "w4"}
    return [
        {
            "id": f"{field.auto_id}_{part}",
            "name": f"{field.html_name}_{part}",
            "label": part.capitalize(),
            "value": "" if value is None else value,
            "width": widths[part],
            "keyboard": "" if part == "month" else "numeric",
            "faulty": part in faulty,
        }
        for part, value in zip(PARTS, values, strict=True)
    ]


@dataclass(frozen=True)
class SummaryLine:
    """One line of the summary of errors: where its link lands and what it says."""

    target: str
    sentence: str


def summary_of(forms_on_page: Iterable[forms.BaseForm]) -> list[SummaryLine]:
    """Return the lines of the summary for all forms of a page, in the order of their fields.

    An error of no field lands on the first control of its form, or on the button where it has none to type in.
    """
    lines: list[SummaryLine] = []
    for form in forms_on_page:
        shown = [form[name] for name in form.fields if not form[name].is_hidden]
        first = target_of(shown[0]) if shown else BUTTON_ID
        hidden = [sentence for field in form.hidden_fields() for sentence in field.errors]
        lines += [SummaryLine(first, sentence) for sentence in [*form.non_field_errors(), *hidden]]
        lines += [SummaryLine(target_of(field), sentence) for field in shown for sentence in field.errors]
    return lines
