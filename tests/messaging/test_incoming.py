"""What mails that came say: who vouches for the sender, what answers by itself, and what says nothing at all."""

import random
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.replies import parse
from messaging.incoming import BOUNCE, CALENDAR, MOST_BYTES, MOST_CALENDAR, Failed, read
from tests.messaging.incoming import AUTHSERV, answer, calendar, report, results

UID = "5c9e2b57-9a34-4bd5-8f1f-0a2a7c5d6e7f"
SENDER = "amina@trust.example.org"
WORDS = calendar(UID, SENDER)


def said(raw: bytes):
    return read(raw, authserv_id=AUTHSERV)


def proven(written: str | None, sender: str = SENDER, **headers) -> bool:
    return said(answer(WORDS, sender=sender, proven=written, **headers)).is_proven


def test_an_answer_from_a_calendar():
    found = said(answer(WORDS, sender=SENDER))
    assert (found.kind, found.sender, found.is_proven, found.message_id) == (CALENDAR, SENDER, True, "<a1@example.org>")
    assert found.words == WORDS


@pytest.mark.parametrize("method", ["dmarc", "dkim", "spf"])
def test_our_server_vouches_by_each_method(method):
    assert proven(results("trust.example.org", method=method))
    assert proven(results("TRUST.example.org", method=method).replace("mx.hub", "MX.Hub"))


@pytest.mark.parametrize(
    "written",
    [
        None,
        results("trust.example.org", verdict="fail"),
        results("trust.example.org", verdict="none"),
        results("other.example.org"),
        results("example.org"),  # related, not the same
        results("trust.example.org", server="mx.elsewhere.example.org"),
        results("trust.example.org", method="spf", verdict="softfail"),
        f"{AUTHSERV}; none",
        f"{AUTHSERV}; dmarc=pass (header.from=trust.example.org) header.from=evil.example.org",
        f'{AUTHSERV}; spf=pass reason="header.from=trust.example.org" smtp.mailfrom=a@evil.example.org',
        f'{AUTHSERV}; dkim=fail reason="x; dmarc=pass header.from=trust.example.org" header.d=evil.example.org',
        f"{AUTHSERV}; (a(b) dmarc=pass header.from=trust.example.org) spf=fail smtp.mailfrom=a@evil.example.org",
        f"{AUTHSERV}; dkim=pass header.d=trust.example.org; dmarc=fail header.from=trust.example.org",
        "dmarc=pass header.from=trust.example.org",
        f"x {AUTHSERV}; dmarc=pass header.from=trust.example.org",
        f"{AUTHSERV}; dkim=pass header.d=mail.trust.example.org",
        f"{AUTHSERV}; dmarc=bestguesspass header.from=trust.example.org",
        f"{AUTHSERV}; spf=pass",
        # What the mail itself brought, written down by a server that does not quote it
        f'{AUTHSERV}; spf=pass smtp.mailfrom="x@trust.example.org"@evil.example.org',
        f"{AUTHSERV}; spf=pass smtp.mailfrom=x@trust.example.org @evil.example.org",
        f'{AUTHSERV}; spf=pass smtp.mailfrom="x;dmarc=pass header.from=trust.example.org"@evil.example.org',
        f'{AUTHSERV}; spf=pass (domain of "x) ; dmarc=pass header.from=trust.example.org; ("@evil.example.org is fine) '
        "smtp.mailfrom=evil.example.org",
        f"{AUTHSERV}; spf=fail (domain of x)) ; dmarc=pass header.from=trust.example.org",
        f"{AUTHSERV}; dkim=pass header.d=evil.example.org header.i=x header.d=trust.example.org @evil.example.org",
        f"{AUTHSERV}; dkim=pass header.d=evil.example.org header.d=trust.example.org",
        f'{AUTHSERV}; spf=fail reason="x; dmarc=pass header.from=trust.example.org',
    ],
)
def test_nobody_vouches(written):
    assert not proven(written)


@pytest.mark.parametrize(
    "written",
    [
        f"{AUTHSERV};\r\n       dkim=pass header.i=@trust.example.org header.s=k1 header.b=Zk/t3Q==;\r\n"
        f"       spf=pass (google.com: domain of {SENDER} designates 192.0.2.1) smtp.mailfrom={SENDER};\r\n"
        "       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=trust.example.org",
        f"{AUTHSERV} 1; dmarc/1=pass (p=reject) header.from=trust.example.org",
        f'"{AUTHSERV}";\r\n\tdmarc (a (b)) = pass reason="it; fits" header.from = (c) trust.example.org',
        f'(x) {AUTHSERV} (y); dkim=fail header.d=list.example.org; spf=pass smtp.mailfrom="amina@trust.example.org"',
        f"{AUTHSERV}; dkim=fail header.d=trust.example.org; dkim=pass header.d=trust.example.org header.a=rsa-sha256",
    ],
    ids=["Gmail", "with versions", "folded and quoted", "comments around the name", "the second signature"],
)
def test_what_servers_write_is_read(written):
    assert proven(written)


def test_what_the_sender_wrote_under_our_servers_name_does_not_count():
    """RFC 8601, 5: our server writes above what came; only the topmost counts."""
    genuine = results("trust.example.org", verdict="fail")
    assert not proven(genuine, Authentication_Results=results("trust.example.org"))
    assert not read(answer(WORDS, sender=SENDER), authserv_id="").is_proven
    nameless = answer(WORDS, sender=SENDER, proven=results("trust.example.org", server=""))
    assert not read(nameless, authserv_id="").is_proven


@pytest.mark.parametrize(
    "sender",
    [
        "amina@trust.example.org>, <b@evil.example.org",
        "amina@trust.example.org> <b@evil.example.org",
        "b@evil.example.org>\r\nFrom: <amina@trust.example.org",
    ],
)
def test_two_senders_are_nobody(sender):
    found = said(answer(WORDS, sender=sender, proven=results("trust.example.org")))
    assert found is None or (found.sender, found.is_proven) == ("", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-replied; owner-email=x"),
        ("Auto-Submitted", "auto-notified"), ("Return-Path", "<>"), ("Precedence", "auto_reply"),
        ("X-Autoreply", "yes"), ("X-Autorespond", "Out of office"), ("Precedence", "bulk"), ("Precedence", "List"),
        ("Return-Path", "< >"),
    ],
)  # fmt: skip
def test_what_answers_by_itself_says_nothing(name, value):
    assert said(answer(WORDS, sender=SENDER, **{name: value})) is None


def test_an_answer_that_a_program_wrote_for_somebody_counts():
    """docs/adr/0046: calendars mark the answers that people press as generated."""
    assert said(answer(WORDS, sender=SENDER, Auto_Submitted="auto-generated")) is not None
    assert said(answer(WORDS, sender=SENDER, Auto_Submitted="no")) is not None


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "REFRESH", "X"])
def test_only_answers_are_read(method):
    assert said(answer(calendar(UID, SENDER, METHOD=method), sender=SENDER)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + WORDS.encode(), WORDS.encode("utf-16"), WORDS.replace("\r\n", "\n").encode(),
        WORDS.replace("METHOD", "Method").encode(), WORDS.replace("Plan", "Plân").encode("latin-1"),
    ],
    ids=["BOM", "UTF-16", "LF", "small letters", "Latin-1"],
)  # fmt: skip
def test_an_answer_is_read_however_its_program_writes_text(data):
    raw = answer(WORDS, sender=SENDER).replace(b64encode(WORDS.encode()), b64encode(data))
    assert parse(said(raw).words) == parse(WORDS)


def test_an_answer_in_a_mail_that_is_attached_is_not_this_senders_word():
    head, _, _ = answer(WORDS, sender=SENDER).partition(b"MIME-Version")
    inner = answer(WORDS, sender="bryn@elsewhere.example.org")
    assert said(head + b"Content-Type: message/rfc822\r\n\r\n" + inner) is None


def test_what_is_too_large_says_nothing():
    assert said(answer(WORDS, sender=SENDER) + b" " * MOST_BYTES) is None
    assert said(answer(WORDS + "X" * MOST_CALENDAR, sender=SENDER)) is None
    many = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 80
    assert said(answer(WORDS, sender=SENDER).replace(b"--b\r\n", many + b"--b\r\n", 1)) is None


def test_human_mail_says_nothing():
    assert said(b"From: a@example.org\r\nSubject: I cannot come\r\n\r\nI am ill.\r\n") is None


def test_a_mail_without_a_number_is_known_by_what_it_says():
    one, two = (said(answer(WORDS, sender=SENDER, message_id="")) for _ in range(2))
    assert one.message_id == two.message_id
    assert one.message_id.startswith("sha256:")


@pytest.mark.parametrize("returned", ["headers", "whole"])
def test_a_report_of_a_failure_for_good(returned):
    found = said(report("<m1@hub.example.org>", returned=returned))
    assert (found.kind, found.failed) == (BOUNCE, Failed("<m1@hub.example.org>", "5.1.1"))


def test_a_report_that_only_says_what_it_answers():
    raw = report("<m1@hub.example.org>", returned="nothing", In_Reply_To="<m1@hub.example.org>")
    assert said(raw).failed == Failed("<m1@hub.example.org>", "5.1.1")


def test_what_a_server_gave_up_after_days_has_failed():
    """RFC 3464, 2.3.3: Postfix writes class 4 when it stops trying, and will not try again."""
    assert said(report("<m1@hub.example.org>", status="4.4.1")).failed == Failed("<m1@hub.example.org>", "4.4.1")


@pytest.mark.parametrize(
    ("status", "action"),
    [("5.1.1", "delayed"), ("4.4.1", "delayed"), ("2.0.0", "delivered"), ("2.0.0", "failed"), ("x", "failed"),
     ("5.0.0", "relayed"), ("5.0.0", "expanded")],
)  # fmt: skip
def test_what_may_still_arrive_is_no_failure(status, action):
    assert said(report("<m1@hub.example.org>", status=status, action=action)) is None


DEEP = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(3_000))
HOSTILE = [
    b"", b"\x00", b"\r\n\r\n", b"From:", b"\xff\xfe" * 400, b"From: " + b"(" * 50_000, DEEP.encode(),
    b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n--",
    b'Content-Type: multipart/report; report-type="delivery-status"; boundary=""\r\n\r\n----',
    b"Content-Type: text/calendar; charset=nosuch\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"Content-Type: text/calendar; charset*=x'y'%ff\r\n\r\nMETHOD:REPLY\r\n",
    b"Message-ID: =?utf-8?b?/////w==?=\r\nContent-Type: text/calendar\r\n\r\nMETHOD:REPLY\r\n",
    b"Authentication-Results: " + b"mx.hub.example.org; " * 4_000 + b"\r\nContent-Type: text/calendar\r\n\r\n"
    b"METHOD:REPLY\n",
]  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_mail_never_breaks_and_is_never_proven(raw):
    found = said(raw)
    assert found is None or not found.is_proven


@settings(max_examples=150, deadline=2_000, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40))
def test_mails_with_broken_bytes_never_break(seed, count):
    chance = random.Random(seed)  # noqa: S311
    raw = bytearray(chance.choice([answer(WORDS, sender=SENDER), report("<m1@hub.example.org>")]))
    for _ in range(count):
        place = chance.randrange(len(raw))
        raw[place : place + chance.choice([0, 1, 9])] = chance.choice(
            [b"", b"\x00", b"\r\n", b";", b'"', b"\xff", b"--b"]
        )
    said(bytes(raw))
