"""How one line of the route × role × object test is written.

    Route("briefings:programme-edit", own_programme, {200: "administrator coordinator"}),
    Route("briefings:programme-edit", other_programme, {200: "administrator other"}),
    Route("briefings:session-open", own_session, {302: "administrator coordinator"}, post=True),
    Route("desk:home-show", nothing, {200: "everyone"}),

The name of the URL, a function that takes the cast and returns what stands in the address, and the answer by role. A
role that no answer names gets ``rest`` (404: what you may not see is not there); a stranger whom none names is sent to
sign in. "everyone" is everybody with an account and the stranger; "signed_in" leaves the stranger out. ``post=True``
is for addresses that only take a POST: everybody then gets 405 for a GET, and who may not changes nothing.

An address with an object needs a line for an own one and a line for somebody else's (a function called ``other_…``),
unless everybody gets the same. Add a function to this file, or beside your lines where nobody else needs it; it may
make rows: they go with the test. The needle test makes the objects of all lines at once, so two lines must not make
the same unique row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.cast import PEOPLE, ROLES, STRANGER, Cast

SIGN_IN = "sign in"
"""What a stranger gets where an account is needed."""

_GROUPS = {"everyone": ROLES, "signed_in": PEOPLE}


@dataclass(frozen=True)
class Route:
    """One address with one object; see above."""

    name: str
    kwargs: Callable[[Cast], dict]
    answers: Mapping[int, str]
    rest: int = HTTPStatus.NOT_FOUND
    post: bool = False
    data: Mapping = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}[{self.kwargs.__name__}]"

    def expected(self, role: str) -> int | str:
        """Return the status that ``role`` gets, or SIGN_IN."""
        named = {each: status for status, roles in self.answers.items() for each in _spelled_out(roles)}
        return named.get(role, SIGN_IN if role == STRANGER else int(self.rest))


def _spelled_out(roles: str) -> list[str]:
    words = roles.split()
    unknown = set(words) - set(ROLES) - set(_GROUPS)
    if unknown:
        raise ValueError(f"Not in the cast: {unknown}")
    groups = [role for word in words for role in _GROUPS.get(word, ())]
    return groups + [word for word in words if word not in _GROUPS]


def nothing(cast: Cast) -> dict:
    """An address without an object."""
    return {}


def own_programme(cast: Cast) -> dict:
    return {"slug": cast.programme.slug}


def other_programme(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug}


def own_session(cast: Cast) -> dict:
    return {"session": cast.session.pk}


def other_session(cast: Cast) -> dict:
    return {"session": cast.other_session.pk}


def own_organisation(cast: Cast) -> dict:
    return {"organisation": cast.organisation.pk}


def other_organisation(cast: Cast) -> dict:
    return {"organisation": cast.other_organisation.pk}


def own_person(cast: Cast) -> dict:
    """The practitioner of the own partner."""
    return {"person": cast.practitioner.pk}


def other_person(cast: Cast) -> dict:
    """The lead of the other partner."""
    return {"person": cast.other_lead.pk}
