"""The ledger always sums to the balance: many hands move credits at once, and every moment is looked at."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from goldpan.contract.error_catalogue import Problem
from goldpan.operations.credit_operations import top_up
from goldpan.operations.job_hold import LostJob
from goldpan.operations.job_operations import cancel_job
from tests.invariants import assert_invariants
from tests.workshop import Workshop, workshop

CREDITS = 60
HANDS = 6
TURNS = 12

# One statement, so that both sides are of one moment.
DISAGREEMENTS = """
    SELECT account.id FROM account_group AS account
    LEFT JOIN credit_entry AS entry ON entry.account_group_id = account.id
    GROUP BY account.id, account.credits_available, account.credits_reserved
    HAVING coalesce(sum(entry.available_change), 0) <> account.credits_available
        OR coalesce(sum(entry.reserved_change), 0) <> account.credits_reserved"""


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    pages = [[f"miller-{page}-{number}" for number in range(3)] for page in range(4)]
    with workshop(database_url, pages, CREDITS) as shop:
        yield shop


def start(shop: Workshop, dice: random.Random, job_ids: list[str]) -> None:
    body: dict[str, Any] = dice.choice([{"max_results": dice.randint(1, 20)}, {"max_credits": dice.randint(1, 20)}, {}])
    job_ids.append(shop.start(**body, search_emails=dice.random() < 0.3))


def run_pages(shop: Workshop, dice: random.Random, job_ids: list[str]) -> None:
    shop.run(dice.choice(job_ids), most_steps=dice.randint(1, 3))


def cancel(shop: Workshop, dice: random.Random, job_ids: list[str]) -> None:
    cancel_job(shop.toolbox, shop.alice, shop.group_id, dice.choice(job_ids))


def add(shop: Workshop, dice: random.Random, job_ids: list[str]) -> None:
    top_up(shop.toolbox, shop.group_id, dice.randint(1, 15))


VERBS: list[Callable[[Workshop, random.Random, list[str]], None]] = [
    start,
    run_pages,
    run_pages,
    run_pages,
    cancel,
    add,
]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ledger_sums_to_the_balance_at_every_moment_whatever_happens_at_once(shop: Workshop, seed: int) -> None:
    job_ids = [shop.start(max_results=5)]
    is_over = threading.Event()

    def work(hand: int) -> None:
        dice = random.Random(f"{seed} {hand}")
        for _ in range(TURNS):
            with suppress(Problem, LostJob):  # no credits, a job that has ended, a job that another hand took
                dice.choice(VERBS)(shop, dice, job_ids)

    def watch() -> int:
        looks = 0
        while not is_over.is_set():
            assert shop.scalars(DISAGREEMENTS) == []
            looks += 1
        return looks

    with ThreadPoolExecutor(HANDS + 1) as threads:
        watching = threads.submit(watch)
        try:
            for end in [threads.submit(work, hand) for hand in range(HANDS)]:
                end.result()
        finally:
            is_over.set()

    assert watching.result() > 0
    assert_invariants(shop.url)
    kinds = set(shop.scalars("SELECT DISTINCT kind FROM credit_entry"))
    assert kinds == {"top_up", "reserve", "capture", "release"}


def test_when_every_job_has_ended_what_is_missing_was_spent(shop: Workshop) -> None:
    dice, job_ids = random.Random(3), [shop.start(max_results=5)]
    for _ in range(30):
        with suppress(Problem):
            dice.choice(VERBS)(shop, dice, job_ids)

    for job_id in job_ids:
        shop.run(job_id)

    added = shop.scalars("SELECT sum(available_change) FROM credit_entry WHERE kind = 'top_up'")[0]
    spent = shop.scalars("SELECT sum(credits_spent) FROM job")[0]
    assert spent > 0
    assert shop.scalars("SELECT credits_available FROM account_group") == [added - spent]
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [0]
    assert_invariants(shop.url)
