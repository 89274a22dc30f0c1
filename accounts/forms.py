"""What people type when they sign in."""

from datetime import timedelta

from allauth.account.forms import ConfirmLoginCodeForm
from allauth.core.internal.cryptokit import compare_user_code, normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm
from allauth.mfa.totp.forms import ActivateTOTPForm, DeactivateTOTPForm
from django import forms
from django.utils import timezone

from accounts import limits
from accounts.models import Person
from face.forms import HubForm, HubFormMixin

APP_CODE_LIFE = timedelta(minutes=2)
"""Longer than a code of an authenticator app is taken: 30 seconds and one step either way."""


class SignInForm(HubForm):
    """An e-mail address; whether it is known is nobody's business here."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="We send a code to this address. You have no password here.",
        max_length=254,
        error_messages={
            "required": "Enter your e-mail address",
            "invalid": "Enter an e-mail address in the correct format, like name@example.org",
            "max_length": "E-mail address must be 254 characters or fewer",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
    )

    def clean_email(self) -> str:
        return Person.objects.clean_email(self.cleaned_data["email"]) or ""


def _code_field(label: str, help_text: str, missing: str, **attrs: str) -> forms.CharField:
    # autocomplete lets phones offer the code; nothing stops pasting (WCAG 2.2, 3.3.8).
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false", "class": "w10", **attrs})
    too_long = f"{label} must be 40 characters or fewer"
    messages = {"required": missing, "max_length": too_long}
    return forms.CharField(label=label, help_text=help_text, max_length=40, error_messages=messages, widget=widget)


class CodeForm(HubFormMixin, ConfirmLoginCodeForm):
    """The code from the mail; spaces, dashes and small letters do not matter."""

    code = _code_field(
        "Code from the e-mail",
        "8 letters, for example BCDF-GHJK. The dash does not matter.",
        "Enter the code from the e-mail",
        autocapitalize="characters",
    )

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if not compare_user_code(actual=code, expected=self.expected_code or ""):
            raise forms.ValidationError("The code is not correct. Check that it is from our newest e-mail")
        return code


class AppCode(HubFormMixin):
    """Takes each code of an authenticator app once (ASVS 6.5.1), counted in PostgreSQL."""

    def clean_code(self) -> str:
        try:
            code = super().clean_code()
        except forms.ValidationError as error:
            if error.code == "too_many_login_attempts":  # allauth's sentence is about a code from a mail
                raise get_adapter().validation_error("rate_limited") from None
            raise
        key = f"{self.user.pk}\n{normalize_user_code(code)}"
        if not limits.hit("authenticator code", key, limit=1, period=APP_CODE_LIFE, now=timezone.now()):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondStepForm(AppCode, AuthenticateForm):
    """The six figures of the authenticator app, or a recovery code."""

    code = _code_field(
        "Code from your authenticator app",
        "6 figures. If you do not have your phone, enter one of your recovery codes.",
        "Enter the code from your authenticator app",
        inputmode="numeric",
    )


class ConfirmWithAppForm(AppCode, ReauthenticateForm):
    """The same for somebody who is signed in already and is about to change something."""

    code = _code_field(
        "Code from your authenticator app",
        "6 figures, or one of your recovery codes.",
        "Enter the code from your authenticator app",
        inputmode="numeric",
    )


class AddAppForm(AppCode, ActivateTOTPForm):
    """The first code that a new authenticator app shows."""

    code = _code_field(
        "Code that the app shows",
        "6 figures. The app makes a new one every 30 seconds.",
        "Enter the code that the app shows",
        inputmode="numeric",
    )


class RemoveAppForm(HubFormMixin, DeactivateTOTPForm):
    """A button, no fields."""


class NewRecoveryCodesForm(HubFormMixin, GenerateRecoveryCodesForm):
    """A button, no fields."""
