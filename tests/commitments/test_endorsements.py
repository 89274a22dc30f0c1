"""Endorsing: who may sign what, each refusal, the record, passing on; and that no tampering goes unseen."""

# ruff: noqa: S608 - the statements are ours, and do what a forger would

import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from briefings.models import Assistant, Mandate, Partner
from commitments.actions import agreements as agreeing
from commitments.actions import endorsements as actions
from commitments.models import (
    NOTHING_BEFORE,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    PartnerAsked,
    SeniorAsked,
    digest_of,
    name_digest_of,
)
from commitments.queries import agreements as queries
from commitments.queries.endorsements import exported_lines, findings
from commitments.tasks import forget_endorsers
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from tests.commitments.agreeing import REVIEW, WORDS, Partners
from tests.commitments.factories import NOW, TODAY
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Partners()


@pytest.fixture
def version(cast):
    return cast.proposed()


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=f"commitments.{kind}").order_by("pk"))


# Signing


def test_the_record_holds_what_was_signed(cast, version):
    made = cast.signed(version, cast.chief)
    assert (made.position, made.previous_hash) == (1, NOTHING_BEFORE)
    assert made.words_hash == hashlib.sha256(WORDS.encode()).hexdigest()
    assert (made.organisation, made.organisation_name, made.role) == (cast.police, "Police", "Director of operations")
    assert (made.outcome, made.note, made.signed_at, made.mandate) == ("endorsed", "", NOW, cast.chief)
    name = made.signed_by
    assert (name.person, name.name) == (cast.chief.person, "Chief Chen")
    assert made.name_digest == name_digest_of(name.salt, "Chief Chen")
    assert "Chief Chen" not in made.canonical()
    assert made.own_hash == hashlib.sha256(made.canonical().encode()).hexdigest()
    chain = EndorsementChain.objects.get()
    assert (chain.length, chain.head) == (1, made.own_hash)
    asked = PartnerAsked.objects.get(organisation=cast.police)
    assert (asked.outcome, asked.said_at, asked.next_reminder_on) == ("endorsed", NOW, None)
    assert Entry.objects.filter(verb="signed_endorsed", actor=f"accounts.person:{cast.chief.person_id}").count() == 1


def test_the_canonical_text_is_the_one_that_is_published(cast, version):
    """Whoever checks an export relies on these bytes: another form is another chain."""
    made = cast.signed(version, outcome="noted", note="From May “on” – é")
    assert made.canonical() == json.dumps(json.loads(made.canonical()), ensure_ascii=False, separators=(",", ":"))
    assert list(json.loads(made.canonical())) == [
        "agreement", "at", "mandate", "name_digest", "note", "organisation", "organisation_number", "outcome",
        "position", "previous", "programme", "review_on", "role", "version", "words", "words_hash",
    ]  # fmt: skip
    assert json.loads(made.canonical())["at"] == "2026-11-02T09:00:00.000000Z"
    assert "From May “on” – é" in made.canonical()


def test_who_signed_gets_a_receipt_with_the_hash_and_the_coordinator_is_told(cast, version):
    lead = OrganisationLeadFactory(organisation=cast.police).person
    made = cast.signed(version, cast.chief, "declined", note="Ten days are realistic.")
    (receipt,) = mails("endorsement_receipt")
    content = kinds.find(receipt.kind).render(receipt)
    assert receipt.person == cast.chief.person
    assert made.own_hash in content.text
    assert made.own_hash in content.html
    assert WORDS in content.text
    assert {each.person for each in mails("endorsement_said")} == {cast.coordinator, lead}
    said = kinds.find("commitments.endorsement_said").render(mails("endorsement_said")[0])
    assert "Ten days are realistic." in said.text
    assert "0 of 3 partners" in said.text


@pytest.mark.parametrize(("outcome", "counts"), [("endorsed", True), ("noted", True), ("declined", False)])
def test_what_counts_as_endorsed(cast, version, outcome, counts):
    cast.signed(version, outcome=outcome, note="" if outcome == "endorsed" else "Because.")
    shown = queries.counted(version.agreement.versions.all()).get()
    assert (shown.endorsed, shown.declined) == (int(counts), int(not counts))


def test_a_later_outcome_stands_beside_the_first(cast, version):
    declined = cast.signed(version, cast.chief, "declined", note="Too fast.")
    endorsed = cast.signed(version, cast.deputy)
    again = cast.signed(version, cast.deputy)
    assert again == endorsed
    assert list(version.endorsements.order_by("position")) == [declined, endorsed]
    assert endorsed.previous_hash == declined.own_hash
    assert PartnerAsked.objects.get(organisation=cast.police).outcome == "endorsed"
    assert len(mails("endorsement_receipt")) == 2


def test_everybody_signed_means_fully_endorsed(cast, version):
    for mandate in (cast.mandate, cast.chief, cast.mandate_at(cast.fire, "Fiona Fire")):
        cast.signed(version, mandate)
    shown = queries.counted(version.agreement.versions.all()).get()
    assert queries.standing_of(shown, TODAY) == "full"
    last = mails("endorsement_said")[-1]
    assert "it is fully endorsed" in kinds.find(last.kind).render(last).text


# Each refusal


def end_the_mandate(cast, version):
    Mandate.objects.filter(pk=cast.chief.pk).update(until=TODAY)


def begin_it_later(cast, version):
    Mandate.objects.filter(pk=cast.chief.pk).update(since=TODAY + timedelta(days=1))


def close_the_account(cast, version):
    cast.chief.person.is_active = False


def leave_the_programme(cast, version):
    Partner.objects.filter(organisation=cast.police).update(until=TODAY)
    agreeing.look_after_version(version_id=version.pk, now=NOW)


def withdraw(cast, version):
    agreeing.withdraw_agreement(agreement=version.agreement, reason="No", by=cast.coordinator, now=NOW)


def propose_another(cast, version):
    agreeing.draft_version(
        agreement=version.agreement, words="Other.", review_on=REVIEW, by=cast.coordinator, now=NOW
    )  # fmt: skip
    cast.propose(version.agreement)


@pytest.mark.parametrize(
    ("before", "options", "refusal"),
    [
        (end_the_mandate, {}, actions.NoMandate),
        (begin_it_later, {}, actions.NoMandate),
        (close_the_account, {}, actions.NoMandate),
        (leave_the_programme, {}, actions.NotAsked),
        (withdraw, {}, actions.NotNow),
        (propose_another, {}, actions.NotNow),
        (None, {"by": "coordinator"}, actions.NoMandate),
        (None, {"by": "senior"}, actions.NoMandate),
        (None, {"by": "assistant"}, actions.NoMandate),
        (None, {"by": "practitioner"}, actions.NoMandate),
        (None, {"now": NOW + timedelta(days=400)}, actions.NotNow),
        (None, {"seen": digest_of("Other words.")}, actions.WordsMoved),
        (None, {"outcome": "noted"}, actions.ReasonMissing),
        (None, {"outcome": "declined", "note": " \n "}, actions.ReasonMissing),
    ],
)
def test_nothing_is_signed_that_may_not_be(cast, version, before, options, refusal):
    cast.assistant = PersonFactory()
    Assistant.objects.create(
        programme=cast.programme, senior=cast.chief.person, person=cast.assistant, since=TODAY - timedelta(days=9)
    )
    if before:
        before(cast, version)
    options = {
        "outcome": "endorsed", "seen": digest_of(WORDS), "now": NOW, **options,
        "by": getattr(cast, options["by"]) if "by" in options else cast.chief.person,
    }  # fmt: skip
    with pytest.raises(refusal):
        actions.endorse(version=version, mandate=cast.chief, **options)
    assert Endorsement.objects.count() == 0
    assert mails("endorsement_receipt") == []


def test_a_mandate_in_another_programme_counts_for_nothing(cast, version):
    elsewhere = Mandate.objects.get(pk=cast.chief.pk)
    other = Partners.__mro__[1]()
    Mandate.objects.filter(pk=elsewhere.pk).update(programme=other.programme)
    with pytest.raises(actions.NoMandate):
        cast.signed(version, elsewhere)


# Passing on


def request_of(mandate: Mandate) -> SeniorAsked:
    return SeniorAsked.objects.get(person=mandate.person)


def test_it_is_passed_to_a_colleague_who_is_told_and_reminded_instead(cast, version):
    made = actions.pass_on(senior=request_of(cast.chief), mandate=cast.deputy, by=cast.chief.person, now=NOW)
    assert made == request_of(cast.deputy)
    assert made.passed_by == cast.chief.person
    last = mails("agreement_to_endorse")[-1]
    assert last.person == cast.deputy.person
    assert "Chief Chen passed this on to you" in kinds.find(last.kind).render(last).text
    assert Entry.objects.filter(verb="passed_on_endorsing").count() == 1
    assert [each.person for each in queries.waits_for(cast.chief.person, TODAY)] == []
    assert len(queries.waits_for(cast.deputy.person, TODAY)) == 1
    with time_machine.travel(NOW + timedelta(days=10), tick=False):
        agreeing.look_after_agreements(now=NOW + timedelta(days=10))
    assert cast.chief.person not in {each.person for each in mails("agreement_reminder")}
    assert cast.deputy.person in {each.person for each in mails("agreement_reminder")}
    again = actions.pass_on(senior=request_of(cast.chief), mandate=cast.deputy, by=cast.chief.person, now=NOW)
    assert again == made
    assert len([each for each in mails("agreement_to_endorse") if each.person == cast.deputy.person]) == 2


def test_who_was_not_asked_before_gets_a_link_of_their_own(cast, version):
    third = cast.mandate_at(cast.police, "Third Tree")
    made = actions.pass_on(senior=request_of(cast.chief), mandate=third, by=cast.chief.person, now=NOW)
    assert (made.link.person, made.link.purpose) == (third.person, "endorsement")
    back = actions.pass_on(senior=made, mandate=cast.chief, by=third.person, now=NOW)
    assert (back.person, back.passed_on_at, back.passed_by) == (cast.chief.person, None, third.person)


@pytest.mark.parametrize(
    ("to", "by", "refusal"),
    [
        ("mandate", "chief", actions.OtherOrganisation),
        ("chief", "chief", actions.OtherOrganisation),
        ("ended", "chief", actions.OtherOrganisation),
        ("deputy", "mandate", actions.NoMandate),
    ],
)
def test_it_is_passed_only_within_the_organisation(cast, version, to, by, refusal):
    cast.ended = cast.mandate_at(cast.police, "Ended Ede")
    Mandate.objects.filter(pk=cast.ended.pk).update(until=TODAY)
    with pytest.raises(refusal):
        actions.pass_on(senior=request_of(cast.chief), mandate=getattr(cast, to), by=getattr(cast, by).person, now=NOW)


def test_what_is_answered_is_not_passed_on(cast, version):
    cast.signed(version, cast.deputy)
    with pytest.raises(actions.HasAnswered):
        actions.pass_on(senior=request_of(cast.chief), mandate=cast.deputy, by=cast.chief.person, now=NOW)


# The chain, and whatever is done to it behind our back


@pytest.fixture
def chain(cast, version):
    """Three records of two agreements, hostile words and line ends in them."""
    second = cast.proposed("Two lines:\u2028one\u0085 and \"two\" \\ <b> 'three'")
    cast.signed(version, cast.chief, "declined", note="No,\nbecause é \U0001f600 \\n")
    cast.signed(second)
    cast.signed(version, cast.deputy)
    return cast.programme


EVERYTHING = "commitments_endorsement", "commitments_endorsementchain", "commitments_endorsementname", (
    "commitments_agreementversion"
)  # fmt: skip


def behind_our_back(*statements: str) -> None:
    """Run ``statements`` as somebody with the password of the database would: triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in EVERYTHING:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in EVERYTHING:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def exported(programme) -> str:
    return "".join(exported_lines(programme, NOW))


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """The steps that are published, as a file: exactly what stands in the page for everybody."""
    text = (settings.BASE_DIR / "docs" / "verifying-endorsements.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(code.splitlines()) <= 16
    path = tmp_path_factory.mktemp("steps") / "verify.py"
    path.write_text(code)

    def run(export: str):
        """Return the exit status and what was printed, by a Python that knows nothing of ours."""
        file = path.with_name("programme-endorsements.jsonl")
        file.write_bytes(export.encode())
        ran = subprocess.run(
            [sys.executable, "-I", str(path), str(file)], capture_output=True, text=True, cwd=path.parent, check=False
        )
        return ran.returncode, ran.stdout + ran.stderr

    return run


def test_a_true_chain_is_found_true_by_all(chain, steps, capsys):
    assert findings(chain) == []
    call_command("verify_endorsements")
    assert f"true   {chain.slug}: 3 endorsements, {EndorsementChain.objects.get().head}" in capsys.readouterr().out
    call_command("check_invariants", stdout=StringIO())
    status, said = steps(exported(chain))
    assert status == 0, said
    for made in Endorsement.objects.all():
        assert f"{made.position} {made.own_hash} {made.agreement.reference}" in said


def test_an_export_is_of_one_moment(cast, version, chain, steps):
    """Who signs while it is read breaks no true chain."""
    lines = exported_lines(chain, NOW)
    first = next(lines)
    cast.signed(version, cast.chief, "noted", note="From May on.")
    status, said = steps(first + "".join(lines))
    assert status == 0, said


def test_the_steps_for_a_shell_say_the_same(chain, tmp_path):
    text = (settings.BASE_DIR / "docs" / "verifying-endorsements.md").read_text()
    of_record, of_name = re.findall(r"```sh\n(.*?)\n```", text, re.S)
    (tmp_path / "programme-endorsements.jsonl").write_text(exported(chain))
    third = Endorsement.objects.get(position=3)
    ran = subprocess.run(of_record, shell=True, capture_output=True, text=True, cwd=tmp_path, check=True)  # noqa: S602
    assert ran.stdout.split()[0] == third.own_hash
    name = third.signed_by
    ran = subprocess.run(  # noqa: S602
        of_name, shell=True, capture_output=True, text=True, check=True, env={"SALT": name.salt, "NAME": name.name}
    )
    assert ran.stdout.split()[0] == third.name_digest


def test_a_name_that_is_gone_breaks_nothing(chain, steps):
    EndorsementName.objects.all().delete()
    assert findings(chain) == []
    assert steps(exported(chain))[0] == 0


@pytest.mark.parametrize(("ends_on", "are_kept"), [(None, True), ("2019-11-02", True), ("2019-11-01", False)])
def test_the_clock_forgets_who_signed_seven_years_after_the_programme_has_ended(chain, steps, ends_on, are_kept):
    type(chain).objects.filter(pk=chain.pk).update(starts_on="2018-01-01", ends_on=ends_on)
    forget_endorsers()
    assert EndorsementName.objects.count() == (3 if are_kept else 0)
    assert Entry.objects.filter(verb="forgot_endorser", actor="clock").exists() != are_kept
    assert findings(chain) == []
    assert steps(exported(chain))[0] == 0


def rehash_from(programme, position: int) -> None:
    """Do what a careful forger does: compute every hash anew from ``position`` on, and the end too."""
    previous = NOTHING_BEFORE
    rows = list(programme.endorsements.select_related("agreement", "version").order_by("position"))
    for place, made in enumerate(rows, 1):
        if place >= position:
            made.previous_hash = previous
            made.own_hash = digest_of(made.canonical())
            behind_our_back(
                f"UPDATE commitments_endorsement SET previous_hash = '{previous}', own_hash = '{made.own_hash}' "
                f"WHERE id = {made.pk}"
            )
        previous = made.own_hash
    behind_our_back(f"UPDATE commitments_endorsementchain SET head = '{previous}', length = {len(rows)}")


E = "commitments_endorsement"
COPY = (
    f"INSERT INTO {E} (programme_id, position, agreement_id, version_id, words_hash, organisation_id, "
    "organisation_name, mandate_id, role, outcome, note, signed_at, name_digest, previous_hash, own_hash) "
    "SELECT programme_id, {0}, agreement_id, version_id, words_hash, organisation_id, organisation_name, mandate_id, "
    "role, outcome, note, signed_at, name_digest, {1}, {2} FROM " + E + " WHERE position = 3"
)
TAMPERED = {
    "outcome edited": [f"UPDATE {E} SET outcome = 'endorsed', note = '' WHERE position = 1"],
    "note edited": [f"UPDATE {E} SET note = 'Yes, because' WHERE position = 1"],
    "organisation edited": [f"UPDATE {E} SET organisation_name = 'Fire' WHERE position = 2"],
    "role edited": [f"UPDATE {E} SET role = 'Clerk' WHERE position = 3"],
    "moment edited": [f"UPDATE {E} SET signed_at = signed_at - interval '1 day' WHERE position = 2"],
    "words edited": ["UPDATE commitments_agreementversion SET words = 'We share nothing.'"],
    "review date edited": ["UPDATE commitments_agreementversion SET review_on = review_on + 1"],
    "first deleted": [f"DELETE FROM commitments_endorsementname; DELETE FROM {E} WHERE position = 1"],
    "middle deleted": [f"DELETE FROM commitments_endorsementname; DELETE FROM {E} WHERE position = 2"],
    "middle deleted and the rest moved up": [
        f"DELETE FROM commitments_endorsementname; DELETE FROM {E} WHERE position = 2; "
        f"UPDATE {E} SET position = 2 WHERE position = 3"
    ],
    "last deleted": [f"DELETE FROM commitments_endorsementname; DELETE FROM {E} WHERE position = 3"],
    "all deleted": [f"DELETE FROM commitments_endorsementname; DELETE FROM {E}"],
    "two changed places": [
        f"UPDATE {E} SET position = 9 WHERE position = 2; UPDATE {E} SET position = 2 WHERE position = 3; "
        f"UPDATE {E} SET position = 3 WHERE position = 9"
    ],
    "one put between": [
        f"UPDATE {E} SET position = 4 WHERE position = 3",
        COPY.replace("= 3", "= 4").format(3, "repeat('a', 64)", "repeat('b', 64)"),
    ],
    "one put at the end": [COPY.format(4, "own_hash", "repeat('b', 64)")],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_done_behind_our_back_is_found_by_both(chain, steps, how, capsys):
    behind_our_back(*TAMPERED[how])
    assert findings(chain)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_endorsements")
    assert ended.value.code == 2
    assert f"WRONG  {chain.slug}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("check_invariants", stdout=StringIO())
    status, said = steps(exported(chain))
    assert status != 0
    assert "BROKEN" in said


def test_a_name_that_was_changed_is_found(chain):
    behind_our_back("UPDATE commitments_endorsementname SET name = 'Somebody Else'")
    assert len(findings(chain)) == 3


def test_a_page_that_says_other_than_the_chain_is_found(chain):
    PartnerAsked.objects.filter(outcome="").update(outcome="endorsed", said_at=NOW, next_reminder_on=None)
    assert any("the page says “endorsed”, the chain “nothing”" in each for each in findings(chain))


@pytest.mark.parametrize("how", ["outcome edited", "last deleted", "middle deleted and the rest moved up"])
def test_a_careful_forger_is_found_by_the_hash_in_the_mail(chain, steps, how):
    """Whoever computes every hash anew leaves a chain that fits in itself: only a hash got before shows it."""
    mailed = {made.position: made.own_hash for made in Endorsement.objects.all()}
    behind_our_back(*TAMPERED[how])
    rehash_from(chain, 1)
    status, said = steps(exported(chain))
    assert status == 0
    printed = {int(line.split()[0]): line.split()[1] for line in said.splitlines()}
    assert printed.get(3) != mailed[3]


def lines(export: str) -> list[str]:
    return export.removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    "how",
    [
        lambda rows: [rows[0].replace('"declined"', '"endorsed"'), *rows[1:]],
        lambda rows: [rows[0].replace("No,", "no,"), *rows[1:]],
        lambda rows: [rows[0] + " ", *rows[1:]],
        lambda rows: rows[1:],
        lambda rows: [rows[0], *rows[2:]],
        lambda rows: [*rows[:2], rows[3]],
        lambda rows: [rows[1], rows[0], *rows[2:]],
        lambda rows: [rows[0], rows[2], rows[1], rows[3]],
        lambda rows: [rows[0], rows[0], *rows[1:]],
        lambda rows: [*rows[:3], rows[2], rows[3]],
        lambda rows: rows[3:],
    ],
    ids=[
        "edited", "one letter", "one space", "first out", "middle out", "last out", "first two swapped",
        "last two swapped", "first twice", "last twice", "all out",
    ],
)  # fmt: skip
def test_a_file_that_was_changed_is_found_by_the_published_steps(chain, steps, how):
    whole = lines(exported(chain))
    assert len(whole) == 4
    status, said = steps("\n".join(how(whole)) + "\n")
    assert status != 0
    assert "BROKEN" in said


def test_each_programme_has_a_chain_of_its_own(chain):
    other = Partners.__mro__[1]()
    OrganisationFactory()
    made = agreeing.make_agreement(
        programme=other.programme, title="Theirs", words=WORDS, review_on=REVIEW, by=other.coordinator, now=NOW
    )
    draft = made.versions.get()
    version = agreeing.propose_version(
        version=draft, seen=agreeing.seal_of_draft(draft), endorse_by=TODAY + timedelta(days=9), by=other.coordinator,
        now=NOW,
    )  # fmt: skip
    signed = actions.endorse(
        version=version, mandate=other.mandate, outcome="endorsed", seen=digest_of(WORDS), by=other.senior, now=NOW
    )
    assert (signed.position, signed.previous_hash) == (1, NOTHING_BEFORE)
    behind_our_back(f"UPDATE {E} SET role = 'Clerk' WHERE programme_id = {chain.pk}")
    assert findings(other.programme) == []
    assert findings(chain)
