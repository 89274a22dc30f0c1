"""What is done to questions beyond asking an owner, and how a programme handles them; see routes.py."""

from commitments.actions.policies import add_theme, close_on, name_holder
from commitments.actions.questions import send_to_clearance
from commitments.models import Clearance
from tests.access.commitments import DUE, other_question, own_question
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast
from tests.organisations.factories import PersonFactory

TRIAGE, TRIAGE_ELSEWHERE = "administrator coordinator", "administrator other"
ANSWER = "administrator coordinator senior"
READS_FIGURES = "administrator coordinator board governance"


def _in_clearance(cast: Cast, *, other: bool) -> Clearance:
    from commitments.models import Question

    where = other_question(cast) if other else own_question(cast)
    question = Question.objects.get(pk=where["question"])
    by = cast.other if other else cast.coordinator
    common = {"by": by, "now": NOW}
    name_holder(
        programme=question.programme, organisation=question.organisation, role="dpo",
        person=PersonFactory() if other else cast.governance, **common,
    )  # fmt: skip
    draft = send_to_clearance(question=question, words="Yes", audience="public", roles=["dpo"], **common)
    return draft.clearances.get()


def own_clearance(cast: Cast) -> dict:
    """The governance officer is who clears it."""
    own = _in_clearance(cast, other=False)
    return {"question": own.draft.question_id, "clearance": own.pk}


def other_clearance(cast: Cast) -> dict:
    own = _in_clearance(cast, other=True)
    return {"question": own.draft.question_id, "clearance": own.pk}


def own_draft(cast: Cast) -> dict:
    own = _in_clearance(cast, other=False)
    return {"question": own.draft.question_id, "kind": "draft", "number": own.draft_id}


def other_draft(cast: Cast) -> dict:
    own = _in_clearance(cast, other=True)
    return {"question": own.draft.question_id, "kind": "draft", "number": own.draft_id}


def own_theme(cast: Cast) -> dict:
    theme = add_theme(programme=cast.programme, name="Own", by=cast.coordinator, now=NOW)
    return {"slug": cast.programme.slug, "theme": theme.pk}


def other_theme(cast: Cast) -> dict:
    theme = add_theme(programme=cast.other_programme, name="Own", by=cast.other, now=NOW)
    return {"slug": cast.other_programme.slug, "theme": theme.pk}


def own_closure(cast: Cast) -> dict:
    made = close_on(programme=cast.programme, day=DUE, why="Closed", by=cast.coordinator, now=NOW)
    return {"slug": cast.programme.slug, "closure": made.pk}


def other_closure(cast: Cast) -> dict:
    made = close_on(programme=cast.other_programme, day=DUE, why="Closed", by=cast.other, now=NOW)
    return {"slug": cast.other_programme.slug, "closure": made.pk}


def own_holder(cast: Cast) -> dict:
    _in_clearance(cast, other=False)
    return {"slug": cast.programme.slug, "holder": cast.programme.governance_holders.get().pk}


def other_holder(cast: Cast) -> dict:
    _in_clearance(cast, other=True)
    return {"slug": cast.other_programme.slug, "holder": cast.other_programme.governance_holders.get().pk}


def _pair(name: str, own, other, roles: str = TRIAGE, status: int = 200, **more) -> list[Route]:
    return [
        Route(f"commitments:{name}", own, {status: roles}, **more),
        Route(f"commitments:{name}", other, {status: TRIAGE_ELSEWHERE}, **more),
    ]


PAGES = ("question-merge", "question-file", "question-redact", "question-pause", "question-extend")
PRESSES = ("question-part", "question-resume", "question-recount", "question-not-late")
RULES = ("question-rules", "question-rules-change", "theme-add", "governance-holder-add", "closure-day-add")

ROUTES: list[Route] = [
    Route("commitments:question-reminders", nothing, {200: "signed_in"}),
    *(route for name in PAGES for route in _pair(name, own_question, other_question)),
    *(route for name in PRESSES for route in _pair(name, own_question, other_question, status=302, post=True)),
    *(route for name in RULES for route in _pair(name, own_programme, other_programme)),
    *_pair("question-figures", own_programme, other_programme, READS_FIGURES),
    *_pair("question-transfer", own_question, other_question, ANSWER),
    *_pair("question-hold", own_question, other_question, ANSWER),
    *_pair("question-take-back", own_question, other_question, ANSWER, 302, post=True),
    *_pair("question-redact-part", own_draft, other_draft),
    *_pair("question-redact-ending", own_question, other_question),
    # Without anything chosen it leads back to the list.
    *_pair("question-several", own_programme, other_programme, status=302),
    Route("commitments:question-clear", own_clearance, {302: "governance"}),
    Route("commitments:question-clear", other_clearance, {404: "signed_in"}),
    Route("commitments:question-send-back", own_clearance, {200: "governance"}),
    Route("commitments:question-send-back", other_clearance, {404: "signed_in"}),
    *_pair("theme-end", own_theme, other_theme, status=302, post=True),
    *_pair("closure-day-remove", own_closure, other_closure, status=302, post=True),
    *_pair("governance-holder-end", own_holder, other_holder, status=302, post=True),
]
