"""The addresses of briefings, by object."""

from django.urls import path, register_converter
from django.urls.converters import SlugConverter

from briefings.actions.programmes import RESERVED_SLUGS
from briefings.views import assistants, partners, people, programmes, roles, set_up

app_name = "briefings"


class ProgrammeSlug(SlugConverter):
    """The address of a programme: never a word that stands in its place, so a higher app can own that page."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED_SLUGS))})/){SlugConverter.regex}"


register_converter(ProgrammeSlug, "programme")

_programmes = [
    path("programmes/", programmes.list_programmes, name="programme-list"),
    path("programmes/start/", programmes.begin_programme, name="programme-start"),
]
_set_up = [
    path("programmes/<programme:slug>/set-up/", set_up.show_set_up, name="set-up-show"),
    path("programmes/<programme:slug>/set-up/check/", set_up.check_set_up, name="set-up-check"),
    path("programmes/<programme:slug>/set-up/scope/", set_up.change_the_scope, name="scope-change"),
    path("programmes/<programme:slug>/set-up/partners/", partners.list_partners, name="partner-list"),
    path("programmes/<programme:slug>/set-up/partners/add/", partners.add_partner, name="partner-add"),
    path("programmes/<programme:slug>/set-up/partners/<int:partner>/", partners.change_dates, name="partner-change"),
    path(
        "programmes/<programme:slug>/set-up/partners/<int:partner>/remove/",
        partners.drop_partner,
        name="partner-remove",
    ),
    path("programmes/<programme:slug>/set-up/roles/", roles.list_roles, name="role-list"),
    path("programmes/<programme:slug>/set-up/roles/add/", roles.add_role, name="role-add"),
    path("programmes/<programme:slug>/set-up/roles/<int:appointment>/end/", roles.end_role, name="role-end"),
    path("programmes/<programme:slug>/set-up/mandates/", roles.list_mandates, name="mandate-list"),
    path("programmes/<programme:slug>/set-up/mandates/add/", roles.add_mandate, name="mandate-add"),
    path("programmes/<programme:slug>/set-up/mandates/<int:mandate>/end/", roles.close_mandate, name="mandate-end"),
    path("programmes/<programme:slug>/set-up/<slug:task>/", set_up.change_task, name="set-up-change"),
]
_assistants = [
    path("mandates/", assistants.list_own, name="assistant-own"),
    path("mandates/<int:mandate>/assistants/", assistants.list_assistants, name="assistant-list"),
    path("mandates/<int:mandate>/assistants/add/", assistants.add_assistant, name="assistant-add"),
    path("mandates/<int:mandate>/assistants/<int:assistant>/end/", assistants.close_assistant, name="assistant-end"),
]
_people = [
    path("programmes/<programme:slug>/people/", people.list_people, name="person-list"),
    path("programmes/<programme:slug>/people/not-in-scope/", people.list_others, name="person-others"),
    path("programmes/<programme:slug>/people.csv", people.download_people, name="person-download"),
]
urlpatterns = [*_programmes, *_set_up, *_assistants, *_people]
