"""The service standard: dated cases with their source, what moves a date, and what never does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.clocks import USUAL, Calendar, Step, clock_from, ladder_of, next_rung, resumed
from commitments.models import Audience, ClockChange, DigestChoice, Question
from commitments.queries.counting import counted_today, first_due, recountable
from commitments.queries.questions import clock_steps
from commitments.tasks import remind_due
from messaging import working_days
from messaging.kinds import find
from messaging.models import Message
from tests.commitments.factories import NOW, Cast

ENGLAND, SCOTLAND, NORTH = "england-and-wales", "scotland", "northern-ireland"
GOV = "https://www.gov.uk/bank-holidays, as published to 2027"
ACT = "Banking and Financial Dealings Act 1971, schedule 1"
ST_ANDREW = "St Andrew's Day Bank Holiday (Scotland) Act 2007"
FOI = "Freedom of Information Act 2000, section 10: a request is answered within twenty working days"

CASES = [
    # start, working days, nation, due, what it shows, source
    # Weekends
    ("2026-11-02", 1, ENGLAND, "2026-11-03", "Monday, day 1 is Tuesday", GOV),
    ("2026-11-05", 1, ENGLAND, "2026-11-06", "Thursday, day 1 is Friday", GOV),
    ("2026-11-06", 1, ENGLAND, "2026-11-09", "Friday, day 1 is Monday", GOV),
    ("2026-11-07", 1, ENGLAND, "2026-11-09", "asked on a Saturday", GOV),
    ("2026-11-08", 1, ENGLAND, "2026-11-09", "asked on a Sunday", GOV),
    ("2026-11-06", 2, ENGLAND, "2026-11-10", "two days over a weekend", GOV),
    ("2026-11-07", 10, ENGLAND, "2026-11-20", "ten days from a Saturday", GOV),
    ("2026-11-02", 10, ENGLAND, "2026-11-16", "ten days are two weeks", GOV),
    ("2026-11-02", 20, ENGLAND, "2026-11-30", "twenty days without a holiday", FOI),
    ("2026-11-02", 0, ENGLAND, "2026-11-02", "no day is the day itself", GOV),
    # Easter
    ("2026-04-01", 1, ENGLAND, "2026-04-02", "the day before Good Friday counts", GOV),
    ("2026-04-02", 1, ENGLAND, "2026-04-07", "Good Friday and Easter Monday", GOV),
    ("2026-04-02", 1, SCOTLAND, "2026-04-06", "Easter Monday is worked in Scotland", GOV),
    ("2026-04-02", 1, NORTH, "2026-04-07", "Northern Ireland keeps both", GOV),
    ("2026-03-30", 5, ENGLAND, "2026-04-08", "five days over Easter", GOV),
    ("2027-03-25", 1, ENGLAND, "2027-03-30", "Easter in March, over the change of the clocks", GOV),
    ("2027-03-25", 1, SCOTLAND, "2027-03-29", "the same in Scotland", GOV),
    ("2025-04-17", 2, ENGLAND, "2025-04-23", "Easter 2025", GOV),
    ("2024-03-28", 1, ENGLAND, "2024-04-02", "Easter 2024", GOV),
    ("2030-04-18", 1, ENGLAND, "2030-04-23", "by rule beyond the published years", ACT),
    # May and summer
    ("2026-05-01", 1, ENGLAND, "2026-05-05", "early May", GOV),
    ("2026-05-22", 1, ENGLAND, "2026-05-26", "spring", GOV),
    ("2026-05-22", 1, SCOTLAND, "2026-05-26", "spring in Scotland", GOV),
    ("2026-08-28", 1, ENGLAND, "2026-09-01", "late August", GOV),
    ("2026-08-28", 1, SCOTLAND, "2026-08-31", "late August is worked in Scotland", GOV),
    ("2026-07-31", 1, SCOTLAND, "2026-08-04", "first Monday of August in Scotland", GOV),
    ("2026-07-31", 1, ENGLAND, "2026-08-03", "which is worked in England", GOV),
    ("2027-04-30", 1, ENGLAND, "2027-05-04", "early May 2027", GOV),
    ("2027-05-28", 1, NORTH, "2027-06-01", "spring 2027", GOV),
    # Christmas and New Year, with substitute days
    ("2026-12-18", 10, ENGLAND, "2027-01-06", "26 December on a Saturday: 28 December instead", GOV),
    ("2026-12-24", 1, ENGLAND, "2026-12-29", "four days off", GOV),
    ("2026-12-24", 3, ENGLAND, "2026-12-31", "before New Year", GOV),
    ("2026-12-31", 1, ENGLAND, "2027-01-04", "New Year on a Friday", GOV),
    ("2026-12-31", 1, SCOTLAND, "2027-01-05", "2 January on a Saturday: 4 January instead", GOV),
    ("2026-12-18", 10, SCOTLAND, "2027-01-07", "one day more in Scotland", GOV),
    ("2027-12-24", 1, ENGLAND, "2027-12-29", "both days on a weekend: 27 and 28 December instead", GOV),
    ("2027-12-23", 5, ENGLAND, "2028-01-04", "into 2028: 3 January instead of the 1st, a Saturday", ACT),
    ("2027-12-31", 1, SCOTLAND, "2028-01-05", "3 and 4 January instead in Scotland", ACT),
    ("2021-12-24", 1, ENGLAND, "2021-12-29", "27 and 28 December 2021", GOV),
    ("2022-12-23", 2, ENGLAND, "2022-12-29", "26 and 27 December 2022: the 25th was a Sunday", GOV),
    ("2022-12-30", 1, ENGLAND, "2023-01-03", "2 January 2023 instead of the 1st, a Sunday", GOV),
    ("2022-12-30", 1, SCOTLAND, "2023-01-04", "and 3 January in Scotland", GOV),
    ("2023-12-22", 1, ENGLAND, "2023-12-27", "Christmas on a Monday", GOV),
    ("2025-12-24", 1, ENGLAND, "2025-12-29", "Christmas on a Thursday", GOV),
    ("2025-12-31", 1, ENGLAND, "2026-01-02", "New Year on a Thursday", GOV),
    ("2025-12-31", 1, SCOTLAND, "2026-01-05", "2 January is a holiday in Scotland", GOV),
    # Scotland and Northern Ireland alone
    ("2026-11-27", 1, SCOTLAND, "2026-12-01", "St Andrew's Day on a Monday", ST_ANDREW),
    ("2026-11-27", 1, ENGLAND, "2026-11-30", "which is worked in England", GOV),
    ("2025-11-28", 1, SCOTLAND, "2025-12-02", "1 December instead of a Sunday", ST_ANDREW),
    ("2024-11-29", 1, SCOTLAND, "2024-12-03", "2 December instead of a Saturday", ST_ANDREW),
    ("2026-03-16", 1, NORTH, "2026-03-18", "St Patrick's Day", GOV),
    ("2026-03-16", 1, ENGLAND, "2026-03-17", "which is worked in England", GOV),
    ("2026-07-10", 1, NORTH, "2026-07-14", "12 July on a Sunday: the 13th instead", GOV),
    ("2026-07-10", 1, SCOTLAND, "2026-07-13", "which is worked in Scotland", GOV),
    ("2027-07-09", 1, NORTH, "2027-07-13", "12 July on a Monday", GOV),
    ("2024-03-15", 1, NORTH, "2024-03-19", "18 March instead of a Sunday", GOV),
    # Leap days
    ("2024-02-28", 1, ENGLAND, "2024-02-29", "a leap day that is worked", GOV),
    ("2024-02-29", 1, ENGLAND, "2024-03-01", "from a leap day", GOV),
    ("2024-02-26", 5, ENGLAND, "2024-03-04", "over a leap day", GOV),
    ("2028-02-28", 1, ENGLAND, "2028-02-29", "the next leap day", ACT),
    ("2027-02-26", 1, ENGLAND, "2027-03-01", "no leap day", GOV),
    # Days by proclamation, which no rule gives
    ("2022-06-01", 1, ENGLAND, "2022-06-06", "Platinum Jubilee: 2 and 3 June 2022", GOV),
    ("2022-09-16", 1, ENGLAND, "2022-09-20", "State Funeral: 19 September 2022", GOV),
    ("2023-05-05", 1, ENGLAND, "2023-05-09", "Coronation: 8 May 2023", GOV),
    ("2020-05-07", 1, ENGLAND, "2020-05-11", "early May on VE Day, a Friday, 2020", GOV),
]


def on(text: str) -> date:
    return date.fromisoformat(text)


def test_there_are_at_least_sixty_dated_cases():
    assert len({case[:3] for case in CASES}) >= 60


@pytest.mark.parametrize(("starts", "days", "nation", "due", "shows", "source"), CASES)
def test_a_due_date_is_counted_as_its_source_says(starts, days, nation, due, shows, source):
    assert clock_from(on(starts), days, nation).due == on(due), f"{shows} ({source})"


CLOSED = Calendar(ENGLAND, frozenset({on("2026-12-24"), on("2026-12-29"), on("2026-12-30"), on("2026-12-31")}))


@pytest.mark.parametrize(
    ("starts", "days", "due"),
    [("2026-12-18", 4, "2027-01-04"), ("2026-12-23", 1, "2027-01-04"), ("2026-12-18", 3, "2026-12-23")],
)
def test_closure_days_are_left_out_as_bank_holidays_are(starts, days, due):
    assert clock_from(on(starts), days, CLOSED).due == on(due)


@pytest.mark.parametrize(
    ("due", "paused", "today", "then"),
    [
        ("2026-11-16", "2026-11-06", "2026-11-20", "2026-11-30"),  # six days were left, six are left
        ("2026-11-16", "2026-11-16", "2026-11-20", "2026-11-20"),  # none was left
        ("2026-11-16", "2026-11-16", "2026-11-21", "2026-11-23"),  # none was left, and nobody works on a Saturday
        ("2026-12-21", "2026-12-21", "2026-12-25", "2026-12-29"),  # nor at Christmas
        ("2026-11-16", "2026-11-14", "2026-11-15", "2026-11-16"),  # over a weekend nothing is lost
    ],
)
def test_a_clock_that_goes_on_has_as_many_days_left_as_it_had(due, paused, today, then):
    assert resumed(on(due), on(paused), on(today), Calendar(ENGLAND)) == on(then)


def test_a_ladder_of_ones_own_has_no_end_either():
    ladder = ladder_of([Step(3, ("board",)), Step(-5, ("owner",))], 10)
    rungs = [next_rung(on("2026-11-16"), step, on("2026-11-02"), ENGLAND, ladder) for step in range(4)]
    assert [(rung.day.isoformat(), rung.tells) for rung in rungs] == [
        ("2026-11-09", ("owner",)), ("2026-11-19", ("board",)), ("2026-12-03", ("board",)), ("2026-12-17", ("board",)),
    ]  # fmt: skip
    assert ladder_of([], 5).steps == USUAL.steps


# What moves a date, and what does not


@pytest.fixture
def cast(db) -> Cast:
    return Cast()


def accepted(cast: Cast) -> Question:
    made = cast.commissioned()
    actions.accept_commission(commission=made, by=cast.senior, now=NOW)
    return fresh(made.question)


def fresh(question: Question) -> Question:
    return Question.objects.select_related("programme", "owner", "organisation").get(pk=question.pk)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC)


def told_askers(kind: str) -> int:
    return Message.objects.filter(kind=f"commitments.question_{kind}").count()


def test_a_pause_ends_by_itself_and_both_changes_are_kept(cast, time_machine):
    question = accepted(cast)
    assert question.due_on == on("2026-11-16")
    actions.pause_clock(
        question=question, until=on("2026-11-20"), reason="We wait", by=cast.coordinator, now=at("2026-11-06")
    )
    time_machine.move_to(at("2026-11-18"), tick=False)
    assert remind_due() == 0, "nobody is reminded while it stands still"
    assert list(Question.objects.late(on("2026-11-18"))) == []
    time_machine.move_to(at("2026-11-20"), tick=False)
    remind_due()
    after = fresh(question)
    assert (after.due_on, after.paused_on) == (on("2026-11-30"), None)
    assert list(ClockChange.objects.values_list("kind", flat=True)) == ["paused", "resumed"]
    assert first_due(after) == on("2026-11-16")
    assert counted_today(after).due == after.due_on
    assert told_askers("moved") == 2
    assert any("Paused, Friday 6 November. The reason: We wait." in step for step in clock_steps(after))


@pytest.mark.parametrize(
    ("day", "until", "refusal"),
    [
        ("2026-11-17", "2026-11-20", actions.AlreadyLate),
        ("2026-11-06", "2026-11-06", actions.NoSuchDay),
        ("2026-11-06", "2027-03-01", actions.NoSuchDay),
    ],
)
def test_a_pause_is_refused(cast, day, until, refusal):
    with pytest.raises(refusal):
        actions.pause_clock(question=accepted(cast), until=on(until), reason="x", by=cast.coordinator, now=at(day))


def test_what_stands_still_cannot_stand_still_twice_or_be_moved_otherwise(cast):
    question = accepted(cast)
    common = {"question": question, "by": cast.coordinator, "now": NOW}
    with pytest.raises(actions.NotNow):
        actions.resume_clock(**common)
    actions.pause_clock(until=on("2026-11-20"), reason="x", **common)
    for act in (
        lambda: actions.pause_clock(until=on("2026-11-20"), reason="x", **common),
        lambda: actions.extend(due_on=on("2026-11-30"), reason="x", **common),
        lambda: actions.recount(**common),
        lambda: actions.correct_late(note="x", **common),
    ):
        with pytest.raises(actions.NotNow):
            act()


def test_an_extension_goes_to_a_later_working_day_and_tells_who_asked_why(cast):
    question = accepted(cast)
    common = {"question": question, "reason": "The supplier is slow", "by": cast.coordinator, "now": NOW}
    for day in ("2026-11-16", "2026-11-28", "2026-11-01"):
        with pytest.raises(actions.NotLater):
            actions.extend(due_on=on(day), **common)
    actions.extend(due_on=on("2026-11-30"), **common)
    assert fresh(question).due_on == on("2026-11-30")
    assert told_askers("moved") == 1
    with pytest.raises(actions.NotNow):
        actions.extend(**{**common, "question": cast.question()}, due_on=on("2026-11-30"))


def test_a_change_of_the_holidays_moves_no_date_by_itself(cast, monkeypatch):
    question = accepted(cast)
    known = working_days.holidays
    monkeypatch.setattr(
        working_days,
        "holidays",
        lambda year, nation: known(year, nation) | {on("2026-11-11")} if year == 2026 else known(year, nation),
    )
    assert fresh(question).due_on == on("2026-11-16")
    assert recountable(cast.programme) == [question]
    assert any("Day 10 is Monday 16 November 2026" in step for step in clock_steps(fresh(question)))
    actions.recount(question=question, by=cast.coordinator, now=NOW)
    after = fresh(question)
    assert (after.due_on, after.calendar != question.calendar) == (on("2026-11-17"), True)
    assert recountable(cast.programme) == []
    with pytest.raises(actions.NoOtherDate):
        actions.recount(question=question, by=cast.coordinator, now=NOW)


def test_a_closure_day_counts_from_now_on_and_is_taken_back(cast):
    old = accepted(cast)
    closure = policies.close_on(
        programme=cast.programme, day=on("2026-11-11"), why="Moving house", by=cast.coordinator, now=NOW
    )
    with pytest.raises(policies.NamedBefore):
        policies.close_on(programme=cast.programme, day=on("2026-11-11"), why="x", by=cast.coordinator, now=NOW)
    new = accepted(cast)
    assert (fresh(old).due_on, new.due_on) == (on("2026-11-16"), on("2026-11-17"))
    assert any("on which offices are closed, Wednesday 11 November" in step for step in clock_steps(new))
    policies.open_on(closure=closure, by=cast.coordinator, now=NOW)
    assert recountable(cast.programme) == [new]


def test_a_wrong_late_of_what_is_answered_is_corrected_once_with_a_note(cast):
    question = accepted(cast)
    answer = {"question": question, "words": "Yes", "audience": Audience.PUBLIC, "by": cast.senior}
    actions.publish_answer(**answer, now=at("2026-11-18"))
    answered = fresh(question)
    assert (answered.answered_on > answered.due_on, answered.is_not_late) == (True, False)
    common = {
        "question": question,
        "note": "Told by telephone on the 12th",
        "by": cast.coordinator,
        "now": at("2026-11-19"),
    }
    actions.correct_late(**common)
    assert fresh(question).is_not_late
    assert ClockChange.objects.get().reason == "Told by telephone on the 12th"
    with pytest.raises(actions.NotNow):
        actions.correct_late(**common)


def test_a_wrong_late_of_what_is_owed_gets_the_date_of_todays_calendar_or_is_refused(cast, monkeypatch):
    question = accepted(cast)
    common = {"question": question, "note": "The 11th was closed", "by": cast.coordinator, "now": at("2026-11-17")}
    with pytest.raises(actions.StillLate):
        actions.correct_late(**common)
    policies.close_on(programme=cast.programme, day=on("2026-11-11"), why="Closed", by=cast.coordinator, now=NOW)
    actions.correct_late(**common)
    assert fresh(question).due_on == on("2026-11-17")
    with pytest.raises(actions.NotNow):
        actions.correct_late(**common)


def test_the_day_after_it_was_answered_there_is_silence(cast, time_machine):
    question = accepted(cast)
    answer = {"question": question, "words": "Yes", "audience": Audience.PUBLIC, "by": cast.senior}
    actions.publish_answer(**answer, now=at("2026-11-12"))
    for day in range(13, 24):
        time_machine.move_to(at(f"2026-11-{day}"), tick=False)
        assert remind_due() == 0
    assert not Message.objects.filter(kind="commitments.question_reminder").exists()


def test_who_owns_much_may_have_one_mail_a_day(cast, time_machine):
    policies.choose_digest(person=cast.senior, wants=True, now=NOW)
    for _ in range(3):
        accepted(cast)
    time_machine.move_to(at("2026-11-12"), tick=False)
    assert remind_due() == 3
    message = Message.objects.get(person=cast.senior, kind="commitments.question_digest")
    assert not Message.objects.filter(kind="commitments.question_reminder").exists()
    from commitments.messages.questions.reminders import digest_not_wanted, render_digest

    content = render_digest(message)
    assert content.subject == "3 questions waiting for you"
    assert content.text.count("Who may read the plan?") == 3
    assert digest_not_wanted([message], NOW) == {}
    Question.objects.update(state="closed", next_reminder_on=None)
    assert digest_not_wanted([message], NOW) == {message.pk: "nothing_owed"}
    policies.choose_digest(person=cast.senior, wants=False, now=NOW)
    assert not DigestChoice.objects.exists()


def test_another_ladder_gives_the_next_reminder_anew_and_moves_no_date(cast, time_machine):
    question = accepted(cast)
    policies.set_policy(
        programme=cast.programme, themes=["trust"], clearance_roles=[], steps=[Step(-5, ("owner", "coordinator"))],
        repeat_days=3, by=cast.coordinator, now=NOW,
    )  # fmt: skip
    after = fresh(question)
    assert (after.due_on, after.next_reminder_on) == (question.due_on, on("2026-11-09"))
    time_machine.move_to(at("2026-11-09"), tick=False)
    remind_due()
    told = Message.objects.filter(kind="commitments.question_reminder").values_list("person", flat=True)
    assert set(told) == {cast.senior.pk, cast.coordinator.pk}
    assert fresh(question).next_reminder_on > on("2026-11-16") - timedelta(days=1)


def test_questions_are_filed_under_standard_and_own_themes(cast):
    question = cast.question()
    theme = policies.add_theme(programme=cast.programme, name="Rotas", by=cast.coordinator, now=NOW)
    common = {"questions": [question], "by": cast.coordinator, "now": NOW}
    for value, words in (("trust", "Trust"), (f"own-{theme.pk}", "Rotas"), ("", "")):
        policies.file_under(theme=value, **common)
        assert fresh(question).theme_words == words
    policies.end_theme(theme=theme, by=cast.coordinator, now=NOW)
    with pytest.raises(policies.NoSuchTheme):
        policies.file_under(theme=f"own-{theme.pk}", **common)


def test_another_ladder_swallows_no_rung_of_the_same_date(cast, time_machine):
    question = accepted(cast)
    time_machine.move_to(at("2026-11-12"), tick=False)
    remind_due()
    policies.set_policy(
        programme=cast.programme, themes=[], clearance_roles=[], steps=[Step(-1, ("owner",))], repeat_days=3,
        by=cast.coordinator, now=at("2026-11-12"),
    )  # fmt: skip
    for _ in range(2):
        time_machine.move_to(at("2026-11-13"), tick=False)
        remind_due()
    told = Message.objects.filter(kind="commitments.question_reminder", person=cast.senior)
    assert [message.refs["question"] for message in told] == [str(question.pk)] * 2


def test_the_mail_of_the_day_names_what_a_rung_told_its_reader(cast, time_machine):
    first, second = accepted(cast), accepted(cast)
    policies.choose_digest(person=cast.coordinator, wants=True, now=NOW)
    policies.set_policy(
        programme=cast.programme, themes=[], clearance_roles=[], steps=[Step(-5, ("owner", "coordinator"))],
        repeat_days=3, by=cast.coordinator, now=NOW,
    )  # fmt: skip
    time_machine.move_to(at("2026-11-09"), tick=False)
    remind_due()
    message = Message.objects.get(person=cast.coordinator, kind="commitments.question_digest")
    kind = find(message.kind)
    assert kind.still_wanted([message], at("2026-11-09")) == {}
    text = kind.render(message).text
    assert first.reference in text
    assert second.reference in text
    Question.objects.update(state="closed", next_reminder_on=None)
    assert kind.still_wanted([message], NOW) == {message.pk: "nothing_owed"}
