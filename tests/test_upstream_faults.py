"""What a job makes of a provider that misbehaves: everybody taken once, and an end with a reason."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from goldpan.domain.job_rules import MOST_BARREN_PAGES
from goldpan.domain.provider_port import Page, Person, Source, Unavailable
from goldpan.operations import upstream_failures
from goldpan.storage.job_table import Job
from tests.invariants import assert_invariants
from tests.workshop import ScriptedProvider, Workshop

HOUR_SECONDS = 3600


@dataclass
class FaultyProvider(ScriptedProvider):
    """Answers what `answer` returns for a cursor and the number of earlier asks of it."""

    pages: list[list[str]] = field(default_factory=list)
    answer: Callable[[str | None, int], Page] = lambda _cursor, _asks: Page((), None, None)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        self.asked.append(cursor)
        return self.answer(cursor, self.asked.count(cursor) - 1)


@contextmanager
def faulty_workshop(database_url: str, answer: Callable[[str | None, int], Page]) -> Iterator[Workshop]:
    workshop = Workshop(database_url, FaultyProvider(answer=answer))
    try:
        yield workshop
        assert_invariants(workshop.url)
    finally:
        workshop.database.close()


def people(*names: str) -> tuple[Person, ...]:
    return tuple(Person(public_identifier=name, name=name.title()) for name in names)


def run_without_waiting(workshop: Workshop, job_id: str, most_steps: int = 400) -> Job:
    """Do the job to its end; whenever it would wait, the time has come."""
    for _ in range(most_steps):
        workshop.execute("UPDATE job SET resumes_ms = NULL")
        job = workshop.run(job_id, most_steps=1)
        if job.status != "running":
            return job
    raise AssertionError(f"the job still runs after {most_steps} steps: {job}")


def names_of(workshop: Workshop, job_id: str) -> list[str]:
    """Return whom the job took, each as often as it is stored."""
    query = (
        "SELECT public_identifier FROM prospect JOIN job_prospect ON prospect_id = id WHERE job_prospect.job_id = :id"
    )
    return sorted(workshop.scalars(query, id=job_id))


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        (0, 1),
        (1, 1),
        (HOUR_SECONDS, HOUR_SECONDS),
        (-5, 1),
        (math.nan, 1),
        (math.inf, HOUR_SECONDS),
        (1e12, HOUR_SECONDS),
    ],
)
def test_a_wish_for_patience_is_obeyed_between_a_second_and_an_hour_and_nothing_is_lost(
    database_url: str, wish: float, seconds: float
) -> None:
    def answer(cursor: str | None, asks: int) -> Page:
        if cursor is None:
            return Page(people("alice", "amara"), "2", 3)
        if asks == 0:
            raise Unavailable("429 Too Many Requests", wish)
        return Page(people("bob"), None, 3)

    with faulty_workshop(database_url, answer) as workshop:
        job_id = workshop.start(max_results=10)
        before_ms = workshop.toolbox.now_ms()
        waiting = workshop.run(job_id, most_steps=2)
        after_ms = workshop.toolbox.now_ms()
        ended = run_without_waiting(workshop, job_id)

        assert waiting.status == "running"
        assert waiting.resumes_ms is not None
        assert before_ms <= waiting.resumes_ms - seconds * 1000 <= after_ms
        assert waiting.credits_spent == 2
        assert (ended.status, ended.stop_reason, ended.credits_spent) == ("completed", "source_exhausted", 3)
        assert names_of(workshop, job_id) == ["alice", "amara", "bob"]


def test_a_provider_that_never_answers_is_given_up_for_now_and_asked_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging(FaultyProvider):
        async def fetch_page(self, *arguments: object) -> Page:
            self.asked.append(None)
            if len(self.asked) == 1:
                await asyncio.Event().wait()
            return Page(people("alice"), None, 1)

        async def enrich(
            self, account_group_id: str, people: Sequence[Person], search_emails: bool
        ) -> list[Person | None]:
            self.asked.append("enrichment")
            if self.asked.count("enrichment") == 1:
                await asyncio.Event().wait()
            return [None for _ in people]

    monkeypatch.setattr(upstream_failures, "LONGEST_ANSWER_SECONDS", 0.05)
    with faulty_workshop(database_url, lambda _cursor, _asks: Page((), None, None)) as workshop:
        hanging = Hanging()
        workshop.use(hanging)

        job = run_without_waiting(workshop, workshop.start())

        assert hanging.asked == [None, None, "enrichment", "enrichment"]
        assert (job.status, job.imported, job.people_enriched) == ("completed", 1, 1)


def test_a_provider_that_never_answers_at_all_ends_the_job_with_a_reason(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(FaultyProvider):
        async def fetch_page(self, *arguments: object) -> Page:
            await asyncio.Event().wait()
            raise AssertionError("nobody waits so long")

    monkeypatch.setattr(upstream_failures, "LONGEST_ANSWER_SECONDS", 0.05)
    with faulty_workshop(database_url, lambda _cursor, _asks: Page((), None, None)) as workshop:
        workshop.use(Silent())

        job = run_without_waiting(workshop, workshop.start())

        assert (job.status, job.stop_reason, job.error_code) == ("failed", "upstream_failed", "UPSTREAM_ERROR")
        assert job.error_message == "The provider did not answer within 0 seconds."


def test_a_page_of_garbage_is_counted_and_the_job_goes_on(database_url: str) -> None:
    def answer(cursor: str | None, _asks: int) -> Page:
        if cursor is None:
            return Page((Person(), *people("alice"), Person(headline="Hidden")), "2", -1, invalid_count=7)
        return Page(people("bob"), None, 10**9)

    with faulty_workshop(database_url, answer) as workshop:
        job = run_without_waiting(workshop, workshop.start())

        assert (job.status, job.stop_reason) == ("completed", "source_exhausted")
        assert (job.imported, job.invalid, job.found) == (2, 9, 11)


@pytest.mark.parametrize("seed", range(8))
def test_pages_that_shift_repeat_and_lie_about_their_number_never_double_anybody(database_url: str, seed: int) -> None:
    dice = random.Random(seed)
    source = [f"person-{number:03}" for number in range(60)]
    seen: set[str] = set()

    def answer(cursor: str | None, _asks: int) -> Page:
        for _ in range(dice.randint(0, 3)):  # somebody joins, leaves, moves, while the job reads
            source.insert(dice.randrange(len(source)), f"newcomer-{dice.randrange(10**6)}")
            source.append(source.pop(dice.randrange(len(source))))
            source.pop(dice.randrange(len(source)))
        start = int(cursor or 0)
        page = source[start : start + 10] + dice.choices(source, k=dice.randint(0, 4))
        dice.shuffle(page)
        seen.update(page)
        following = start + dice.choice((0, 10, 10, 10))  # now and then page n is page n + 1
        return Page(people(*page), str(following) if following < len(source) else None, dice.randrange(1000))

    with faulty_workshop(database_url, answer) as workshop:
        job_id = workshop.start()
        job = run_without_waiting(workshop, job_id)

        assert job.status == "completed"
        assert job.stop_reason in ("source_exhausted", "provider_cap_reached")
        assert names_of(workshop, job_id) == sorted(seen)
        assert job.credits_spent == len(seen)


@pytest.mark.parametrize(("pages_before", "length"), [(0, 1), (2, 1), (0, 2), (1, 3), (3, 5), (0, 8), (2, 13)])
def test_a_source_that_goes_in_circles_is_left_after_three_repeats(
    database_url: str, pages_before: int, length: int
) -> None:
    last = pages_before + length - 1

    def answer(cursor: str | None, _asks: int) -> Page:
        number = int(cursor or 0)
        return Page(
            people(f"alice-{number}", f"amara-{number}"), str(pages_before if number == last else number + 1), 99
        )

    with faulty_workshop(database_url, answer) as workshop:
        job_id = workshop.start()
        job = run_without_waiting(workshop, job_id)

        asks = Counter(cursor or "0" for cursor in workshop.provider.asked)
        assert (job.status, job.stop_reason, bool(job.truncated)) == ("completed", "provider_cap_reached", True)
        assert max(asks.values()) <= 4, "asked once, and repeated three times at the most"
        assert (job.imported, job.people_enriched, job.credits_spent) == (2 * (last + 1),) * 3
        assert len(set(names_of(workshop, job_id))) == 2 * (last + 1)


def test_a_source_whose_pages_bring_nobody_for_ever_is_left(database_url: str) -> None:
    def answer(cursor: str | None, _asks: int) -> Page:
        return Page(people("alice"), str(int(cursor or 0) + 1), None)

    with faulty_workshop(database_url, answer) as workshop:
        job = run_without_waiting(workshop, workshop.start())

        assert (job.status, job.stop_reason, bool(job.truncated)) == ("completed", "provider_cap_reached", True)
        assert len(workshop.provider.asked) == 1 + MOST_BARREN_PAGES
        assert (job.imported, job.duplicate) == (1, MOST_BARREN_PAGES)


def test_many_pages_of_hidden_members_are_no_end(database_url: str) -> None:
    def answer(cursor: str | None, _asks: int) -> Page:
        number = int(cursor or 0)
        if number in (0, MOST_BARREN_PAGES):
            return Page(people(f"alice-{number}"), str(number + 1) if number == 0 else None, None)
        return Page((), str(number + 1), None, invalid_count=10)

    with faulty_workshop(database_url, answer) as workshop:
        job = run_without_waiting(workshop, workshop.start())

        assert (job.status, job.stop_reason, job.imported) == ("completed", "source_exhausted", 2)


def test_a_source_that_never_ends_is_left_at_what_was_asked_for(database_url: str) -> None:
    def answer(cursor: str | None, _asks: int) -> Page:
        number = int(cursor or 0)
        return Page(people(f"alice-{number}"), str(number + 1), None)

    with faulty_workshop(database_url, answer) as workshop:
        job = run_without_waiting(workshop, workshop.start(max_results=50))

        assert (job.stop_reason, job.imported, len(workshop.provider.asked)) == ("max_results", 50, 50)
