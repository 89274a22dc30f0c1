"""Two who write one section at the same moment, on two real connections; and the same with the lock taken out."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection

from commitments.actions import guidance as actions
from commitments.models import Guidance, GuidanceSection
from history.refusals import Refused
from tests.commitments.factories import NOW
from tests.commitments.guiding import a_cast, a_draft

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = {"Hers.", "His."}


@pytest.fixture
def both_have_read(monkeypatch):
    """Return a function that holds each who writes, after the section was read, until the other has read it too.

    It takes the seconds after which the other will not come.
    """
    barrier, plain_ends = threading.Barrier(2), actions._plain_ends

    def hold(seconds):
        def wait_and_go_on(words):
            with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
                barrier.wait(timeout=seconds)
            return plain_ends(words)

        monkeypatch.setattr(actions, "_plain_ends", wait_and_go_on)

    return hold


def written_at_once(hold, seconds) -> list[str]:
    """Let two write one section at the same moment; return what each came to: "" or the code of its refusal."""
    cast = a_cast()
    part = a_draft(cast, "The first opens.").sections.get()
    hold(seconds)
    common = {"section": part, "title": part.title, "version": part.version, "now": NOW}
    acts = [
        partial(actions.change_section, words="Hers.", by=cast.coordinator, **common),
        partial(actions.change_section, words="His.", by=cast.facilitator, **common),
    ]

    def do(act) -> str:
        try:
            act()
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(do, acts))


def test_one_of_two_writes_and_the_other_is_asked(both_have_read):
    assert written_at_once(both_have_read, 0.5) == ["", "ChangedMeanwhile"]
    part = GuidanceSection.objects.get()
    assert (part.words in TEXTS, part.version) == (True, 2)


def test_without_the_lock_one_text_is_lost_and_nobody_hears_of_it(both_have_read, monkeypatch):
    def unlocked(guidance, by):
        return Guidance.objects.select_related("programme").get(pk=guidance.pk)

    monkeypatch.setattr(actions, "_locked", unlocked)
    assert written_at_once(both_have_read, 20) == ["", ""]
    part = GuidanceSection.objects.get()
    assert (part.words in TEXTS, part.version) == (True, 2)  # two wrote, and the version rose once
