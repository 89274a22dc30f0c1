"""Guidance in a real browser: two who write at once, a comment from a phone, what has changed, by keyboard alone."""

import pytest
import time_machine
from django.urls import reverse

from commitments.actions import guidance as actions
from commitments.models import GuidanceSection, PartnerAsked
from commitments.queries.guidance import sections_of
from tests.browser import check_page, targets_are_large
from tests.commitments.factories import NOW
from tests.commitments.guiding import DAY, a_cast, a_draft, came, publish, rewrite
from tests.commitments.test_browser import enter, look, shot  # noqa: F401 (the fixture)
from tests.commitments.test_guidance_endorsed import agreed
from tests.commitments.test_references import a_reference
from tests.organisations.factories import OrganisationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TEXT = (
    "The **first** who comes opens.\n\n- One rings the *bell*.\n- The other waits.\n\n| Who | What |\n|---|---|\n"
    "| Fire | Opens |\n\n[More](https://example.org/keys)"
)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def cast(transactional_db):
    return a_cast()


def at(name: str, *args) -> str:
    return reverse(f"commitments:{name}", args=args)


def test_guidance_is_written_by_two_commented_on_and_published(cast, new_page, phone, page, shot):  # noqa: F811
    own = a_draft(cast, TEXT, "The last locks.")
    part = sections_of(own)[1]
    enter(phone, cast.senior)
    phone.goto(at("guidance-show", own.pk))
    look(phone, shot, "draft-of-senior", phone=True)
    phone.get_by_role("link", name="Comment on “Section 2”").click()
    look(phone, shot, "comment", phone=True)
    phone.get_by_label("Your comment").fill("Who has the second key?")
    phone.get_by_role("button", name="Send the comment").click()
    check_page(phone)

    enter(page, cast.coordinator)
    page.goto(at("section-change", own.pk, part.pk))
    look(page, shot, "section", phone=False)
    other = new_page(width=320)
    enter(other, cast.facilitator)
    other.goto(at("section-change", own.pk, part.pk))
    other.get_by_label("Words").fill("The guard locks.")
    other.get_by_role("button", name="Keep these words").click()
    check_page(other)
    page.get_by_label("Words").fill("The last locks twice.")
    page.get_by_role("button", name="Keep these words").press("Enter")
    look(page, shot, "merge", phone=False)
    page.get_by_role("button", name="Keep these words").press("Enter")
    assert GuidanceSection.objects.get(pk=part.pk).words == "The guard locks.\nThe last locks twice."
    look(page, shot, "draft", phone=False)

    page.get_by_role("link", name="Answer").press("Enter")
    look(page, shot, "answer", phone=False)
    page.get_by_label("It is taken up").press("Space")
    page.get_by_role("button", name="Answer").press("Enter")
    page.get_by_role("link", name="Publish a version").press("Enter")
    look(page, shot, "publish", phone=False)
    page.get_by_label("What is new?").fill("All of *it*.")
    page.get_by_role("button", name="Publish it").press("Enter")
    assert "Version 1 is published" in page.inner_text("main")
    look(page, shot, "version", phone=False)
    other.goto(page.url)
    look(other, shot, "version", phone=False)


def test_what_has_changed_is_read_and_acknowledged(cast, new_page, shot):  # noqa: F811
    cast.fire = OrganisationFactory(name="Fenbury Fire and Rescue Service")
    own = a_draft(cast, TEXT, "The last locks.")
    publish(own, cast, now=NOW - 12 * DAY)
    version = agreed(cast, council="endorsed")
    actions.stand_on(section=sections_of(own)[0], versions=[version], by=cast.facilitator, now=NOW)
    rewrite(own, "The guard locks, and takes the key along.", cast, number=1)
    publish(own, cast, now=NOW - DAY, although_unendorsed=True)
    a_reference(cast)
    a_reference(cast, title="Overdue", review_on=NOW.date() - DAY)
    page = new_page(width=320)
    enter(page, came(cast))
    page.goto(at("guidance-since", own.pk))
    look(page, shot, "since", phone=False)
    page.get_by_role("button", name="I have read version 2").press("Enter")
    assert "You said on" in page.inner_text("main")
    for name, args in (
        ("guidance-version", [own.pk, 2]), ("guidance-changes", [own.pk, 2]), ("guidance-list", []),
        ("reference-list", [cast.programme.slug]),
    ):  # fmt: skip
        page.goto(at(name, *args))
        look(page, shot, name, phone=False)
    page.get_by_role("link", name="Back to the guidance").click()
    check_page(page)
    targets_are_large(page)
    wide = new_page(width=1280)
    enter(wide, cast.coordinator)
    for name, args in (
        ("guidance-version", [own.pk, 2]),
        ("reference-list", [cast.programme.slug]),
        ("section-draft", [own.pk]),
    ):
        wide.goto(at(name, *args))
        look(wide, shot, name, phone=False)
    assert PartnerAsked.objects.count() == 2
