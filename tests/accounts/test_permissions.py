"""Permissions, roles and where they come from (ASVS 8.2.1, 8.3.2, 8.4.1)."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from accounts import permissions, rules
from accounts.permissions import ADMINISTRATOR, INSTALLATION, Assignment, Permission, Role, Scope, has
from tests.accounts.factories import PersonFactory

LEAD = Role("Test lead", Scope.ORGANISATION, frozenset({Permission.MANAGE_PEOPLE}))
pytestmark = pytest.mark.django_db


@pytest.fixture
def source(monkeypatch):
    """A source of a higher app: everybody called Lead leads organisation 3."""
    asked = []

    def leads(person):
        asked.append(person.pk)
        return [Assignment(LEAD, "organisations.organisation:3")] if person.name == "Lead" else []

    monkeypatch.setattr(permissions, "_sources", list(permissions._sources))
    permissions.register_role_source(leads)
    permissions.register_role_source(leads)
    return asked


def test_an_administrator_holds_what_the_role_lists_everywhere():
    person = PersonFactory(is_administrator=True)
    assert permissions.permissions_of(person) == ADMINISTRATOR.permissions
    assert has(person, Permission.MANAGE_PEOPLE, "organisations.organisation:4")
    assert permissions.scopes_with(person, Permission.SEE_MESSAGES) == {INSTALLATION}
    assert rules.is_staff(person)
    assert rules.needs_second_step(person)
    assert rules.can_see_messages(person)
    assert rules.can_see_access_trace(person)


def test_a_role_counts_in_its_own_scope_only(source):
    lead = PersonFactory(name="Lead")
    assert has(lead, Permission.MANAGE_PEOPLE, "organisations.organisation:3")
    assert not has(lead, Permission.MANAGE_PEOPLE, "organisations.organisation:33")
    assert not has(lead, Permission.MANAGE_PEOPLE)
    assert not has(lead, Permission.SEE_MESSAGES, "organisations.organisation:3")
    assert permissions.scopes_with(lead, Permission.MANAGE_PEOPLE) == {"organisations.organisation:3"}
    assert not rules.needs_second_step(lead)


def test_each_source_is_asked_once_for_one_request(source):
    lead = PersonFactory(name="Lead")
    for _ in range(3):
        has(lead, Permission.MANAGE_PEOPLE)
    assert source == [lead.pk]


@pytest.mark.parametrize("who", ["stranger", "nobody in particular", "closed account"])
def test_others_hold_nothing(who, source):
    person = {
        "stranger": lambda: AnonymousUser(),
        "nobody in particular": lambda: PersonFactory(),
        "closed account": lambda: PersonFactory(is_administrator=True, is_active=False),
    }[who]()
    assert permissions.permissions_of(person) == frozenset()
    assert not rules.is_staff(person)


def test_a_guarded_page_refuses_who_may_not(rf):
    @permissions.permission_required(Permission.SEE_MESSAGES)
    def page(request):
        return HttpResponse("log")

    request = rf.get("/")
    request.user = PersonFactory(is_administrator=True)
    assert page(request).content == b"log"
    request.user = PersonFactory()
    with pytest.raises(PermissionDenied):
        page(request)


def test_every_permission_says_what_it_allows():
    assert all(permission.value and permission.value[0].islower() for permission in Permission)
    assert str(ADMINISTRATOR) == "Administrator"
