"""A real SMTP server to deliver to, which can be told to misbehave."""

import socket
import threading
import time
from contextlib import contextmanager
from email import message_from_bytes

from aiosmtpd.controller import Controller


class Sink:
    """Keeps what arrives. ``rcpt`` and ``data`` are answers by recipient; an answer of None hangs up.

    ``pipelining``: it takes commands ahead of its answers and says so, as most mail servers do. ``named`` are the
    recipients it was told of, whether or not words for them came.
    """

    def __init__(self, *, pipelining=True):
        self.mails, self.rcpt, self.data, self.sessions = [], {}, {}, set()
        self.pipelining, self.named = pipelining, []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [responses[0], *(["250-PIPELINING"] if self.pipelining else []), *responses[1:]]

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.sessions.add(session.peer)
        self.named.append(address)
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        answer = self.data.get(envelope.rcpt_tos[0], "250 OK")
        if answer == "hang up after keeping":
            self.mails.append(envelope)
            server.transport.abort()
            return "250 OK"
        if answer.startswith("250"):
            self.mails.append(envelope)
        return answer

    def parsed(self):
        # No property: the server asks for each attribute of its handler at each connection.
        return [message_from_bytes(envelope.content) for envelope in self.mails]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_sink(sink=None):
    """Yield the sink and its EMAIL_URL."""
    sink = sink or Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), ready_timeout=10)
    controller.start()
    try:
        yield sink, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@contextmanager
def dripping_server(script: bytes = b"220 " + b"x" * 400):
    """Yield the URL of a server that sends ``script`` one byte at a time for as long as anybody listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        listener.settimeout(0.1)
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                for byte in script:
                    if over.wait(0.05):
                        return
                    try:
                        connection.send(bytes([byte]))
                    except OSError:
                        break

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


@contextmanager
def scripted_server(greeting, answers):
    """Yield the URL of a server for one connection, and the lines it hears.

    It gives each of ``answers`` when a command that is awaited has come: EHLO, then DATA.
    """
    listener, heard = socket.create_server(("127.0.0.1", 0)), []
    listener.settimeout(10)

    def serve():
        connection, _ = listener.accept()
        connection.settimeout(10)
        with connection, connection.makefile("rb") as lines:
            connection.sendall(greeting)
            left = iter(answers)
            for line in lines:
                heard.append(line)
                if line[:4].upper() in (b"EHLO", b"DATA"):
                    connection.sendall(next(left))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        thread.join()
        listener.close()


def wait_for(condition, seconds=5.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "It did not happen in time."
        time.sleep(0.01)
