"""What the journeys walk with: somebody at a browser who follows links, presses buttons and reads mail, as people do.

Nothing here reaches into the database: pages and mails only. Every page is looked at once by axe and for scrolling
sideways, in each state that has another title.
"""

import re

from playwright.sync_api import Locator, Page

from attendance import tasks as attendance_tasks
from commitments import tasks as commitments_tasks
from communications import tasks as communications_tasks
from messaging import tasks as messaging_tasks
from organisations import tasks as organisations_tasks
from tests.accounts.signing_in import CODE
from tests.browser import check_page, no_sideways_scroll


def the_clock_ticks() -> None:
    """Do what the timetable does within a minute: staff lists, rounds, places, reminders, then the mail of it all."""
    organisations_tasks.work_on_staff_lists()
    attendance_tasks.write_rounds()
    attendance_tasks.settle_places()
    attendance_tasks.remind_of_sessions()
    attendance_tasks.remind_seniors()
    commitments_tasks.remind_due()
    communications_tasks.publish_posts()
    messaging_tasks.deliver_due()


class Somebody:
    """A person at a browser: ``page`` is theirs, ``presses`` how often they have pressed since ``start_counting``."""

    seen: set[tuple[str, str]] = set()

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.presses = page, address, 0
        page.set_default_timeout(60_000)  # a machine that does other things besides is no failure

    # --- moving

    def goes_to(self, path: str) -> "Somebody":
        self.page.goto(path)
        return self.looks()

    def follows(self, name: str | re.Pattern, nth: int = 0) -> "Somebody":
        """Follow the link whose words contain ``name``; one in the navigation is brought to light first."""
        if not self.page.get_by_role("link", name=name).count():
            self._opens_heading_over(name)
        return self._presses(self.page.get_by_role("link", name=name).nth(nth), f"link “{name}”")

    def _opens_heading_over(self, name: str | re.Pattern) -> None:
        closed = self.page.locator("nav details details:not([open])").filter(has=self.page.locator("a", has_text=name))
        if closed.count():
            self.presses += 1
            closed.first.locator("summary").click()

    def presses_button(self, name: str | re.Pattern) -> "Somebody":
        return self._presses(self.page.get_by_role("button", name=name).first, f"button “{name}”")

    def _presses(self, what: Locator, name: str) -> "Somebody":
        assert what.count(), f"{self.page.url} has no {name}: {self.words()[:2000]}"
        self.presses += 1
        what.click()
        return self.looks()

    def fills(self, **answers: str) -> "Somebody":
        """Fill fields by their names, as the labels lead to them; a date is three boxes, "26 11 2026"."""
        for name, words in answers.items():
            if self.page.locator(f"[name={name}_day]").count():
                for part, value in zip(("day", "month", "year"), words.split(), strict=True):
                    self.page.locator(f"[name={name}_{part}]").fill(value)
            else:
                self._fill_one(self.page.locator(f"[name={name}]"), words)
        return self

    def _fill_one(self, field: Locator, words: str) -> None:
        if field.first.get_attribute("type") in ("radio", "checkbox"):
            self.page.get_by_label(words, exact=True).first.check()
        elif field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(field.locator("option", has_text=words).first.get_attribute("value"))
        else:
            field.fill(words)

    def ticks(self, *labels: str) -> "Somebody":
        """Tick boxes by their labels; a name that came from a staff list may be in capitals."""
        for label in labels:
            self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*$", re.IGNORECASE)).first.check()
        return self

    def ticks_what_begins(self, *labels: str) -> "Somebody":
        """Tick boxes by how their labels begin: a hint may stand behind the word."""
        for label in labels:
            self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first.check()
        return self

    def chooses_file(self, name: str, content: bytes) -> "Somebody":
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator("input[type=file]").set_input_files(file)
        return self

    def chooses(self, label: str, option: str) -> "Somebody":
        """Choose the option whose words contain ``option`` in the list called ``label``."""
        self._fill_one(self.page.get_by_label(label), option)
        return self

    def chooses_everywhere_else(self, option: str) -> "Somebody":
        """Choose what begins with ``option`` in every list in which nothing is chosen yet."""
        for each in self.page.locator("main select").all():
            if not each.input_value() and each.locator("option", has_text=option).count():
                self._fill_one(each, option)
        return self

    # --- seeing

    def looks(self) -> "Somebody":
        """Look at the page: it is one of ours, it works, nothing is wrong with it."""
        words = self.words()
        assert "Something went wrong" not in words, f"{self.page.url}: {words[:300]}"
        key = (re.sub(r"[0-9]+|/programmes/[^/]+/", "…", self.page.url.partition("?")[0]), self.page.title())
        if key not in self.seen:
            self.seen.add(key)
            check_page(self.page)
        else:
            no_sideways_scroll(self.page)
        return self

    def words(self) -> str:
        """Return what stands in the main part of the page."""
        return re.sub(r"[\s\u00a0]+", " ", self.page.locator("main").inner_text())

    def sees(self, *words: str) -> "Somebody":
        there = self.words()
        for each in words:
            assert each in there, f"{self.page.url} does not say “{each}” but: {there[:2000]}"
        return self

    # --- mail

    def reads_mail(self, subject: str) -> str:
        """Open the newest mail to this person whose subject contains ``subject`` in the mailbox; return its text."""
        the_clock_ticks()
        mail = self.page.context.new_page()
        mail.goto(f"/mailbox/?q={self.address}")
        mail.locator("main").get_by_role("link", name=subject).first.click()
        text = mail.locator("article").inner_text()
        mail.close()
        return text

    def opens_link_in_mail(self, subject: str, kind: str) -> "Somebody":
        """Press the link of ``kind`` ("/i/", "/p/") in the newest mail about ``subject``: one press."""
        found = re.search(rf"https?://[^\s]+({kind}[^\s]+)", self.reads_mail(subject))
        assert found, f"no {kind} in the mail about {subject}"
        self.presses += 1
        return self.goes_to(found[1])

    def has_mail(self, subject: str) -> bool:
        """Return whether a mail with ``subject`` stands in this person's mailbox."""
        the_clock_ticks()
        mail = self.page.context.new_page()
        mail.goto(f"/mailbox/?q={self.address}")
        found = mail.locator("main").get_by_role("link", name=subject).count() > 0
        mail.close()
        return found

    def signs_in(self) -> "Somebody":
        return self.goes_to("/sign-in/").enters_code()

    def confirms_who_they_are(self) -> "Somebody":
        """Enter another code where what follows speaks for an organisation and the last one is old."""
        self.presses_button("Send me a code")
        code = CODE.search(self.reads_mail("Your code")).group()
        return self.fills(code=code).presses_button("Confirm")

    def enters_code(self) -> "Somebody":
        """Sign in from where signing in is asked for."""
        self.fills(email=self.address).presses_button("Send me a code")
        code = CODE.search(self.reads_mail("Your code")).group()
        return self.fills(code=code).presses_button("Sign in")
