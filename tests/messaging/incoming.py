"""Mails as they come in: answers from calendars, reports of failures, and what hostile or odd programs send."""

from base64 import b64encode

AUTHSERV = "mx.hub.example.org"


def results(domain: str, *, server: str = AUTHSERV, method: str = "dmarc", verdict: str = "pass") -> str:
    """What a receiving server writes about a mail that came from ``domain``."""
    names = {"dmarc": f"header.from={domain}", "dkim": f"header.d={domain}", "spf": f"smtp.mailfrom=a@{domain}"}
    return f"{server};\r\n\t{method}={verdict} (p=none dis=none) {names[method]}"


def calendar(uid: str, attendee: str, said: str = "ACCEPTED", **lines) -> str:
    """An answer as Outlook writes it. ``lines`` are SEQUENCE, DTSTAMP, METHOD and further ones."""
    given = {"METHOD": "REPLY", "SEQUENCE": 0, "DTSTAMP": "20261102T100000Z", "MORE": "", **lines}
    return (
        "BEGIN:VCALENDAR\r\nPRODID:-//Example//Calendar//EN\r\nVERSION:2.0\r\n"
        f"METHOD:{given['METHOD']}\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:{given['SEQUENCE']}\r\n"
        f"DTSTAMP:{given['DTSTAMP']}\r\nORGANIZER:mailto:briefings@example.org\r\n"
        f"ATTENDEE;PARTSTAT={said}:MAILTO:{attendee}\r\n{given['MORE']}SUMMARY:Accepted: One Family Plan\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def answer(
    words: str, *, sender: str, proven: str | None = "", message_id: str = "<a1@example.org>", **headers
) -> bytes:
    """A mail with the calendar object ``words``. ``proven``: what our server wrote, "" for a pass, None for nothing."""
    written = results(sender.rpartition("@")[2]) if proven == "" else proven
    lines = [f"Authentication-Results: {written}"] if written else []
    lines += [
        f"From: Amina Samplewood <{sender}>", "To: briefings@example.org", "Subject: Accepted",
        "MIME-Version: 1.0", *([f"Message-ID: {message_id}"] if message_id else []),
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        'Content-Type: multipart/alternative; boundary="b"', "",
        "--b", "Content-Type: text/plain; charset=utf-8", "", "I come.",
        "--b", "Content-Type: text/calendar; charset=utf-8; method=REPLY", "Content-Transfer-Encoding: base64", "",
        b64encode(words.encode()).decode(), "--b--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def report(
    message_id: str, *, status: str = "5.1.1", action: str = "failed", returned: str = "headers", **names
) -> bytes:
    """A delivery status notice (RFC 3464) about the mail ``message_id``."""
    heads = f"Message-ID: {message_id}\r\nSubject: Your place\r\nFrom: briefings@example.org\r\n"
    back = {
        "headers": f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\n{heads}\r\n",
        "whole": f"--r\r\nContent-Type: message/rfc822\r\n\r\n{heads}\r\nHello\r\n",
        "nothing": "",
    }[returned]
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in names.items())
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mail.example.org\r\nTo: briefings@example.org\r\n"
        f"Message-ID: <report-{status}-{action}-{returned}@mail.example.org>\r\nAuto-Submitted: auto-replied\r\n{more}"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        "--r\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; amina@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"{back}--r--\r\n"
    ).encode()
