"""The quota endpoint, and what a client sees of a budget that is used up."""

import pytest

from goldpan import assembly
from goldpan.contract.paging import format_time, parse_time
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.quota_resources import ListType
from goldpan.settings import read_settings
from goldpan.storage.quota_table import Use, add_use
from goldpan.storage.tables import QUOTA_USE
from tests.cast import Caller, now_ms, store_jobs
from tests.service import Answer, Json

DAY_MS = 24 * 3600 * 1000
QUOTA_TYPES = {
    "LINKEDIN_CLASSIC": "linkedinClassicSearch",
    "SALES_NAVIGATOR": "salesNavigatorSearch",
    "POST_COMMENTERS": "postCommenters",
    "URL_UPLOAD": "urlUpload",
}


def quota(caller: Caller, query: str = "") -> Json:
    return caller.get(f"{caller.jobs}/quota{query}").data


def use(caller: Caller, list_type: ListType, people: int, used_ms: int) -> None:
    """Let an old job of the caller have taken people then."""
    [job_id] = store_jobs(caller, [1])
    with caller.service.toolbox.database.write() as tx:
        add_use(tx, caller.account_group_id, Use(job_id, 1, list_type, people, used_ms))


def upload(caller: Caller, people: int) -> Answer:
    return caller.start(source="url_upload", urls=[f"linkedin.com/in/miller-{number}" for number in range(people)])


@pytest.mark.parametrize("list_type", QUOTA_TYPES)
def test_a_budget_that_nobody_used(alice: Caller, list_type: str) -> None:
    before = now_ms()

    data = quota(alice, f"?listType={list_type}")

    assert before - 1 <= parse_time(data.pop("resetAt")) <= now_ms() + 1
    assert data == {
        "listType": list_type,
        "quotaType": QUOTA_TYPES[list_type],
        "used": 0,
        "limit": 2500,
        "remaining": 2500,
        "exhausted": False,
    }


def test_the_budget_of_linkedin_searches_is_shown_when_none_is_named(alice: Caller) -> None:
    assert quota(alice)["listType"] == "LINKEDIN_CLASSIC"


def test_a_live_job_uses_what_it_took_and_a_sandbox_job_nothing(alice: Caller) -> None:
    alice.import_people(["miller-0,CTO", "miller-1,CTO"])
    job = alice.ended(upload(alice, 3).data["jobId"])
    sandbox = alice.sandbox()
    sandbox.ended(upload(sandbox, 9).data["jobId"])

    data = quota(alice, "?listType=URL_UPLOAD")

    assert (job["counts"]["imported"], job["counts"]["failed"]) == (2, 1)
    assert (data["used"], data["remaining"], data["exhausted"]) == (2, 2498, False)
    assert parse_time(job["startedAt"]) <= parse_time(data["resetAt"]) - DAY_MS <= parse_time(job["finishedAt"])
    assert quota(sandbox, "?listType=URL_UPLOAD") == data
    assert quota(alice)["used"] == 0


def test_only_the_last_24_hours_count(alice: Caller) -> None:
    now = now_ms()
    use(alice, ListType.POST_COMMENTERS, 100, now - DAY_MS - 1)
    use(alice, ListType.POST_COMMENTERS, 20, now - DAY_MS + 3_600_000)
    use(alice, ListType.POST_COMMENTERS, 3, now)

    data = quota(alice, "?listType=POST_COMMENTERS")

    assert (data["used"], data["remaining"]) == (23, 2477)
    assert data["resetAt"] == format_time(now + 3_600_000)


def test_a_start_that_finds_the_budget_used_up_is_refused_until_there_is_room(alice: Caller) -> None:
    use(alice, ListType.URL_UPLOAD, 2600, now_ms() - DAY_MS + 600_000)
    data = quota(alice, "?listType=URL_UPLOAD")

    refused = upload(alice, 3)

    assert (data["used"], data["remaining"], data["exhausted"]) == (2600, 0, True)
    assert refused.refusal == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 600
    assert "RateLimit" in refused.headers
    assert refused.details == (
        "quota: the 2500 people of URL_UPLOAD that may be taken in 24 hours are used up; start again after "
        + data["resetAt"]
    )
    assert len(alice.get(alice.jobs).data["items"]) == 1  # the old job
    assert upload(alice.sandbox(), 3).status == 202
    with alice.service.toolbox.database.write() as tx:  # ten minutes later
        tx.execute(QUOTA_USE.update().where(QUOTA_USE.c.people == 2600).values(used_ms=now_ms() - DAY_MS))
    assert upload(alice, 3).status == 202


# --- who may ask, and how -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("list_type", ["", "linkedin_classic", "LINKEDIN", "URL_UPLOAD,POST_COMMENTERS", " URL_UPLOAD"])
def test_an_unknown_list_type_is_refused(alice: Caller, list_type: str) -> None:
    answer = alice.get(f"{alice.jobs}/quota?listType={list_type.replace(' ', '%20')}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == ("listType: must be one of LINKEDIN_CLASSIC, SALES_NAVIGATOR, POST_COMMENTERS, URL_UPLOAD")


@pytest.mark.parametrize("query", ["listType=URL_UPLOAD&listType=URL_UPLOAD", "limit=1", "list_type=URL_UPLOAD"])
def test_other_and_repeated_parameters_are_refused(alice: Caller, query: str) -> None:
    assert alice.get(f"{alice.jobs}/quota?{query}").refusal == (400, "VALIDATION_ERROR")


def test_the_quota_is_no_job(alice: Caller) -> None:
    assert alice.call("POST", f"{alice.jobs}/quota/cancel").refusal == (400, "VALIDATION_ERROR")
    assert alice.call("POST", f"{alice.jobs}/quota").refusal == (405, "METHOD_NOT_ALLOWED")
    assert alice.call("HEAD", f"{alice.jobs}/quota").status == 200


def test_a_stranger_and_a_key_without_the_permission_see_nothing(alice: Caller, mallory: Caller) -> None:
    use(alice, ListType.LINKEDIN_CLASSIC, 7, now_ms())
    bob = alice.with_key(*set(Permission) - {Permission.PROSPECTING_READ})

    assert bob.get(f"{alice.jobs}/quota").refusal == (403, "FORBIDDEN")
    assert mallory.get(f"{alice.jobs}/quota").refusal == (403, "FORBIDDEN")
    assert quota(mallory)["used"] == 0
    assert quota(alice.with_key(Permission.PROSPECTING_READ))["used"] == 7


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("list_type", list(ListType))
@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "1e3", "2_500", " 2500", "02500", "２５００", "9" * 10])
def test_a_setting_that_is_no_number_of_people_is_refused_by_its_name(list_type: str, text: str) -> None:
    name = f"GOLDPAN_QUOTA_{list_type}"

    with pytest.raises(assembly.CannotStart, match=f"^{name} must be a whole number of people above zero, like 2500$"):
        assembly.read_quota_limits(read_settings({name: text}))


def test_each_setting_is_the_limit_of_its_list_type() -> None:
    names = {f"GOLDPAN_QUOTA_{list_type}": str(100 + number) for number, list_type in enumerate(ListType)}

    limits = assembly.read_quota_limits(read_settings(names))

    assert [limits.of(list_type) for list_type in ListType] == [100, 101, 102, 103]
