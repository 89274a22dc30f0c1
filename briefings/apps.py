from django.apps import AppConfig


class BriefingsConfig(AppConfig):
    """What and when: programmes, partners, mandates, venues, series, sessions, agendas."""

    name = "briefings"

    def ready(self) -> None:
        from accounts.permissions import register_role_source
        from briefings.messages import register_kinds
        from briefings.rules import APPOINTMENTS, people_seen_by_coordinator
        from organisations.rules import register_people_source

        register_role_source(APPOINTMENTS)
        register_people_source(people_seen_by_coordinator)
        register_kinds()
        self._register_links()

    @staticmethod
    def _register_links() -> None:
        from accounts.permissions import Permission, has, scopes_with
        from face.navigation import PEOPLE, SITE, Link, register

        def may(permission: Permission):
            return lambda person, programme: has(person, permission, programme)

        def sees_programmes(person, programme) -> bool:
            return bool(scopes_with(person, Permission.SEE_PROGRAMME))

        register(Link("people", "People", "briefings:person-list", may(Permission.SEE_PEOPLE), order=40, group=PEOPLE))
        register(Link("set-up", "Set-up", "briefings:set-up-show", may(Permission.MANAGE_PROGRAMME), order=90))
        register(Link("programmes", "Programmes", "briefings:programme-list", sees_programmes, order=10, row=SITE))
