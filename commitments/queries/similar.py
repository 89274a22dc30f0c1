"""Which questions ask the same, by PostgreSQL's own means: stems that both have, and letters in groups of three.

Always among rows that the looker may see already: nothing here widens that.
"""

import re

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramSimilarity
from django.db.models import F, FloatField, QuerySet, Value
from django.db.models.functions import Coalesce

from commitments.models import Answer, LiveRoom, Question, QuestionState, Showing

MOST = 5
ENOUGH = 0.2
"""From this score on two questions look alike; tests/commitments/test_similar.py holds pairs on both sides of it."""
_MOST_WORDS = 40
_NEAREST = 50
"""So many with the most stems in common are compared letter by letter."""


def alike(words: str, among: QuerySet[Question], *, most: int = MOST) -> list[Question]:
    """Return those of ``among`` that look most like ``words``, the most alike first. Two queries at the most.

    Stems that both have weigh most; whole words misspelt or joined differently are caught by trigrams, which are asked
    only where the stems have not filled the list: they are compared with every question there is. Nothing for a word
    or two, which fit everything.
    """
    found = list(dict.fromkeys(re.findall(r"\w{3,}", words.lower())))[:_MOST_WORDS]
    if len(found) < 2:
        return []
    query = SearchQuery(" | ".join(found), search_type="raw", config="english")
    # 32: the rank is brought between 0 and 1; the stems of a question count together, not by how often each stands.
    stems = Coalesce(SearchRank(F("stems"), query, normalization=Value(32)), Value(0.0), output_field=FloatField())
    scored = Question.objects.annotate(score=stems + TrigramSimilarity("words", words)).filter(score__gte=ENOUGH)
    by_stems = among.filter(stems=query).annotate(shared=stems).order_by("-shared", "reference")
    near = list(scored.filter(pk__in=by_stems.values("pk")[:_NEAREST]))
    if len(near) < most:
        by_letters = among.filter(words__trigram_similar=words).exclude(pk__in=[each.pk for each in near])
        near += scored.filter(pk__in=by_letters.order_by().values("pk"))
    return sorted(near, key=lambda question: (-question.score, question.reference))[:most]


def alike_in_room(words: str, room: LiveRoom, *, most: int = MOST) -> list[Question]:
    """Return what is shown in ``room`` and looks most like ``words``: everybody there reads it already."""
    shown = Question.objects.filter(in_room__room=room, in_room__showing=Showing.SHOWN)
    return alike(words, shown.exclude(state__in=_ENDED), most=most)


_ENDED = (QuestionState.MERGED, QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN)


def alike_answered(words: str, among: QuerySet[Answer], *, most: int = MOST) -> list[Answer]:
    """Return the published answers of ``among`` whose questions look most like ``words``, the most alike first."""
    questions = Question.objects.filter(pk__in=among.order_by().values("question"))
    order = {question.pk: number for number, question in enumerate(alike(words, questions, most=most))}
    found = among.filter(question__in=order).select_related("question", "organisation")
    return sorted(found, key=lambda answer: order[answer.question_id])
