from django.apps import AppConfig
from django.core import checks


class FaceConfig(AppConfig):
    """What pages are made of: form pieces, dates in words, marks, paging, the deployer's colours. No models."""

    name = "face"

    def ready(self) -> None:
        from face.colours import check_colours

        checks.register(check_colours)
