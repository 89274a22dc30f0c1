"""The addresses of commitments; see routes.py for how a line is written."""

from accounts.links import token_of
from briefings.models import Session, SessionKind
from commitments.actions.assurances import note_assurance, propose_kept
from commitments.actions.outputs import note_output
from commitments.actions.questions import commission, raise_question
from commitments.actions.room import ask_in_room, open_room
from commitments.models import AskedAs, Assurance, Evidence, Handover, LiveRoom, Output, Question, Telling
from tests.access.attendance_places import invitation_link, place_link
from tests.access.routes import Route, nothing, other_programme, other_session, own_programme, own_session
from tests.briefings.factories import MandateFactory
from tests.cast import NOW, Cast, a_session
from tests.organisations.factories import PersonFactory

READING = {200: "administrator coordinator board governance senior"}
READING_ONE = {200: "administrator coordinator board governance senior lead"}
READING_ELSEWHERE = {200: "administrator other"}
TRIAGING = {200: "administrator coordinator"}
OWNING = {302: "senior"}
DUE = NOW.date().replace(month=12)


def _question(cast: Cast, *, other: bool = False) -> Question:
    programme = cast.other_programme if other else cast.programme
    asker = PersonFactory()
    return raise_question(
        programme=programme, words="Who may read it?", asked_as=AskedAs.NAME, by=asker, person=asker, now=NOW
    )


def _commissioned(cast: Cast, *, other: bool = False):
    senior, organisation, by = cast.senior, cast.organisation, cast.coordinator
    if other:
        organisation, by = cast.other_organisation, cast.other
        senior = MandateFactory(programme=cast.other_programme, organisation=organisation).person
    return commission(question=_question(cast, other=other), organisation=organisation, person=senior, by=by, now=NOW)


def own_question(cast: Cast) -> dict:
    return {"question": _commissioned(cast).question_id}


def other_question(cast: Cast) -> dict:
    return {"question": _commissioned(cast, other=True).question_id}


def commission_link(cast: Cast) -> dict:
    """A personal link that was not opened in this browser."""
    return {"link": _commissioned(cast).link_id}


def commission_token(cast: Cast) -> dict:
    return {"token": token_of(_commissioned(cast).link)}


def asker_link(cast: Cast) -> dict:
    return {"link": _question(cast).askers.get().link_id}


def asker_token(cast: Cast) -> dict:
    return {"token": token_of(_question(cast).askers.get().link)}


def _assurance(cast: Cast, *, other: bool = False, noted: bool = False) -> Assurance:
    if other:
        mandate = MandateFactory(programme=cast.other_programme, organisation=cast.other_organisation)
    else:
        mandate = cast.senior.mandates.get()
    by = cast.coordinator if noted else mandate.person
    return note_assurance(mandate=mandate, words="We send two people", due_on=DUE, by=by, now=NOW, for_everybody=True)


def own_assurance(cast: Cast) -> dict:
    """One that stands."""
    return {"assurance": _assurance(cast).pk}


def other_assurance(cast: Cast) -> dict:
    return {"assurance": _assurance(cast, other=True).pk}


def own_noted(cast: Cast) -> dict:
    """One that its senior manager has not confirmed."""
    return {"assurance": _assurance(cast, noted=True).pk}


def own_proposed(cast: Cast) -> dict:
    """One that is proposed as kept."""
    own = _assurance(cast)
    propose_kept(assurance=own, evidence="The rota", by=own.person, now=NOW)
    return {"assurance": own.pk}


def other_proposed(cast: Cast) -> dict:
    own = _assurance(cast, other=True)
    propose_kept(assurance=own, evidence="The rota", by=own.person, now=NOW)
    return {"assurance": own.pk}


def assurance_link(cast: Cast) -> dict:
    """A personal link that was not opened in this browser."""
    return {"link": _assurance(cast, noted=True).link_id}


def assurance_token(cast: Cast) -> dict:
    return {"token": token_of(_assurance(cast, noted=True).link)}


def _room(cast: Cast, *, other: bool = False) -> LiveRoom:
    session, by = (cast.other_session, cast.other) if other else (cast.session, cast.coordinator)
    return open_room(session=session, is_moderated=True, by=by, now=NOW)


def own_code(cast: Cast) -> dict:
    """The code of a room with live questions."""
    return {"code": _room(cast).code}


def other_code(cast: Cast) -> dict:
    return {"code": _room(cast, other=True).code}


def session_with_room(cast: Cast) -> dict:
    return {"session": _room(cast).session_id}


def other_session_with_room(cast: Cast) -> dict:
    return {"session": _room(cast, other=True).session_id}


def _asked(room: LiveRoom) -> dict:
    question = ask_in_room(session=room.session, words="Who pays?", asked_as=AskedAs.NOBODY, by="nobody", now=NOW)
    return {"session": room.session_id, "question": question.pk}


def own_question_in_room(cast: Cast) -> dict:
    return _asked(_room(cast))


def other_question_in_room(cast: Cast) -> dict:
    return _asked(_room(cast, other=True))


SCRIBES = "administrator coordinator facilitator"
OTHER_SCRIBES = "administrator other"


def own_unkept(cast: Cast) -> dict:
    """One that nobody keeps any more."""
    return {"assurance": _unkept(cast).pk}


def other_unkept(cast: Cast) -> dict:
    return {"assurance": _unkept(cast, other=True).pk}


def _unkept(cast: Cast, *, other: bool = False) -> Assurance:
    own = _assurance(cast, other=other)
    Assurance.objects.filter(pk=own.pk).update(keeper=None, keeper_lost_on=NOW.date())
    return own


def own_handed_over(cast: Cast) -> dict:
    """One that the senior manager is asked to take over from somebody else."""
    return {"assurance": _handed_over(cast).pk}


def other_handed_over(cast: Cast) -> dict:
    return {"assurance": _handed_over(cast, other=True).pk}


def _handed_over(cast: Cast, *, other: bool = False) -> Assurance:
    own = _unkept(cast, other=other)
    mandate = own.mandate
    by = cast.other if other else cast.coordinator
    Handover.objects.create(
        assurance=own, mandate=mandate, person=mandate.person, role="Director", asked_by=by, asked_at=NOW
    )
    return own


def own_file(cast: Cast) -> dict:
    return _file(_assurance(cast))


def other_file(cast: Cast) -> dict:
    return _file(_assurance(cast, other=True))


def _file(own: Assurance) -> dict:
    evidence = Evidence.objects.create(assurance=own, version=1, words="The rota", given_by=own.person, given_at=NOW)
    file = evidence.files.create(file="evidence/gone", file_name="a.txt", content_type="text/plain", size=1)
    return {"assurance": own.pk, "file": file.pk}


def own_evidence(cast: Cast) -> dict:
    return _evidence(own_file(cast))


def other_evidence(cast: Cast) -> dict:
    return _evidence(other_file(cast))


def _evidence(kept: dict) -> dict:
    own = kept["assurance"]
    return {"assurance": own, "kind": "evidence", "number": Evidence.objects.get(assurance=own).pk}


def own_draft(cast: Cast) -> dict:
    return _telling(cast)


def other_draft(cast: Cast) -> dict:
    return _telling(cast, other=True)


def own_proposed_telling(cast: Cast) -> dict:
    return _telling(cast, state="proposed")


def other_proposed_telling(cast: Cast) -> dict:
    return _telling(cast, other=True, state="proposed")


def own_told(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, **_told(cast)}


def other_told(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, **_told(cast, other=True)}


def _told(cast: Cast, *, other: bool = False) -> dict:
    return _telling(
        cast, other=other, state="published", published_at=NOW, approved_by=cast.governance, had_nobody_else=True
    )


def _telling(cast: Cast, *, other: bool = False, **columns) -> dict:
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    made = Telling.objects.create(programme=programme, kind="answered", drafted_at=NOW, changed_by=by, **columns)
    made.items.create(position=1, section="done", said="When?", told="Soon")
    return {"telling": made.pk}


LISTS = ("programme-assurances", "programme-assurances-export")
QUESTION_LISTS = ("programme-questions", "programme-questions-export")


def _workshop(cast: Cast, *, other: bool = False) -> Session:
    programme = cast.other_programme if other else cast.programme
    return a_session(programme, kind=SessionKind.WORKSHOP)


def _output(cast: Cast, *, other: bool = False) -> Output:
    by, owner = (cast.other, cast.other_lead) if other else (cast.coordinator, cast.senior)
    common = {"words": "Write the list.", "owner": owner, "due_on": DUE, "by": by, "now": NOW}
    return note_output(session=_workshop(cast, other=other), kind="action", **common)


def own_workshop(cast: Cast) -> dict:
    return {"session": _workshop(cast).pk}


def other_workshop(cast: Cast) -> dict:
    return {"session": _workshop(cast, other=True).pk}


def own_output(cast: Cast) -> dict:
    output = _output(cast)
    return {"session": output.session_id, "output": output.pk}


def other_output(cast: Cast) -> dict:
    output = _output(cast, other=True)
    return {"session": output.session_id, "output": output.pk}


def own_action(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "output": _output(cast).pk}


def other_action(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "output": _output(cast, other=True).pk}


def other_action_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's action, asked for under the address of the own programme."""
    return {**other_action(cast), "slug": cast.programme.slug}


def action_link(cast: Cast) -> dict:
    return {"link": _output(cast).link_id}


def action_token(cast: Cast) -> dict:
    return {"token": token_of(_output(cast).link)}


ROUTES: list[Route] = [
    Route("commitments:session-outputs", own_workshop, {200: "administrator coordinator facilitator"}),
    Route("commitments:session-outputs", other_workshop, READING_ELSEWHERE),
    Route("commitments:session-outputs", own_session, {404: "signed_in"}),
    Route("commitments:output-remove", own_output, {302: "administrator coordinator facilitator"}, post=True),
    Route("commitments:output-remove", other_output, {302: "administrator other"}, post=True),
    Route(
        "commitments:programme-outputs", own_programme, {200: "administrator coordinator facilitator board governance"}
    ),
    Route("commitments:programme-outputs", other_programme, READING_ELSEWHERE),
    Route("commitments:action-change", own_action, TRIAGING),
    Route("commitments:action-change", other_action, READING_ELSEWHERE),
    Route("commitments:action-change", other_action_under_the_own_programme, {404: "signed_in"}),
    Route("commitments:action-end", own_action, TRIAGING),
    Route("commitments:action-end", other_action, READING_ELSEWHERE),
    Route("commitments:action-end", other_action_under_the_own_programme, {404: "signed_in"}),
    Route("commitments:place-missed", place_link, {403: "everyone"}),
    Route("commitments:action-show", action_link, {403: "everyone"}),
    Route("commitments:action-open", action_token, {302: "everyone"}),
    *(
        Route(f"commitments:{name}", nothing, {200: "signed_in"})
        for name in ("question-list", "question-export", "assurance-list", "assurance-export")
    ),
    *(
        route
        for name in LISTS
        for route in (
            Route(f"commitments:{name}", own_programme, {200: f"{READING[200]} lead"}),
            Route(f"commitments:{name}", other_programme, {200: "administrator other other_lead"}),
        )
    ),
    *(
        route
        for name in QUESTION_LISTS
        for route in (
            Route(f"commitments:{name}", own_programme, READING_ONE),
            Route(f"commitments:{name}", other_programme, {200: "administrator other other_lead"}),
        )
    ),
    Route("commitments:question-raise", own_programme, {200: "administrator coordinator senior lead"}),
    Route("commitments:question-raise", other_programme, {200: "administrator other other_lead"}),
    Route("commitments:question-show", own_question, READING_ONE),
    Route("commitments:question-show", other_question, {200: "administrator other other_lead"}),
    *(
        route
        for name in ("question-commission", "question-out-of-scope")
        for route in (
            Route(f"commitments:{name}", own_question, TRIAGING),
            Route(f"commitments:{name}", other_question, READING_ELSEWHERE),
        )
    ),
    Route("commitments:question-take-on", own_question, {302: "administrator coordinator"}, post=True),
    Route("commitments:question-take-on", other_question, {302: "administrator other"}, post=True),
    # Publishing an answer leads through a sign-in code first.
    Route("commitments:question-answer", own_question, {302: "administrator coordinator senior"}),
    Route("commitments:question-answer", other_question, {302: "administrator other"}),
    Route("commitments:question-accept", own_question, OWNING, post=True),
    Route("commitments:question-accept", other_question, {404: "signed_in"}, post=True),
    Route("commitments:question-decline", own_question, {200: "senior"}),
    Route("commitments:question-decline", other_question, {404: "signed_in"}),
    Route("commitments:session-questions", own_session, {200: "administrator coordinator facilitator"}),
    Route("commitments:session-questions", other_session, {200: "administrator other"}),
    Route("commitments:session-promise", own_session, {200: "administrator coordinator facilitator"}, post=True),
    Route("commitments:session-promise", other_session, {200: "administrator other"}, post=True),
    # Live questions: what phones and the screen open is for whoever has the code; the rest is the scribe's.
    Route("commitments:room-enter", nothing, {200: "everyone"}),
    *(Route(f"commitments:{name}", own_code, {200: "everyone"}) for name in ("room-show", "room-now", "room-screen")),
    Route("commitments:room-ask-as-me", own_code, {200: "signed_in"}),
    Route("commitments:room-ask-as-me", other_code, {200: "signed_in"}),
    *(
        route
        for name in ("room-list", "room-close")
        for route in (
            Route(f"commitments:{name}", session_with_room, {200: SCRIBES}),
            Route(f"commitments:{name}", other_session_with_room, {200: OTHER_SCRIBES}),
        )
    ),
    *(
        route
        for name in ("room-open", "room-moderation", "room-code")
        for route in (
            Route(f"commitments:{name}", session_with_room, {302: SCRIBES}, post=True),
            Route(f"commitments:{name}", other_session_with_room, {302: OTHER_SCRIBES}, post=True),
        )
    ),
    Route("commitments:room-question", own_question_in_room, {200: SCRIBES}),
    Route("commitments:room-question", other_question_in_room, {200: OTHER_SCRIBES}),
    *(
        route
        for name, status in (
            ("room-question-show", 302),
            ("room-question-hide", 302),
            ("room-question-answered", 200),
            ("room-question-taken", 200),
            ("room-question-same", 200),
        )
        for route in (
            Route(f"commitments:{name}", own_question_in_room, {status: SCRIBES}, post=True),
            Route(f"commitments:{name}", other_question_in_room, {status: OTHER_SCRIBES}, post=True),
        )
    ),
    # Links that were never opened in this browser open nothing, whoever asks.
    Route("commitments:commission-show", commission_link, {403: "everyone"}),
    Route("commitments:commission-decline", commission_link, {403: "everyone"}),
    Route("commitments:commission-accept", commission_link, {403: "everyone"}, post=True),
    Route("commitments:commission-open", commission_token, {302: "everyone"}),
    *(
        Route(f"commitments:{name}", asker_link, {403: "everyone"})
        for name in ("asker-show", "asker-unanswered", "asker-withdraw")
    ),
    Route("commitments:asker-open", asker_token, {302: "everyone"}),
    Route("commitments:place-answers", place_link, {403: "everyone"}),
    Route("commitments:invitation-answers", invitation_link, {403: "everyone"}),
    Route("commitments:assurance-show", own_assurance, {200: f"{READING[200]} lead"}),
    Route("commitments:assurance-show", other_assurance, {200: "administrator other other_lead"}),
    # Whose files are gone: who gets one is told in tests/commitments/test_keeping.py.
    *(Route("commitments:assurance-file", file, {}) for file in (own_file, other_file)),
    Route("commitments:assurance-review", own_assurance, {200: "administrator coordinator senior"}),
    Route("commitments:assurance-review", other_assurance, READING_ELSEWHERE),
    *(
        route
        for name in ("lapse", "successor")
        for route in (
            Route(f"commitments:assurance-{name}", own_unkept, TRIAGING),
            Route(f"commitments:assurance-{name}", other_unkept, READING_ELSEWHERE),
        )
    ),
    # Taking over leads through a sign-in code first.
    Route("commitments:assurance-take-over", own_handed_over, OWNING),
    Route("commitments:assurance-take-over", other_handed_over, {404: "signed_in"}),
    Route("commitments:assurance-decline", own_handed_over, {200: "senior"}),
    Route("commitments:assurance-decline", other_handed_over, {404: "signed_in"}),
    Route("commitments:assurance-give", own_programme, {200: "administrator coordinator facilitator", 302: "senior"}),
    Route("commitments:assurance-give", other_programme, {200: "administrator other"}),
    Route("commitments:assurance-confirm", own_noted, OWNING),
    Route("commitments:assurance-confirm", other_assurance, {404: "signed_in"}),
    Route("commitments:assurance-replace", own_assurance, OWNING),
    Route("commitments:assurance-replace", other_assurance, {404: "signed_in"}),
    Route("commitments:assurance-withdraw", own_assurance, {200: "senior"}),
    Route("commitments:assurance-withdraw", other_assurance, {404: "signed_in"}),
    Route("commitments:assurance-propose", own_assurance, {200: "administrator coordinator senior"}),
    Route("commitments:assurance-propose", other_assurance, READING_ELSEWHERE),
    Route("commitments:assurance-not-kept", own_assurance, TRIAGING),
    Route("commitments:assurance-not-kept", other_assurance, READING_ELSEWHERE),
    *(
        route
        for name in ("assurance-kept", "assurance-send-back")
        for route in (
            Route(f"commitments:{name}", own_proposed, TRIAGING),
            Route(f"commitments:{name}", other_proposed, READING_ELSEWHERE),
        )
    ),
    *(
        route
        for name in ("assurance-redact", "assurance-redact-ending")
        for route in (
            Route(f"commitments:{name}", own_assurance, TRIAGING),
            Route(f"commitments:{name}", other_assurance, READING_ELSEWHERE),
        )
    ),
    Route("commitments:assurance-redact-part", own_evidence, TRIAGING),
    Route("commitments:assurance-redact-part", other_evidence, READING_ELSEWHERE),
    Route("commitments:assurance-open", assurance_token, {302: "everyone"}),
    *(
        Route(f"commitments:{name}", assurance_link, {403: "everyone"})
        for name in ("assurance-noted", "assurance-not-mine", "assurance-say-kept", "assurance-say-how")
    ),
    Route("commitments:telling-list", own_programme, {200: "administrator coordinator board governance"}),
    Route("commitments:telling-list", other_programme, READING_ELSEWHERE),
    *(
        route
        for name in ("show", "change", "withdraw")
        for route in (
            Route(f"commitments:telling-{name}", own_draft, TRIAGING),
            Route(f"commitments:telling-{name}", other_draft, READING_ELSEWHERE),
        )
    ),
    *(
        route
        for name in ("propose", "otherwise")
        for route in (
            Route(f"commitments:telling-{name}", own_draft, {302: "administrator coordinator"}, post=True),
            Route(f"commitments:telling-{name}", other_draft, {302: "administrator other"}, post=True),
        )
    ),
    # Publishing leads through a sign-in code first.
    Route("commitments:telling-publish", own_proposed_telling, {302: "administrator coordinator"}),
    Route("commitments:telling-publish", other_proposed_telling, {302: "administrator other"}),
    Route("commitments:place-told", lambda cast: {**place_link(cast), **own_draft(cast)}, {403: "everyone"}),
    *(Route("commitments:told-show", told, {200: "everyone"}) for told in (own_told, other_told)),
    *(
        Route(f"commitments:{name}", programme, {200: "everyone"})
        for name in ("anonymous-ask", "answer-list", "promise-list", "told-list")
        for programme in (own_programme, other_programme)
    ),
]  # fmt: skip
