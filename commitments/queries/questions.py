"""What pages show of questions: lists, how a date came about, what has happened, who asked, published answers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db.models import Case, Exists, F, Func, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import Person
from briefings.models import Nation, Programme, Session
from commitments.clocks import Calendar
from commitments.models import (
    TOLD,
    UNANSWERED,
    Answer,
    AskedAs,
    Asker,
    Audience,
    ClockChange,
    Commission,
    CommissionState,
    Question,
    QuestionState,
    Theme,
)
from commitments.models.questions import OWED, OWED_ON, WRITTEN
from commitments.queries.counting import changes_of, day_one, first_due
from commitments.queries.standards import own_themes_of, theme_from, themes_of
from face.dates import day, day_plain, day_without_year
from face.paging import LONG, SHORT, Page, page_of_keys
from history.queries import Event, timeline
from history.statements import NUMBER, Prepared, compiled, of_keys, rows_of
from messaging.working_days import holidays
from organisations.models import Organisation

UNANSWERED_WORD = "unanswered"
MOST_WORDS = 6
"""So many words of what is typed are looked for."""
SHOWN = {
    QuestionState.RAISED: ("ring", "open"),
    QuestionState.OPEN: ("ring", "open"),
    QuestionState.COMMISSIONED: ("ring", "open"),
    QuestionState.ACCEPTED: ("half", "wait"),
    QuestionState.DRAFTING: ("half", "wait"),
    QuestionState.CLEARING: ("half", "wait"),
    QuestionState.ANSWERED: ("full", "good"),
    QuestionState.MERGED: ("dash", "quiet"),
    QuestionState.CLOSED: ("full", "good"),
    QuestionState.OUT_OF_SCOPE: ("dash", "quiet"),
    QuestionState.WITHDRAWN: ("dash", "quiet"),
}
"""Mark and colour of each state, as look.md says."""


def questions_found(
    questions: QuerySet[Question],
    *,
    programme: Programme | None = None,
    state: str = "",
    organisation: Any = None,
    owner: Person | None = None,
    without_owner: bool = False,
    theme: str = "",
    late_on: date | None = None,
    words: str = "",
) -> QuerySet[Question]:
    """Return those of ``questions`` that fit, in no order; see ``in_order`` and ``InPages``.

    ``state`` is a QuestionState or UNANSWERED_WORD; ``theme`` a value of ``themes_of``; ``late_on`` leaves only what
    was due before that day.
    """
    if programme is not None:
        questions = questions.filter(programme=programme)
    if state == UNANSWERED_WORD:
        questions = questions.unanswered()
    elif state:
        questions = questions.filter(state=state)
    if organisation:
        questions = questions.filter(organisation=organisation)
    if owner:
        questions = questions.filter(owner=owner)
    if without_owner:
        questions = questions.unanswered().filter(owner=None)
    if theme:
        questions = questions.filter(**theme_from(theme))
    if late_on:
        questions = questions.late(late_on)
    typed = words.split()[:MOST_WORDS]
    if typed:
        questions = questions.alias(written=WRITTEN).filter(*(Q(written__icontains=word) for word in typed))
    return questions


def choices_in(programme: Programme) -> tuple[list[tuple[int, str]], list[tuple[str, str]]]:
    """Return what the questions of ``programme`` can be filtered by, as choices: who answers one of them, by name, and
    the themes. One query where ``programme`` was loaded together with its ``question_policy``.
    """
    rows = _choices().rows(programme=programme.pk)
    organisations = [(pk, name) for kind, name, pk in rows if kind == "organisation"]
    return organisations, themes_of(programme, [(pk, name) for kind, name, pk in rows if kind == "theme"])


@cache
def _choices() -> Prepared:
    theirs = Question.objects.filter(programme=NUMBER).exclude(organisation=None).values("organisation")
    answering = Organisation.objects.filter(pk__in=theirs).values_list(Value("organisation"), "name", "pk")
    themes = own_themes_of(Programme(pk=NUMBER)).values_list(Value("theme"), "name", "pk").order_by()
    found = answering.union(themes, all=True).order_by("name", "pk")
    return compiled("choices_among_the_questions_of_a_programme", found, programme=NUMBER)


def answering_in(questions: QuerySet[Question]) -> list[tuple[int, str]]:
    """Return the organisations that have one of a few ``questions`` to answer, by name, as choices."""
    theirs = questions.exclude(organisation=None).order_by("organisation__name", "organisation")
    return list(theirs.values_list("organisation", "organisation__name").distinct())


def in_order(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Return ``questions`` with what is owed first, by its date; then the rest, newest first."""
    found = _sorted(questions.annotate(owed_on=OWED_ON))
    return found.select_related("programme", "organisation", "owner", "session", "own_theme")


def _sorted(questions: QuerySet[Question]) -> QuerySet[Question]:
    # As the index question_in_order has it: the first page of ten thousand is read, not sorted.
    return questions.order_by(OWED, OWED_ON.asc(nulls_last=True), F("raised_on").desc(), "pk")


class Listed(NamedTuple):
    """What a list shows of one question. Plain values: of a long list every page is read by somebody who waits."""

    pk: UUID
    reference: str
    words: str
    state: str
    due_on: date | None
    paused_on: date | None
    paused_until: date | None
    programme: str
    organisation: str | None
    owner_id: int | None
    owner: str | None
    session_on: date | None
    theme: str
    own_theme: str | None

    @property
    def short(self) -> str:
        """The beginning of the words."""
        return shortened(self.words, MOST_SHOWN)

    @property
    def small(self) -> str:
        """Reference, session and theme in one line."""
        theme = (self.own_theme or _THEMES.get(self.theme, "")).lower()
        session = f"session of {day_plain(self.session_on)}" if self.session_on else ""
        return ", ".join(each for each in (self.reference, session, theme) if each)

    @property
    def due(self) -> str:
        """By when something is owed, "" where nothing is."""
        if self.state not in UNANSWERED:
            return ""
        return f"paused until {day_plain(self.paused_until)}" if self.paused_on else f"by {day_plain(self.due_on)}"


def shortened(words: str, most: int) -> str:
    """Return ``words`` cut to at most ``most`` letters after a whole word, the last one saying that there is more."""
    if len(words) <= most:
        return words
    begun = words[:most].rpartition(" ")[0] or words[: most - 1]
    return f"{begun.rstrip(' ,;:.')}…"


MOST_SHOWN = 100
"""Letters of a question in a list."""
_THEMES = dict(Theme.choices)
_COLUMNS = (
    "pk", "reference", "words", "state", "due_on", "paused_on", "paused_until", "programme__name", "organisation__name",
    "owner", "owner__name", "session__date", "theme", "own_theme__name",
)  # fmt: skip


@cache
def _around() -> Prepared:
    return of_keys("listed_questions", Question.objects.values_list(*_COLUMNS))


def list_page(found: QuerySet[Question], asked: str | None, *, few: bool) -> Page:
    """Return the page of ``found`` that was ``asked`` for, each row as ``Listed``.

    ``few``: they are not all of a programme, so that no index has them in their order.
    """
    page = page_of_keys(_sorted(found), asked, size=LONG, few=few)
    return replace(page, rows=[Listed._make(row) for row in rows_of(_around(), page.rows)])


def clock_steps(question: Question) -> list[str]:
    """Return how the due date of ``question`` came about, as sentences in their order; none where there is no date.

    All of it is read from what was kept when the date was counted and moved: the holidays of today play no part.
    """
    if question.due_on is None or question.due_from is None:
        return []
    nation = question.programme.nation
    purpose = "look at a new question" if question.state == QuestionState.RAISED else "answer"
    out = [date.fromisoformat(each) for each in question.due_left_out]
    where = Nation(nation).label
    free = [each for each in out if each in holidays(each.year, nation)]
    closed = [each for each in out if each not in free]
    left = [
        *([f"the bank holiday{'s' if len(free) > 1 else ''} of {_listed(free)} ({where})"] if free else []),
        *(
            [f"the day{'s' if len(closed) > 1 else ''} on which offices are closed, {_listed(closed)}"]
            if closed
            else []
        ),
    ]
    return [
        f"The service standard gives {_days(question.due_days or 0)} to {purpose}.",
        f"Counted from {day(question.due_from)}, so {day_without_year(day_one(question))} is day 1.",
        f"Weekends are left out, and so {'are' if len(out) > 1 else 'is'} {' and '.join(left)}."
        if left
        else f"Weekends are left out. There is no bank holiday in {where} in this time.",
        f"Day {question.due_days} is {day(first_due(question))}.",
        *map(_change_in_words, changes_of(question)),
        *([f"Calendar of that day: {question.calendar}."] if question.calendar else []),
    ]


def _listed(days: list[date]) -> str:
    return ", ".join(day_without_year(each) for each in days)


def _change_in_words(change: ClockChange) -> str:
    on = day_without_year(timezone.localtime(change.at).date())
    why = f" The reason: {change.reason.rstrip('.')}." if change.reason else ""
    what = f"{change.get_kind_display()}, {on}"
    if change.due_before == change.due_after:
        return f"{what}.{why}"
    return f"{what}: due on {day(change.due_after)} instead of {day(change.due_before)}.{why}"


def left_when_it_goes_on(question: Question, calendar: Calendar) -> str:
    """Return how much time is left once the clock of a paused ``question`` goes on."""
    return f"{_days(max(calendar.between(question.paused_on, question.due_on), 0))} left when the clock goes on"


def when_due(question: Question, today: date) -> str:
    """Return when the answer to ``question`` is due, as a sentence that is true on ``today``: it may be late, or wait.

    "" where nothing is owed.
    """
    if question.state in TOLD:
        return "There is an answer already, which stands until better words are published."
    if question.state not in UNANSWERED:
        return ""
    if question.paused_on:
        return f"The answer waits for now, until {day(question.paused_until)} at the latest."
    if question.due_on < today:
        return f"The answer was due on {day(question.due_on)} and is late."
    return f"The answer is due {'today' if question.due_on == today else f'on {day(question.due_on)}'}."


def distance(due_on: date, today: date, calendar: Calendar | str) -> str:
    """Return how far away a due date is: "in 4 working days", "today", "2 working days late"; by a nation or more."""
    calendar = calendar if isinstance(calendar, Calendar) else Calendar(calendar)
    days = calendar.between(today, due_on)
    if due_on == today:
        return "today"
    if due_on > today:
        return f"in {_days(max(days, 0))}" if days else "before the next working day"
    return f"{_days(-days)} late" if days else "since the last working day"


def _days(number: int) -> str:
    return f"{number} working day{'' if number == 1 else 's'}"


WHO_ASKED = "Who asked it"


def names_of_askers(keys: Iterable[str]) -> dict[str, str]:
    """Return the words of the history for who asked, where it keeps no name of them."""
    return {"asker": WHO_ASKED} if "asker" in keys else {}


def history_of(question: Question, shows_names: bool) -> list[Event]:
    """Return what has happened to ``question``, newest first. Who asked is named only where ``shows_names``."""
    found = timeline(question)
    if shows_names:
        return found
    return [
        Event(each.words, WHO_ASKED, each.at, each.mark, each.entry)
        if each.entry.verb in ("raised", "withdrew", "asker_withdrew", "reopened")
        else each
        for each in found
    ]


@dataclass(frozen=True)
class Askers:
    """Who asked: names of those who did so by name, where they may be seen; for the rest how many and how."""

    people: list[Person]
    words: str


def askers_of(question: Question, shows_names: bool) -> Askers:
    """Return who asked ``question``. By pseudonym only how many, whoever looks: the names are not even loaded."""
    if question.asked_as == AskedAs.NOBODY:
        return Askers([], "Asked anonymously")
    number = question.askers.count()
    if question.asked_as == AskedAs.PSEUDONYM:
        return Askers([], f"Asked by {_people(number)}, by pseudonym")
    if not shows_names:
        return Askers([], f"Asked by {_people(number)}, by name")
    return Askers(list(Person.objects.filter(pk__in=question.askers.values("person")).order_by("sort_name", "pk")), "")


def _people(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"


def anonymous_among(question: Question) -> bool:
    """Return whether ``question``, or one that was joined with it, was asked anonymously."""
    return question.asked_as == AskedAs.NOBODY or question.merged.filter(asked_as=AskedAs.NOBODY).exists()


def others_wait(asker: Asker) -> bool:
    """Return whether somebody else waits for the answer that ``asker`` waits for, or may: one who asked anonymously."""
    whole = asker.question.merged_into_id or asker.question_id
    asked = Question.objects.filter(Q(pk=whole) | Q(merged_into=whole))
    others = Asker.objects.filter(question__in=asked, withdrawn_on=None).exclude(pk=asker.pk)
    return others.exists() or asked.filter(asked_as=AskedAs.NOBODY).exists()


def found_by_anybody(programme: Programme) -> tuple[Audience, ...]:
    """Return to whom an answer may be given so that who asked anonymously in ``programme`` finds it."""
    return (Audience.PUBLIC,) if programme.is_public else (Audience.PRACTITIONERS, Audience.PUBLIC)


def live_commission(question: Question) -> Commission | None:
    """Return the commission that is asked or accepted, or None."""
    live = (CommissionState.ASKED, CommissionState.ACCEPTED)
    return question.commissions.filter(state__in=live).select_related("person", "organisation").first()


def declined_commissions(question: Question) -> QuerySet[Commission]:
    """Return who said that somebody else must answer, with the reasons, newest first."""
    declined = question.commissions.filter(state=CommissionState.DECLINED)
    return declined.select_related("person", "organisation").order_by("-decided_at", "pk")


def reasoned_commissions(question: Question) -> QuerySet[Commission]:
    """Return to whom ``question`` was passed on with a reason, newest first; the declined have their own."""
    found = question.commissions.exclude(state=CommissionState.DECLINED).exclude(reason="")
    return found.select_related("person", "organisation").order_by("-made_at", "pk")


def readable_answers(
    programme: Programme, audiences: Collection[str] = (Audience.PUBLIC,), session: Session | None = None
) -> QuerySet[Answer]:
    """Return every version of the answers of ``programme`` that was for ``audiences``, and for who has a place in
    ``session``.
    """
    may = Q(audience__in=audiences)
    if session is not None:
        may |= Q(audience=Audience.ATTENDERS, question__session=session)
    return Answer.objects.filter(may, question__programme=programme)


def published_answers(
    programme: Programme,
    *,
    audiences: Collection[str] = (Audience.PUBLIC,),
    session: Session | None = None,
    words: str = "",
    theme: str = "",
    by_some: bool = False,
) -> QuerySet[Answer]:
    """Return the newest answer to each question of ``programme`` that may be read by ``audiences``, newest first.

    With ``session`` also what was answered to everybody with a place in it. A question that is open again since, or
    was answered to a smaller circle later, is not among them. ``words`` are looked for in question, answer and
    references: all of them, what fits best first; ``by_some``: any of them, what holds most of them first. ``theme``
    is a value of ``themes_of``.
    """
    again = Answer.objects.filter(version__gt=1)  # so that an index of these alone is read
    later = again.filter(question=OuterRef("question"), version__gt=OuterRef("version"))
    answered = (QuestionState.ANSWERED, QuestionState.CLOSED)
    found = readable_answers(programme, audiences, session).filter(~Exists(later), question__state__in=answered)
    if theme:
        found = found.filter(**{f"question__{column}": value for column, value in theme_from(theme).items()})
    found = found.select_related("question", "organisation")
    if not words.strip():
        return found.order_by("-published_at", "pk")
    if by_some:
        return _with_some_words(found, words).order_by("-held", "-rank", "-published_at", "pk")
    return _with_words(found, words).order_by("-rank", "-published_at", "pk")


def _with_words(answers: QuerySet[Answer], words: str) -> QuerySet[Answer]:
    """Return those of ``answers`` that hold all ``words``: by their stems ("visit" finds "visiting"), or as typed.

    As typed too because a reference, half a word and "who may" have no stem.
    """
    typed = _typed(words)
    literal = Q()
    for word in typed:
        literal &= (
            Q(words__icontains=word)
            | Q(question__words__icontains=word)
            | Q(question__reference__icontains=word)
            | Exists(Question.objects.filter(merged_into=OuterRef("question"), reference__icontains=word))
        )
    query = SearchQuery(" ".join(typed), config="english")
    return answers.alias(both=_stems()).annotate(rank=SearchRank(F("both"), query)).filter(Q(both=query) | literal)


def _with_some_words(answers: QuerySet[Answer], words: str) -> QuerySet[Answer]:
    """Return those of ``answers`` that hold any of ``words`` by its stem, with how many of them as ``held``.

    Also by a whole reference. Nothing is looked for as typed: half of a short word is in most answers.
    """
    typed = list(dict.fromkeys(word.upper() for word in _typed(words)))
    queries = [SearchQuery(word, config="english") for word in typed]
    held = sum((Case(When(both=query, then=1), default=0) for query in queries), Value(0))
    query = reduce(or_, queries)
    found = answers.alias(both=_stems()).annotate(held=held, rank=SearchRank(F("both"), query))
    return found.filter(Q(both=query) | Q(question__reference__in=typed))


def _typed(words: str) -> list[str]:
    return words.replace("\x00", " ").split()[:MOST_WORDS]


def _stems() -> Func:
    """Return the stems of question and answer together, those of the question weighing more."""
    return Func(
        Func(F("question__stems"), Value("A"), function="setweight", output_field=SearchVectorField()),
        F("stems"),
        template="(%(expressions)s)",
        arg_joiner=" || ",
        output_field=SearchVectorField(),
    )


class ListedAnswer(NamedTuple):
    """What a page shows of one published answer: plain values, as ``Listed``."""

    pk: int
    question_id: UUID
    version: int
    words: str
    published_at: datetime
    organisation: str
    asked: str
    reference: str
    theme: str
    own_theme: str | None
    also: list[str]
    """The references of questions that were joined with it."""

    @property
    def about(self) -> str:
        """The theme in words, "" where there is none."""
        return self.own_theme or _THEMES.get(self.theme, "")


_ANSWER_COLUMNS = (
    "pk", "question", "version", "words", "published_at", "organisation__name", "question__words",
    "question__reference", "question__theme", "question__own_theme__name",
)  # fmt: skip


@cache
def _around_answers() -> Prepared:
    joined = Question.objects.filter(merged_into=OuterRef("question")).order_by("reference").values("reference")
    return of_keys("listed_answers", Answer.objects.values_list(*_ANSWER_COLUMNS, ArraySubquery(joined)))


def listed_answers(keys: Sequence[int]) -> list[ListedAnswer]:
    """Return the answers of ``keys`` in the order of these."""
    return [ListedAnswer._make(row) for row in rows_of(_around_answers(), keys)]


def answers_page(found: QuerySet[Answer], asked: str | None) -> Page:
    """Return the page of ``found``, by ``published_answers``, that was ``asked`` for, each row as ``ListedAnswer``."""
    page = page_of_keys(found, asked, size=SHORT, few=True)
    return replace(page, rows=listed_answers(page.rows))


def earlier_answers(
    answers: Collection[ListedAnswer],
    programme: Programme,
    audiences: Collection[str] = (Audience.PUBLIC,),
    session: Session | None = None,
) -> dict[UUID, list[Answer]]:
    """Return, by question, the versions before ``answers`` that the same circle could read, the newest first."""
    newest = {answer.question_id: answer.version for answer in answers if answer.version > 1}
    if not newest:
        return {}
    found: dict[UUID, list[Answer]] = {}
    rows = readable_answers(programme, audiences, session).filter(question__in=newest)
    for row in rows.select_related("organisation").order_by("-version"):
        if row.version < newest[row.question_id]:
            found.setdefault(row.question_id, []).append(row)
    return found


def ended_for_nobody(programme: Programme, words: str = "") -> QuerySet[Question]:
    """Return the anonymous questions that ``programme`` cannot answer, for its answers page: nobody can be told why.

    Those too that were joined with one that was put aside. The page shows reference and ``why``, never the words: what
    was put aside may be about a case. With ``words`` those whose reference is among them.
    """
    aside = QuestionState.OUT_OF_SCOPE
    itself = Q(state=aside) | Q(state=QuestionState.MERGED, merged_into__state=aside)
    ended = (aside, QuestionState.MERGED)  # follows from the rest; an index finds them by it
    found = programme.questions.filter(itself, asked_as=AskedAs.NOBODY, state__in=ended)
    why = Case(When(state=aside, then=F("end_reason")), default=F("merged_into__end_reason"))
    typed = [word.upper() for word in words.split()[:MOST_WORDS]]
    if typed:
        found = found.filter(reference__in=typed)
    return found.annotate(why=why).only("reference", "programme").order_by("-raised_on", "reference")
