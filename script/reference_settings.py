"""The settings of the product with nothing around a view: what the benches measure beside."""

from config.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "script.reference"
INSTALLED_APPS: list[str] = []
