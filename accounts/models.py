import unicodedata

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from history.retention import Retention


def sort_key(name: str) -> str:
    """Return what a name is sorted by, the same on every server: last word first, no accents, small letters.

    "Siân O'Brien" gives "obrien sian", "Jo Lloyd-Evans" "lloyd evans jo": what a hyphen joins is one word. The database
    has no language collations (see docs/adr).
    """
    plain = name.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    if not plain.replace(" ", "").isalnum():  # most names are letters and spaces, and a list has thousands
        plain = "".join(c if c.isalnum() or c in " -" else "" for c in plain)
    words = [word.replace("-", " ").strip() for word in plain.split() if word.strip("-")]
    return " ".join(words[-1:] + words[:-1])[:300]


class PersonManager(BaseUserManager):
    """Makes people; nobody has a password."""

    def create_person(self, *, name: str, email: str | None = None, **fields) -> "Person":
        """Return a new saved person. ``email`` is kept in small letters; None for a walk-in without one."""
        person = self.model(name=name, email=self.clean_email(email), **fields)
        person.set_unusable_password()
        person.save()
        return person

    # Django's command line and allauth ask by these names.
    def create_user(self, email: str | None = None, **fields) -> "Person":
        return self.create_person(name=fields.pop("name", email or ""), email=email, **fields)

    @staticmethod
    def clean_email(email: str | None) -> str | None:
        """Return the address as it is stored: trimmed, in small letters, None where empty."""
        return (email or "").strip().lower() or None

    def get_by_natural_key(self, email: str) -> "Person":
        return self.get(email=self.clean_email(email))


class Person(AbstractBaseUser):
    """Somebody known by name; signs in by a code sent to their address. A walk-in may have no address."""

    name = models.CharField("full name", max_length=300)
    sort_name = models.CharField(max_length=300, editable=False)
    email = models.EmailField("e-mail address", max_length=254, unique=True, null=True, blank=True)
    language = models.CharField(max_length=5, default="en-gb")
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = PersonManager()

    retention = Retention(
        plain=("id", "is_active", "is_administrator", "created_at", "password"),
        personal=("name", "sort_name", "email", "language", "last_login"),
        until="two years after the last programme of this person has ended",
    )

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_small_letters"),
            models.CheckConstraint(condition=Q(email__isnull=True) | ~Q(email=""), name="person_email_null_not_empty"),
            models.CheckConstraint(condition=~Q(name=""), name="person_has_name"),
        ]
        # Parts of names and addresses are found by reading the table: 65 ms for 100,000 people, where trigram indexes
        # would make a staff list of that length three times as slow to write.
        indexes = [models.Index(fields=["sort_name", "id"], name="person_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        self.sort_name = sort_key(self.name)
        fields = kwargs.get("update_fields")
        if fields is not None and "name" in fields:
            kwargs["update_fields"] = {*fields, "sort_name"}
        super().save(*args, **kwargs)


class PersonalLink(models.Model):
    """A link mailed to one person for one purpose. The token is derived from the row and SECRET_KEY (see links.py)."""

    purpose = models.CharField(max_length=60)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="links")
    about = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    nonce = models.CharField(max_length=32)

    retention = Retention(
        plain=("id", "purpose", "about", "created_at", "ends_at", "revoked_at", "nonce"),
        personal=("person",),
        until="with the person; the row opens nothing once it has ended",
    )

    class Meta:
        indexes = [models.Index(fields=["about", "purpose"], name="link_by_object")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("created_at")), name="link_ends_after_it_began"),
            models.CheckConstraint(condition=~Q(purpose="") & ~Q(about=""), name="link_has_purpose_and_object"),
            models.CheckConstraint(condition=Q(nonce__regex=r"^[0-9a-f]{32}$"), name="link_has_nonce"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class Attempt(models.Model):
    """How often something was tried in the present window: what limits on signing in are counted in."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField()

    retention = Retention(
        plain=("count", "ends_at"),
        personal=("key",),
        until="the end of the window, an hour at most; a keyed digest of an e-mail or network address",
    )

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="attempt_by_end")]

    def __str__(self) -> str:
        return f"{self.count} until {self.ends_at}"


class Press(models.Model):
    """The form carries the key; the same key is answered the same again, and never does anything twice."""

    key = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64, help_text="of the address and of what was sent, keyed")
    location = models.CharField(max_length=500, blank=True, help_text="where the answer led to")
    link = models.ForeignKey(PersonalLink, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_index=True)

    retention = Retention(plain=("key", "digest", "location", "link", "made_at"))

    class Meta:
        verbose_name_plural = "presses"
