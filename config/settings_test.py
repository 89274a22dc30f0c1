"""The settings of the tests: the product's own, without what needs a finished build of static files."""

import sys

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, STORAGES, TEMPLATES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True


class UndefinedVariable(AssertionError):
    """A template of ours shows a variable that its view does not give."""


class RefuseUndefined(str):
    """Stands where Django would show nothing for an undefined variable, and fails in templates of ours.

    Django asks ``"%s" in it`` and then ``it % variable``. ``{% if x %}`` and ``{% firstof x %}`` stay silent.
    """

    def __bool__(self) -> bool:
        return True

    def __contains__(self, text: str) -> bool:
        return text == "%s" or super().__contains__(text)

    def __mod__(self, variable: object) -> str:
        context = sys._getframe(1).f_locals.get("context")
        origin = getattr(getattr(context, "template", None), "origin", None)
        if origin and str(origin.name).startswith(str(BASE_DIR / "templates")):
            raise UndefinedVariable(f"{{{{ {variable} }}}} is not defined in {origin.name}")
        return ""


TEMPLATES = [
    {**engine, "OPTIONS": {**engine["OPTIONS"], "string_if_invalid": RefuseUndefined()}} for engine in TEMPLATES
]
