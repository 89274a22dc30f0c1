"""Lists of 10,000 questions for coordinator, owner, lead and board, beside a view of one row; the download."""

import csv
import io
import random
import time
from collections.abc import Iterator
from datetime import timedelta

from script.measured import Client, Figure, cookies_of, medians, memory_from_here, queries_of, serving, set_up

LIMIT = 1200
QUESTIONS, ORGANISATIONS, SENIORS = 10_000, 12, 40
ASSURANCES, OUTPUTS, TELLINGS = 2_000, 2_000, 100
STATES = ("raised", "open", "commissioned", "accepted", "drafting", "answered", "closed", "merged", "out_of_scope")
SHARES = (5, 5, 5, 8, 2, 15, 50, 5, 5)
WORDS = """who may read the shared record of a family when health visitor moves plan consent school nurse police
housing risk trust sign charity worker data language interpreter meeting referral lead practitioner review basis law"""


def main() -> Iterator[Figure]:
    """Fill a programme, open each list as each of its readers, download all of it."""
    set_up()
    people, session, raised = _fill()
    pages = list(_pages(raised))
    with serving(reference=True) as raw_port, serving() as port:
        for who, name, path, most in pages:
            cookies = cookies_of(people[who]) if who in people else {}
            own, raw = medians(Client(port, cookies), path, Client(raw_port), f"/row/{session.pk}/", times=30)
            yield Figure(f"{who}: {name}, median", own, "ms", raw, most=most)
            yield Figure(f"{who}: {name}, queries", queries_of(path, cookies), "queries", most=14 if most == 20 else 28)
    yield from _download(people["coordinator"], session.programme)


def _pages(raised) -> Iterator[tuple[str, str, str, float]]:
    """Yield (who, name of the page, path, bar beside the one-row view)."""
    programme = "/programmes/plan/questions/"
    yield "coordinator", "list", programme, 20
    yield "coordinator", "last page", f"{programme}?page=999999", 20
    yield "coordinator", "late", f"{programme}?late=on", 20
    yield "coordinator", "search", f"{programme}?q=interpreter+housing", 20
    yield "owner", "own questions", "/questions/?whose=mine", 20
    yield "owner", "all that they may read", "/questions/", 20
    yield "lead", "list", "/questions/", 20
    yield "board", "list", programme, 20
    yield "nobody", "published answers", "/programmes/plan/answers/", 20
    yield "coordinator", "assurances", "/programmes/plan/assurances/", 20
    yield "owner", "assurances", "/assurances/", 20
    yield "lead", "assurances", "/assurances/", 20
    yield "board", "assurances", "/programmes/plan/assurances/", 20
    yield "coordinator", "outcomes", "/programmes/plan/outputs/", 20
    yield "board", "outcomes", "/programmes/plan/outputs/", 20
    yield "coordinator", "tellings", "/programmes/plan/tellings/", 20
    yield "nobody", "promises", "/programmes/plan/promises/", 20
    # Not lists: every answer is looked through, every question counted, and one compared with all others.
    yield "nobody", "search in answers", "/programmes/plan/answers/?q=interpreter+housing", 60
    yield "nobody", "search by some words", "/programmes/plan/answers/?q=interpreter+elephant", 60
    yield "board", "figures", f"{programme}figures/", 100
    yield "coordinator", "a new question with what looks like it", f"/questions/{raised}/", 100


def _download(person, programme) -> Iterator[Figure]:
    from django.test import Client as Browser

    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(person)
    path = f"/programmes/{programme.slug}/questions/questions.csv"
    taken = memory_from_here()
    begun = time.perf_counter()
    parts = iter(browser.get(path).streaming_content)
    head = next(parts)
    first = time.perf_counter() - begun
    lines = head.count(b"\n") + sum(part.count(b"\n") for part in parts)
    seconds, most = time.perf_counter() - begun, taken()
    yield Figure("download, rows", lines - 1, "rows", least=QUESTIONS, most=QUESTIONS)
    yield Figure("download", seconds, "seconds", _by_hand(programme), most=5)
    yield Figure("download, until the first line", first, "seconds", seconds, most=0.5)
    yield Figure("memory that the download takes", most, "MB", most=20)


def _by_hand(programme) -> float:
    """Return the seconds that the same rows take from a server-side cursor to a file of CSV."""
    from django.db import connection, transaction

    begun, out = time.perf_counter(), io.StringIO()
    with transaction.atomic(), connection.connection.cursor("by_hand") as cursor:
        cursor.itersize = 500
        cursor.execute(
            "SELECT q.reference, p.name, q.words, q.state, q.raised_on, o.name, e.name, q.due_on, q.end_reason,"
            " q.theme, w.reference, (SELECT published_at FROM commitments_answer a WHERE a.question_id = q.id"
            " ORDER BY version DESC LIMIT 1) FROM commitments_question q"
            " JOIN briefings_programme p ON p.id = q.programme_id"
            " LEFT JOIN organisations_organisation o ON o.id = q.organisation_id"
            " LEFT JOIN accounts_person e ON e.id = q.owner_id"
            " LEFT JOIN commitments_question w ON w.id = q.merged_into_id"
            " WHERE q.programme_id = %s ORDER BY q.due_on",
            [programme.pk],
        )
        csv.writer(out).writerows(cursor)
    return time.perf_counter() - begun


def _fill() -> tuple[dict, object, object]:
    """Fill the database. Returns who reads, a session for the raw view, and the id of a raised question."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Person
    from briefings.models import Appointment, Mandate, Partner
    from commitments.models import Answer, Asker, Commission, HoldingReply, Question
    from organisations.models import Organisation, OrganisationLead
    from tests.briefings.factories import ProgrammeFactory, RoomFactory, SessionFactory

    chance, now = random.Random(10_000), timezone.now()
    today, since = timezone.localdate(now), timezone.localdate(now) - timedelta(days=400)
    programme = ProgrammeFactory(slug="plan", code="WV", acknowledge_days=2, answer_days=10, is_public=True)
    session = SessionFactory(programme=programme, room=RoomFactory())
    organisations = Organisation.objects.bulk_create(Organisation(name=f"Body {n}") for n in range(ORGANISATIONS))
    Partner.objects.bulk_create(Partner(programme=programme, organisation=each, since=since) for each in organisations)

    def persons(called: str, number: int) -> list:
        return Person.objects.bulk_create(
            Person(name=f"{called} {n}", sort_name=f"{called} {n}", email=f"{called}{n}@example.org".lower())
            for n in range(number)
        )

    (coordinator, board, lead), seniors, askers = (
        persons("Reader", 3),
        persons("Senior", SENIORS),
        persons("Asker", 500),
    )
    for person, role in ((coordinator, "coordinator"), (board, "board")):
        Appointment.objects.create(programme=programme, person=person, role=role, since=since)
    OrganisationLead.objects.create(organisation=organisations[0], person=lead, since=since)
    mandates = Mandate.objects.bulk_create(
        Mandate(
            programme=programme, organisation=organisations[n % ORGANISATIONS], person=senior, job_title="Director",
            since=since, confirmed_by="The chief executive", confirmed_on=since,
        )
        for n, senior in enumerate(seniors)
    )  # fmt: skip
    questions = []
    for number in range(QUESTIONS):
        state = chance.choices(STATES, SHARES)[0]
        raised = today - timedelta(days=chance.randint(0, 20 if state == "raised" else 300))
        owner = chance.randrange(SENIORS) if state not in ("raised", "open", "out_of_scope", "merged") else None
        is_told, is_owed = state in ("answered", "closed"), state in STATES[:5]
        questions.append(
            Question(
                programme=programme, reference=f"WV-{number}", session=session if number % 3 else None, state=state,
                words=" ".join(chance.choices(WORDS.split(), k=chance.randint(8, 30))).capitalize() + "?",
                asked_as=chance.choice(("name", "pseudonym", "nobody")), raised_on=raised, due_from=raised, due_days=10,
                theme=chance.choice(("", "language", "risk", "trust", "legal_basis")),
                due_on=raised + timedelta(days=14),
                owner=seniors[owner] if owner is not None else None,
                organisation=organisations[owner % ORGANISATIONS] if owner is not None else None,
                answered_on=raised + timedelta(days=chance.randint(1, 30)) if is_told else None,
                next_reminder_on=today + timedelta(days=1) if is_owed or state == "answered" else None,
                end_reason="Not ours" if state == "out_of_scope" else "",
            )
        )  # fmt: skip
    whole = next(each for each in questions if each.state == "closed")
    for each in questions:
        each.merged_into = whole if each.state == "merged" else None
    questions.sort(key=lambda each: each is not whole)
    Question.objects.bulk_create(questions, batch_size=1000)
    Asker.objects.bulk_create(
        Asker(question=each, person=chance.choice(askers)) for each in questions if each.asked_as != "nobody"
    )
    told = [each for each in questions if each.answered_on]

    def noon(each, share: int = 1):
        days = (each.answered_on - each.raised_on).days // share
        return now - timedelta(days=(today - each.raised_on).days - days)

    common = {"given_as": "Director"}
    Answer.objects.bulk_create(
        Answer(question=each, version=1, words="Yes, " * 40, audience="public", organisation=each.organisation,
               given_by=each.owner, published_at=noon(each), **common)
        for each in told
    )  # fmt: skip
    HoldingReply.objects.bulk_create(
        HoldingReply(question=each, words="Soon", organisation=each.organisation, given_by=each.owner,
                     sent_at=noon(each, 2), **common)
        for each in told[::10]
    )  # fmt: skip
    Commission.objects.bulk_create(
        Commission(question=each, organisation=each.organisation, person=each.owner, made_at=now, made_by="clock",
                   state="asked" if each.state == "commissioned" else "accepted", decided_at=now)
        for each in questions if each.owner_id
    )  # fmt: skip
    _fill_promises(programme, mandates, chance, now, today)
    _fill_told(programme, coordinator, seniors, chance, now, today)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    raised = next(each for each in questions if each.state == "raised")
    people = {"coordinator": coordinator, "owner": seniors[0], "lead": lead, "board": board}
    return people, session, raised.pk


def _fill_promises(programme, mandates, chance, now, today) -> None:
    from commitments.models import Assurance

    states = ("noted", "given", "proposed", "kept", "not_kept", "withdrawn")
    made = []
    for number in range(ASSURANCES):
        mandate, state = mandates[number % SENIORS], chance.choices(states, (5, 40, 5, 40, 5, 5))[0]
        is_shown, is_ended = state in ("proposed", "kept"), state in ("not_kept", "withdrawn")
        made.append(
            Assurance(
                programme=programme, reference=f"WV-A{number}", organisation=mandate.organisation,
                carried_by=mandate.organisation, person=mandate.person, keeper=mandate.person, mandate=mandate,
                role="Director", words=" ".join(chance.choices(WORDS.split(), k=25)).capitalize() + ".", state=state,
                due_on=today + timedelta(days=chance.randint(-20, 200)), noted_at=now, noted_by=mandate.person,
                given_at=None if state == "noted" else now, next_reminder_on=today, end_reason="Over" * is_ended,
                evidence="The rota of November." * is_shown, proposed_by=mandate.person if is_shown else None,
                confirmed_by=mandates[(number + 1) % SENIORS].person if state == "kept" else None,
            )
        )  # fmt: skip
    Assurance.objects.bulk_create(made, batch_size=1000)


def _fill_told(programme, coordinator, seniors, chance, now, today) -> None:
    from commitments.models import Output, Telling, TellingItem
    from tests.briefings.factories import SessionFactory

    workshop = SessionFactory(programme=programme, kind="workshop")
    common = {"session": workshop, "noted_by": coordinator, "noted_at": now}
    Output.objects.bulk_create(
        Output(
            **common, words=" ".join(chance.choices(WORDS.split(), k=20)), kind="action", owner=seniors[n % SENIORS],
            action_state="open", due_on=today + timedelta(days=n % 90), next_reminder_on=today,
        )
        if n % 2
        else Output(**common, words=" ".join(chance.choices(WORDS.split(), k=20)), kind="barrier", theme="risk")
        for n in range(OUTPUTS)
    )  # fmt: skip
    tellings = Telling.objects.bulk_create(
        Telling(programme=programme, kind="answered", drafted_at=now, drafted_by=coordinator, changed_by=coordinator)
        for _ in range(TELLINGS)
    )
    TellingItem.objects.bulk_create(
        TellingItem(telling=each, position=position, said="Who may read it?", told="The lead may.", section="done")
        for each in tellings
        for position in range(20)
    )
