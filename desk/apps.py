from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Pages over several apps. GET only; a form on them posts to the app that owns the action."""

    name = "desk"

    def ready(self) -> None:
        from accounts.permissions import Permission, has
        from desk import trace
        from face.navigation import SITE, TELLING, Link, register
        from history.queries import register_namer

        def sees_trace(person, programme) -> bool:
            return trace.may_see_trace(person)

        def sees_programme(person, programme) -> bool:
            return has(person, Permission.SEE_PROGRAMME, programme)

        def sees_messages(person, programme) -> bool:
            return has(person, Permission.SEE_MESSAGES, programme)

        register_namer(trace.names)
        register(Link("history", "Access trace", "desk:trace-list", sees_trace, order=80, row=SITE))
        register(Link("overview", "Overview", "desk:programme-show", sees_programme, order=0))
        register(Link("messages", "Messages", "desk:programme-messages", sees_messages, order=85, group=TELLING))
