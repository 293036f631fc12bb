"""A start with `dryRun`: it tells what the job would find, take and cost, and does nothing."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.provider_port import AccountDisconnected, Page, ProviderFailure, Rejected, Source, Unavailable
from goldpan.operations import job_estimate_operations
from goldpan.operations.job_estimate_operations import Estimate, estimate_job
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url
from tests.invariants import assert_invariants
from tests.service import Json
from tests.workshop import SEARCH, ScriptedProvider, Workshop, workshop

TITLES = "https://www.linkedin.com/search/results/people/?titleFreeText="
CTOS = {"source": "linkedin_search", "searchUrl": TITLES + "CTO"}
POST = "https://www.linkedin.com/feed/update/urn:li:activity:7434151475959775232/"
PAGES = [["ada", "bob", "cyd", "bob"], ["dan"]]

FIELDS = {
    "dryRun", "source", "sourceType", "totalAvailable", "maxPeople", "cap", "known", "newPeople", "credits", "quota",
}  # fmt: skip


def estimated(caller: Caller, **fields: Any) -> Json:
    """Return the estimate; nothing of the account group has changed by it."""
    before = (caller.get(caller.jobs).data, caller.credits())
    answer = caller.start(**fields, dryRun=True)
    assert answer.status == 200, answer
    assert set(answer.data) == FIELDS
    assert (caller.get(caller.jobs).data, caller.credits()) == before
    return answer.data


def with_people(caller: Caller, count: int) -> Caller:
    caller.import_people(f"person-{number},CTO" for number in range(count))
    return caller


def run(caller: Caller, **fields: Any) -> Json:
    return caller.ended(caller.started(**fields)["jobId"])


# --- what it says -------------------------------------------------------------------------------------------------


def test_an_estimate_tells_what_the_job_then_does(alice: Caller) -> None:
    with_people(alice, 7)
    run(alice, **CTOS, maxResults=3)

    told = estimated(alice, **CTOS, maxResults=6, searchEmails=True)
    job = run(alice, **CTOS, maxResults=6, searchEmails=True)

    assert told == {
        "dryRun": True,
        "source": "LinkedIn search: title CTO",
        "sourceType": "linkedin_search",
        "totalAvailable": 7,
        "maxPeople": 6,
        "cap": {"reason": "max_results", "limit": 6},
        "known": {"count": 3, "of": 6},
        "newPeople": 3,
        "credits": {"needed": 12, "expected": 6, "available": 997, "sufficient": True},
        "quota": {"listType": "LINKEDIN_CLASSIC", "needed": 6, "remaining": 2497},
    }
    assert (job["totalAvailable"], job["stopReason"]) == (7, "max_results")
    assert (job["counts"]["known"], job["counts"]["imported"], job["credits"]) == (3, 3, {"reserved": 12, "spent": 6})


def test_the_known_are_counted_on_the_first_page_and_the_rest_is_taken_to_be_alike(alice: Caller) -> None:
    sandbox = alice.sandbox()
    run(sandbox, source="linkedin_search", searchUrl=search_url("cto total:10 pace:0"))

    told = estimated(sandbox, source="linkedin_search", searchUrl=search_url("cto total:500"))

    assert (told["totalAvailable"], told["maxPeople"], told["known"]) == (500, 500, {"count": 10, "of": 25})
    assert told["newPeople"] == 300


def test_a_list_of_profiles_is_counted_exactly_and_asks_no_provider(alice: Caller) -> None:
    alice.import_people(["amara,CTO", "bob,CTO"])
    run(alice, source="url_upload", urls=["linkedin.com/in/amara", "linkedin.com/in/bob"])
    urls = ["linkedin.com/in/amara", "linkedin.com/in/BOB", "linkedin.com/in/bob", "linkedin.com/in/nobody-at-all"]

    told = estimated(alice, source="url_upload", urls=urls)

    assert (told["source"], told["sourceType"]) == ("3 profiles, 1 repeated", "url_upload")
    assert (told["totalAvailable"], told["maxPeople"], told["known"]) == (3, 3, {"count": 2, "of": 3})
    assert (told["newPeople"], told["cap"]) == (1, {"reason": "total_available", "limit": 3})
    assert told["credits"] == {"needed": 3, "expected": 1, "available": 998, "sufficient": True}


def test_a_thousand_profiles_are_estimated(alice: Caller) -> None:
    told = estimated(alice, source="url_upload", urls=[f"linkedin.com/in/person-{number}" for number in range(1000)])

    assert (told["maxPeople"], told["newPeople"], told["credits"]["needed"]) == (1000, 1000, 1000)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"source": "post_commenters", "postUrl": POST},
            "commenters of the post activity 7434151475959775232, posted on 2026-03-02",
        ),
        ({"source": "sales_navigator", "savedSearchId": "50500115"}, "Sales Navigator saved search 50500115"),
        ({"source": "sales_navigator", "leadListId": "7236"}, "Sales Navigator lead list 7236"),
    ],
)
def test_every_source_is_told_in_plain_words(alice: Caller, fields: dict[str, str], words: str) -> None:
    told = estimated(alice.sandbox(), **fields)

    assert told["source"] == words
    assert told["sourceType"] == fields["source"]


def test_a_search_that_finds_nobody_is_told(alice: Caller) -> None:
    told = estimated(alice, **CTOS)

    assert (told["totalAvailable"], told["maxPeople"], told["newPeople"]) == (0, 0, 0)
    assert (told["known"], told["cap"]) == ({"count": 0, "of": 0}, {"reason": "total_available", "limit": 0})
    assert told["credits"] == {"needed": 1, "expected": 0, "available": 1000, "sufficient": True}


@pytest.mark.parametrize(
    ("fields", "cap", "new", "needed"),
    [
        ({}, ("total_available", 7), 7, 1),
        ({"maxResults": 7}, ("total_available", 7), 7, 7),
        ({"maxResults": 5}, ("max_results", 5), 5, 5),
        ({"maxResults": 5, "maxCredits": 4}, ("max_credits", 4), 4, 4),
        ({"maxResults": 4, "maxCredits": 4}, ("max_results", 4), 4, 4),
        ({"maxCredits": 5, "searchEmails": True}, ("max_credits", 2), 2, 5),
        ({"maxCredits": 1, "searchEmails": True}, ("max_credits", 0), 0, 1),
        ({"maxCredits": 900}, ("total_available", 7), 7, 900),
    ],
)
def test_the_bound_that_bites_first_is_told(
    alice: Caller, fields: dict[str, Any], cap: tuple[str, int], new: int, needed: int
) -> None:
    told = estimated(with_people(alice, 7), **CTOS, **fields)

    assert (told["cap"]["reason"], told["cap"]["limit"]) == cap
    assert (told["newPeople"], told["credits"]["needed"]) == (new, needed)
    assert told["credits"]["expected"] == new * (2 if fields.get("searchEmails") else 1)


def test_the_cap_of_the_plan_is_told(alice: Caller) -> None:
    told = estimated(
        new_caller(alice.service, "t", plan="tester").sandbox(), source="linkedin_search", searchUrl=search_url("cto")
    )

    assert (told["cap"], told["maxPeople"]) == ({"reason": "plan_cap", "limit": 100}, 100)


@pytest.mark.parametrize(
    ("fields", "needed", "sufficient", "cap"),
    [
        ({"maxResults": 4}, 4, True, ("max_results", 4)),
        ({"maxResults": 6}, 6, False, ("credits", 4)),
        ({"maxResults": 500}, 500, False, ("credits", 4)),
        ({"maxCredits": 5}, 5, False, ("credits", 4)),
        ({"maxResults": 3, "searchEmails": True}, 6, False, ("credits", 2)),
        ({}, 1, True, ("credits", 4)),
    ],
)
def test_too_few_credits_are_the_answer_and_no_error(
    alice: Caller, fields: dict[str, Any], needed: int, sufficient: bool, cap: tuple[str, int]
) -> None:
    poor = with_people(new_caller(alice.service, "poor", credits=4), 7)

    told = estimated(poor, **CTOS, **fields)

    assert (told["credits"]["needed"], told["credits"]["available"]) == (needed, 4)
    assert (told["credits"]["sufficient"], (told["cap"]["reason"], told["cap"]["limit"])) == (sufficient, cap)
    assert told["newPeople"] <= 4
    assert poor.start(**CTOS, **fields).status == (202 if sufficient else 402)


def test_a_test_key_needs_no_credits(alice: Caller) -> None:
    poor = new_caller(alice.service, "poor", credits=0).sandbox()

    told = estimated(poor, source="linkedin_search", searchUrl=search_url("cto"), maxResults=200, maxCredits=1)

    assert told["credits"] == {"needed": 0, "expected": 0, "available": 0, "sufficient": True}
    assert (told["cap"], told["newPeople"]) == ({"reason": "max_results", "limit": 200}, 200)


# --- what it does not do ------------------------------------------------------------------------------------------


def test_a_dry_run_uses_no_idempotency_key(alice: Caller) -> None:
    first = alice.start(CTOS | {"dryRun": True}, idempotency_key="once")
    started = alice.start(CTOS, idempotency_key="once")
    later = alice.start(CTOS | {"dryRun": True, "maxResults": 3}, idempotency_key="once")

    assert [answer.status for answer in (first, started, later)] == [200, 202, 200]
    assert alice.start(CTOS, idempotency_key="once").data["jobId"] == started.data["jobId"]


def test_a_dry_run_makes_no_audience(alice: Caller) -> None:
    estimated(alice, **CTOS, audienceName="Not yet")

    with alice.service.toolbox.database.read() as tx:
        count = tx.exec_driver_sql(f"SELECT count(*) FROM audience WHERE account_group_id = '{alice.account_group_id}'")
        assert count.scalar_one() == 0


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "linkedin_search"},
        {"source": "linkedin_search", "searchUrl": "https://example.com"},
        CTOS | {"maxResults": 1001},
        CTOS | {"audienceId": NOBODYS_ID},
        CTOS | {"audienceId": NOBODYS_ID, "audienceName": "x"},
        {"source": "linkedin_search", "searchUrl": TITLES + "CTO&geoUrn=%5B%22103644278%22%5D"},
        {"source": "url_upload", "urls": ["linkedin.com/in/amara", "https://example.com/in/bob"]},
        {"source": "post_commenters", "postUrl": POST},
        {"source": "sales_navigator", "savedSearchId": "50500115"},
        CTOS | {"unknown": 1},
    ],
)
def test_a_dry_run_is_refused_as_a_start_is(alice: Caller, fields: dict[str, Any]) -> None:
    told, started = alice.start(fields | {"dryRun": True}), alice.start(fields)

    assert started.status in (400, 404)
    assert (told.status, told.json["error"]) == (started.status, started.json["error"])


@pytest.mark.parametrize("value", [1, "true", "yes", [], {}])
def test_dry_run_is_true_or_false(alice: Caller, value: Json) -> None:
    answer = alice.start(CTOS | {"dryRun": value})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "dryRun" in answer.details


def test_a_dry_run_needs_the_permission_to_start(alice: Caller, mallory: Caller) -> None:
    reader = alice.with_key(*(permission for permission in Permission if permission != Permission.PROSPECTING_WRITE))
    stranger = mallory.post(alice.jobs, CTOS | {"dryRun": True})

    assert reader.start(CTOS | {"dryRun": True}).refusal == (403, "FORBIDDEN")
    assert stranger.refusal == (403, "FORBIDDEN")


@pytest.mark.parametrize("word", ["fail:500@1", "fail:429@1", "fail:timeout@1", "disconnect@1"])
def test_a_provider_that_fails_is_a_502_with_its_message(alice: Caller, word: str) -> None:
    answer = alice.sandbox().start(source="linkedin_search", searchUrl=search_url(f"cto {word}"), dryRun=True)

    assert answer.refusal == (502, "UPSTREAM_ERROR")
    assert answer.details.startswith("The sandbox plays")


def test_a_fault_on_a_later_page_is_not_met(alice: Caller) -> None:
    told = estimated(alice.sandbox(), source="linkedin_search", searchUrl=search_url("cto total:60 fail:500@2"))

    assert told["totalAvailable"] == 60


# --- without a server ---------------------------------------------------------------------------------------------


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, PAGES) as shop:
        yield shop
        assert_invariants(shop.url)


def estimate(shop: Workshop, **body: Any) -> Estimate:
    request = StartJob(source=SourceType.LINKEDIN_SEARCH, search_url=SEARCH, dry_run=True, **body)
    return asyncio.run(estimate_job(shop.toolbox, shop.alice, shop.group_id, request))


def test_an_estimate_writes_nothing_and_asks_for_one_page(shop: Workshop) -> None:
    shop.run(shop.start(max_results=1))
    shop.provider.asked.clear()
    rows = shop.rows()

    told = estimate(shop)

    assert shop.rows() == rows
    assert shop.provider.asked == [None]
    assert (told.sample.new, told.sample.known) == (2, 1)  # bob stands on the page twice
    assert (told.total_available, told.max_people, told.new_people) == (4, 4, 3)


def test_nobody_waits_for_an_estimate_that_waits_for_its_provider(shop: Workshop) -> None:
    done: list[str] = []
    shop.provider.before_page = lambda: done.append(shop.start())  # it locks the account group

    estimate(shop)

    assert len(done) == 1


@pytest.mark.parametrize("failure", [Unavailable("down", 60.0), Rejected("gone"), AccountDisconnected("connect again")])
def test_any_failure_of_a_provider_is_told(shop: Workshop, failure: ProviderFailure) -> None:
    def fail() -> None:
        raise failure

    shop.provider.before_page = fail
    with pytest.raises(Problem) as refused:
        estimate(shop)

    assert (refused.value.kind, refused.value.details) == (ErrorKind.UPSTREAM_ERROR, str(failure))


def test_a_provider_that_is_silent_is_given_up(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_estimate_operations, "PROVIDER_SECONDS", 0.1)
    shop.alice = replace(shop.alice, is_test=True)
    shop.toolbox = replace(shop.toolbox, sandbox_provider=_Silent(PAGES))

    begin = time.monotonic()
    with pytest.raises(Problem) as refused:
        estimate(shop)

    assert time.monotonic() - begin < 5
    assert refused.value.kind is ErrorKind.UPSTREAM_ERROR
    assert "did not answer" in (refused.value.details or "")


class _Silent(ScriptedProvider):
    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        await asyncio.sleep(3600)
        raise AssertionError
