"""Many phones that follow one session's live questions as static/live.js does, in one thread that costs little."""

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

PAUSE = (1.0, 1.2)
"""Seconds between two questions of one phone, as in static/live.js."""
_REFERENCE = re.compile(rb'data-question="([^"]+)"')


@dataclass
class Phone:
    """One phone: what it has seen when, and how long each answer took (seconds)."""

    port: int
    path: str
    tag: str = ""
    seen: dict[str, float] = field(default_factory=dict)
    doubled: int = 0
    took: list[float] = field(default_factory=list)
    lost: int = 0
    line: tuple | None = None

    async def follow(self, until: asyncio.Event) -> None:
        """Ask again and again until the event; a broken line is opened again, as a browser does."""
        await asyncio.sleep(random.uniform(0, PAUSE[1]))
        while not until.is_set():
            begun = time.perf_counter()
            try:
                status, tag, body = await asyncio.wait_for(self._ask_twice(), 20)
            except (TimeoutError, OSError, EOFError, ValueError, IndexError):
                self.lost += 1
                self._hang_up()
            else:
                self.took.append(time.perf_counter() - begun)
                if status == 200:
                    self.tag = tag
                    self._note(body)
            await asyncio.sleep(random.uniform(*PAUSE))
        self._hang_up()

    async def _ask_twice(self) -> tuple[int, str, bytes]:
        """A line that was kept may have been let go just now: a browser then asks again on a new one."""
        try:
            return await self._ask()
        except (OSError, EOFError):
            if self.line is None:
                raise
            self._hang_up()
            return await self._ask()

    async def _ask(self) -> tuple[int, str, bytes]:
        if self.line is None:
            self.line = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.line
        writer.write(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {self.tag}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        status = int(head[0].split()[1])
        body = b"" if status == 304 else await self._body(reader, headers)
        if headers.get("connection") == "close":
            self._hang_up()
        return status, headers.get("etag", ""), body

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await reader.readexactly(int(headers["content-length"]))
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)

    def _note(self, body: bytes) -> None:
        found = _REFERENCE.findall(body)
        self.doubled += len(found) - len(set(found))
        for each in found:
            self.seen.setdefault(each.decode(), time.perf_counter())

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line[1].close()
            self.line = None


async def crowd(port: int, path: str, number: int, during) -> list[Phone]:
    """Let ``number`` phones follow ``path`` while ``during()`` (a coroutine) runs and for a moment more."""
    phones, until = [Phone(port, path) for _ in range(number)], asyncio.Event()
    following = [asyncio.create_task(phone.follow(until)) for phone in phones]
    await asyncio.sleep(2 * PAUSE[1])
    for phone in phones:
        phone.took.clear()  # the first answer brings the whole list and opens the line
    try:
        await during()
    finally:
        await asyncio.sleep(2 * PAUSE[1])
        until.set()
        await asyncio.gather(*following)
    return phones


async def press(port: int, path: str, words: str) -> tuple[str, float]:
    """Ask anonymously as a phone does; return the reference on the page that answers, and when it was sent."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = urlencode({"words": words})
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}".encode()
    )
    page = (await reader.read()).decode()
    writer.close()
    found = re.search(r"Its reference is (\S+)\.", page)
    assert found, page[:2000]
    return found[1], begun


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` (0.95) of ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
