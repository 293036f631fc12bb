"""The filters of the list of jobs and its two orders: each alone, all together, and nothing that is not one of them."""

import base64
import json
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from goldpan.contract.paging import format_time
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.storage.tables import JOB
from tests.cast import NOBODYS_ID, Caller, store_jobs

FIRST_MS = 1_777_390_200_000
NEITHER_STATE = (
    "must be one of queued, running, completed, failed, cancelled; several are separated by commas, or given"
)
NOT_A_TIME = [
    "", "2026-04-28T15:30:00Z", "2026-04-28T15:30:00.000", "2026-04-28T15:30:00.000+00:00", "2026-04-28",
    "2026-04-28T15:30:00.000000Z", "2026-04-28t15:30:00.000z", "2026-04-28 15:30:00.000Z", "1777390200000", "now",
    "2026-02-29T15:30:00.000Z", "2026-04-28T24:00:00.000Z", "0000-01-01T00:00:00.000Z", " 2026-04-28T15:30:00.000Z",
    "2026-04-28T15:30:00.000Z\n", "２０２６-04-28T15:30:00.000Z", "2026-04-28T15:30:00,000Z",
]  # fmt: skip


def listed(caller: Caller, query: str) -> list[str]:
    """Return the ids on the first page of the list."""
    return [item["jobId"] for item in caller.get(f"{caller.jobs}?{query}").data["items"]]


def walked(caller: Caller, query: str) -> list[str]:
    return [item["jobId"] for item in caller.walk(f"{caller.jobs}?{query}")]


def change(caller: Caller, job_ids: list[str], **values: Any) -> None:
    with caller.service.toolbox.database.write() as tx:
        tx.execute(JOB.update().where(JOB.c.id.in_(job_ids)).values(values))


def audience_of(caller: Caller, job_id: str) -> str:
    with caller.service.toolbox.database.read() as tx:
        return str(tx.execute(sa.select(JOB.c.audience_id).where(JOB.c.id == job_id)).scalar_one())


def time(milliseconds: int) -> str:
    return format_time(FIRST_MS + milliseconds)


def cursor(milliseconds: int, job_id: str | None = None) -> str:
    place = {"createdAt": time(milliseconds)} | ({"id": job_id} if job_id else {})
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).rstrip(b"=").decode()


# --- states -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["status=queued,failed", "status=failed&status=queued", "status=failed,queued,failed"]
)
def test_several_states_show_the_jobs_in_any_of_them_in_the_order_of_the_list(alice: Caller, query: str) -> None:
    store_jobs(alice, [1, 5, 9], "completed")
    wanted = store_jobs(alice, [8, 3, 3], "queued"), store_jobs(alice, [7, 4, 3], "failed")

    both = walked(alice, f"{query}&limit=2")

    assert set(both) == {*wanted[0], *wanted[1]}
    assert [job_id for job_id in walked(alice, "") if job_id in both] == both


def test_all_states_are_the_whole_list(alice: Caller) -> None:
    for status in JobStatus:
        store_jobs(alice, [1, 2], status)

    assert walked(alice, f"status={','.join(JobStatus)}&limit=3") == walked(alice, "")


@pytest.mark.parametrize(
    "status", ["queued,", ",queued", "queued,,failed", ",", "queued, failed", "queued,Failed", "a,b"]
)
def test_each_of_several_states_is_one_of_the_five(alice: Caller, status: str) -> None:
    answer = alice.get(f"{alice.jobs}?status={quote(status)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith(f"status: {NEITHER_STATE}")
    assert [field["name"] for field in answer.error["fields"]] == ["status"]


@pytest.mark.parametrize("query", ["status=queued&status=", "status=&status=queued", "status=queued&status=done"])
def test_a_wrong_state_beside_a_right_one_is_refused(alice: Caller, query: str) -> None:
    assert alice.get(f"{alice.jobs}?{query}").refusal == (400, "VALIDATION_ERROR")


# --- source and audience ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(SourceType))
def test_a_source_shows_its_jobs_and_no_others(alice: Caller, source: str) -> None:
    stored = {each: store_jobs(alice, [1, 2, 2, 3]) for each in SourceType}
    for each, job_ids in stored.items():
        change(alice, job_ids, source=each)

    assert walked(alice, f"source={source}&limit=3") == stored[SourceType(source)]


@pytest.mark.parametrize("source", ["", "LINKEDIN_SEARCH", "linkedin", "linkedin_search,url_upload", " url_upload"])
def test_an_unknown_source_is_refused(alice: Caller, source: str) -> None:
    answer = alice.get(f"{alice.jobs}?source={quote(source)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == f"source: must be one of {', '.join(SourceType)}"


def test_an_audience_shows_the_jobs_that_fill_it(alice: Caller) -> None:
    store_jobs(alice, [1, 2, 3])
    filling = store_jobs(alice, [1, 2, 2, 3])

    assert walked(alice, f"audienceId={audience_of(alice, filling[0])}&limit=3") == filling


def test_an_audience_of_another_account_group_finds_nothing_as_one_that_does_not_exist(
    alice: Caller, mallory: Caller
) -> None:
    [job_id, *_] = store_jobs(alice, [1, 2])
    store_jobs(mallory, [1, 2])

    for audience_id in (audience_of(alice, job_id), NOBODYS_ID):
        page = mallory.get(f"{mallory.jobs}?audienceId={audience_id}").data
        assert page == {"items": [], "nextCursor": None, "hasMore": False}


@pytest.mark.parametrize("audience_id", ["", "a", "A" * 24, "0" * 23, "0" * 25, "%20" * 24, "０" * 24])
def test_a_malformed_audience_id_is_refused(alice: Caller, audience_id: str) -> None:
    answer = alice.get(f"{alice.jobs}?audienceId={quote(audience_id, safe='%')}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == "audienceId: must be 24 lower-case hex digits"


def test_filters_hold_all_together(alice: Caller) -> None:
    [other] = store_jobs(alice, [1])
    wanted = store_jobs(alice, range(FIRST_MS, FIRST_MS + 9), "failed")
    audience_id = audience_of(alice, wanted[0])
    change(alice, wanted, source="url_upload")
    mine = {"source": "url_upload", "audience_id": audience_id}
    for differing in (
        {"source": "post_commenters"},
        {"status": "completed"},
        {"audience_id": audience_of(alice, other)},
    ):
        change(alice, store_jobs(alice, range(FIRST_MS, FIRST_MS + 9), "failed"), **(mine | differing))
    query = f"status=failed,queued&source=url_upload&audienceId={audience_id}"

    assert walked(alice, f"{query}&limit=2") == wanted
    assert walked(alice, f"{query}&limit=2&sort=createdAt") == wanted[::-1]
    assert walked(alice, f"{query}&createdAfter={time(2)}&createdBefore={time(6)}&limit=1") == wanted[3:6]
    full = alice.get(f"{alice.jobs}?{query}&view=full&sort=createdAt&limit=3").data["items"]
    assert full == [alice.job(job_id) for job_id in wanted[:-4:-1]]


# --- times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["", "&sort=createdAt", "&sort=-createdAt"])
def test_both_times_are_exclusive(alice: Caller, sort: str) -> None:
    stored = store_jobs(alice, [FIRST_MS + number // 2 for number in range(10)])  # two a millisecond
    in_order = stored[::-1] if sort == "&sort=createdAt" else stored

    def at(*milliseconds: int) -> list[str]:
        kept = [job_id for number, job_id in enumerate(stored) if 4 - number // 2 in milliseconds]
        return [job_id for job_id in in_order if job_id in kept]

    assert walked(alice, f"createdAfter={time(1)}&limit=3{sort}") == at(2, 3, 4)
    assert walked(alice, f"createdBefore={time(3)}&limit=3{sort}") == at(0, 1, 2)
    assert walked(alice, f"createdAfter={time(0)}&createdBefore={time(4)}&limit=1{sort}") == at(1, 2, 3)
    assert walked(alice, f"createdAfter={time(2)}&createdBefore={time(3)}{sort}") == []
    assert walked(alice, f"createdAfter={time(4)}&createdBefore={time(0)}{sort}") == []


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
def test_a_time_beyond_the_cursor_changes_nothing(alice: Caller, sort: str) -> None:
    stored = store_jobs(alice, range(FIRST_MS, FIRST_MS + 5))
    times = f"createdAfter={time(-9)}&createdBefore={time(99)}"

    rest = listed(alice, f"{times}&sort={sort}&cursor={cursor(2, stored[2])}")

    assert rest == (stored[:2][::-1] if sort == "createdAt" else stored[3:])


@pytest.mark.parametrize("name", ["createdAfter", "createdBefore"])
@pytest.mark.parametrize("text", NOT_A_TIME)
def test_a_time_has_one_form(alice: Caller, name: str, text: str) -> None:
    answer = alice.get(f"{alice.jobs}?{name}={quote(text)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == f"{name}: must be a time in UTC with milliseconds, like 2026-04-28T15:30:00.000Z"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2024-02-29T00:00:00.000Z"])
def test_any_day_is_a_time(alice: Caller, text: str) -> None:
    for query in (f"createdAfter={text}", f"createdBefore={text}&sort=createdAt"):
        assert alice.get(f"{alice.jobs}?{query}").status == 200


# --- order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_the_oldest_first_is_the_list_backwards(alice: Caller, limit: int) -> None:
    newest_first = store_jobs(alice, [5, 9, 7, 7, 1, 7, 7, 2])

    assert walked(alice, f"sort=createdAt&limit={limit}") == newest_first[::-1]
    assert walked(alice, f"sort=-createdAt&limit={limit}") == newest_first


def test_a_walk_from_the_oldest_ends_with_the_jobs_that_were_started_meanwhile(alice: Caller) -> None:
    old = store_jobs(alice, [1, 2, 3])
    first = alice.get(f"{alice.jobs}?sort=createdAt&limit=2").data
    new = store_jobs(alice, [4])

    rest = listed(alice, f"sort=createdAt&cursor={first['nextCursor']}")

    assert [item["jobId"] for item in first["items"]] + rest == [*old[::-1], *new]


def test_a_cursor_without_id_means_strictly_newer_where_the_oldest_come_first(alice: Caller) -> None:
    stored = store_jobs(alice, [FIRST_MS + milliseconds for milliseconds in (1, 2, 2, 2, 3)])

    assert listed(alice, f"sort=createdAt&cursor={cursor(2)}") == stored[:1]
    assert listed(alice, f"sort=createdAt&cursor={cursor(2, stored[2])}") == [stored[1], stored[0]]


@pytest.mark.parametrize("sort", ["", "createdat", "CREATEDAT", "+createdAt", "createdAt,id", "updatedAt", "asc", "-"])
def test_an_unknown_order_is_refused(alice: Caller, sort: str) -> None:
    answer = alice.get(f"{alice.jobs}?sort={quote(sort)}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == "sort: must be one of -createdAt, createdAt"


# --- all of them --------------------------------------------------------------------------------------------------

GIVEN = {
    "source": "url_upload",
    "createdAfter": time(0),
    "createdBefore": time(0),
    "audienceId": NOBODYS_ID,
    "sort": "createdAt",
    "view": "full",
    "limit": "1",
    "cursor": cursor(0, NOBODYS_ID),
}


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_not_a_state_is_given_once(alice: Caller, name: str) -> None:
    answer = alice.get(f"{alice.jobs}?{name}={GIVEN[name]}&{name}={GIVEN[name]}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == f"{name}: must be given once"


def test_everything_that_is_wrong_is_named_at_once(alice: Caller) -> None:
    answer = alice.get(f"{alice.jobs}?status=x&source=x&createdAfter=x&createdBefore=x&audienceId=x&sort=x&since=x")

    names = {field["name"] for field in answer.error["fields"]}
    assert names == {"status", "source", "createdAfter", "createdBefore", "audienceId", "sort", "since"}


def test_any_two_of_the_parameters_go_together(alice: Caller) -> None:
    given = [*GIVEN.items(), ("status", "queued,failed")]

    for (name, value), (other, other_value) in product(given, given):
        if name != other:
            assert alice.get(f"{alice.jobs}?{name}={value}&{other}={other_value}").status == 200


def test_a_key_without_the_permission_learns_nothing_from_filters(alice: Caller, mallory: Caller) -> None:
    bob = alice.with_key(Permission.PROSPECTS_READ)

    for query in ("status=queued,failed", "status=nonsense"):
        assert bob.get(f"{bob.jobs}?{query}").refusal == (403, "FORBIDDEN")
        assert mallory.get(f"{alice.jobs}?{query}").refusal == (403, "FORBIDDEN")
