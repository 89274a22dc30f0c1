"""The addresses of guidance and of documents that lie elsewhere; see routes.py for how a line is written."""

from commitments.actions import guidance as actions
from commitments.actions.references import add_reference
from commitments.models import Guidance, GuidanceVersion
from tests.access.attendance_places import place_link
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast

WRITING = {200: "administrator coordinator facilitator"}
WRITING_ELSEWHERE = {200: "administrator other"}
PUBLISHING = {200: "administrator coordinator"}
READING = {200: "administrator coordinator facilitator board governance senior lead"}
READING_ELSEWHERE = {200: "administrator other other_lead"}
EVERYBODY = {200: "everyone"}


def _guidance(cast: Cast, *, other: bool = False) -> Guidance:
    """A draft with one section, open for comments."""
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    own = actions.start_guidance(programme=programme, title="Working in one building", by=by, now=NOW)
    actions.add_section(guidance=own, title="Doors", words="The first who comes opens.", by=by, now=NOW)
    return actions.set_open(guidance=own, is_open=True, by=by, now=NOW)


def own_guidance(cast: Cast) -> dict:
    return {"guidance": _guidance(cast).pk}


def other_guidance(cast: Cast) -> dict:
    return {"guidance": _guidance(cast, other=True).pk}


def own_section(cast: Cast) -> dict:
    return _section(_guidance(cast))


def other_section(cast: Cast) -> dict:
    return _section(_guidance(cast, other=True))


def other_section_under_the_own_guidance(cast: Cast) -> dict:
    """Somebody else's section, asked for under the address of the own guidance."""
    return {**_section(_guidance(cast, other=True)), **own_guidance(cast)}


def _section(own: Guidance) -> dict:
    return {"guidance": own.pk, "part": own.sections.get().pk}


def own_comment(cast: Cast) -> dict:
    return _comment(_guidance(cast), cast.coordinator)


def other_comment(cast: Cast) -> dict:
    return _comment(_guidance(cast, other=True), cast.other)


def _comment(own: Guidance, by) -> dict:
    made = actions.comment_on(section=own.sections.get(), words="Who locks?", by=by, now=NOW)
    return {"guidance": own.pk, "comment": made.pk}


def _version(own: Guidance, by) -> GuidanceVersion:
    sections = [{"section": each.pk, "title": each.title, "words": each.words} for each in own.sections.all()]
    return own.versions.create(number=1, title=own.title, sections=sections, published_at=NOW, published_by=by)


def own_version(cast: Cast) -> dict:
    return {"guidance": _version(_guidance(cast), cast.coordinator).guidance_id, "number": 1}


def other_version(cast: Cast) -> dict:
    return {"guidance": _version(_guidance(cast, other=True), cast.other).guidance_id, "number": 1}


def own_published(cast: Cast) -> dict:
    return {"guidance": own_version(cast)["guidance"]}


def other_published(cast: Cast) -> dict:
    return {"guidance": other_version(cast)["guidance"]}


def link_and_guidance(cast: Cast) -> dict:
    return {**place_link(cast), **own_published(cast)}


def own_reference(cast: Cast) -> dict:
    return _reference(cast.programme, cast.organisation, cast.coordinator)


def other_reference(cast: Cast) -> dict:
    return _reference(cast.other_programme, cast.other_organisation, cast.other)


def _reference(programme, organisation, by) -> dict:
    made = add_reference(
        programme=programme, kind="procedure", title="Keys", organisation=organisation, effective_from=NOW.date(),
        review_on=NOW.date().replace(month=12), by=by, now=NOW,
    )  # fmt: skip
    return {"reference": made.pk}


ROUTES: list[Route] = [
    Route("commitments:guidance-list", nothing, EVERYBODY),
    *(
        Route(f"commitments:{name}", programme, EVERYBODY)
        for name in ("programme-guidance", "reference-list")
        for programme in (own_programme, other_programme)
    ),
    Route("commitments:guidance-start", own_programme, WRITING),
    Route("commitments:guidance-start", other_programme, WRITING_ELSEWHERE),
    Route("commitments:guidance-show", own_guidance, READING),
    Route("commitments:guidance-show", other_guidance, READING_ELSEWHERE),
    *(
        route
        for name in ("guidance-rename", "section-add", "section-draft")
        for route in (
            Route(f"commitments:{name}", own_guidance, WRITING),
            Route(f"commitments:{name}", other_guidance, WRITING_ELSEWHERE),
        )
    ),
    Route("commitments:guidance-take-back", own_guidance, PUBLISHING),
    Route("commitments:guidance-take-back", other_guidance, WRITING_ELSEWHERE),
    Route("commitments:guidance-open", own_guidance, {302: "administrator coordinator"}, post=True),
    Route("commitments:guidance-open", other_guidance, {302: "administrator other"}, post=True),
    # Publishing leads through a sign-in code first.
    Route("commitments:guidance-publish", own_guidance, {302: "administrator coordinator"}),
    Route("commitments:guidance-publish", other_guidance, {302: "administrator other"}),
    *(
        route
        for name in ("section-change", "section-remove", "section-agreements")
        for route in (
            Route(f"commitments:{name}", own_section, WRITING),
            Route(f"commitments:{name}", other_section, WRITING_ELSEWHERE),
            Route(f"commitments:{name}", other_section_under_the_own_guidance, {404: "signed_in"}),
        )
    ),
    Route("commitments:section-move", own_section, {302: "administrator coordinator facilitator"}, post=True),
    Route("commitments:section-move", other_section, {302: "administrator other"}, post=True),
    Route("commitments:section-comment", own_section, READING),
    Route("commitments:section-comment", other_section, READING_ELSEWHERE),
    Route("commitments:comment-answer", own_comment, WRITING),
    Route("commitments:comment-answer", other_comment, WRITING_ELSEWHERE),
    # What is published in a public programme is for everybody.
    *(
        Route(f"commitments:{name}", version, EVERYBODY)
        for name in ("guidance-version", "guidance-document", "guidance-changes")
        for version in (own_version, other_version)
    ),
    *(Route("commitments:guidance-since", published, EVERYBODY) for published in (own_published, other_published)),
    *(
        Route("commitments:guidance-acknowledge", published, {302: "signed_in"}, post=True, data={"version": "1"})
        for published in (own_published, other_published)
    ),
    # Links that were never opened in this browser open nothing, whoever asks.
    Route("commitments:place-guidance", place_link, {403: "everyone"}),
    Route("commitments:place-guidance-show", link_and_guidance, {403: "everyone"}),
    Route("commitments:reference-add", own_programme, PUBLISHING),
    Route("commitments:reference-add", other_programme, WRITING_ELSEWHERE),
    Route("commitments:reference-change", own_reference, PUBLISHING),
    Route("commitments:reference-change", other_reference, WRITING_ELSEWHERE),
    Route("commitments:reference-remove", own_reference, {302: "administrator coordinator"}, post=True),
    Route("commitments:reference-remove", other_reference, {302: "administrator other"}, post=True),
]
