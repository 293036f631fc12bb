"""The steps of a job: none is done twice, none is done by who lost the job, and a bug ends its job alone."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from goldpan.contract.error_catalogue import Problem
from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import MOST_FRUITLESS_CLAIMS
from goldpan.domain.provider_port import AccountDisconnected, Rejected, Unavailable
from goldpan.engine.job_worker import JobWork, is_database_away
from goldpan.operations.import_page import import_page
from goldpan.operations.job_hold import LostJob
from goldpan.operations.job_operations import cancel_job
from goldpan.operations.job_run_operations import advance_job, claim_job, fail_job
from goldpan.storage import account_table, database
from goldpan.storage.database import Database
from tests.invariants import assert_invariants
from tests.workshop import Workshop, workshop

PAGES = [["ada", "bob"], ["bob", "cyd"], ["dan"]]


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, PAGES) as shop:
        yield shop
        assert_invariants(shop.url)


class Log:
    """Keeps the events that were logged."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def exception(self, event: str, **_fields: Any) -> None:
        self.events.append(event)

    warning = exception


class TestBug(Exception):
    __test__ = False


def test_a_job_takes_everybody_once_and_pays_for_each(shop: Workshop) -> None:
    job = shop.run(shop.start())

    assert (job.status, job.stop_reason) == (JobStatus.COMPLETED, StopReason.SOURCE_EXHAUSTED)
    assert (job.found, job.imported, job.known, job.duplicate) == (5, 4, 0, 1)
    assert (job.credits_reserved, job.credits_spent, job.emails_found) == (1_000, 4, 4)


def test_a_second_job_knows_everybody_and_pays_nothing(shop: Workshop) -> None:
    shop.run(shop.start())

    job = shop.run(shop.start())

    assert (job.imported, job.known, job.duplicate, job.credits_spent) == (0, 4, 1, 0)


def test_an_audience_filled_by_two_jobs_counts_everybody_once(shop: Workshop) -> None:
    first = shop.run(shop.start(max_results=2))

    second = shop.run(shop.start(audience_id=first.audience_id))

    assert (second.imported, second.known) == (2, 2)
    assert shop.scalars("SELECT prospect_count FROM audience") == [4]


@pytest.mark.parametrize("steps_before", [0, 1, 2, 3, 4])
def test_a_hold_that_was_taken_over_during_a_step_writes_nothing(shop: Workshop, steps_before: int) -> None:
    job_id = shop.start()
    shop.run(job_id, steps_before)
    lost = claim_job(shop.toolbox, shop.group_id, job_id)
    assert lost is not None
    rows = shop.rows()

    def take_over() -> None:
        claim_job(shop.toolbox, shop.group_id, job_id)

    shop.provider.before_page = shop.provider.before_enrichment = take_over
    if steps_before == 4:  # the last step asks no provider
        take_over()
    with pytest.raises(LostJob):
        asyncio.run(advance_job(shop.toolbox, lost))

    assert shop.rows() == rows


@pytest.mark.parametrize("failure", [Unavailable("busy", 1.0), Unavailable("down"), Rejected("gone"), TestBug()])
def test_a_hold_that_was_taken_over_notes_no_failure(shop: Workshop, failure: Exception) -> None:
    job_id = shop.start()
    work = JobWork(shop.toolbox, shop.group_id, job_id, Log())
    rows = shop.rows()

    def take_over_and_fail() -> None:
        claim_job(shop.toolbox, shop.group_id, job_id)
        raise failure

    shop.provider.before_page = take_over_and_fail
    asyncio.run(work.advance())

    assert [row[:2] for row in shop.rows()["job"]] == [row[:2] for row in rows["job"]]
    job = shop.job(job_id)
    assert (job.status, job.failed_tries, job.resumes_ms, job.error_code) == ("running", 0, None, None)


def test_a_hold_that_was_taken_over_ends_nothing(shop: Workshop) -> None:
    job_id = shop.start()
    lost = claim_job(shop.toolbox, shop.group_id, job_id)
    assert lost is not None
    claim_job(shop.toolbox, shop.group_id, job_id)

    fail_job(shop.toolbox, lost)
    with pytest.raises(LostJob), shop.database.write() as tx:
        lost.save(tx, stop_reason="completed", updated_ms=shop.toolbox.now_ms())

    assert (shop.job(job_id).status, shop.job(job_id).stop_reason) == ("running", None)


@pytest.mark.parametrize("steps_before", [0, 2, 3])
def test_a_job_cancelled_during_a_step_is_not_written_again(shop: Workshop, steps_before: int) -> None:
    job_id = shop.start()
    shop.run(job_id, steps_before)
    hold = claim_job(shop.toolbox, shop.group_id, job_id)
    assert hold is not None
    rows: dict[str, list[tuple[Any, ...]]] = {}

    def cancel() -> None:
        cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)
        rows.update(shop.rows())

    shop.provider.before_page = shop.provider.before_enrichment = cancel
    with pytest.raises(LostJob):
        asyncio.run(advance_job(shop.toolbox, hold))

    assert shop.rows() == rows
    assert shop.job(job_id).status == "cancelled"
    assert claim_job(shop.toolbox, shop.group_id, job_id) is None


def test_a_worker_whose_job_was_claimed_claims_it_back_and_finds_out_whether_it_ended(shop: Workshop) -> None:
    job_id = shop.start()
    work = JobWork(shop.toolbox, shop.group_id, job_id, Log())
    assert asyncio.run(work.advance())
    claim_job(shop.toolbox, shop.group_id, job_id)

    answers = [asyncio.run(work.advance()) for _ in range(5)]

    assert answers == [True, True, True, True, False]
    assert shop.job(job_id).status == "completed"


def test_a_page_written_by_a_step_is_not_written_by_its_repetition(shop: Workshop) -> None:
    job_id = shop.start()
    before = shop.job(job_id)
    hold = claim_job(shop.toolbox, shop.group_id, job_id)
    assert hold is not None
    asyncio.run(import_page(shop.toolbox, hold, before, shop.request(job_id)))
    rows = shop.rows()

    with pytest.raises(AssertionError, match="two runs of one hold"):
        asyncio.run(import_page(shop.toolbox, hold, before, shop.request(job_id)))

    assert shop.rows() == rows


def test_a_step_repeated_after_its_commit_goes_on_with_the_next_page(shop: Workshop) -> None:
    job_id = shop.start()
    for _ in range(20):  # every execution dies after one step, before it is noted
        shop.run(job_id, 1)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.duplicate, job.credits_spent) == ("completed", 4, 1, 4)
    assert shop.provider.asked == [None, "1", "2"]


def test_a_bug_ends_its_job_and_gives_back_what_it_reserved(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    log = Log()

    def crash() -> None:
        raise TestBug

    shop.provider.before_page = crash
    assert not asyncio.run(JobWork(shop.toolbox, shop.group_id, job_id, log).advance())

    job = shop.job(job_id)
    assert (job.status, job.error_code, job.imported, job.credits_spent) == ("failed", "INTERNAL_ERROR", 2, 2)
    assert log.events == ["job_crashed"]


def test_a_job_that_kills_every_worker_is_ended_at_last(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)

    claims = 0
    while claim_job(shop.toolbox, shop.group_id, job_id) is not None:
        claims += 1
        assert claims <= MOST_FRUITLESS_CLAIMS + 10

    job = shop.job(job_id)
    assert claims > MOST_FRUITLESS_CLAIMS - 10
    assert (job.status, job.error_code, job.imported) == ("failed", "INTERNAL_ERROR", 2)


def test_a_job_that_gets_on_may_be_claimed_for_ever(database_url: str) -> None:
    with workshop(database_url, [[f"miller-{number}"] for number in range(3 * MOST_FRUITLESS_CLAIMS)]) as shop:
        job_id = shop.start()
        for _ in range(3 * MOST_FRUITLESS_CLAIMS + 10):
            shop.run(job_id, 1)

        assert shop.job(job_id).status == "completed"


def test_a_start_is_repeated_though_the_provider_is_away_by_then(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = shop.start("key")

    def away(*_: object) -> NoReturn:
        raise Unavailable("away")

    monkeypatch.setattr(shop.provider, "refusals", away)

    assert shop.start("key") == job_id
    with pytest.raises(Problem, match="away"):
        shop.start("another key")
    assert shop.scalars("SELECT count(*) FROM job") == [1]


def test_a_provider_that_asks_for_patience_is_waited_for(shop: Workshop) -> None:
    job_id = shop.start()

    def busy() -> None:
        raise Unavailable("busy", retry_after_seconds=3_600)

    shop.provider.before_page = busy
    job = shop.run(job_id, 1)

    assert (job.status, job.error_code, job.failed_tries) == ("running", "UPSTREAM_ERROR", 1)
    assert job.resumes_ms is not None
    assert 3_590_000 < job.resumes_ms - shop.toolbox.now_ms() <= 3_600_000


def test_a_disconnected_account_ends_the_job_with_what_it_has(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)

    def disconnected() -> None:
        raise AccountDisconnected("connect again")

    shop.provider.before_page = disconnected
    job = shop.run(job_id)

    assert (job.status, job.stop_reason, job.imported) == ("failed", "account_disconnected", 2)


@contextmanager
def hasty_connection(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Connection]:
    """The connection of a process that is about to freeze, whose server does not wait for it as long as usual."""
    with closing(Database(postgres_url)) as own, monkeypatch.context() as hasty:
        hasty.setattr(database, "FROZEN_SECONDS", 0.5)
        hasty.setattr(database, "TRANSACTION_SECONDS", 1.0)
        frozen = own.engine.connect()
        hasty.undo()
        yield frozen
        frozen.invalidate()


def test_a_process_frozen_within_a_transaction_does_not_lock_its_account_group_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop(postgres_url, PAGES) as shop, hasty_connection(postgres_url, monkeypatch) as frozen:
        job_id = shop.start()
        account_table.lock(frozen, shop.group_id)

        hold = claim_job(shop.toolbox, shop.group_id, job_id)

        assert hold is not None
        with pytest.raises(DBAPIError) as ended:
            frozen.execute(sa.text("SELECT 1"))
        assert database.is_passing(ended.value)


def test_a_process_frozen_halfway_through_sending_a_statement_does_not_lock_its_account_group_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server then waits for the rest of it: the transaction is not idle, and no statement runs yet."""
    with workshop(postgres_url, PAGES) as shop, hasty_connection(postgres_url, monkeypatch) as frozen:
        job_id = shop.start()
        account_table.lock(frozen, shop.group_id)
        driver_connection = frozen.connection.driver_connection
        assert driver_connection is not None
        driver_connection.pgconn.enter_pipeline_mode()
        driver_connection.pgconn.send_prepare(b"large", b"SELECT 1")
        driver_connection.pgconn.send_flush_request()  # what follows never comes
        driver_connection.pgconn.flush()

        hold = claim_job(shop.toolbox, shop.group_id, job_id)

        assert hold is not None


def test_an_account_group_that_stays_locked_is_told_as_a_database_that_is_away(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.3)
    with workshop(postgres_url, PAGES) as shop:
        job_id = shop.start()
        with shop.database.write() as tx:
            account_table.lock(tx, shop.group_id)

            with pytest.raises(Problem) as cancel_refused:
                cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)
            with pytest.raises(Problem) as claim_refused:
                claim_job(shop.toolbox, shop.group_id, job_id)

        assert is_database_away(cancel_refused.value)
        assert is_database_away(claim_refused.value)
        assert shop.job(job_id).status == "queued"
