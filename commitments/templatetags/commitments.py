"""Tags for pages that show questions and promises."""

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any
from uuid import UUID

from django import template
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

from briefings.models import Programme
from commitments.models import (
    UNANSWERED,
    UNENDED,
    ActionState,
    AgreementVersion,
    Answer,
    Assurance,
    AssuranceState,
    Output,
    OutputKind,
    Question,
    QuestionState,
    Standing,
    TellingKind,
    TellingState,
    Term,
    Theme,
)
from commitments.queries import agreements, assurances, outputs, questions, telling
from commitments.queries.questions import shortened
from commitments.rules import programmes_to_raise_in, spoken_in
from face.addresses import address_of, addresses_of
from face.dates import day_plain
from face.templatetags.face import state

register = template.Library()
MOST_STANDING = 3
_SHORT = 60
_STATES, _PROMISE_STATES = dict(QuestionState.choices), dict(AssuranceState.choices)
_KINDS, _TERMS, _THEMES = dict(OutputKind.choices), dict(Term.choices), dict(Theme.choices)
_ACTION_STATES = dict(ActionState.choices)
_TELLINGS, _TELLING_STATES = dict(TellingKind.choices), dict(TellingState.choices)


@register.simple_tag
def question_state(question: Question | questions.Listed, today: date | None = None) -> SafeString:
    """The state of a question as mark, colour and word; "late" where it is owed and ``today`` is after its date."""
    words = _STATES[question.state]
    if question.paused_on:
        return state("dash", "wait", f"{words}, paused")
    if today and question.state in UNANSWERED and question.due_on < today:
        return state("gap", "bad", f"{words}, late")
    return state(*questions.SHOWN[question.state], words)


@register.simple_tag
def question_rows(
    rows: list[questions.Listed], today: date, *, chooses: bool = False, in_programme: Programme | None = None
) -> SafeString:
    """The rows of a list of questions. One piece of each rather than twenty: somebody waits for fifty of them."""
    address = addresses_of("commitments:question-show")
    drawn = (
        f'<tr>{_choice(row) if chooses else ""}<th scope="row"><a href="{address(row.pk)}">{escape(row.short)}</a><br>'
        f'<span class="soft small">{escape(row.small)}</span></th>'
        f"{'' if in_programme else f'<td>{escape(row.programme)}</td>'}<td>{_owner(row)}</td>"
        f"<td>{row.due or 'Nothing owed'}</td><td>{question_state(row, today)}</td></tr>"
        for row in rows
    )
    return mark_safe("\n".join(drawn))  # noqa: S308 - what people wrote is escaped above


def _choice(row: questions.Listed) -> str:
    reference = escape(row.reference)
    return (
        f'<td class="tick no-print"><label><input type="checkbox" name="chosen" value="{row.pk}">'
        f'<span class="vh">Choose question {reference}</span></label></td>'
    )


def _owner(row: questions.Listed) -> str:
    if not row.owner:
        return '<span class="soft">The coordinator</span>'
    return f'{escape(row.owner)}<br><span class="soft">{escape(row.organisation or "")}</span>'


@register.simple_tag
def assurance_state(assurance: Assurance | assurances.ListedAssurance, today: date | None = None) -> SafeString:
    """The state of an assurance as mark, colour and word; "late" where it has not ended by ``today``."""
    if today and assurance.state in UNENDED and assurance.due_on < today:
        return state("gap", "bad", f"{_PROMISE_STATES[assurance.state]}, late")
    return state(*assurances.SHOWN[assurance.state], _PROMISE_STATES[assurance.state])


@register.simple_tag
def assurance_rows(
    rows: list[assurances.ListedAssurance], today: date, *, in_programme: Programme | None = None
) -> SafeString:
    """The rows of a list of assurances, each in one piece as those of questions."""
    drawn = (
        f'<tr><th scope="row"><a href="{address_of("commitments:assurance-show", row.pk)}">'
        f"{escape(shortened(row.words, questions.MOST_SHOWN))}</a><br>"
        f'<span class="soft small">{escape(row.reference)}</span></th>'
        f"{'' if in_programme else f'<td>{escape(row.programme)}</td>'}"
        f'<td>{escape(row.person)}<br><span class="soft">{escape(row.organisation)}</span>{_moved(row)}</td>'
        f'<td class="nowrap">{"reviewed" if row.is_ongoing else "by"} {day_plain(row.due_on)}</td>'
        f"<td>{_evidence(row)}</td><td>{assurance_state(row, today)}</td></tr>"
        for row in rows
    )
    return mark_safe("\n".join(drawn))  # noqa: S308 - what people wrote is escaped above


def _moved(row: assurances.ListedAssurance) -> str:
    if row.has_moved and row.keeper:
        return f'<br><span class="soft">now {escape(row.keeper)}, {escape(row.carried_by)}</span>'
    return _TO_TAKE_OVER if row.has_moved and row.state in UNENDED else ""


def _evidence(row: assurances.ListedAssurance) -> str:
    if not row.evidence:
        return '<span class="soft">None yet</span>'
    files = f" ({row.files} file{'' if row.files == 1 else 's'})" if row.files else ""
    return f'{escape(shortened(row.evidence, _MOST_EVIDENCE))}<span class="soft">{files}</span>'


register.filter("shortened", shortened)
_MOST_EVIDENCE = 60
_TO_TAKE_OVER = '<br><span class="soft"><strong>to be taken over</strong></span>'


@register.simple_tag
def telling_rows(rows: list[telling.ListedTelling]) -> SafeString:
    """The rows of a list of tellings, each in one piece as those of questions."""
    drawn = (
        f'<tr><th scope="row"><a href="{address_of("commitments:telling-show", row.pk)}">{_TELLINGS[row.kind]}</a><br>'
        f'<span class="soft small">Drafted {day_plain(row.drafted_at)}</span></th>'
        f"<td>{f'The session of {day_plain(row.session_on)}' if row.session_on else 'The whole programme'}</td>"
        f'<td class="num" data-unit="item{"" if row.number == 1 else "s"}">{row.number}</td>'
        f"<td>{state(*telling.SHOWN[row.state], _TELLING_STATES[row.state])}</td></tr>"
        for row in rows
    )
    return mark_safe("\n".join(drawn))  # noqa: S308 - nothing that people wrote


@register.simple_tag
def answer_cards(rows: list[questions.ListedAnswer], earlier: Mapping[UUID, list[Answer]] | None = None) -> SafeString:
    """Published answers with their questions, each in one piece; with what was answered before, by question."""
    drawn = (_answer_card(row, (earlier or {}).get(row.question_id, [])) for row in rows)
    return mark_safe("\n".join(drawn))  # noqa: S308 - what people wrote is escaped


def _answer_card(row: questions.ListedAnswer, earlier: list[Answer]) -> str:
    replaced = ", in words that replace earlier ones" if earlier else ""
    also = f", also asked as {escape(', '.join(row.also))}" if row.also else ""
    about = f". About: {escape(row.about)}" if row.about else ""
    return (
        f'<article class="sheet stack told" aria-labelledby="question-{row.pk}">'
        f'<h2 id="question-{row.pk}" class="asked">{linebreaksbr(row.asked)}</h2>'
        f"<div>{linebreaks(row.words, autoescape=True)}</div>"
        f'<p class="soft">{escape(row.organisation)}, {day_plain(row.published_at)}{replaced}. '
        f"Question {escape(row.reference)}{also}{about}</p>{_before(earlier)}</article>"
    )


def _before(earlier: list[Answer]) -> str:
    if not earlier:
        return ""
    drawn = "".join(
        f'<div class="stack tight"><p class="soft">{escape(each.organisation.name)}, {day_plain(each.published_at)}</p>'
        f"<div>{linebreaks(each.words, autoescape=True)}</div></div>"
        for each in earlier
    )
    return f'<details><summary>What was answered before</summary><div class="stack">{drawn}</div></details>'


@register.simple_tag
def action_state(action: Output | outputs.ListedOutput, today: date | None = None) -> SafeString:
    """The state of an action as mark, colour and word; "late" where it is open and ``today`` is after its date."""
    if today and action.action_state == ActionState.OPEN and action.due_on < today:
        return state("gap", "bad", "Open, late")
    return state(*outputs.SHOWN[action.action_state], _ACTION_STATES[action.action_state])


@register.simple_tag
def output(own: Output | outputs.ListedOutput, today: date) -> SafeString:
    """What a workshop left behind: its kind, its words, and of an action who does it by when. ``today``: there."""
    theme = f", {_THEMES[own.theme].lower()}" if own.theme else ""
    term = f", {_TERMS[own.term].lower()}" if own.term else ""
    element = "blockquote" if own.kind == OutputKind.QUOTATION else "div"
    drawn = (
        f'<p class="soft small"><strong>{_KINDS[own.kind]}</strong>{theme}{term}</p>'
        f"<{element}>{linebreaks(own.words, autoescape=True)}</{element}>{_action(own, today)}"
    )
    return mark_safe(drawn)  # noqa: S308 - what people wrote is escaped


def _action(own: Output | outputs.ListedOutput, today: date) -> str:
    if own.kind != OutputKind.ACTION:
        return ""
    owner = own.owner if isinstance(own.owner, str) else own.owner.name
    ended = f'<p class="soft">{linebreaksbr(own.end_words)}</p>' if own.end_words else ""
    return f"<p>{action_state(own, today)} {escape(owner)}, by {day_plain(own.due_on)}</p>{ended}"


@register.simple_tag(takes_context=True)
def output_rows(
    context: template.Context, rows: list[outputs.ListedOutput], today: date, *, programme: Programme, can_end: bool
) -> SafeString:
    """The rows of a list of outputs, each in one piece as those of questions, with what can be done about it."""
    drawn = (
        f'<li class="stack tight">{output(row, today)}'
        f'<p class="soft small">{escape(row.session)}, {day_plain(row.session_on)}</p>'
        f"{_what_can_be_done(row, programme, context['csrf_token'] if can_end else '')}<hr></li>"
        for row in rows
    )
    return mark_safe("\n".join(drawn))  # noqa: S308 - what people wrote is escaped


def _what_can_be_done(row: outputs.ListedOutput, programme: Programme, token: str) -> str:
    """Return the links and buttons of ``row``; without ``token`` for who only reads."""
    of_it = f'<span class="vh">: {escape(shortened(row.words, _SHORT))}</span>'
    own = programme.slug, row.pk
    if token and row.action_state == ActionState.OPEN:
        return (
            f'<p class="row"><a class="link" href="{address_of("commitments:action-change", *own)}">'
            f"Give it to somebody else, or move its date{of_it}</a> "
            f'<a class="link" href="{address_of("commitments:action-end", *own)}">End this action{of_it}</a></p>'
        )
    if row.agreement_id:
        address = address_of("commitments:agreement-show", row.agreement_id)
        return f'<p><a class="link" href="{address}">The agreement that was made of it{of_it}</a></p>'
    if token and row.kind == OutputKind.AGREEMENT:
        return (
            f'<form method="post" action="{address_of("commitments:output-agreement", *own)}">'
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
            f'<button class="btn second">Make an agreement of it{of_it}</button></form>'
        )
    return ""


@register.inclusion_tag("commitments/public/_standing.html")
def standing_assurances(programme: Programme) -> dict[str, Any]:
    """What senior managers of ``programme`` have promised and still stand by, for pages before a booking. One query."""
    found = list(assurances.standing_for(programme)[: MOST_STANDING + 1])
    return {"programme": programme, "assurances": found[:MOST_STANDING], "more": len(found) > MOST_STANDING}


@register.inclusion_tag("commitments/_links.html")
def asking_and_promising(person: Any) -> dict[str, Any]:
    """Where ``person`` may raise a question, for themselves or their staff, or give an assurance; for the first page.

    Two queries; nothing for who may do neither.
    """
    today = timezone.localdate()
    promising = Programme.objects.filter(pk__in=spoken_in(person, today)).order_by("name", "pk")
    return {"raise_in": list(programmes_to_raise_in(person, today)), "give_in": list(promising)}


@register.simple_tag
def agreement_state(standing: str, version: AgreementVersion) -> SafeString:
    """Where a ``counted`` version stands as mark, colour and words, with how many of how many have endorsed it."""
    words = Standing(standing).label
    if standing == Standing.IN_PART:
        words = f"Endorsed by {version.endorsed} of {version.needed}"
    elif standing == Standing.FULL:
        words = f"Fully endorsed, {version.endorsed} of {version.needed}"
    return state(*agreements.SHOWN[Standing(standing)], words)


@register.simple_tag
def early() -> SafeString:
    """That people work by an agreement that is not fully endorsed; it stands wherever the agreement is named."""
    return state("gap", "bad", "In use before endorsed")


@register.simple_tag
def outcome_state(said: agreements.Said) -> SafeString:
    """What one partner says of a version, as mark, colour and words."""
    return state(said.shape, said.colour, said.words)
