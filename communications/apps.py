from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    """Posts in themed series and their reuse; stages and the communication plan; programme templates."""

    name = "communications"
