"""A crowd is shared by the processes of the web server, and nobody says under which path it stands."""

import os
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection
from threading import Thread

import pytest

from config.processes import free_port

APP = """
import os, time
def application(environ, start_response):
    time.sleep(0.1)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Under", environ["SCRIPT_NAME"])])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture
def port(tmp_path):
    (tmp_path / "slow.py").write_text(APP)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--workers", "2", "--threads", "2",
         "--bind", f"127.0.0.1:{port}", "slow:application"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield port
    finally:
        server.terminate()
        server.wait(20)


def test_a_crowd_is_shared_by_both_processes(port):
    _wait_for_both(port)

    rounds = [sorted(_answers(port, 4).values()) for _ in range(8)]

    assert rounds == [[2, 2]] * 8, "somebody waited for one process while the other had a thread free"


def test_a_request_does_not_say_under_which_path_we_stand(port):
    _wait_for_both(port)
    line = HTTPConnection("127.0.0.1", port, timeout=20)

    line.request("GET", "/elsewhere/page", headers={"SCRIPT_NAME": "/elsewhere"})

    assert line.getresponse().getheader("X-Under") == "", "addresses that are found once would lead others there"
    line.close()


def _wait_for_both(port: int) -> None:
    deadline = time.monotonic() + 20
    while len(_answers(port, 4)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)


def _answers(port: int, number: int) -> Counter[str]:
    """Ask ``number`` times at once; return how many each process answered."""
    found: Counter[str] = Counter()

    def ask() -> None:
        line = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            line.request("GET", "/")
            found[line.getresponse().read().decode()] += 1
        except OSError:
            pass  # it has not begun yet
        finally:
            line.close()

    threads = [Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
