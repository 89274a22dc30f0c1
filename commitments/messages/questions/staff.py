"""What owners, coordinators and governance roles are told when something happens to a question."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from briefings.models import Programme
from commitments.clocks import local_day
from commitments.models import (
    UNANSWERED,
    Clearance,
    ClearanceState,
    ClockChange,
    Commission,
    CommissionState,
    Question,
)
from commitments.queries.counting import first_due
from commitments.queries.questions import when_due
from commitments.queries.standards import holders_of, keepers_of, policy_of
from history.actions import key_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

COMMISSIONED = "commitments.question_commissioned"
DECLINED = "commitments.question_declined"
TRANSFERRED = "commitments.question_transferred"
REOPENED = "commitments.question_reopened"
RELEASED = "commitments.question_released"
CLEARANCE = "commitments.question_clearance"
RETURNED = "commitments.question_returned"
NOBODY_CLEARS = "commitments.question_nobody_clears"
DATE = "commitments.question_date"
SETTLED = "commitments.question_settled"


def tell_commissioned(commission: Commission, *, now: datetime) -> None:
    """Ask the senior manager, with the link to accept or decline."""
    messaging.actions.queue(
        kind=COMMISSIONED,
        key=f"commitments.commission:{commission.pk}:asked",
        to=commission.person,
        refs={"commission": commission.pk},
        about=commission.question.programme,
        now=now,
    )


def tell_declined(commission: Commission, *, now: datetime) -> None:
    """Tell the coordinators that the question is theirs again, and why."""
    question = commission.question
    key = f"commitments.commission:{commission.pk}:declined"
    tell(DECLINED, key, _keepers(question, now), {"commission": commission.pk}, question, now)


def tell_transferred(commission: Commission, before: Person, by: Any, *, now: datetime) -> None:
    """Tell who had the question, and the coordinators, where it went; not whoever did it."""
    question = commission.question
    people = [
        each
        for each in (before, *_keepers(question, now))
        if each.pk != commission.person_id and key_of(each) != key_of(by)
    ]
    key = f"commitments.commission:{commission.pk}:transferred"
    tell(TRANSFERRED, key, people, {"commission": commission.pk}, question, now)


def tell_settled(commission: Commission | None, *, by: Any, now: datetime) -> None:
    """Tell who was asked to answer, unless it is they who did it, that nothing is owed any more, and why."""
    if commission and key_of(commission.person) != key_of(by):
        key = f"commitments.commission:{commission.pk}:settled:{now.isoformat()}"
        tell(SETTLED, key, [commission.person], {"commission": commission.pk}, commission.question, now)


def settled_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each such mail whose question is owed again."""
    ids = [message.refs["commission"] for message in batch]
    owed = Commission.objects.filter(pk__in=ids, question__state__in=UNANSWERED).values_list("pk", flat=True)
    again = set(owed)
    return {m.pk: "question_is_open_again" for m in batch if m.refs["commission"] in again}


def tell_reopened(question: Question, change: ClockChange, *, now: datetime) -> None:
    """Tell owner and coordinators that an asker says it is not answered; ``change`` is the new clock that began."""
    people = [*_keepers(question, now), *([question.owner] if question.owner else [])]
    key = f"commitments.question:{question.pk}:reopened:{change.pk}"
    tell(REOPENED, key, people, {"question": str(question.pk)}, question, now)


def tell_released(commission: Commission | None, question: Question, *, now: datetime) -> None:
    """Tell the coordinators that the owner may no longer answer, and that the question is theirs."""
    key = f"commitments.question:{question.pk}:released:{commission.pk if commission else local_day_of(question, now)}"
    tell(RELEASED, key, _keepers(question, now), {"question": str(question.pk)}, question, now)


def ask_clearance(clearance: Clearance, *, now: datetime, again: str = "") -> None:
    """Ask whoever holds the role to clear the words; ``again`` names a reminder."""
    question = clearance.draft.question
    today = local_day(question.programme, now)
    people = holders_of(question.programme, clearance.role, clearance.organisation, today)
    key = f"commitments.clearance:{clearance.pk}:{clearance.organisation_id}:asked{again}"
    tell(CLEARANCE, key, people, {"clearance": clearance.pk}, question, now)


def tell_returned(clearance: Clearance, *, now: datetime) -> None:
    """Tell who wrote the words what must change."""
    key = f"commitments.clearance:{clearance.pk}:returned"
    question = clearance.draft.question
    tell(RETURNED, key, [clearance.draft.written_by], {"clearance": clearance.pk}, question, now)


def tell_nobody_clears(clearance: Clearance, *, now: datetime) -> None:
    """Tell who wrote the words, and the coordinators, that nobody holds the role any more."""
    question = clearance.draft.question
    people = [clearance.draft.written_by, *_keepers(question, now)]
    key = f"commitments.clearance:{clearance.pk}:nobody"
    tell(NOBODY_CLEARS, key, people, {"clearance": clearance.pk}, question, now)


def tell_owner_of_date(change: ClockChange, *, by: Any, now: datetime) -> None:
    """Tell the owner, where somebody else moved the date, when their answer is due now and why."""
    owner = change.question.owner
    if owner and key_of(owner) != key_of(by):
        key = f"commitments.question:{change.question_id}:date:{change.pk}"
        refs = {"question": str(change.question_id), "change": change.pk}
        tell(DATE, key, [owner], refs, change.question, now)


def date_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each new date that is none any more: answered, passed on, or moved once more."""
    questions = Question.objects.in_bulk([UUID(message.refs["question"]) for message in batch])
    changes = ClockChange.objects.in_bulk([message.refs["change"] for message in batch])
    reasons = {}
    for message in batch:
        question, change = questions.get(UUID(message.refs["question"])), changes.get(message.refs["change"])
        if question is None or change is None or question.state not in UNANSWERED:
            reasons[message.pk] = "question_answered"
        elif question.owner_id != message.person_id:
            reasons[message.pk] = "another_owner"
        elif question.due_on != change.due_after or (change.kind == "paused") != (question.paused_on is not None):
            reasons[message.pk] = "another_due_date"
    return reasons


def render_date(message: Message) -> Content:
    """Return the news for an owner that the date of their answer was moved."""
    question = Question.objects.select_related("programme").get(pk=message.refs["question"])
    context = {
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "change": ClockChange.objects.get(pk=message.refs["change"]),
        "address": page_of(question),
    }
    return render_mail("commitments/mail/question_date", context, f"Question {question.reference} has another date")


def commission_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each commission that is no longer asked."""
    asked = set(
        Commission.objects.filter(
            pk__in=[message.refs["commission"] for message in batch], state=CommissionState.ASKED
        ).values_list("pk", flat=True)
    )
    return {m.pk: "commission_decided" for m in batch if m.refs["commission"] not in asked}


def clearance_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each clearance that is no longer asked."""
    ids = [message.refs["clearance"] for message in batch]
    asked = set(Clearance.objects.filter(pk__in=ids, state=ClearanceState.ASKED).values_list("pk", flat=True))
    return {m.pk: "clearance_decided" for m in batch if m.refs["clearance"] not in asked}


def render_commission(message: Message) -> Content:
    """Return the mail about one commission: to the senior manager asked, or to others when declined or passed on."""
    own = Commission.objects.select_related(
        "question__programme", "question__merged_into", "person", "organisation", "link"
    ).get(pk=message.refs["commission"])
    question = own.question
    name, subject = _ABOUT_COMMISSIONS[message.kind]
    context = {
        "commission": own,
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "answer": question.answers.select_related("given_by", "organisation").first(),
        "due": when_due(question, local_day(question.programme, message.due_at)),
        "is_as_counted": question.paused_on is None and first_due(question) == question.due_on,
        "address": address_of(own.link) if message.kind == COMMISSIONED else page_of(question),
    }
    return render_mail(f"commitments/mail/{name}", context, subject.format(question.reference))


_ABOUT_COMMISSIONS = {
    COMMISSIONED: ("question_commissioned", "Can you answer question {}?"),
    DECLINED: ("question_declined", "Question {} needs another owner"),
    TRANSFERRED: ("question_transferred", "Question {} has another owner"),
    SETTLED: ("question_settled", "Question {} needs no answer from you any more"),
}


def render_question(message: Message) -> Content:
    """Return the news that a question is open again, or has lost its owner."""
    question = Question.objects.select_related("programme", "owner", "organisation").get(pk=message.refs["question"])
    is_reopened = message.kind == REOPENED
    context = {
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "is_owner": question.owner_id == message.person_id,
        "needs_owner": question.owner_id is None,
        "due": when_due(question, local_day(question.programme, message.due_at)),
        "address": page_of(question),
    }
    name = "question_reopened" if is_reopened else "question_released"
    subject = "is open again" if is_reopened else "needs another owner"
    return render_mail(f"commitments/mail/{name}", context, f"Question {question.reference} {subject}")


def render_clearance(message: Message) -> Content:
    """Return the mail that asks for clearance, or says what must change."""
    own = Clearance.objects.select_related("draft__question__programme", "organisation", "decided_by").get(
        pk=message.refs["clearance"]
    )
    question = own.draft.question
    is_writer = own.draft.written_by_id == message.person_id
    gives_role = message.kind == NOBODY_CLEARS and not is_writer
    context = {
        "clearance": own,
        "is_writer": is_writer,
        "is_required": own.role in policy_of(question.programme).clearance_roles,
        "draft": own.draft,
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "due": when_due(question, local_day(question.programme, message.due_at)),
        "address": _holders_page(question.programme) if gives_role else page_of(question),
    }
    name, subject = _ABOUT_CLEARANCES[message.kind]
    return render_mail(f"commitments/mail/{name}", context, subject.format(question.reference))


_ABOUT_CLEARANCES = {
    CLEARANCE: ("question_clearance", "Can you clear the answer to question {}?"),
    RETURNED: ("question_returned", "The answer to question {} needs a change"),
    NOBODY_CLEARS: ("question_nobody_clears", "Nobody can clear the answer to question {}"),
}


def _holders_page(programme: Programme) -> str:
    return settings.SITE_URL + reverse("commitments:governance-holder-add", args=[programme.slug])


def page_of(question: Question) -> str:
    """Return the absolute address of the page of ``question`` for staff."""
    return settings.SITE_URL + reverse("commitments:question-show", args=[question.pk])


def tell(kind: str, key: str, people: Iterable[Person], refs: dict, question: Question, now: datetime) -> int:
    """Plan one mail of ``kind`` to each of ``people`` with an address; return how many are new."""
    rows = [
        Planned(key=f"{key}:{person.pk}", to=person, refs=refs, about=question.programme)
        for person in {person.pk: person for person in people if person.email}.values()
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def local_day_of(question: Question, now: datetime) -> str:
    """Return the local day of ``now`` for a key."""
    return local_day(question.programme, now).isoformat()


def _keepers(question: Question, now: datetime) -> list[Person]:
    return keepers_of(question.programme, local_day(question.programme, now))


def register_kinds() -> None:
    """Make the kinds of staff known; called when the app is ready."""
    register(Kind(COMMISSIONED, render_commission, commission_not_wanted, label="Question to answer"))
    register(Kind(DECLINED, render_commission, label="Question declined"))
    register(Kind(TRANSFERRED, render_commission, label="Question passed on"))
    register(Kind(SETTLED, render_commission, settled_not_wanted, label="Question that needs no answer"))
    register(Kind(REOPENED, render_question, label="Question open again"))
    register(Kind(RELEASED, render_question, label="Question without an owner"))
    register(Kind(CLEARANCE, render_clearance, clearance_not_wanted, label="Answer to clear"))
    register(Kind(RETURNED, render_clearance, label="Answer to change"))
    register(Kind(DATE, render_date, date_not_wanted, label="Another date for a question"))
    register(Kind(NOBODY_CLEARS, render_clearance, label="Answer that nobody can clear"))
