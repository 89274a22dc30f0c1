from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Holds the error templates' views, the component page and the management commands of the installation."""

    name = "config"

    def ready(self) -> None:
        """Make the checks of the database known."""
        from config import checks  # noqa: F401 - its import registers them
