"""500 phones follow one session: a new question on every phone within 2 s, 95 % of requests under 300 ms."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

from script.measured import Figure, serving, set_up, warm_up
from script.phones import crowd, percentile, press

LIMIT = 300
PHONES, QUESTIONS, EVERY = 500, 10, 2.5


def main() -> Iterator[Figure]:
    """Let phones follow while others ask; a phone that misses a question is an error, whatever the speed."""
    set_up()
    code = _stage()
    asked: dict[str, float] = {}
    kept: list[float] = []
    with serving() as port:
        warm_up(port, f"/ask/{code}/")

        async def ask() -> None:
            for number in range(QUESTIONS):
                reference, at = await press(port, f"/ask/{code}/", f"Question number {number}?")
                asked[reference] = at
                kept.append(time.perf_counter() - at)
                await asyncio.sleep(EVERY)

        phones = asyncio.run(crowd(port, f"/ask/{code}/now/", PHONES, ask))
    for phone in phones:
        assert set(asked) <= set(phone.seen), f"a phone has missed {set(asked) - set(phone.seen)}"
    late = [max(phone.seen[each] for phone in phones) - at for each, at in asked.items()]
    took = [each for phone in phones for each in phone.took]
    seconds = QUESTIONS * EVERY + 3
    yield Figure(f"live, {PHONES} phones: slowest to show a question", max(late), "seconds", most=2)
    yield Figure(f"live, {PHONES} phones: slowest to be taken", max(kept) * 1000, "ms", most=1_000)
    yield Figure(f"live, {PHONES} phones: 95 % of requests within", percentile(took, 0.95) * 1000, "ms", most=300)
    yield Figure(f"live, {PHONES} phones: requests", len(took) / seconds, "a second", least=PHONES / 2)
    yield Figure("live: requests lost", sum(phone.lost for phone in phones), "requests", most=0)


def _stage() -> str:
    """Return the code of a room that shows everything at once."""
    from django.utils import timezone

    from commitments.actions.room import open_room
    from tests.attendance.places import a_session

    now = timezone.now()
    session = a_session(date=(now + timedelta(days=1)).date())
    return open_room(session=session, is_moderated=False, by="bench", now=now).code
