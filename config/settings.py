"""Settings of Briefing Hub: one file; what differs between places comes through config/env.py."""

from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.var_dir()
DEPLOYMENT = env.choice("DEPLOYMENT", ("trial", "production"))
PRODUCTION = DEPLOYMENT == "production"
DEBUG = False
SECRET_KEY = env.secret_key(DEPLOYMENT)

# Addresses
SITE_URL = env.url("SITE_URL", ("http", "https"), f"http://localhost:{env.number('PORT', 8000)}").rstrip("/")
if PRODUCTION and not SITE_URL.startswith("https://"):
    raise ImproperlyConfigured("SITE_URL must start with https:// in production: mailed links are built from it.")
ALLOWED_HOSTS = [host.strip() for host in env.text("ALLOWED_HOSTS").split(",") if host.strip()] or [
    urlsplit(SITE_URL).hostname,
    *([] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]),
]
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
SITE_NAME = env.text("SITE_NAME", "Briefing Hub")
SITE_OWNER = env.text("SITE_OWNER", "")
BRAND_COLOUR = env.text("BRAND_COLOUR", "#14474c")
ACCENT_COLOUR = env.text("ACCENT_COLOUR", "#d3dc6b")

# The house: the order of docs/architecture.md, highest first
INSTALLED_APPS = [
    "config",
    "desk",
    "communications",
    "commitments",
    "attendance",
    "briefings",
    "organisations",
    "messaging",
    "surveys",
    "accounts",
    "history",
    "face",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentPolicy",
    "config.middleware.HealthMiddleware",
    "commitments.middleware.LiveQuestions",
    "attendance.middleware.TakenTogether",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimits",
    "accounts.middleware.PrivatePages",
    "accounts.middleware.LoginRequired",
    "accounts.middleware.SecondStep",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.NoSuchPage",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ("hub",)
CRISPY_TEMPLATE_PACK = "hub"
FORM_RENDERER = "face.drawing.Renderer"

# Data
DATABASE = environ.Env.db_url_config(
    env.url(
        "DATABASE_URL",
        ("postgresql", "postgres"),
        env.running_server("DATABASE_URL", "postgresql://127.0.0.1/briefing_hub"),
    )
)
# How each connection begins, in one message with the address: what is set later costs every transaction two more.
# What is locked first and read then has to be what was committed meanwhile, whatever the server is set to; what is
# prepared (history/statements.py) finds rows by their keys, so its plan need not be made again; no page reads enough
# rows to win back what compiling a statement costs, and few what starting another process for it does (10 ms here).
_SESSION = (
    r"-c default_transaction_isolation=read\ committed -c plan_cache_mode=force_generic_plan -c jit=off"
    " -c parallel_setup_cost=10000",
    DATABASE.get("OPTIONS", {}).get("options", ""),
)
DATABASES = {
    "default": {
        **DATABASE,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {**DATABASE.get("OPTIONS", {}), "options": " ".join(_SESSION).strip()},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.url("REDIS_URL", ("redis", "rediss"), env.running_server("REDIS_URL", "redis://127.0.0.1:6379/0"))
# The default cache stands in PostgreSQL: allauth counts sign-in attempts in it, and a flushed Redis must open nothing.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "accounts_limits"},
    "quick": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
}
USE_TZ = True
TIME_ZONE = env.time_zone()
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
USE_I18N = True

# Files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "uploads"

# Background work: the outbox is the queue, Celery only wakes it
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"

# Mail
EMAIL_URL = env.url("EMAIL_URL", ("smtp", "smtps", "smtp+tls", "smtp+ssl"))
INBOUND_URL = env.url("INBOUND_URL", ("imaps", "imap+tls", "imap"))
if PRODUCTION and INBOUND_URL.startswith("imap://"):
    raise ImproperlyConfigured("INBOUND_URL must start with imaps:// or imap+tls:// in production, for its password.")
INBOUND_AUTHSERV_ID = env.text("INBOUND_AUTHSERV_ID")
EMAIL_BACKEND = "messaging.backends.OutboxBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Briefings <briefings@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Signing in
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.sessions.SignedInBackend"]
SESSION_ENGINE = "accounts.sessions"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home-show"
LOGOUT_REDIRECT_URL = "desk:home-show"
SESSION_COOKIE_AGE = 12 * 3600  # signed in for a working day at most, however busy
SESSION_IDLE_SECONDS = 2 * 3600  # and no longer than this without a request
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # entering the mailed code is the proof
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # our own view writes that mail, without a link to sign up
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key"}  # the authenticator's; asking for codes: accounts/limits.py
MFA_ADAPTER = "accounts.adapters.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # one step of 30 seconds either way: clocks differ
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.ConfirmWithAppForm",
    "activate_totp": "accounts.forms.AddAppForm",
    "deactivate_totp": "accounts.forms.RemoveAppForm",
    "generate_recovery_codes": "accounts.forms.NewRecoveryCodesForm",
}

# Browser security
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
