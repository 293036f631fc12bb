"""Turns at the work that a password takes: a few at once, some who wait, and nobody beyond them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from goldpan.contract.error_catalogue import ErrorKind, Problem


class Turns:
    """A password takes a core and 64 MB for a twentieth of a second: strangers must not get all of this machine."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the block.

        Raises:
            Problem: SERVICE_UNAVAILABLE, too many wait already.
        """
        if self._waiting >= self._most_waiting:
            raise Problem(ErrorKind.SERVICE_UNAVAILABLE, "too many want to sign in", headers={"Retry-After": "2"})
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()
