"""What an account group can spend, and the ledger that says how it came to that."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

import pytest

from goldpan.contract.error_catalogue import Problem
from goldpan.domain.credit_rules import MOST_CREDITS
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.credit_operations import top_up
from goldpan.storage.credit_table import Entry, capture, reserve
from goldpan.storage.credit_table import top_up as add_credits
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url
from tests.invariants import assert_invariants
from tests.service import Json, Service
from tests.workshop import Workshop, workshop

SEARCH = {"source": "linkedin_search", "searchUrl": search_url("cto")}


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["miller-1"]], 100) as shop:
        yield shop


def ledger(caller: Caller, query: str = "") -> list[Json]:
    return caller.walk(f"{caller.group}/credits/ledger{query}")


def store_top_ups(caller: Caller, credits: list[int], at_ms: int) -> None:
    """Write one top-up after the other, all at the same time."""
    toolbox = caller.service.toolbox
    for amount in credits:
        with toolbox.database.write() as tx:
            add_credits(tx, caller.account_group_id, Entry(toolbox.new_id(), at_ms), amount)


# --- over HTTP ----------------------------------------------------------------------------------------------------


def test_the_balance_tells_what_is_available_and_what_the_plan_allows(alice: Caller) -> None:
    answer = alice.get(f"{alice.group}/credits")

    assert answer.data == {"available": 1000, "reserved": 0, "plan": "starter", "maxResultsCap": 1000}


def test_a_job_under_way_holds_what_it_reserved_and_gives_it_back(alice: Caller) -> None:
    alice.import_people(["amara-okafor,CTO"])
    job = alice.ended(alice.started(**SEARCH, maxResults=30)["jobId"])

    credits = alice.get(f"{alice.group}/credits").data
    entries = ledger(alice)

    assert job["credits"]["spent"] == 1
    assert (credits["available"], credits["reserved"]) == alice.credits() == (999, 0)
    assert [(entry["kind"], entry["availableChange"], entry["reservedChange"]) for entry in entries] == [
        ("release", 29, -29),
        ("capture", 0, -1),
        ("reserve", -30, 30),
        ("top_up", 1000, 0),
    ]
    assert [entry["jobId"] for entry in entries] == [job["jobId"]] * 3 + [None]


def test_jobs_of_the_sandbox_move_no_credits(alice: Caller) -> None:
    sandbox = alice.sandbox()
    sandbox.ended(sandbox.start_search("cto total:5"))

    assert [entry["kind"] for entry in ledger(sandbox)] == ["top_up"]


def test_a_new_account_group_without_credits_has_an_empty_ledger(service: Service) -> None:
    bob = new_caller(service, "bob", credits=0)

    page = bob.get(f"{bob.group}/credits/ledger").data

    assert page == {"items": [], "nextCursor": None, "hasMore": False}


def test_a_walk_through_the_ledger_meets_every_entry_once_in_the_order_it_was_written(alice: Caller) -> None:
    amounts = list(range(1, 251))
    store_top_ups(alice, amounts, at_ms=1)

    pages = [ledger(alice, query) for query in ("?limit=100", "?limit=7")]

    for entries in pages:
        assert [entry["availableChange"] for entry in entries] == [*reversed(amounts), 1000]
        assert len({entry["createdAt"] for entry in entries}) == len(entries)


def test_the_entries_of_one_group_are_not_those_of_another(alice: Caller, mallory: Caller) -> None:
    top_up(alice.service.toolbox, alice.account_group_id, 5)

    cursor = alice.get(f"{alice.group}/credits/ledger?limit=1").data["nextCursor"]
    answer = mallory.get(f"{mallory.group}/credits/ledger?cursor={cursor}")

    assert {entry["availableChange"] for entry in ledger(mallory)} == {1000}
    assert {entry["id"] for entry in answer.data["items"]} <= {entry["id"] for entry in ledger(mallory)}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "kind=top_up"])
def test_a_wrong_parameter_of_the_ledger_is_named(alice: Caller, query: str) -> None:
    answer = alice.get(f"{alice.group}/credits/ledger?{query}")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == query.split("=")[0]


# --- the ledger's order -------------------------------------------------------------------------------------------


def test_the_balance_after_every_line_of_the_ledger_is_one_that_there_was(shop: Workshop) -> None:
    job_id = shop.start(max_results=1)
    # ids that sort against the order of writing, as those of two processes may, within one millisecond
    ids = iter(f"{number:024x}" for number in range(100, 0, -1))

    for page in range(2, 12):
        with shop.database.write() as tx:
            add_credits(tx, shop.group_id, Entry(next(ids), 7), 99)
            assert reserve(tx, shop.group_id, Entry(next(ids), 7, job_id, page), 198)
            capture(tx, shop.group_id, Entry(next(ids), 7, job_id, page), 198)
            add_credits(tx, shop.group_id, Entry(next(ids), 7), 99)

    changes = shop.scalars("SELECT available_change FROM credit_entry ORDER BY created_ms, id")
    assert set(accumulate(changes)) == {100, 99, 198, 0}


# --- the operator tops up -----------------------------------------------------------------------------------------


def test_top_ups_at_once_all_count(shop: Workshop) -> None:
    with ThreadPoolExecutor(8) as threads:
        groups = list(threads.map(lambda _: top_up(shop.toolbox, shop.group_id, 5), range(20)))

    assert sorted(group.credits_available for group in groups) == list(range(105, 205, 5))
    assert_invariants(shop.url)


def test_an_account_group_never_holds_more_than_can_be_counted(shop: Workshop) -> None:
    shop.start(max_results=60)  # what it holds may come back, so there is no room for it
    with pytest.raises(InvalidSetting, match=f"room for {MOST_CREDITS - 100} more"):
        top_up(shop.toolbox, shop.group_id, MOST_CREDITS - 99)

    group = top_up(shop.toolbox, shop.group_id, MOST_CREDITS - 100)

    assert (group.credits_available, group.credits_reserved) == (MOST_CREDITS - 60, 60)
    with pytest.raises(InvalidSetting, match="room for 0 more"):
        top_up(shop.toolbox, shop.group_id, 1)
    assert_invariants(shop.url)


def test_a_full_account_group_takes_back_what_its_jobs_did_not_spend(shop: Workshop) -> None:
    job_id = shop.start(max_results=60)
    top_up(shop.toolbox, shop.group_id, MOST_CREDITS - 100)

    shop.run(job_id)

    assert shop.scalars("SELECT credits_available FROM account_group") == [MOST_CREDITS - 1]
    assert_invariants(shop.url)


@pytest.mark.parametrize("credits", [0, -1])
def test_a_top_up_that_adds_nothing_is_refused(shop: Workshop, credits: int) -> None:
    with pytest.raises(InvalidSetting):
        top_up(shop.toolbox, shop.group_id, credits)


def test_nobody_can_be_topped_up_who_is_not_there(shop: Workshop) -> None:
    with pytest.raises(LookupError):
        top_up(shop.toolbox, NOBODYS_ID, 5)


def test_a_start_that_was_refused_for_credits_succeeds_after_a_top_up(shop: Workshop) -> None:
    with pytest.raises(Problem):
        shop.start(max_results=110)

    top_up(shop.toolbox, shop.group_id, 10)

    assert shop.start(max_results=110)
