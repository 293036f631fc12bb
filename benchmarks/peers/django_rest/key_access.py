"""Who calls, whether they may, and how often."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from django_rest.models import ApiKey, ApiKeyAccountGroup

if TYPE_CHECKING:  # the views read the settings that name this file
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Access:
    """What a key carries."""

    permissions: frozenset[str]
    account_group_ids: frozenset[str]


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[ApiKey, Access] | None:
        word, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if word.lower() != "bearer":
            return None
        prefix, _, secret = text.rpartition("_")
        groups = list(ApiKeyAccountGroup.objects.select_related("api_key").filter(api_key_id=prefix.rpartition("_")[2]))
        secret_hash = hashlib.sha256(secret[:32].encode()).digest()
        if not groups or not hmac.compare_digest(secret_hash, bytes(groups[0].api_key.secret_hash)):
            raise AuthenticationFailed("Invalid or missing API key")
        key = groups[0].api_key
        if key.revoked_ms is not None or (key.expires_ms is not None and key.expires_ms <= time.time() * 1000):
            raise AuthenticationFailed("Invalid or missing API key")
        permissions = frozenset(key.permissions.split())
        return key, Access(permissions, frozenset(group.account_group_id for group in groups))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MayReadJobs(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        access = request.auth
        return (
            access is not None
            and "prospecting:read" in access.permissions
            and view.kwargs["account_group_id"] in access.account_group_ids
        )


class KeyThrottle(BaseThrottle):
    """Counts a key's requests in a window; the library's own keeps the time of each one, which a high limit forbids."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        name = f"throttle:{request.user.id}:{int(time.time()) // WINDOW_SECONDS}"
        cache.add(name, 0, WINDOW_SECONDS)
        return cache.incr(name) <= settings.REQUESTS_A_MINUTE

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
