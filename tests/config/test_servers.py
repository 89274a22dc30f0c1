"""Our own servers: what is chosen, and the sentence where nothing fits. Starting and killing them: script/prove."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config import embedded, env, processes, supervisor
from config.processes import Account, Part, Unable


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    for name in ("PG_BIN", "REDIS_BIN", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_where_no_wheel_fits_a_sentence_names_both_urls(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "find_postgres", list)
    with pytest.raises(Unable, match="DATABASE_URL and REDIS_URL"):
        embedded.Servers(tmp_path / "var").prepare()


def test_no_valkey_names_both_urls(monkeypatch):
    monkeypatch.setattr(embedded, "_package", lambda name: None)
    monkeypatch.setattr(embedded.shutil, "which", lambda name: None)
    with pytest.raises(Unable, match="DATABASE_URL and REDIS_URL"):
        embedded.find_valkey()


def test_given_urls_start_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/hub")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    servers = embedded.Servers(tmp_path / "var")
    servers.prepare()
    assert (servers.parts, servers.urls, (tmp_path / "var").exists()) == ([], {}, False)


def test_programs_that_are_named_win(monkeypatch, tmp_path):
    program(tmp_path / "pg", "postgres", "postgres (PostgreSQL) 15.20")
    program(tmp_path / "pg", "initdb", "")
    monkeypatch.setenv("PG_BIN", str(tmp_path / "pg"))
    found = embedded.find_postgres()
    assert [(each.bin, each.version) for each in found] == [(tmp_path / "pg", 15)]
    assert found[0].initdb_locale() == ["--locale=C.UTF-8"]


def test_a_folder_without_programs_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(Unable, match=r"PG_BIN is .* no initdb and postgres"):
        embedded.find_postgres()
    monkeypatch.setenv("REDIS_BIN", str(tmp_path))
    with pytest.raises(Unable, match=r"REDIS_BIN is .* no valkey-server or redis-server"):
        embedded.find_valkey()


def test_a_program_for_another_machine_is_passed_over(tmp_path):
    broken = tmp_path / "valkey-server"
    broken.write_bytes(b"\x7fELF of another machine")
    broken.chmod(0o755)
    good = program(tmp_path / "good", "redis-server", "Redis server v=7.0")
    assert embedded._first_program([broken, good]) == good


def test_root_without_namespaces_and_without_nobody_is_told(monkeypatch):
    monkeypatch.setattr(processes.os, "getuid", lambda: 0)
    monkeypatch.setattr(processes, "_namespaces_allowed", lambda: False)

    def unknown(name):
        raise KeyError(name)

    monkeypatch.setattr(processes.pwd, "getpwnam", unknown)
    with pytest.raises(Unable, match=r"no account .nobody."):
        processes.choose_account()


def test_an_ordinary_user_runs_them(monkeypatch):
    monkeypatch.setattr(processes.os, "getuid", lambda: 1000)
    assert processes.choose_account().kind == "self"


def test_a_port_in_use_is_named():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unable, match=f"Port {port} is in use"):
            supervisor.check_port(port)
        assert processes.free_port(port) != port


def test_two_supervisors_never_share_a_folder(tmp_path):
    with supervisor.only_one(tmp_path), pytest.raises(Unable, match="already running"), supervisor.only_one(tmp_path):
        pass


def part(tmp_path, code: str, **options) -> Part:
    return Part("trial", [sys.executable, "-c", code], log=tmp_path / "log", account=Account(), **options)


def test_a_part_that_ends_says_what_its_log_says(tmp_path):
    trial = part(tmp_path, "import sys; sys.exit('no room left')", is_ready=lambda part: False)
    trial.start()
    with pytest.raises(Unable, match=r"(?s)trial ended with status 1.*no room left"):
        trial.wait(10)


def test_a_part_that_does_not_listen_is_killed(tmp_path):
    code = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    trial = part(tmp_path, code, patience=0.2, is_ready=lambda part: "up" in processes.tail(part.log))
    trial.start()
    trial.wait(10)
    trial.stop()
    assert trial.process.returncode == -signal.SIGKILL


def test_a_child_dies_with_a_killed_parent(tmp_path):
    code = (
        "import sys, time; from config.processes import spawn;"
        "child = spawn([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=env.BASE_DIR, env={**os.environ}
    )
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    limit = time.monotonic() + 5
    while _lives(child) and time.monotonic() < limit:
        pass
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_root_gives_the_right_line_for_a_value_with_a_quote():
    assert embedded._quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'
