"""Each variable of the environment: its default, and a plain sentence for a bad value."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

PRODUCTION = {"DEPLOYMENT": "production", "SECRET_KEY": "k" * 60, "SITE_URL": "https://briefings.example.org"}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in env.KNOWN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))


def settings_with(tmp_path, **environment) -> subprocess.CompletedProcess:
    """Read the settings in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", "import config.settings as s; print(s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE)"],
        env={"PYTHONPATH": str(env.BASE_DIR), "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEPLOYMENT": "live"}, "DEPLOYMENT is 'live': set it to trial or production."),
        ({"DATABASE_URL": "mysql://localhost/hub"}, "DATABASE_URL does not start with postgresql://"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL does not start with redis://"),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL does not start with smtp://"),
        ({"INBOUND_URL": "mail.example.org"}, "INBOUND_URL does not start with imaps://"),
        ({**PRODUCTION, "INBOUND_URL": "imap://a:b@mail.example.org"}, "INBOUND_URL must start with imaps://"),
        ({"SITE_URL": "briefings.example.org"}, "SITE_URL does not start with http://"),
        ({"TIME_ZONE": "Europe/Londn"}, "TIME_ZONE is 'Europe/Londn': no such zone."),
        ({"TRUSTED_PROXIES": "one"}, "TRUSTED_PROXIES is 'one': set it to a whole number"),
        ({"PORT": "eight"}, "PORT is 'eight': set it to a whole number"),
        ({"DEPLOYMENT": "production"}, "SECRET_KEY is missing or short"),
        ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY is missing or short"),
        ({**PRODUCTION, "SITE_URL": "http://briefings.example.org"}, "SITE_URL must start with https://"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_bad_value_stops_the_start_with_a_sentence(tmp_path, environment, sentence):
    said = settings_with(tmp_path, **environment)
    assert said.returncode != 0
    assert sentence in said.stderr.splitlines()[-1]


def test_a_trial_needs_nothing(tmp_path):
    said = settings_with(tmp_path)
    assert (said.returncode, said.stdout) == (0, "['localhost', 'localhost', '127.0.0.1', '[::1]'] False\n")


def test_production_answers_its_own_host_alone(tmp_path):
    said = settings_with(tmp_path, **PRODUCTION)
    assert (said.returncode, said.stdout) == (0, "['briefings.example.org'] True\n")


def test_the_key_of_a_trial_is_made_once_and_kept_private(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: env.secret_key("trial"), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    kept = tmp_path / "secret_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [kept]


def test_an_undeclared_variable_is_a_fault_of_ours():
    with pytest.raises(AssertionError, match="DEBUG is not declared"):
        env.text("DEBUG")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "  ")
    assert env.time_zone() == "Europe/London"


def test_choice_names_the_options(monkeypatch):
    monkeypatch.setenv("DEPLOYMENT", "demo")
    with pytest.raises(ImproperlyConfigured, match="set it to trial or production"):
        env.choice("DEPLOYMENT", ("trial", "production"))


def test_the_readme_names_every_variable():
    readme = (env.BASE_DIR / "README.md").read_text()
    assert [name for name in env.KNOWN if f"`{name}`" not in readme] == []
