"""What every answer looks like: methods, unknown paths, trace ids and the envelope."""

import re

import pytest

from goldpan.api.routes import ROUTES, Route
from tests.cast import NOBODYS_ID, Caller
from tests.gate_requests import ask_as, each_route, needs_key, target
from tests.service import Answer, Service, until

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
FRESH = re.compile(r"[0-9a-f]{32}")


def trace_id(answer: Answer) -> str:
    """Return the trace id of an answer, which its header and its envelope share."""
    sent = answer.headers.get_all("X-Trace-Id")
    assert sent is not None
    assert sent == [answer.json["traceId"]]
    assert FRESH.fullmatch(sent[0])
    return sent[0]


# --- methods ------------------------------------------------------------------------------------------------------


@each_route(lambda route: route.method == "GET")
def test_head_answers_as_get_but_without_the_body(alice: Caller, route: Route) -> None:
    path = target(route, alice.account_group_id)

    get, head = alice.get(path), alice.call("HEAD", path)

    assert head.status == get.status
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))
    assert set(head.headers.keys()) == set(get.headers.keys())


def allowed_methods(path: str) -> set[str]:
    methods = {route.method for route in ROUTES if route.path == path}
    return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@each_route(lambda _route: True)
def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_knows(
    alice: Caller, route: Route, method: str
) -> None:
    allowed = allowed_methods(route.path)

    answer = alice.call(method, target(route, alice.account_group_id))

    if method in allowed:
        assert answer.status != 405
    else:
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(", ")) == allowed
        if method != "HEAD":
            assert answer.refusal == (405, "METHOD_NOT_ALLOWED")


@each_route(lambda _route: True)
def test_options_tells_the_methods_and_nothing_of_other_origins(alice: Caller, route: Route) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

    answer = alice.service.call("OPTIONS", target(route, "malformed"), headers)

    assert answer.status == 204
    assert answer.body == b""
    assert set(answer.headers["Allow"].split(", ")) == allowed_methods(route.path)
    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


@each_route(needs_key)
def test_no_answer_lets_pages_of_other_origins_read_it(alice: Caller, route: Route) -> None:
    answer = alice.call(route.method, target(route, alice.account_group_id), origin="https://evil.example")

    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


# --- unknown paths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/accounts",
        "/V1/accounts",
        "/v1/Accounts",
        "/v1/accounts/",
        "//v1/accounts",
        "/v1//accounts",
        "/v1/accounts%0A",
        "/v1/accounts%20",
        "/v1/accounts;a=b",
        "/v1%2Faccounts",
        "/v1%2faccounts",
        "/v1%5Caccounts",
        "/v1\\accounts",
        "/v1%252Faccounts",
        "/v1/accounts/{group}%2Fprospecting",
        "/v1/accounts/{group}/prospecting/{id}%2F..",
        "/v1/accounts/../accounts",
        "/v1/./accounts",
        "/v1/accounts/{group}",
        "/v1/accounts/{group}/",
        "/v1/accounts//prospecting",
        "/v1/accounts/{group}/prospecting/",
        "/v1/accounts/{group}/prospecting%0A",
        "/v1/accounts/{group}/prospecting/{id}/",
        "/v1/accounts/{group}/prospecting/{id}/cancel/",
        "/v1/accounts/{group}/prospecting/{id}/resume/now",
        "/v1/accounts/{group}/audiences/{id}/prospects%0A",
        "/healthz/",
        "/healthz%0A",
        "/favicon.ico",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/v1/" + "a/" * 1000,
    ],
)
def test_an_unknown_path_is_not_found_and_never_redirected(alice: Caller, path: str) -> None:
    answer = alice.get(path.format(group=alice.account_group_id, id=NOBODYS_ID))

    assert answer.refusal == (404, "NOT_FOUND")
    assert answer.headers["Location"] is None


@pytest.mark.parametrize("path", ["/v1/%ff", "/v1/%c3%28", "/v1/%00", "/v1/accounts/%ed%a0%80/prospecting"])
def test_a_path_that_is_no_text_is_refused(service: Service, path: str) -> None:
    answer = service.call("GET", path)

    assert answer.refusal == (400, "VALIDATION_ERROR")


# --- trace ids ----------------------------------------------------------------------------------------------------


@each_route(needs_key)
def test_the_trace_id_of_the_caller_is_kept(alice: Caller, route: Route) -> None:
    answer = alice.call(route.method, target(route, alice.account_group_id), traceparent=TRACEPARENT)

    assert trace_id(answer) == TRACE_ID


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/v1/accounts", 405), ("GET", "/v1/accounts", 401)]
)
def test_the_trace_id_of_the_caller_is_kept_in_refusals(service: Service, method: str, path: str, status: int) -> None:
    answer = service.call(method, path, {"traceparent": TRACEPARENT})

    assert answer.status == status
    assert trace_id(answer) == TRACE_ID


@pytest.mark.parametrize(
    "traceparent",
    [
        "01-{id}-00f067aa0ba902b7-01-what-later-versions-add",
        "cc-{id}-00f067aa0ba902b7-01",
        "00-{id}-00f067aa0ba902b7-00",
    ],
)
def test_a_traceparent_of_any_version_is_read(service: Service, traceparent: str) -> None:
    answer = service.call("GET", "/v1/accounts", {"traceparent": traceparent.format(id=TRACE_ID)})

    assert trace_id(answer) == TRACE_ID


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "{id}",
        "00-{id}-00f067aa0ba902b7",
        "00-{id}-00f067aa0ba902b7-01-",
        "00-{id}-00f067aa0ba902b7-01-more",
        "00-{id}-00f067aa0ba902b7-0",
        "00-{id}-00f067aa0ba902b7-011",
        "00-{id}-0000000000000000-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-{id}-00f067aa0ba902b7-01",
        "0-{id}-00f067aa0ba902b7-01",
        "00-{id}a-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-{id}-00F067AA0BA902B7-01",
        "00_{id}_00f067aa0ba902b7_01",
        "00-{id}-00f067aa0ba902b7-01, 00-{id}-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    ],
)
def test_a_traceparent_that_is_none_gives_a_fresh_trace_id(service: Service, traceparent: str) -> None:
    answer = service.call("GET", "/v1/accounts", {"traceparent": traceparent.format(id=TRACE_ID)})

    assert trace_id(answer) != TRACE_ID


def test_two_traceparents_give_a_fresh_trace_id(service: Service) -> None:
    answer = service.call("GET", "/v1/accounts", [("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)])

    assert trace_id(answer) != TRACE_ID


def test_every_request_has_its_own_trace_id(alice: Caller) -> None:
    answers = [alice.get(alice.jobs) for _ in range(20)]

    assert len({trace_id(answer) for answer in answers}) == 20


def test_the_trace_id_stands_in_the_log(alice: Caller) -> None:
    answer = alice.get(alice.jobs)

    until(lambda: trace_id(answer) in alice.service.log.read_text())  # it is written when the answer has gone


# --- envelopes ----------------------------------------------------------------------------------------------------


@each_route(needs_key)
def test_every_answer_of_every_route_has_the_envelope(alice: Caller, route: Route) -> None:
    answers = [ask_as(alice, route), ask_as(alice, route, query="?x=1"), ask_as(alice.revoked(), route)]

    for answer in answers:
        assert list(answer.json) == ["success", "data", "error", "traceId"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_success_has_exactly_the_envelope_of_the_reference(alice: Caller) -> None:
    answer = alice.get(alice.jobs)

    assert answer.json == {
        "success": True,
        "data": {"items": [], "nextCursor": None, "hasMore": False},
        "error": None,
        "traceId": answer.headers["X-Trace-Id"],
    }


def test_a_refusal_has_exactly_the_envelope_of_the_reference(alice: Caller) -> None:
    answer = alice.get(f"{alice.jobs}/{NOBODYS_ID}")

    assert answer.json == {
        "success": False,
        "data": None,
        "error": {"code": "NOT_FOUND", "message": answer.error["message"], "details": answer.details},
        "traceId": answer.headers["X-Trace-Id"],
    }


def test_several_problems_of_one_request_are_joined_in_one_line(alice: Caller) -> None:
    answer = alice.get(alice.jobs + "?limit=0&status=done&colour=red")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [field["name"] for field in answer.error["fields"]] == ["colour", "limit", "status"]
    assert answer.details == "; ".join(f"{field['name']}: {field['rule']}" for field in answer.error["fields"])


@pytest.mark.parametrize("name", ["a%0Ab", "a%0D%0Ab", "%E2%80%A8", "%1B%5B31m"])
def test_a_name_with_a_line_break_does_not_break_the_line_of_details(alice: Caller, name: str) -> None:
    answer = alice.get(f"{alice.jobs}?{name}=1")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.isprintable()


def test_a_name_of_any_length_is_named_in_a_line_of_some_length(alice: Caller) -> None:
    answer = alice.post(alice.jobs, {"source": "url_upload", "urls": ["linkedin.com/in/alice"], "a" * 500_000: 1})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert len(answer.body) < 5_000
