"""What tests of agreements begin with: a programme with partners who each have somebody to speak for them."""

from datetime import date

from briefings.models import Mandate
from commitments.actions.agreements import make_agreement, propose_version, seal_of_draft
from commitments.actions.endorsements import endorse
from commitments.models import Agreement, AgreementVersion, Endorsement, VersionState, digest_of
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

WORDS = "We share one plan with the family within five working days."
REVIEW = date(2027, 11, 2)
ANSWER = date(2026, 11, 16)


class Partners(Cast):
    """The cast with two further partners: Police has two senior managers, Fire has nobody."""

    def __init__(self, **programme) -> None:
        super().__init__(**programme)
        self.police, self.fire = OrganisationFactory(name="Police"), OrganisationFactory(name="Fire")
        for organisation in (self.police, self.fire):
            PartnerFactory(programme=self.programme, organisation=organisation)
        self.chief, self.deputy = (self.mandate_at(self.police, name) for name in ("Chief Chen", "Deputy Dee"))

    def mandate_at(self, organisation, name: str) -> Mandate:
        """Return the mandate of somebody called ``name`` for ``organisation``."""
        return MandateFactory(programme=self.programme, organisation=organisation, person=PersonFactory(name=name))

    def drafted(self, words: str = WORDS, **more) -> Agreement:
        """Return an agreement whose first version is a draft."""
        return make_agreement(
            programme=self.programme, words=words, by=self.coordinator, now=NOW,
            **{"title": "One plan", "review_on": REVIEW, **more},
        )  # fmt: skip

    def proposed(self, words: str = WORDS, *, now=NOW, **more) -> AgreementVersion:
        """Return the version of a new agreement, proposed to every partner."""
        return self.propose(self.drafted(words, **more), now=now)

    def propose(self, agreement: Agreement, *, now=NOW, endorse_by: date = ANSWER) -> AgreementVersion:
        """Return the draft of ``agreement``, proposed."""
        draft = agreement.versions.get(state=VersionState.DRAFT)
        return propose_version(
            version=draft, seen=seal_of_draft(draft), endorse_by=endorse_by, by=self.coordinator, now=now
        )

    def signed(
        self, version: AgreementVersion, mandate: Mandate | None = None, outcome: str = "endorsed", *, now=NOW, note=""
    ) -> Endorsement:
        """Return what the holder of ``mandate`` signed of ``version``."""
        mandate = mandate or self.mandate
        return endorse(
            version=version, mandate=mandate, outcome=outcome, note=note, seen=digest_of(version.words),
            by=mandate.person, now=now,
        )  # fmt: skip
