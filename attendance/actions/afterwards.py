"""After the day: papers for those who came, and why somebody could not."""

from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction

from attendance.models import AbsenceCode, AbsenceReason, Material, Outcome, Place
from briefings.models import Session, SessionState
from history.actions import record
from history.refusals import Refused
from organisations.actions.uploads import check_upload

MOST_MATERIALS = 20


class TooManyMaterials(Refused):
    sentence = f"A session has {MOST_MATERIALS} papers at the most. Remove one first."


class NotHeld(Refused):
    sentence = "This session is in draft or cancelled. It has no papers."


class WasNotMissed(Refused):
    sentence = "The register does not say that you missed this session, so there is nothing to explain."


@transaction.atomic
def add_material(*, session: Session, file: File, title: str, by: Any, now: datetime) -> Material:
    """Check ``file`` and keep it as a paper of ``session``; without a ``title`` its name stands for one.

    Raises UploadRefused, TooManyMaterials, NotHeld.
    """
    checked = check_upload(file)
    locked = Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    if locked.state not in (SessionState.OPEN, SessionState.HELD):
        raise NotHeld
    if locked.materials.count() >= MOST_MATERIALS:
        raise TooManyMaterials
    made = Material(
        session=locked,
        title=title or checked.name.rpartition(".")[0] or checked.name,
        file_name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        added_at=now,
        added_by=by,
    )
    made.file.save(checked.name, ContentFile(checked.content), save=False)
    made.save()
    record(by=by, verb="added_material", about=made, now=now)
    return made


@transaction.atomic
def remove_material(*, material: Material, by: Any, now: datetime) -> None:
    """Take a paper away, its file too. Removing twice is removing once."""
    locked = Material.objects.select_for_update(of=("self",)).filter(pk=material.pk).first()
    if locked is None:
        return
    record(by=by, verb="removed_material", about=locked, now=now)
    storage, name = locked.file.storage, locked.file.name
    locked.delete()
    transaction.on_commit(lambda: storage.delete(name))


@transaction.atomic
def say_why_absent(*, place: Place, code: AbsenceCode | str, by: Any, now: datetime) -> AbsenceReason:
    """Keep why the person of ``place`` was not there; saying it again replaces it. Raises WasNotMissed."""
    locked = Place.objects.select_for_update(no_key=True, of=("self",)).select_related("attendance").get(pk=place.pk)
    fact = getattr(locked, "attendance", None)
    if fact is None or fact.outcome not in (Outcome.ABSENT, Outcome.EXCUSED):
        raise WasNotMissed
    said, _ = AbsenceReason.objects.update_or_create(
        place=locked, defaults={"code": AbsenceCode(code), "given_at": now}
    )
    record(by=by, verb="said_why_absent", about=locked, now=now)
    return said
