"""How large a request may be, and in what form a body comes."""

import pytest

from goldpan.api.routes import Route
from tests.cast import Caller
from tests.gate_requests import each_route, takes_body, target

BODY_LIMIT = 1024 * 1024
URL_LIMIT = 8 * 1024
HEADER_LIMIT = 16 * 1024


def test_a_url_of_8_kib_is_read_and_a_longer_one_refused(alice: Caller) -> None:
    start = "/v1/accounts?a="

    longest = alice.get(start + "a" * (URL_LIMIT - len(start)))
    longer = alice.get(start + "a" * (URL_LIMIT - len(start) + 1))

    assert longest.refusal == (400, "VALIDATION_ERROR")
    assert longest.error["fields"][0]["name"] == "a"
    assert longer.refusal == (414, "VALIDATION_ERROR")


def test_a_path_of_8_kib_is_read_and_a_longer_one_refused(alice: Caller) -> None:
    assert alice.get("/" + "a" * (URL_LIMIT - 1)).status == 404
    assert alice.get("/" + "a" * URL_LIMIT).status == 414


@pytest.mark.parametrize("size", [20_000, 60_000])
def test_a_much_longer_url_is_refused_in_the_envelope(alice: Caller, size: int) -> None:
    answer = alice.get("/v1/accounts?a=" + "a" * size)

    assert answer.refusal == (414, "VALIDATION_ERROR")


def test_headers_of_nearly_16_kib_are_read_and_larger_ones_refused(alice: Caller) -> None:
    fits = alice.call("GET", "/v1/accounts", x_large="a" * (HEADER_LIMIT - 512))
    exceeds = alice.call("GET", "/v1/accounts", x_large="a" * HEADER_LIMIT)

    assert fits.status == 200
    assert exceeds.refusal == (431, "VALIDATION_ERROR")


def test_many_small_headers_are_refused_as_one_large_one(alice: Caller) -> None:
    headers = [(f"X-Header-{number}", "a" * 20) for number in range(1000)]

    answer = alice.service.call("GET", "/v1/accounts", headers)

    assert answer.refusal == (431, "VALIDATION_ERROR")


@each_route(takes_body)
def test_a_body_of_more_than_1_mib_is_refused(alice: Caller, route: Route) -> None:
    path, content_type = target(route, alice.account_group_id), "application/json"

    by_length = alice.call(route.method, path, b" " * (BODY_LIMIT + 1), content_type=content_type)
    huge = alice.call(route.method, path, b"[" * 3_000_000, content_type=content_type)
    by_chunks = alice.call(
        route.method, path, chunked(b" " * 65536, 48), content_type=content_type, transfer_encoding="chunked"
    )

    for answer in (by_length, huge, by_chunks):
        assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")


@each_route(takes_body)
def test_a_body_of_1_mib_is_read(alice: Caller, route: Route) -> None:
    body = b"{" + b" " * (BODY_LIMIT - 2) + b"}"

    answer = alice.call(route.method, target(route, alice.account_group_id), body, content_type="application/json")

    assert answer.status in (400, 404)  # nothing is in it, and nobody's job is not there


def test_a_large_body_is_refused_before_it_was_sent(alice: Caller) -> None:
    request = f"POST {alice.jobs} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice.key}\r\n"
    request += "Content-Type: application/json\r\nContent-Length: 3000000\r\n\r\n"

    answer = alice.service.send_raw(request.encode())

    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_in_chunks_is_read_as_one(alice: Caller) -> None:
    body = b'{"source":"url_upload","urls":["https://www.linkedin.com/in/alice"]}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"

    answer = alice.call("POST", alice.jobs, chunks, content_type="application/json", transfer_encoding="chunked")

    assert answer.status == 202


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/merge-patch+json",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "json",
    ],
)
@each_route(takes_body)
def test_a_body_of_another_type_is_refused(alice: Caller, route: Route, content_type: str) -> None:
    answer = alice.call(route.method, target(route, alice.account_group_id), b"{}", content_type=content_type)

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@each_route(takes_body)
def test_a_body_without_a_type_is_refused(alice: Caller, route: Route) -> None:
    answer = alice.call(route.method, target(route, alice.account_group_id), b"{}")

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x", "gzip, identity"])
def test_a_compressed_body_is_refused(alice: Caller, encoding: str) -> None:
    answer = alice.post(alice.jobs, b"{}", content_encoding=encoding)

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json; charset="UTF-8"',
        " application/json ; charset=utf-8",
    ],
)
def test_json_in_utf_8_is_read_however_its_type_is_written(alice: Caller, content_type: str) -> None:
    body = {"source": "url_upload", "urls": ["https://www.linkedin.com/in/alice"]}

    assert alice.post(alice.jobs, body, content_type=content_type).status == 202


def chunked(chunk: bytes, times: int) -> bytes:
    return (b"%x\r\n%s\r\n" % (len(chunk), chunk)) * times + b"0\r\n\r\n"
