"""Who works on what: jobs that cost nothing keep none waiting that was paid for."""

from tests.cast import Caller


def test_sandbox_jobs_that_dawdle_do_not_delay_a_live_one(alice: Caller) -> None:
    sandbox = alice.sandbox()
    dawdling = [sandbox.start_search(f"cto{number} total:1000 pace:60000") for number in range(9)]

    live = alice.ended(alice.started(source="url_upload", urls=["linkedin.com/in/ada"])["jobId"])

    assert live["status"] == "completed"
    for job_id in dawdling:
        assert sandbox.cancel(job_id).status == 200
