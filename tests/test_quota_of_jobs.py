"""Jobs and the budget of 24 hours: what they take, when they wait, when they go on, and which are not let in."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from goldpan.contract.error_catalogue import Problem
from goldpan.contract.quota_resources import ListType
from goldpan.contract.resources import JobStatus, SourceType, StopReason
from goldpan.domain.access_rules import Principal
from goldpan.domain.quota_rules import LIST_TYPES, QuotaLimits
from goldpan.engine.caretaker import BATCH, Caretaker
from goldpan.operations import job_run_operations
from goldpan.operations.account_operations import create_account
from goldpan.operations.job_operations import cancel_job
from goldpan.operations.job_run_operations import advance_job, claim_job
from tests.invariants import assert_invariants
from tests.quota_shop import DAY_MS, HOUR_MS, NOON_MS, QuotaShop, quota_shop


@pytest.fixture
def shop(database_url: str) -> Iterator[QuotaShop]:
    with quota_shop(database_url) as shop:
        yield shop
        assert_invariants(shop.url)


@pytest.fixture
def waiting(shop: QuotaShop) -> str:
    """A job of 40 people that took 10 at noon, 10 an hour later, 5 two hours later, and waits."""
    job_id = shop.start()
    for _ in range(3):
        shop.run(job_id, 1)
        shop.clock_ms += HOUR_MS
    shop.run(job_id, 1)
    return job_id


def refusal(shop: QuotaShop, **body: Any) -> Problem:
    with pytest.raises(Problem) as refused:
        shop.start_as(shop.alice, SourceType.LINKEDIN_SEARCH, **body)
    return refused.value


# --- what a job takes ---------------------------------------------------------------------------------------------


def test_each_page_is_one_use_of_the_people_it_took(shop: QuotaShop) -> None:
    job = shop.run(shop.start(max_results=12))

    assert (job.status, job.imported) == ("completed", 12)
    assert shop.uses() == [(1, 10, 0), (2, 2, 0)]
    assert (shop.quota().used, shop.quota().remaining, shop.quota().is_exhausted) == (12, 13, False)


def test_people_who_are_known_already_count_as_well(shop: QuotaShop) -> None:
    shop.run(shop.start(max_results=10))

    job = shop.run(shop.start(max_results=10))

    assert (job.imported, job.known, shop.quota().used) == (0, 10, 20)


def test_a_page_that_took_nobody_is_no_use(shop: QuotaShop) -> None:
    shop.crowd.total = 0

    assert shop.run(shop.start()).status == "completed"
    assert shop.uses() == []


def test_the_provider_is_never_asked_for_more_than_is_left(shop: QuotaShop, waiting: str) -> None:
    assert shop.crowd.most == [25, 15, 5]
    assert shop.uses() == [(1, 10, 0), (2, 10, 1), (3, 5, 2)]
    assert shop.quota().used == 25


def test_a_use_leaves_the_window_after_exactly_24_hours(shop: QuotaShop, waiting: str) -> None:
    shop.clock_ms = NOON_MS + DAY_MS - 1
    assert (shop.quota().used, shop.quota().reset_ms) == (25, NOON_MS + DAY_MS)

    shop.clock_ms += 1

    assert (shop.quota().used, shop.quota().reset_ms) == (15, NOON_MS + HOUR_MS + DAY_MS)


def test_a_budget_that_nobody_used_is_whole_now(shop: QuotaShop) -> None:
    state = shop.quota()

    assert (state.used, state.limit, state.remaining, state.reset_ms) == (0, 25, 25, shop.clock_ms)


def test_jobs_that_ask_at_once_take_more_by_the_page_under_way_at_most(shop: QuotaShop) -> None:
    first, second = shop.start(max_results=25), shop.start()
    shop.run(first, 2)

    def overtake() -> None:
        shop.crowd.before_page = lambda: None
        hold = claim_job(shop.toolbox, shop.group_id, second)
        assert hold is not None
        with ThreadPoolExecutor() as pool:
            pool.submit(lambda: asyncio.run(advance_job(shop.toolbox, hold))).result()

    shop.crowd.before_page = overtake
    shop.run(first, 1)

    assert shop.crowd.most[-2:] == [5, 5]
    assert (shop.quota().used, shop.quota().remaining) == (30, 0)


# --- waiting ------------------------------------------------------------------------------------------------------


def test_a_job_that_used_up_the_budget_waits_and_says_until_when(shop: QuotaShop, waiting: str) -> None:
    job = shop.job(waiting)

    assert (job.status, job.import_status, job.stop_reason, job.imported) == ("running", "running", None, 25)
    assert (job.resumes_ms, job.failed_tries) == (NOON_MS + DAY_MS, 0)
    assert job.error_code == "RATE_LIMITED"
    assert job.error_message == ("blocked: the 25 people of LINKEDIN_CLASSIC that may be taken in 24 hours are used up")


def test_a_waiting_job_goes_on_as_room_comes_back_and_takes_everybody_once(shop: QuotaShop, waiting: str) -> None:
    shop.clock_ms = NOON_MS + DAY_MS
    shop.run(waiting, 1)
    on_the_way = shop.job(waiting)
    shop.run(waiting, 1)
    again = shop.job(waiting)
    shop.clock_ms += HOUR_MS

    job = shop.run(waiting)

    assert (on_the_way.imported, on_the_way.error_code, on_the_way.resumes_ms) == (35, None, None)
    assert (again.error_code, again.resumes_ms) == ("RATE_LIMITED", NOON_MS + HOUR_MS + DAY_MS)
    assert (job.status, job.stop_reason) == (JobStatus.COMPLETED, StopReason.SOURCE_EXHAUSTED)
    assert (job.imported, job.duplicate, job.error_code, job.resumes_ms) == (40, 0, None, None)
    assert shop.uses()[3:] == [(4, 10, 24), (5, 5, 25)]


def test_a_job_that_is_done_just_as_the_budget_is_does_not_wait(shop: QuotaShop) -> None:
    job = shop.run(shop.start(max_results=25))

    assert (job.status, job.stop_reason, job.imported) == ("completed", "max_results", 25)
    assert shop.quota().is_exhausted


def test_a_waiting_job_can_be_cancelled_and_gives_back_its_credits(shop: QuotaShop, waiting: str) -> None:
    cancel_job(shop.toolbox, shop.alice, shop.group_id, waiting)

    job = shop.job(waiting)
    assert (job.status, job.resumes_ms, job.error_code, job.credits_spent) == ("cancelled", None, None, 25)
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [0]
    assert claim_job(shop.toolbox, shop.group_id, waiting) is None


def test_a_job_that_has_only_enrichment_left_is_resumed_though_the_budget_is_used_up(shop: QuotaShop) -> None:
    job_id = shop.start(max_results=25)
    while shop.job(job_id).import_status != JobStatus.COMPLETED:
        shop.run(job_id, 1)
    cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)
    assert shop.quota().is_exhausted

    shop.resume(job_id)

    assert shop.run(job_id).status == JobStatus.COMPLETED


def test_a_job_may_wait_day_after_day(shop: QuotaShop, waiting: str) -> None:
    for day in range(1, 55):  # others are always faster
        shop.execute("UPDATE quota_use SET used_ms = :now - 1", now=NOON_MS + day * DAY_MS)
        shop.clock_ms = NOON_MS + day * DAY_MS
        shop.run(waiting, 1)

    assert shop.job(waiting).status == "running"
    assert shop.job(waiting).resumes_ms == NOON_MS + 55 * DAY_MS - 1


def test_a_job_that_waits_long_gives_its_place_in_the_worker_to_others(
    shop: QuotaShop, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    keeper = Caretaker(shop.toolbox, shop.queue, "here", lambda _job_id: False, Log(log))
    workflow = f"SELECT status FROM {shop.workflow_table}"
    keeper.make_round()
    before = shop.scalars(workflow)

    monkeypatch.setattr(job_run_operations, "LONGEST_WAIT_IN_PLACE_SECONDS", 0.0)
    shop.run(waiting, 1)
    keeper.make_round()
    meanwhile = shop.scalars(workflow)
    shop.clock_ms = NOON_MS + DAY_MS
    keeper.make_round()

    assert (before, meanwhile, shop.scalars(workflow)) == (["ENQUEUED"], ["CANCELLED"], ["ENQUEUED"])
    assert log == []
    assert shop.job(waiting).status == "running"


class Log:
    """Keeps the events that were logged."""

    def __init__(self, events: list[str]) -> None:
        self.events = events

    def warning(self, event: str, **_fields: Any) -> None:
        self.events.append(event)

    exception = warning


# --- starts -------------------------------------------------------------------------------------------------------


def test_a_start_that_finds_the_budget_used_up_is_refused_and_changes_nothing(shop: QuotaShop, waiting: str) -> None:
    rows = shop.rows()

    problem = refusal(shop, key="again")

    assert (problem.kind.code, problem.kind.status) == ("RATE_LIMITED", 429)
    assert problem.details == (
        "quota: the 25 people of LINKEDIN_CLASSIC that may be taken in 24 hours are used up;"
        " start again after 2026-04-29T12:00:00.000Z"
    )
    assert problem.headers == {"Retry-After": str(21 * 3600)}
    assert shop.rows() == rows
    assert shop.scalars("SELECT key FROM idempotency_key") == []
    assert shop.scalars(f"SELECT count(*) FROM {shop.workflow_table}") == [1]


@pytest.mark.parametrize(("before_ms", "seconds"), [(1, 1), (999, 1), (1_000, 1), (1_001, 2), (90_000, 90)])
def test_the_wait_is_told_in_whole_seconds_that_are_enough(
    shop: QuotaShop, waiting: str, before_ms: int, seconds: int
) -> None:
    shop.clock_ms = NOON_MS + DAY_MS - before_ms

    assert refusal(shop).headers["Retry-After"] == str(seconds)


def test_the_same_key_starts_the_job_once_there_is_room(shop: QuotaShop, waiting: str) -> None:
    refusal(shop, key="once")
    shop.clock_ms = NOON_MS + DAY_MS

    started = shop.start_as(shop.alice, SourceType.LINKEDIN_SEARCH, "once")

    assert shop.start_as(shop.alice, SourceType.LINKEDIN_SEARCH, "once").id == started.id
    assert len(shop.scalars("SELECT id FROM job")) == 2


def test_a_replay_of_an_earlier_start_is_answered_whatever_is_left(shop: QuotaShop) -> None:
    earlier = shop.start(key="early", max_results=25)
    shop.run(earlier)
    assert shop.quota().is_exhausted

    assert shop.start(key="early", max_results=25) == earlier
    with pytest.raises(Problem, match="IDEMPOTENCY_KEY_REUSED"):
        shop.start(key="early", max_results=24)


def test_credits_are_asked_for_before_the_quota(shop: QuotaShop, waiting: str) -> None:
    shop.execute("UPDATE account_group SET credits_available = 0")

    assert refusal(shop).kind.code == "INSUFFICIENT_CREDITS"

    shop.execute("UPDATE account_group SET credits_available = 10000 - credits_reserved - 25")


def test_of_many_starts_at_once_none_comes_through(shop: QuotaShop, waiting: str) -> None:
    rows = shop.rows()

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(lambda number: refusal(shop, key=f"key {number % 4}"), range(24)))

    assert {problem.kind.code for problem in refusals} == {"RATE_LIMITED"}
    assert shop.rows() == rows
    assert shop.scalars("SELECT key FROM idempotency_key") == []


# --- whom it does not concern -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [source for source in SourceType if source in LIST_TYPES])
def test_each_source_has_a_budget_of_its_own(shop: QuotaShop, source: SourceType) -> None:
    shop.crowd.total = 1
    shop.run(shop.start_as(shop.alice, source).id)

    used = {list_type: shop.quota(list_type).used for list_type in ListType}

    assert used == {list_type: int(list_type == LIST_TYPES[source]) for list_type in ListType}


def test_other_list_types_have_room_though_one_has_none(shop: QuotaShop, waiting: str) -> None:
    job = shop.run(shop.start_as(shop.alice, SourceType.SALES_NAVIGATOR, max_results=12).id)

    assert (job.status, job.known) == ("completed", 12)
    assert shop.quota(ListType.SALES_NAVIGATOR).used == 12


def test_another_account_group_has_budgets_of_its_own(shop: QuotaShop, waiting: str) -> None:
    group = create_account(shop.toolbox, "Mallory", "scale", 100)
    mallory = Principal("mallory", False, shop.alice.permissions, frozenset({group.id}))

    job = shop.start_as(mallory, SourceType.LINKEDIN_SEARCH, max_results=5)
    hold = claim_job(shop.toolbox, group.id, job.id)
    assert hold is not None
    while asyncio.run(advance_job(shop.toolbox, hold)):
        pass

    assert shop.crowd.most[-1] == 25
    assert shop.quota().used == 25


def test_the_sandbox_uses_no_budget_and_is_bound_by_none(shop: QuotaShop, waiting: str) -> None:
    job = shop.run(shop.start_as(shop.sandbox_alice(), SourceType.LINKEDIN_SEARCH).id)

    assert (job.status, job.imported) == ("completed", 40)
    assert shop.crowd.most[3:] == [None] * 4
    assert shop.quota().used == 25


def test_a_waiting_job_goes_on_under_a_limit_that_was_raised(shop: QuotaShop, waiting: str) -> None:
    shop.toolbox = replace(shop.toolbox, quota_limits=QuotaLimits(30))
    shop.clock_ms = NOON_MS + DAY_MS

    assert shop.quota().remaining == 15
    assert shop.run(waiting).status == "completed"


def test_a_limit_that_was_lowered_leaves_nothing_and_no_less(shop: QuotaShop, waiting: str) -> None:
    shop.toolbox = replace(shop.toolbox, quota_limits=QuotaLimits(3))

    assert (shop.quota().used, shop.quota().remaining, shop.quota().is_exhausted) == (25, 0, True)


# --- what is cleared away -----------------------------------------------------------------------------------------


def test_uses_older_than_two_days_are_forgotten_batch_by_batch(database_url: str) -> None:
    with quota_shop(database_url) as shop:
        job_id = shop.start(max_results=10)
        shop.run(job_id)
        copies = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :copies)"
        shop.execute(
            f"{copies} INSERT INTO quota_use (job_id, page, account_group_id, list_type, people, used_ms)"
            " SELECT job_id, 100 + n, account_group_id, list_type, people, :old FROM quota_use, n",
            copies=2 * BATCH + 1,
            old=shop.clock_ms - 1,
        )
        shop.clock_ms += 2 * DAY_MS

        Caretaker(shop.toolbox, shop.queue, "here", lambda _job_id: False, Log([])).make_round()

        assert shop.uses() == [(1, 10, 0)]
