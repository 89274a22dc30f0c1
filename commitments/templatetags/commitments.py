"""Tags for pages that show questions and promises."""

from datetime import date
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from briefings.models import Programme
from briefings.rules import mandates_of
from commitments.models import (
    UNANSWERED,
    UNENDED,
    ActionState,
    AgreementVersion,
    Assurance,
    AssuranceState,
    Output,
    Question,
    QuestionState,
    Standing,
)
from commitments.queries import agreements, assurances, outputs, questions
from commitments.queries.questions import shortened
from commitments.rules import programmes_to_raise_in
from face.addresses import addresses_of
from face.dates import day_plain
from face.templatetags.face import state

register = template.Library()
MOST_STANDING = 5
_STATES, _PROMISE_STATES = dict(QuestionState.choices), dict(AssuranceState.choices)


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
    return format_html_join(
        "\n",
        _ROW,
        (
            (
                format_html(_CHOOSE, row.pk, row.reference) if chooses else "",
                address(row.pk),
                row.short,
                row.small,
                "" if in_programme else format_html("<td>{}</td>", row.programme),
                format_html(_OWNER, row.owner, row.organisation or "") if row.owner else _NOBODY,
                row.due or "Nothing owed",
                question_state(row, today),
            )
            for row in rows
        ),
    )


_ROW = (
    '<tr>{}<th scope="row"><a href="{}">{}</a><br><span class="soft small">{}</span></th>{}'
    "<td>{}</td><td>{}</td><td>{}</td></tr>"
)
_CHOOSE = '<td class="no-print"><input type="checkbox" name="chosen" value="{}" aria-label="Choose question {}"></td>'
_OWNER, _NOBODY = '{}<br><span class="soft">{}</span>', mark_safe('<span class="soft">The coordinator</span>')


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
    return format_html_join(
        "\n",
        _PROMISE_ROW,
        (
            (
                reverse("commitments:assurance-show", args=[row.pk]),
                shortened(row.words, questions.MOST_SHOWN),
                row.reference,
                "" if in_programme else format_html("<td>{}</td>", row.programme),
                row.person,
                row.organisation,
                _moved(row),
                "reviewed" if row.is_ongoing else "by",
                day_plain(row.due_on),
                _evidence(row),
                assurance_state(row, today),
            )
            for row in rows
        ),
    )


def _moved(row: assurances.ListedAssurance) -> str:
    if row.has_moved and row.keeper:
        return format_html('<br><span class="soft">now {}, {}</span>', row.keeper, row.carried_by)
    return _TO_TAKE_OVER if row.has_moved and row.state in UNENDED else ""


def _evidence(row: assurances.ListedAssurance) -> str:
    if not row.evidence:
        return _NONE_YET
    files = f" ({row.files} file{'' if row.files == 1 else 's'})" if row.files else ""
    return format_html('{}<span class="soft">{}</span>', shortened(row.evidence, _MOST_EVIDENCE), files)


_PROMISE_ROW = (
    '<tr><th scope="row"><a href="{}">{}</a><br><span class="soft small">{}</span></th>{}'
    '<td>{}<br><span class="soft">{}</span>{}</td><td>{} <span class="nowrap">{}</span></td>'
    "<td>{}</td><td>{}</td></tr>"
)
register.filter("shortened", shortened)
_MOST_EVIDENCE = 60
_TO_TAKE_OVER = mark_safe('<br><span class="soft"><strong>to be taken over</strong></span>')
_NONE_YET = mark_safe('<span class="soft">None yet</span>')


@register.simple_tag
def action_state(action: Output, today: date | None = None) -> SafeString:
    """The state of an action as mark, colour and word; "late" where it is open and ``today`` is after its date."""
    if today and action.action_state == ActionState.OPEN and action.due_on < today:
        return state("gap", "bad", "Open, late")
    return state(*outputs.SHOWN[action.action_state], action.get_action_state_display())


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
    promising = Programme.objects.filter(pk__in=mandates_of(person, today).values("programme")).order_by("name", "pk")
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
