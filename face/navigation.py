"""The service navigation: the apps above say which links there are and who sees them; the layout draws them.

Two rows of links exist: "programme" on a page whose context has a ``programme``, "site" everywhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

SITE, PROGRAMME = "site", "programme"
May = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Link:
    """One link of the service navigation.

    ``section`` names it once for the installation; a page that belongs to it without lying under its address says so
    with ``section`` in its context. ``may(person, programme)`` says who sees it (``programme`` is None in the row of
    the site). ``url_name`` is reversed with the programme's slug in the row of a programme. Small ``order`` first.
    """

    section: str
    words: str
    url_name: str
    may: May = field(compare=False)
    order: int = 50
    row: str = PROGRAMME

    def address(self, programme: Any) -> str:
        """Return where the link goes."""
        return reverse(self.url_name, args=[programme.slug] if self.row == PROGRAMME else [])


@dataclass(frozen=True)
class ShownLink:
    """A link as it stands on a page."""

    words: str
    address: str
    current: bool


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
    return [ShownLink(link.words, address, link == current) for link, address in addresses.items()]


def _current(addresses: dict[Link, str], path: str, section: str) -> Link | None:
    named = next((link for link in addresses if link.section == section), None)
    under = [
        link for link, address in addresses.items() if path.startswith(address) and (address != "/" or path == "/")
    ]
    return named or max(under, key=lambda link: len(addresses[link]), default=None)
