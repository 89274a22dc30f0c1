"""What people and the clock do to accounts."""

from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts import limits
from accounts.models import Person, Press
from history.actions import record
from history.refusals import Refused

PRESSES_LAST = timedelta(days=2)
"""How long the same form is answered the same again: longer than any page is left open for."""


class OwnAccount(Refused):
    sentence = "This is your own account. Another administrator has to do this."


class LastAdministrator(Refused):
    sentence = "This is the only administrator. Give another person that role first."


class AccountIsClosed(Refused):
    sentence = "The account of this person is closed. Open it again first."


class NoAddress(Refused):
    sentence = "An administrator signs in with an e-mail address, and this person has none. Add the address first."


@transaction.atomic
def end_session(*, session: UserSession, by: Person, now: datetime) -> None:
    """Sign ``session`` out at once, wherever it is open. Ending one that has ended already changes nothing."""
    _end(UserSession.objects.filter(pk=session.pk), by, now)


@transaction.atomic
def end_other_sessions(*, person: Person, keep: str, by: Person, now: datetime) -> int:
    """Sign ``person`` out everywhere but in the session with the key ``keep``. Returns how many sessions ended."""
    return _end(UserSession.objects.filter(user=person).exclude(session_key=keep), by, now)


@transaction.atomic
def end_all_sessions(*, person: Person, by: Person, now: datetime) -> int:
    """Sign ``person`` out everywhere at once. Returns how many sessions ended."""
    return _end(UserSession.objects.filter(user=person), by, now)


def _end(rows, by: Person, now: datetime) -> int:
    ended = list(rows.select_for_update(no_key=True, of=("self",)).select_related("user").order_by("pk"))
    Session.objects.filter(session_key__in=[row.session_key for row in ended]).delete()
    UserSession.objects.filter(pk__in=[row.pk for row in ended]).delete()
    for row in ended:
        record(by=by, verb="ended a session", about=row.user, now=now)
    return len(ended)


@transaction.atomic
def close_account(*, person: Person, by: Person, now: datetime) -> Person:
    """Close an account: nobody signs in with it, its sessions end, and its links open nothing. Nothing is deleted.

    Closing twice is closing once. Raises OwnAccount, LastAdministrator.
    """
    person = _locked_among_administrators(person)
    if not person.is_active:
        return person
    if by == person:
        raise OwnAccount
    if person.is_administrator:
        _demand_another_administrator(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    _end(UserSession.objects.filter(user=person), by, now)
    record(by=by, verb="closed_account", about=person, now=now)
    return person


@transaction.atomic
def reopen_account(*, person: Person, by: Person, now: datetime) -> Person:
    """Open a closed account again, with the roles it had. One that is open stays as it is."""
    person = _locked_among_administrators(person)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
        record(by=by, verb="reopened_account", about=person, now=now)
    return person


@transaction.atomic
def make_administrator(*, person: Person, by: Person, now: datetime) -> Person:
    """Make ``person`` an administrator; one who is stays one. Raises AccountIsClosed, NoAddress."""
    person = _locked_among_administrators(person)
    if person.is_administrator:
        return person
    if not person.is_active:
        raise AccountIsClosed
    if not person.email:
        raise NoAddress
    person.is_administrator = True
    person.save(update_fields=["is_administrator"])
    record(by=by, verb="made_administrator", about=person, now=now)
    return person


@transaction.atomic
def end_administrator(*, person: Person, by: Person, now: datetime) -> Person:
    """Take the role of administrator away, at once; also one's own. Raises LastAdministrator."""
    person = _locked_among_administrators(person)
    if person.is_administrator:
        _demand_another_administrator(person)
        person.is_administrator = False
        person.save(update_fields=["is_administrator"])
        record(by=by, verb="ended_administrator", about=person, now=now)
    return person


@transaction.atomic
def remove_lost_authenticator(*, person: Person, by: Person, now: datetime) -> bool:
    """Take the authenticator app and its recovery codes away from an account, and sign it out everywhere.

    For somebody whose telephone is lost; they are told by mail. Returns whether there was one. Raises OwnAccount: one
    removes the own app on the page of the own account, after a code.
    """
    person = _locked_among_administrators(person)
    if by == person:
        raise OwnAccount
    removed, _ = Authenticator.objects.filter(user=person).delete()
    if not removed:
        return False
    _end(UserSession.objects.filter(user=person), by, now)
    record(by=by, verb="removed_authenticator", about=person, now=now)
    get_adapter().send_notification_mail("mfa/email/totp_deactivated", person)
    return True


def _locked_among_administrators(person: Person) -> Person:
    """Return the person locked, with all administrators: two who end one another at once must not both succeed."""
    ids = set(Person.objects.filter(is_administrator=True).values_list("pk", flat=True)) | {person.pk}
    return {row.pk: row for row in Person.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}[
        person.pk
    ]


def _demand_another_administrator(person: Person) -> None:
    if not Person.objects.filter(is_administrator=True, is_active=True).exclude(pk=person.pk).exists():
        raise LastAdministrator


def tidy(*, now: datetime) -> None:
    """Delete what nobody needs any more: counts of ended periods, ended sessions and their rows, keys of forms."""
    limits.forget_ended(now)
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    Press.objects.filter(made_at__lt=now - PRESSES_LAST).delete()
