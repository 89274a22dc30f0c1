"""Signing in and the own account. The names without a namespace are those by which allauth asks for its pages."""

from django.urls import include, path

from accounts import views

sign_in = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/", views.sign_in, name="account_request_login_code"),
    path("sign-in/code/", views.enter_code, name="account_confirm_login_code"),
    path("sign-in/authenticator/", views.enter_app_code, name="mfa_authenticate"),
    path("sign-out/", views.sign_out, name="account_logout"),
]
security = [
    path("account/confirm/", views.confirm_by_mail, name="account_reauthenticate"),
    path("account/confirm/authenticator/", views.confirm_with_app, name="mfa_reauthenticate"),
    path("account/authenticator/", views.show_authenticator, name="mfa_index"),
    path("account/authenticator/add/", views.add_authenticator, name="mfa_activate_totp"),
    path("account/authenticator/remove/", views.remove_authenticator, name="mfa_deactivate_totp"),
    path("account/authenticator/recovery-codes/", views.show_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/authenticator/recovery-codes/new/", views.make_recovery_codes, name="mfa_generate_recovery_codes"),
]
account = [
    path("account/", views.show_account, name="account-show"),
    path("account/sessions/", views.list_sessions, name="session-list"),
    path("account/sessions/<int:session>/end/", views.end_session, name="session-end"),
    path("account/sessions/end-others/", views.end_other_sessions, name="session-end-others"),
]
urlpatterns = [*sign_in, *security, path("", include((account, "accounts")))]
