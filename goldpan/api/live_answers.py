"""Answers that stay open, streams, waits and downloads: how many a key may have, what wakes and what ends them.

None of them holds a thread, a connection to the database or a timer of its own: one task asks for all, four times a
second, which of their jobs have changed, and once a second whether their keys are still good.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.access_rules import Principal
from goldpan.metrics import LIVE_ANSWERS
from goldpan.operations.account_operations import identify
from goldpan.operations.job_live_operations import job_versions
from goldpan.operations.toolbox import Toolbox

CONNECTION_END = "goldpan.connection_end"
"""Where the ASGI scope holds the ConnectionEnd; a server that knows nothing of it may leave it out."""

MOST_PER_KEY = 10
RETRY_SECONDS = 5
POLL_SECONDS = 0.25
POLLS_PER_KEY_CHECK = 4


class BrokenOff(Exception):
    """The answer must not go on, though not all of it was sent."""


class ConnectionEnd:
    """Tells who waits on a connection that nobody is at its other end any more, or that the server stops."""

    def __init__(self) -> None:
        self.has_come = False
        self.listeners: set[Callable[[], None]] = set()

    def come(self) -> None:
        self.has_come = True
        for listener in tuple(self.listeners):
            listener()


class LiveAnswer:
    """One answer that goes on until `is_over`, and may wait for changes of one job; `job_id` None: it does not."""

    def __init__(self, caller: Principal, key_text: str, job_id: str | None, connection_end: ConnectionEnd) -> None:
        self.caller = caller
        self.key_text = key_text
        self.job_id = job_id
        self.version = 0
        self.is_over = connection_end.has_come
        self.has_lost_its_key = False
        self.connection_end = connection_end
        self._wake = asyncio.Event()
        connection_end.listeners.add(self.end)

    async def changed(self, version: int, seconds: float) -> bool:
        """Wait until the job is past `version`; False: `seconds` are over, or the answer is."""
        self.version = version
        self._wake.clear()
        if self.is_over or seconds <= 0:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
                return not self.is_over
        return False

    def notice(self, version: int) -> None:
        if version > self.version:
            self._wake.set()

    def end(self) -> None:
        self.is_over = True
        self._wake.set()

    def lose_key(self) -> None:
        self.has_lost_its_key = True
        self.end()

    async def guard(self, chunks: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
        """Yield the chunks.

        Raises:
            BrokenOff: the answer is over before they are: whoever reads must not take what came for all of it.
        """
        async with aclosing(chunks):
            async for chunk in chunks:
                if self.is_over:
                    raise BrokenOff
                yield chunk


class LiveAnswers:
    """The answers of this process that are open."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._of_key: dict[str, list[LiveAnswer]] = {}
        self._poller: asyncio.Task[None] | None = None

    def open(self, caller: Principal, key_text: str, job_id: str | None, connection_end: ConnectionEnd) -> LiveAnswer:
        """Return a new answer, which must be closed.

        Raises:
            Problem: RATE_LIMITED, the key has as many as it may.
        """
        if len(self._of_key.get(caller.key_id, ())) >= MOST_PER_KEY:
            what = f"{MOST_PER_KEY} streams, waits and downloads"
            details = f"the key has {what} open: end one, or try again in {RETRY_SECONDS} s"
            raise Problem(ErrorKind.RATE_LIMITED, details, headers={"Retry-After": str(RETRY_SECONDS)})
        answer = LiveAnswer(caller, key_text, job_id, connection_end)
        self._of_key.setdefault(caller.key_id, []).append(answer)
        LIVE_ANSWERS.inc()
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="live answers")
        return answer

    def close(self, answer: LiveAnswer) -> None:
        answer.connection_end.listeners.discard(answer.end)
        of_key = self._of_key[answer.caller.key_id]
        of_key.remove(answer)
        LIVE_ANSWERS.dec()
        if not of_key:
            del self._of_key[answer.caller.key_id]

    async def _poll(self) -> None:
        """Wake who has something to do, while anybody is there."""
        polls = 0
        try:
            while self._of_key:
                await asyncio.sleep(POLL_SECONDS)
                polls += 1
                with suppress(Problem):  # the database is away: nothing changes, and nobody could read it
                    await self._notice_changes()
                    if polls % POLLS_PER_KEY_CHECK == 0:
                        await self._check_keys()
        finally:
            for answer in self._answers():  # none, unless a bug ended the poll: nobody shall wait for it in vain
                answer.end()

    async def _notice_changes(self) -> None:
        job_ids = {answer.job_id for answer in self._answers() if answer.job_id}
        versions = await job_versions(self._toolbox, list(job_ids)) if job_ids else {}
        for answer in self._answers():
            if answer.job_id:
                answer.notice(versions.get(answer.job_id, 0))

    async def _check_keys(self) -> None:
        for answers in [tuple(of_key) for of_key in self._of_key.values()]:
            bearer = await identify(self._toolbox, answers[0].key_text)
            for answer in answers:
                if answer.caller != bearer:
                    answer.lose_key()

    def _answers(self) -> list[LiveAnswer]:
        return [answer for of_key in self._of_key.values() for answer in of_key]
