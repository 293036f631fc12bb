"""Counts that several processes share, in Redis or Valkey: how often somebody called in a window of time."""

import time
from collections.abc import Awaitable, Callable
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

Count = tuple[int, float]
"""How often in the present window, and when it ends, in seconds since 1970."""

ANSWER_SECONDS = 0.25  # a request waits no longer for its count than for all the rest
REST_SECONDS = 1.0
PREFIX = "goldpan:count:"

# A key lives as long as its window: one that has no end, after a crash of the server between two commands, gets one.
_ADD = """
local count, left = redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1])
if left < 0 then left = tonumber(ARGV[1]); redis.call('PEXPIRE', KEYS[1], left) end
return {count, left}
"""
# Only in the window that it was counted in, told by its end: a count of what is gone would be one that never ends.
_TAKE_BACK = """
local left = redis.call('PTTL', KEYS[1])
if left < 0 then return {0, 0} end
if math.abs(left - tonumber(ARGV[1])) > 1000 then return {tonumber(redis.call('GET', KEYS[1]) or '0'), left} end
return {redis.call('DECR', KEYS[1]), left}
"""


class SharedCounter:
    """Fixed windows, each from its first count on; one round trip a call.

    Where nobody answers, or nobody answered a moment ago, a call returns None: the caller must count alone.
    """

    def __init__(self, url: str, log: Callable[[str], None]) -> None:
        """`url` is `redis://…` or `rediss://…`; nothing is opened yet. ValueError: it is neither."""
        self._log = log
        self._redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # an idle connection may have been closed: once more, on a new one
            protocol=2,
        )
        self._add = self._redis.register_script(_ADD)
        self._take_back = self._redis.register_script(_TAKE_BACK)
        self._is_away = False
        self._rests_until = 0.0

    async def add(self, key: str, window_seconds: int) -> Count | None:
        """Count one more."""
        return await self._ask(lambda: self._add(keys=[PREFIX + key], args=[window_seconds * 1000]))

    async def take_back(self, key: str, window_end: float) -> Count | None:
        """Take one back of the window with that end; in a later one there is nothing to take back."""
        left_ms = round((window_end - time.time()) * 1000)
        return await self._ask(lambda: self._take_back(keys=[PREFIX + key], args=[left_ms]))

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, ask: Callable[[], Awaitable[object]]) -> Count | None:
        if time.monotonic() < self._rests_until:
            return None
        try:
            count, left_ms = cast("list[int]", await ask())
        except (RedisError, OSError, TimeoutError):
            self._rests_until = time.monotonic() + REST_SECONDS  # the others need not wait for the same
            self._note(is_away=True)
            return None
        self._note(is_away=False)
        return count, time.time() + max(0, left_ms) / 1000

    def _note(self, *, is_away: bool) -> None:
        if is_away != self._is_away:
            self._is_away = is_away
            self._log("shared_counter_away" if is_away else "shared_counter_back")
