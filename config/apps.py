from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Holds the error templates' views, the component page and the management commands of the installation."""

    name = "config"
