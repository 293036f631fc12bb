"""What a job says of itself, from its start to its end: stages, counts, reasons; and what script words make of it."""

import json
from collections.abc import Iterator

import pytest

from goldpan.storage import job_table
from tests.cast import Caller, search_url
from tests.service import Json, until

FULL = {
    "jobId", "type", "status", "createdAt", "updatedAt", "stages", "error", "source", "audienceId", "startedAt",
    "finishedAt", "stopReason", "truncated", "totalAvailable", "counts", "credits", "resumesAt", "sandbox",
}  # fmt: skip
COUNTS = {"found", "imported", "known", "duplicate", "suppressed", "invalid", "failed", "emailsFound"}


def states(caller: Caller, job_id: str) -> Iterator[Json]:
    """Yield every state of the job that can be seen, until it has ended."""
    job = caller.job(job_id)
    yield job
    while not job["finishedAt"]:
        job = _next_state(caller, job)
        yield job


def _next_state(caller: Caller, job: Json) -> Json:
    return until(lambda: later if (later := caller.job(job["jobId"])) != job else None)


def run(caller: Caller, keywords: str, **fields: object) -> Json:
    return caller.ended(caller.start_search(keywords, **fields))


def test_a_job_has_exactly_its_fields(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto total:60")

    assert set(job) == FULL
    assert set(job["counts"]) == COUNTS
    assert set(job["credits"]) == {"reserved", "spent"}
    assert job["stages"] == {
        "import": {"status": "completed", "progress": 1},
        "enrichment": {"status": "completed", "progress": 1},
    }
    assert (job["type"], job["status"], job["error"], job["resumesAt"]) == ("prospecting", "completed", None, None)
    assert (job["stopReason"], job["truncated"], job["totalAvailable"]) == ("source_exhausted", False, 60)
    assert job["sandbox"] is True
    assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"] <= job["updatedAt"]


def test_the_counts_add_up(alice: Caller) -> None:
    counts = run(alice.sandbox(), "cto total:60", searchEmails=True)["counts"]

    assert (counts["found"], counts["imported"], counts["duplicate"]) == (64, 60, 4)
    assert 0 < counts["emailsFound"] < 60


def test_progress_never_falls_and_stages_follow_one_another(alice: Caller) -> None:
    sandbox = alice.sandbox()

    seen = list(states(sandbox, sandbox.start_search("cto total:200 pace:30")))

    imports = [job["stages"]["import"]["progress"] for job in seen]
    enrichments = [job["stages"]["enrichment"]["progress"] for job in seen]
    assert imports == sorted(imports)
    assert enrichments == sorted(enrichments)
    assert len(set(imports)) > 3
    assert all(job["stages"]["import"]["progress"] == 1 for job in seen if job["stages"]["enrichment"]["progress"] > 0)
    assert [job["status"] for job in seen if job["status"] not in ("queued", "running", "completed")] == []
    assert seen[-1]["status"] == "completed"


def test_the_total_is_known_from_the_first_page_on(alice: Caller) -> None:
    sandbox = alice.sandbox()

    seen = list(states(sandbox, sandbox.start_search("cto total:100 pace:50")))

    assert {job["totalAvailable"] for job in seen if job["counts"]["found"]} == {100}


def test_max_results_stops_a_job_and_says_so(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto", maxResults=30)

    assert (job["stopReason"], job["truncated"], job["totalAvailable"]) == ("max_results", True, 1000)
    assert job["counts"]["imported"] == 30
    assert job["stages"]["import"] == {"status": "completed", "progress": 1}


def test_max_results_that_take_the_whole_source_cut_nothing_off(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto total:50", maxResults=50)

    assert (job["counts"]["imported"], job["truncated"]) == (50, False)


def test_a_search_without_people_completes(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto total:0")

    assert (job["status"], job["stopReason"], job["truncated"]) == ("completed", "source_exhausted", False)
    assert (job["totalAvailable"], job["counts"]["found"]) == (0, 0)
    assert alice.prospects(job["audienceId"]) == []


def test_any_post_has_200_commenters(alice: Caller) -> None:
    sandbox = alice.sandbox()
    url = "https://www.linkedin.com/feed/update/urn:li:ugcPost:7234567890123456789/"

    job = sandbox.ended(sandbox.started(source="post_commenters", postUrl=url)["jobId"])

    assert (job["counts"]["imported"], job["totalAvailable"]) == (200, 200)


def test_any_search_finds_1000_people(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto pace:0")

    assert (job["counts"]["imported"], job["totalAvailable"]) == (1000, 1000)
    assert job["stopReason"] in ("source_exhausted", "max_results")
    assert job["truncated"] is False


def test_the_same_search_finds_the_same_people_and_other_words_others(alice: Caller) -> None:
    sandbox = alice.sandbox()
    jobs = [run(sandbox, "cto total:10"), run(sandbox, "total:10 cto"), run(sandbox, "cfo total:10")]

    assert [(job["counts"]["imported"], job["counts"]["known"]) for job in jobs] == [(10, 0), (0, 10), (10, 0)]


def test_an_ampersand_inside_a_filter_is_part_of_the_filter(alice: Caller) -> None:
    alice.import_people(["amara,R&D Director", "bob,R Director", "carol,D Director", "dora,Director of Research"])
    url = "https://www.linkedin.com/search/results/people/?titleFreeText=%22R%26D%20Director%22&origin=FACETED_SEARCH"

    job = alice.ended(alice.started(source="linkedin_search", searchUrl=url)["jobId"])

    [person] = alice.prospects(job["audienceId"])
    assert person["publicIdentifier"] == "amara"


def test_the_original_string_of_a_search_is_kept(alice: Caller) -> None:
    url = search_url("cto total:1") + "&titleFreeText=R%26D+Director&sid=UwU"
    job_id = alice.sandbox().started(source="linkedin_search", searchUrl=url)["jobId"]

    with alice.service.toolbox.database.read() as tx:
        request = json.loads(job_table.request_json(tx, alice.account_group_id, job_id))

    assert request["searchUrl"] == url


# --- script words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "counts"),
    [
        ("cto total:30 fail:429@2", {"imported": 30, "duplicate": 2}),
        ("cto total:30 fail:timeout@1", {"imported": 30, "duplicate": 2}),
        ("cto total:60 duplicates", {"imported": 60, "duplicate": 20}),
        ("cto total:60 garbage@2", {"imported": 60, "invalid": 5}),
        ("cto total:30 pace:0", {"imported": 30}),
        ("cto total:60 fail:500@9", {"imported": 60}),
    ],
)
def test_a_fault_that_passes_loses_and_doubles_nobody(alice: Caller, keywords: str, counts: dict[str, int]) -> None:
    job = run(alice.sandbox(), keywords)

    assert (job["status"], job["stopReason"], job["error"]) == ("completed", "source_exhausted", None)
    assert {name: job["counts"][name] for name in counts} == counts
    assert len(alice.prospects(job["audienceId"])) == job["counts"]["imported"]


def test_a_source_that_fails_again_and_again_fails_the_job_and_keeps_its_people(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto total:100 fail:500@3")

    assert (job["status"], job["stopReason"], job["truncated"]) == ("failed", "upstream_failed", True)
    assert job["error"]["code"] == "UPSTREAM_ERROR"
    assert job["counts"]["imported"] == 50
    assert job["stages"]["import"]["status"] == "failed"
    assert len(alice.prospects(job["audienceId"])) == 50


def test_a_disconnected_account_fails_the_job_and_keeps_its_people(alice: Caller) -> None:
    job = run(alice.sandbox(), "cto total:100 disconnect@2")

    assert (job["status"], job["stopReason"]) == ("failed", "account_disconnected")
    assert set(job["error"]) == {"code", "message"}
    assert job["counts"]["imported"] == 25


def test_a_job_that_waits_for_its_source_runs_and_says_until_when(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:30 fail:429@2")

    waiting = until(lambda: job if (job := sandbox.job(job_id))["resumesAt"] else None)

    assert (waiting["status"], waiting["stopReason"]) == ("running", None)
    assert "blocked" in waiting["error"]["message"]
    assert waiting["counts"]["imported"] == 25
    ended = sandbox.ended(job_id)
    assert (ended["status"], ended["error"], ended["resumesAt"]) == ("completed", None, None)
