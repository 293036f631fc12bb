"""What a connection may send: several requests, no endless heads, no other protocol; and what the log says of it."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cast import Caller, new_caller
from tests.service import PATIENCE_SECONDS, Answer, Service, running, until

HEAD_LIMIT = 64 * 1024
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


class Connection:
    """One connection, and the answers that come over it."""

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self._received = opened.makefile("rb")

    def send(self, data: bytes) -> None:
        self._opened.sendall(data)

    def answer(self) -> Answer:
        """Read the next answer, which says its length."""
        status = int(self._received.readline().split()[1])
        headers = http.client.parse_headers(self._received)
        return Answer(status, headers, self._received.read(int(headers["Content-Length"])))

    def until_its_end(self) -> bytes:
        """Return what comes until the server ends the connection."""
        try:
            return self._received.read()
        except ConnectionResetError:  # it ended it before it had read all that was sent
            return b""

    def close(self) -> None:
        self._received.close()


@contextmanager
def connected(service: Service) -> Iterator[Connection]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS) as opened:
        connection = Connection(opened)
        try:
            yield connection
        finally:
            connection.close()


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: " + b"a" * 200_000,
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X-Small: a\r\n" * 20_000,
        b"GET /" + b"a" * 200_000,
        b"\r\n" * 100_000,
    ],
    ids=["one line", "many lines", "a URL", "no request at all"],
)
def test_a_head_that_does_not_end_is_cut_off(service: Service, endless: bytes) -> None:
    with connected(service) as connection:
        connection.send(endless)

        answer = connection.answer()

        assert answer.status == 431
        assert answer.headers["Connection"] == "close"
        assert connection.until_its_end() == b""


def test_a_head_that_does_not_end_takes_no_earlier_answer_away(service: Service) -> None:
    with connected(service) as connection:
        connection.send(GET + b"GET /healthz HTTP/1.1\r\nX-Large: " + b"a" * 200_000)

        assert connection.answer().status == 200
        assert connection.until_its_end()[:12] in (b"", b"HTTP/1.1 431")


@pytest.mark.parametrize("rest", [b"0\r\n" + b"X-Trailer: a\r\n" * 20_000, b"1;a=" + b"a" * 200_000])
def test_trailers_and_chunk_extensions_that_do_not_end_are_cut_off(alice: Caller, rest: bytes) -> None:
    with connected(alice.service) as connection:
        connection.send(head(alice, "Transfer-Encoding: chunked") + b"1\r\n{\r\n")
        connection.send(rest)

        assert connection.until_its_end() == b""


def test_a_head_that_is_cut_off_keeps_nobody_waiting(service: Service) -> None:
    with connected(service) as connection, pytest.raises(ConnectionError):
        connection.send(b"GET /healthz HTTP/1.1\r\nX-Large: " + b"a" * 25_000_000)

    assert service.call("GET", "/healthz").status == 200


def test_a_head_below_the_limit_is_refused_in_the_envelope(service: Service) -> None:
    answer = service.call("GET", "/v1/accounts", {"X-Large": "a" * (HEAD_LIMIT - 1024)})

    assert answer.refusal == (431, "VALIDATION_ERROR")


def test_a_large_body_in_the_packet_of_its_head_is_no_head(alice: Caller) -> None:
    body = b'{"reason":"' + b"a" * 900_000 + b'"}'

    answer = alice.service.send_raw(head(alice, f"Content-Length: {len(body)}") + body)

    assert answer.status == 400
    assert answer.error["fields"][0]["name"] == "reason"


def test_many_small_chunks_are_one_body(alice: Caller) -> None:
    body = b"1\r\n \r\n" * 100_000 + b"2\r\n{}\r\n0\r\n\r\n"

    answer = alice.service.send_raw(head(alice, "Transfer-Encoding: chunked") + body)

    assert answer.error["fields"][0]["name"] == "source"


def test_requests_behind_one_another_are_answered_in_their_order(alice: Caller) -> None:
    body = b'{"a":"' + b"a" * 100_000 + b'"}'
    start = head(alice, f"Content-Length: {len(body)}") + body

    with connected(alice.service) as connection:
        connection.send((GET + start) * 5 + GET)
        answers = [connection.answer() for _ in range(11)]

    assert [answer.status for answer in answers] == [200, 400] * 5 + [200]


def test_a_connection_serves_more_requests_than_fit_into_one_head(service: Service) -> None:
    with connected(service) as connection:
        for _ in range(40):
            connection.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: " + b"a" * 8_000 + b"\r\n\r\n")

            assert connection.answer().status == 200


@pytest.mark.parametrize(
    "offer",
    [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
    ],
)
def test_an_offered_protocol_is_not_taken_and_the_request_answered(service: Service, offer: str) -> None:
    with connected(service) as connection:
        connection.send(f"GET /healthz HTTP/1.1\r\nHost: a\r\n{offer}\r\n\r\n".encode())

        offered = connection.answer()
        connection.send(GET)
        later = connection.answer()

    assert (offered.status, later.status) == (200, 200)
    assert offered.headers["Upgrade"] is None


def test_every_line_of_the_log_is_json(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = "" if database_url.startswith("sqlite") else database_url
    with running(tmp_path_factory.mktemp("log"), url) as service:
        alice = new_caller(service, "alice")
        for request in (b"\x16\x03\x01garbage\r\n\r\n", b"GET  / HTTP/9\r\n\r\n", GET.replace(b"a\r", b"a\x01\r")):
            with connected(service) as connection:
                connection.send(request)
                assert connection.answer().status == 400
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
        assert service.call("GET", "/healthz", upgrade).status == 200
        trace_id = alice.get(alice.jobs).json["traceId"]

        text = until(lambda: log if trace_id in (log := service.log.read_text()) else None)

    lines = [json.loads(line) for line in text.splitlines()]
    assert len([line for line in lines if line["event"] == "library"]) == 3


def head(caller: Caller, length: str) -> bytes:
    """Return the head of a request that starts a job."""
    return (
        f"POST {caller.jobs} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {caller.key}\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    ).encode()
