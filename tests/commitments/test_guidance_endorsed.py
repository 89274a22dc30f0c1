"""Guidance that stands on agreements: drafted from their words, published with who has endorsed them."""

import io

import pypdf
import pytest
import time_machine
from django.test import Client

from commitments.actions import guidance as actions
from commitments.actions.guidance import NotEndorsedYet
from commitments.models import Agreement, AgreementVersion, PartnerAsked
from commitments.queries.guidance import sections_of
from commitments.queries.standing import agreements_to_use, endorsed_by, names_in_words
from tests.briefings.factories import PartnerFactory
from tests.commitments.factories import NOW
from tests.commitments.guiding import DAY, a_cast, a_draft, publish
from tests.commitments.pages import signed_in, words
from tests.commitments.test_guidance_pages import at
from tests.organisations.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    cast = a_cast()
    cast.organisation.name = "Ashby Council"
    cast.organisation.save(update_fields=["name"])
    cast.fire = OrganisationFactory(name="Fenbury Fire")
    PartnerFactory(programme=cast.programme, organisation=cast.fire)
    return cast


def agreed(cast, text="The last who leaves\nlocks.", *, state="proposed", number=1, agreement=None, **outcomes):
    """A version of an agreement; ``council`` and ``fire`` are what these partners have said of it."""
    agreement = agreement or Agreement.objects.create(
        reference=f"AG-{Agreement.objects.count() + 1}", programme=cast.programme, title="Locking", made_at=NOW,
        made_by=cast.coordinator,
    )  # fmt: skip
    proposed = {"proposed_at": NOW, "proposed_by": cast.coordinator, "endorse_by": NOW.date()}
    version = AgreementVersion.objects.create(
        agreement=agreement, number=number, words=text, review_on=(NOW + 90 * DAY).date(), state=state,
        drafted_at=NOW, drafted_by=cast.coordinator, ended_at=NOW if state == "superseded" else None,
        next_review_reminder_on=NOW.date() if state == "proposed" else None, **(proposed if state != "draft" else {}),
    )  # fmt: skip
    for name, organisation in (("council", cast.organisation), ("fire", cast.fire)):
        outcome = outcomes.get(name, "")
        PartnerAsked.objects.create(
            version=version, organisation=organisation, outcome=outcome, said_at=NOW if outcome else None
        )
    return version


def test_a_section_is_drafted_from_what_was_agreed(cast):
    version = agreed(cast)
    own = a_draft(cast)
    client = signed_in(cast.facilitator)
    draft = at("section-draft", own.pk)
    assert "AG-1, version 1 (proposed): The last who leaves" in words(client.get(draft))
    assert "Choose an agreement at least" in words(client.post(draft, {"title": "Locking"}))
    page = client.post(draft, {"title": "Locking", "versions": [version.pk]}, follow=True)
    part = sections_of(own)[1]
    assert part.words == "> The last who leaves\n> locks.\n\nAG-1, version 1"
    assert "Stands on AG-1, version 1" in words(page)
    agreed(cast, "The guard locks.", agreement=version.agreement, number=2, state="draft")
    assert "(there is a version 2 now)" in words(client.get(at("guidance-show", own.pk)))


def test_a_section_stands_on_what_is_ticked_and_keeps_its_words(cast):
    one, two = agreed(cast, "One."), agreed(cast, "Two.")
    own = a_draft(cast)
    part = sections_of(own).get()
    client, address = signed_in(cast.facilitator), at("section-agreements", own.pk, part.pk)
    client.post(address, {"versions": [one.pk, two.pk]})
    client.post(address, {"versions": [two.pk]})
    part.refresh_from_db()
    assert part.words == "The first who comes opens the door.\n\n> One.\n\nAG-1, version 1\n\n> Two.\n\nAG-2, version 1"
    assert [each.version for each in part.agreements.all()] == [two]
    assert part.version == 2
    other = agreed(a_cast_elsewhere())
    actions.stand_on(section=part, versions=[two, other], by=cast.facilitator, now=NOW)
    assert part.agreements.count() == 1


def a_cast_elsewhere():
    cast = a_cast()
    cast.fire = OrganisationFactory()
    return cast


def test_which_agreements_can_be_used(cast):
    first = agreed(cast, state="superseded")
    newest = agreed(cast, agreement=first.agreement, number=2)
    ended = agreed(cast)
    Agreement.objects.filter(pk=ended.agreement_id).update(ended_at=NOW, end_reason="Gone.")
    assert list(agreements_to_use(cast.programme)) == [newest]


def test_published_before_it_is_endorsed_only_if_somebody_says_so(cast):
    version = agreed(cast, council="endorsed", fire="declined")
    own = a_draft(cast)
    actions.stand_on(section=sections_of(own).get(), versions=[version], by=cast.facilitator, now=NOW)
    with pytest.raises(NotEndorsedYet):
        publish(own, cast)
    client = signed_in(cast.coordinator, fresh=True)
    page = client.get(at("guidance-publish", own.pk))
    assert "It is in use before it is endorsed by Fenbury Fire" in words(page)
    sent = {"seen": page.context["form"].initial["seen"], "note": ""}
    assert "Not every partner has endorsed" in words(client.post(at("guidance-publish", own.pk), sent))
    client.post(at("guidance-publish", own.pk), {**sent, "although_unendorsed": "on"})
    shown = words(Client().get(at("guidance-version", own.pk, 1)))
    assert "In use before endorsed by Fenbury Fire." in shown
    assert "AG-1 version 1 : The last who leaves locks." in shown
    assert "Organisation AG-1 version 1 Ashby Council Endorsed Fenbury Fire Declined" in shown
    text = pdf_text(own)
    assert "In use before endorsed by Fenbury Fire (as of 2 November 2026)." in text
    assert "Organisation AG-1 version 1 Ashby Council Endorsed Fenbury Fire Declined" in text
    PartnerAsked.objects.filter(organisation=cast.fire).update(outcome="noted")
    shown = words(Client().get(at("guidance-version", own.pk, 1)))
    assert (
        "Every partner has endorsed what it stands on. It was published before it was endorsed by Fenbury Fire."
        in shown
    )
    assert "It was published before it was endorsed by Fenbury Fire." in pdf_text(own)


def pdf_text(own) -> str:
    content = Client().get(at("guidance-document", own.pk, 1)).content
    assert b"pdfuaid" in content
    document = pypdf.PdfReader(io.BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in document.pages).split())


def test_the_longer_side_of_the_matrix_is_read_down(cast):
    versions = [agreed(cast, council="endorsed", fire="noted") for _ in range(5)]
    own = a_draft(cast)
    actions.stand_on(section=sections_of(own).get(), versions=versions, by=cast.facilitator, now=NOW)
    publish(own, cast)
    shown = words(Client().get(at("guidance-version", own.pk, 1)))
    assert "Agreement Ashby Council Fenbury Fire AG-1 version 1 Endorsed With a note" in shown
    text = pdf_text(own)
    assert "Organisation AG-1 version 1 AG-2 version 1 AG-3 version 1 AG-4 version 1" in text
    assert "Organisation AG-5 version 1 Ashby Council Endorsed" in text


def test_what_every_partner_has_endorsed_needs_no_saying(cast):
    version = agreed(cast, council="endorsed", fire="noted")
    own = a_draft(cast)
    actions.stand_on(section=sections_of(own).get(), versions=[version], by=cast.facilitator, now=NOW)
    made = publish(own, cast)
    assert (made.agreements, made.unendorsed) == ([version.pk], [])
    assert "Every partner has endorsed what it stands on." in words(Client().get(at("guidance-version", own.pk, 1)))


def test_what_became_of_an_agreement_since_is_said(cast):
    old = agreed(cast, state="superseded", council="endorsed", fire="endorsed")
    agreed(cast, agreement=old.agreement, number=2)
    draft, lapsed, ended = agreed(cast, state="draft"), agreed(cast, state="lapsed"), agreed(cast)
    Agreement.objects.filter(pk=ended.agreement_id).update(ended_at=NOW, end_reason="Gone.")
    found = endorsed_by([each.pk for each in (old, draft, lapsed, ended)], cast.programme, NOW.date())
    assert [row.since for row in found.rows] == [
        "Version 2 has taken its place since", "Not proposed to anybody yet", "Its review date has passed",
        "The agreement has ended since",
    ]  # fmt: skip
    assert endorsed_by([], cast.programme, NOW.date()) is None
    assert names_in_words(["A", "B", "C"]) == "A, B and C"
    assert (names_in_words(["A"]), names_in_words([])) == ("A", "")


def test_a_partner_that_came_later_has_not_endorsed_it(cast):
    version = agreed(cast, council="endorsed", fire="endorsed")
    late = PartnerFactory(programme=cast.programme).organisation
    assert endorsed_by([version.pk], cast.programme, NOW.date()).lacking == [late]
    PartnerAsked.objects.filter(organisation=cast.fire).update(is_needed=False)
    cast.programme.partners.filter(organisation=cast.fire).update(until=NOW.date())
    assert cast.fire not in endorsed_by([version.pk], cast.programme, NOW.date()).organisations


def test_a_draft_of_an_agreement_is_nothing_to_stand_on(cast):
    version = agreed(cast, council="endorsed", fire="endorsed")
    draft = agreed(cast, "Other words.", agreement=version.agreement, number=2, state="draft")
    assert list(agreements_to_use(cast.programme)) == [version]
    own = a_draft(cast)
    part = sections_of(own).get()
    actions.stand_on(section=part, versions=[draft], by=cast.facilitator, now=NOW)
    assert not part.agreements.exists()
    draft.partners_asked.all().delete()
    draft.delete()  # whoever drops a draft is never held up by guidance


def test_what_every_partner_endorsed_once_is_not_endorsed_when_it_holds_no_more(cast):
    version = agreed(cast, state="lapsed", council="endorsed", fire="endorsed")
    own = a_draft(cast)
    actions.stand_on(section=sections_of(own).get(), versions=[version], by=cast.facilitator, now=NOW)
    with pytest.raises(NotEndorsedYet):
        publish(own, cast)
    page = signed_in(cast.coordinator, fresh=True).get(at("guidance-publish", own.pk))
    assert "It stands on what does not hold any more: AG-1 version 1 (its review date has passed)" in words(page)
    publish(own, cast, although_unendorsed=True)
    shown = words(Client().get(at("guidance-version", own.pk, 1)))
    assert "Every partner has endorsed" not in shown
    assert "It stands on what does not hold any more: AG-1 version 1 (its review date has passed)." in shown
    assert "AG-1 version 1 (its review date has passed)" in pdf_text(own)


def test_a_review_date_has_passed_before_the_clock_says_so(cast):
    version = agreed(cast, council="endorsed", fire="endorsed")
    assert endorsed_by([version.pk], cast.programme, version.review_on).is_whole
    assert not endorsed_by([version.pk], cast.programme, version.review_on + DAY).is_whole


def test_a_section_that_would_be_too_long_is_refused_and_keeps_its_words(cast):
    versions = [agreed(cast, "A" * 1_990) for _ in range(12)]
    own = a_draft(cast)
    part = sections_of(own).get()
    before = part.words
    client = signed_in(cast.facilitator)
    page = client.post(
        at("section-agreements", own.pk, part.pk), {"versions": [each.pk for each in versions]}, follow=True
    )
    assert "longer than 20,000 characters" in words(page)
    part.refresh_from_db()
    assert (part.words, part.agreements.count()) == (before, 0)


def test_a_link_without_end_costs_the_document_nothing_but_its_address(cast):
    own = a_draft(cast)
    part = sections_of(own).get()
    type(part).objects.filter(pk=part.pk).update(words=f"[Read it](https://example.org/{'x' * 15_000})")
    publish(own, cast)
    assert "Read it" in pdf_text(own)
