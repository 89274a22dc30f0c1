from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Who: organisations, areas, professions, the affiliations of people, staff lists."""

    name = "organisations"

    def ready(self) -> None:
        from accounts.links import register_purpose
        from accounts.permissions import register_role_source
        from organisations.actions.head_counts import PURPOSE
        from organisations.messages import register_kinds
        from organisations.rules import LEADS, people_seen_by_lead, register_people_source

        register_role_source(LEADS)
        register_people_source(people_seen_by_lead)
        register_purpose(PURPOSE, "h")
        register_kinds()
        self._register_links()

    @staticmethod
    def _register_links() -> None:
        from face.navigation import SITE, Link, register
        from organisations.rules import can_see_people, can_upload_staff_lists

        def uploads(person, programme) -> bool:
            return can_upload_staff_lists(person)

        def sees_people(person, programme) -> bool:
            return can_see_people(person)

        # Whoever keeps a staff list keeps an organisation, and leads to the page of it.
        register(Link("organisations", "Organisations", "organisations:organisation-list", uploads, order=20, row=SITE))
        register(Link("people", "People", "organisations:person-list", sees_people, order=30, row=SITE))

        register(Link("imports", "Staff lists", "organisations:import-list", uploads, order=35, row=SITE))
