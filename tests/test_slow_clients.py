"""Clients that send a byte now and then: they are cut off, and nobody waits for them."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector

import pytest

from tests.cast import Caller, new_caller
from tests.processes import bound
from tests.service import Service

CUT_SECONDS = 15  # what we publish
SIEGE_SECONDS = 16.0
BETWEEN_BYTES_SECONDS = 0.5
STEADY_BODY_BYTES = 12_000


@dataclass
class Siege:
    """What came of 200 slow connections, of a slow but steady one, and of everybody else meanwhile."""

    open_seconds: dict[str, list[float]] = field(default_factory=dict)  # how long each connection of a kind was open
    last_words: dict[str, set[bytes]] = field(default_factory=dict)  # what the server said first on them
    others_seconds: list[float] = field(default_factory=list)
    others_statuses: set[int] = field(default_factory=set)
    steady_answer: bytes = b""


@pytest.fixture(scope="module")
def siege(services: dict[str, Service]) -> Siege:
    service = services["sqlite"]
    alice = new_caller(service, "alice")
    found = Siege()
    others = [
        threading.Thread(target=_call_all_the_time, args=(alice, found)),
        threading.Thread(target=_upload_steadily, args=(alice, found)),
    ]
    for thread in others:
        thread.start()
    _besiege(alice, found)
    for thread in others:
        thread.join()
    return found


def test_two_hundred_slow_clients_are_cut_off_in_time(siege: Siege) -> None:
    assert {kind: len(seconds) for kind, seconds in siege.open_seconds.items()} == {
        "a head that does not end": 100,
        "a body that does not end": 50,
        "no word at all": 50,
    }
    assert max(max(seconds) for seconds in siege.open_seconds.values()) <= bound(CUT_SECONDS)


def test_a_head_that_did_not_come_in_time_is_told_so(siege: Siege) -> None:
    assert {words[:12] for words in siege.last_words["a head that does not end"]} == {b"HTTP/1.1 408"}


def test_a_connection_without_a_word_is_ended_without_one(siege: Siege) -> None:
    assert siege.last_words["no word at all"] == {b""}


def test_nobody_waits_for_slow_clients(siege: Siege) -> None:
    p99_seconds = statistics.quantiles(siege.others_seconds, n=100)[98]

    assert siege.others_statuses == {200}
    assert len(siege.others_seconds) > 100
    assert p99_seconds < bound(1)


def test_a_body_that_comes_slowly_but_steadily_is_taken(siege: Siege) -> None:
    assert siege.steady_answer.startswith(b"HTTP/1.1 400"), "an unknown field, which the answer can only name once read"
    assert b"steady" in siege.steady_answer


def _besiege(alice: Caller, found: Siege) -> None:
    heads = {
        "a head that does not end": (100, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "),
        "a body that does not end": (50, _head(alice, 10_000) + b'{"'),
        "no word at all": (50, b""),
    }
    with ExitStack() as stack, DefaultSelector() as selector:
        for kind, (count, head) in heads.items():
            found.open_seconds[kind], found.last_words[kind] = [], set()
            for _ in range(count):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", alice.service.port)))
                connection.sendall(head)
                selector.register(connection, EVENT_READ, (kind, time.monotonic()))
        deadline = time.monotonic() + SIEGE_SECONDS
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(BETWEEN_BYTES_SECONDS):
                kind, opened = key.data
                found.last_words[kind].add(_read(key.fileobj))
                found.open_seconds[kind].append(time.monotonic() - opened)
                selector.unregister(key.fileobj)
            for key in list(selector.get_map().values()):
                if key.data[0] != "no word at all":
                    _send_a_byte(key.fileobj)


def _read(connection: object) -> bytes:
    assert isinstance(connection, socket.socket)
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def _send_a_byte(connection: object) -> None:
    assert isinstance(connection, socket.socket)
    try:
        connection.sendall(b"a")
    except ConnectionError:
        return  # it was cut off this moment; the next look at it says so


def _call_all_the_time(alice: Caller, found: Siege) -> None:
    for _ in _moments():
        began = time.monotonic()
        found.others_statuses.add(alice.get(alice.jobs).status)
        found.others_seconds.append(time.monotonic() - began)


def _moments() -> Iterator[None]:
    deadline = time.monotonic() + SIEGE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)


def _upload_steadily(alice: Caller, found: Siege) -> None:
    """Send a body at 1,000 bytes a second, for longer than a head may take."""
    body = b'{"steady":"' + b"a" * (STEADY_BODY_BYTES - 13) + b'"}'
    with socket.create_connection(("127.0.0.1", alice.service.port), timeout=SIEGE_SECONDS) as connection:
        connection.sendall(_head(alice, len(body)))
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
            time.sleep(1)
        found.steady_answer = connection.recv(65_536)


def _head(alice: Caller, length: int) -> bytes:
    return (
        f"POST {alice.jobs} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()
