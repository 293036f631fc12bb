"""A resumed job, step by step: it goes on where it stood, pays for nobody twice, and no earlier run writes."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.job_rules import MOST_FRUITLESS_CLAIMS, TRIES_PER_PAGE
from goldpan.domain.provider_port import (
    Page,
    ProviderFailure,
    Rejected,
    Source,
    Unavailable,
)
from goldpan.engine.job_worker import JobWork
from goldpan.operations.caretaker_operations import fail_stranded_job, requeue_stranded_job
from goldpan.operations.job_hold import LostJob
from goldpan.operations.job_run_operations import advance_job, claim_job
from goldpan.storage import workflow_table
from goldpan.storage.database import Database
from goldpan.storage.job_table import Job
from tests.invariants import assert_invariants
from tests.workshop import ScriptedProvider, Workshop, workshop

PAGES = [["ada", "bob"], ["bob", "cyd"], ["dan", "eve"], ["fay"]]
EVERYBODY = ["ada", "bob", "cyd", "dan", "eve", "fay"]


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, PAGES) as shop:
        yield shop
        assert_invariants(shop.url)


def refusal(action: Callable[[], object]) -> tuple[ErrorKind, str]:
    with pytest.raises(Problem) as refused:
        action()
    return refused.value.kind, refused.value.details or ""


def people(shop: Workshop) -> list[str]:
    return sorted(shop.scalars("SELECT public_identifier FROM prospect"))


def workflows(shop: Workshop) -> dict[str, str]:
    """Return the state of each workflow."""
    ids = shop.scalars(f"SELECT workflow_uuid FROM {shop.workflow_table}")
    query = f"SELECT status FROM {shop.workflow_table} WHERE workflow_uuid = :id"
    return {id_: shop.scalars(query, id=id_)[0] for id_ in ids}


def entries(shop: Workshop, job_id: str) -> list[tuple[str, int, int]]:
    """Return the job's lines of the ledger: kind, page, change of what is reserved."""
    query = "SELECT kind, page, reserved_change FROM credit_entry WHERE job_id = :id ORDER BY page, kind"
    with shop.database.read() as tx:
        return [(row[0], row[1], row[2]) for row in tx.execute(sa.text(query), {"id": job_id})]


class Log:
    def exception(self, event: str, **_fields: Any) -> None: ...

    warning = exception


# --- going on -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps_before", range(6))
def test_a_job_cancelled_anywhere_goes_on_there(shop: Workshop, steps_before: int) -> None:
    job_id = shop.start()
    before = shop.run(job_id, steps_before) if steps_before else shop.job(job_id)
    shop.cancel(job_id)

    queued = shop.resume(job_id)
    job = shop.run(job_id)

    assert (queued.status, queued.finished_ms, queued.stop_reason, queued.error_code) == ("queued", None, None, None)
    assert (queued.cursor, queued.imported, queued.import_progress) == (
        before.cursor,
        before.imported,
        before.import_progress,
    )
    assert shop.provider.asked == [None, "1", "2", "3"]  # no page twice
    assert (job.status, job.stop_reason, job.truncated) == ("completed", "source_exhausted", False)
    assert (job.imported, job.duplicate, job.emails_found, job.credits_spent) == (6, 1, 6, 6)
    assert people(shop) == EVERYBODY
    assert shop.scalars("SELECT credits_available FROM account_group") == [994]
    assert shop.scalars("SELECT filling_job_count FROM audience") == [0]


def test_a_job_that_failed_goes_on(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 2)

    def gone() -> None:
        raise Rejected("gone")

    shop.provider.before_page = gone
    failed = shop.run(job_id)
    shop.provider.before_page = lambda: None
    resumed = shop.resume(job_id)
    job = shop.run(job_id)

    assert (failed.status, failed.stop_reason, failed.truncated) == ("failed", "invalid_source", True)
    assert (resumed.status, resumed.truncated, resumed.import_status) == ("queued", False, "queued")
    assert (job.status, job.error_code, people(shop)) == ("completed", None, EVERYBODY)
    assert job.started_ms == failed.started_ms


def test_a_job_resumed_after_its_import_reserves_nothing_and_ends_as_its_import_did(shop: Workshop) -> None:
    job_id = shop.start(max_results=3)
    shop.run(job_id, 2)
    shop.cancel(job_id)

    resumed = shop.resume(job_id)
    asked = list(shop.provider.asked)
    running = shop.run(job_id, 1)
    job = shop.run(job_id)

    assert (resumed.import_status, resumed.import_progress, resumed.truncated) == ("completed", 1.0, True)
    assert (resumed.enrichment_status, resumed.credits_reserved, resumed.credits_spent) == ("queued", 3, 3)
    assert running.enrichment_status == "running"
    assert shop.provider.asked == asked
    assert (job.status, job.stop_reason, job.truncated, job.emails_found) == ("completed", "max_results", True, 3)


def test_a_job_may_be_resumed_again_and_again(shop: Workshop) -> None:
    job_id = shop.start()
    progress = 0.0
    for steps in (0, 1, 0, 0, 1, 1, 0, 1):
        job = shop.run(job_id, steps) if steps else shop.job(job_id)
        assert job.import_progress >= progress
        progress = job.import_progress
        shop.cancel(job_id)
        assert_invariants(shop.url)
        shop.resume(job_id)
        assert_invariants(shop.url)

    job = shop.run(job_id)

    assert (job.status, job.resume_count, job.imported, job.credits_spent) == ("completed", 8, 6, 6)
    assert workflows(shop) == {
        **{f"{job_id}-{number}" if number else job_id: "CANCELLED" for number in range(8)},
        f"{job_id}-8": "ENQUEUED",
    }


def test_a_resumed_job_is_cancelled_as_any_other(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    shop.cancel(job_id)
    shop.resume(job_id)
    shop.run(job_id, 1)

    job = shop.cancel(job_id)

    assert (job.status, job.stop_reason, job.imported) == ("cancelled", "cancelled", 3)
    assert workflows(shop) == {job_id: "CANCELLED", f"{job_id}-1": "CANCELLED"}
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [0]


# --- what cannot be resumed ---------------------------------------------------------------------------------------


def test_a_job_that_has_not_ended_is_left_as_it_is(shop: Workshop) -> None:
    job_id = shop.start()
    queued, after = shop.job(job_id), shop.resume(job_id)
    running = shop.run(job_id, 1)

    assert after == queued
    assert shop.resume(job_id) == running == shop.job(job_id)
    assert list(workflows(shop)) == [job_id]


def test_a_completed_job_is_not_resumed(shop: Workshop) -> None:
    job_id = shop.start()
    completed = shop.run(job_id)

    kind, details = refusal(lambda: shop.resume(job_id))

    assert kind is ErrorKind.NOT_IN_THIS_STATE
    assert "completed" in details
    assert shop.job(job_id) == completed


def test_a_job_whose_audience_was_deleted_is_not_resumed(shop: Workshop) -> None:
    job_id = shop.start()
    cancelled = shop.cancel(job_id)
    shop.execute("UPDATE audience SET deleted_ms = 1")

    kind, details = refusal(lambda: shop.resume(job_id))

    assert kind is ErrorKind.NOT_IN_THIS_STATE
    assert "audience" in details
    assert shop.job(job_id) == cancelled


def test_a_test_key_resumes_no_job_that_costs_credits(shop: Workshop) -> None:
    job_id = shop.start()
    cancelled = shop.cancel(job_id)
    shop.alice = replace(shop.alice, is_test=True)

    kind, _ = refusal(lambda: shop.resume(job_id))

    assert kind is ErrorKind.FORBIDDEN
    assert shop.job(job_id) == cancelled


def test_a_live_key_resumes_a_job_of_the_sandbox_for_nothing(shop: Workshop) -> None:
    live = shop.alice
    shop.alice = replace(live, is_test=True)
    job_id = shop.start()
    shop.run(job_id, 1)
    shop.cancel(job_id)
    shop.alice = live

    shop.resume(job_id)
    job = shop.run(job_id)

    assert (job.status, job.imported, job.credits_reserved, job.credits_spent) == ("completed", 6, 0, 0)
    assert entries(shop, job_id) == []


# --- credits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "first", "again"),
    [
        ({"max_results": 20}, 20, 18),
        ({"max_results": 20, "search_emails": True}, 40, 36),
        ({"max_results": 20, "max_credits": 5}, 5, 3),
        ({"max_results": 3, "max_credits": 50}, 3, 1),
        ({"max_credits": 50}, 50, 48),
        ({"max_credits": 7, "search_emails": True}, 7, 3),
        ({}, 1_000, 998),
        ({"search_emails": True}, 1_000, 996),
    ],
)
def test_a_resumed_job_reserves_what_it_may_still_spend(
    shop: Workshop, body: dict[str, Any], first: int, again: int
) -> None:
    job_id = shop.start(**body)
    started = shop.run(job_id, 1)
    shop.cancel(job_id)

    resumed = shop.resume(job_id)

    assert started.credits_reserved == first
    assert resumed.credits_reserved - resumed.credits_spent == again
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [again]
    assert entries(shop, job_id) == [
        ("reserve", 0, first),
        ("capture", 1, -resumed.credits_spent),
        ("release", 1, resumed.credits_spent - first),
        ("reserve", 2, again),
    ]


def test_known_people_count_towards_max_results_when_a_job_is_resumed(shop: Workshop) -> None:
    shop.run(shop.start(max_results=2))
    job_id = shop.start(max_results=10)
    shop.run(job_id, 1)
    shop.cancel(job_id)

    resumed = shop.resume(job_id)

    assert (resumed.known, resumed.imported, resumed.credits_reserved) == (2, 0, 8)


@pytest.mark.parametrize(
    ("body", "balance", "needed"),
    [({"max_results": 20}, 17, 18), ({"max_credits": 9}, 6, 7), ({}, 0, 1), ({"search_emails": True}, 1, 2)],
)
def test_a_job_that_cannot_pay_for_the_rest_is_not_resumed_and_nothing_changes(
    shop: Workshop, body: dict[str, Any], balance: int, needed: int
) -> None:
    job_id = shop.start(**body)
    shop.run(job_id, 1)
    shop.cancel(job_id)
    available = shop.scalars("SELECT credits_available FROM account_group")[0]
    _spend(shop, available - balance)
    rows, job = shop.rows(), shop.job(job_id)

    kind, details = refusal(lambda: shop.resume(job_id))

    assert kind is ErrorKind.INSUFFICIENT_CREDITS
    assert details == f"credits needed: {needed}, available: {balance}"
    assert (shop.rows(), shop.job(job_id)) == (rows, job)
    assert workflows(shop) == {job_id: "CANCELLED"}
    _spend(shop, -1)
    assert (shop.resume(job_id).status, shop.run(job_id).status) == ("queued", "completed")


def test_an_open_ended_job_takes_what_there_is_when_it_is_resumed(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    shop.cancel(job_id)
    _spend(shop, 995)

    resumed = shop.resume(job_id)
    job = shop.run(job_id)

    assert resumed.credits_reserved == 2 + 3
    assert (job.imported, job.stop_reason, job.credits_spent) == (5, "credits_exhausted", 5)


def test_a_job_that_only_enriches_needs_no_credits(shop: Workshop) -> None:
    job_id = shop.start(max_results=20)
    shop.run(job_id, 4)  # the source is read to its end
    shop.cancel(job_id)
    _spend(shop, 994)

    resumed = shop.resume(job_id)

    assert (resumed.credits_reserved, resumed.credits_spent) == (6, 6)
    assert (shop.run(job_id).stop_reason, shop.job(job_id).emails_found) == ("source_exhausted", 6)


def test_a_ceiling_holds_over_all_runs_of_a_job(shop: Workshop) -> None:
    job_id = shop.start(max_credits=7, search_emails=True)
    shop.run(job_id, 1)  # two people, four credits
    shop.cancel(job_id)

    resumed = shop.resume(job_id)
    job = shop.run(job_id)

    assert resumed.credits_reserved == 7
    assert (job.status, job.imported, job.credits_spent) == ("completed", 3, 6)
    assert (job.stop_reason, job.truncated) == ("max_credits_reached", True)


def _spend(shop: Workshop, credits: int) -> None:
    """Take credits out of the balance as the operator would, and note it in the ledger."""
    statement = (
        "INSERT INTO credit_entry (id, account_group_id, kind, available_change, reserved_change, created_ms)"
        " VALUES (:id, :group, 'top_up', :change, 0, :now)"
    )
    values = {"id": shop.toolbox.new_id(), "group": shop.group_id, "change": -credits, "now": shop.toolbox.now_ms()}
    shop.execute(statement, **values)
    shop.execute("UPDATE account_group SET credits_available = credits_available - :credits", credits=credits)


# --- workers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps_before", [0, 2, 4])
def test_a_step_of_the_run_before_writes_nothing(shop: Workshop, steps_before: int) -> None:
    job_id = shop.start()
    shop.run(job_id, steps_before)
    old = claim_job(shop.toolbox, shop.group_id, job_id)
    assert old is not None
    rows: dict[str, list[tuple[Any, ...]]] = {}

    def cancel_and_resume() -> None:
        shop.provider.before_page = shop.provider.before_enrichment = lambda: None
        shop.cancel(job_id)
        shop.resume(job_id)
        shop.run(job_id, 1)
        rows.update(shop.rows())

    shop.provider.before_page = shop.provider.before_enrichment = cancel_and_resume
    with pytest.raises(LostJob):
        asyncio.run(advance_job(shop.toolbox, old))

    assert shop.rows() == rows
    assert (shop.run(job_id).status, people(shop)) == ("completed", EVERYBODY)


def test_a_worker_of_the_run_before_cannot_take_the_job_back(shop: Workshop) -> None:
    job_id = shop.start()
    old = JobWork(shop.toolbox, shop.group_id, job_id, Log())
    assert asyncio.run(old.advance())
    shop.cancel(job_id)
    shop.resume(job_id)
    new = JobWork(shop.toolbox, shop.group_id, job_id, Log(), resume_count=1)
    assert asyncio.run(new.advance())
    token = shop.job(job_id).fencing_token

    assert asyncio.run(old.advance())  # it finds that it lost the job
    assert not asyncio.run(old.advance())  # and that its run is over

    assert shop.job(job_id).fencing_token == token
    assert asyncio.run(new.advance())
    assert shop.job(job_id).status == "running"


def test_many_at_once_resume_a_job_once(shop: Workshop) -> None:
    job_id = shop.start(max_results=100)
    shop.run(job_id, 1)
    shop.cancel(job_id)

    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda _: shop.resume(job_id), range(8)))

    assert {(job.status, job.resume_count) for job in jobs} == {("queued", 1)}
    assert workflows(shop) == {job_id: "CANCELLED", f"{job_id}-1": "ENQUEUED"}
    assert [entry[0] for entry in entries(shop, job_id)].count("reserve") == 2
    assert shop.scalars("SELECT filling_job_count FROM audience") == [1]


def test_a_job_cancelled_and_resumed_for_ever_is_not_taken_for_one_that_kills_workers(shop: Workshop) -> None:
    job_id = shop.start(max_results=10)
    for _ in range(MOST_FRUITLESS_CLAIMS + 5):
        assert claim_job(shop.toolbox, shop.group_id, job_id, shop.job(job_id).resume_count) is not None
        shop.cancel(job_id)
        shop.resume(job_id)

    assert shop.run(job_id).status == "completed"


def test_a_job_that_killed_its_workers_is_tried_as_often_again_when_it_is_resumed(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, 1)
    claims = [_claims_until_given_up(shop, job_id)]
    shop.resume(job_id)
    claims.append(_claims_until_given_up(shop, job_id))
    shop.resume(job_id)

    assert all(MOST_FRUITLESS_CLAIMS - 5 < count < MOST_FRUITLESS_CLAIMS + 5 for count in claims), claims
    assert shop.run(job_id).status == "completed"


def _claims_until_given_up(shop: Workshop, job_id: str) -> int:
    claims = 0
    while claim_job(shop.toolbox, shop.group_id, job_id, shop.job(job_id).resume_count) is not None:
        claims += 1
    assert shop.job(job_id).error_code == "INTERNAL_ERROR"
    return claims


def test_the_caretaker_looks_after_the_workflow_of_the_last_run(shop: Workshop) -> None:
    job_id = shop.start()
    shop.cancel(job_id)
    resumed = shop.resume(job_id)
    shop.execute(f"UPDATE {shop.workflow_table} SET status = 'SUCCESS' WHERE workflow_uuid = :id", id=job_id)

    with shop.database.read() as tx:
        assert workflow_table.stranded_jobs(tx, 10) == []
    shop.execute(f"DELETE FROM {shop.workflow_table} WHERE workflow_uuid = :id", id=f"{job_id}-1")
    with shop.database.read() as tx:
        [stranded] = workflow_table.stranded_jobs(tx, 10)
    requeue_stranded_job(shop.toolbox, stranded.account_group_id, stranded.job_id, stranded.resume_count)

    assert (stranded.job_id, stranded.resume_count, stranded.workflow_status) == (job_id, 1, None)
    assert workflows(shop) == {job_id: "SUCCESS", f"{job_id}-1": "ENQUEUED"}
    assert shop.job(job_id) == resumed


def test_a_job_that_looked_stranded_and_was_resumed_meanwhile_is_left_alone(shop: Workshop) -> None:
    job_id = shop.start()
    shop.cancel(job_id)
    resumed = shop.resume(job_id)

    fail_stranded_job(shop.toolbox, shop.group_id, job_id, resume_count=0)
    requeue_stranded_job(shop.toolbox, shop.group_id, job_id, resume_count=0)

    assert shop.job(job_id) == resumed


def test_workflows_of_jobs_are_found_by_an_index(database_url: str) -> None:
    with workshop(database_url, PAGES) as shop:
        statements = _statements(shop.database)
        if not shop.database.dialect.is_sqlite:
            shop.execute(
                f"INSERT INTO {shop.workflow_table} (workflow_uuid, status, created_at, updated_at, priority)"
                " SELECT md5(n::text), 'SUCCESS', 1, 1, 0 FROM generate_series(1, 20000) AS n"
            )
            shop.execute(f"ANALYZE {shop.workflow_table}")
        with shop.database.read() as tx:
            workflow_table.stranded_jobs(tx, 10)
            sql, parameters = statements[-1]
            explain = "EXPLAIN QUERY PLAN" if shop.database.dialect.is_sqlite else "EXPLAIN"
            plan = str(tx.exec_driver_sql(f"{explain} {sql}", parameters).all())

    assert "workflow_uuid" in plan
    assert "Seq Scan on workflow_status" not in plan
    assert "SCAN workflow_status" not in plan


def _statements(database: Database) -> list[tuple[str, Any]]:
    """Return a list that gets every statement and its parameters from now on."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> None:
        statements.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    return statements


# --- tries --------------------------------------------------------------------------------------------------------


@dataclass
class FailingProvider(ScriptedProvider):
    """Fails with `failures` one after the other, then finds nobody; notes the earlier tries that it is told."""

    failures: list[ProviderFailure] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        self.told.append(earlier_tries)
        if earlier_tries < len(self.failures):
            raise self.failures[earlier_tries]
        return Page((), None, 0)


def run_without_waiting(shop: Workshop, job_id: str, most_steps: int = 100) -> Job:
    """Run the job as `Workshop.run` does, as if every wait were over."""
    for _ in range(most_steps):
        if shop.run(job_id, 1).status != "running":
            break
        shop.execute("UPDATE job SET resumes_ms = NULL")
    return shop.job(job_id)


def with_failures(shop: Workshop, failures: Sequence[ProviderFailure]) -> FailingProvider:
    provider = FailingProvider([], failures=list(failures))
    shop.toolbox = replace(shop.toolbox, live_provider=provider)
    return provider


def test_each_run_has_all_its_tries_and_the_provider_is_told_of_all_before(shop: Workshop) -> None:
    provider = with_failures(shop, [Unavailable("down")] * (2 * TRIES_PER_PAGE))
    job_id = shop.start()

    statuses = [run_without_waiting(shop, job_id).status]
    for _ in range(2):
        shop.resume(job_id)
        statuses.append(run_without_waiting(shop, job_id).status)

    assert statuses == ["failed", "failed", "completed"]
    assert provider.told == list(range(2 * TRIES_PER_PAGE + 1))
    assert shop.job(job_id).tries_before_resume == 0


def test_tries_of_a_run_that_was_cancelled_do_not_count_against_the_next(shop: Workshop) -> None:
    provider = with_failures(shop, [Unavailable("down")] * 100)
    job_id = shop.start()
    run_without_waiting(shop, job_id, TRIES_PER_PAGE - 1)
    shop.cancel(job_id)
    shop.resume(job_id)

    first = shop.run(job_id, 1)

    assert first.status == "running"
    assert first.resumes_ms is not None
    assert first.resumes_ms - first.updated_ms == 1_000  # the wait begins anew
    assert run_without_waiting(shop, job_id).status == "failed"
    assert provider.told == list(range(2 * TRIES_PER_PAGE - 1))
