"""What browser tests do with a page."""

from axe_playwright_python.sync_playwright import Axe

from tests import tools

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page) -> None:
    """Fail with a readable list where axe finds anything wrong on ``page`` (WCAG 2.2 AA and best practice)."""
    assert not getattr(page, "is_without_scripts", False), "axe waits for ever on a page without scripts: use one with"
    _whole(page)
    # What passed is not asked for: writing it down takes axe longer than looking.
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    assert not found, f"axe on {page.url}:\n" + "\n".join(_lines(found))


def _whole(page) -> None:
    """Wait until everything that ``page`` is made of has come: a press returns as soon as the new page begins."""
    page.wait_for_load_state("load")
    bare = page.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].filter(each => !each.sheet).length")
    assert not bare, f"{page.url} has lost {bare} of its stylesheets"


def _lines(violations: list[dict]) -> list[str]:
    return [
        f"{each['impact']} {each['id']}: {each['help']}\n    {node['html'][:200]}\n    at {node['target']}"
        for each in violations
        for node in each["nodes"]
    ]


def no_sideways_scroll(page) -> None:
    """Fail where ``page`` is wider than its window."""
    _whole(page)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than its window"


def screenshot(page, name: str) -> None:
    """Keep a picture of the whole ``page`` as screenshots/NAME.png for a person to look at."""
    tools.SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=tools.SCREENSHOTS / f"{name}.png", full_page=True)


def check_page(page) -> None:
    """Fail where the page is not one of ours as it should be: axe, no sideways scroll, one h1, a title."""
    axe(page)
    no_sideways_scroll(page)
    assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} h1"
    assert page.title().strip(" –"), f"{page.url} has no title"


SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter(each => {
    const box = each.getBoundingClientRect(), label = each.labels && each.labels[0];
    const height = Math.max(box.height, label ? label.getBoundingClientRect().height : 0);
    return box.width > 1 && getComputedStyle(each).display !== 'inline' && height < 43.5;
  }).map(each => each.outerHTML.slice(0, 120))"""


def targets_are_large(page) -> None:
    """Fail where something that is tapped alone is less than 44 px high; links inside a sentence may be."""
    small = page.evaluate(SMALL)
    assert not small, f"{page.url} has targets that are too small:\n" + "\n".join(small)


FOCUSED = """() => {
  const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
  const moved = window.hadFocus !== each, label = each.labels && each.labels[0];
  window.hadFocus = each;
  const own = [label && label.textContent, each.getAttribute('aria-label')];
  if (!each.querySelector('a, button, input, select')) own.push(each.textContent);
  const words = each === document.body ? [] : own;
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 1;
  return {
    moved, words: words.filter(Boolean).join(' ').replace(/\\s+/g, ' '),
    html: each === document.body ? '' : each.outerHTML.slice(0, 160),
    where: [ring, box.top, box.bottom, innerHeight],
    seen: ring && box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def walk_to(page, words: str, *, most: int = 120) -> None:
    """Press Tab until what has the focus says ``words``, as somebody without a mouse does, round the page if need be.

    Fail where the focus cannot be seen on the way, does not go on, or never comes there.
    """
    way = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused["moved"], f"{page.url} holds the focus at {focused['html']}"
        for _ in range(20):  # the browser scrolls there in its own time
            if focused["seen"] or not focused["html"]:
                break
            page.wait_for_timeout(20)
            focused = page.evaluate(FOCUSED)
        assert focused["seen"] or not focused["html"], f"{page.url} does not show the focus at {focused}"
        if focused["html"] and words in focused["words"]:
            return
        way.append(focused["words"][:40])
    raise AssertionError(f"No way by Tab to {words!r} on {page.url}: {way}")
