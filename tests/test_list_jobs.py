"""The list of prospecting jobs: its items, its parameters and its pages."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from goldpan.contract.resources import JobStatus
from tests.cast import Caller, now_ms, store_jobs

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
NOT_A_LIMIT = [
    "", "0", "-1", "101", "100.0", "1.5", "1e1", "abc", "0x10", "010", "00", "+5", " 5", "5 ", "1_0", "１０", "٥", "²",
    "10,20", "5\n", "5\t", "null", "9" * 400,
]  # fmt: skip


def ids(page: Any) -> list[str]:
    return [item["jobId"] for item in page["items"]]


def test_an_item_has_exactly_the_fields_of_the_reference(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1_777_390_200_000])

    assert alice.get(alice.jobs).data == {
        "items": [
            {
                "jobId": job_id,
                "type": "prospecting",
                "status": "completed",
                "createdAt": "2026-04-28T15:30:00.000Z",
                "updatedAt": "2026-04-28T15:30:00.000Z",
            }
        ],
        "nextCursor": None,
        "hasMore": False,
    }


@pytest.mark.parametrize(
    ("created_ms", "shown"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_777_390_200_001, "2026-04-28T15:30:00.001Z"),
        (1_777_390_200_120, "2026-04-28T15:30:00.120Z"),
        (1_777_390_200_999, "2026-04-28T15:30:00.999Z"),
        (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ],
)
def test_times_have_milliseconds_always(alice: Caller, created_ms: int, shown: str) -> None:
    store_jobs(alice, [created_ms])

    [item] = alice.get(alice.jobs).data["items"]

    assert (item["createdAt"], item["updatedAt"]) == (shown, shown)


def test_a_started_job_is_listed_with_the_times_it_was_started_with(alice: Caller) -> None:
    started = alice.started(source="linkedin_search", searchUrl="linkedin.com/search/results/people/?keywords=cto")

    [item] = alice.get(alice.jobs).data["items"]

    assert TIME.fullmatch(started["createdAt"])
    assert (item["jobId"], item["createdAt"]) == (started["jobId"], started["createdAt"])
    assert re.fullmatch("[0-9a-f]{24}", item["jobId"])


def test_an_account_group_without_jobs_has_an_empty_list(alice: Caller, mallory: Caller) -> None:
    store_jobs(mallory, [1, 2, 3])

    for query in ("", "?status=queued", "?view=full", "?limit=1", "?status=failed&view=full"):
        assert alice.get(alice.jobs + query).data == {"items": [], "nextCursor": None, "hasMore": False}


def test_the_list_runs_from_the_newest_to_the_oldest(alice: Caller) -> None:
    newest_first = store_jobs(alice, [5, 9, 7, 7, 1, 7])

    assert ids(alice.get(alice.jobs).data) == newest_first


# --- limit --------------------------------------------------------------------------------------------------------


def test_a_page_holds_25_items_unless_a_limit_is_given(alice: Caller) -> None:
    newest_first = store_jobs(alice, range(101))

    assert ids(alice.get(alice.jobs).data) == newest_first[:25]
    assert ids(alice.get(alice.jobs + "?limit=1").data) == newest_first[:1]
    assert ids(alice.get(alice.jobs + "?limit=100").data) == newest_first[:100]


def test_a_page_of_exactly_the_limit_is_the_last_one(alice: Caller) -> None:
    newest_first = store_jobs(alice, range(25))

    for query in ("", "?limit=25", "?limit=26", "?limit=100"):
        page = alice.get(alice.jobs + query).data
        assert ids(page) == newest_first
        assert (page["hasMore"], page["nextCursor"]) == (False, None)


def test_one_item_more_than_the_limit_makes_another_page(alice: Caller) -> None:
    newest_first = store_jobs(alice, range(26))

    first = alice.get(alice.jobs).data
    second = alice.get(f"{alice.jobs}?cursor={first['nextCursor']}").data

    assert first["hasMore"]
    assert ids(first) + ids(second) == newest_first
    assert (second["hasMore"], second["nextCursor"]) == (False, None)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 99])
def test_a_walk_of_any_page_size_finds_every_job_once(alice: Caller, limit: int) -> None:
    newest_first = store_jobs(alice, [number // 3 for number in range(30)])

    assert [item["jobId"] for item in alice.walk(f"{alice.jobs}?limit={limit}")] == newest_first


@pytest.mark.parametrize("limit", NOT_A_LIMIT)
def test_a_limit_is_an_integer_from_1_to_100_in_plain_digits(alice: Caller, limit: str) -> None:
    answer = alice.get(f"{alice.jobs}?limit={quote(limit)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == "limit: must be an integer from 1 to 100"
    assert answer.error["fields"] == [{"in": "query", "name": "limit", "rule": "must be an integer from 1 to 100"}]


# --- other parameters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["limit=5&limit=5", "limit=5&limit=6", "view=full&view=full", "cursor=&cursor="])
def test_a_parameter_given_twice_is_refused(alice: Caller, query: str) -> None:
    answer = alice.get(f"{alice.jobs}?{query}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert query.split("=")[0] in {field["name"] for field in answer.error["fields"]}


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_status_shows_the_jobs_in_that_state_and_no_others(alice: Caller, status: str) -> None:
    by_status = {each: store_jobs(alice, [1, 2, 3], each) for each in JobStatus}

    items = alice.walk(f"{alice.jobs}?status={status}&limit=2")

    assert [item["jobId"] for item in items] == by_status[JobStatus(status)]
    assert {item["status"] for item in items} == {status}


@pytest.mark.parametrize("status", ["", "done", "QUEUED", "Queued", " queued", "queued ", "pending", "null", "queued;"])
def test_an_unknown_status_is_refused(alice: Caller, status: str) -> None:
    answer = alice.get(f"{alice.jobs}?status={quote(status)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith("status: must be one of queued, running, completed, failed, cancelled; several")


@pytest.mark.parametrize(
    "name", ["Limit", "LIMIT", "page", "offset", "per_page", "state", "limit[]", "limit ", "", "é"]
)
def test_an_unknown_parameter_is_named(alice: Caller, name: str) -> None:
    answer = alice.get(f"{alice.jobs}?{quote(name)}=5")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == name
    assert name in answer.details


@pytest.mark.parametrize("query", ["", "&", "&&&"])
def test_a_query_without_parameters_is_none(alice: Caller, query: str) -> None:
    assert alice.get(f"{alice.jobs}?{query}").status == 200


def test_a_query_of_very_many_parameters_is_refused(alice: Caller) -> None:
    answer = alice.get(f"{alice.jobs}?{'&'.join(['a=1'] * 2000)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")


# --- the full view ------------------------------------------------------------------------------------------------


def test_the_full_view_shows_each_job_as_its_own_endpoint_does(alice: Caller) -> None:
    stored = store_jobs(alice, [1, 2], "completed") + store_jobs(alice, [0], "running")

    items = alice.get(alice.jobs + "?view=full").data["items"]

    assert items == [alice.job(job_id) for job_id in stored]


def test_the_full_view_has_the_same_pages_and_filters(alice: Caller) -> None:
    completed = store_jobs(alice, range(0, 40, 2))
    store_jobs(alice, range(1, 40, 2), "failed")

    items = alice.walk(f"{alice.jobs}?view=full&limit=3&status=completed")

    assert [item["jobId"] for item in items] == completed


@pytest.mark.parametrize("view", ["", "FULL", "summary", "full,", "1", "true"])
def test_an_unknown_view_is_refused(alice: Caller, view: str) -> None:
    answer = alice.get(f"{alice.jobs}?view={view}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == "view"


def test_the_full_view_marks_what_a_test_key_made(alice: Caller) -> None:
    live = store_jobs(alice, [now_ms() - 1000])
    sandbox_job = alice.sandbox().start_search("cto total:0")

    items = alice.get(alice.jobs + "?view=full").data["items"]

    assert [(item["jobId"], item["sandbox"]) for item in items] == [(sandbox_job, True), (live[0], False)]


# --- one job ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("job_id", ["a", "quotas", "0" * 23, "A" * 24, "0" * 25, "%20" * 24])
def test_a_malformed_job_id_is_named(alice: Caller, job_id: str) -> None:
    for answer in (alice.get(f"{alice.jobs}/{job_id}"), alice.cancel(job_id)):
        assert answer.refusal == (400, "VALIDATION_ERROR")
        assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("path", "jobId")]


def test_a_job_of_another_account_group_answers_as_one_that_does_not_exist(alice: Caller, mallory: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "queued")
    unknown_id = alice.service.toolbox.new_id()

    foreign = [mallory.get(f"{mallory.jobs}/{job_id}"), mallory.cancel(job_id)]
    unknown = [mallory.get(f"{mallory.jobs}/{unknown_id}"), mallory.cancel(unknown_id)]

    assert [answer.error for answer in foreign] == [answer.error for answer in unknown]
    assert {answer.refusal for answer in foreign} == {(404, "NOT_FOUND")}
    assert alice.job(job_id)["status"] == "queued"
