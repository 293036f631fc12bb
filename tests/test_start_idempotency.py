"""Idempotency-Key: the same start sent again is the same job, however often and however many at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from goldpan.contract.permission_catalogue import Permission
from goldpan.storage import credit_table
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url

URL = search_url("cto total:2")
BODY = {"source": "linkedin_search", "searchUrl": URL, "maxResults": 5}
LONG = {"source": "linkedin_search", "searchUrl": search_url("cto pace:60000"), "maxResults": 5}


def job_ids(caller: Caller) -> list[str]:
    return [item["jobId"] for item in caller.walk(caller.jobs + "?limit=100")]


def test_the_same_start_again_is_the_same_job(alice: Caller) -> None:
    sandbox = alice.sandbox()

    first = sandbox.start(**LONG, idempotency_key="order-1")
    second = sandbox.start(**LONG, idempotency_key="order-1")

    assert (first.status, second.status) == (202, 202)
    assert {**second.data, "status": ""} == {**first.data, "status": ""}
    assert job_ids(alice) == [first.data["jobId"]]
    sandbox.cancel(first.data["jobId"])


def test_a_completed_job_replays_as_200(alice: Caller) -> None:
    sandbox = alice.sandbox()
    first = sandbox.start(**BODY, idempotency_key="order-1")
    sandbox.ended(first.data["jobId"])

    again = sandbox.start(**BODY, idempotency_key="order-1")

    assert again.status == 200
    assert again.data == first.data | {"status": "completed"}


def test_a_cancelled_and_a_failed_job_replay_as_200(alice: Caller) -> None:
    sandbox = alice.sandbox()
    failing = {"source": "linkedin_search", "searchUrl": search_url("cto disconnect@1")}
    cancelled = sandbox.start(**LONG, idempotency_key="cancelled").data["jobId"]
    failed = sandbox.start(**failing, idempotency_key="failed").data["jobId"]
    sandbox.cancel(cancelled)
    sandbox.ended(failed)

    answers = [sandbox.start(**LONG, idempotency_key="cancelled"), sandbox.start(**failing, idempotency_key="failed")]

    assert [(answer.status, answer.data["status"]) for answer in answers] == [(200, "cancelled"), (200, "failed")]
    assert [answer.data["jobId"] for answer in answers] == [cancelled, failed]


@pytest.mark.parametrize(
    "change",
    [
        {"maxResults": 6},
        {"maxResults": None},
        {"searchEmails": True},
        {"searchUrl": URL + "%20x"},
        {"audienceName": "Other"},
        {"maxCredits": 5},
        {"source": "sales_navigator", "searchUrl": None, "leadListId": "5"},
    ],
)
def test_the_key_with_another_body_is_refused(alice: Caller, change: dict[str, Any]) -> None:
    sandbox = alice.sandbox()
    first = sandbox.start(**BODY, idempotency_key="order-1")

    answer = sandbox.start(**(BODY | change), idempotency_key="order-1")

    assert answer.refusal == (409, "IDEMPOTENCY_KEY_REUSED")
    assert "Idempotency-Key" in answer.details
    assert job_ids(alice) == [first.data["jobId"]]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(dict(reversed(BODY.items()))),
        json.dumps(BODY, indent=4) + "\n\n",
        json.dumps(BODY | {"searchEmails": False, "maxCredits": None, "audienceId": None, "dryRun": False}),
        json.dumps(BODY).replace('"source"', '"type"'),
        json.dumps(BODY).replace("linkedin_search", r"linkedin\u005fsearch"),
    ],
)
def test_the_same_body_may_be_written_otherwise(alice: Caller, text: str) -> None:
    sandbox = alice.sandbox()
    first = sandbox.start(**BODY, idempotency_key="order-1").data["jobId"]

    again = sandbox.start(text.encode(), idempotency_key="order-1")

    assert again.status in (200, 202)
    assert again.data["jobId"] == first


def test_the_names_of_urls_are_one_name(alice: Caller) -> None:
    sandbox = alice.sandbox()
    urls = ["linkedin.com/in/amara"]

    answers = [
        sandbox.start({"source": "url_upload", name: urls}, idempotency_key="order-1")
        for name in ("urls", "profileUrls", "linkedinUrls")
    ]

    assert len({answer.data["jobId"] for answer in answers}) == 1


def test_fifty_starts_at_once_with_one_key_are_one_job(alice: Caller) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: alice.start(**BODY, idempotency_key="order-1"), range(50)))

    assert {answer.status for answer in answers} <= {200, 202}
    [job_id] = {answer.data["jobId"] for answer in answers}
    assert job_ids(alice) == [job_id]
    alice.ended(job_id)
    assert alice.credits() == (1000, 0)


def test_a_key_is_of_one_account_group(alice: Caller, mallory: Caller) -> None:
    both = alice.with_key(account_group_ids=[alice.account_group_id, mallory.account_group_id])

    own = both.post(alice.jobs, BODY, idempotency_key="order-1")
    other = both.post(mallory.jobs, BODY | {"maxResults": 6}, idempotency_key="order-1")

    assert (own.status, other.status) == (202, 202)


def test_two_api_keys_of_one_account_group_share_the_key(alice: Caller) -> None:
    first = alice.start(**BODY, idempotency_key="order-1")

    second = alice.with_key(Permission.PROSPECTING_WRITE).start(**BODY, idempotency_key="order-1")

    assert second.data["jobId"] == first.data["jobId"]


def test_a_test_key_and_a_live_key_share_no_key(alice: Caller) -> None:
    played = alice.sandbox().start(**BODY, idempotency_key="order-1")

    real = alice.start(**BODY, idempotency_key="order-1")

    assert (played.status, real.status) == (202, 202)
    assert alice.job(real.data["jobId"])["sandbox"] is False


def test_a_start_refused_for_credits_stores_nothing_and_works_once_there_are_some(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=4)
    refused = poor.start(**BODY, idempotency_key="order-1")

    toolbox = poor.service.toolbox
    with toolbox.database.write() as tx:
        entry = credit_table.Entry(toolbox.new_id(), toolbox.now_ms())
        credit_table.top_up(tx, poor.account_group_id, entry, 1)

    assert refused.refusal == (402, "INSUFFICIENT_CREDITS")
    assert poor.start(**BODY, idempotency_key="order-1").status == 202


@pytest.mark.parametrize(
    "wrong", [{"maxResults": 0}, {"audienceId": NOBODYS_ID}, {"searchUrl": "x"}, {"unknown": 1}, {"maxResults": 1001}]
)
def test_a_refused_start_stores_nothing(alice: Caller, wrong: dict[str, Any]) -> None:
    refused = alice.start(**(BODY | wrong), idempotency_key="order-1")

    assert refused.status in (400, 404)
    assert alice.start(**BODY, idempotency_key="order-1").status == 202


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb", "caf\xe9", "\xa0"])
def test_a_key_that_is_not_printable_or_too_long_is_refused(alice: Caller, key: str) -> None:
    answer = alice.start(**BODY, idempotency_key=key)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("header", "Idempotency-Key")]
    assert job_ids(alice) == []


@pytest.mark.parametrize("key", ["a", "a" * 255, "a b", "7d7a5d3e-4b2e-4c53-9a0e-6f6f0d0f0a11", '~!"#$%&;, ='])
def test_a_printable_key_is_taken(alice: Caller, key: str) -> None:
    first = alice.start(**BODY, idempotency_key=key)
    again = alice.start(**BODY, idempotency_key=key)

    assert first.data["jobId"] == again.data["jobId"]


def test_keys_differ_in_every_letter(alice: Caller) -> None:
    sandbox = alice.sandbox()

    answers = [sandbox.start(**BODY, idempotency_key=key) for key in ("order", "Order", "order1", "order 1")]

    assert len({answer.data["jobId"] for answer in answers}) == 4


def test_two_keys_in_one_request_are_refused(alice: Caller) -> None:
    headers = [*alice.authorization.items(), ("Content-Type", "application/json")]
    headers += [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]

    answer = alice.service.call("POST", alice.jobs, headers, json.dumps(BODY).encode())

    assert answer.refusal == (400, "VALIDATION_ERROR")


def test_starts_without_a_key_are_jobs_of_their_own(alice: Caller) -> None:
    sandbox = alice.sandbox()

    answers = [sandbox.start(BODY) for _ in range(3)]

    assert len({answer.data["jobId"] for answer in answers}) == 3
