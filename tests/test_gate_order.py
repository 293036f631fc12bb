"""In which order a request is checked: the first check that fails gives the answer, whatever else is wrong."""

import pytest

from goldpan.api.routes import Route
from goldpan.contract.permission_catalogue import Permission
from tests.cast import NOBODYS_ID, Caller
from tests.gate_requests import (
    ask,
    ask_as,
    each_route,
    names_what_we_keep,
    needs_key,
    needs_permission,
    takes_body,
    target,
)

TOO_LARGE = b" " * (1024 * 1024 + 1)
JSON = {"Content-Type": "application/json"}


def test_an_unreadable_path_comes_before_everything(alice: Caller) -> None:
    answer = alice.service.call("PATCH", "/v1/%ff")

    assert answer.refusal == (400, "VALIDATION_ERROR")


def test_a_long_url_comes_before_an_unknown_path(alice: Caller) -> None:
    answer = alice.service.call("GET", "/nothing/" + 9000 * "a")

    assert answer.status == 414


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "HEAD"])
def test_an_unknown_path_comes_before_a_missing_key(alice: Caller, method: str) -> None:
    answer = alice.service.call(method, "/v1/nothing")

    assert answer.status == 404


@each_route(needs_key)
def test_a_wrong_method_comes_before_a_missing_key(alice: Caller, route: Route) -> None:
    answer = alice.service.call("TRACE", target(route, "malformed"))

    assert answer.refusal == (405, "METHOD_NOT_ALLOWED")


@each_route(needs_key)
def test_a_missing_key_comes_before_everything_of_the_input(alice: Caller, route: Route) -> None:
    headers = {"Content-Type": "text/plain", "Idempotency-Key": 300 * "a"}

    answer = alice.service.call(
        route.method,
        target(route, "malformed") + "?unknown=1&limit=0",
        headers,
        TOO_LARGE if takes_body(route) else None,
    )

    assert answer.refusal == (401, "UNAUTHORIZED")


@each_route(needs_permission)
def test_a_missing_permission_comes_before_a_malformed_account_group_id(alice: Caller, route: Route) -> None:
    caller = alice.with_key(*(permission for permission in Permission if permission != route.permission))

    answer = ask_as(caller, route, account_group_id="malformed", query="?unknown=1")

    assert answer.refusal == (403, "FORBIDDEN")


@each_route(needs_permission)
def test_a_foreign_account_group_comes_before_everything_of_the_input(
    alice: Caller, mallory: Caller, route: Route
) -> None:
    headers = mallory.authorization | {"Content-Type": "text/plain"}

    answer = alice.service.call(
        route.method,
        target(route, alice.account_group_id) + "?unknown=1&limit=0",
        headers,
        TOO_LARGE if takes_body(route) else None,
    )

    assert answer.refusal == (403, "FORBIDDEN")


@each_route(takes_body)
def test_a_large_body_comes_before_its_content_type(alice: Caller, route: Route) -> None:
    headers = alice.authorization | {"Content-Type": "text/plain"}

    answer = alice.service.call(route.method, target(route, alice.account_group_id) + "?x=1", headers, TOO_LARGE)

    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")


@each_route(takes_body)
def test_a_wrong_content_type_comes_before_what_is_wrong_inside(alice: Caller, route: Route) -> None:
    headers = alice.authorization | {"Content-Type": "text/plain"}

    answer = alice.service.call(route.method, target(route, alice.account_group_id) + "?x=1", headers, b"{")

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@each_route(names_what_we_keep)
def test_an_invalid_query_comes_before_an_unknown_id(alice: Caller, route: Route) -> None:
    valid = ask_as(alice, route)
    invalid = ask_as(alice, route, query="?unknown=1")

    assert valid.refusal == (404, "NOT_FOUND")
    assert invalid.refusal == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("member", ["audienceId", "folderId"])
def test_an_invalid_body_comes_before_an_unknown_audience_or_folder(alice: Caller, member: str) -> None:
    body = {"source": "linkedin_search", "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=a"}

    invalid = alice.start(body | {member: NOBODYS_ID, "maxResults": 1001})
    unknown = alice.start(body | {member: NOBODYS_ID, "maxResults": 1000})

    assert invalid.refusal == (400, "VALIDATION_ERROR")
    assert unknown.refusal == (404, "NOT_FOUND")


def test_an_unknown_audience_comes_before_a_reused_idempotency_key(alice: Caller) -> None:
    body = {"source": "linkedin_search", "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=a"}
    assert alice.start(**body, maxResults=1, idempotency_key="first").status == 202

    unknown = alice.start(**body, maxResults=1, audienceId=NOBODYS_ID, idempotency_key="first")
    invalid = alice.start(**body, maxResults=0, idempotency_key="first")

    assert unknown.refusal == (404, "NOT_FOUND")
    assert invalid.refusal == (400, "VALIDATION_ERROR")


def test_a_reused_idempotency_key_comes_before_missing_credits(alice: Caller) -> None:
    body = {"source": "linkedin_search", "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=a"}
    assert alice.start(**body, maxResults=1, idempotency_key="first").status == 202

    reused = alice.start(**body, maxResults=1000, searchEmails=True, idempotency_key="first")
    fresh = alice.start(**body, maxResults=1000, searchEmails=True, idempotency_key="second")

    assert reused.refusal == (409, "IDEMPOTENCY_KEY_REUSED")
    assert fresh.refusal == (402, "INSUFFICIENT_CREDITS")


@each_route(needs_permission)
def test_every_route_names_an_unknown_query_parameter(alice: Caller, route: Route) -> None:
    answer = ask_as(alice, route, query="?statuss=queued")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith("statuss: ")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("query", "statuss")]


@each_route(needs_key)
def test_every_route_refuses_a_query_that_is_no_utf_8(alice: Caller, route: Route) -> None:
    answer = ask(alice.service, route, alice.account_group_id, alice.authorization, query="?a%ff=1")

    assert answer.refusal == (400, "VALIDATION_ERROR")
