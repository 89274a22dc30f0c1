from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, signing in, personal links, permissions."""

    name = "accounts"
