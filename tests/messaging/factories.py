import factory
from django.utils import timezone

from accounts.models import Person
from messaging.models import Message


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Amina Samplewood {n:05}")
    email = factory.Sequence(lambda n: f"amina{n}@example.org")


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    kind = "test.note"
    key = factory.Sequence(lambda n: f"test:{n}")
    address = factory.Sequence(lambda n: f"person{n}@example.org")
    created_at = factory.LazyFunction(timezone.now)
    due_at = factory.SelfAttribute("created_at")
    next_try_at = factory.SelfAttribute("due_at")
