"""Somebody of whom every worker dies is passed over after five attempts, and nobody else is; on both databases."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.job_rules import (
    CAREFUL_FROM_CLAIM,
    CAREFUL_PEOPLE,
    CAREFUL_PIECE,
    MOST_ATTEMPTS,
    MOST_QUARANTINED,
)
from goldpan.domain.provider_port import Page, Person, Source, Unavailable
from goldpan.operations.job_run_operations import advance_job, claim_job
from goldpan.storage import prospect_table
from tests.invariants import assert_invariants
from tests.workshop import ScriptedProvider, Workshop

NAMES = [f"miller-{number:02}" for number in range(40)]
CROWD = [f"smith-{number:03}" for number in range(CAREFUL_PEOPLE)]
DEATHS_BEFORE_CARE = CAREFUL_FROM_CLAIM  # the first may come to a claim that had done something
MOST_DEATHS = DEATHS_BEFORE_CARE + 1 + MOST_ATTEMPTS  # one of the piece
MOST_STEPS = CAREFUL_PEOPLE // CAREFUL_PIECE + CAREFUL_PIECE


class Death(BaseException):
    """As kill -9 would: nothing that was not committed is left."""


@dataclass
class PoisonedProvider(ScriptedProvider):
    """Hands over up to `page_size` people a page; whoever has to do with one of `in_pages` or `enriched` dies."""

    in_pages: set[str] = field(default_factory=set)
    enriched: set[str] = field(default_factory=set)
    is_passing_over_deadly: bool = False
    page_size: int = 20

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        self.asked.append(cursor)
        await asyncio.to_thread(self.before_page)
        page = self._page(cursor, min(most_people or self.page_size, self.page_size))
        if self.in_pages & {person.public_identifier for person in page.people}:
            raise Death
        return page

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        if self.is_passing_over_deadly:
            raise Death
        return Page((), self._page(cursor, 1).next_cursor, None, unknown_count=1)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        if self.enriched & {person.public_identifier for person in people}:
            raise Death
        return await super().enrich(account_group_id, people, search_emails)

    def _page(self, cursor: str | None, size: int) -> Page:
        names, first = self.pages[0], int(cursor or 0)
        people = tuple(Person(public_identifier=name) for name in names[first : first + size])
        return Page(people, str(first + size) if first + size < len(names) else None, len(names))


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    opened = Workshop(database_url, PoisonedProvider([NAMES]))
    yield opened
    opened.database.close()


def live_and_die(shop: Workshop, job_id: str, steps: int = 500) -> int:
    """Work on the job, with a new worker for each that died, until it ends; return how many died."""
    deaths = 0
    while (hold := claim_job(shop.toolbox, shop.group_id, job_id, shop.job(job_id).resume_count)) is not None:
        try:
            while asyncio.run(advance_job(shop.toolbox, hold)):
                steps -= 1
                assert steps, "the job goes on for ever"
        except Death:
            deaths += 1
            assert deaths < 1000, "the job kills for ever"
    return deaths


def provider_of(shop: Workshop) -> PoisonedProvider:
    assert isinstance(shop.provider, PoisonedProvider)
    return shop.provider


@pytest.mark.parametrize("poison", ["miller-00", "miller-07", "miller-19", "miller-39"])
def test_a_person_who_kills_at_import_is_passed_over_and_everybody_else_is_there(shop: Workshop, poison: str) -> None:
    provider_of(shop).in_pages = {poison}
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.failed, job.emails_found) == ("completed", 39, 1, 39)
    assert deaths <= MOST_DEATHS
    names = set(shop.scalars("SELECT public_identifier FROM prospect"))
    assert names == set(NAMES) - {poison}
    assert shop.scalars("SELECT stage FROM quarantined_person") == ["import"]
    assert_invariants(shop.url)


@pytest.mark.parametrize("poison", ["miller-00", "miller-07", "miller-39"])
def test_a_person_who_kills_at_enrichment_stays_without_it_and_kills_no_other_job(shop: Workshop, poison: str) -> None:
    provider_of(shop).enriched = {poison}
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.failed, job.emails_found) == ("completed", 40, 0, 39)
    assert deaths <= MOST_DEATHS
    assert shop.scalars("SELECT public_identifier FROM prospect WHERE title IS NULL") == [poison]
    assert shop.scalars("SELECT place FROM quarantined_person") == [str(NAMES.index(poison))]
    assert live_and_die(shop, shop.start()) == 0
    assert_invariants(shop.url)


@pytest.mark.parametrize("poison", ["smith-000", "smith-499"])
def test_a_large_page_with_somebody_who_kills_takes_few_steps_and_few_deaths(shop: Workshop, poison: str) -> None:
    shop.use(PoisonedProvider([CROWD], people_at_once=CAREFUL_PEOPLE, page_size=CAREFUL_PEOPLE, in_pages={poison}))
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.failed) == ("completed", CAREFUL_PEOPLE - 1, 1)
    assert deaths <= MOST_DEATHS
    assert len(provider_of(shop).asked) <= MOST_STEPS + deaths
    assert set(shop.scalars("SELECT public_identifier FROM prospect")) == set(CROWD) - {poison}


def test_a_large_batch_with_somebody_whose_enrichment_kills_takes_few_steps_too(shop: Workshop) -> None:
    poison = "smith-250"
    shop.use(PoisonedProvider([CROWD], people_at_once=CAREFUL_PEOPLE, page_size=CAREFUL_PEOPLE, enriched={poison}))
    job_id = shop.start()
    asks: list[None] = []
    provider_of(shop).before_enrichment = lambda: asks.append(None)

    deaths = live_and_die(shop, job_id)

    assert (shop.job(job_id).status, shop.job(job_id).emails_found) == ("completed", CAREFUL_PEOPLE - 1)
    assert deaths <= MOST_DEATHS
    assert len(asks) <= MOST_STEPS
    assert shop.scalars("SELECT public_identifier FROM prospect WHERE title IS NULL") == [poison]


def test_a_large_page_of_nobody_who_kills_is_met_in_pieces(shop: Workshop) -> None:
    provider = PoisonedProvider([CROWD], page_size=CAREFUL_PEOPLE, in_pages={"smith-000"})
    shop.use(provider)
    job_id = shop.start()
    for _ in range(CAREFUL_FROM_CLAIM - 1):
        hold = claim_job(shop.toolbox, shop.group_id, job_id)
        assert hold is not None
        with pytest.raises(Death):
            asyncio.run(advance_job(shop.toolbox, hold))
    provider.in_pages = set()
    provider.asked.clear()

    assert live_and_die(shop, job_id) == 0
    assert shop.job(job_id).imported == CAREFUL_PEOPLE
    assert provider.asked == [None, *(str(place) for place in range(CAREFUL_PIECE, CAREFUL_PEOPLE, CAREFUL_PIECE))]


def test_whoever_else_kills_on_the_page_costs_no_deaths_of_a_whole_page_again(shop: Workshop) -> None:
    poison = {"smith-007", "smith-008", "smith-400"}
    shop.use(PoisonedProvider([CROWD], page_size=CAREFUL_PEOPLE, in_pages=poison))
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.failed) == ("completed", CAREFUL_PEOPLE - 3, 3)
    assert deaths <= MOST_DEATHS + MOST_ATTEMPTS + (1 + MOST_ATTEMPTS)


def test_several_who_kill_are_passed_over_one_by_one(shop: Workshop) -> None:
    provider_of(shop).in_pages = {"miller-03", "miller-04", "miller-30"}
    provider_of(shop).enriched = {"miller-11"}
    job_id = shop.start()

    live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.failed, job.emails_found) == ("completed", 37, 3, 36)
    assert_invariants(shop.url)


def test_workers_that_die_of_something_else_lose_nobody(shop: Workshop) -> None:
    provider = provider_of(shop)
    asks = iter(range(10_000))

    def die_often() -> None:
        if next(asks) % MOST_ATTEMPTS != 0:  # four of five die, but never five in a row
            raise Death

    provider.before_page = die_often
    job_id = shop.start()

    live_and_die(shop, job_id, 5_000)

    assert (shop.job(job_id).status, shop.job(job_id).imported) == ("completed", 40)
    assert shop.scalars("SELECT count(*) FROM quarantined_person") == [0]


def test_an_attempt_that_ends_in_a_failure_of_the_provider_does_not_count(shop: Workshop) -> None:
    provider = provider_of(shop)
    provider.in_pages = set(NAMES)
    job_id = shop.start()
    for _ in range(CAREFUL_FROM_CLAIM + 1):
        hold = claim_job(shop.toolbox, shop.group_id, job_id)
        assert hold is not None
        with pytest.raises(Death):
            asyncio.run(advance_job(shop.toolbox, hold))
    assert shop.job(job_id).attempts == 2

    def busy() -> None:
        raise Unavailable("busy", retry_after_seconds=60)

    provider.before_page = busy
    shop.run(job_id, 1)

    assert shop.job(job_id).attempts == 0


def test_a_job_of_nobody_but_people_who_kill_is_ended_and_gives_back_its_credits(shop: Workshop) -> None:
    provider_of(shop).in_pages = set(NAMES)
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.error_code, job.failed) == ("failed", "INTERNAL_ERROR", MOST_QUARANTINED)
    assert deaths <= DEATHS_BEFORE_CARE + 1 + (MOST_QUARANTINED + 1) * MOST_ATTEMPTS  # careful from the first one on
    assert shop.scalars("SELECT credits_reserved FROM account_group") == [0]
    assert_invariants(shop.url)


def test_a_job_that_kills_even_where_it_passes_over_is_ended(shop: Workshop) -> None:
    provider_of(shop).in_pages = {"miller-07"}
    provider_of(shop).is_passing_over_deadly = True
    job_id = shop.start()

    deaths = live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.error_code, job.imported) == ("failed", "INTERNAL_ERROR", 7)
    assert deaths <= MOST_DEATHS + MOST_ATTEMPTS
    assert_invariants(shop.url)


def test_a_worker_that_lives_and_cannot_write_makes_nobody_guilty(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider_of(shop).in_pages = {"miller-00"}
    job_id = shop.start()
    for _ in range(CAREFUL_FROM_CLAIM):
        hold = claim_job(shop.toolbox, shop.group_id, job_id)
        assert hold is not None
        with pytest.raises(Death):
            asyncio.run(advance_job(shop.toolbox, hold))
    provider_of(shop).in_pages = set()
    hold = claim_job(shop.toolbox, shop.group_id, job_id)
    assert hold is not None

    def full(*_: object, **__: object) -> NoReturn:
        raise Problem(ErrorKind.SERVICE_UNAVAILABLE)

    with monkeypatch.context() as broken:
        broken.setattr(prospect_table, "add_people", full)
        for _ in range(2 * MOST_ATTEMPTS):
            with pytest.raises(Problem):
                asyncio.run(advance_job(shop.toolbox, hold))

    assert live_and_die(shop, job_id) == 0
    assert (shop.job(job_id).imported, shop.job(job_id).failed) == (40, 0)


def test_a_search_that_passed_over_somebody_reserves_for_others_when_it_is_resumed(shop: Workshop) -> None:
    provider_of(shop).in_pages = {"miller-00"}
    job_id = shop.start(max_results=30)
    while shop.job(job_id).imported == 0:
        hold = claim_job(shop.toolbox, shop.group_id, job_id)
        assert hold is not None
        with suppress(Death):
            asyncio.run(advance_job(shop.toolbox, hold))
    shop.cancel(job_id)

    shop.resume(job_id)
    live_and_die(shop, job_id)

    job = shop.job(job_id)
    assert (job.status, job.stop_reason, job.imported, job.failed) == ("completed", "max_results", 30, 1)


def test_a_job_resumed_after_it_killed_too_many_goes_on_behind_them(shop: Workshop) -> None:
    provider_of(shop).in_pages = set(NAMES)
    job_id = shop.start()
    live_and_die(shop, job_id)
    provider_of(shop).in_pages = set()

    shop.resume(job_id)
    live_and_die(shop, job_id)

    assert (shop.job(job_id).status, shop.job(job_id).imported) == ("completed", 40 - MOST_QUARANTINED)
    assert_invariants(shop.url)
