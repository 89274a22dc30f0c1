"""Rows of who: people, organisations, areas, professions and what ties them. Real rows, saved."""

import datetime

import factory
from factory.django import DjangoModelFactory

from accounts.models import Person
from organisations.models import (
    Affiliation,
    AffiliationArea,
    Area,
    HeadCount,
    MailDomain,
    Organisation,
    OrganisationKind,
    OrganisationLead,
    Profession,
)

SINCE = datetime.date(2020, 1, 1)


class PersonFactory(DjangoModelFactory):
    """Somebody with a name and an address. ``email=None`` for a walk-in; ``administrator=True`` for one."""

    class Meta:
        model = Person

    class Params:
        administrator = factory.Trait(is_administrator=True)

    name = factory.Sequence(lambda n: f"Amina Samplewood {n:05}")
    email = factory.Sequence(lambda n: f"amina.samplewood.{n}@example.org")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_person(**kwargs)


class ProfessionFactory(DjangoModelFactory):
    class Meta:
        model = Profession

    name = factory.Sequence(lambda n: f"Health visitor {n:05}")


class AreaFactory(DjangoModelFactory):
    """A place; ``parent=`` another area. The path is kept as the actions keep it."""

    class Meta:
        model = Area
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Wren Valley {n:05}")
    parent = None

    @factory.post_generation
    def _path(self, create, extracted, **kwargs):
        if create:
            self.path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
            self.save(update_fields=["path"])


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Tolbury City Council {n:05}")
    kind = OrganisationKind.COUNCIL


class MailDomainFactory(DjangoModelFactory):
    class Meta:
        model = MailDomain

    organisation = factory.SubFactory(OrganisationFactory)
    domain = factory.Sequence(lambda n: f"tolbury{n}.example.org")


class AffiliationFactory(DjangoModelFactory):
    """Ties a person to an organisation with a profession; ``areas=[…]`` for the areas."""

    class Meta:
        model = Affiliation
        skip_postgeneration_save = True

    person = factory.SubFactory(PersonFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    profession = factory.SubFactory(ProfessionFactory)
    since = SINCE

    @factory.post_generation
    def areas(self, create, extracted, **kwargs):
        if create:
            AffiliationArea.objects.bulk_create(
                AffiliationArea(affiliation=self, area=area) for area in extracted or ()
            )


class OrganisationLeadFactory(DjangoModelFactory):
    class Meta:
        model = OrganisationLead

    organisation = factory.SubFactory(OrganisationFactory)
    person = factory.SubFactory(PersonFactory)
    since = SINCE


class HeadCountFactory(DjangoModelFactory):
    class Meta:
        model = HeadCount

    organisation = factory.SubFactory(OrganisationFactory)
    profession = factory.SubFactory(ProfessionFactory)
    area = factory.SubFactory(AreaFactory)
    number = 40
    counted_on = datetime.date(2026, 10, 1)
    said_by = factory.SubFactory(PersonFactory)
