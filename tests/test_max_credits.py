"""`maxCredits`, the ceiling on what a job may spend, together with everything else that bounds a job."""

from typing import Any

import pytest

from tests.cast import Caller, new_caller, search_url
from tests.service import Json

CTOS = {"source": "linkedin_search", "searchUrl": "https://www.linkedin.com/search/results/people/?titleFreeText=CTO"}


def urls(count: int) -> Json:
    return {"source": "url_upload", "urls": [f"linkedin.com/in/person-{number}" for number in range(count)]}


@pytest.fixture
def anna(alice: Caller) -> Caller:
    """The owner of an account group with ten credits, whose files name seven people."""
    anna = new_caller(alice.service, "anna", credits=10)
    anna.import_people(f"person-{number},CTO,person-{number}@acme.example" for number in range(7))
    return anna


def run(caller: Caller, body: Json, **fields: Any) -> Json:
    return caller.ended(caller.started(**body, **fields)["jobId"])


@pytest.mark.parametrize(
    ("body", "fields", "reserved", "imported", "reason"),
    [
        (CTOS, {"maxCredits": 10}, 10, 7, "source_exhausted"),
        (CTOS, {"maxCredits": 7}, 7, 7, "source_exhausted"),
        (CTOS, {"maxCredits": 6}, 6, 6, "max_credits_reached"),
        (CTOS, {"maxCredits": 6, "maxResults": 6}, 6, 6, "max_results"),
        (CTOS, {"maxCredits": 6, "maxResults": 500}, 6, 6, "max_credits_reached"),
        (CTOS, {"maxCredits": 2_147_483_647, "maxResults": 3}, 3, 3, "max_results"),
        (CTOS, {"maxCredits": 5, "searchEmails": True}, 5, 2, "max_credits_reached"),
        (CTOS, {"maxCredits": 5, "searchEmails": True, "maxResults": 2}, 4, 2, "max_results"),
        (CTOS, {"maxCredits": 1, "searchEmails": True}, 1, 0, "max_credits_reached"),
        (urls(7), {"maxCredits": 3}, 3, 3, "max_credits_reached"),
        (urls(7), {"maxCredits": 99}, 7, 7, "completed"),
        (urls(7), {"maxCredits": 3, "searchEmails": True}, 3, 1, "max_credits_reached"),
        (urls(7), {"maxCredits": 10, "searchEmails": True}, 10, 5, "max_credits_reached"),
        (urls(7), {"maxCredits": 3, "maxResults": 1}, 3, 3, "max_credits_reached"),
    ],
)
def test_a_job_spends_no_more_than_its_ceiling(
    anna: Caller, body: Json, fields: dict[str, Any], reserved: int, imported: int, reason: str
) -> None:
    job = run(anna, body, **fields)

    spent = imported * (2 if fields.get("searchEmails") else 1)
    assert (job["status"], job["stopReason"]) == ("completed", reason)
    assert job["truncated"] == (imported < 7)
    assert (job["counts"]["imported"], job["credits"]) == (imported, {"reserved": reserved, "spent": spent})
    assert anna.credits() == (10 - spent, 0)


@pytest.mark.parametrize(
    ("body", "fields", "needed"),
    [
        (CTOS, {"maxCredits": 11}, 11),
        (CTOS, {"maxCredits": 11, "searchEmails": True}, 11),
        (CTOS, {"maxCredits": 50, "maxResults": 11}, 11),
        (CTOS, {"maxCredits": 11, "maxResults": 500}, 11),
        (CTOS, {"maxCredits": 50, "maxResults": 6, "searchEmails": True}, 12),
        (urls(11), {"maxCredits": 11}, 11),
        (urls(6), {"maxCredits": 12, "searchEmails": True}, 12),
    ],
)
def test_a_ceiling_above_the_balance_is_refused_where_the_job_could_spend_it(
    anna: Caller, body: Json, fields: dict[str, Any], needed: int
) -> None:
    answer = anna.start(body | fields)

    assert answer.refusal == (402, "INSUFFICIENT_CREDITS")
    assert answer.details == f"credits needed: {needed}, available: 10"
    assert anna.credits() == (10, 0)


def test_a_ceiling_above_the_balance_is_accepted_where_the_job_cannot_spend_it(anna: Caller) -> None:
    assert run(anna, CTOS, maxCredits=5_000, maxResults=10)["credits"] == {"reserved": 10, "spent": 7}


def test_known_people_join_a_job_that_can_pay_nobody(anna: Caller) -> None:
    run(anna, CTOS, maxResults=2)

    job = run(anna, CTOS, maxCredits=1, searchEmails=True)

    assert (job["counts"]["known"], job["counts"]["imported"], job["credits"]["spent"]) == (2, 0, 0)
    assert (job["stopReason"], job["truncated"]) == ("max_credits_reached", True)


def test_a_job_of_the_sandbox_spends_nothing_and_meets_no_ceiling(anna: Caller) -> None:
    job = run(anna.sandbox(), {"source": "linkedin_search", "searchUrl": search_url("cto total:30")}, maxCredits=1)

    assert (job["counts"]["imported"], job["stopReason"]) == (30, "source_exhausted")
    assert job["credits"] == {"reserved": 0, "spent": 0}


@pytest.mark.parametrize("ceiling", [0, -1, 1.5, "5", True, 2**31, [5]])
def test_a_ceiling_is_a_whole_number_above_zero(anna: Caller, ceiling: Json) -> None:
    answer = anna.start(CTOS | {"maxCredits": ceiling})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "maxCredits" in answer.details
