"""How often a key may call, how many bad keys an address may try, and how callers learn where they stand."""

import itertools
import re
import time

import pytest

from goldpan import assembly
from goldpan.api.routes import Route
from goldpan.contract.permission_catalogue import Permission
from goldpan.settings import read_settings
from tests.cast import NOBODYS_ID, Caller, new_caller
from tests.gate_requests import ask_as, each_route, needs_key, needs_permission, takes_body, target
from tests.service import Answer, Service, running, until

FIELDS = {"RateLimit-Policy", "RateLimit"}
_addresses = (f"127.9.{third}.{fourth}" for third, fourth in itertools.product(range(1, 250), range(1, 250)))


def check_limit_told(answer: Answer) -> None:
    assert answer.headers.get_all("RateLimit-Policy") == ['"key";q=1000000;w=60']
    assert re.fullmatch(r'"key";r=\d+;t=\d+', answer.headers["RateLimit"])


@each_route(needs_key)
def test_every_answer_to_a_valid_key_tells_its_limit(alice: Caller, route: Route) -> None:
    for answer in (ask_as(alice, route), ask_as(alice, route, query="?unknown=1")):
        check_limit_told(answer)


@each_route(needs_permission)
def test_a_refused_permission_and_account_group_tell_the_limit(alice: Caller, mallory: Caller, route: Route) -> None:
    others = (permission for permission in Permission if permission != route.permission)

    no_permission = ask_as(alice.with_key(*others), route)
    foreign = ask_as(mallory, route, account_group_id=alice.account_group_id)

    for answer in (no_permission, foreign):
        assert answer.status == 403
        check_limit_told(answer)


@each_route(takes_body)
def test_a_refused_body_tells_the_limit(alice: Caller, route: Route) -> None:
    path = target(route, alice.account_group_id)

    too_large = alice.call(route.method, path, b" " * 1_100_000, content_type="application/json")
    wrong_type = alice.call(route.method, path, b"{}", content_type="text/plain")

    assert (too_large.status, wrong_type.status) == (413, 415)
    check_limit_told(too_large)
    check_limit_told(wrong_type)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/v1/accounts", 405),
        ("OPTIONS", "/v1/accounts", 204),
        ("HEAD", "/v1/accounts", 200),
        ("GET", "/v1/%ff", 400),
        ("GET", "/" + "a" * 9000, 414),
    ],
)
def test_an_answer_outside_of_the_routes_tells_a_valid_key_its_limit(
    alice: Caller, method: str, path: str, status: int
) -> None:
    answer = alice.call(method, path)

    assert answer.status == status
    check_limit_told(answer)


def test_an_unknown_job_and_one_that_cannot_be_cancelled_tell_the_limit(alice: Caller) -> None:
    job_id = alice.start_search("cto", maxResults=1)  # alice's files name nobody
    alice.ended(job_id)

    unknown, ended = alice.get(f"{alice.jobs}/{NOBODYS_ID}"), alice.cancel(job_id)

    assert (unknown.status, ended.status) == (404, 422)
    check_limit_told(unknown)
    check_limit_told(ended)


def test_who_has_no_valid_key_is_told_no_limit(alice: Caller) -> None:
    answers = [alice.service.call("GET", alice.jobs), alice.revoked().get(alice.jobs)]

    for answer in answers:
        assert answer.status == 401
        assert not FIELDS & set(answer.headers.keys())


# --- limits that are reached --------------------------------------------------------------------------------------


def test_a_key_is_refused_after_its_last_request_of_the_minute(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")

    answers = [alice.get(alice.jobs) for _ in range(7)]

    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == [
        "r=4", "r=3", "r=2", "r=1", "r=0", "r=0", "r=0",
    ]  # fmt: skip
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=5;w=60'}


def test_a_refused_key_is_told_when_to_come_back(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    for _ in range(5):
        alice.get(alice.jobs)

    answer = alice.get(alice.jobs)

    assert answer.refusal == (429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit"] == f'"key";r=0;t={answer.headers["Retry-After"]}'


def test_a_limit_is_of_one_key_alone(tight_service: Service) -> None:
    alice, mallory = new_caller(tight_service, "alice"), new_caller(tight_service, "mallory")
    for _ in range(6):
        mallory.get(mallory.jobs)

    answers = [alice.get(alice.jobs), alice.with_key().get(alice.jobs)]

    assert [answer.status for answer in answers] == [200, 200]


def test_requests_of_every_outcome_count(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    targets = [alice.jobs + "?limit=0", f"{alice.jobs}/{NOBODYS_ID}", f"/v1/accounts/{NOBODYS_ID}/prospecting"]
    for path in (*targets, *targets):
        alice.get(path)

    assert alice.get(alice.jobs).status == 429


def test_a_reached_limit_comes_after_the_path_and_the_method_and_before_the_rest(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    for _ in range(5):
        alice.get(alice.jobs)

    assert alice.get("/nothing").status == 404
    assert alice.call("DELETE", alice.jobs).status == 405
    assert alice.get(f"/v1/accounts/{NOBODYS_ID}/prospecting").status == 429
    assert alice.get(alice.jobs + "?limit=0").status == 429
    assert alice.start().status == 429


def test_an_address_with_too_many_bad_keys_is_told_to_wait(tight_service: Service) -> None:
    address = next(_addresses)

    answers = [tight_service.call("GET", "/v1/accounts", address=address) for _ in range(5)]

    assert [answer.status for answer in answers] == [401] * 3 + [429] * 2
    assert answers[-1].refusal == (429, "RATE_LIMITED")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert re.fullmatch(r'"\w+";q=3;w=60', answers[-1].headers["RateLimit-Policy"])
    assert re.fullmatch(r'"\w+";r=0;t=\d+', answers[-1].headers["RateLimit"])


def test_bad_keys_of_one_address_shut_out_no_valid_key_and_no_other_address(tight_service: Service) -> None:
    alice, address, other = new_caller(tight_service, "alice"), next(_addresses), next(_addresses)
    for _ in range(5):
        tight_service.call("GET", "/v1/accounts", address=address)

    valid = tight_service.call("GET", alice.jobs, alice.authorization, address=address)
    elsewhere = tight_service.call("GET", alice.jobs, address=other)

    assert (valid.status, elsewhere.status) == (200, 401)


def test_calls_with_a_valid_key_and_to_unknown_paths_are_no_failed_authentications(tight_service: Service) -> None:
    alice, address = new_caller(tight_service, "alice"), next(_addresses)
    for _ in range(5):
        tight_service.call("GET", alice.jobs, alice.authorization, address=address)
        tight_service.call("GET", "/nothing", address=address)
        tight_service.call("PUT", alice.jobs, address=address)

    answer = tight_service.call("GET", alice.jobs, address=address)

    assert answer.status == 401


def test_health_checks_have_no_limit(tight_service: Service) -> None:
    address = next(_addresses)

    answers = [tight_service.call("GET", "/healthz", address=address) for _ in range(10)]

    assert {answer.status for answer in answers} == {200}


def test_who_waited_as_long_as_told_is_let_through(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("limits"), GOLDPAN_RATE_LIMIT="2/2second") as service:
        alice = new_caller(service, "alice")
        refused = until(lambda: answer if (answer := alice.get(alice.jobs)).status == 429 else None)
        begin = time.monotonic()

        until(lambda: alice.get(alice.jobs).status == 200, seconds=5)

        assert 1 <= int(refused.headers["Retry-After"]) <= 2
        assert time.monotonic() - begin <= int(refused.headers["Retry-After"]) + 0.5


@pytest.mark.parametrize("name", ["GOLDPAN_RATE_LIMIT", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT"])
@pytest.mark.parametrize(
    "rate", ["many", "0/minute", "-1/minute", "600/minute;5/second", "600/minute, 5/second", "600"]
)
def test_a_setting_that_is_no_rate_is_refused_by_its_name(name: str, rate: str) -> None:
    with pytest.raises(assembly.CannotStart, match=f"^{name} must look like 600/minute"):
        assembly.rate_limits(read_settings({name: rate}))
