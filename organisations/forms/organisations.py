"""What is asked about organisations, areas and professions, and the filters of their lists."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator
from django.db.models import Q, QuerySet

from face.fields import LongTextField, NameChoice, NamesIterator, ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.models import Area, Organisation, OrganisationKind, Profession

MOST_DOMAINS = 50
_is_domain = DomainNameValidator()


class NameField(forms.CharField):
    """A name of one line, spaces made single."""

    def to_python(self, value: Any) -> str:
        # Blanks alone: other white space is refused, with the characters that cannot be seen.
        return " ".join(part for part in super().to_python(value).split(" ") if part)


class DomainsField(LongTextField):
    """Mail domains, one on each line; gives a list in small letters, each once, in the order typed.

    A whole address or a web address is taken for the domain in it.
    """

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).replace(",", " ").replace(";", " ").split()
        if len(words) > MOST_DOMAINS:
            raise ValidationError(f"Enter {MOST_DOMAINS} mail domains at most. There are {len(words)}")
        return list(dict.fromkeys(_domain(word) for word in words))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


def _domain(word: str) -> str:
    domain = word.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    domain = domain.rpartition("@")[2].partition("/")[0].strip(".")
    try:
        _is_domain(domain)
    except ValidationError:
        sentence = "“%(word)s” is not a mail domain. Enter what stands after the @, for example wrenshire.gov.uk"
        raise ValidationError(sentence, code="domain", params={"word": word[:100]}) from None
    return domain


class OrganisationForm(ChangingMixin, HubForm):
    """An organisation: its name, what it is, and the mail domains of its people."""

    name = NameField(label="Name of the organisation", max_length=300, widget=forms.TextInput({"class": "w20"}))
    kind = forms.ChoiceField(label="Kind of organisation", choices=OrganisationKind)
    domains = DomainsField(
        label="Mail domains",
        required=False,
        max_length=5_000,
        widget=forms.Textarea({"rows": 3, "spellcheck": "false"}),
        help_text="What stands after the @ in the addresses of its people, one on each line. Whoever books with such"
        " an address is taken for one of them.",
    )


class EndForm(HubForm):
    """When an organisation ends and who follows it."""

    ended_on = ThreeBoxDateField(label="When did it end?", help_text="For example 31 3 2027", subject="The day")
    successor = forms.ModelChoiceField(
        Organisation.objects.none(), label="Who follows it?", required=False, empty_label="Nobody"
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = Organisation.objects.filter(ended_on=None).exclude(pk=organisation.pk)


class OrganisationFilter(FilterForm):
    """Search in the list of organisations."""

    q = forms.CharField(label="Name or mail domain", max_length=100, widget=forms.TextInput({"type": "search"}))
    kind = forms.ChoiceField(label="Kind", choices=[("", "All kinds"), *OrganisationKind.choices])
    ended = forms.ChoiceField(label="Going on or ended", choices=[("", "Both"), ("no", "Going on"), ("yes", "Ended")])

    def narrow(self, found: QuerySet[Organisation]) -> QuerySet[Organisation]:
        """Return those of ``found`` that fit what was chosen."""
        for word in (self.value("q") or "").split():
            by_domain = Organisation.objects.filter(mail_domains__domain__contains=word.lower()).values("pk")
            found = found.filter(Q(name__icontains=word) | Q(pk__in=by_domain))
        if self.value("kind"):
            found = found.filter(kind=self.value("kind"))
        if self.value("ended"):
            found = found.filter(ended_on__isnull=self.value("ended") == "no")
        return found


class _AreasIterator(NamesIterator):
    def names(self) -> Iterator[tuple[int, str]]:
        for key, *names in self.queryset.values_list("pk", "name", "parent__name"):
            yield key, _in_words(*names)


class AreaChoice(NameChoice):
    """One area, said with the larger one it lies in."""

    iterator = _AreasIterator

    def label_from_instance(self, area: Area) -> str:
        return area_words(area)


def area_words(area: Area) -> str:
    """Return "Melton (in Leicestershire)". The parent is loaded already."""
    return _in_words(area.name, area.parent.name if area.parent else None)


def _in_words(name: str, larger: str | None) -> str:
    return f"{name} (in {larger})" if larger else name


class AreaForm(ChangingMixin, HubForm):
    """An area and the larger one it lies in."""

    name = NameField(label="Name of the area", max_length=200)
    parent = AreaChoice(
        Area.objects.none(),
        label="Which larger area does it lie in?",
        required=False,
        empty_label="None: it is one of the largest",
    )

    def __init__(self, *args: Any, area: Area | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = Area.objects.select_related("parent")
        self.fields["parent"].queryset = choices.exclude(path__startswith=area.path) if area else choices


class ProfessionForm(HubForm):
    """The name of a profession."""

    name = NameField(
        label="Name of the profession",
        max_length=200,
        help_text="In the singular, for example “health visitor”.",
    )


class NameFilter(FilterForm):
    """Search in a list of names."""

    q = forms.CharField(label="Name", max_length=100, widget=forms.TextInput({"type": "search"}))

    def narrow(self, found: QuerySet[Profession]) -> QuerySet[Profession]:
        """Return those of ``found`` whose name has every word."""
        for word in (self.value("q") or "").split():
            found = found.filter(name__icontains=word)
        return found
