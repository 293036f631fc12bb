"""Who gets through the gate: keys, permissions and account groups, at every route of the API."""

import time

import pytest

from goldpan.api.routes import ROUTES, Access, Route
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import revoke_key
from tests.cast import NOBODYS_ID, Caller
from tests.gate_requests import ask, ask_as, each_route, needs_key, needs_permission, target
from tests.service import Answer, Service

UNAUTHORIZED = (401, "UNAUTHORIZED")


def check_unauthorized(answer: Answer) -> None:
    assert answer.refusal == UNAUTHORIZED
    assert answer.headers.get_all("WWW-Authenticate") == ["Bearer"]


@each_route(needs_key)
def test_no_route_answers_without_a_key(alice: Caller, route: Route) -> None:
    answer = ask(alice.service, route, alice.account_group_id)

    check_unauthorized(answer)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "{key}",
        "Basic {key}",
        "Token {key}",
        "Bearer{key}",
        "Bearer:{key}",
        'Bearer "{key}"',
        "Bearer {key} {key}",
        "Bearer {key}, Bearer {key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {key}\xe9",
        "Bearer sk_live_",
        "Bearer sk_live_aaaaaaaa_" + 38 * "a",
        "Bearer " + 4000 * "a",
    ],
)
@each_route(needs_key)
def test_no_route_takes_another_form_of_authorization(alice: Caller, route: Route, authorization: str) -> None:
    headers = {"Authorization": authorization.format(key=alice.key)}

    answer = ask(alice.service, route, alice.account_group_id, headers)

    check_unauthorized(answer)


@each_route(needs_key)
def test_no_route_takes_a_key_from_elsewhere(alice: Caller, route: Route) -> None:
    headers = {
        "Cookie": f"api_key={alice.key}; Authorization=Bearer {alice.key}",
        "X-API-Key": alice.key,
        "Proxy-Authorization": f"Bearer {alice.key}",
    }

    answer = ask(alice.service, route, alice.account_group_id, headers, query=f"?api_key={alice.key}")

    check_unauthorized(answer)


@each_route(needs_key)
def test_no_route_chooses_between_two_keys(alice: Caller, route: Route) -> None:
    headers = [("Authorization", f"Bearer {alice.key}"), ("Authorization", f"Bearer {alice.key}")]

    answer = ask(alice.service, route, alice.account_group_id, headers)

    check_unauthorized(answer)


@each_route(needs_key)
def test_a_revoked_and_an_expired_key_are_no_keys(alice: Caller, route: Route) -> None:
    answers = [ask_as(alice.revoked(), route), ask_as(alice.expired(), route)]

    for answer in answers:
        check_unauthorized(answer)


@each_route(needs_key)
def test_a_key_with_one_letter_changed_is_no_key(alice: Caller, route: Route) -> None:
    for position in (8, 18, -7, -1):
        letters = list(alice.key)
        letters[position] = "a" if letters[position] != "a" else "b"

        answer = ask(alice.service, route, alice.account_group_id, {"Authorization": f"Bearer {''.join(letters)}"})

        check_unauthorized(answer)


def test_a_live_key_does_not_pass_as_a_test_key(alice: Caller) -> None:
    answer = alice.service.call(
        "GET", alice.jobs, {"Authorization": f"Bearer {alice.key.replace('sk_live_', 'sk_test_')}"}
    )

    check_unauthorized(answer)


@pytest.mark.parametrize("authorization", ["bearer {key}", "BEARER {key}", "bEaReR {key}", "Bearer   {key}"])
def test_the_scheme_may_be_written_in_any_case(alice: Caller, authorization: str) -> None:
    answer = alice.service.call("GET", alice.jobs, {"authorization": authorization.format(key=alice.key)})

    assert answer.status == 200


@each_route(needs_permission)
def test_a_key_without_the_permission_is_refused(alice: Caller, route: Route) -> None:
    others = [permission for permission in Permission if permission != route.permission]

    answer = ask_as(alice.with_key(*others), route)

    assert answer.refusal == (403, "FORBIDDEN")
    assert str(route.permission) in answer.details


@each_route(needs_permission)
def test_the_permission_alone_is_enough(alice: Caller, route: Route) -> None:
    assert isinstance(route.permission, Permission)

    answer = ask_as(alice.with_key(route.permission), route)

    assert answer.status not in (401, 403)


@pytest.mark.parametrize(
    "malformed",
    [
        "a",
        "g" * 24,
        "0" * 23,
        "0" * 25,
        NOBODYS_ID.upper(),
        "%20" + NOBODYS_ID[1:],
        "..",
        "%00" * 24,
        NOBODYS_ID + "%0A",
    ],
)
@each_route(needs_permission)
def test_a_malformed_account_group_id_is_named(alice: Caller, route: Route, malformed: str) -> None:
    answer = ask_as(alice, route, account_group_id=malformed)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    if "%00" not in malformed:
        assert answer.error["fields"][0]["in"] == "path"
        assert answer.error["fields"][0]["name"] == "accountGroupId"


@each_route(needs_permission)
def test_a_foreign_account_group_answers_as_one_that_does_not_exist(
    alice: Caller, mallory: Caller, route: Route
) -> None:
    trace = {"traceparent": "00-" + 32 * "a" + "-" + 16 * "b" + "-01"}
    headers = mallory.authorization | trace

    foreign = ask(alice.service, route, alice.account_group_id, headers)
    unknown = ask(alice.service, route, NOBODYS_ID, headers)

    assert foreign.refusal == (403, "FORBIDDEN")
    assert foreign.status == unknown.status
    assert foreign.body == unknown.body
    assert alice.account_group_id.encode() not in foreign.body


def test_one_key_may_reach_several_account_groups(alice: Caller, mallory: Caller) -> None:
    both = [alice.account_group_id, mallory.account_group_id]

    caller = alice.with_key(account_group_ids=both)

    assert {group["id"] for group in caller.walk("/v1/accounts")} == set(both)
    assert all(caller.get(f"/v1/accounts/{group}/prospecting").status == 200 for group in both)


def test_a_key_lists_only_its_own_account_groups(alice: Caller, mallory: Caller) -> None:
    groups = alice.with_key(Permission.PRIVACY_WRITE).walk("/v1/accounts")

    assert [(group["id"], group["name"]) for group in groups] == [(alice.account_group_id, "alice")]
    assert set(groups[0]) == {"id", "name", "createdAt"}


def test_a_key_that_is_in_use_is_refused_within_a_second_of_being_revoked(alice: Caller) -> None:
    key_id, key = alice.new_key()
    bearer = {"Authorization": f"Bearer {key}"}
    before = alice.service.call("GET", alice.jobs, bearer)

    revoke_key(alice.service.toolbox, key_id)
    revoked = began = time.monotonic()
    while (after := alice.service.call("GET", alice.jobs, bearer)).status == 200:
        assert began < revoked + 1
        began = time.monotonic()

    assert (before.status, after.status) == (200, 401)


@each_route(lambda route: route.permission is Access.ANYONE)
def test_health_checks_need_no_key(service: Service, route: Route) -> None:
    answer = service.call("GET", target(route, ""))

    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_every_route_that_names_an_account_group_names_a_permission() -> None:
    without = [route.path for route in ROUTES if "{accountGroupId}" in route.path and not needs_permission(route)]

    assert without == []
