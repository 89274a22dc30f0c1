"""How each refusal comes about that is no question's: promises, actions, rooms, tellings, agreements, guidance."""

from collections.abc import Callable
from datetime import timedelta

from briefings.actions.appointments import end_mandate
from briefings.models import Partner, ProgrammeRole, SessionKind, SessionState
from commitments.actions import (
    agreements,
    assurances,
    endorsements,
    guidance,
    handovers,
    outputs,
    redaction,
    references,
    room,
    telling,
)
from commitments.actions.questions import merge, open_question, publish_answer
from commitments.models import Agreement, Assurance, AssuranceState, EvidenceFile, SeniorAsked, Telling, digest_of
from commitments.queries.room import Speaker
from commitments.queries.telling import seal_of
from history.refusals import Refused
from tests.briefings.factories import AppointmentFactory, MandateFactory, SessionFactory
from tests.commitments.agreeing import ANSWER, REVIEW, WORDS, Partners
from tests.commitments.factories import NOW, TODAY
from tests.commitments.guiding import a_draft, publish, rewrite

DUE = TODAY + timedelta(days=30)
LATE = NOW + timedelta(days=60)


class Town(Partners):
    """The partners with a workshop, a second coordinator and a facilitator."""

    def __init__(self) -> None:
        super().__init__()
        self.workshop = SessionFactory(programme=self.programme, kind=SessionKind.WORKSHOP)
        self.second = AppointmentFactory(programme=self.programme, role=ProgrammeRole.COORDINATOR).person
        self.facilitator = AppointmentFactory(programme=self.programme, role=ProgrammeRole.FACILITATOR).person
        self.by = {"by": self.coordinator, "now": NOW}

    # Promises

    def given(self, **more) -> Assurance:
        said = {"words": "We send two people", "due_on": DUE, "for_everybody": True, "by": self.senior, **more}
        return assurances.note_assurance(**{"mandate": self.mandate, "now": NOW, **said})

    def proposed_kept(self) -> Assurance:
        return assurances.propose_kept(assurance=self.given(), evidence="The rota", by=self.senior, now=NOW)

    def lost(self) -> Assurance:
        own = self.given()
        end_mandate(mandate=self.mandate, **self.by)
        handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
        return own

    # What a workshop leaves

    def noted(self, kind: str = "agreement", **more):
        return outputs.note_output(session=self.workshop, kind=kind, words="We share one plan.", **self.by, **more)

    def action(self, **more):
        return self.noted("action", **{"owner": self.senior, "due_on": DUE, **more})

    # The room

    def room(self, **options):
        return room.open_room(session=self.workshop, is_moderated=options.get("is_moderated", True), **self.by)

    def asked(self, **more):
        said = {"words": "Who pays?", "asked_as": "nobody", "by": "stranger", "now": NOW, **more}
        return room.ask_in_room(session=self.workshop, **said)

    # Tellings

    def told(self, words: str = "In the shared record.") -> Telling:
        question = self.question()
        open_question(question=question, **self.by)
        publish_answer(question=question, words=words, audience="public", **self.by)
        return telling.draft_telling(programme=self.programme, kind="answered", **self.by)

    def to_approve(self) -> Telling:
        return telling.propose_telling(telling=self.told(), **self.by)

    # Agreements

    def sign(self, version, mandate=None, **more):
        mandate = mandate or self.mandate
        said = {"outcome": "endorsed", "seen": digest_of(WORDS), "by": mandate.person, "now": NOW, **more}
        return endorsements.endorse(version=version, mandate=mandate, **said)

    def passed(self, version, to, **more):
        senior = SeniorAsked.objects.get(asked__version=version, person=self.chief.person)
        return endorsements.pass_on(senior=senior, mandate=to, **{"by": self.chief.person, "now": NOW, **more})


def _noted_before(town: Town) -> None:
    own = town.given()
    assurances.end_assurance(assurance=own, state=AssuranceState.WITHDRAWN, reason="No", by=town.senior, now=NOW)
    assurances.propose_kept(assurance=own, evidence="The rota", **town.by)


def _ask_elsewhere(town: Town) -> None:
    handovers.ask_to_take_over(assurance=town.lost(), mandate=MandateFactory(programme=town.programme), **town.by)


def _finish_twice(town: Town) -> None:
    action = town.action()
    for _ in range(2):
        outputs.finish_action(output=action, words="Done", **town.by)


def _agreed(town: Town) -> Agreement:
    own = town.noted()
    made = agreements.make_agreement(
        programme=town.programme, title="One plan", words=WORDS, review_on=REVIEW, output=own, **town.by
    )
    assert made.output == own
    return made


def _hide_and_answer(town: Town) -> None:
    town.room()
    own = town.asked()
    room.hide_question(session=town.workshop, question=own, because="case", **town.by)
    speaker = Speaker(key="m1", person=town.senior, organisation=town.organisation, role="Director")
    room.answer_in_room(question=own, speaker=speaker, words="We do", **town.by)


def _answer_what_was_asked_elsewhere(town: Town) -> None:
    town.room()
    own = town.asked()
    merge(question=town.question(asked_as="nobody"), into=own, **town.by)
    speaker = Speaker(key="m1", person=town.senior, organisation=town.organisation, role="Director")
    room.answer_in_room(question=own, speaker=speaker, words="We do", **town.by)


def _ask_when_closed(town: Town) -> None:
    town.room()
    room.close_room(session=town.workshop, **town.by)
    town.asked()


def _publish(own: Telling, by, seen=None):
    return telling.publish_telling(telling=own, seen=seen or seal_of(own), by=by, now=NOW)


def _document(town: Town, review_on=DUE):
    return references.add_reference(
        programme=town.programme, kind="procedure", title="Keys", version="1", organisation=town.organisation,
        link="https://example.org/keys", effective_from=TODAY, review_on=review_on, **town.by,
    )  # fmt: skip


def _removed(town: Town) -> None:
    own = _document(town)
    for _ in range(2):
        references.remove_reference(reference=own, **town.by)


def _draft(town: Town, made: Agreement, words: str = WORDS, review_on=REVIEW):
    return agreements.draft_version(agreement=made, words=words, review_on=review_on, **town.by)


def _drafted_again(town: Town) -> None:
    version = town.proposed()
    _draft(town, version.agreement)
    town.propose(version.agreement)


def _two_drafts(town: Town) -> None:
    made = town.proposed().agreement
    for words in ("One.", "Two."):
        _draft(town, made, words)


def _nobody(town: Town) -> None:
    Partner.objects.filter(programme=town.programme).delete()
    town.proposed()


def _no_partner_any_more(town: Town) -> None:
    version = town.proposed()
    version.partners_asked.filter(organisation=town.organisation).update(is_needed=False, next_reminder_on=None)
    town.sign(version)


def _answered_before(town: Town) -> None:
    version = town.proposed()
    town.sign(version, town.chief)
    town.passed(version, town.deputy)


def _replaced_by_itself(town: Town) -> None:
    made = town.proposed().agreement
    agreements.replace_agreement(agreement=made, replacement=made, reason="No", **town.by)


def _many_sections(town: Town) -> None:
    a_draft(town, *(f"Words {number}." for number in range(guidance.MOST_SECTIONS + 1)))


def _of_too_much(town: Town) -> None:
    version = town.proposed("Long. " * 300)
    own = a_draft(town, "x" * 19_000)
    guidance.stand_on(section=own.sections.get(), versions=[version], by=town.facilitator, now=NOW)


def _unendorsed(town: Town) -> None:
    own = a_draft(town)
    guidance.stand_on(section=own.sections.get(), versions=[town.proposed()], by=town.facilitator, now=NOW)
    publish(own, town)


def _ended(town: Town) -> None:
    own = a_draft(town)
    guidance.take_back_guidance(guidance=own, reason="Over", **town.by)
    rewrite(own, "Anew", town)


def _written_over(town: Town) -> None:
    own = a_draft(town)
    for words in ("Anew", "Once more"):
        section = own.sections.get()
        guidance.change_section(section=section, title="T", words=words, version=1, by=town.facilitator, now=NOW)


def _comment(town: Town, own):
    return guidance.comment_on(section=own.sections.get(), words="Who locks?", by=town.senior, now=NOW)


def _answer_comment(town: Town, *, times: int, is_taken_up: bool) -> None:
    made = _comment(town, a_draft(town))
    for _ in range(times):
        guidance.answer_comment(comment=made, is_taken_up=is_taken_up, words="", **town.by)


def _unanswered(town: Town) -> None:
    own = a_draft(town)
    _comment(town, own)
    publish(own, town)


def _twice_published(town: Town) -> None:
    own = a_draft(town)
    for _ in range(2):
        publish(own, town)


def _acknowledge(town: Town) -> None:
    version = publish(a_draft(town), town)
    guidance.acknowledge(version=version, person=town.practitioner, by=town.practitioner, now=NOW)


def _destroy_again(town: Town) -> None:
    evidence = town.proposed_kept().evidence_given.get()
    file = EvidenceFile.objects.create(evidence=evidence, file="", file_name="", size=1, destroyed_on=TODAY)
    redaction.destroy_file(file=file, **town.by)


RAISED: dict[type[Refused], Callable[[Town], object]] = {
    assurances.NotNow: _noted_before,
    assurances.NotTheirs: lambda town: town.given(by=town.practitioner),
    assurances.NoMandate: lambda town: town.given(
        mandate=MandateFactory(programme=town.programme, person=town.senior, until=TODAY)
    ),
    assurances.OwnProposal: lambda town: assurances.confirm_kept(
        assurance=assurances.propose_kept(assurance=town.given(), evidence="The rota", **town.by), **town.by
    ),
    assurances.DateHasPassed: lambda town: town.given(due_on=TODAY),
    assurances.DateTooFar: lambda town: town.given(due_on=TODAY + timedelta(days=1831)),
    assurances.MovedTooFar: lambda town: assurances.review_assurance(
        assurance=town.given(), words="Long", due_on=TODAY + timedelta(days=367), **town.by
    ),
    assurances.NothingItIsFor: lambda town: town.given(for_everybody=False),
    assurances.TooManyFiles: lambda town: assurances.propose_kept(
        assurance=town.given(), evidence="Look", files=[None] * (assurances.MOST_FILES + 1), **town.by
    ),
    redaction.FileGone: _destroy_again,
    handovers.OtherOrganisation: _ask_elsewhere,
    outputs.NoWorkshop: lambda town: outputs.note_output(
        session=SessionFactory(programme=town.programme, state=SessionState.DRAFT), kind="agreement", words="We",
        **town.by,
    ),
    outputs.ActionHasEnded: _finish_twice,
    outputs.DropInstead: lambda town: outputs.remove_output(output=town.action(), by=town.coordinator, now=LATE),
    outputs.DateHasPassed: lambda town: outputs.change_action(
        output=town.action(), owner=town.senior, due_on=TODAY - timedelta(days=1), **town.by
    ),
    outputs.DateTooFar: lambda town: town.action(due_on=TODAY + timedelta(days=1831)),
    outputs.BecameAgreement: lambda town: outputs.remove_output(output=_agreed(town).output, **town.by),
    room.RoomNotThen: lambda town: room.open_room(
        session=SessionFactory(programme=town.programme, state=SessionState.DRAFT), is_moderated=True, **town.by
    ),
    room.RoomClosed: _ask_when_closed,
    room.AskedElsewhere: _answer_what_was_asked_elsewhere,
    room.HiddenAnswer: _hide_and_answer,
    telling.NotTheirs: lambda town: telling.draft_telling(
        programme=town.programme, kind="answered", by=town.senior, now=NOW
    ),
    telling.NotNow: lambda town: _publish(town.told(), town.second),
    telling.NothingToTell: lambda town: telling.draft_telling(programme=town.programme, kind="did", **town.by),
    telling.OwnWords: lambda town: _publish(town.to_approve(), town.coordinator),
    telling.WordsMoved: lambda town: _publish(town.to_approve(), town.second, seen="other"),
    telling.NotPublishable: lambda town: telling.propose_telling(telling=town.told("Ask at LE1 5WW."), **town.by),
    references.NotTheirs: lambda town: references.add_reference(programme=town.programme, by=town.senior, now=NOW),
    references.DateTooFar: lambda town: _document(town, review_on=TODAY + timedelta(days=1831)),
    references.WasRemoved: _removed,
    agreements.NotTheirs: lambda town: agreements.put_in_use(
        agreement=town.proposed().agreement, since=TODAY, by=town.senior, now=NOW
    ),
    agreements.NotNow: lambda town: agreements.put_in_use(agreement=town.drafted(), since=TODAY, **town.by),
    agreements.NoAgreement: lambda town: town.drafted(output=town.action()),
    agreements.DraftMoved: lambda town: agreements.propose_version(
        version=town.drafted().versions.get(), seen="other", endorse_by=ANSWER, **town.by
    ),
    agreements.HasDraft: _two_drafts,
    agreements.NothingNew: _drafted_again,
    agreements.NobodyToAsk: _nobody,
    agreements.ReviewTooSoon: lambda town: town.propose(town.drafted(), endorse_by=REVIEW),
    agreements.DateHasPassed: lambda town: town.drafted(review_on=TODAY),
    agreements.DateTooFar: lambda town: town.drafted(review_on=TODAY + timedelta(days=1831)),
    agreements.DateToCome: lambda town: agreements.put_in_use(
        agreement=town.proposed().agreement, since=DUE, **town.by
    ),
    agreements.NoReplacement: _replaced_by_itself,
    endorsements.NoMandate: lambda town: town.sign(town.proposed(), by=town.coordinator),
    endorsements.NotAsked: _no_partner_any_more,
    endorsements.NotNow: lambda town: town.sign(town.proposed(), now=NOW + timedelta(days=400)),
    endorsements.WordsMoved: lambda town: town.sign(town.proposed(), seen=digest_of("Other.")),
    endorsements.ReasonMissing: lambda town: town.sign(town.proposed(), outcome="declined", note=" "),
    endorsements.HasAnswered: _answered_before,
    endorsements.OtherOrganisation: lambda town: town.passed(town.proposed(), town.mandate),
    guidance.NotTheirs: lambda town: guidance.start_guidance(
        programme=town.programme, title="Keys", by=town.senior, now=NOW
    ),
    guidance.HasEnded: _ended,
    guidance.ChangedMeanwhile: _written_over,
    guidance.TooManySections: _many_sections,
    guidance.NotOpen: lambda town: _comment(town, a_draft(town, is_open=False)),
    guidance.AlreadyAnswered: lambda town: _answer_comment(town, times=2, is_taken_up=True),
    guidance.NoReason: lambda town: _answer_comment(town, times=1, is_taken_up=False),
    guidance.NothingToPublish: lambda town: publish(
        guidance.start_guidance(programme=town.programme, title="Keys", by=town.facilitator, now=NOW), town
    ),
    guidance.NothingNew: _twice_published,
    guidance.WordsMoved: lambda town: guidance.publish_guidance(
        guidance=a_draft(town), seen="other", note="", **town.by
    ),
    guidance.StillUnanswered: _unanswered,
    guidance.SectionTooLong: _of_too_much,
    guidance.NotEndorsedYet: _unendorsed,
    guidance.NotForThem: _acknowledge,
}  # fmt: skip
