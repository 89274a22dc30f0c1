"""Signing in and out, and a person's own account. allauth carries the steps; pages, limits and words are ours."""

import time

from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.account.views import BaseReauthenticateView, ConfirmLoginCodeView, RequestLoginCodeView
from allauth.core.internal.cryptokit import generate_user_code
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateWithAppView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions, limits
from accounts.adapters import has_authenticator
from accounts.decorators import authenticator_required, fresh_code_required
from accounts.forms import AddAppForm, CodeForm, SecondStepForm, SignInForm
from accounts.models import Person
from accounts.permissions import assignments_of
from accounts.queries import open_sessions, with_devices
from accounts.rules import is_staff, needs_second_step

READ_OR_POST = ["GET", "HEAD", "POST"]
_CONFIRMING = "account_confirming"


class SignInView(RequestLoginCodeView):
    """Ask for an e-mail address and mail a code; the answer, the rows and the mails are the same for any address."""

    form_class = SignInForm
    template_name = "account/sign_in.html"

    def form_valid(self, form: SignInForm) -> HttpResponse:
        email, now = form.cleaned_data["email"], timezone.now()
        person = Person.objects.filter(email=email, is_active=True).first()
        if not limits.may_ask_for_code(self.request, email, person, now):
            form.add_error("email", "Too many codes were asked for. Wait 15 minutes, or use another connection")
            return self.render_to_response(self.get_context_data(form=form), status=429)
        form._user = person
        with transaction.atomic():
            response = super().form_valid(form)
            if person is None:
                get_adapter().send_mail("account/email/unknown_account", email, {})
        return response

    def _redirect_to_pending_stage(self, request: HttpRequest, stage) -> None:
        # Whoever mistyped the address comes back here to type another one.
        return None


class EnterCodeView(ConfirmLoginCodeView):
    """Ask for the mailed code. Three tries, counted in PostgreSQL, so that tries at the same moment count too."""

    form_class = CodeForm
    template_name = "account/enter_code.html"

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not self._count("try", limits.TRIES_PER_CODE):
            self._process.abort()
            return self._ask_again("Too many wrong codes were tried. Ask for a new code")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        if not self._count("use", 1):
            self._process.abort()
            return self._ask_again("This code was used already. Ask for a new code")
        return super().form_valid(form)

    def _count(self, what: str, limit: int) -> bool:
        key = f"{self.request.session.session_key}\n{self._process.state['at']}"
        period = limits.CODES_PERIOD
        return limits.hit(f"sign-in code {what}", key, limit=limit, period=period, now=timezone.now())

    def _ask_again(self, sentence: str) -> HttpResponse:
        messages.error(self.request, sentence)
        return HttpResponseRedirect(reverse("account_login"))


class EnterAppCodeView(AuthenticateView):
    """The second step of signing in, for whoever has an authenticator app."""

    template_name = "mfa/authenticate.html"

    def _build_forms(self) -> SecondStepForm:
        # allauth takes a post without the field for a passkey; here it is a form that was left empty.
        data = self.request.POST if self.request.method == "POST" else None
        self.auth_form, self.webauthn_form = SecondStepForm(user=self.stage.login.user, data=data), None
        return self.auth_form


class AddAuthenticatorView(ActivateTOTPView):
    """Show the key as a picture and in groups of four, and take the first code."""

    template_name = "mfa/add.html"

    def get_context_data(self, **kwargs) -> dict:
        context = super().get_context_data(**kwargs)
        secret = context["form"].secret
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        return {**context, "secret_in_groups": groups, "leave_url": reverse("accounts:account-show")}

    def form_valid(self, form: AddAppForm) -> HttpResponse:
        response = super().form_valid(form)
        # The recovery codes come next, and need the strongest proof there is: this was one.
        person = self.request.user
        flows.login.record_authentication(self.request, person, method="mfa", type="totp", reauthenticated=True)
        return response


class RemoveAuthenticatorView(DeactivateTOTPView):
    """Say what removing it means, then remove it."""

    template_name = "mfa/remove.html"

    def get_context_data(self, **kwargs) -> dict:
        must_add = settings.PRODUCTION and needs_second_step(self.request.user)
        return {**super().get_context_data(**kwargs), "must_add": must_add}


@login_not_required
@never_cache
@require_http_methods(READ_OR_POST)
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask, then sign out here and have the browser drop what it kept (ASVS 14.3.1)."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGOUT_REDIRECT_URL)
    if request.method != "POST":
        return render(request, "account/sign_out.html")
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    flows.logout.logout(request, show_message=False)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@require_safe
def show_account(request: HttpRequest) -> HttpResponse:
    """Show what we hold about the person who looks, and the ways to keep it safe."""
    context = {
        "roles": sorted({str(assignment.role) for assignment in assignments_of(request.user)}),
        "authenticator": has_authenticator(request.user),
        "must_add": settings.PRODUCTION and needs_second_step(request.user),
        "session_count": open_sessions(request.user, timezone.now()).count(),
        "staff": is_staff(request.user),
    }
    return render(request, "account/account.html", context)


@require_safe
def list_sessions(request: HttpRequest) -> HttpResponse:
    """List where the person is signed in; each can be ended."""
    context = {
        "sessions": with_devices(open_sessions(request.user, timezone.now())),
        "current_key": request.session.session_key,
        "idle_hours": settings.SESSION_IDLE_SECONDS // 3600,
        "longest_hours": settings.SESSION_COOKIE_AGE // 3600,
    }
    return render(request, "usersessions/list.html", context)


@require_POST
def end_session(request: HttpRequest, session: int) -> HttpResponse:
    """End one session of the person's own; somebody else's is a 404."""
    row = get_object_or_404(UserSession, pk=session, user=request.user)
    actions.end_session(session=row, by=request.user, now=timezone.now())
    messages.success(request, "That session has ended")
    return redirect("accounts:session-list")


@require_http_methods(READ_OR_POST)
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Say what to do about a session that was not me, then end every other one."""
    if request.method != "POST":
        others = open_sessions(request.user, timezone.now()).exclude(session_key=request.session.session_key)
        return render(request, "usersessions/end_others.html", {"others": others})
    key = request.session.session_key
    actions.end_other_sessions(person=request.user, keep=key, by=request.user, now=timezone.now())
    messages.success(request, "You are signed in here only")
    return redirect("accounts:session-list")


class ConfirmByMailView(BaseReauthenticateView):
    """Confirm who you are by a mailed code, before something that needs it: a button sends it, a form takes it."""

    form_class = CodeForm
    template_name = "account/confirm.html"

    @property
    def pending(self) -> dict:
        """The code that was mailed and when, empty where none is open."""
        kept = self.request.session.get(_CONFIRMING, {})
        return kept if time.time() - kept.get("at", 0) <= settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT else {}

    def get_form_kwargs(self) -> dict:
        return {**super().get_form_kwargs(), "code": self.pending.get("code", "")}

    def get_context_data(self, **kwargs) -> dict:
        return {**super().get_context_data(**kwargs), "sent": bool(self.pending)}

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.POST.get("action") == "send" or not self.pending:
            return self._send()
        key = f"{request.user.pk}\n{self.pending['at']}"
        tries, period = limits.TRIES_PER_CODE, limits.CODES_PERIOD
        if not limits.hit("confirming code", key, limit=tries, period=period, now=timezone.now()):
            del request.session[_CONFIRMING]
            messages.error(request, "Too many wrong codes were tried. Ask for a new code")
            return HttpResponseRedirect(request.get_full_path())
        return super().post(request, *args, **kwargs)

    def _send(self) -> HttpResponse:
        person, now = self.request.user, timezone.now()
        limit = limits.CODES_PER_KNOWN_BROWSER
        if not limits.hit("confirming mail", str(person.pk), limit=limit, period=limits.CODES_PERIOD, now=now):
            messages.error(self.request, "Too many codes were asked for. Wait 15 minutes")
            return HttpResponseRedirect(self.request.get_full_path())
        code = generate_user_code()
        self.request.session[_CONFIRMING] = {"code": code, "at": time.time()}
        with transaction.atomic():
            get_adapter().send_mail("account/email/confirming_code", person.email, {"code": code})
        return HttpResponseRedirect(self.request.get_full_path())

    def form_valid(self, form: CodeForm) -> HttpResponse:
        del self.request.session[_CONFIRMING]
        person = self.request.user
        flows.login.record_authentication(self.request, person, method="code", reauthenticated=True)
        return super().form_valid(form)


sign_in = require_http_methods(READ_OR_POST)(SignInView.as_view())
enter_code = require_http_methods(READ_OR_POST)(EnterCodeView.as_view())
enter_app_code = require_http_methods(READ_OR_POST)(EnterAppCodeView.as_view())
confirm_by_mail = require_http_methods(READ_OR_POST)(ConfirmByMailView.as_view())
confirm_with_app = require_http_methods(READ_OR_POST)(
    ReauthenticateWithAppView.as_view(extra_context={"leave_url": reverse_lazy("accounts:account-show")})
)
show_authenticator = require_safe(IndexView.as_view(template_name="mfa/authenticator.html"))
add_authenticator = require_http_methods(READ_OR_POST)(fresh_code_required(AddAuthenticatorView.as_view()))
remove_authenticator = require_http_methods(READ_OR_POST)(RemoveAuthenticatorView.as_view())
show_recovery_codes = require_safe(
    authenticator_required(fresh_code_required(ViewRecoveryCodesView.as_view(template_name="mfa/recovery_codes.html")))
)
make_recovery_codes = require_http_methods(READ_OR_POST)(
    authenticator_required(
        fresh_code_required(GenerateRecoveryCodesView.as_view(template_name="mfa/new_recovery_codes.html"))
    )
)
