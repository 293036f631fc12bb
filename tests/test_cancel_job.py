"""Cancelling a job: what can be cancelled, how fast it is, and that nothing of the job is written afterwards."""

import time

import pytest

from tests.cast import Caller, search_url, store_jobs
from tests.service import until


def running_job(caller: Caller, keywords: str = "cto pace:200") -> str:
    """Start a job and return its id when it has imported people."""
    job_id = caller.start_search(keywords)
    until(lambda: caller.job(job_id)["counts"]["imported"] > 0)
    return job_id


def test_a_queued_job_is_cancelled(alice: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "queued")

    answer = alice.cancel(job_id)

    assert (answer.status, answer.data) == (200, {"jobId": job_id, "status": "cancelled"})
    job = alice.job(job_id)
    assert (job["status"], job["stopReason"], job["startedAt"]) == ("cancelled", "cancelled", None)
    assert {stage["status"] for stage in job["stages"].values()} == {"cancelled"}


def test_a_running_job_is_cancelled_within_two_seconds_and_writes_nothing_more(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = running_job(sandbox)

    begin = time.monotonic()
    answer = sandbox.cancel(job_id)
    cancelled = sandbox.job(job_id)

    assert time.monotonic() - begin < 2
    assert answer.data == {"jobId": job_id, "status": "cancelled"}
    assert (cancelled["status"], cancelled["stopReason"], cancelled["truncated"]) == ("cancelled", "cancelled", True)
    assert cancelled["counts"]["imported"] > 0
    # another job that takes longer than several pages of the cancelled one: had it gone on, it would show
    sandbox.ended(sandbox.start_search("other total:100 pace:200"))
    assert sandbox.job(job_id) == cancelled


def test_a_cancelled_job_leaves_a_readable_audience_with_whom_it_imported(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = running_job(sandbox)
    sandbox.cancel(job_id)

    job = sandbox.job(job_id)

    assert len(sandbox.prospects(job["audienceId"])) == job["counts"]["imported"]


def test_a_waiting_job_is_cancelled(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto pace:60000")
    until(lambda: sandbox.job(job_id)["status"] == "running")

    assert sandbox.cancel(job_id).status == 200
    assert sandbox.job(job_id)["status"] == "cancelled"


def test_cancelling_twice_answers_the_same(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = running_job(sandbox)

    first, second = sandbox.cancel(job_id), sandbox.cancel(job_id)

    assert (first.status, second.status) == (200, 200)
    assert first.data == second.data
    assert sandbox.job(job_id)["status"] == "cancelled"


@pytest.mark.parametrize(("keywords", "status"), [("cto total:1", "completed"), ("cto disconnect@1", "failed")])
def test_a_job_that_has_ended_cannot_be_cancelled(alice: Caller, keywords: str, status: str) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search(keywords)
    ended = sandbox.ended(job_id)

    answer = sandbox.cancel(job_id)

    assert ended["status"] == status
    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert status in answer.details
    assert sandbox.job(job_id) == ended


def test_a_stranger_cancels_nothing(alice: Caller, mallory: Caller) -> None:
    [job_id] = store_jobs(alice, [1], "running")

    own_group = mallory.cancel(job_id)
    her_group = mallory.call("POST", f"{alice.jobs}/{job_id}/cancel")

    assert own_group.refusal == (404, "NOT_FOUND")
    assert her_group.refusal == (403, "FORBIDDEN")
    assert alice.job(job_id)["status"] == "running"


def test_a_live_key_cancels_what_a_test_key_started(alice: Caller) -> None:
    job_id = running_job(alice.sandbox())

    assert alice.cancel(job_id).status == 200


def test_the_credits_of_a_queued_job_are_free_at_once_when_it_is_cancelled(alice: Caller) -> None:
    before = alice.credits()
    job_id = alice.started(source="linkedin_search", searchUrl=search_url("nobody"), maxResults=900)["jobId"]

    alice.cancel(job_id)

    assert alice.credits() == before
