"""Phones and papers at the same moment, on real connections; and the same with the guard taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from attendance.actions import afterwards
from attendance.actions.phone import SentPress, SentWalkIn, take_presses
from attendance.models import Attendance, Mark, Material, WalkIn
from briefings.models import Session
from history.refusals import Refused
from tests.attendance.places import a_place, a_session, partner_of
from tests.attendance.registers import half_way
from tests.organisations.factories import PersonFactory
from tests.organisations.test_uploads import PDF

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> list:
    def run(act):
        try:
            return act()
        except Refused as refusal:
            return type(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_four_phones_send_the_same_at_once():
    session = a_session(capacity=5)
    place = a_place(session)
    organisation, marked, walk_in = partner_of(session.programme), uuid4(), uuid4()
    presses = [
        SentPress(marked, f"p{place.pk}", "attended"),
        SentPress(uuid4(), f"p{place.pk}", "late"),
        SentPress(uuid4(), f"p{place.pk}", "undo", marked),
        SentPress(uuid4(), f"w{walk_in}", "left_early"),
    ]

    def phone(order: list[SentPress]):
        guest = [SentWalkIn(walk_in, "Gus Imaginary", organisation)]
        return take_presses(session=session, walk_ins=guest, presses=order, by="clock", now=half_way(session))[0]

    said = at_once(*(lambda order=order: phone(order) for order in (presses, presses[::-1]) * 2))
    assert {code for each in said for code in each.values()} == {"kept"}
    assert (Mark.objects.count(), WalkIn.objects.count()) == (4, 1)
    assert list(Attendance.objects.values_list("outcome", flat=True)) == ["in_part", "in_part"]


@pytest.fixture
def one_paper_is_the_most(monkeypatch, settings, tmp_path):
    """Hold each who adds a paper, after the last look, until the other has looked too or cannot come."""
    settings.MEDIA_ROOT = tmp_path
    barrier = threading.Barrier(2)

    class Most(int):
        def __le__(self, found):  # count() >= MOST asks the right side first: it is the more special one
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=0.5)
            return found >= int(self)

    monkeypatch.setattr(afterwards, "MOST_MATERIALS", Most(1))


def add_two(session) -> list:
    by = PersonFactory()

    def add():
        file = SimpleUploadedFile("a.pdf", PDF)
        return afterwards.add_material(session=session, file=file, title="", by=by, now=half_way(session))

    return at_once(add, add)


def test_two_papers_at_once_are_never_too_many(one_paper_is_the_most):
    found = add_two(a_session())
    assert afterwards.TooManyMaterials in found
    assert Material.objects.count() == 1


def test_without_the_lock_on_the_session_they_are(one_paper_is_the_most, monkeypatch):
    class Unlocked:
        class objects:
            select_for_update = staticmethod(lambda **kwargs: Session.objects.all())

    monkeypatch.setattr(afterwards, "Session", Unlocked)
    add_two(a_session())
    assert Material.objects.count() == 2
