"""Reports of Microsoft Teams, read: both versions, encodings, dates both ways, several joins, odd names."""

from datetime import UTC, date, datetime, timedelta

import pytest

from attendance.teams import AnotherDay, NotAReport, present, read_report

DAY = date(2026, 11, 26)
STARTS = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=3)

HEADS_1 = "Full Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole\tParticipant ID (UPN)"
HEADS_2 = "Name\tFirst join\tLast leave\tIn-meeting duration\tEmail\tParticipant ID (UPN)\tRole"
HEADS_3 = "Name\tJoin time\tLeave time\tDuration\tEmail\tRole"


def version_1(*rows: str) -> str:
    head = [
        "Meeting Summary", "Total Number of Participants\t2", "Meeting Title\tBriefing",
        "Meeting Start Time\t11/26/2026, 9:25:00 AM", "Meeting End Time\t11/26/2026, 12:31:00 PM", "Meeting Id\tx", "",
        HEADS_1,
    ]  # fmt: skip
    return "\r\n".join([*head, *rows, ""])


def version_2(people: list[str], joins: list[str] | None = None) -> str:
    lines = [
        "1. Summary", "Meeting title\tBriefing", "Attended participants\t2", "Start time\t26/11/26, 09:25:00",
        "End time\t26/11/26, 12:31:00", "Meeting duration\t3h 6m", "Average attendance time\t2h", "",
        "2. Participants", HEADS_2, *people, "",
    ]  # fmt: skip
    if joins is not None:
        lines += ["3. In-Meeting Activities", HEADS_3, *joins, ""]
    return "\r\n".join(lines)


def teams(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def who(text: str | bytes):
    content = text if isinstance(text, bytes) else teams(text)
    version, joins = read_report(content, day=DAY, zone="Europe/London")
    return version, present(joins, starts=STARTS, ends=ENDS)


AMINA = "Amina Samplewood\t{}\t{}\t1h\tAmina@example.org\tAttendee\tamina@example.org"


def test_version_1_adds_up_several_joins():
    rows = [
        AMINA.format("11/26/2026, 9:00:00 AM", "11/26/2026, 10:30:00 AM"),
        AMINA.format("11/26/2026, 11:00:00 AM", "11/26/2026, 11:45:00 AM"),
        "Beatrix Makebelieve (Guest)\t11/26/2026, 9:30:00 AM\t11/26/2026, 1:00:00 PM\t3h 30m\t\tAttendee\t",
    ]
    version, (beatrix, amina) = who(version_1(*rows))
    assert version == 1
    assert (amina.name, amina.address, amina.joins, amina.minutes) == ("Amina Samplewood", "amina@example.org", 2, 105)
    assert (amina.first, amina.last) == (STARTS, STARTS + timedelta(hours=2, minutes=15))
    assert (beatrix.name, beatrix.address, beatrix.joins, beatrix.minutes) == ("Beatrix Makebelieve", "", 1, 180)


def test_version_2_reads_the_joins_of_section_3():
    people = ["Amina\t26/11/26, 09:30:00\t26/11/26, 12:30:00\t2h\tamina@example.org\ta@tenant.example.org\tPresenter"]
    joins = [
        "Amina\t26/11/26, 09:30:00\t26/11/26, 10:30:00\t1h\tamina@example.org\tPresenter",
        "Amina\t26/11/26, 10:00:00\t26/11/26, 11:00:00\t1h\tamina@example.org\tPresenter",
        "Amina\t26/11/26, 12:00:00\t26/11/26, 12:30:00\t30m\tamina@example.org\tPresenter",
    ]
    version, (amina,) = who(version_2(people, joins))
    assert (version, amina.joins, amina.minutes) == (2, 3, 120)  # 09:30 to 11:00 once, and half an hour


def test_version_2_without_section_3_trusts_the_duration():
    people = ["Amina\t26/11/26, 09:30:00\t26/11/26, 12:30:00\t1h 10m 20s\tamina@example.org\t\tAttendee"]
    _, (amina,) = who(version_2(people))
    assert amina.minutes == 70


def test_premium_columns_and_a_fourth_section_are_passed_over():
    people = ["Amina\t26/11/26, 09:30:00\t26/11/26, 12:30:00\t3h\tamina@example.org\t\tAttendee\t4\t2"]
    text = version_2(people, []).replace(HEADS_2, f"{HEADS_2}\tEngagement: Raise Hands\tEngagement: Unmute")
    _, (amina,) = who(text + "\r\n4. Engagement\r\nName\tX\r\nNobody\t1\r\n")
    assert (amina.name, amina.minutes) == ("Amina", 180)


@pytest.mark.parametrize(
    ("joined", "left"),
    [
        ("11/26/26, 9:30:00 AM", "11/26/26, 10:30:00 AM"),
        ("26/11/26, 09:30:00", "26/11/26, 10:30:00"),
        ("26/11/2026 09:30", "26/11/2026 10:30"),
        ("26.11.26, 09:30:00", "26.11.26, 10:30:00"),
        ("2026-11-26 09:30:00", "2026-11-26 10:30:00"),
        ("11/26/26, 9:30:00\u202fAM", "11/26/26, 10:30:00\u202fAM"),
    ],
)
def test_times_are_read_as_the_day_of_the_session_says(joined, left):
    _, (amina,) = who(version_1(AMINA.format(joined, left)))
    assert (amina.first, amina.minutes) == (STARTS, 60)


def test_a_day_that_reads_both_ways_is_told_by_the_session():
    content = teams(version_1(AMINA.format("05/06/2026, 10:30:00", "05/06/2026, 11:30:00")))
    for day in (date(2026, 6, 5), date(2026, 5, 6)):
        _, joins = read_report(content, day=day, zone="Europe/London")
        assert joins[0].joined.date() == day


def test_summer_time_is_that_of_the_session():
    content = teams(version_1(AMINA.format("01/07/2026, 10:30:00", "01/07/2026, 11:30:00")))
    _, joins = read_report(content, day=date(2026, 7, 1), zone="Europe/London")
    assert joins[0].joined == datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


POLISH = [
    "Podsumowanie spotkania", "Łączna liczba uczestników\t2", "Tytuł spotkania\tOdprawa",
    "Godzina rozpoczęcia spotkania\t26.11.2026, 09:25:00", "Godzina zakończenia spotkania\t26.11.2026, 12:31:00",
    "Identyfikator spotkania\tx", "",
    "Imię i nazwisko\tGodzina dołączenia\tGodzina opuszczenia\tCzas trwania\tAdres e-mail\tRola\tIdentyfikator (UPN)",
]  # fmt: skip
GERMAN = [
    "1. Zusammenfassung", "Titel der Besprechung\tBriefing", "Teilnehmer\t2", "Startzeit\t26.11.26, 09:25:00", "",
    "2. Teilnehmer", "Name\tErster Beitritt\tLetztes Verlassen\tDauer\tE-Mail\tTeilnehmer-ID (UPN)\tRolle",
    "Amina Samplewood\t26.11.26, 09:30:00\t26.11.26, 11:30:00\t1 Std. 45 Min. 3 Sek.\t\ta@example.org\tX",
    "",
]  # fmt: skip


def test_another_language_is_read_too():
    polish = ["Amina\t26.11.2026, 09:30:00\t26.11.2026, 10:00:00\t30 min 5 sek.\tamina@example.org\tUczestnik\t"]
    again = ["Amina\t26.11.2026, 11:00:00\t26.11.2026, 12:30:00\t1 godz. 30 min\tamina@example.org\tUczestnik\t"]
    version, (amina,) = who("\r\n".join([*POLISH, *polish, *again, ""]))
    assert (version, amina.address, amina.joins, amina.minutes) == (1, "amina@example.org", 2, 120)
    version, (amina,) = who("\r\n".join(GERMAN))
    assert (version, amina.name, amina.upn, amina.minutes) == (2, "Amina Samplewood", "a@example.org", 105)
    joins = [
        "3. Aktivitäten in der Besprechung", "Name\tBeitrittszeit\tVerlassenszeit\tDauer\tE-Mail\tRolle",
        "Amina Samplewood\t26.11.26, 09:30:00\t26.11.26, 10:30:00\t1 Std.\tamina@example.org\tX", "",
    ]  # fmt: skip
    version, (amina,) = who("\r\n".join([*GERMAN, *joins]))
    assert (version, amina.minutes) == (2, 60)
    joins[1:3] = [
        "Rolle\tVerlassen\tBeitreten\tName\tDauer", "X\t26.11.26, 10:00:00\t26.11.26, 09:30:00\tAmina\t30 Min. 0 Sek.",
    ]  # fmt: skip
    version, (amina,) = who("\r\n".join([*GERMAN, *joins]))
    assert (version, amina.minutes) == (2, 30)


def test_known_heads_are_read_wherever_they_stand():
    heads = "Rola\tAdres e-mail\tOstatnie wyjście\tPierwsze dołączenie\tImię i nazwisko\tCzas udziału w spotkaniu"
    row = "Uczestnik\tamina@example.org\t26.11.2026, 11:30:00\t26.11.2026, 10:00:00\tAmina\t1 godz. 30 min"
    version, (amina,) = who("\r\n".join(["1. Podsumowanie", "", "2. Uczestnicy", heads, row, ""]))
    assert (version, amina.name, amina.address, amina.minutes) == (2, "Amina", "amina@example.org", 90)
    heads = "E-Mail-Adresse\tVerlassenszeit\tName\tBeitrittszeit"
    row = "amina@example.org\t26.11.26, 11:30:00\tAmina\t26.11.26, 10:00:00"
    _, (amina,) = who("\r\n".join(["1. Zusammenfassung", "", "3. Aktivitäten in der Besprechung", heads, row, ""]))
    assert (amina.name, amina.address, amina.minutes) == ("Amina", "amina@example.org", 90)


def test_unknown_heads_are_read_by_place_if_what_stands_there_fits():
    heads = "Nome\tPrima entrata\tUltima uscita\tDurata\tPosta\tID (UPN)\tRuolo"
    row = "Amina\t26/11/2026, {}\t26/11/2026, {}\t1 h\tamina@example.org\t\tX"
    lines = ["1. Riepilogo", "", "2. Partecipanti", heads]
    _, (amina,) = who("\r\n".join([*lines, row.format("10:00:00", "11:00:00"), ""]))
    assert (amina.name, amina.address, amina.minutes) == ("Amina", "amina@example.org", 60)
    with pytest.raises(NotAReport):  # the two times stand the other way round
        who("\r\n".join([*lines, row.format("11:00:00", "10:00:00"), ""]))


@pytest.mark.parametrize(
    "row",
    [
        "Amina\tamina@example.org\t26.11.2026, 09:30:00\t26.11.2026, 10:00:00\t30 min\tX\tX",
        "Amina\t26.11.2026, 09:30:00\t26.11.2026, 10:00:00\t30 min\tUczestnik\tX\tX",
        "",
    ],
)
def test_columns_in_another_order_are_not_guessed(row):
    with pytest.raises(NotAReport):
        who("\r\n".join([*POLISH, row, ""]))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", ["\t", ",", ";"])
def test_what_a_spreadsheet_program_makes_of_it_is_read(encoding, separator):
    text = version_1(AMINA.format("26.11.2026 09:30:00", "26.11.2026 10:30:00").replace("Amina S", "Siân S"))
    _, (found,) = who(text.replace("\t", separator).encode(encoding))
    assert (found.name, found.minutes) == ("Siân Samplewood", 60)


def test_without_times_nobody_knows_how_long():
    people = ["Amina\t\t\t\tamina@example.org\t\tAttendee"]
    _, (amina,) = who(version_2(people))
    assert (amina.minutes, amina.first, amina.last) == (None, None, None)


def test_who_is_still_there_stays_to_the_end():
    _, (amina,) = who(version_1("Amina\t11/26/2026, 11:30:00 AM\t\t\tamina@example.org\tAttendee"))
    assert amina.minutes == 60


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Doe, Jane (External)", "Doe, Jane"),
        ("Casey (Guest) (Unverified)", "Casey"),
        ('"Sky ""Ace"" Tab\tName"', 'Sky "Ace" Tab Name'),
        ("+44 1632 960123", "+44 1632 960123"),
        ("JANSSENS JAN (EXT)", "JANSSENS JAN"),
    ],
)
def test_names_lose_what_teams_adds(raw, name):
    _, (found,) = who(version_1(f"{raw}\t11/26/2026, 9:30:00 AM\t11/26/2026, 10:30:00 AM\t1h\t\tAttendee"))
    assert found.name == name


def test_the_upn_stands_in_where_there_is_no_address():
    _, (found,) = who(
        version_1("Amina\t26/11/26, 09:30\t26/11/26, 10:30\t1h\tnot an address\tAttendee\tamina@example.org")
    )
    assert (found.address, found.upn) == ("", "amina@example.org")


def test_two_of_one_name_without_address_are_one_row():
    row = "Amina\t26/11/26, {}\t26/11/26, {}\t30m\t\tAttendee"
    _, (found,) = who(version_1(row.format("09:30", "10:00"), row.format("11:00", "11:30")))
    assert (found.joins, found.minutes) == (2, 60)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe", b"a,b\n1,2\n", b"%PDF-1.7", bytes(range(256)) * 20,
        teams("Meeting Summary\r\nTotal Number of Participants\t0\r\n"),
        teams("1. Resumo\r\nT\tx\r\n\r\n2. Participantes\r\nNome\tPrimeiro ingresso\r\nAna\t07/02/26, 10:00:00\r\n"),
        teams(version_1(AMINA.format("yesterday", "today"))),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(content):
    with pytest.raises(NotAReport):
        read_report(content, day=DAY, zone="Europe/London")


def test_the_report_of_another_day_is_refused():
    with pytest.raises(AnotherDay):
        who(version_1(AMINA.format("11/25/2026, 9:30:00 AM", "11/25/2026, 9:40:00 AM")))


def test_a_report_with_nobody_in_it_is_empty():
    assert who(version_2([], []))[1] == []
