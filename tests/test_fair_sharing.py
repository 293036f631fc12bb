"""Who works on what: jobs that cost nothing keep none waiting that was paid for."""

from datetime import datetime

from tests.cast import Caller


def test_sandbox_jobs_that_dawdle_do_not_delay_a_live_one(alice: Caller) -> None:
    sandbox = alice.sandbox()
    dawdling = [sandbox.start_search(f"cto{number} total:1000 pace:60000") for number in range(9)]

    live = alice.ended(alice.started(source="url_upload", urls=["linkedin.com/in/ada"])["jobId"])

    assert live["status"] == "completed"
    for job_id in dawdling:
        assert sandbox.cancel(job_id).status == 200


def test_five_hundred_jobs_of_one_account_group_do_not_delay_anothers_first(alice: Caller, mallory: Caller) -> None:
    crowd = alice.sandbox()
    job_ids = [crowd.start_search(f"cto{number} total:1000 pace:60000") for number in range(500)]

    other = mallory.sandbox()
    first = other.ended(other.start_search("ceo total:25 pace:0"))

    assert milliseconds(first["createdAt"], first["startedAt"]) < 5_000
    assert first["status"] == "completed"
    assert crowd.job(job_ids[-1])["status"] == "queued"


def milliseconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() * 1000
