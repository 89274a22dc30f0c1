"""Signing in and the own account. Nothing here has an object of somebody else but a session."""

from allauth.usersessions.models import UserSession
from django.utils import timezone

from tests.access.routes import Route, nothing
from tests.cast import Cast


def own_sign_in(cast: Cast) -> dict:
    """Where the practitioner is signed in."""
    return _signed_in(cast.practitioner)


def other_sign_in(cast: Cast) -> dict:
    """Where somebody is signed in who has no part here."""
    return _signed_in(cast.other_lead)


def _signed_in(person) -> dict:
    row = UserSession.objects.create(
        user=person, session_key=f"elsewhere{person.pk}", ip="127.0.0.1", user_agent="", last_seen_at=timezone.now()
    )
    return {"session": row.pk}


ROUTES = [
    Route("account_login", nothing, {200: "stranger", 302: "signed_in"}),
    Route("account_request_login_code", nothing, {200: "stranger", 302: "signed_in"}),
    Route("account_confirm_login_code", nothing, {302: "everyone"}),
    Route("mfa_authenticate", nothing, {302: "everyone"}),
    Route("account_logout", nothing, {200: "signed_in", 302: "stranger"}),
    Route("account_reauthenticate", nothing, {200: "signed_in"}),
    Route("mfa_reauthenticate", nothing, {302: "signed_in"}),
    Route("mfa_index", nothing, {200: "signed_in"}),
    Route("mfa_activate_totp", nothing, {302: "signed_in"}),
    Route("mfa_deactivate_totp", nothing, {404: "signed_in"}),
    Route("mfa_view_recovery_codes", nothing, {404: "signed_in"}),
    Route("mfa_generate_recovery_codes", nothing, {404: "signed_in"}),
    Route("accounts:account-show", nothing, {200: "signed_in"}),
    Route("accounts:session-list", nothing, {200: "signed_in"}),
    Route("accounts:session-end", own_sign_in, {302: "practitioner"}, post=True),
    Route("accounts:session-end", other_sign_in, {302: "other_lead"}, post=True),
    Route("accounts:session-end-others", nothing, {200: "signed_in"}),
]
