"""Django's settings: what an API without a browser needs, and nothing that would slow it down."""

import os
import secrets
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.get("host") or parts.hostname or "",
        "PORT": options.get("port") or parts.port or "",
    }


SECRET_KEY = secrets.token_hex(16)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "django_rest.job_list"
INSTALLED_APPS = ["rest_framework", "django_rest"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
# Every thread keeps its connection: opening one would cost more than the request.
DATABASES = {"default": {**database(os.environ["PEER_DATABASE_URL"]), "CONN_MAX_AGE": None}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
USE_TZ = True
USE_I18N = False
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_rest.key_access.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["django_rest.key_access.MayReadJobs"],
    "DEFAULT_THROTTLE_CLASSES": ["django_rest.key_access.KeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
REQUESTS_A_MINUTE = int(os.environ.get("PEER_REQUESTS_A_MINUTE", "600"))
