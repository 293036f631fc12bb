"""Resuming a job over the API: what can be resumed, by whom, and what clients see of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from goldpan.contract.permission_catalogue import Permission
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url, store_jobs
from tests.service import Json, until

TITLES = "https://www.linkedin.com/search/results/people/?titleFreeText="


def cancelled_job(caller: Caller, keywords: str = "cto total:100 pace:150") -> Json:
    """Start a job, cancel it when it has imported people, and return it."""
    job_id = caller.start_search(keywords)
    until(lambda: caller.job(job_id)["counts"]["imported"] > 0)
    caller.cancel(job_id)
    return caller.job(job_id)


def test_a_failed_job_gets_past_the_page_that_failed_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    failed = sandbox.ended(sandbox.start_search("cto total:100 fail:500@3 pace:0"))

    answer = sandbox.resume(failed["jobId"])
    job = sandbox.ended(failed["jobId"])

    assert (failed["status"], failed["counts"]["imported"]) == ("failed", 50)
    assert answer.status == 202
    assert answer.data == {
        "jobId": failed["jobId"],
        "status": "queued",
        "createdAt": failed["createdAt"],
        "audienceId": failed["audienceId"],
    }
    assert (job["status"], job["stopReason"], job["truncated"], job["error"]) == (
        "completed",
        "source_exhausted",
        False,
        None,
    )
    assert (job["counts"]["imported"], job["counts"]["duplicate"]) == (100, 6)
    assert job["startedAt"] == failed["startedAt"]
    assert len(sandbox.prospects(job["audienceId"])) == 100


def test_a_job_whose_account_was_disconnected_goes_on(alice: Caller) -> None:
    sandbox = alice.sandbox()
    failed = sandbox.ended(sandbox.start_search("cto total:60 disconnect@2 pace:0"))

    sandbox.resume(failed["jobId"])
    job = sandbox.ended(failed["jobId"])

    assert failed["stopReason"] == "account_disconnected"
    assert (job["status"], job["counts"]["imported"]) == ("completed", 60)


def test_a_run_that_is_disconnected_leaves_the_next_all_its_tries(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:30 disconnect@2 fail:timeout@2 fail:500@2 pace:0")
    reasons = [sandbox.ended(job_id)["stopReason"]]
    for _ in range(2):
        sandbox.resume(job_id)
        reasons.append(sandbox.ended(job_id)["stopReason"])

    assert reasons == ["account_disconnected", "upstream_failed", "source_exhausted"]


def test_a_cancelled_job_goes_on_where_it_stood(alice: Caller) -> None:
    sandbox = alice.sandbox()
    cancelled = cancelled_job(sandbox)

    sandbox.resume(cancelled["jobId"])
    resumed = sandbox.job(cancelled["jobId"])
    job = sandbox.ended(cancelled["jobId"])

    assert (resumed["finishedAt"], resumed["stopReason"]) == (None, None)
    assert resumed["counts"]["imported"] >= cancelled["counts"]["imported"]
    assert resumed["stages"]["import"]["progress"] >= cancelled["stages"]["import"]["progress"]
    assert resumed["stages"]["import"]["status"] in ("queued", "running")
    assert (job["status"], job["counts"]["imported"], job["counts"]["duplicate"]) == ("completed", 100, 6)


def test_a_queued_job_that_was_cancelled_can_be_resumed(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "queued")
    alice.cancel(job_id)
    with alice.service.toolbox.database.write() as tx:
        tx.execute(
            sa.text("UPDATE job_input SET request_json = :request WHERE job_id = :id"),
            {"id": job_id, "request": f'{{"source":"linkedin_search","searchUrl":"{TITLES}nobody"}}'},
        )

    assert alice.resume(job_id).status == 202
    assert alice.ended(job_id)["status"] == "completed"


def test_resuming_twice_answers_the_same_and_makes_one_run(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = cancelled_job(sandbox, "cto total:60 pace:300")["jobId"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: sandbox.resume(job_id), range(8)))

    assert {answer.status for answer in answers} == {202}
    assert {answer.data["status"] for answer in answers} <= {"queued", "running"}
    assert sandbox.ended(job_id)["counts"]["imported"] == 60
    with alice.service.toolbox.database.read() as tx:
        count = tx.execute(sa.text("SELECT resume_count FROM job WHERE id = :id"), {"id": job_id}).scalar_one()
    assert count == 1


def test_a_running_job_is_not_changed(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "running")
    before = alice.job(job_id)

    answer = alice.resume(job_id)

    assert (answer.status, answer.data["status"]) == (202, "running")
    assert alice.job(job_id) == before


def test_a_completed_job_is_not_resumed(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job = sandbox.ended(sandbox.start_search("cto total:1"))

    answer = sandbox.resume(job["jobId"])

    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert "completed" in answer.details
    assert sandbox.job(job["jobId"]) == job


def test_a_job_whose_audience_was_deleted_is_not_resumed(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "cancelled")
    audience_id = alice.job(job_id)["audienceId"]
    with alice.service.toolbox.database.write() as tx:
        tx.execute(sa.text("UPDATE audience SET deleted_ms = 1 WHERE id = :id"), {"id": audience_id})

    assert alice.resume(job_id).refusal == (422, "VALIDATION_ERROR")


def test_a_resumed_job_is_cancelled_and_resumed_again(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = cancelled_job(sandbox, "cto total:100 pace:200")["jobId"]
    sandbox.resume(job_id)
    until(lambda: sandbox.job(job_id)["status"] == "running")

    assert sandbox.cancel(job_id).status == 200
    assert sandbox.job(job_id)["status"] == "cancelled"
    assert sandbox.resume(job_id).status == 202
    assert sandbox.ended(job_id)["counts"]["imported"] == 100


def test_an_idempotency_key_finds_the_job_running_again(alice: Caller) -> None:
    sandbox = alice.sandbox()
    body = {"source": "linkedin_search", "searchUrl": search_url("cto total:30 fail:500@2 pace:300")}
    job_id = sandbox.start(**body, idempotency_key="once").data["jobId"]
    sandbox.ended(job_id)
    failed = sandbox.start(**body, idempotency_key="once")

    sandbox.resume(job_id)
    running = sandbox.start(**body, idempotency_key="once")
    sandbox.ended(job_id)
    completed = sandbox.start(**body, idempotency_key="once")

    assert [answer.status for answer in (failed, running, completed)] == [200, 202, 200]
    assert {answer.data["jobId"] for answer in (failed, running, completed)} == {job_id}


def test_an_audience_is_not_ready_while_a_resumed_job_fills_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job = cancelled_job(sandbox, "cto total:500 pace:1000")
    people = f"{alice.group}/audiences/{job['audienceId']}/prospects"
    before = sandbox.get(people).status

    sandbox.resume(job["jobId"])

    assert before == 200
    assert sandbox.get(people).refusal == (409, "AUDIENCE_NOT_READY")
    sandbox.cancel(job["jobId"])
    assert sandbox.get(people).status == 200


# --- credits ------------------------------------------------------------------------------------------------------


def test_a_resumed_job_pays_for_new_people_only(alice: Caller) -> None:
    alice.import_people(f"person-{number},CTO" for number in range(7))
    job_id = alice.started(source="linkedin_search", searchUrl=TITLES + "CTO", maxResults=500)["jobId"]
    alice.cancel(job_id)

    alice.resume(job_id)
    job = alice.ended(job_id)

    assert job["status"] == "completed"
    assert (job["counts"]["imported"], job["credits"]["spent"]) == (7, 7)
    assert alice.credits() == (993, 0)


def test_a_job_that_cannot_pay_for_the_rest_is_refused_and_can_be_resumed_later(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=10)
    poor.import_people(f"person-{number},CTO" for number in range(3))
    [job_id] = store_jobs(poor, [1], "cancelled")
    _ask_for(poor, job_id, max_results=11)
    before = poor.job(job_id)

    answer = poor.resume(job_id)

    assert answer.refusal == (402, "INSUFFICIENT_CREDITS")
    assert answer.details == "credits needed: 11, available: 10"
    assert (poor.job(job_id), poor.credits()) == (before, (10, 0))
    _ask_for(poor, job_id, max_results=10)
    assert poor.resume(job_id).status == 202
    assert poor.ended(job_id)["credits"] == {"reserved": 10, "spent": 3}
    assert poor.credits() == (7, 0)


def _ask_for(caller: Caller, job_id: str, max_results: int) -> None:
    """Let a stored job look as if it had been started with so many `maxResults`."""
    request = f'{{"source":"linkedin_search","searchUrl":"{TITLES}CTO","maxResults":{max_results}}}'
    with caller.service.toolbox.database.write() as tx:
        tx.execute(sa.text("UPDATE job SET max_results = :most WHERE id = :id"), {"id": job_id, "most": max_results})
        statement = sa.text("UPDATE job_input SET request_json = :request WHERE job_id = :id")
        tx.execute(statement, {"id": job_id, "request": request})


# --- who ----------------------------------------------------------------------------------------------------------


def test_a_stranger_resumes_nothing(alice: Caller, mallory: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "cancelled")

    own_group = mallory.resume(job_id)
    her_group = mallory.call("POST", f"{alice.jobs}/{job_id}/resume")

    assert own_group.refusal == (404, "NOT_FOUND")
    assert own_group.json["error"] == mallory.resume(NOBODYS_ID).json["error"]
    assert her_group.refusal == (403, "FORBIDDEN")
    assert alice.job(job_id)["status"] == "cancelled"


def test_a_key_without_the_permission_resumes_nothing(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "cancelled")

    assert alice.with_key(Permission.PROSPECTING_READ).resume(job_id).refusal == (403, "FORBIDDEN")
    assert alice.job(job_id)["status"] == "cancelled"


def test_a_test_key_spends_no_credits_by_resuming_a_live_job(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "cancelled")

    assert alice.sandbox().resume(job_id).refusal == (403, "FORBIDDEN")
    assert alice.job(job_id)["status"] == "cancelled"


@pytest.mark.parametrize("job_id", ["1", "x" * 24, "0" * 23, "0" * 25, "%20"])
def test_a_malformed_job_id_is_refused_by_name(alice: Caller, job_id: str) -> None:
    answer = alice.resume(job_id)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "jobId" in answer.details


@pytest.mark.parametrize("body", [{"maxResults": 5}, [], "again"])
def test_a_resume_takes_no_body(alice: Caller, body: Json) -> None:
    [job_id] = store_jobs(alice, [1], "cancelled")

    assert alice.post(f"{alice.jobs}/{job_id}/resume", body).refusal == (400, "VALIDATION_ERROR")
    assert alice.job(job_id)["status"] == "cancelled"
