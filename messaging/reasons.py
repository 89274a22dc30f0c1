"""Why a message was not sent, in words. Apps name their own codes with ``register``."""

_WORDS = {
    "unknown_kind": "this release does not know its kind",
    "too_late": "it was too late to be of use",
    "no_address": "the person has no e-mail address",
    "address": "no mail can be sent to this address",
    "refused": "the mail server refused it",
    "tried_for_days": "it could not be delivered for four days",
    "worker_lost": "the program was stopped while sending it",
    "paused": "sending is paused",
    "stopped": "somebody stopped it",
    "render": "it could not be written",
    "still_wanted": "it could not be found out whether it is still wanted",
    "connect": "the mail server cannot be reached",
    "timeout": "the mail server was too slow",
    "disconnected": "the mail server hung up",
    "tls": "the connection to the mail server is not safe",
    "421": "the mail server is busy (421)",
    "450": "the mailbox was not free (450)",
    "451": "the mail server had a problem (451)",
    "452": "the mail server was full (452)",
    "550": "the mail server does not know this mailbox, or refuses us (550)",
    "552": "the mailbox is full (552)",
}


def register(**words: str) -> None:
    """Say codes in words: ``register(place_given_up="the place was given up")``. Call it in AppConfig.ready."""
    _WORDS.update(words)


def words(code: str | None) -> str:
    """Return what ``code`` says; a code that nobody named as words, "" for none."""
    if not code:
        return ""
    if code in _WORDS:
        return _WORDS[code]
    return f"the mail server answered {code}" if code.isdigit() else code.replace("_", " ")


_STATUS = (
    ("5.1", "the mailbox does not exist"),
    ("5.2.1", "the mailbox is switched off"),
    ("5.2.2", "the mailbox is full"),
    ("5.3", "their mail server does not take it"),
    ("5.4", "their mail server cannot be reached"),
    ("5.7", "their mail server refuses our mails"),
    ("4.2.2", "the mailbox was full for days"),
    ("4.4", "their mail server could not be reached for days"),
    ("4", "their mail server did not take it for days"),
)


def words_of_status(status: str) -> str:
    """Return what an enhanced status code such as "5.1.1" says (RFC 3463, 3)."""
    return next((words for start, words in _STATUS if status.startswith(start)), "it could not be delivered")
