"""Requests with all that belongs to them: repeated where that is safe and helps, and refusals as exceptions."""

import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from goldpan.client.client_failures import REFUSALS, GoldpanError, NotReached, Refused, UnexpectedAnswer
from goldpan.client.shape_reader import Misfit, read_shape
from goldpan.client.wire import Answer, Head, OpenAnswer, Request, Transport, exchange, read_whole
from goldpan.client.wire_log import log_pause
from goldpan.contract.error_catalogue import InvalidField

T = TypeVar("T")

ATTEMPTS = 5
LONGEST_PAUSE_SECONDS = 60.0  # who is told to come back later than that tells the caller
SHORTEST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8.0

RATE_LIMITED_STATUS = 429
"""The answer of a server that did nothing at all: whatever was asked may be sent again."""
PASSING_STATUSES = (500, 502, 503, 504)
"""Answers that may be others in a moment, of a server that may have done what it was asked for."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends requests: `attempts` is how often one is sent at the most."""

    transport: Transport
    attempts: int = ATTEMPTS

    async def call(self, request: Request, shape: type[T]) -> T:
        """Return the `data` of the answer.

        Raises:
            Refused: the API said no.
            NotReached: no answer came.
            UnexpectedAnswer: what came is none of this API.
        """
        answer = await self.send(request)
        return read_as(shape, read_data(answer), answer.head)

    async def send(self, request: Request) -> Answer:
        """Return a success, or a 304.

        Raises:
            GoldpanError: as `call`.
        """
        may_have_worked = False
        for attempt in range(1, self.attempts + 1):
            try:
                answer = await exchange(self.transport, request)
                _raise_refusal(answer)
                return answer
            except GoldpanError as failure:
                failure.may_have_worked = may_have_worked = may_have_worked or failure.may_have_worked
                await self._pause_before_repeat(request, attempt, failure)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[OpenAnswer]:
        """Hand out a success whose body is still coming; only what came before that is repeated.

        Raises:
            GoldpanError: as `call`.
        """
        may_have_worked = False
        for attempt in range(1, self.attempts + 1):
            is_open = False
            try:
                async with self.transport.open(request) as answer:
                    await self._refuse_failure(answer)
                    is_open = True
                    yield answer
                    return
            except GoldpanError as failure:
                if is_open:
                    raise
                failure.may_have_worked = may_have_worked = may_have_worked or failure.may_have_worked
                await self._pause_before_repeat(request, attempt, failure)

    def once(self) -> "Sender":
        """Return one that repeats nothing."""
        return replace(self, attempts=1)

    async def _refuse_failure(self, answer: OpenAnswer) -> None:
        if not 200 <= answer.head.status < 300:
            deadline = time.monotonic() + self.transport.timeout_seconds
            _raise_refusal(Answer(answer.head, await read_whole(answer, deadline)))
            raise UnexpectedAnswer("no success, and no refusal", answer.head.status)

    async def _pause_before_repeat(self, request: Request, attempt: int, failure: GoldpanError) -> None:
        """Wait until the request may be sent again; where it may not, the failure rises."""
        told_seconds = told_pause(failure)
        seconds = backoff_seconds(attempt) if told_seconds is None else told_seconds
        if attempt == self.attempts or not may_repeat(request, failure) or seconds > LONGEST_PAUSE_SECONDS:
            raise failure
        log_pause(failure, seconds)
        await self.transport.pause(seconds)


def may_repeat(request: Request, failure: GoldpanError) -> bool:
    if isinstance(failure, NotReached):
        return request.is_repeatable or not failure.was_sent
    if isinstance(failure, Refused | UnexpectedAnswer):
        is_passing = request.is_repeatable and failure.status in PASSING_STATUSES
        return failure.status == RATE_LIMITED_STATUS or is_passing
    return False


def told_pause(failure: GoldpanError) -> float | None:
    """Return after how many seconds the server asks to be tried again; None: it does not."""
    return failure.retry_after_seconds if isinstance(failure, Refused | UnexpectedAnswer) else None


def backoff_seconds(attempt: int) -> float:
    """Return a pause after failed attempt number `attempt`, of another length for each client."""
    longest = min(LONGEST_BACKOFF_SECONDS, SHORTEST_BACKOFF_SECONDS * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)


def build_path(template: str, **ids: str) -> str:
    """Return the path with its ids filled in, so that no id can lead to another path.

    Raises:
        ValueError: an id is empty, or stands for a step in the path.
    """
    for name, text in ids.items():
        if text in ("", ".", ".."):
            raise ValueError(f"{name} {text!r} is no id")
    return template.format(**{name: quote(text, safe="") for name, text in ids.items()})


# --- answers ------------------------------------------------------------------------------------------------------


def read_data(answer: Answer) -> Any:
    """Return the `data` of an envelope that says success."""
    document = read_json(answer)
    if not isinstance(document, dict) or document.get("success") is not True:
        raise UnexpectedAnswer("no answer of this API", answer.head.status)
    return document.get("data")


def read_json(answer: Answer) -> Any:
    try:
        return msgspec.json.decode(answer.body)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer("the body is no JSON", answer.head.status) from error


def read_as(shape: type[T], value: Any, head: Head) -> T:
    try:
        return read_shape(shape, value)
    except Misfit as misfit:
        raise UnexpectedAnswer(str(misfit), head.status) from misfit


def _raise_refusal(answer: Answer) -> None:
    """Raise what a failure says; a success, or a 304, is none."""
    head = answer.head
    if 200 <= head.status < 300 or head.status == 304:
        return
    failure = _refusal(answer) or UnexpectedAnswer("no answer of this API", head.status)
    failure.retry_after_seconds = _retry_after(head.headers)
    raise failure


def _refusal(answer: Answer) -> Refused | None:
    """Return the refusal in an envelope; None: the body is none."""
    try:
        document = msgspec.json.decode(answer.body)
        error = document["error"]
        code, message = error["code"], error["message"]
        details, fields = error.get("details"), error.get("fields") or []
        problems = [InvalidField(str(one["in"]), str(one["name"]), str(one["rule"])) for one in fields]
        trace_id = document.get("traceId") or answer.head.headers.get("x-trace-id")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    kind = REFUSALS.get(code, Refused) if isinstance(code, str) else Refused
    return kind(answer.head.status, str(code), str(message), details=details, fields=problems, trace_id=trace_id)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After tells, in either of its forms; None: it tells none."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    from email.utils import parsedate_to_datetime  # a slow import that hardly anybody needs

    try:
        # By the server's own clock: ours may differ from it.
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())
