"""Credits under many hands at once: nobody spends what is not there, and the ledger sums to the balances."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from goldpan.contract.error_catalogue import Problem
from goldpan.operations.job_operations import cancel_job
from goldpan.storage import credit_table
from goldpan.storage.credit_table import Entry
from tests.invariants import assert_invariants
from tests.workshop import Workshop, workshop

CREDITS = 40
THREADS = 8


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [[f"miller-{number}"] for number in range(10)], CREDITS) as shop:
        yield shop


def balances(shop: Workshop) -> tuple[int, int]:
    return shop.scalars("SELECT credits_available FROM account_group")[0], shop.scalars(
        "SELECT credits_reserved FROM account_group"
    )[0]


def ledger_sums(shop: Workshop) -> tuple[int, int]:
    with shop.database.read() as tx:
        return credit_table.ledger_sums(tx, shop.group_id)


def test_threads_that_reserve_capture_and_release_at_once_never_overspend(shop: Workshop) -> None:
    job_id = shop.start(max_results=1)
    free = CREDITS - 1

    def spend(thread: int) -> tuple[int, int]:
        """Return how much was captured, and how often there was not enough."""
        dice, captured, refused = random.Random(thread), 0, 0
        for turn in range(12):
            page = 1_000 * thread + turn + 1
            wanted = dice.randint(1, 12)
            with shop.database.write() as tx:
                has_reserved = credit_table.reserve(tx, shop.group_id, entry(page), wanted)
            if not has_reserved:
                refused += 1
                continue
            taken = dice.randint(0, min(wanted, 1))
            with shop.database.write() as tx:
                if taken:
                    credit_table.capture(tx, shop.group_id, entry(page), taken)
            with shop.database.write() as tx:
                if wanted - taken:
                    credit_table.release(tx, shop.group_id, entry(page), wanted - taken)
            captured += taken
        return captured, refused

    def entry(page: int) -> Entry:
        return Entry(shop.toolbox.new_id(), shop.toolbox.now_ms(), job_id, page)

    with ThreadPoolExecutor(THREADS) as threads:
        results = list(threads.map(spend, range(THREADS)))

    captured = sum(result[0] for result in results)
    assert 0 < captured <= free
    assert balances(shop) == ledger_sums(shop) == (free - captured, 1)


def test_a_balance_that_would_become_negative_changes_nothing(shop: Workshop) -> None:
    job_id = shop.start(max_results=1)
    entry = Entry(shop.toolbox.new_id(), shop.toolbox.now_ms(), job_id, 7)

    with shop.database.write() as tx:
        assert not credit_table.reserve(tx, shop.group_id, entry, CREDITS)
    with pytest.raises(AssertionError, match="negative"), shop.database.write() as tx:
        credit_table.capture(tx, shop.group_id, entry, 2)
    with pytest.raises(AssertionError, match="negative"), shop.database.write() as tx:
        credit_table.release(tx, shop.group_id, entry, 2)

    assert balances(shop) == ledger_sums(shop) == (CREDITS - 1, 1)
    assert_invariants(shop.url)


def test_of_twenty_starts_at_once_as_many_are_accepted_as_can_be_paid(shop: Workshop) -> None:
    def start(_number: int) -> str:
        try:
            return shop.start(max_results=8)
        except Problem as problem:
            return problem.kind.code

    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(start, range(20)))

    assert answers.count("INSUFFICIENT_CREDITS") == 20 - CREDITS // 8
    assert shop.scalars("SELECT count(*) FROM job") == [CREDITS // 8]
    assert balances(shop) == (0, CREDITS)
    assert_invariants(shop.url)


def test_jobs_that_run_and_are_cancelled_at_once_account_for_every_credit(shop: Workshop) -> None:
    job_ids = [shop.start(max_results=8) for _ in range(5)]

    def run(job_id: str) -> None:
        shop.run(job_id)

    def cancel(job_id: str) -> None:
        with suppress(Problem):  # it may have completed before
            cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)

    with ThreadPoolExecutor(THREADS) as threads:
        ends = [threads.submit(run, job_id) for job_id in job_ids] + [threads.submit(run, job_ids[0])]
        ends += [threads.submit(cancel, job_id) for job_id in job_ids[2:]]
        for end in ends:
            end.exception()

    for job_id in job_ids:  # those whose hold was taken away
        shop.run(job_id)
    assert_invariants(shop.url)
    assert balances(shop) == ledger_sums(shop) == (CREDITS - shop.scalars("SELECT sum(credits_spent) FROM job")[0], 0)
