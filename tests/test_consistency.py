"""What holds for the whole house, so that the second app is learnt from the first (docs/architecture.md)."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from messaging import kinds
from tests.mails import find_cases

HOME = Path(settings.BASE_DIR)
LINE = (
    "config",
    "desk",
    "communications",
    "commitments",
    "attendance",
    "briefings",
    "organisations",
    "messaging",
    "surveys",
    "accounts",
    "history",
    "face",
)
"""The apps, highest first; the same as the layers in pyproject.toml."""

OURS = [app for app in apps.get_app_configs() if Path(app.path).parent == HOME]
MODELS = [model for app in OURS for model in app.get_models()]
SOURCES = sorted(path for app in OURS for path in Path(app.path).rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted((HOME / "templates").rglob("*.html"))
WHOLE_PAGES = {"layouts/base.html", "500.html", "503.html", "communications/taken.html"}
"""Templates that may write a whole document: the base, what is shown when nothing else can be, and a file to take."""


def _name(path: Path) -> str:
    return str(path.relative_to(HOME))


def _template(path: Path) -> str:
    return str(path.relative_to(HOME / "templates"))


def is_mail(path: Path) -> bool:
    """Return whether a template is that of a mail, which has its own document and may carry a short style."""
    return {"mail", "email"} & set(path.relative_to(HOME / "templates").parts[:-1]) != set() or path.stem == "mail"


# The apps


def test_every_app_stands_in_the_line_of_the_import_rules():
    rules = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [re.sub(r"\(.*?\)", "", layer).replace("|", " ").split() for layer in rules["contracts"][0]["layers"]]
    assert {app.name for app in OURS} == set(LINE) == set(rules["root_packages"])
    assert [name for layer in layers for name in layer] == list(LINE)


def test_installed_apps_stand_in_the_same_order():
    assert tuple(name for name in settings.INSTALLED_APPS if name in LINE) == LINE


def test_every_app_says_what_it_is():
    assert [app.name for app in OURS if not (type(app).__doc__ or "").strip()] == []
    assert [app.name for app in OURS if not (HOME / "tests" / app.name).is_dir()] == []


@pytest.mark.parametrize("word", ["django.db.models.signals", "@receiver", "django.contrib.admin", "shared_utils"])
def test_nothing_acts_from_afar(word):
    assert [_name(path) for path in SOURCES if word in path.read_text()] == []


def test_there_is_no_junk_drawer():
    assert [name for name in ("common", "core", "utils", "helpers") if (HOME / name).exists()] == []
    assert [_name(path) for path in SOURCES if path.stem in ("utils", "helpers", "common", "misc")] == []


# The models


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_field_is_personal_or_plain(model):
    said = (*model.retention.plain, *model.retention.personal)
    fields = {field.name for field in model._meta.local_concrete_fields} | _lists_of_people(model)
    assert fields - set(said) == set(), "say in retention whether these are personal"
    assert set(said) - {field.name for field in (*model._meta.concrete_fields, *model._meta.many_to_many)} == set()
    assert len(said) == len(set(said)), "a field is either personal or plain"


def _lists_of_people(model) -> set[str]:
    return {each.name for each in model._meta.local_many_to_many if each.related_model._meta.label == "accounts.Person"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_foreign_keys_point_down_the_line(model):
    mine = LINE.index(model._meta.app_label)
    others = [field.related_model for field in model._meta.get_fields() if field.is_relation and not field.auto_created]
    up = [other._meta.label for other in others if other and other._meta.app_label in LINE[:mine]]
    assert up == []


@pytest.mark.parametrize("app", [app.label for app in OURS])
def test_migrations_are_one_chain(app):
    loader = MigrationLoader(None, ignore_no_migrations=True)
    assert len(loader.graph.leaf_nodes(app)) <= 1
    for (label, name), migration in loader.disk_migrations.items():
        if label == app:
            own = [parent for parent in migration.dependencies if parent[0] == app]
            assert len(own) <= 1, f"{name} joins two chains"


@pytest.mark.django_db
def test_the_models_have_all_their_migrations():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# The templates


def test_every_page_extends_a_layout():
    pages = [path for path in TEMPLATES if not is_mail(path) and _template(path) not in WHOLE_PAGES]
    pages = [path for path in pages if path.relative_to(HOME / "templates").parts[0] not in ("hub", "components")]
    pages = [path for path in pages if not path.name.startswith("_")]
    shapes = re.compile(r'{% extends "(layouts/\w+|[\w/]+)\.html" %}')
    assert [_template(path) for path in pages if not shapes.search(path.read_text())] == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script(?![^>]*\bsrc=)[^>]*>(?!\s*</script>)",
        r"<style\b",
        r"\sstyle\s*=",
        r"\son[a-z]+\s*=\s*[\"']",
        r"(?:href|src|action)\s*=\s*[\"']?(?:javascript|data):",
        r"\shx-on",
    ],
)
def test_nothing_stands_inline(pattern):
    found = [path for path in TEMPLATES if not is_mail(path) and re.search(pattern, _uncommented(path), re.IGNORECASE)]
    assert [_template(path) for path in found] == []


@pytest.mark.parametrize(
    "pattern", [r"\splaceholder\s*=", r"\srequired(?=[\s>=])", r"<button[^>]*\sdisabled", r"\|safe\b"]
)
def test_the_face_keeps_its_promises(pattern):
    assert [_template(path) for path in TEMPLATES if re.search(pattern, _uncommented(path))] == []


WITHOUT_TOKEN = {
    "commitments/public/ask.html", "commitments/room/ask.html", "surveys/attitudes.html", "surveys/feedback.html",
}  # fmt: skip
"""Asking and answering anonymously: a token needs a cookie. They are protected by other means (docs/adr/0038)."""


@pytest.mark.parametrize("path", [path for path in TEMPLATES if _template(path) not in WITHOUT_TOKEN], ids=_template)
def test_every_form_that_posts_is_protected(path):
    text = _uncommented(path)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL | re.IGNORECASE):
        assert "csrf_token" in form, form[:200]


def test_the_mark_of_a_press_is_written_once():
    """The layouts write it into their own form (accounts/presses.py), so a template does into a form of its own."""
    pages = {_template(path): _uncommented(path) for path in TEMPLATES}
    assert [name for name, text in pages.items() if "{% press_field %}" in text and "<form" not in text] == []


def _uncommented(path: Path) -> str:
    text = re.sub(r"{% comment.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"{#.*?#}|<!--.*?-->", "", text, flags=re.DOTALL)


# The words


PLAIN_ENOUGH = {"apps", "urls", "tests", "settings", "gunicorn", "wsgi"}
"""Modules whose functions are asked for by others under names that say it all."""


def test_public_functions_say_what_they_do():
    silent = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        if path.stem not in PLAIN_ENOUGH
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not _speaks_for_itself(node)
    ]
    assert silent == []


def test_the_day_of_a_moment_is_asked_for_where_people_live():
    """``now.date()`` is the day in UTC: yesterday, for an hour after midnight in British summer time."""
    found = [
        f"{_name(path)}:{node.lineno} {ast.unparse(node)}"
        for path in SOURCES
        if "demo" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and not node.args and _is_day_in_utc(node.func)
    ]
    assert not found, f"Use timezone.localdate(now), or the zone of the session: {found}"


def _is_day_in_utc(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute) or called.attr != "date":
        return False
    of = ast.unparse(called.value)
    return re.search(r"(^|[._])(now|moment|at|lower|upper)(\(\))?$", of) is not None


@pytest.mark.parametrize(
    ("words", "is_wrong"),
    [("now.date()", True), ("timezone.now().date()", True), ("own.made_at.date()", True), ("during.lower.date()", True),
     ("timezone.localtime(now).date()", False), ("now.astimezone(zone).date()", False), ("self.starts.date()", False)],
)  # fmt: skip
def test_a_day_in_utc_is_known_from_one_of_a_zone(words, is_wrong):
    (called,) = (
        node.func for node in ast.walk(ast.parse(words)) if ast.unparse(node) == words and hasattr(node, "func")
    )
    assert _is_day_in_utc(called) == is_wrong


def _speaks_for_itself(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Refusals carry their sentence, choices their words; template tags and commands are documented by their class."""
    if isinstance(node, ast.FunctionDef):
        return False
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    has_words = any(
        isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) in ("sentence", "help") for each in node.body
    )
    return bool(bases & {"TextChoices", "IntegerChoices"}) or has_words


def test_every_requirement_has_its_reason():
    lines = [
        f"{path.name}: {line}"
        for path in HOME.glob("requirements*.in")
        for line in path.read_text().splitlines()
        if line and not line.startswith(("#", "-r")) and not re.search(r"\s#\s\S", line)
    ]
    assert lines == []


def test_addresses_of_mail_are_made_up():
    """RFC 2606 keeps example.* and .invalid for this; no test or demo can then write to anybody."""
    tree = [*SOURCES, *(HOME / "tests").rglob("*.py"), *TEMPLATES, *(HOME / "docs").rglob("*.md"), HOME / "README.md"]
    address = re.compile(r"[\w.+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
    # nhs.net is a domain that many organisations share, which is a rule of ours with tests of its own.
    allowed = re.compile(r"^nhs\.net$|(?:^|\.)(?:example\.(?:org|com|net)|example|invalid|localhost|test|local)$")
    found = {
        f"{_name(path)}: {match.group()}"
        for path in tree
        for match in address.finditer(path.read_text())
        if not allowed.search(match.group(1).lower()) and not re.match(r"[\d.]+$", match.group(1))
    }
    assert found == set()


def test_every_variable_of_the_environment_is_documented():
    code = "\n".join(path.read_text() for path in (HOME / "config").rglob("*.py"))
    code += "\n".join(path.read_text() for path in (HOME / "script").iterdir() if path.is_file())
    asked = re.findall(r"""\b(?:env\.)?(?:text|choice|number|url)\(\s*"([A-Z][A-Z_]+)\"""", code)
    asked += re.findall(r"""environ(?:\.get\(|\[)\s*"([A-Z][A-Z_]+)\"""", code)
    silent = set(asked) - set(re.findall(r"`([A-Z][A-Z_]+)`", (HOME / "README.md").read_text()))
    assert silent - {"PYTHONPATH", "PATH"} == set()


def test_decisions_have_a_number_of_their_own():
    numbers = [path.name[:4] for path in (HOME / "docs" / "adr").glob("[0-9]*.md")]
    assert sorted(numbers) == sorted(set(numbers))


def test_every_kind_of_mail_has_a_case_whose_links_are_opened():
    known, cases = {kind.name for kind in kinds.every()}, find_cases()
    assert known - set(cases) == set(), "write a case in tests/mails/ for these kinds of mails"
    assert set(cases) - known == set(), "these kinds are not registered"
