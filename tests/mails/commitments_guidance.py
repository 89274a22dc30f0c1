"""Guidance, comments on it, and documents that lie elsewhere."""

from datetime import datetime, timedelta

from commitments.actions import guidance
from commitments.actions.references import remind_of_reviews
from commitments.queries.guidance import sections_of
from tests.commitments.guiding import a_cast, a_draft, came, publish
from tests.commitments.test_references import a_reference
from tests.mails import NOW, makes


@makes("commitments.guidance_open", "commitments.comment_answered", "commitments.guidance_published")
def guidance_written() -> None:
    cast = a_cast()
    came(cast)
    own = a_draft(cast)
    made = guidance.comment_on(section=sections_of(own)[0], words="Which door?", by=cast.senior, now=NOW)
    guidance.answer_comment(comment=made, is_taken_up=True, words="", by=cast.facilitator, now=NOW)
    publish(own, cast)


@makes("commitments.reference_review")
def review_due() -> datetime:
    a_reference(a_cast())
    later = NOW + timedelta(days=31)
    remind_of_reviews(now=later)
    return later
