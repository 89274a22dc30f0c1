"""Reminders of questions: one mail for each, or one a day for who has chosen that."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from commitments.clocks import Rung, local_day
from commitments.messages.questions.staff import page_of, tell
from commitments.models import (
    UNANSWERED,
    Asker,
    Clearance,
    ClearanceState,
    CommissionState,
    DigestChoice,
    Question,
    Told,
)
from commitments.queries.owed import owed_to
from commitments.queries.standards import board_of, keepers_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

REMINDER = "commitments.question_reminder"
DIGEST = "commitments.question_digest"


def remind(question: Question, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of the ladder to those it tells; return how many mails are new.

    Who has chosen one mail a day gets that instead: it names all that is theirs and every question of which a rung told
    them, once a day whatever falls due.
    """
    people = reminded_people(question, rung.tells, now)
    daily = set(DigestChoice.objects.filter(person__in=people).values_list("person", flat=True))
    refs = {"question": str(question.pk), "step": rung.step, "due": question.due_on.isoformat()}
    # By the day of the rung, not its number: another ladder counts anew for the same due date.
    key = f"commitments.question:{question.pk}:{question.due_on}:reminder:{rung.day}"
    single = [person for person in people if person.pk not in daily]
    return tell(REMINDER, key, single, refs, question, now) + _plan_digests(
        [person for person in people if person.pk in daily], question, now
    )


def reminded_people(question: Question, tells: Sequence[str], now: datetime) -> list[Person]:
    """Return who is reminded of ``question`` where a rung ``tells`` owner, lead, coordinator or board.

    What has no owner is the coordinators', and somebody is always told: else they, else the administrators.
    """
    today = local_day(question.programme, now)
    keepers = keepers_of(question.programme, today)
    found: list[Person] = []
    if Told.OWNER in tells:
        found += [question.owner] if question.owner else keepers
    if Told.LEAD in tells and question.organisation_id:
        leads = OrganisationLead.objects.on(today).filter(organisation=question.organisation_id).values("person")
        found += Person.objects.filter(pk__in=leads, is_active=True).order_by("pk")
    if Told.COORDINATOR in tells:
        found += keepers
    if Told.BOARD in tells:
        found += board_of(question.programme, today)
    return list({person.pk: person for person in found or keepers}.values())


def refs_of(question: Question) -> list[dict[str, int | str]]:
    """Return what the mails about ``question`` refer to, those to who asked it or one that was joined with it too.

    Also to who was parted from it since: what tells of its answers, replies and dates refers to those.
    """
    clearances = Clearance.objects.filter(draft__question=question).values_list("pk", flat=True)
    told = {"answer": question.answers, "reply": question.holding_replies, "change": question.clock_changes}
    return [
        {"question": str(question.pk)},
        *({"commission": pk} for pk in question.commissions.values_list("pk", flat=True)),
        *({"clearance": pk} for pk in clearances),
        *({"asker": pk} for pk in Asker.objects.filter(_asked(question)).values_list("pk", flat=True)),
        *({name: pk} for name, rows in told.items() for pk in rows.values_list("pk", flat=True)),
    ]


def _asked(question: Question) -> Q:
    return Q(question=question) | Q(question__merged_into=question)


def _plan_digests(people: Sequence[Person], question: Question, now: datetime) -> int:
    day = timezone.localtime(now).date().isoformat()
    rows = [
        Planned(key=f"commitments.digest:{person.pk}:{day}", to=person, refs={"day": day})
        for person in people
        if person.email
    ]
    if not rows:
        return 0
    made = messaging.actions.queue_many(kind=DIGEST, rows=rows, now=now)
    messaging.actions.add_refs(keys=[row.key for row in rows], refs={str(question.pk): "due"})
    return made


def _named_in(message: Message, today: date) -> QuerySet[Question]:
    """Return what a mail of the day names: what its reader owes, and what a rung of that day told them of."""
    told = [UUID(key) for key, why in message.refs.items() if why == "due"]
    owed = Q(pk__in=owed_to(message.person, today).order_by().values("pk")) | Q(pk__in=told)
    found = Question.objects.filter(owed, state__in=UNANSWERED, paused_on=None)
    return found.order_by("due_on", "reference")


def reminder_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each reminder whose question is answered, waits, has ended or has another date."""
    found = Question.objects.in_bulk([UUID(message.refs["question"]) for message in batch])
    reasons = {}
    for message in batch:
        question = found.get(UUID(message.refs["question"]))
        if question is None or question.state not in UNANSWERED:
            reasons[message.pk] = "question_has_ended"
        elif question.due_on.isoformat() != message.refs["due"]:
            reasons[message.pk] = "another_due_date"
        elif question.paused_on is not None:
            reasons[message.pk] = "clock_is_paused"
    return reasons


def digest_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail of the day that would name nothing."""
    today = timezone.localtime(now).date()
    return {m.pk: "nothing_owed" for m in batch if m.person is None or not _named_in(m, today).exists()}


def render_reminder(message: Message) -> Content:
    """Return the reminder of one question."""
    question = Question.objects.select_related("programme", "owner", "organisation").get(pk=message.refs["question"])
    today = local_day(question.programme, message.due_at)
    live = question.commissions.filter(
        state__in=(CommissionState.ASKED, CommissionState.ACCEPTED), person=message.person_id, link__isnull=False
    )
    live = live.select_related("link").first()
    is_late, is_due_today = question.due_on < today, question.due_on == today
    context = {
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "is_owner": question.owner_id == message.person_id,
        "is_keeper": message.person in keepers_of(question.programme, today),
        "needs_owner": question.owner_id is None,
        "is_late": is_late,
        "is_due_today": is_due_today,
        "address": address_of(live.link) if live else page_of(question),
        "clearing": _clearing(question),
    }
    late = "is late" if is_late else "is due today" if is_due_today else "is due soon"
    return render_mail("commitments/mail/question_reminder", context, f"Question {question.reference} {late}")


def _clearing(question: Question) -> list[str]:
    """Return which roles of which organisations the answer waits for: it is not its owner who is to be hurried."""
    asked = Clearance.objects.filter(draft__question=question, state=ClearanceState.ASKED).select_related(
        "organisation"
    )
    return [f"{each.get_role_display()}, {each.organisation.name}" for each in asked.order_by("pk")]


MOST_IN_DIGEST = 50


def render_digest(message: Message) -> Content:
    """Return the one mail of the day: all that is owed by its reader, the earliest due first."""
    today = timezone.localtime(message.due_at).date()
    owed = _named_in(message, today)
    number = owed.count()
    rows = [
        {"question": each, "address": page_of(each), "is_late": each.due_on < today, "is_today": each.due_on == today}
        for each in owed.select_related("programme", "owner", "organisation")[:MOST_IN_DIGEST]
    ]
    context = {
        "person": message.person,
        "rows": rows,
        "more": number - len(rows),
        "address": settings.SITE_URL + reverse("commitments:question-list"),
    }
    subject = f"{number} question{'' if number == 1 else 's'} waiting for you"
    return render_mail("commitments/mail/question_digest", context, subject)


def register_kinds() -> None:
    """Make the kinds of reminders known; called when the app is ready."""
    register(Kind(REMINDER, render_reminder, reminder_not_wanted, label="Reminder of a question"))
    register(Kind(DIGEST, render_digest, digest_not_wanted, label="Questions of the day"))
