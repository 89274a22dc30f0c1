from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """Who did and saw what; named refusals; how long personal data stays."""

    name = "history"
