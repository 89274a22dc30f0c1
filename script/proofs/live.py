"""500 phones see every question that was taken, once, though a worker is killed and the quick store is emptied."""

import asyncio
import os
import re
import signal
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from script.measured import Client, serving, set_up, warm_up
from script.phones import Phone, crowd, percentile, press

LIMIT = 300
PHONES, QUESTIONS, EVERY = 500, 12, 2.0


def main() -> str:
    """Follow, ask and break things; then look at what the server has written of it."""
    set_up()
    room = _stage()
    with tempfile.TemporaryFile("w+b") as written:
        with serving(output=written) as port:
            warm_up(port, f"/ask/{room.code}/")
            phones, asked = asyncio.run(_play(port, room, written))
            _untold_is_unseen(port, room)
        said = _read(written)
    late = _all_seen(phones, asked)
    _nothing_written(said, room)
    took = [each for phone in phones for each in phone.took]
    return (
        f"{len(asked)} questions on {PHONES} phones, once each, the slowest after {late:.1f} s, with a worker killed "
        f"and the quick store emptied; {len(took)} requests, 95 % within {percentile(took, 0.95) * 1000:.0f} ms, "
        f"{sum(phone.lost for phone in phones)} lost; the server wrote no line of them"
    )


def _stage():
    from commitments.actions.room import open_room
    from tests.attendance.places import a_session

    session = a_session(date=(_now() + timedelta(days=1)).date())
    return open_room(session=session, is_moderated=False, by="proof", now=_now())


def _now() -> datetime:
    return datetime.now(UTC)


async def _play(port: int, room, written) -> tuple[list[Phone], dict[str, float]]:
    asked: dict[str, float] = {}

    async def ask() -> None:
        for number in range(QUESTIONS):
            reference, at = await press(port, f"/ask/{room.code}/", f"Question number {number}?")
            asked[reference] = at
            if number == QUESTIONS // 3:
                _kill_a_worker(_read(written))
            if number == QUESTIONS // 2:
                _empty_the_quick_store()
            await asyncio.sleep(EVERY)

    return await crowd(port, f"/ask/{room.code}/now/", PHONES, ask), asked


def _kill_a_worker(said: str) -> None:
    os.kill(int(re.findall(r"Booting worker with pid: (\d+)", said)[0]), signal.SIGKILL)


def _empty_the_quick_store() -> None:
    from django.core.cache import caches

    caches["quick"].clear()


def _all_seen(phones: list[Phone], asked: dict[str, float]) -> float:
    """Return how long the slowest phone took, and fail where one has missed a question or shows it twice."""
    missing = {each for phone in phones for each in set(asked) - set(phone.seen)}
    assert not missing, f"not on every phone: {missing}"
    assert not sum(phone.doubled for phone in phones), "a question stood twice in a list"
    return max(max(phone.seen[each] for phone in phones) - at for each, at in asked.items())


def _untold_is_unseen(port: int, room) -> None:
    """The control: a question that comes in without a new version reaches no phone."""
    from commitments.actions import room as actions

    raising, actions.change = actions.change, lambda room, *fields: room
    try:

        async def ask_silently() -> None:
            actions.ask_in_room(session=room.session, words="Untold?", asked_as="nobody", by="proof", now=_now())

        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        phones = asyncio.run(crowd(port, f"/ask/{room.code}/now/", 20, ask_silently))
    finally:
        actions.change = raising
    assert {len(phone.seen) for phone in phones} == {QUESTIONS}, "it was seen although nobody was told"


def _nothing_written(said: str, room) -> None:
    """Nothing of a request may stand in what the server wrote; switched on, the same server writes each line."""
    for trace in (room.code, "/ask/", "GET ", "POST "):
        assert trace not in said, f"{trace!r} stands in what the server wrote:\n{said[-2000:]}"
    with tempfile.TemporaryFile("w+b") as written:
        with serving(output=written, GUNICORN_CMD_ARGS="--access-logfile -") as port:
            Client(port).get(f"/ask/{room.code}/now/")
            time.sleep(0.5)
        assert f"GET /ask/{room.code}/now/" in _read(written), "the control: an access log would show"


def _read(written) -> str:
    return Path(f"/proc/self/fd/{written.fileno()}").read_bytes().decode(errors="replace")
