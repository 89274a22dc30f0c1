"""People and links for tests."""

from datetime import timedelta

import factory
from django.utils import timezone

from accounts.links import make_link
from accounts.models import Person, PersonalLink


class PersonFactory(factory.django.DjangoModelFactory):
    """Somebody with a name and an address; no roles."""

    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Person Number{n:05}")
    email = factory.Sequence(lambda n: f"person{n}@example.org")

    @classmethod
    def _create(cls, model_class, *args, **kwargs) -> Person:
        return model_class.objects.create_person(**kwargs)


def a_link(*, purpose: str = "test", person: Person | None = None, about="accounts.person:1", **kwargs) -> PersonalLink:
    """A saved link that lives a day from now."""
    now = kwargs.pop("now", None) or timezone.now()
    ends_at = kwargs.pop("ends_at", None) or now + timedelta(days=1)
    return make_link(purpose=purpose, person=person, about=about, ends_at=ends_at, now=now)
