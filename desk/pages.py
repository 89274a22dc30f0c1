"""What a page is called in the access trace, for people who never saw its address."""

_NAMES = {
    "attendance:answer-calendar": "Answers from calendars",
    "attendance:answer-list": "Who said no to an invitation",
    "attendance:availability-ask": "Asking when senior managers can come",
    "attendance:cover-all": "Senior cover",
    "attendance:cover-next": "Whom to ask next to cover a session",
    "attendance:cover-propose": "Whom to ask to cover sessions",
    "attendance:cover-show": "Senior cover",
    "attendance:person-find": "Booking for somebody: found by name",
    "attendance:person-give-up": "Giving up a place for somebody",
    "attendance:person-show": "Booking for somebody",
    "attendance:register-certificate": "Certificate of attendance",
    "attendance:register-phone-rows": "Register without signal, on a phone",
    "attendance:register-sheet": "Signing-in sheet",
    "attendance:register-type-in": "Typing in a signed sheet",
    "attendance:register-walk-ins": "Who walked in",
    "attendance:round-left-out": "Who is left out of a round of invitations",
    "attendance:round-words": "Words of an invitation",
    "attendance:session-move": "Moving people to another session",
    "attendance:session-moved": "Who was moved to another session",
    "attendance:session-people": "Who runs a session",
    "attendance:session-places": "Who has a place in a session",
    "attendance:staff-record": "What the staff of an organisation attended",
    "attendance:team-nudge": "Who of a team has no place",
    "briefings:person-list": "People eligible for a programme",
    "commitments:endorsement-names": "Names beside endorsements",
    "commitments:programme-outputs": "What came out of workshops",
    "commitments:question-figures": "Questions in figures",
    "commitments:session-outputs": "What came out of a workshop",
    "commitments:session-questions": "Live questions of a session",
    "communications:plan-show": "Communication plan",
    "desk:person-show": "Everything about a person",
    "desk:session-show": "Everything about a session",
    "messaging:bounce-list": "Mails that came back",
    "organisations:import-missing": "Who is missing in a staff list",
    "organisations:import-rejected": "Rows of a staff list that cannot be used",
}
_MANY = {"person": "people", "staff": "staff"}
_FILES = ("export", "download")


def page_in_words(name: str) -> str:
    """Return what the page at the address called ``name`` is, "messaging:message-list" gives "List of messages".

    A file is named after its page: "Register, as a spreadsheet". An address without a noun keeps its name.
    """
    if name in _NAMES:
        return _NAMES[name]
    noun, _, verb = name.rpartition(":")[2].rpartition("-")
    words = noun.replace("-", " ")
    if not noun:
        return name
    if verb in _FILES:
        page = name.removesuffix(f"-{verb}")
        known = (_NAMES[key] for key in (page, f"{page}-show", f"{page}-list") if key in _NAMES)
        return f"{next(known, words.capitalize())}, as a spreadsheet"
    if verb == "list":
        return f"List of {_MANY.get(words, f'{words}s')}"
    return words.capitalize() if verb == "show" else f"{words.capitalize()}: {verb}"
