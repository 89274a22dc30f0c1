"""The pages of guidance: writing together, commenting, publishing, reading what has changed, as a page and as a PDF."""

import io

import pypdf
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments.actions import guidance as actions
from commitments.models import Acknowledgement, Guidance, SectionComment
from commitments.queries.guidance import sections_of
from tests.commitments.factories import NOW
from tests.commitments.guiding import DAY, a_cast, a_draft, came, publish, rewrite
from tests.commitments.pages import opened, signed_in, words
from tests.hostile import WORDS
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return a_cast()


def at(name: str, *args, **named) -> str:
    return reverse(f"commitments:{name}", args=args, kwargs=named or None)


def test_from_the_first_section_to_a_version(cast):
    client = signed_in(cast.coordinator, fresh=True)
    assert "There is no guidance yet" in words(client.get(at("programme-guidance", cast.programme.slug)))
    assert "Enter the title" in words(client.post(at("guidance-start", cast.programme.slug), {"title": ""}))
    page = client.post(at("guidance-start", cast.programme.slug), {"title": "Wren House"}, follow=True)
    own = Guidance.objects.get()
    assert "Add a section" in words(page)
    assert "There is a problem" in words(client.post(at("section-add", own.pk), {"title": "Doors"}))
    page = client.post(at("section-add", own.pk), {"title": "Doors", "words": "The **first** opens."}, follow=True)
    assert "<strong>first</strong>" in page.content.decode()
    assert "Nobody else reads the draft" in words(page)
    assert signed_in(cast.senior).get(at("guidance-show", own.pk)).status_code == 404
    assert "is open for comments" in words(client.post(at("guidance-open", own.pk), {"open": "yes"}, follow=True))
    part = sections_of(own).get()
    senior = signed_in(cast.senior)
    assert "The first opens." in words(senior.get(at("section-comment", own.pk, part.pk)))
    assert "There is a problem" in words(senior.post(at("section-comment", own.pk, part.pk), {"words": ""}))
    page = senior.post(at("section-comment", own.pk, part.pk), {"words": "Who locks?"}, follow=True)
    assert "You are told by e-mail what becomes of it" in words(page)
    assert f"{cast.organisation.name}, 2 November 2026 Who locks? Not answered yet" in words(page)
    assert cast.senior.name not in words(page)
    page = client.get(at("guidance-show", own.pk))
    assert f"{cast.senior.name}, {cast.organisation.name}" in words(page)
    said = SectionComment.objects.get()
    answer = at("comment-answer", own.pk, said.pk)
    assert "Say why it is not taken up" in words(client.post(answer, {"how": "not", "words": ""}))
    publish_page = client.get(at("guidance-publish", own.pk))
    assert "1 comment without an answer" in words(publish_page)
    seen = publish_page.context["form"].initial["seen"]
    refused = words(client.post(at("guidance-publish", own.pk), {"seen": seen, "note": ""}))
    assert "Comments wait for an answer" in refused
    client.post(answer, {"how": "taken_up", "words": "The last one does."})
    assert client.get(answer).status_code == 302
    assert signed_in(cast.coordinator).get(at("guidance-publish", own.pk)).url.startswith("/account/confirm/")
    page = client.post(at("guidance-publish", own.pk), {"seen": seen, "note": "All of *it*."}, follow=True)
    assert "Version 1 is published" in words(page)
    stranger = Client()
    public = stranger.get(at("guidance-version", own.pk, 1))
    assert "<em>it</em>" in public.content.decode()
    assert "Doors The first opens." in words(public)
    assert "Who locks?" not in words(public)
    assert "Wren House" in words(stranger.get(at("guidance-list")))
    page = client.post(at("guidance-take-back", own.pk), {"reason": "It burnt down."}, follow=True)
    assert "It burnt down." in words(page)
    assert "was taken back on 2 November 2026. It burnt down." in words(stranger.get(at("guidance-version", own.pk, 1)))
    assert "Wren House" not in words(stranger.get(at("guidance-list")))


def test_the_second_of_two_editors_gets_both_texts_and_loses_nothing(cast):
    own = a_draft(cast, "The first opens.\n\nThe last locks.")
    part = sections_of(own).get()
    hers, his = signed_in(cast.coordinator), signed_in(cast.facilitator)
    change = at("section-change", own.pk, part.pk)
    version = his.get(change).context["form"].initial["version"]
    hers.post(change, {"title": part.title, "words": "The first opens.\n\nThe guard locks.", "version": version})
    typed = {"title": "Doors", "words": "The first opens.\n\nThe last locks twice.", "version": version}
    page = his.post(change, typed)
    assert page.status_code == 409
    text = words(page)
    assert f"{cast.coordinator.name} changed this section" in text
    assert "[taken out: guard ] [put in: last ]" in " ".join(text.split())
    both = page.context["form"].initial
    assert both["words"] == "The first opens.\n\nThe guard locks.\nThe last locks twice."
    assert (both["title"], both["version"]) == ("Section 1 / Doors", version + 1)
    kept = his.post(change, both, follow=True)
    assert "The guard locks." in words(kept)
    assert "The last locks twice." in words(kept)
    # Taken out while it was open elsewhere: the words are shown again, and put it back.
    section = sections_of(own).get()
    actions.remove_section(section=section, version=section.version, by=cast.coordinator, now=NOW)
    page = his.post(change, {"title": "Doors", "words": "More.", "version": section.version})
    assert "took this section out" in words(page)
    his.post(change, {"title": "Doors", "words": "More.", "version": page.context["form"].initial["version"]})
    assert [each.words for each in sections_of(own)] == ["More."]


def test_sections_move_go_and_come_back_by_a_press(cast):
    own = a_draft(cast, "One.", "Two.")
    one, two = sections_of(own)
    client = signed_in(cast.facilitator)
    client.post(at("section-move", own.pk, two.pk), {"way": "up"})
    assert [each.pk for each in sections_of(own)] == [two.pk, one.pk]
    remove = at("section-remove", own.pk, one.pk)
    assert "Take out “Section 1”?" in words(client.get(remove))
    assert "Somebody else changed" in words(client.post(remove, {"version": "x"}, follow=True))
    assert "Taken out of the draft Section 1" in words(client.post(remove, {"version": "1"}, follow=True))
    assert client.get(remove).status_code == 302
    assert "is in the draft again" in words(client.post(remove, follow=True))
    assert "new title" in words(client.post(at("guidance-rename", own.pk), {"title": "Other"}, follow=True))


def test_what_has_changed_since_the_own_briefing(cast):
    own = a_draft(cast, "The first opens.")
    publish(own, cast, now=NOW - 12 * DAY)
    rewrite(own, "The guard opens.", cast)
    publish(own, cast, now=NOW - DAY)
    who = came(cast, link=True)
    page = words(signed_in(who).get(at("guidance-since", own.pk)))
    assert "You were briefed on 23 October 2026" in page
    assert "when version 1 was in force" in page
    assert "[taken out: first ] [put in: guard ]" in page
    client = opened(who.own_link)
    assert "Guidance" in words(client.get(reverse("attendance:place-show", args=[who.own_link.pk])))
    assert "Version 2" in words(client.get(at("place-guidance", who.own_link.pk)))
    mine = at("place-guidance-show", who.own_link.pk, own.pk)
    assert "when version 1 was in force" in words(client.get(mine))
    page = client.post(mine, {"version": "2"}, follow=True)
    assert "You said on 2 November 2026 that you have read version 2" in words(page)
    assert client.post(mine, {"version": "9"}).status_code == 404
    assert client.post(mine, {"version": "²"}).status_code == 404
    signed_in(who).post(at("guidance-acknowledge", own.pk), {"version": "2"})
    assert Acknowledgement.objects.count() == 1
    assert "have read version 2" not in words(Client().get(at("guidance-since", own.pk)))
    rows = words(signed_in(cast.coordinator).get(at("guidance-show", own.pk)))
    rows = words(signed_in(cast.coordinator).get(at("guidance-show", own.pk)))
    assert "Who has read version 2" in rows
    assert f"Organisation Read Came {cast.organisation.name} 1 1" in rows


def test_anybody_asks_by_a_date_without_saying_who_they_are(cast):
    own = a_draft(cast, "The first opens.")
    publish(own, cast, now=NOW - 12 * DAY)
    rewrite(own, "The guard opens.", cast)
    publish(own, cast, now=NOW - DAY)
    client, address = Client(), at("guidance-since", own.pk)
    assert "Type the day on which you were briefed" in words(client.get(address))
    assert "Sign in to see it since your own briefing" in words(client.get(address))
    since = {"since_day": "23", "since_month": "10", "since_year": "2026"}
    assert "Since 23 October 2026, when version 1 was in force" in words(client.get(address, since))
    assert "Nothing has changed" in words(client.get(address, {**since, "since_day": "2", "since_month": "11"}))
    assert "before any version was published" in words(client.get(address, {**since, "since_year": "2020"}))
    assert client.get(address, {"since_day": "x"}).status_code == 200
    assert not client.cookies


def test_any_two_versions_are_compared(cast):
    own = a_draft(cast, "One.")
    for text in ("Two.", "Three."):
        publish(own, cast)
        rewrite(own, text, cast)
    publish(own, cast)
    client, address = Client(), at("guidance-changes", own.pk, 3)
    assert "From version 2" in words(client.get(address))
    assert "[taken out: One. ] [put in: Three. ]" in words(client.get(address, {"before": "1", "after": "3"}))
    assert "Nothing is different" in words(client.get(address, {"before": "2", "after": "2"}))
    assert "From nothing" in words(client.get(address, {"before": "0"}))
    assert "From version 2" in words(client.get(address, {"before": "x", "after": "99"}))
    assert "There is a newer version" in words(client.get(at("guidance-version", own.pk, 1)))
    assert client.get(at("guidance-version", own.pk, 4)).status_code == 404


def test_what_is_not_public_stays_with_the_people_of_the_programme(cast):
    own = a_draft(cast)
    publish(own, cast)
    cast.programme.is_public = False
    cast.programme.save(update_fields=["is_public"])
    for name, args in (("guidance-version", [1]), ("guidance-document", [1]), ("guidance-since", [])):
        asked = Client().get(at(name, own.pk, *args))
        assert asked.url.startswith("/sign-in/") if name == "guidance-since" else asked.status_code == 404
        assert signed_in(PersonFactory()).get(at(name, own.pk, *args)).status_code == 404
        assert signed_in(came(cast)).get(at(name, own.pk, *args)).status_code == 200
        assert signed_in(cast.senior).get(at(name, own.pk, *args)).status_code == 200
    assert "Wren House" not in words(Client().get(at("guidance-list")))
    assert "Wren House" in words(signed_in(cast.senior).get(at("guidance-list")))


def test_a_link_to_a_draft_that_is_closed_leads_to_what_is_published(cast):
    own = a_draft(cast)
    senior = signed_in(cast.senior)
    actions.set_open(guidance=own, is_open=False, by=cast.coordinator, now=NOW)
    assert senior.get(at("guidance-show", own.pk)).status_code == 404
    publish(own, cast)
    assert senior.get(at("guidance-show", own.pk)).url == at("guidance-version", own.pk, 1)
    cast.programme.is_public = False
    cast.programme.save(update_fields=["is_public"])
    assert signed_in(PersonFactory()).get(at("guidance-show", own.pk)).status_code == 404


def test_nobody_acknowledges_for_no_organisation(cast):
    own = a_draft(cast)
    publish(own, cast)
    page = signed_in(PersonFactory()).post(at("guidance-acknowledge", own.pk), {"version": "1"}, follow=True)
    assert "Only people of the partner organisations" in words(page)


# Hostile words


@pytest.mark.parametrize("kind", WORDS)
def test_hostile_words_are_harmless_as_page_and_pdf(cast, kind):
    text = WORDS[kind].replace("\x00", "").strip() or "."
    own = a_draft(
        cast, f"{text[:15_000]}\n\n<script>alert(1)</script>\n\n# One\n\n[bad](javascript:alert(1))\n\n{'> ' * 300}x"
    )
    publish(own, cast, note=text[:1_000])
    for name in ("guidance-version", "guidance-since"):
        page = Client().get(at(name, own.pk, *([1] if name == "guidance-version" else []))).content.decode()
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        assert "onerror=alert(1)>" not in page
    document = Client().get(at("guidance-document", own.pk, 1))
    assert document.content.startswith(b"%PDF")
    assert b"javascript:" not in document.content
    assert len(pypdf.PdfReader(io.BytesIO(document.content)).pages) >= 1


TYPST = '#let x = 1 $ y $ @nobody \\\\ <label> // no comment /* nor this */ #sys.inputs `raw` ~ #{panic("?")}'


def test_the_pdf_is_tagged_titled_and_says_the_words(cast):
    table = "| Who | What |\n|---|---|\n| Fire | Opens |"
    own = a_draft(cast, f"# Large\n\n- one\n- two\n\n1. first\n\n[words](https://example.org/a)\n\n{table}\n\n{TYPST}")
    publish(own, cast, note="*New*")
    document = Client().get(at("guidance-document", own.pk, 1))
    assert document["Content-Disposition"] == 'inline; filename="working-in-wren-house-version-1.pdf"'
    reader = pypdf.PdfReader(io.BytesIO(document.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for said in (
        "Working in Wren House",
        "Large",
        "Fire",
        "#let x = 1 $ y $ @nobody",
        "<label> // no comment",
        '{panic("?")}',
    ):
        assert said in text
    assert reader.metadata.title == "Working in Wren House, version 1"
    root = reader.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en-GB", True)
    assert {"/H1", "/H2", "/H3", "/L", "/LI", "/Link", "/Table", "/TH", "/TD", "/P"} <= tags_of(root["/StructTreeRoot"])
    assert b"pdfuaid" in document.content
    links = [each.get_object() for page in reader.pages for each in page.get("/Annots", [])]
    assert [each["/A"]["/URI"] for each in links] == ["https://example.org/a"]


def tags_of(node) -> set[str]:
    """Return the types of all elements of the tree of a tagged PDF."""
    node = node.get_object()
    if isinstance(node, list):
        return set().union(*(tags_of(each) for each in node if hasattr(each, "get_object")))
    if not hasattr(node, "get"):
        return set()
    below = tags_of(node["/K"]) if "/K" in node and hasattr(node["/K"], "get_object") else set()
    return below | ({str(node["/S"])} if "/S" in node else set())


# Queries


@pytest.mark.parametrize("name", ["guidance-list", "programme-guidance", "guidance-show", "guidance-version"])
def test_pages_ask_the_database_as_often_for_one_as_for_three(cast, name):
    def grow(number: int) -> Guidance:
        own = a_draft(cast, *["Words."] * number)
        for part in sections_of(own):
            actions.comment_on(section=part, words="Who?", by=cast.senior, now=NOW)
        publish(own, cast, although_unanswered=True)
        return own

    def queries(own) -> int:
        args = {"guidance-list": [], "programme-guidance": [cast.programme.slug]}.get(name, [own.pk])
        args = [*args, 1] if name == "guidance-version" else args
        client = signed_in(cast.coordinator)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(at(name, *args)).status_code == 200
        return len(caught)

    own = grow(1)
    queries(own)
    one = queries(own)
    grow(1)
    assert queries(grow(3)) == one
