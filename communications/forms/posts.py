"""The forms of series and posts, and of who follows or reuses them."""

import re
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms

from accounts.models import Person
from communications.licences import TERMS, CreditRule, Licence
from communications.models import Post, PostSeries
from communications.models.posts import LONGEST_POST
from communications.wording import faults_of
from face.fields import ClockField, HintedRadios, LongTextField, ThreeBoxDateField
from face.forms import HubForm

HOW_TO_WRITE = (
    "Plain text. A line that begins with ## is a heading, *words* lean, **words** are strong, "
    "[words](https://example.org/) is a link, and ![](1) shows picture 1 of the series."
)


class SeriesForm(HubForm):
    """What a series says of itself, and what its posts may be used for."""

    title = forms.CharField(label="Title of the series", max_length=150)
    season = forms.CharField(label="Season", max_length=60, required=False, help_text="For example, “Christmas 2026”.")
    about = LongTextField(
        label="What it is about", max_length=1000, rows=4, required=False, help_text="Two or three sentences."
    )
    author_name = forms.CharField(
        label="Name of the author, as it is shown", max_length=200, help_text="Everybody reads it."
    )
    licence = forms.ChoiceField(
        label="What may others do with the posts?",
        choices=Licence.choices,
        widget=HintedRadios(hints={key: terms.sentence for key, terms in TERMS.items()}),
    )
    credit_rule = forms.ChoiceField(label="And credit?", choices=CreditRule.choices, widget=forms.RadioSelect)
    credit_line = forms.CharField(
        label="Credit line",
        max_length=300,
        help_text="It goes with every post that is taken. For example, “Meredith Archer, Wrenshire County Council”.",
    )
    ask_whom = forms.CharField(
        label="Whom to ask for more than that",
        max_length=200,
        required=False,
        help_text="A mailbox of a team rather than of a person. Needed where all rights are reserved.",
    )
    layout = Layout(
        "title", "season", "about", "author_name",
        Fieldset("Reuse", "licence", "credit_rule", "credit_line", "ask_whom"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        licence, rule = cleaned.get("licence"), cleaned.get("credit_rule")
        if licence and rule and rule not in TERMS[Licence(licence)].credit:
            needs = CreditRule.REQUIRED in TERMS[Licence(licence)].credit
            self.add_error(
                "credit_rule",
                "This licence requires credit. Choose that, or another licence"
                if needs
                else "This licence gives all rights away, so credit cannot be required. Choose one of the other two",
            )
        if licence == Licence.RESERVED and not cleaned.get("ask_whom") and "ask_whom" not in self.errors:
            self.add_error("ask_whom", "Enter whom to ask: nobody may take the posts without asking")
        return cleaned


class StartForm(SeriesForm):
    """A new series, and who writes it."""

    email = forms.EmailField(
        label="E-mail address of the author", max_length=254, help_text="A code is sent to it to sign in."
    )
    layout = Layout(
        "title", "season", "about", Fieldset("Author", "email", "author_name"),
        Fieldset("Reuse", "licence", "credit_rule", "credit_line", "ask_whom"),
    )  # fmt: skip


class ChangeSeriesForm(SeriesForm):
    """A series with its picture."""

    picture = forms.ModelChoiceField(
        None, label="Picture of the series", required=False, empty_label="No picture", to_field_name="number"
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=32)
    layout = Layout(
        "title", "season", "about", "author_name", "picture", "seen",
        Fieldset("Reuse", "licence", "credit_rule", "credit_line", "ask_whom"),
    )  # fmt: skip

    def __init__(self, *args: Any, series: PostSeries, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["picture"]
        field.queryset = series.pictures.all()
        field.label_from_instance = lambda picture: f"{picture.number}: {picture.words}"


class GiveForm(HubForm):
    """Who writes the series from now on."""

    email = forms.EmailField(
        label="E-mail address of the author", max_length=254, help_text="A code is sent to it to sign in."
    )
    name = forms.CharField(
        label="Full name", max_length=300, required=False, help_text="Only for somebody who is not known here yet."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        address = Person.objects.clean_email(cleaned.get("email"))
        known = address and Person.objects.filter(email=address).exists()
        if address and not known and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", "Nobody is known by this address yet. Enter the full name")
        return cleaned


class PostForm(HubForm):
    """The words of a post. ``seen`` is the edition that the writer began with."""

    title = forms.CharField(label="Title", max_length=150)
    lead = forms.CharField(
        label="In one sentence", max_length=300, required=False, help_text="It stands in lists, feeds and mails."
    )
    words = LongTextField(label="Words", max_length=LONGEST_POST, rows=18, help_text=HOW_TO_WRITE)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    def __init__(self, *args: Any, series: PostSeries, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.series = series

    def clean_words(self) -> str:
        words = self.cleaned_data["words"]
        faults = faults_of(words, set(self.series.pictures.values_list("number", flat=True)))
        if faults:
            raise forms.ValidationError(faults)
        return words


class CorrectForm(PostForm):
    """Other words for what is published, and what was wrong."""

    note = forms.CharField(
        label="What do you correct?",
        max_length=500,
        help_text="Everybody reads this below the post, with the date. For example, “It was eleven boxes, not twelve.”",
    )


class ScheduleForm(HubForm):
    """When a post is published, by the clock where the series is."""

    day = ThreeBoxDateField(label="On which day?", subject="The day")
    at = ClockField(label="At what time?", help_text="For example, 8am", widget=forms.TextInput({"class": "w4"}))


class PictureForm(HubForm):
    """A picture with its words."""

    file = forms.FileField(label="Picture", help_text="JPEG, PNG or WebP, up to 10 MB.")
    words = forms.CharField(
        label="What does it show?",
        max_length=300,
        help_text="For everybody who does not see it. Say what matters, not “picture of”.",
    )
    credit = forms.CharField(label="Whose picture is it?", max_length=200, required=False)
    field_order = ("file", "words", "credit")


class PictureWordsForm(HubForm):
    """What a picture shows, said better."""

    words = forms.CharField(label="What does it show?", max_length=300)
    credit = forms.CharField(label="Whose picture is it?", max_length=200, required=False)


class WhyForm(HubForm):
    """A reason, in words."""

    reason = LongTextField(label="Why?", max_length=300, rows=3)

    def __init__(self, *args: Any, hint: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = hint


class SubscribeForm(HubForm):
    """The address that wants the posts."""

    email = forms.EmailField(label="Your e-mail address", max_length=254)


class PostField(forms.ModelChoiceField):
    """A post of the series, by its title."""

    def label_from_instance(self, post: Post) -> str:
        return post.title


class ReuseForm(HubForm):
    """Who uses what where."""

    post = PostField(None, label="Which post?", required=False, empty_label="The whole series", to_field_name="slug")
    organisation = forms.CharField(label="Your organisation", max_length=200)
    place = forms.CharField(
        label="Where do you use it?", max_length=200, help_text="For example, “Our staff newsletter of December”."
    )
    link = forms.URLField(label="Web address", max_length=500, required=False, assume_scheme="https")
    contact_email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        required=False,
        help_text="Only the author and whoever coordinates the series see it. We forget it after two years.",
    )

    def __init__(self, *args: Any, series: PostSeries, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].queryset = series.posts.published()

    def clean_organisation(self) -> str:
        return _without_links(self.cleaned_data["organisation"])

    def clean_place(self) -> str:
        return _without_links(self.cleaned_data["place"])

    def clean_link(self) -> str:
        link = self.cleaned_data["link"]
        if link and not link.startswith(("https://", "http://")):
            raise forms.ValidationError("Enter a web address that begins with https://")
        return link


_LOOKS_LIKE_A_LINK = re.compile(r"://|(?i:www\.)|\w\.\w{2,}[/?#:]|\w\.[a-z]{2,}\b")
"""Mail programs make a link of ``example.org/page`` too. "Dr. Smith" and "3.5 days" are words."""


def _without_links(words: str) -> str:
    if _LOOKS_LIKE_A_LINK.search(words):
        raise forms.ValidationError("Leave web addresses out here. There is a field of their own for one")
    return " ".join(words.split())
