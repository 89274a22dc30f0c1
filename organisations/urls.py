"""The addresses of organisations, by object."""

from django.urls import path

from accounts.links import exchange
from organisations.actions.head_counts import PURPOSE
from organisations.views import (
    accounts,
    affiliations,
    areas,
    head_counts,
    import_steps,
    imports,
    leads,
    organisations,
    people,
)

app_name = "organisations"

_imports = [
    path("imports/", imports.list_imports, name="import-list"),
    path("imports/upload/", imports.upload_list, name="import-upload"),
    path("imports/sample.csv", imports.download_sample, name="import-sample"),
    path("imports/<int:staff_list>/", imports.show_import, name="import-show"),
    path("imports/<int:staff_list>/rows/", imports.list_rows, name="import-rows"),
    path("imports/<int:staff_list>/rejected.csv", imports.download_rejected, name="import-rejected"),
    path("imports/<int:staff_list>/names/", import_steps.decide_names, name="import-names"),
    path("imports/<int:staff_list>/confirm/", import_steps.confirm_import, name="import-confirm"),
    path("imports/<int:staff_list>/drop/", import_steps.drop_import, name="import-drop"),
    path("imports/<int:staff_list>/missing/", import_steps.decide_missing, name="import-missing"),
    path("imports/<int:staff_list>/undo/", import_steps.undo_import, name="import-undo"),
]
_ORGANISATION = "organisations/<int:organisation>/"
_organisations = [
    path("organisations/", organisations.list_organisations, name="organisation-list"),
    path("organisations/add/", organisations.new_organisation, name="organisation-add"),
    path(_ORGANISATION, organisations.show_organisation, name="organisation-show"),
    path(f"{_ORGANISATION}change/", organisations.edit_organisation, name="organisation-change"),
    path(f"{_ORGANISATION}end/", organisations.close_organisation, name="organisation-end"),
    path(f"{_ORGANISATION}reopen/", organisations.open_organisation_again, name="organisation-reopen"),
    path(f"{_ORGANISATION}leads/add/", leads.new_lead, name="lead-add"),
    path(f"{_ORGANISATION}leads/<int:lead>/end/", organisations.end_a_lead, name="lead-end"),
    path(f"{_ORGANISATION}head-counts/add/", head_counts.enter_one, name="head-count-add"),
    path(f"{_ORGANISATION}head-counts/ask/", head_counts.ask, name="head-count-ask"),
]
_lists = [
    path("areas/", areas.list_areas, name="area-list"),
    path("areas/add/", areas.new_area, name="area-add"),
    path("areas/<int:area>/", areas.edit_area, name="area-change"),
    path("professions/", areas.list_professions, name="profession-list"),
    path("professions/add/", areas.new_profession, name="profession-add"),
    path("professions/<int:profession>/", areas.edit_profession, name="profession-change"),
]
_PERSON = "people/<int:person>/"
_people = [
    path("people/", people.list_people, name="person-list"),
    path("people.csv", people.download_people, name="person-download"),
    path("people/add/", people.new_person, name="person-add"),
    path(_PERSON, people.show_person, name="person-show"),
    path(f"{_PERSON}change/", people.edit_person, name="person-change"),
    path(f"{_PERSON}organisations/add/", affiliations.new_affiliation, name="affiliation-add"),
    path("affiliations/<int:affiliation>/", affiliations.edit_affiliation, name="affiliation-change"),
    path("affiliations/<int:affiliation>/left/", affiliations.leave, name="affiliation-end"),
    path("affiliations/<int:affiliation>/not-left/", affiliations.come_back, name="affiliation-return"),
]
_accounts = [
    path(f"{_PERSON}account/close/", accounts.close_account, name="account-close"),
    path(f"{_PERSON}account/open/", accounts.reopen_account, name="account-reopen"),
    path(f"{_PERSON}account/sign-out/", accounts.sign_out, name="account-sign-out"),
    path(f"{_PERSON}account/administrator/", accounts.make_administrator, name="administrator-make"),
    path(f"{_PERSON}account/administrator/end/", accounts.end_administrator, name="administrator-end"),
    path(f"{_PERSON}account/authenticator/", accounts.remove_authenticator, name="authenticator-remove"),
]
_links = [
    path("h/<link_token:token>/", exchange, {"purpose": PURPOSE}, name="head-count-open"),
    path("h/<int:link>/", head_counts.give, name="head-count-give"),
    path("h/<int:link>/done/", head_counts.give_done, name="head-count-done"),
]
urlpatterns = [*_organisations, *_lists, *_people, *_accounts, *_links, *_imports]
