"""Words and files of a promise that must not stay: destroyed wherever they are kept, and seen to have been."""

from datetime import date

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from briefings.actions.appointments import end_mandate
from commitments.actions import assurances, handovers
from commitments.actions import redaction as actions
from commitments.actions.questions.redaction import GONE, NothingDestroyed
from commitments.actions.telling import draft_telling
from commitments.models import Assurance, Evidence, EvidenceFile, Handover, Review, TellingKind
from history.models import Entry
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, MandateFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import signed_in, words
from tests.commitments.test_way import NEEDLE, rows_with
from tests.organisations.factories import PersonFactory
from tests.organisations.test_uploads import PDF

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


def given(cast, said=f"We send {NEEDLE}") -> Assurance:
    return assurances.note_assurance(
        mandate=cast.mandate, words=said, due_on=DUE, for_everybody=True, by=cast.senior, now=NOW
    )


def kept(cast) -> Assurance:
    """One that was proposed, sent back, reviewed and kept, all of it in words that must not stay."""
    own, by = given(cast), {"by": cast.senior, "now": NOW}
    second = AppointmentFactory(programme=cast.programme).person
    paper = SimpleUploadedFile(f"{NEEDLE}.pdf", PDF)
    assurances.review_assurance(assurance=own, words=f"{NEEDLE} is ill", due_on=date(2026, 12, 2), **by)
    assurances.propose_kept(assurance=own, evidence=f"The rota of {NEEDLE}", files=[paper], **by)
    assurances.send_back(assurance=own, reason=f"Which {NEEDLE}?", by=cast.coordinator, now=NOW)
    assurances.propose_kept(assurance=own, evidence=f"Both rotas of {NEEDLE}", **by)
    return assurances.confirm_kept(assurance=own, by=second, now=NOW)


def of(own, name="", *args):
    return reverse(f"commitments:assurance-redact{name}", args=[own.pk, *args])


def test_redaction_leaves_the_words_of_a_promise_nowhere_in_the_database(cast):
    """On the pages, with every kind of words that a promise that was kept has."""
    own = kept(cast)
    telling = draft_telling(
        programme=cast.programme, kind=TellingKind.DID, by=cast.coordinator, now=NOW
    )  # quotes the words and the evidence
    type(telling).objects.filter(pk=telling.pk).update(intro=f"You said: We send {NEEDLE}")
    deliver_due()
    assert len(rows_with(NEEDLE)) > 5, "the test would find it"
    kept_file = EvidenceFile.objects.get().file.name
    client = signed_in(cast.coordinator)
    page = client.get(reverse("commitments:assurance-show", args=[own.pk])).content.decode()
    newest, first = Evidence.objects.order_by("-version")
    for address in (
        of(own), of(own, "-part", "evidence", newest.pk), of(own, "-part", "evidence", first.pk),
        of(own, "-part", "review", Review.objects.get().pk), of(own, "-part", "sent-back", first.pk),
    ):  # fmt: skip
        assert address in page
        assert NEEDLE in words(client.get(address))
        assert client.post(address, {"words": "[removed]"}).status_code == 302
    address = of(own, "-part", "file", EvidenceFile.objects.get().pk)
    assert NEEDLE in words(client.get(address))
    assert default_storage.exists(kept_file)
    with transaction.atomic():
        client.post(address)
    assert rows_with(NEEDLE) == []
    said = [(item.said, item.told.split("\n\n")[-1]) for item in telling.items.all()]
    assert said == [("[removed]", "[removed]")]
    assert Entry.objects.filter(verb="redacted_promise").count() == 6
    shown = words(client.get(reverse("commitments:assurance-show", args=[own.pk])))
    assert "Redacted on 2 November 2026" in shown
    assert "A file was destroyed on 2 November 2026" in shown
    own.refresh_from_db()
    assert (own.words, own.evidence, own.redactions) == ("[removed]", "[removed]", 1)
    assert client.get(address).status_code == 404
    assert "destroyed already" in words(client.post(address, follow=True))


def test_the_file_itself_is_destroyed_once_that_is_true(cast, django_capture_on_commit_callbacks):
    kept(cast)
    file = EvidenceFile.objects.get()
    name = file.file.name
    with django_capture_on_commit_callbacks(execute=True):
        actions.destroy_file(file=file, by=cast.coordinator, now=NOW)
        assert default_storage.exists(name), "what is taken back has its file still"
    assert not default_storage.exists(name)
    own = Assurance.objects.get()
    client = signed_in(cast.coordinator)
    assert client.get(reverse("commitments:assurance-file", args=[own.pk, file.pk])).status_code == 404
    rows = b"".join(client.get(reverse("commitments:assurance-export")).streaming_content).decode().splitlines()
    assert rows[1].split(",")[-3] == "0", "a destroyed file is no file any more"
    with pytest.raises(actions.FileGone):
        actions.destroy_file(file=file, by=cast.coordinator, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvidenceFile.objects.update(destroyed_on=None, file="evidence/a", file_name="a.pdf")


def test_reasons_of_an_end_and_of_who_does_not_take_it_over_go_too(cast):
    own, by = given(cast, "We send two people"), {"by": cast.coordinator, "now": NOW}
    end_mandate(mandate=cast.mandate, **by)
    handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    mandate = MandateFactory(programme=cast.programme, organisation=cast.organisation, person=PersonFactory())
    asked = handovers.ask_to_take_over(assurance=own, mandate=mandate, **by)
    handovers.decline_to_take_over(handover=asked, reason=f"{NEEDLE} can", by=mandate.person, now=NOW)
    client = signed_in(cast.coordinator)
    show = reverse("commitments:assurance-show", args=[own.pk])
    assert of(own, "-part", "not-taken-over", asked.pk) in client.get(show).content.decode()
    assurances.end_assurance(assurance=own, state="lapsed", reason=f"{NEEDLE} left", **by)
    telling = draft_telling(programme=cast.programme, kind=TellingKind.DID, **by)
    deliver_due()
    for address in (of(own, "-part", "not-taken-over", asked.pk), of(own, "-ending")):
        assert client.post(address, {"words": "[removed]"}).status_code == 302
    assert rows_with(NEEDLE) == []
    assert telling.items.get().told.endswith("[removed]")
    with pytest.raises(NothingDestroyed):
        actions.redact_reason_of(what=Handover.objects.get(), words="[removed]", **by)
    with pytest.raises(NothingDestroyed):
        actions.redact_reason_of(what=given(other := Cast()), words="[removed]", by=other.coordinator, now=NOW)


def test_what_was_written_anew_from_the_words_goes_as_a_whole(cast):
    own = kept(cast)
    telling = draft_telling(programme=cast.programme, kind=TellingKind.DID, by=cast.coordinator, now=NOW)
    telling.items.update(said="They send somebody", told="One rota of somebody")
    first = Evidence.objects.get(version=1)
    actions.redact_said(what=first, words="[removed]", by=cast.coordinator, now=NOW)
    assert telling.items.get().said == "They send somebody", "nothing was drafted from what was sent back"
    actions.redact_said(what=own, words="[removed]", by=cast.coordinator, now=NOW)
    assert (telling.items.get().said, telling.items.get().told) == (GONE, GONE)


def test_who_gave_it_is_told_what_was_taken_out_and_not_the_words(cast):
    own = given(cast)
    actions.redact_said(what=own, words="We send [removed]", by=cast.coordinator, now=NOW)
    deliver_due()
    mail = Message.objects.get(kind="commitments.assurance_redacted")
    assert mail.person_id == cast.senior.pk
    assert "words of the promise itself" in mail.text
    assert NEEDLE not in mail.text
    assert "Some words were taken out on 2 November 2026" in words(
        signed_in(cast.coordinator).get(reverse("commitments:promise-list", args=[cast.programme.slug]))
    )


@pytest.mark.parametrize("who", ["senior", "practitioner"])
def test_nobody_but_a_coordinator_redacts_a_promise(cast, who):
    own = kept(cast)
    by = {"by": getattr(cast, who), "now": NOW}
    with pytest.raises(assurances.NotTheirs):
        actions.redact_said(what=own, words="[removed]", **by)
    with pytest.raises(assurances.NotTheirs):
        actions.redact_reason_of(what=Evidence.objects.get(version=1), words="[removed]", **by)
    with pytest.raises(assurances.NotTheirs):
        actions.destroy_file(file=EvidenceFile.objects.get(), **by)
    client = signed_in(by["by"])
    assert client.get(of(own)).status_code == 404
    assert client.post(of(own), {"words": "[removed]"}).status_code == 404


def test_what_is_not_of_this_promise_is_not_found_and_the_same_words_destroy_nothing(cast):
    own, other = kept(cast), given(Cast(), "Another")
    review = Review.objects.get()
    client = signed_in(cast.coordinator)
    for kind, number in (("review", 0), ("file", 0), ("secret", review.pk)):
        assert client.get(of(own, "-part", kind, number)).status_code == 404
    assert client.get(of(other, "-part", "review", review.pk)).status_code == 404
    refused = client.post(of(own, "-part", "review", review.pk), {"words": review.words})
    assert "same as before" in words(refused)


UNSEEN = ("words = 'other'", "redactions = redactions + 1, redacted_on = now()", "words = 'other', redacted_on = now()",
          "words = 'other', redactions = redactions + 1, redacted_on = NULL",
          "redactions = 0, redacted_on = NULL")  # fmt: skip


@pytest.mark.parametrize("edit", UNSEEN)
@pytest.mark.parametrize("model", [Assurance, Evidence, Review])
def test_the_database_lets_no_word_change_but_by_a_redaction_that_is_seen(cast, model, edit):
    kept(cast)
    for what in (Assurance.objects.get(), Review.objects.get(), *Evidence.objects.all()):
        actions.redact_said(what=what, words="[removed]", by=cast.coordinator, now=NOW)
    own = model.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {edit} WHERE id = %s", [own.pk])  # noqa: S608
