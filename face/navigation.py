"""The service navigation: the apps above say which links there are and who sees them; the layout draws them.

Two rows of links exist: "programme" on a page whose context has a ``programme``, "site" everywhere else. Who sees more
than ``MOST_IN_A_ROW`` links finds them under few headings: a row that nobody can read at a glance helps nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from face.addresses import address_of

SITE, PROGRAMME = "site", "programme"
PEOPLE, QUESTIONS, TELLING = "People and places", "Questions and assurances", "Communication"
"""The headings under which links stand together."""
MOST_IN_A_ROW = 6
May = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Link:
    """One link of the service navigation.

    ``section`` names it once for the installation; a page that belongs to it without lying under its address says so
    with ``section`` in its context. ``may(person, programme)`` says who sees it (``programme`` is None in the row of
    the site). ``url_name`` is reversed with the programme's slug in the row of a programme. Small ``order`` first.
    ``group`` is the heading it stands under where there are many.
    """

    section: str
    words: str
    url_name: str
    may: May = field(compare=False)
    order: int = 50
    row: str = PROGRAMME
    group: str = ""

    def address(self, programme: Any) -> str:
        """Return where the link goes."""
        return address_of(self.url_name, programme.slug) if self.row == PROGRAMME else address_of(self.url_name)


@dataclass(frozen=True)
class ShownLink:
    """A link as it stands on a page."""

    words: str
    address: str
    current: bool
    group: str = ""


@dataclass(frozen=True)
class ShownGroup:
    """Links under one heading, open where one of them is the current one."""

    words: str
    links: list[ShownLink]

    @property
    def current(self) -> bool:
        return any(link.current for link in self.links)


_links: dict[tuple[str, str], Link] = {}


def register(link: Link) -> Link:
    """Add ``link``; call it in AppConfig.ready. The same section in the same row again takes the place of the first."""
    _links[link.row, link.section] = link
    return link


def shown_to(person: Any, *, programme: Any = None, path: str = "", section: str = "") -> list[ShownLink]:
    """Return the links that ``person`` sees on the page at ``path``; none for a stranger.

    The current one is that of ``section``, or else the one whose address ``path`` lies deepest under.
    """
    if not getattr(person, "is_authenticated", False):
        return []
    row = PROGRAMME if programme is not None else SITE
    links = sorted((link for link in _links.values() if link.row == row), key=lambda link: (link.order, link.words))
    addresses = {link: link.address(programme) for link in links if link.may(person, programme)}
    current = _current(addresses, path, section)
    return [ShownLink(link.words, address, link == current, link.group) for link, address in addresses.items()]


def grouped(links: list[ShownLink]) -> list[ShownLink | ShownGroup]:
    """Return ``links`` with those of one heading together, where its first stood; few, or one alone, stay bare."""
    if len(links) <= MOST_IN_A_ROW:
        return list(links)
    under: dict[object, list[ShownLink]] = {}
    for link in links:
        under.setdefault(link.group or link, []).append(link)
    return [each[0] if len(each) == 1 else ShownGroup(each[0].group, each) for each in under.values()]


def _current(addresses: dict[Link, str], path: str, section: str) -> Link | None:
    named = next((link for link in addresses if link.section == section), None)
    under = [
        link for link, address in addresses.items() if path.startswith(address) and (address != "/" or path == "/")
    ]
    return named or max(under, key=lambda link: len(addresses[link]), default=None)
