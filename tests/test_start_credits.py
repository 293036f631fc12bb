"""What a job costs: what it reserves when it starts, what it spends, and what it gives back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cast import Caller, new_caller
from tests.service import Json

TITLES = "https://www.linkedin.com/search/results/people/?titleFreeText="
CTOS = {"source": "linkedin_search", "searchUrl": TITLES + "CTO"}


def with_people(caller: Caller, count: int) -> Caller:
    caller.import_people(f"person-{number},CTO,person-{number}@acme.example" for number in range(count))
    return caller


def run(caller: Caller, **fields: object) -> Json:
    return caller.ended(caller.started(**CTOS, **fields)["jobId"])


def test_a_new_person_costs_one_credit(alice: Caller) -> None:
    job = run(with_people(alice, 7), maxResults=10)

    assert (job["status"], job["stopReason"]) == ("completed", "source_exhausted")
    assert job["counts"]["imported"] == 7
    assert job["credits"] == {"reserved": 10, "spent": 7}
    assert alice.credits() == (993, 0)


def test_a_new_person_costs_two_credits_with_their_email_address(alice: Caller) -> None:
    alice.import_people(["amara,CTO,amara@acme.example", "bob,CTO"])

    job = run(alice, maxResults=10, searchEmails=True)

    assert job["credits"] == {"reserved": 20, "spent": 4}
    assert (job["counts"]["imported"], job["counts"]["emailsFound"]) == (2, 1)
    assert alice.credits() == (996, 0)


def test_a_known_person_costs_nothing(alice: Caller) -> None:
    with_people(alice, 5)
    first = run(alice, maxResults=3)

    second = run(alice, maxResults=10)

    assert first["credits"]["spent"] == 3
    assert (second["counts"]["known"], second["counts"]["imported"], second["credits"]["spent"]) == (3, 2, 2)
    assert alice.credits() == (995, 0)


def test_people_of_the_sandbox_cost_nothing_and_are_not_known(alice: Caller) -> None:
    alice.import_people(["amara,CTO"])
    urls = ["linkedin.com/in/amara"]
    sandbox = alice.sandbox()
    played = sandbox.ended(sandbox.started(source="url_upload", urls=urls, searchEmails=True)["jobId"])

    real = alice.ended(alice.started(source="url_upload", urls=urls)["jobId"])

    assert (played["counts"]["imported"], played["credits"]) == (1, {"reserved": 0, "spent": 0})
    assert (real["counts"]["imported"], real["counts"]["known"], real["credits"]["spent"]) == (1, 0, 1)
    assert alice.credits() == (999, 0)


def test_a_sandbox_job_needs_no_credits(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=0).sandbox()

    assert poor.ended(poor.start_search("cto total:3", maxResults=500))["counts"]["imported"] == 3


# --- reservations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reserved"),
    [
        ({"maxResults": 200}, 200),
        ({"maxResults": 200, "searchEmails": True}, 400),
        ({"maxResults": 200, "maxCredits": 50}, 50),
        ({"maxResults": 20, "maxCredits": 50}, 20),
        ({"maxCredits": 300}, 300),
        ({"maxCredits": 300, "searchEmails": True}, 300),
        ({}, 1000),
        ({"searchEmails": True}, 1000),
    ],
)
def test_a_job_reserves_what_it_may_spend(alice: Caller, fields: dict[str, object], reserved: int) -> None:
    job = run(alice, **fields)

    assert job["credits"] == {"reserved": reserved, "spent": 0}
    assert alice.credits() == (1000, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"maxResults": 11},
        {"maxResults": 6, "searchEmails": True},
        {"maxResults": 100, "maxCredits": 11},
        {"maxCredits": 11},
        {"source": "url_upload", "urls": [f"linkedin.com/in/person-{number}" for number in range(11)]},
    ],
)
def test_a_job_that_could_spend_more_than_there_is_does_not_start(alice: Caller, fields: dict[str, object]) -> None:
    poor = new_caller(alice.service, "poor", credits=10)

    answer = poor.start(fields if "source" in fields else CTOS | fields)

    assert answer.refusal == (402, "INSUFFICIENT_CREDITS")
    assert "10" in answer.details
    assert poor.get(poor.jobs).data["items"] == []
    assert poor.credits() == (10, 0)


def test_a_job_that_needs_all_there_is_starts(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=10)

    assert poor.start(CTOS | {"maxResults": 10}).status == 202


def test_repeated_urls_reserve_nothing(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=1)

    job = poor.job(poor.started(source="url_upload", urls=["linkedin.com/in/amara"] * 5)["jobId"])

    assert job["credits"]["reserved"] == 1


def test_an_open_ended_job_takes_what_there_is_and_says_that_it_ran_out(alice: Caller) -> None:
    poor = with_people(new_caller(alice.service, "poor", credits=4), 7)

    job = run(poor)

    assert (job["status"], job["stopReason"], job["truncated"]) == ("completed", "credits_exhausted", True)
    assert (job["counts"]["imported"], job["credits"]) == (4, {"reserved": 4, "spent": 4})
    assert poor.credits() == (0, 0)


def test_an_open_ended_job_with_email_addresses_takes_whole_people(alice: Caller) -> None:
    poor = with_people(new_caller(alice.service, "poor", credits=5), 7)

    job = run(poor, searchEmails=True)

    assert (job["counts"]["imported"], job["credits"]["spent"], job["stopReason"]) == (2, 4, "credits_exhausted")
    assert poor.credits() == (1, 0)


@pytest.mark.parametrize(("credits", "emails"), [(0, False), (0, True), (1, True)])
def test_an_open_ended_job_that_can_pay_nobody_does_not_start(alice: Caller, credits: int, emails: bool) -> None:
    poor = new_caller(alice.service, "poor", credits=credits)

    assert poor.start(CTOS | {"searchEmails": emails}).refusal == (402, "INSUFFICIENT_CREDITS")


def test_max_credits_is_a_hard_ceiling(alice: Caller) -> None:
    job = run(with_people(alice, 7), maxResults=7, maxCredits=3)

    assert (job["stopReason"], job["truncated"]) == ("max_credits_reached", True)
    assert (job["counts"]["imported"], job["credits"]) == (3, {"reserved": 3, "spent": 3})


def test_max_credits_that_suffice_are_no_reason_to_stop(alice: Caller) -> None:
    job = run(with_people(alice, 3), maxCredits=3)

    assert (job["stopReason"], job["truncated"]) == ("source_exhausted", False)
    assert job["counts"]["imported"] == 3


def test_known_people_go_on_when_the_credits_are_spent(alice: Caller) -> None:
    with_people(alice, 5)
    run(alice, maxResults=3)

    job = run(alice, maxCredits=2)

    assert (job["counts"]["known"], job["counts"]["imported"], job["stopReason"]) == (3, 2, "source_exhausted")


def test_max_results_bounds_new_and_known_people_together(alice: Caller) -> None:
    with_people(alice, 6)
    run(alice, maxResults=2)

    job = run(alice, maxResults=4)

    assert (job["counts"]["known"], job["counts"]["imported"]) == (2, 2)
    assert (job["stopReason"], job["truncated"]) == ("max_results", True)


def test_a_cancelled_job_gives_back_what_it_did_not_spend(alice: Caller) -> None:
    job_id = alice.started(**CTOS, maxResults=500)["jobId"]

    alice.cancel(job_id)

    job = alice.ended(job_id)
    assert alice.credits() == (1000 - job["credits"]["spent"], 0)


# --- at the same time ---------------------------------------------------------------------------------------------


def test_twenty_starts_at_once_against_five_credits_are_five_jobs(alice: Caller) -> None:
    poor = with_people(new_caller(alice.service, "poor", credits=5), 20)
    uploads = [{"source": "url_upload", "urls": [f"linkedin.com/in/person-{number}"]} for number in range(20)]

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(poor.start, uploads))

    started = [answer.data["jobId"] for answer in answers if answer.status == 202]
    refused = [answer.refusal for answer in answers if answer.status != 202]
    assert len(started) == 5
    assert refused == [(402, "INSUFFICIENT_CREDITS")] * 15
    assert sum(poor.ended(job_id)["counts"]["imported"] for job_id in started) == 5
    assert poor.credits() == (0, 0)
