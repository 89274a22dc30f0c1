"""Guidance: written together in sections, commented on, published as versions that stand, acknowledged."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from briefings.models import Programme
from commitments.clocks import local_day
from commitments.messages import guidance as messages
from commitments.models import (
    Acknowledgement,
    AgreementVersion,
    CommentState,
    Guidance,
    GuidanceSection,
    GuidanceVersion,
    SectionAgreement,
    SectionComment,
    VersionState,
)
from commitments.queries.guidance import newest_of, said_by, seal_of, sections_of, unanswered_of
from commitments.queries.standing import drafted_from, endorsed_by
from commitments.rules import (
    can_publish_guidance,
    can_write_guidance,
    guidance_to_work_on,
    organisation_of,
    programmes_to_read_guidance_of,
)
from history.actions import record
from history.refusals import Refused

MOST_SECTIONS = 60


class NotTheirs(Refused):
    sentence = "Only who runs the programme can do this."


class HasEnded(Refused):
    sentence = "This guidance was taken back. Look at it for the reason."


class ChangedMeanwhile(Refused):
    """``section`` is as it is now: nothing of it was written over."""

    sentence = "Somebody else changed this section while you had it open. Nothing is lost: put both together below."

    def __init__(self, section: GuidanceSection) -> None:
        super().__init__()
        self.section = section


class TooManySections(Refused):
    sentence = f"Guidance has at most {MOST_SECTIONS} sections. Put some together, or start another document."


class NotOpen(Refused):
    sentence = "This guidance is not open for comments now."


class AlreadyAnswered(Refused):
    sentence = "This comment was answered meanwhile. Look at what became of it."


class NoReason(Refused):
    sentence = "Say why it is not taken up: who commented is told the reason."


class NothingToPublish(Refused):
    sentence = "Write a section first: there is nothing to publish."


class NothingNew(Refused):
    sentence = "Nothing has changed since the last version."


class WordsMoved(Refused):
    sentence = "The words have changed since you read them. Read them again, then publish."


class StillUnanswered(Refused):
    sentence = "Comments wait for an answer. Answer them first, or say that you publish all the same."


class SectionTooLong(Refused):
    sentence = (
        "With these agreements the section is longer than 20,000 characters. Put some into a section of their own."
    )


class NotEndorsedYet(Refused):
    sentence = (
        "Not every partner has endorsed what it stands on as it is today. Wait for them, or say that it is used before "
        "it is."
    )


class NotForThem(Refused):
    sentence = "Only people of the partner organisations acknowledge it."


@transaction.atomic
def start_guidance(*, programme: Programme, title: str, by: Person, now: datetime) -> Guidance:
    """Start a document of ``programme``. Raises NotTheirs."""
    if not can_write_guidance(by, programme):
        raise NotTheirs
    made = Guidance.objects.create(programme=programme, title=title, started_at=now, started_by=by)
    record(by=by, verb="started_guidance", about=made, now=now)
    return made


@transaction.atomic
def rename_guidance(*, guidance: Guidance, title: str, by: Person, now: datetime) -> Guidance:
    """Give the draft another title; versions keep theirs. Raises NotTheirs, HasEnded."""
    own = _locked(guidance, by)
    own.title = title
    own.save(update_fields=["title"])
    record(by=by, verb="renamed_guidance", about=own, now=now)
    return own


@transaction.atomic
def set_open(*, guidance: Guidance, is_open: bool, by: Person, now: datetime) -> Guidance:
    """Let people of the partners read the draft and comment on it, or no more.

    Senior managers and leads are asked by mail, once for a document. Raises NotTheirs, HasEnded.
    """
    own = _locked(guidance, by)
    if not can_publish_guidance(by, own.programme):
        raise NotTheirs
    if own.is_open != is_open:
        own.is_open = is_open
        own.save(update_fields=["is_open"])
        record(by=by, verb="opened_guidance" if is_open else "closed_guidance", about=own, now=now)
        if is_open:
            messages.ask_for_comments(own, now=now)
    return own


@transaction.atomic
def add_section(*, guidance: Guidance, title: str, words: str, by: Person, now: datetime) -> GuidanceSection:
    """Add a section at the end. Raises NotTheirs, HasEnded, TooManySections."""
    own = _locked(guidance, by)
    there = list(sections_of(own))
    if len(there) >= MOST_SECTIONS:
        raise TooManySections
    position = there[-1].position + 1 if there else 1
    made = GuidanceSection.objects.create(
        guidance=own, position=position, title=title, words=_plain_ends(words), changed_at=now, changed_by=by
    )
    record(by=by, verb="added_section", about=own, now=now)
    return made


@transaction.atomic
def draft_from_agreements(
    *, guidance: Guidance, title: str, versions: Iterable[AgreementVersion], by: Person, now: datetime
) -> GuidanceSection:
    """Add a section with the words of ``versions``, which are kept as what it stands on; others are left out.

    Raises NotTheirs, HasEnded, TooManySections, SectionTooLong.
    """
    versions = _of_programme(guidance, versions)
    words = _short_enough("\n\n".join(_quoted(each) for each in versions))
    made = add_section(guidance=guidance, title=title, words=words, by=by, now=now)
    SectionAgreement.objects.bulk_create(SectionAgreement(section=made, version=each) for each in versions)
    return made


@transaction.atomic
def stand_on(
    *, section: GuidanceSection, versions: Iterable[AgreementVersion], by: Person, now: datetime
) -> GuidanceSection:
    """Let ``section`` stand on exactly ``versions``: the words of those that are new to it are put at its end.

    Words that stand there already stay for whoever writes to take out. Raises NotTheirs, HasEnded, SectionTooLong.
    """
    own = _locked_section(section, by)
    wanted = {each.pk: each for each in _of_programme(own.guidance, versions)}
    there = set(own.agreements.values_list("version", flat=True))
    own.agreements.exclude(version__in=wanted).delete()
    added = [each for pk, each in wanted.items() if pk not in there]
    SectionAgreement.objects.bulk_create(SectionAgreement(section=own, version=each) for each in added)
    if added:
        own.words = _short_enough("\n\n".join([own.words, *(_quoted(each) for each in added)]))
        own.version, own.changed_at, own.changed_by = own.version + 1, now, by
        own.save(update_fields=["words", "version", "changed_at", "changed_by"])
    record(by=by, verb="changed_section", about=own.guidance, now=now, fields=["agreements"])
    return own


@transaction.atomic
def change_section(
    *, section: GuidanceSection, title: str, words: str, version: int, by: Person, now: datetime
) -> GuidanceSection:
    """Write ``section`` anew. ``version`` is the one whose words ``by`` had before them.

    Where somebody else was quicker, nothing is written: ChangedMeanwhile carries the section as it is now. The same
    words again change nothing; words for a section that was taken out put it back. Raises NotTheirs, HasEnded.
    """
    own = _locked_section(section, by)
    words = _plain_ends(words)
    if (own.title, own.words) == (title, words) and own.removed_at is None:
        return own
    if own.version != version:
        raise ChangedMeanwhile(own)
    own.title, own.words, own.version, own.changed_at, own.changed_by = title, words, own.version + 1, now, by
    own.removed_at = None
    own.save(update_fields=["title", "words", "version", "changed_at", "changed_by", "removed_at"])
    record(by=by, verb="changed_section", about=own.guidance, now=now)
    return own


@transaction.atomic
def move_section(*, section: GuidanceSection, is_up: bool, by: Person, now: datetime) -> None:
    """Let ``section`` change places with its neighbour; at either end it stays. Raises NotTheirs, HasEnded."""
    own = _locked_section(section, by)
    there = list(sections_of(own.guidance))
    places = [each.pk for each in there]
    if own.pk not in places:
        return
    one = places.index(own.pk)
    two = one - 1 if is_up else one + 1
    if not 0 <= two < len(there):
        return
    there[one], there[two] = there[two], there[one]
    for position, each in enumerate(there, 1):
        each.position = position
    GuidanceSection.objects.bulk_update(there, ["position"])
    record(by=by, verb="moved_section", about=own.guidance, now=now)


@transaction.atomic
def remove_section(*, section: GuidanceSection, version: int, by: Person, now: datetime) -> None:
    """Take ``section`` out of the draft; its words and comments stay kept. ``version`` is the one that ``by`` has read.

    Raises NotTheirs, HasEnded, ChangedMeanwhile.
    """
    own = _locked_section(section, by)
    if own.removed_at is not None:
        return
    if own.version != version:
        raise ChangedMeanwhile(own)
    # Whoever has it open and writes on is asked first: their words are not lost, and put it back.
    own.removed_at, own.version = now, own.version + 1
    own.save(update_fields=["removed_at", "version"])
    record(by=by, verb="removed_section", about=own.guidance, now=now)


@transaction.atomic
def put_back_section(*, section: GuidanceSection, by: Person, now: datetime) -> None:
    """Put a section that was taken out at the end of the draft. Raises NotTheirs, HasEnded, TooManySections."""
    own = _locked_section(section, by)
    there = list(sections_of(own.guidance))
    if own.removed_at is None:
        return
    if len(there) >= MOST_SECTIONS:
        raise TooManySections
    own.removed_at, own.position = None, (there[-1].position + 1 if there else 1)
    own.save(update_fields=["removed_at", "position"])
    record(by=by, verb="put_back_section", about=own.guidance, now=now)


@transaction.atomic
def comment_on(*, section: GuidanceSection, words: str, by: Person, now: datetime) -> SectionComment:
    """Say something about ``section`` of a draft that is open, or that ``by`` writes. Raises NotOpen."""
    guidance = Guidance.objects.select_related("programme").get(pk=section.guidance_id)
    today = local_day(guidance.programme, now)
    if guidance.ended_at or not guidance_to_work_on(by, today).filter(pk=guidance.pk).exists():
        raise NotOpen
    made = SectionComment.objects.create(
        section=section, words=words, made_by=by, made_at=now,
        organisation=organisation_of(by, guidance.programme, today),
    )  # fmt: skip
    record(by=by, verb="commented_on_guidance", about=guidance, now=now)
    return made


@transaction.atomic
def answer_comment(
    *, comment: SectionComment, is_taken_up: bool, words: str, by: Person, now: datetime
) -> SectionComment:
    """Answer ``comment``: taken up, or not, because of ``words``. Who commented is told once.

    Raises NotTheirs, AlreadyAnswered, NoReason.
    """
    own = (
        SectionComment.objects.select_related("section__guidance__programme", "made_by")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=comment.pk)
    )
    guidance = own.section.guidance
    if not can_write_guidance(by, guidance.programme):
        raise NotTheirs
    if own.state != CommentState.OPEN:
        raise AlreadyAnswered
    if not is_taken_up and not words.strip():
        raise NoReason
    own.state = CommentState.TAKEN_UP if is_taken_up else CommentState.NOT
    own.answer, own.answered_by, own.answered_at = words.strip(), by, now
    own.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    record(by=by, verb=f"comment_{own.state}", about=guidance, now=now)
    if own.made_by_id != by.pk:
        messages.tell_commenter(own, now=now)
    return own


@transaction.atomic
def publish_guidance(
    *,
    guidance: Guidance,
    seen: str,
    note: str,
    by: Person,
    now: datetime,
    although_unanswered: bool = False,
    although_unendorsed: bool = False,
) -> GuidanceVersion:
    """Publish the draft as the next version, and tell everybody who came to a session of the programme once.

    ``seen`` is the ``seal_of`` the words that ``by`` has read, ``note`` what is new, in Markdown. Comments without an
    answer (``although_unanswered``) and partners that have not endorsed what it stands on (``although_unendorsed``)
    have to be said; they stand on the version. The caller has asked for a sign-in code. Raises NotTheirs, HasEnded,
    NothingToPublish, WordsMoved, NothingNew, StillUnanswered, NotEndorsedYet.
    """
    own = _locked(guidance, by)
    if not can_publish_guidance(by, own.programme):
        raise NotTheirs
    sections = list(sections_of(own))
    if not sections:
        raise NothingToPublish
    if seen != seal_of(own, sections):
        raise WordsMoved
    last, said = newest_of(own), said_by(sections)
    agreements = drafted_from(own)
    if last and (last.title, last.sections, last.agreements) == (own.title, said, agreements):
        raise NothingNew
    unanswered = unanswered_of(own).count()
    if unanswered and not although_unanswered:
        raise StillUnanswered
    endorsed = endorsed_by(agreements, own.programme, local_day(own.programme, now))
    lacking = [each.pk for each in endorsed.lacking] if endorsed else []
    if endorsed and not endorsed.is_whole and not although_unendorsed:
        raise NotEndorsedYet
    made = GuidanceVersion.objects.create(
        guidance=own, number=last.number + 1 if last else 1, title=own.title, note=_plain_ends(note), sections=said,
        agreements=agreements, unendorsed=lacking, unanswered=unanswered, published_at=now, published_by=by,
    )  # fmt: skip
    record(by=by, verb="published_guidance", about=own, now=now)
    messages.tell_briefed(made, now=now)
    return made


@transaction.atomic
def take_back_guidance(*, guidance: Guidance, reason: str, by: Person, now: datetime) -> Guidance:
    """End it with a reason. Its versions stay at their addresses and say so. Raises NotTheirs, HasEnded."""
    own = _locked(guidance, by)
    if not can_publish_guidance(by, own.programme):
        raise NotTheirs
    own.ended_at, own.end_reason, own.is_open = now, reason, False
    own.save(update_fields=["ended_at", "end_reason", "is_open"])
    record(by=by, verb="took_back_guidance", about=own, now=now)
    return own


@transaction.atomic
def acknowledge(*, version: GuidanceVersion, person: Person, by: Any, now: datetime) -> Acknowledgement:
    """Note that ``person`` says to have read ``version``; twice is once. Raises HasEnded, NotForThem."""
    guidance = Guidance.objects.select_related("programme").get(pk=version.guidance_id)
    if guidance.ended_at:
        raise HasEnded
    today = local_day(guidance.programme, now)
    may_read = programmes_to_read_guidance_of(person, today).filter(pk=guidance.programme_id).exists()
    organisation = organisation_of(person, guidance.programme, today) if may_read else None
    if organisation is None:
        raise NotForThem
    own, is_new = Acknowledgement.objects.get_or_create(
        version=version, person=person, defaults={"organisation": organisation, "made_at": now}
    )
    if is_new:
        # About the row itself: who has read it is counted by organisation, and named on no page of the guidance.
        record(by=by, verb="acknowledged_guidance", about=own, now=now)
    return own


def _locked(guidance: Guidance, by: Person) -> Guidance:
    """Return the locked document: who changes anything of it waits here."""
    own = (
        Guidance.objects.select_related("programme")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=guidance.pk)
    )  # fmt: skip
    if not can_write_guidance(by, own.programme):
        raise NotTheirs
    if own.ended_at:
        raise HasEnded
    return own


def _locked_section(section: GuidanceSection, by: Person) -> GuidanceSection:
    guidance = _locked(section.guidance, by)
    own = GuidanceSection.objects.get(pk=section.pk, guidance=guidance)
    own.guidance = guidance
    return own


def _of_programme(guidance: Guidance, versions: Iterable[AgreementVersion]) -> list[AgreementVersion]:
    """Return those of ``versions`` that belong to the programme of ``guidance`` and are no drafts any more."""
    ids = [each.pk for each in versions]
    found = AgreementVersion.objects.select_related("agreement").filter(pk__in=ids)
    own = found.filter(agreement__programme=guidance.programme_id).exclude(state=VersionState.DRAFT)
    return list(own.order_by("agreement__reference", "number"))


def _quoted(version: AgreementVersion) -> str:
    """Return the words of an agreement as a quotation, with its reference under them."""
    lines = "\n".join(f"> {line}".rstrip() for line in _plain_ends(version.words).split("\n"))
    return f"{lines}\n\n{version.agreement.reference}, version {version.number}"


def _short_enough(words: str) -> str:
    """Return ``words`` where a section can hold them. Raises SectionTooLong."""
    if len(words) > GuidanceSection._meta.get_field("words").max_length:
        raise SectionTooLong
    return words


def _plain_ends(words: str) -> str:
    """Return ``words`` with the line ends of texts, whatever the browser sends."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
