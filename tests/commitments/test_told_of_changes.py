"""Who is told when a question is parted, opened again by one of several, or has another date; and reasons redacted."""

from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.urls import reverse

from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.models import AskedAs, Asker, Audience, ClosureDay, Question, QuestionState
from history.models import Entry
from messaging.delivery import deliver_due
from messaging.models import Delivered, Message
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.commitments.test_way import kinds_to, rows_with
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def cast(time_machine) -> Cast:
    time_machine.move_to(NOW, tick=False)
    return Cast()


def fresh(question: Question) -> Question:
    return Question.objects.select_related("programme", "owner", "organisation").get(pk=question.pk)


def accepted(cast: Cast) -> Question:
    made = cast.commissioned()
    actions.accept_commission(commission=made, by=cast.senior, now=NOW)
    return fresh(made.question)


def joined(cast: Cast, whole: Question, asked_as=AskedAs.NAME) -> Asker:
    """Return who asked another question that was joined with ``whole``: another person."""
    first, cast.practitioner = cast.practitioner, PersonFactory()
    other = cast.question("May I read it too?", asked_as=asked_as)
    cast.practitioner = first
    actions.merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    return Asker.objects.select_related("question", "person").get(question=other)


def last_mail(person, kind: str) -> str:
    """Return the words of the newest mail of ``kind`` to ``person`` as it was delivered."""
    deliver_due()
    message = Message.objects.filter(person=person, kind=f"commitments.{kind}").latest("pk")
    raw = bytes(Delivered.objects.get(message_id=message.message_id).raw)
    return " ".join(message_from_bytes(raw, policy=default).get_body(("plain",)).get_content().split())


# Parted


def test_who_asked_what_is_parted_is_told_and_gets_the_answer_of_theirs(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    own = actions.part(question=asker.question, by=cast.coordinator, now=NOW)
    assert kinds_to(asker.person) == ["received", "merged", "answered", "parted"]
    assert kinds_to(cast.practitioner)[-1] == "answered", "whoever asked the other has nothing new"
    page = words(opened(asker.link).get(reverse("commitments:asker-show", args=[asker.link_id])))
    assert "All" not in page
    actions.publish_answer(question=own, words="You too", audience=Audience.ASKER, by=cast.coordinator, now=NOW)
    assert kinds_to(asker.person)[-1] == "answered"
    assert "You too" in last_mail(asker.person, "question_answered")
    assert kinds_to(cast.practitioner).count("answered") == 1


def test_what_waits_to_be_sent_of_the_other_question_is_not_sent_after_parting(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    actions.part(question=asker.question, by=cast.coordinator, now=NOW)
    deliver_due()
    found = Message.objects.filter(person=asker.person).order_by("pk").values_list("kind", "state", "reason")[1:]
    assert list(found) == [
        ("commitments.question_merged", "withheld", "question_parted"),
        ("commitments.question_answered", "withheld", "question_parted"),
        ("commitments.question_parted", "sent", None),
    ]


def test_who_objected_to_the_answer_of_the_other_may_object_to_their_own_once(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    actions.say_unanswered(asker=asker, by=asker.person, now=NOW)
    own = actions.part(question=asker.question, by=cast.coordinator, now=NOW)
    actions.publish_answer(question=own, words="So", audience=Audience.ASKER, by=cast.coordinator, now=NOW)
    asker.refresh_from_db()
    again = actions.say_unanswered(asker=Asker.objects.get(pk=asker.pk), by=asker.person, now=NOW)
    assert (again.pk, again.state) == (own.pk, QuestionState.OPEN)
    with pytest.raises(actions.SaidBefore):
        actions.say_unanswered(asker=Asker.objects.get(pk=asker.pk), by=asker.person, now=NOW)


def test_who_was_parted_since_keeps_no_mail_with_words_that_are_destroyed(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    reply = actions.send_holding_reply(question=whole, words="We ask Zzyxword", by=cast.senior, now=NOW)
    change = actions.extend(
        question=fresh(whole), due_on=date(2026, 12, 1), reason="Zzyxword is away", by=cast.coordinator, now=NOW
    ).clock_changes.latest("pk")
    deliver_due()
    answer = actions.publish_answer(
        question=whole, words="It is Zzyxword", audience=Audience.ASKER, by=cast.senior, now=NOW
    )
    deliver_due()
    actions.part(question=asker.question, by=cast.coordinator, now=NOW)
    assert rows_with("Zzyxword")
    for what in (reply, answer):
        actions.redact(what=what, words="[removed]", by=cast.coordinator, now=NOW)
    actions.redact_reason(what=change, words="[removed]", by=cast.coordinator, now=NOW)
    assert rows_with("Zzyxword") == []


def test_staff_are_told_each_time_a_question_is_open_again(cast):
    """It is opened again, joined with another, parted, answered, and opened again: that is twice."""
    own, other = accepted(cast), accepted(cast)
    asker = Asker.objects.get(question=own)
    told = []
    for _ in range(2):
        actions.publish_answer(question=fresh(own), words="So", audience=Audience.ASKER, by=cast.coordinator, now=NOW)
        actions.say_unanswered(asker=Asker.objects.get(pk=asker.pk), by=asker.person, now=NOW)
        told.append(kinds_to(cast.coordinator).count("reopened"))
        actions.merge(question=own, into=other, by=cast.coordinator, now=NOW)
        actions.part(question=own, by=cast.coordinator, now=NOW)
    assert told == [1, 2]


def test_who_is_parted_at_that_moment_opens_not_the_question_of_others(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    seen = Asker.objects.select_related("question__merged_into").get(pk=asker.pk)
    assert seen.question.merged_into == whole
    actions.part(question=asker.question, by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NotNow):
        actions.say_unanswered(asker=seen, by=asker.person, now=NOW)
    assert fresh(whole).state == QuestionState.ANSWERED


# Open again because of one of several


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_the_others_are_told_that_it_is_open_again_and_by_whom_nobody_says(cast, asked_as):
    whole = accepted(cast)
    asker = joined(cast, whole, asked_as)
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    actions.say_unanswered(asker=asker, by=asker.person, now=NOW)
    assert kinds_to(asker.person)[-1] == "answered", "who said it sees the new date at once"
    assert kinds_to(cast.practitioner)[-1] == "moved"
    mail = last_mail(cast.practitioner, "question_moved")
    assert "It is open again" in mail
    assert "16 November 2026" in mail
    assert asker.person.name not in mail
    page = words(opened(Asker.objects.get(question=whole).link).get(
        reverse("commitments:asker-show", args=[Asker.objects.get(question=whole).link_id])
    ))  # fmt: skip
    assert "It is open again: somebody who asked it too" in page
    assert "The answer so far" in page


# Another date


def move(cast: Cast, question: Question, how: str, by) -> None:
    common = {"question": question, "by": by, "now": NOW}
    if how == "extend":
        actions.extend(due_on=date(2026, 12, 1), reason="The board meets then", **common)
    elif how == "pause":
        actions.pause_clock(until=date(2026, 11, 20), reason="We wait for the asker", **common)
    else:
        ClosureDay.objects.create(programme=cast.programme, day=date(2026, 11, 5), why="Flood")
        actions.recount(**common)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("extend", "Your answer is now due on Tuesday 1 December 2026"),
        ("pause", "The clock stands still until Friday 20 November 2026"),
        ("recount", "Your answer is now due on Tuesday 17 November 2026"),
    ],
)
def test_the_owner_is_told_of_another_date(cast, how, says):
    question = accepted(cast)
    move(cast, question, how, cast.coordinator)
    assert kinds_to(cast.senior)[-1] == "date"
    assert says in last_mail(cast.senior, "question_date")


def test_who_moved_the_date_of_their_own_question_is_told_nothing(cast):
    question = accepted(cast)
    move(cast, question, "extend", cast.senior)
    assert "date" not in kinds_to(cast.senior)


def test_a_date_that_stands_no_more_is_not_mailed(cast):
    question = accepted(cast)
    move(cast, question, "extend", cast.coordinator)
    actions.extend(question=question, due_on=date(2026, 12, 2), reason="Later", by=cast.coordinator, now=NOW)
    actions.publish_answer(question=question, words="Yes", audience="asker", by=cast.senior, now=NOW)
    deliver_due()
    found = Message.objects.filter(kind="commitments.question_date").order_by("pk").values_list("state", "reason")
    assert list(found) == [("withheld", "question_answered")] * 2


def test_a_wrong_late_that_is_corrected_gives_owner_and_askers_the_date_and_the_askers_no_note(cast, time_machine):
    question = accepted(cast)
    for number in range(10):
        ClosureDay.objects.create(programme=cast.programme, day=date(2026, 11, 9) + timedelta(number), why="Flood")
    late = NOW + timedelta(days=15)
    time_machine.move_to(late, tick=False)
    after = actions.correct_late(question=question, note="Mrs Smallwood was ill", by=cast.coordinator, now=late)
    assert (kinds_to(cast.senior)[-1], kinds_to(cast.practitioner)[-1]) == ("date", "moved")
    assert f"{after.due_on:%-d %B %Y}" in last_mail(cast.senior, "question_date")
    mail = last_mail(cast.practitioner, "question_moved")
    assert f"{after.due_on:%-d %B %Y}" in mail
    assert "Smallwood" not in mail


# Reasons

NEEDLE = "zqreasonfeather"


def test_reasons_are_destroyed_wherever_they_are_kept(cast):
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    other = MandateFactory(programme=cast.programme, organisation=organisation, person=PersonFactory())
    by = {"by": cast.coordinator, "now": NOW}
    question, reason = accepted(cast), f"Because of {NEEDLE}"
    actions.extend(question=question, due_on=date(2026, 12, 1), reason=reason, **by)
    made = actions.transfer(question=question, organisation=organisation, person=other.person, reason=reason, **by)
    actions.decline_commission(commission=made, reason=reason, by=other.person, now=NOW)
    held = policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role="dpo", person=PersonFactory(), **by
    )
    draft = actions.send_to_clearance(question=question, words="Yes", audience="public", roles=["dpo"], **by)
    clearance = draft.clearances.get()
    actions.send_back(clearance=clearance, reason=reason, by=held.person, now=NOW)
    actions.put_out_of_scope(question=question, reason=reason, **by)
    deliver_due()
    assert rows_with(NEEDLE), "the test would find it"
    client = signed_in(cast.coordinator)
    page = client.get(reverse("commitments:question-show", args=[question.pk])).content.decode()
    for kind, row in (("declined", made), ("date", question.clock_changes.get()), ("sent-back", clearance)):
        address = reverse("commitments:question-redact-part", args=[question.pk, kind, row.pk])
        assert address in page or kind == "sent-back", "the words of an ended question are not shown any more"
        assert client.post(address, {"words": "[removed]"}).status_code == 302
    client.post(reverse("commitments:question-redact-ending", args=[question.pk]), {"words": "[removed]"})
    assert rows_with(NEEDLE) == []
    assert Entry.objects.filter(verb="redacted").count() == 4
    with pytest.raises(actions.NothingDestroyed):
        actions.redact_reason(what=fresh(question), words="[removed]", **by)


def test_a_reason_that_was_never_given_cannot_be_redacted_and_a_strangers_is_not_found(cast):
    made = cast.commissioned()
    with pytest.raises(actions.NothingDestroyed):
        actions.redact_reason(what=made, words="[removed]", by=cast.coordinator, now=NOW)
    address = reverse("commitments:question-redact-part", args=[cast.question().pk, "declined", made.pk])
    assert signed_in(cast.coordinator).get(address).status_code == 404


# A second press


@pytest.mark.parametrize("press", ["accept", "decline"])
def test_a_second_press_leads_where_the_first_led(cast, press):
    made, client = cast.commissioned(), signed_in(cast.senior)
    address = reverse(f"commitments:question-{press}", args=[made.question_id])
    for _ in range(2):
        answer = client.post(address, {"reason": "Not ours"})
        assert (answer.status_code, answer.url) == (302, reverse("commitments:question-show", args=[made.question_id]))
    assert Entry.objects.filter(verb="accepted" if press == "accept" else "declined").count() == 1


def test_a_press_after_the_question_went_to_somebody_else_says_so(cast):
    made, client = cast.commissioned(), signed_in(cast.senior)
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    other = MandateFactory(programme=cast.programme, organisation=organisation, person=PersonFactory())
    actions.transfer(
        question=made.question, organisation=organisation, person=other.person, reason="Theirs", by=cast.coordinator,
        now=NOW,
    )  # fmt: skip
    answer = client.post(reverse("commitments:question-accept", args=[made.question_id]), follow=True)
    assert "has moved on since you opened the page" in words(answer)
    assert fresh(made.question).owner == other.person


# What mails say is true on their day


def test_who_asked_what_was_joined_reads_why_the_programme_cannot_answer(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    actions.put_out_of_scope(question=whole, reason="Ask the Zzyx team.", by=cast.coordinator, now=NOW)
    for person in (asker.person, cast.practitioner):
        assert "The reason: Ask the Zzyx team." in last_mail(person, "question_out_of_scope")


def test_an_answer_offers_to_object_only_to_who_may(cast):
    whole = accepted(cast)
    asker = joined(cast, whole)
    common = {"audience": Audience.ASKER, "by": cast.senior, "now": NOW}
    actions.publish_answer(question=whole, words="All", **common)
    by_when = "You can say so once, before Monday 16 November 2026"
    assert by_when in last_mail(asker.person, "question_answered")
    assert by_when in words(opened(asker.link).get(reverse("commitments:asker-show", args=[asker.link_id])))
    actions.say_unanswered(asker=asker, by=asker.person, now=NOW)
    actions.publish_answer(question=fresh(whole), words="All but one", **common)
    for person in (asker.person, cast.practitioner):
        said = last_mail(person, "question_answered")
        assert "All but one" in said
        assert "once" not in said


def test_no_mail_and_no_page_says_that_an_answer_is_due_on_a_day_that_has_passed(cast, time_machine):
    whole, apart = accepted(cast), cast.question("What of the school?")
    asker = Asker.objects.select_related("person").get(question=apart)
    other = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    late = NOW + timedelta(days=30)
    time_machine.move_to(late, tick=False)
    common = {"by": cast.coordinator, "now": late}
    actions.merge(question=apart, into=whole, **common)
    actions.send_holding_reply(question=whole, words="We ask", **common)
    passed = {"organisation": cast.organisation, "person": other.person, "reason": "Theirs"}
    actions.transfer(question=fresh(whole), **passed, **common)
    page = words(opened(asker.link).get(reverse("commitments:asker-show", args=[asker.link_id])))
    assert "is asked to answer it. It was due on Monday 16 November 2026 and is late. You are told" in page
    deliver_due()
    actions.part(question=fresh(apart), **common)
    told = [(asker.person, "merged"), (asker.person, "holding"), (other.person, "commissioned"),
            (cast.senior, "transferred"), (cast.practitioner, "parted")]  # fmt: skip
    for person, kind in told:
        assert "The answer was due on Monday 16 November 2026 and is late." in last_mail(person, f"question_{kind}")


def test_who_is_asked_reads_how_the_date_came_about_only_where_it_was_not_moved(cast):
    question = cast.commissioned().question
    assert "due on Monday 16 November 2026. That is 10 working days from 2 November 2026." in last_mail(
        cast.senior, "question_commissioned"
    )
    actions.extend(question=question, due_on=date(2026, 12, 15), reason="Long", by=cast.coordinator, now=NOW)
    first = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    actions.transfer(
        question=question, organisation=cast.organisation, person=first, reason="Theirs", by=cast.coordinator, now=NOW
    )
    said = last_mail(first, "question_commissioned")
    assert "The answer is due on Tuesday 15 December 2026." in said
    assert "working days" not in said
    actions.pause_clock(
        question=question, until=date(2026, 11, 20), reason="We wait", by=cast.coordinator, now=NOW
    )  # fmt: skip
    second = MandateFactory(programme=cast.programme, organisation=cast.organisation).person
    actions.transfer(
        question=question, organisation=cast.organisation, person=second, reason="Theirs", by=cast.coordinator, now=NOW
    )
    said = last_mail(second, "question_commissioned")
    assert "The answer waits for now, until Friday 20 November 2026 at the latest." in said
    assert "due on" not in said


def test_a_clock_that_goes_on_at_once_names_the_date_and_no_other(cast):
    question = accepted(cast)
    common = {"question": question, "by": cast.coordinator, "now": NOW}
    actions.pause_clock(until=date(2026, 11, 20), reason="We wait", **common)
    said = last_mail(cast.practitioner, "question_moved")
    assert "waits for now, until Friday 20 November 2026 at the latest. The reason: We wait See your question" in said
    actions.resume_clock(**common)
    said = last_mail(cast.practitioner, "question_moved")
    assert "The answer waits no longer: it is due on Monday 16 November 2026." in said
    assert "before" not in said


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("merged", "It was joined with question {whole}, which asks the same"),
        ("out of scope", "The reason: Ask the officer"),
        ("withdrawn", "Whoever asked it has withdrawn it."),
        ("answered", "{coordinator} (Coordinator, {organisation}) has answered it."),
    ],
)
def test_an_owner_is_told_where_nothing_is_owed_any_more(cast, how, says):
    question, whole = accepted(cast), cast.question("The same?")
    common = {"question": question, "by": cast.coordinator, "now": NOW}
    match how:
        case "merged":
            actions.merge(into=whole, **common)
        case "out of scope":
            actions.put_out_of_scope(reason="Ask the officer", **common)
        case "withdrawn":
            asker = Asker.objects.get(question=question)
            actions.withdraw_question(asker=asker, by=cast.practitioner, now=NOW)
        case _:
            actions.publish_answer(words="All", audience=Audience.ASKER, **common)
    said = last_mail(cast.senior, "question_settled")
    names = {"whole": whole.reference, "coordinator": cast.coordinator.name, "organisation": cast.organisation.name}
    assert says.format(**names) in said


def test_who_answers_their_own_question_is_told_nothing_of_it(cast):
    question = accepted(cast)
    for words_of_answer in ("All", "All of them"):
        actions.publish_answer(
            question=fresh(question), words=words_of_answer, audience=Audience.ASKER, by=cast.senior, now=NOW
        )
    actions.publish_answer(question=fresh(question), words="Yes", audience=Audience.ASKER, by=cast.coordinator, now=NOW)
    assert kinds_to(cast.senior) == ["commissioned"]


def test_an_owner_whose_question_is_open_again_is_not_told_that_nothing_is_owed(cast):
    question = accepted(cast)
    common = {"by": cast.coordinator, "now": NOW}
    actions.publish_answer(question=question, words="All", audience=Audience.ASKER, **common)
    actions.say_unanswered(asker=Asker.objects.get(question=question), by=cast.practitioner, now=NOW)
    deliver_due()
    settled = Message.objects.get(kind="commitments.question_settled")
    assert (settled.state, settled.reason) == ("withheld", "question_is_open_again")
