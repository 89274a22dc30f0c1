"""Questions: who is told what. What goes to askers is private, so that no log leads from an answer to who asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from briefings.rules import coordinators_of
from commitments.clocks import AFTER, Rung, local_day
from commitments.models import UNANSWERED, Answer, Asker, Commission, CommissionState, Question
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

RECEIVED = "commitments.question_received"
ANSWERED = "commitments.question_answered"
OUT_OF_SCOPE = "commitments.question_out_of_scope"
COMMISSIONED = "commitments.question_commissioned"
DECLINED = "commitments.question_declined"
REOPENED = "commitments.question_reopened"
REMINDER = "commitments.question_reminder"
_PRIVATE = "Private message"


def tell_received(asker: Asker, *, now: datetime) -> None:
    """Tell who asked that the question has arrived, and by when it is looked at."""
    if asker.person.email:
        messaging.actions.queue(
            kind=RECEIVED,
            key=f"commitments.asker:{asker.pk}:received",
            to=asker.person,
            refs={"asker": asker.pk},
            now=now,
            useful_until=now + timedelta(days=3),
        )


def tell_answered(answer: Answer, *, now: datetime) -> None:
    """Tell everybody who asked that there is an answer, once for each version of it."""
    _tell_askers(answer.question, ANSWERED, f"answered:{answer.version}", now)


def tell_out_of_scope(question: Question, *, now: datetime) -> None:
    """Tell everybody who asked that this programme cannot answer, and why."""
    _tell_askers(question, OUT_OF_SCOPE, "out_of_scope", now)


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
    _tell(
        DECLINED,
        f"commitments.commission:{commission.pk}:declined",
        coordinators_of(question.programme, local_day(question.programme, now)),
        {"commission": commission.pk},
        question,
        now,
    )


def tell_reopened(question: Question, *, now: datetime) -> None:
    """Tell owner and coordinators that an asker says it is not answered."""
    people = list(coordinators_of(question.programme, local_day(question.programme, now)))
    if question.owner:
        people.append(question.owner)
    _tell(
        REOPENED,
        f"commitments.question:{question.pk}:reopened",
        people,
        {"question": str(question.pk)},
        question,
        now,
    )


def remind(question: Question, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of the ladder: to the owner, when late to lead and coordinators too; return how many."""
    refs = {"question": str(question.pk), "step": rung.step, "due": question.due_on.isoformat()}
    key = f"commitments.question:{question.pk}:{question.due_on}:reminder:{rung.step}"
    return _tell(REMINDER, key, reminded_people(question, rung.when == AFTER, now), refs, question, now)


def reminded_people(question: Question, is_late: bool, now: datetime) -> list[Person]:
    """Return who is reminded of ``question``: its owner, else the coordinators; when late, lead and they too."""
    today = local_day(question.programme, now)
    coordinators = list(coordinators_of(question.programme, today))
    if question.owner is None:
        return coordinators
    if not is_late:
        return [question.owner]
    leads = Person.objects.filter(
        pk__in=OrganisationLead.objects.on(today).filter(organisation=question.organisation).values("person"),
        is_active=True,
    )
    return list({person.pk: person for person in [question.owner, *leads, *coordinators]}.values())


def reminder_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each reminder whose question is answered, has ended or has another date since."""
    found = _questions(batch)
    reasons = {}
    for message in batch:
        question = found.get(message.refs["question"])
        if question is None or question.state not in UNANSWERED:
            reasons[message.pk] = "question_has_ended"
        elif question.due_on.isoformat() != message.refs["due"]:
            reasons[message.pk] = "another_due_date"
    return reasons


def commission_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each commission that is no longer asked."""
    asked = set(
        Commission.objects.filter(
            pk__in=[message.refs["commission"] for message in batch], state=CommissionState.ASKED
        ).values_list("pk", flat=True)
    )
    return {m.pk: "commission_decided" for m in batch if m.refs["commission"] not in asked}


def render_for_asker(message: Message) -> Content:
    """Return what somebody who asked gets: received, answered, out of scope."""
    asker = Asker.objects.select_related("question__programme", "person", "link").get(pk=message.refs["asker"])
    question = asker.question
    names = {RECEIVED: "question_received", ANSWERED: "question_answered", OUT_OF_SCOPE: "question_out_of_scope"}
    subjects = {
        RECEIVED: f"We have your question {question.reference}",
        ANSWERED: f"Your question {question.reference} is answered",
        OUT_OF_SCOPE: f"Your question {question.reference}",
    }
    context = {
        "asker": asker,
        "person": asker.person,
        "question": question,
        "programme": question.programme,
        "answer": question.answers.select_related("organisation").first(),
        "address": address_of(asker.link),
    }
    return render_mail(f"commitments/mail/{names[message.kind]}", context, subjects[message.kind])


def render_commission(message: Message) -> Content:
    """Return the mail about one commission: to the senior manager asked, or to the coordinators when declined."""
    own = Commission.objects.select_related("question__programme", "person", "organisation", "link").get(
        pk=message.refs["commission"]
    )
    question = own.question
    context = {
        "commission": own,
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "address": address_of(own.link) if message.kind == COMMISSIONED else page_of(question),
    }
    if message.kind == COMMISSIONED:
        return render_mail(
            "commitments/mail/question_commissioned", context, f"Can you answer question {question.reference}?"
        )
    return render_mail(
        "commitments/mail/question_declined", context, f"Question {question.reference} needs another owner"
    )


def render_question(message: Message) -> Content:
    """Return a reminder of a question, or the news that it is open again."""
    question = Question.objects.select_related("programme", "owner", "organisation").get(pk=message.refs["question"])
    today = local_day(question.programme, message.due_at)
    own = question.owner_id == message.person_id
    live = (
        question.commissions.filter(
            Q(state=CommissionState.ASKED) | Q(state=CommissionState.ACCEPTED),
            person=message.person_id,
            link__isnull=False,
        )
        .select_related("link")
        .first()
    )
    context = {
        "person": message.person,
        "question": question,
        "programme": question.programme,
        "is_owner": own,
        "needs_owner": question.owner_id is None,
        "is_late": question.due_on < today,
        "is_due_today": question.due_on == today,
        "address": address_of(live.link) if live else page_of(question),
    }
    if message.kind == REOPENED:
        return render_mail(
            "commitments/mail/question_reopened", context, f"Question {question.reference} is open again"
        )
    late = "is late" if context["is_late"] else "is due today" if context["is_due_today"] else "is due soon"
    return render_mail("commitments/mail/question_reminder", context, f"Question {question.reference} {late}")


def page_of(question: Question) -> str:
    """Return the absolute address of the page of ``question`` for staff."""
    return settings.SITE_URL + reverse("commitments:question-show", args=[question.pk])


def _tell_askers(question: Question, kind: str, reason: str, now: datetime) -> None:
    askers = question.askers.filter(person__email__isnull=False).values_list("pk", "person_id")
    rows = (Planned(key=f"commitments.asker:{pk}:{reason}", to=person, refs={"asker": pk}) for pk, person in askers)
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def _tell(kind: str, key: str, people: Iterable[Person], refs: dict, question: Question, now: datetime) -> int:
    rows = [
        Planned(key=f"{key}:{person.pk}", to=person, refs=refs, about=question.programme)
        for person in {person.pk: person for person in people if person.email}.values()
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def _questions(batch: Sequence[Message]) -> dict[str, Question]:
    found = Question.objects.in_bulk([UUID(message.refs["question"]) for message in batch])
    return {str(pk): question for pk, question in found.items()}


def register_kinds() -> None:
    """Make the kinds of questions known; called when the app is ready."""
    register(Kind(RECEIVED, render_for_asker, private=True, label=_PRIVATE))
    register(Kind(ANSWERED, render_for_asker, private=True, label=_PRIVATE))
    register(Kind(OUT_OF_SCOPE, render_for_asker, private=True, label=_PRIVATE))
    register(Kind(COMMISSIONED, render_commission, commission_not_wanted, label="Question to answer"))
    register(Kind(DECLINED, render_commission, label="Question declined"))
    register(Kind(REOPENED, render_question, label="Question open again"))
    register(Kind(REMINDER, render_question, reminder_not_wanted, label="Reminder of a question"))
