"""What staff read who act for somebody: the refusals that speak to a person, in words about that person."""

from accounts.models import Person
from accounts.permissions import Permission, has
from attendance.actions.engagements import BusyThen
from attendance.actions.places import HasPlaceElsewhere, NotEligible, OfferIsEnding, OfferIsOver
from attendance.actions.swaps import QuotaIsUsed, SessionIsFull
from briefings.words import session_in_words
from history.refusals import Refused

_SAID = {
    HasPlaceElsewhere: "{} holds a place in another session of this programme. Change its date, or give it up first.",
    OfferIsEnding: "{} had the offer of another place, which is over. It ends within a minute: press again then.",
    BusyThen: "{} is in another session at that time. Choose another date, or give that place up first.",
    OfferIsOver: "The limit of the offer is over, so {} does not have this place any more. Choose another date.",
    NotEligible: "{} is in no organisation, profession and area of this programme. Correct their affiliation first.",
    SessionIsFull: "That session has no free place, so {} keeps the one there is. Choose another date.",
    QuotaIsUsed: (
        "The organisation has all the places it may have in that session, so {} keeps the one there is. "
        "Choose another date, or release the quota."
    ),
}


def said_about(person: Person, refusal: Refused, *, by: Person) -> Refused:
    """Return ``refusal`` in words for ``by``, who acts for ``person``.

    Which session somebody is in at that time is said to whoever sees who has a place in its programme.
    """
    words = _SAID.get(type(refusal))
    other = getattr(refusal, "session", None)
    if isinstance(refusal, BusyThen) and other and has(by, Permission.SEE_PEOPLE, other.programme):
        there = session_in_words(other)
        return Refused(f"{person.name} is in {there}. Choose another date, or give that place up first.")
    return Refused(words.format(person.name)) if words else refusal


def told(person: Person) -> str:
    """Return how ``person`` learns what was done, as the end of a sentence that a banner says."""
    return "They are told by e-mail" if person.email else "No e-mail address is known, so tell them yourself"
