"""Unique words planted in every sensitive field, to be found nowhere they do not belong.

A field is sensitive where its model's ``retention`` calls it personal and it can hold words. For each model there is
one planter; a model without one fails the test. It makes rows on one side: the own programme, organisation and people,
or those of the other, and says for each field who may read it there:

    @plants("attendance.AccessNeed", words="coordinator facilitator")
    def access_need(side, needle):
        AccessNeed.objects.create(place=side.place, words=needle("words"), delete_on=…)

Names in ``words="…"`` are roles of the cast seen from the side: on the other side ``coordinator`` is ``other`` and
``lead`` is ``other_lead``. ``practitioner`` is not the person planted, but a colleague. Nobody: ``words=""``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.models import Person
from attendance.models import (
    AccessNeed,
    CalendarAnswer,
    CalendarEntry,
    OnlinePresence,
    OnlineReport,
    Place,
    PlaceState,
    WalkIn,
)
from briefings.models import Mandate, Programme, Session
from commitments.models import (
    Agreement,
    AgreementVersion,
    Clearance,
    ClockChange,
    Commission,
    Draft,
    Endorsement,
    EndorsementName,
    Guidance,
    Question,
    Telling,
)
from communications.models import PostSeries, Reuse
from messaging.models import Bounce, Delivered, Inbound, Message, SenderProfile, Subscriber
from organisations.models import Affiliation, ImportChange, ImportRow, ImportState, Organisation, StaffListImport
from tests.briefings.factories import AppointmentFactory
from tests.cast import ROLES, Cast
from tests.organisations.factories import AffiliationFactory, PersonFactory, ProfessionFactory

WORDS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)

BEGINNING = "zq"
"""How every needle begins."""

CODES = {
    "accounts.Person.language": "a code of a language",
    "accounts.Attempt.key": "a keyed digest",
    "history.Entry.actor": "the key of a row",
    "history.Look.actor": "the key of a row",
    "history.Look.person": "the key of a row",
    "attendance.Invitation.answer": "one of a list",
    "attendance.AbsenceReason.code": "one of a list",
    "attendance.Place.made_by": "the key of a row",
    "attendance.CalendarAnswer.said": "one of a list",
    "attendance.CalendarAnswer.settled_by": "the key of a row",
    "messaging.Bounce.cleared_by": "the key of a row",
    "attendance.SeniorAttendance.asked_by": "the key of a row",
    "attendance.SeniorAttendance.answered_by": "the key of a row",
    "attendance.Availability.said_by": "the key of a row",
    "attendance.Register.closed_by": "the key of a row",
    "attendance.WalkIn.made_by": "the key of a row",
    "attendance.Mark.made_by": "the key of a row",
    "surveys.Ticket.digest": "a keyed digest",
    "commitments.Commission.made_by": "the key of a row",
    "commitments.ClockChange.made_by": "the key of a row",
    "communications.PostVersion.saved_by": "the key of a row",
}
"""Personal fields that hold no words of anybody: model and field, and what they hold."""

_SWAPPED = {"coordinator": "other", "lead": "other_lead", "other": "coordinator", "other_lead": "lead"}
_EVERYWHERE = {"administrator"}


def sensitive_fields() -> dict[str, set[str]]:
    """Return the fields that need a needle, by the label of their model."""
    found: dict[str, set[str]] = {}
    for model in apps.get_models():
        for name in getattr(getattr(model, "retention", None), "personal", ()):
            field = model._meta.get_field(name)
            if isinstance(field, WORDS) and not field.is_relation and f"{model._meta.label}.{name}" not in CODES:
                found.setdefault(model._meta.label, set()).add(name)
    return found


@dataclass
class Side:
    """What needles are planted in: ``own`` or ``other``."""

    name: str
    programme: Programme
    organisation: Organisation
    session: Session
    staff: Person
    """The coordinator of the programme."""

    @cached_property
    def person(self) -> Person:
        """Somebody who works at the partner and comes to the session; nobody of the cast."""
        return PersonFactory()

    @cached_property
    def affiliation(self) -> Affiliation:
        return AffiliationFactory(person=self.person, organisation=self.organisation, profession=ProfessionFactory())

    @cached_property
    def place(self) -> Place:
        now = timezone.now()
        return Place.objects.create(
            session=self.session, person=self.person, organisation=self.organisation, state=PlaceState.BOOKED,
            reference=f"ND-{self.name}", made_at=now, made_by=f"accounts.person:{self.staff.pk}", seated_at=now,
        )  # fmt: skip


@dataclass(frozen=True)
class Needle:
    """One planted word and the roles that may read it on a page."""

    word: str
    field: str
    side: str
    readers: frozenset[str]

    def is_for(self, role: str, view: str) -> bool:
        """Return whether ``role`` may read it on the page ``view``.

        Every coordinator keeps the staff lists of all organisations, so there, and only there, they meet everybody.
        """
        keeps = view.startswith("organisations:") and role in ("coordinator", "other")
        return role in self.readers or (keeps and self.field in STAFF_LIST)


STAFF_LIST = {
    "accounts.Person.name",
    "accounts.Person.email",
    "organisations.Affiliation.staff_number",
    "organisations.ImportRow.name",
    "organisations.ImportRow.email",
    "organisations.ImportRow.staff_number",
    "organisations.ImportRow.original",
}
"""What a staff list holds."""

Planter = Callable[[Side, Callable[[str], str]], None]
PLANTERS: dict[str, tuple[Planter, dict[str, str]]] = {}


def plants(label: str, **readers: str) -> Callable[[Planter], Planter]:
    """Register the planter of the model ``label``; see above."""

    def register(planter: Planter) -> Planter:
        PLANTERS[label] = planter, readers
        return planter

    return register


def plant(cast: Cast) -> list[Needle]:
    """Plant every needle on both sides and return them."""
    sides = [
        Side("own", cast.programme, cast.organisation, cast.session, cast.coordinator),
        Side("other", cast.other_programme, cast.other_organisation, cast.other_session, cast.other),
    ]
    needles = []
    for side in sides:
        for label, (planter, readers) in PLANTERS.items():
            planter(side, lambda field, label=label, side=side: word_for(label, field, side.name))
            needles += [
                Needle(word_for(label, field, side.name), f"{label}.{field}", side.name, _seen_from(side, roles))
                for field, roles in readers.items()
            ]
    return needles


def planted_in(text: str, needles: list[Needle]) -> list[Needle]:
    """Return the needles whose word stands in ``text``; one look tells where there is none at all."""
    return [needle for needle in needles if needle.word in text] if BEGINNING in text else []


def word_for(label: str, field: str, side: str) -> str:
    """Return the needle of one field: letters and figures that stand in no language."""
    return f"{BEGINNING}{side}{label.replace('.', '')}{field.replace('_', '')}qz".lower()


def _seen_from(side: Side, roles: str) -> frozenset[str]:
    named = set(roles.split())
    if unknown := named - set(ROLES):
        raise ValueError(f"Not in the cast: {unknown}")
    if side.name == "own" or named == set(ROLES):
        return frozenset(named)
    return frozenset(_SWAPPED.get(role, role) for role in named & (_EVERYWHERE | set(_SWAPPED)))


STAFF = "administrator coordinator facilitator lead"
"""Who may meet the name of somebody who works at a partner and comes to a session."""


@plants(
    "accounts.Person",
    name=f"{STAFF} governance senior",
    sort_name="",
    email="administrator coordinator lead",
)
def _person(side: Side, needle) -> None:
    side.affiliation  # noqa: B018 - made by being asked for
    side.place  # noqa: B018
    Person.objects.filter(pk=side.person.pk).update(
        name=needle("name"), sort_name=needle("sort_name"), email=f"{needle('email')}@example.org"
    )


@plants("organisations.Affiliation", staff_number="administrator lead coordinator")
def _affiliation(side: Side, needle) -> None:
    Affiliation.objects.filter(pk=side.affiliation.pk).update(staff_number=needle("staff_number"))


@plants(
    "organisations.ImportRow",
    name="administrator lead",
    sort_name="",
    email="administrator lead",
    staff_number="administrator lead",
    original="administrator lead",
)
def _import_row(side: Side, needle) -> None:
    """A list that was read: one row will be written, one was rejected and stands in the file of rejected rows."""
    made = _staff_list(side)
    words = {field: needle(field) for field in ("name", "sort_name", "staff_number")}
    ImportRow.objects.create(
        staff_list=made, line=2, fate="new", email=f"{needle('email')}@example.org", organisation=side.organisation,
        original=[needle("original")], **words,
    )  # fmt: skip
    ImportRow.objects.create(
        staff_list=made, line=3, fate="rejected", problem="There is no name.", is_unusable=True,
        original=[needle("original")],
    )  # fmt: skip


@plants("organisations.ImportChange", before="")
def _import_change(side: Side, needle) -> None:
    made = _staff_list(side, state=ImportState.DONE, finished_at=timezone.now())
    ImportChange.objects.create(
        staff_list=made, table="affiliation", row=side.affiliation.pk, before={"staff_number": needle("before")}
    )


def _staff_list(side: Side, **columns) -> StaffListImport:
    columns = {"state": ImportState.READ, "uploaded_at": timezone.now(), **columns}
    return StaffListImport.objects.create(
        file_name="people.csv", organisation=side.organisation, rows_read=2, counts={"new": 1, "rejected": 1},
        columns={"Name": "name"}, **columns,
    )  # fmt: skip


@plants("briefings.Programme", contact_name=" ".join(ROLES))
def _programme(side: Side, needle) -> None:
    Programme.objects.filter(pk=side.programme.pk).update(contact_name=needle("contact_name"))


@plants("briefings.Mandate", confirmed_by="administrator coordinator board governance facilitator")
def _mandate(side: Side, needle) -> None:
    Mandate.objects.create(
        programme=side.programme, organisation=side.organisation, person=side.person, job_title="Director",
        since=date(2026, 1, 5), confirmed_by=needle("confirmed_by"), confirmed_on=date(2026, 1, 5),
    )  # fmt: skip
    AppointmentFactory(programme=side.programme, person=side.person, role="facilitator")


@plants("attendance.AccessNeed", words="coordinator facilitator")
def _access_need(side: Side, needle) -> None:
    AccessNeed.objects.create(place=side.place, words=needle("words"), delete_on=date(2026, 12, 26))


@plants("attendance.WalkIn", name="administrator coordinator facilitator")
def _walk_in(side: Side, needle) -> None:
    WalkIn.objects.create(
        session=side.session, name=needle("name"), organisation=side.organisation, made_at=timezone.now(),
        made_by=f"accounts.person:{side.staff.pk}",
    )  # fmt: skip


@plants("attendance.OnlinePresence", name="administrator coordinator", address="administrator coordinator")
def _online_presence(side: Side, needle) -> None:
    report = OnlineReport.objects.create(
        session=side.session, file_name="report.csv", digest=side.name, version=2, uploaded_at=timezone.now()
    )
    OnlinePresence.objects.create(report=report, name=needle("name"), address=needle("address"), joins=1, minutes=9)


@plants("attendance.CalendarAnswer", sender="administrator coordinator", attendee="administrator coordinator")
def _calendar_answer(side: Side, needle) -> None:
    CalendarAnswer.objects.create(
        entry=CalendarEntry.objects.get_or_create(person=side.person, session=side.session)[0], said="accepted",
        sequence=0, left_at=0, stamp=timezone.now(), received_at=timezone.now(),
        sender=f"{needle('sender')}@example.org", attendee=f"{needle('attendee')}@example.org", outcome="asks",
        why="stranger",
    )  # fmt: skip


@plants("messaging.Inbound", sender="", words="")
def _inbound(side: Side, needle) -> None:
    Inbound.objects.create(
        message_id=f"<needle-{side.name}@in.example.org>", kind="calendar", received_at=timezone.now(),
        sender=f"{needle('sender')}@example.org", is_proven=False, words=needle("words"),
    )  # fmt: skip


@plants("messaging.Bounce", address="administrator coordinator")
def _bounce(side: Side, needle) -> None:
    now = timezone.now()
    message = Message.objects.create(
        kind="attendance.place_booked", key=f"bounce:{side.name}", about=f"briefings.programme:{side.programme.pk}",
        created_at=now, due_at=now, next_try_at=now, state=Message.State.SENT, sent_at=now,
        message_id=f"<bounced-{side.name}@example.org>",
    )  # fmt: skip
    Bounce.objects.create(message=message, address=f"{needle('address')}@example.org", status="5.1.1", came_at=now)


@plants("commitments.Question", words="administrator coordinator facilitator board senior governance lead")
def _question(side: Side, needle) -> None:
    _a_question(side, needle("words"))


@plants("commitments.TellingItem", said="administrator coordinator")
def _telling_item(side: Side, needle) -> None:
    """What somebody said, in a draft that nobody has approved yet."""
    made = Telling.objects.create(
        programme=side.programme, kind="answered", drafted_at=timezone.now(), changed_by=side.staff
    )
    made.items.create(position=1, section="done", said=needle("said"), told="Soon.")


@plants(
    "commitments.SectionComment",
    words="administrator coordinator facilitator board governance senior lead practitioner",
)
def _section_comment(side: Side, needle) -> None:
    """What somebody says of a draft that is open to the partners and to whoever came to a session."""
    now = timezone.now()
    own = Guidance.objects.create(
        programme=side.programme, title="Doors", is_open=True, started_at=now, started_by=side.staff
    )
    part = own.sections.create(position=1, title="Doors", words="Open.", changed_at=now, changed_by=side.staff)
    part.comments.create(words=needle("words"), made_by=side.staff, made_at=now)


@plants("commitments.Commission", reason="administrator coordinator board senior")
def _commission(side: Side, needle) -> None:
    Commission.objects.create(
        question=_a_question(side, "When do we begin?"), organisation=side.organisation, person=side.person,
        state="declined", made_at=timezone.now(), decided_at=timezone.now(), made_by=f"accounts.person:{side.staff.pk}",
        reason=needle("reason"),
    )  # fmt: skip


@plants("commitments.Draft", words="administrator coordinator")
def _draft(side: Side, needle) -> None:
    Draft.objects.create(
        question=_a_question(side, "Who writes it?"), version=1, words=needle("words"), written_by=side.staff,
        written_at=timezone.now(),
    )  # fmt: skip


@plants("commitments.Clearance", reason="administrator coordinator governance")
def _clearance(side: Side, needle) -> None:
    """Why words were sent back: whoever holds the role that clears them reads it, too."""
    draft = Draft.objects.create(
        question=_a_question(side, "Who clears it at all?"), version=1, words="A draft", state="returned",
        written_by=side.staff, written_at=timezone.now(),
    )  # fmt: skip
    Clearance.objects.create(
        draft=draft, role="dpo", organisation=side.organisation, state="returned", asked_at=timezone.now(),
        decided_at=timezone.now(), decided_by=side.staff, reason=needle("reason"),
    )  # fmt: skip


@plants("commitments.ClockChange", reason="administrator coordinator board senior governance lead")
def _clock_change(side: Side, needle) -> None:
    day = timezone.localdate()
    ClockChange.objects.create(
        question=_a_question(side, "Why does it take longer?"), kind="extended", at=timezone.now(), calendar="",
        made_by=f"accounts.person:{side.staff.pk}", reason=needle("reason"), due_before=day, due_after=day,
    )  # fmt: skip


def _a_question(side: Side, words: str) -> Question:
    day = timezone.localdate()
    return Question.objects.create(
        reference=f"Q-{side.name}-{len(words)}", programme=side.programme, session=side.session, words=words,
        asked_as="name", raised_on=day, due_on=day, due_from=day, due_days=5, next_reminder_on=day,
    )  # fmt: skip


@plants("commitments.EndorsementName", name="administrator coordinator board senior governance lead")
def _endorsement_name(side: Side, needle) -> None:
    """Who signed an agreement: the public page names organisations alone."""
    now, day = timezone.now(), timezone.localdate()
    mandate = Mandate.objects.get(programme=side.programme, person=side.person)
    agreement = Agreement.objects.create(
        reference=f"AGR-{side.name}", programme=side.programme, title="One plan", made_at=now, made_by=side.staff
    )
    version = AgreementVersion.objects.create(
        agreement=agreement, number=1, words="We share one plan.", review_on=day + timedelta(days=300), drafted_at=now,
        drafted_by=side.staff, state="proposed", proposed_at=now, proposed_by=side.staff, endorse_by=day,
        next_review_reminder_on=day + timedelta(days=290),
    )  # fmt: skip
    version.partners_asked.create(organisation=side.organisation, outcome="endorsed", said_at=now)
    made = Endorsement.objects.create(
        programme=side.programme, position=1, agreement=agreement, version=version, words_hash="0" * 64,
        organisation=side.organisation, organisation_name=side.organisation.name, mandate=mandate, role="Director",
        outcome="endorsed", signed_at=now, name_digest="0" * 64, previous_hash="0" * 64, own_hash="1" * 64,
    )  # fmt: skip
    EndorsementName.objects.create(endorsement=made, person=side.person, name=needle("name"), salt="0" * 64)


@plants("messaging.SenderProfile", address=" ".join(ROLES), reply_to=" ".join(ROLES))
def _sender(side: Side, needle) -> None:
    """A mailbox of the programme: it stands in every mail and calendar entry."""
    SenderProfile.objects.create(
        about=f"briefings.programme:{side.programme.pk}", name="Briefings",
        address=f"{needle('address')}@example.org", reply_to=f"{needle('reply_to')}@example.org",
    )  # fmt: skip


@plants(
    "messaging.Message",
    address="administrator coordinator",
    sent_to="administrator coordinator",
    refs="",
    subject="administrator coordinator",
    text="administrator coordinator",
    sealed="",
)
def _message(side: Side, needle) -> None:
    now = timezone.now()
    common = {
        "about": f"briefings.programme:{side.programme.pk}", "person": side.person,
        "created_at": now, "due_at": now, "next_try_at": now,
    }  # fmt: skip
    sent = {"state": Message.State.SENT, "sent_at": now, "message_id": f"<{side.name}@example.org>"}
    Message.objects.create(
        kind="attendance.place_booked", key=f"needle:{side.name}", address=f"{needle('address')}@example.org",
        sent_to=f"{needle('sent_to')}@example.org", subject=needle("subject"), text=needle("text"),
        refs={"needle": needle("refs")}, **common, **sent,
    )  # fmt: skip
    Message.objects.create(
        kind="messaging.code", key=f"needle:private:{side.name}", address="code@example.org",
        sealed=needle("sealed").encode(), useful_until=now + timedelta(hours=1), **common,
    )  # fmt: skip


@plants(
    "communications.PostSeries",
    author_name=" ".join(ROLES), credit_line=" ".join(ROLES), ask_whom=" ".join(ROLES),
)  # fmt: skip
def _post_series(side: Side, needle) -> None:
    """The author is credited: what a series says of them is for everybody."""
    _a_series(side, author_name=needle("author_name"), credit_line=needle("credit_line"), ask_whom=needle("ask_whom"))


@plants("communications.Picture", credit=" ".join(ROLES))
def _picture(side: Side, needle) -> None:
    _a_series(side).pictures.create(
        number=1, words="A tree", credit=needle("credit"), content_type="image/png", made_at=timezone.now()
    )


@plants(
    "communications.Reuse",
    organisation="administrator coordinator", place="administrator coordinator",
    contact_email="administrator coordinator",
)  # fmt: skip
def _reuse(side: Side, needle) -> None:
    """What a stranger said: nobody but who keeps the series reads it before they have shown it."""
    Reuse.objects.create(
        series=_a_series(side), organisation=needle("organisation"), place=needle("place"),
        contact_email=f"{needle('contact_email')}@example.org", said_at=timezone.now(),
    )  # fmt: skip


def _a_series(side: Side, **words) -> PostSeries:
    """A series with one published post, written by the coordinator."""
    now = timezone.now()
    count = PostSeries.objects.count()
    fields = {"author_name": "Meredith", "credit_line": "Meredith", **words}
    made = PostSeries.objects.create(
        programme=side.programme, title="Records", slug=f"needle-{count}", author=side.staff, zone="Europe/London",
        feed_id=f"tag:needle-{count}", started_at=now, changed_at=now, **fields,
    )  # fmt: skip
    post = made.posts.create(
        position=1, title="One", slug="one", words="One", state="published", changed_at=now, changed_by=side.staff,
        published_at=now, feed_id=f"tag:post-{count}",
    )  # fmt: skip
    post.versions.create(number=1, title="One", words="One", saved_at=now, saved_by=f"accounts.person:{side.staff.pk}")
    return made


@plants("messaging.Subscriber", address="")
def _subscriber(side: Side, needle) -> None:
    """Who reads a series by mail is nobody's business: staff see how many there are."""
    Subscriber.objects.create(address=f"{needle('address')}@example.org", made_at=timezone.now())


@plants("messaging.Delivered", recipient="", subject="", raw="")
def _delivered(side: Side, needle) -> None:
    """The trial's mailbox is the receiving end: its own pages show it to everybody, no other page does."""
    Delivered.objects.create(
        message_id=f"<needle-{side.name}@example.org>", recipient=f"{needle('recipient')}@example.org",
        subject=needle("subject"), raw=needle("raw").encode(), received_at=timezone.now(),
    )  # fmt: skip
