from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    """Posts in themed series and their reuse; stages and the communication plan; programme templates."""

    name = "communications"

    def ready(self) -> None:
        from communications.posts_ready import register_posts
        from communications.stages_ready import register_stages

        register_posts()
        register_stages()
