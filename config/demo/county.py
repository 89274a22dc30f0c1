"""The county before the programme: areas, professions, organisations, their people and leads. Written in bulk."""

import itertools
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from accounts.models import Person, sort_key
from config.demo import words
from history.actions import record_many
from organisations.models import (
    Affiliation,
    AffiliationArea,
    Area,
    HeadCount,
    MailDomain,
    Organisation,
    OrganisationLead,
    Profession,
)

SINCE = date(2024, 4, 1)


@dataclass
class County:
    """What stands when the programme begins. ``practitioners`` are person ids by organisation id, in a drawn order."""

    whole: Area
    districts: list[Area]
    professions: list[Profession]
    organisations: list[Organisation]
    practitioners: dict[int, list[int]] = field(default_factory=dict)
    cast: dict[str, Person] = field(default_factory=dict)
    seniors: list[Person] = field(default_factory=list)


CAST = {
    # part in the story: name, organisation (place in words.ORGANISATIONS)
    "administrator": ("Ada Ashdown", 0),
    "coordinator": ("Bran Caerwyn", 0),
    "second": ("Nia Makebelieve", 1),
    "facilitator": ("Siân O’Madeup", 1),
    "presenter": ("Kofi Demonstrata", 0),
    "lead": ("Tomasz Pretendski", 1),
    "police_lead": ("Ewa Fictionova", 2),
    "board": ("Grace Notreal-Board", 0),
    "governance": ("Idris Inventwell-Rees", 0),
    "assistant": ("Mali Diarykeeper", 0),
    "author": ("Meredith Inkwell-Fable", 0),
    "practitioner": ("Winifred Testwood", 1),
}


def make_county(random: Random, now: datetime) -> County:
    """Return the county: 12 organisations, 7 districts with places inside them, 10 professions, some 600 people."""
    whole, districts = _areas()
    professions = Profession.objects.bulk_create([Profession(name=name) for name in words.PROFESSIONS])
    organisations = Organisation.objects.bulk_create(
        [Organisation(name=row[0], kind=row[1]) for row in words.ORGANISATIONS]
    )
    county = County(whole, districts, professions, organisations)
    MailDomain.objects.bulk_create(
        MailDomain(organisation=organisation, domain=row[2])
        for organisation, row in zip(organisations, words.ORGANISATIONS, strict=True)
    )
    _people(county, random)
    _leads_and_counts(county, random, now)
    for rows in ([whole, *districts], professions, organisations):
        record_many(by=county.cast["administrator"], verb="added", about=rows, now=now)
    return county


def _areas() -> tuple[Area, list[Area]]:
    whole = _area(words.COUNTY, None)
    districts = []
    for name, places in words.DISTRICTS.items():
        district = _area(name, whole)
        districts.append(district)
        for place in places:
            _area(place, district)
    return whole, districts


def _area(name: str, parent: Area | None) -> Area:
    area = Area.objects.create(name=name, parent=parent)
    area.path = f"{parent.path if parent else '/'}{area.pk}/"
    area.save(update_fields=["path"])
    return area


def _people(county: County, random: Random) -> None:
    for key, (name, _) in CAST.items():
        email = _mailbox(name) + "@example.org"
        county.cast[key] = Person.objects.create_person(name=name, email=email, is_administrator=key == "administrator")
    names = [f"{first} {last}" for first, last in itertools.product(words.FIRST_NAMES, words.SURNAMES)]
    random.shuffle(names)
    drawn = iter(names)
    people, ties = [], []
    for organisation, row in zip(county.organisations, words.ORGANISATIONS, strict=True):
        _, _, domain, count, does, _ = row
        people.append(_person(next(drawn), domain))
        ties.append((organisation, None))
        for _ in range(count):
            people.append(_person(next(drawn), domain))
            ties.append((organisation, county.professions[random.choice(does)]))
    people = Person.objects.bulk_create(people)
    for key, (_, place) in CAST.items():
        people.append(county.cast[key])
        ties.append((county.organisations[place], county.professions[0] if key == "practitioner" else None))
    _tie(county, people, ties, random)


def _tie(county: County, people: list[Person], ties: list[tuple], random: Random) -> None:
    affiliations = Affiliation.objects.bulk_create(
        Affiliation(
            person=person, organisation=organisation, profession=profession, staff_number=f"X{number}", since=SINCE
        )
        for number, (person, (organisation, profession)) in enumerate(zip(people, ties, strict=True), start=41_001)
    )
    areas = list(Area.objects.filter(parent__isnull=False).order_by("pk"))
    working = [own for own in affiliations if own.profession_id]
    AffiliationArea.objects.bulk_create(
        AffiliationArea(affiliation=own, area=area)
        for own in working
        for area in random.sample(areas, 2 if random.random() < 0.15 else 1)
    )
    for own in affiliations:
        if own.profession_id and own.person_id != county.cast["practitioner"].pk:
            county.practitioners.setdefault(own.organisation_id, []).append(own.person_id)
    cast = {person.pk for person in county.cast.values()}
    county.seniors = [own.person for own in affiliations if not own.profession_id and own.person_id not in cast]


def _leads_and_counts(county: County, random: Random, now: datetime) -> None:
    cast, organisations = county.cast, county.organisations
    leads = {1: cast["lead"], 2: cast["police_lead"], 0: cast["second"]}
    for place in range(3, len(organisations)):
        leads[place] = Person(pk=county.practitioners[organisations[place].pk][0])
    OrganisationLead.objects.bulk_create(
        OrganisationLead(organisation=organisations[place], person=person, since=SINCE)
        for place, person in sorted(leads.items())
    )
    HeadCount.objects.bulk_create(
        HeadCount(
            organisation=organisations[place],
            profession=county.professions[profession],
            area=district,
            number=random.randint(2, 7),
            counted_on=now.date(),
            said_by=leads[place],
        )
        for place, profession in ((9, 9), (10, 7))
        for district in county.districts
    )


def _person(name: str, domain: str) -> Person:
    person = Person(name=name, sort_name=sort_key(name), email=f"{_mailbox(name)}@{domain}")
    person.set_unusable_password()
    return person


def _mailbox(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return ".".join("".join(c for c in word if c.isascii() and c.isalnum()) for word in plain.split())
