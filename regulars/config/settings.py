"""Settings. With nothing set there is a working shop on SQLite; every option is in docs/reference/settings.md."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from regulars.config.environment import (
    backup_places,
    data_folder,
    database,
    flag,
    key_ring,
    mail_door,
    mail_server,
    networks,
    number,
    secret_keys,
    sign_in_service,
    text,
    time_of_day,
    words,
)

# ── where data lives
REGULARS_HOME = data_folder()
KEY_RING = key_ring()
SEALS_FILE = text("REGULARS_SEALS_FILE", default="")
DATABASES = {"default": database(text("DATABASE_URL", default=""), home=REGULARS_HOME, ring=KEY_RING)}
IS_SQLITE = DATABASES["default"]["ENGINE"] == "regulars.core.sqlcipher"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── who may knock
SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys(KEY_RING) or [""]
DEBUG = flag("REGULARS_DEBUG", default=False)
ALLOWED_HOSTS = words("REGULARS_HOSTS", default="localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = words("REGULARS_ORIGINS", default="")
# The shop speaks HTTPS itself where it has a certificate; REGULARS_HTTPS says that a proxy before it does.
HAS_CERTIFICATE = bool(text("REGULARS_TLS_CERT", default=""))
IS_HTTPS = HAS_CERTIFICATE or flag("REGULARS_HTTPS", default=False)
TRUSTED_PROXIES = networks("REGULARS_PROXIES", default="" if HAS_CERTIFICATE else "127.0.0.1,::1")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "ninja",
    "regulars.core",
    "regulars.timeline",
    "regulars.staff",
    "regulars.channels",
    "regulars.customers",
    "regulars.segments",
    "regulars.wallet",
    "regulars.messaging",
    "regulars.orders",
    "regulars.inbox",
    "regulars.config",
]

MIDDLEWARE = [
    "regulars.core.middleware.proxies.Proxies",
    "regulars.core.middleware.headers.SecurityHeaders",
    "regulars.core.middleware.health.Health",
    "regulars.channels.door.DeliveryDoor",
    "regulars.staff.middleware.NobodyReads",
    "regulars.core.api.door.ApiDoor",
    "regulars.core.middleware.methods.Methods",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "regulars.staff.presence.Presence",
    "regulars.core.middleware.reader.Reader",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "regulars.core.middleware.refusals.Toasts",
    "regulars.staff.middleware.ActingPerson",
    "regulars.core.middleware.refusals.Refusals",
]

ROOT_URLCONF = "regulars.config.urls"
WSGI_APPLICATION = "regulars.config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "regulars.core.context.page",
            ],
        },
    }
]

# ── people
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["regulars.staff.backend.WithRole"]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
OIDC = sign_in_service()
CSRF_FAILURE_VIEW = "regulars.config.views.errors.form_too_old"
SESSION_ENGINE = "regulars.staff.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
# A browser takes a __Host- cookie over HTTPS alone, and from this very host: no other subdomain can plant one.
_COOKIE = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_COOKIE}django_language"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token themselves
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_SSL_REDIRECT = IS_HTTPS
# A program that sends its token over an open line shall fail, not be sent on: core/api/door.py refuses it, and so does
# the door for deliveries.
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^hooks/"]
# Who may say so is decided in core/middleware/proxies.py.
SECURE_PROXY_SSL_HEADER = None if HAS_CERTIFICATE or not IS_HTTPS else ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# Whether other subdomains speak HTTPS, and the browsers' preload list, are for the whole domain to decide, not for us.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# ── language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("简体中文"))]
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ── files
STATIC_URL = "/static/"
STATIC_ROOT = REGULARS_HOME / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# ── the way out: names that may lead to this network (core/outbound.py)
PRIVATE_HOSTS = [name.lower() for name in words("REGULARS_PRIVATE_HOSTS", default="")]

# ── mail
PUBLIC_URL = text("REGULARS_URL", default="").rstrip("/") or next(
    iter(CSRF_TRUSTED_ORIGINS), f"http://localhost:{text('REGULARS_PORT', default='8000')}"
)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
MAIL = mail_server(text("REGULARS_MAIL", default=""))
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL.has_tls, MAIL.has_starttls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = text("REGULARS_MAIL_FROM", default="") or MAIL.user or "regulars@localhost"

# ── mail that comes in: what is larger is fetched only when somebody asks; where our own door listens
MAIL_SIZE = number("REGULARS_MAIL_MB", default=30) * 1024 * 1024
LMTP = mail_door(text("REGULARS_LMTP", default=""))

# ── files that people keep with a note
ATTACHMENTS = REGULARS_HOME / "attachments"
ATTACHMENT_SIZE = number("REGULARS_ATTACHMENT_MB", default=20) * 1024 * 1024
ATTACHMENTS_OF_A_NOTE = number("REGULARS_ATTACHMENTS_OF_A_NOTE", default=10)

# ── what shop systems deliver: for how many days it is kept as it came; 0 is for ever
DELIVERY_DAYS = number("REGULARS_DELIVERY_DAYS", default=90)

# ── the folder that tills and other programs put files into
DROP = Path(text("REGULARS_DROP", default="") or REGULARS_HOME / "drop")

# ── the lake: how much of its columns each process keeps in memory
LAKE_MEMORY = number("REGULARS_LAKE_MB", default=800) * 1024 * 1024

# ── questions to it: how long one may take, what they may use, and how many sets of customers are remembered
QUERY_SECONDS = number("REGULARS_QUERY_SECONDS", default=30)
QUERY_MEMORY_MB = number("REGULARS_QUERY_MEMORY_MB", default=512)
QUERY_THREADS = number("REGULARS_QUERY_THREADS", default=2)
QUERY_CACHE_MB = number("REGULARS_QUERY_CACHE_MB", default=64)

# ── payment links
BANK_ACCOUNT = text("REGULARS_BANK_ACCOUNT", default="")

# ── backups
BACKUP_PLACES = backup_places()
BACKUP_S3 = {
    "endpoint": text("REGULARS_BACKUP_S3_ENDPOINT", default=""),
    "region": text("REGULARS_BACKUP_S3_REGION", default="us-east-1"),
    "access_key_id": text("REGULARS_BACKUP_S3_KEY", default=""),
    "secret_access_key": text("REGULARS_BACKUP_S3_SECRET", default=""),
}
BACKUP_RECIPIENTS = words("REGULARS_BACKUP_RECIPIENTS", default="")
BACKUP_AT = time_of_day("REGULARS_BACKUP_AT", default="02:30")
BACKUP_MAX_AGE = number("REGULARS_BACKUP_MAX_AGE", default=26)
BACKUP_KEEP = (
    number("REGULARS_BACKUP_DAILY", default=7),
    number("REGULARS_BACKUP_WEEKLY", default=4),
    number("REGULARS_BACKUP_MONTHLY", default=12),
)

# ── how often one API token may call; 0 is without a limit (core/api/budget.py)
API_CALLS_A_MINUTE = number("REGULARS_API_CALLS_A_MINUTE", default=1200)

# ── background work
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "regulars.core.redaction.Redacting",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # scanners ask for any host; each would leave a traceback
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    "root": {"handlers": ["console"], "level": os.environ.get("REGULARS_LOG_LEVEL", "INFO")},
}
