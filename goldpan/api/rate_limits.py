"""How many requests a key may make in a window of time, and how many bad keys an address may try."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.metrics import RATE_LIMIT_REFUSALS

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one more request was within the limit, and the fields that tell the caller where they stand."""

    is_allowed: bool
    headers: Headers
    window_end: float

    def refusal(self) -> Problem:
        return Problem(ErrorKind.RATE_LIMITED, f"try again in {self.headers['Retry-After']} s", headers=self.headers)


class SharedCounts(Protocol):
    """Counts that several processes share: `(how often in the window, its end)`; None: count alone for the moment."""

    async def add(self, key: str, window_seconds: int) -> tuple[int, float] | None: ...

    async def take_back(self, key: str, window_end: float) -> tuple[int, float] | None: ...


class RateLimit:
    """One limit, per caller. `name` is the policy's in the headers.

    Kept with all processes that have the same `shared` counts; without them, and while they are away, in this process.

    The header fields follow draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy: "key";q=600;w=60`.
    """

    def __init__(
        self, name: str, rate: str, now_seconds: Callable[[], float], shared: SharedCounts | None = None
    ) -> None:
        """`rate` is a number above zero and a unit of time, as in `600/minute`; ValueError for anything else."""
        self._name = name
        self._item = _parse_rate(rate)
        self._storage = MemoryStorage()
        self._shared = shared
        self._now_seconds = now_seconds
        self._policy = f'"{name}";q={self._item.amount};w={self._item.get_expiry()}'
        self._refusals = RATE_LIMIT_REFUSALS.labels(name)

    async def hit(self, caller: str) -> Verdict:
        """Count one request of `caller`."""
        key = self._item.key_for(self._name, caller)
        if self._shared is not None and (shared := await self._shared.add(key, self._item.get_expiry())):
            return self._verdict(*shared)
        # The library's fixed window asks its storage three times a hit; these two are the same.
        count = self._storage.incr(key, self._item.get_expiry())
        return self._verdict(count, self._storage.get_expiry(key))

    async def give_back(self, caller: str, verdict: Verdict) -> Verdict:
        """Take back the request that was counted as `verdict`; in a later window there is nothing to take back."""
        key = self._item.key_for(self._name, caller)
        if self._shared is not None and (shared := await self._shared.take_back(key, verdict.window_end)):
            return self._verdict(*shared)
        window_end = self._storage.get_expiry(key)
        count = self._storage.decr(key) if window_end == verdict.window_end else self._storage.get(key)
        return self._verdict(count, window_end)

    def _verdict(self, count: int, window_end: float) -> Verdict:
        seconds_left = max(1, math.ceil(window_end - self._now_seconds()))
        is_allowed = count <= self._item.amount
        headers = {
            "RateLimit-Policy": self._policy,
            "RateLimit": f'"{self._name}";r={max(0, self._item.amount - count)};t={seconds_left}',
        }
        if not is_allowed:
            headers["Retry-After"] = str(seconds_left)
            self._refusals.inc()
        return Verdict(is_allowed, headers, window_end)


def _parse_rate(rate: str) -> RateLimitItem:
    items = parse_many(rate)
    if len(items) != 1 or items[0].amount < 1:
        raise ValueError(rate)
    return items[0]
