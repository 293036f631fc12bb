"""One HTTP exchange: what is sent, what comes back, and the two ways to send it, blocking and asynchronous."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from goldpan.client.client_failures import NotReached, UnexpectedAnswer
from goldpan.client.wire_log import log_answer, log_request

if TYPE_CHECKING:
    import httpx2

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024  # what is held in memory; files and streams are not
PIECE_BYTES = 256 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `file`: its body. `is_repeatable`: twice does what once does.

    `timeout_seconds`: how long its answer may take to begin, and then to end, the client's time if None; of a stream,
    how long it may be silent.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    file: Path | None = None
    is_repeatable: bool = False
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """An answer whose body is still coming."""

    head: Head
    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Answer:
    head: Head
    body: bytes


class Transport(Protocol):
    """What can wait. Everything else of the client only waits through it."""

    timeout_seconds: float

    def open(self, request: Request) -> AbstractAsyncContextManager[OpenAnswer]:
        """Send a request and hand out its answer as it comes.

        Raises:
            NotReached: no answer, or not all of it.
        """
        ...

    async def pause(self, seconds: float) -> None: ...

    async def close(self) -> None: ...


async def exchange(transport: Transport, request: Request) -> Answer:
    """Send a request and return its whole answer.

    Raises:
        NotReached: it did not come, or not in time.
        UnexpectedAnswer: it is too large.
    """
    seconds = request.timeout_seconds or transport.timeout_seconds
    async with transport.open(request) as answer:
        return Answer(answer.head, await read_whole(answer, time.monotonic() + seconds))


async def read_whole(answer: OpenAnswer, deadline: float) -> bytes:
    """Return the body of an answer; `deadline` is of the monotonic clock."""
    body = bytearray()
    is_late = False
    async with aclosing(answer.pieces) as pieces:
        async for piece in pieces:
            if is_late:
                raise NotReached("the answer did not end in time", was_sent=True)
            body += piece
            if len(body) > LARGEST_ANSWER_BYTES:
                raise UnexpectedAnswer("the body does not end", answer.head.status)
            # The transport's timeout is for one piece: a byte now and then would never come to it. What ends with this
            # piece is whole, however late: only a further one is too much.
            is_late = time.monotonic() > deadline
    return bytes(body)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API is, and who calls."""

    url: str
    api_key: str = field(repr=False)
    timeout_seconds: float = 30.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if "@" in parts.netloc:
            raise ValueError("the address holds a name or a password, which would stand in logs: leave it out")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{self.url!r} is no address: take one like http://127.0.0.1:8470")
        key = self.api_key
        if not key:
            raise ValueError("no API key: give api_key, or set GOLDPAN_API_KEY")
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValueError("the API key holds characters that no key has")


class BlockingTransport:
    """Waits in the thread that calls: none of its coroutines ever suspends."""

    def __init__(self, address: Address) -> None:
        import httpx2  # the slowest import by far, so only for whoever makes a client

        self.timeout_seconds = address.timeout_seconds
        self._client = httpx2.Client(**_options(address))

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[OpenAnswer]:
        with _translated():
            content = None if request.file is None else _file_pieces(request.file)
            built = self._client.build_request(
                **_arguments(request, self.timeout_seconds), content=content or request.json
            )
            log_request(built, request.json)
            response = self._client.send(built, stream=True)
            log_answer(response)
        try:
            yield OpenAnswer(_head(response), _blocking_pieces(response))
        finally:
            response.close()

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        self._client.close()


class AsyncTransport:
    """Waits in asyncio's loop."""

    def __init__(self, address: Address) -> None:
        import httpx2

        self.timeout_seconds = address.timeout_seconds
        self._client = httpx2.AsyncClient(**_options(address))

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[OpenAnswer]:
        with _translated():
            content = None if request.file is None else _async_file_pieces(request.file)
            built = self._client.build_request(
                **_arguments(request, self.timeout_seconds), content=content or request.json
            )
            log_request(built, request.json)
            response = await self._client.send(built, stream=True)
            log_answer(response)
        try:
            yield OpenAnswer(_head(response), _async_pieces(response))
        finally:
            await response.aclose()

    async def pause(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._client.aclose()


def _options(address: Address) -> dict[str, Any]:
    return {
        "base_url": address.url,
        "headers": {"Authorization": f"Bearer {address.api_key}", "Accept": "application/json"},
        "timeout": address.timeout_seconds,
        # a proxy of the environment cannot reach this machine's own addresses
        "trust_env": urlsplit(address.url).hostname not in LOOPBACK,
    }


def _arguments(request: Request, client_seconds: float) -> dict[str, Any]:
    import httpx2

    headers = dict(request.headers)
    if request.json is not None:
        headers["Content-Type"] = "application/json"
    if request.file is not None:
        headers["Content-Length"] = str(request.file.stat().st_size)
    arguments: dict[str, Any] = {"method": request.method, "url": request.path, "headers": headers}
    if request.query:
        arguments["params"] = dict(request.query)
    if request.timeout_seconds is not None:
        # However long the answer may take, whether somebody is there shows soon.
        to_begin = min(request.timeout_seconds, client_seconds)
        arguments["timeout"] = httpx2.Timeout(request.timeout_seconds, connect=to_begin, pool=to_begin)
    return arguments


def _head(response: "httpx2.Response") -> Head:
    return Head(response.status_code, {name.lower(): value for name, value in response.headers.items()})


def _file_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def _async_file_pieces(path: Path) -> AsyncIterator[bytes]:
    for piece in _file_pieces(path):
        yield piece


async def _blocking_pieces(response: "httpx2.Response") -> AsyncGenerator[bytes, None]:
    with _translated():
        for piece in response.iter_bytes():
            yield piece


async def _async_pieces(response: "httpx2.Response") -> AsyncGenerator[bytes, None]:
    with _translated():
        async for piece in response.aiter_bytes():
            yield piece


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the failures of the HTTP library into ours, in words that show no key and ask for no knowledge of it."""
    import httpx2

    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise NotReached(_why_nobody_was_reached(error), was_sent=False) from error
    except httpx2.TimeoutException as error:
        raise NotReached("the answer did not come in time", was_sent=True) from error
    except httpx2.TransportError as error:
        raise NotReached("the connection gave no whole answer", was_sent=True) from error
    except httpx2.DecodingError as error:
        raise UnexpectedAnswer("the body cannot be unpacked", 200) from error


def _why_nobody_was_reached(error: "httpx2.TransportError") -> str:
    import socket
    import ssl

    url = error.request.url
    cause: BaseException | None = error
    while cause is not None:  # the system's own error lies below those of two libraries
        if isinstance(cause, socket.gaierror):
            return f"nobody knows the name {url.host}"
        if isinstance(cause, ssl.SSLError):
            return f"no safe connection to {url.host}: {(cause.reason or 'TLS').replace('_', ' ').lower()}"
        cause = cause.__cause__ or cause.__context__
    return f"no server answers at {url.scheme}://{url.netloc.decode('ascii')}: is `goldpan serve` running there?"
