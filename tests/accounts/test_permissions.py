"""Permissions, roles and where they come from (ASVS 8.2.1, 8.3.2, 8.4.1)."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Value
from django.http import HttpResponse

from accounts import permissions, rules
from accounts.models import Person
from accounts.permissions import ADMINISTRATOR, INSTALLATION, Assignment, Permission, Role, RoleSource, Scope, has
from tests.accounts.factories import PersonFactory

LEAD = Role("Test lead", Scope.ORGANISATION, frozenset({Permission.MANAGE_PEOPLE}))
pytestmark = pytest.mark.django_db


@pytest.fixture
def source(monkeypatch):
    """A source of a higher app: everybody called Lead leads organisation 3."""

    def rows(person, on):
        return Person.objects.filter(pk=person, name="Lead").values_list("name", Value(3))

    leads = RoleSource(rows, lambda code, pk: Assignment(LEAD, f"organisations.organisation:{pk}"))
    monkeypatch.setattr(permissions, "_sources", list(permissions._sources))
    permissions.register_role_source(leads)
    permissions.register_role_source(leads)


def test_an_administrator_holds_what_the_role_lists_everywhere():
    person = PersonFactory(is_administrator=True)
    assert permissions.permissions_of(person) == ADMINISTRATOR.permissions
    assert has(person, Permission.MANAGE_PEOPLE, "organisations.organisation:4")
    assert permissions.scopes_with(person, Permission.SEE_MESSAGES) == {INSTALLATION}
    assert rules.is_staff(person)
    assert rules.needs_second_step(person)


def test_a_role_counts_in_its_own_scope_only(source):
    lead = PersonFactory(name="Lead")
    assert has(lead, Permission.MANAGE_PEOPLE, "organisations.organisation:3")
    assert not has(lead, Permission.MANAGE_PEOPLE, "organisations.organisation:33")
    assert not has(lead, Permission.MANAGE_PEOPLE)
    assert not has(lead, Permission.SEE_MESSAGES, "organisations.organisation:3")
    assert permissions.scopes_with(lead, Permission.MANAGE_PEOPLE) == {"organisations.organisation:3"}
    assert not rules.needs_second_step(lead)


def test_all_sources_are_asked_in_one_statement_once_a_request(source, django_assert_num_queries):
    lead = PersonFactory(name="Lead")
    with django_assert_num_queries(1):
        for _ in range(3):
            assert not has(lead, Permission.MANAGE_PEOPLE)
        assert len(permissions.assignments_of(lead)) == 1


def test_what_an_administrator_may_is_known_without_a_query(source, django_assert_num_queries):
    person = PersonFactory(is_administrator=True)
    with django_assert_num_queries(0):
        assert has(person, Permission.MANAGE_PEOPLE, "organisations.organisation:4")


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
