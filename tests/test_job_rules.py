"""The rules of a job's life: which moves there are, how progress grows, how long to wait, what is cut short."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import (
    ACTIVE,
    CAREFUL_FROM_CLAIM,
    CAREFUL_PEOPLE,
    CAREFUL_PIECE,
    LONGEST_RETRY_SECONDS,
    MOST_ATTEMPTS,
    MOST_QUARANTINED,
    MOVES,
    RESUMABLE,
    TRIES_PER_PAGE,
    is_careful,
    is_truncated,
    may_attempt,
    piece_size,
    retry_seconds,
    stage_progress,
    workflow_id,
)


def test_only_a_job_that_failed_or_was_cancelled_goes_on_after_its_end() -> None:
    assert set(MOVES) == set(JobStatus)
    assert set(ACTIVE) == {JobStatus.QUEUED, JobStatus.RUNNING}
    assert set(RESUMABLE) == {JobStatus.FAILED, JobStatus.CANCELLED}
    assert all(MOVES[status] == {JobStatus.QUEUED} for status in RESUMABLE)
    assert MOVES[JobStatus.COMPLETED] == set()
    assert all(status not in moves for status, moves in MOVES.items())


@given(st.lists(st.tuples(st.integers(0, 5_000), st.one_of(st.none(), st.integers(0, 5_000)))))
def test_progress_never_falls_and_never_arrives(steps: list[tuple[int, int | None]]) -> None:
    progress = 0.0

    for done, total in steps:
        before, progress = progress, stage_progress(done, total, progress)
        assert before <= progress < 1


@given(st.integers(0, 2_000), st.integers(1, 2_000))
def test_progress_is_the_share_that_is_done(done: int, total: int) -> None:
    assert stage_progress(done, total, 0.0) == min(done / total, 0.999)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0)])
def test_a_page_that_failed_is_tried_again_after_ever_longer_waits(tries: int, seconds: float) -> None:
    assert retry_seconds(tries, None) == seconds


@given(st.integers(TRIES_PER_PAGE, 10_000))
def test_a_page_that_failed_too_often_is_given_up(tries: int) -> None:
    assert retry_seconds(tries, None) is None


@given(st.integers(1, 10_000), st.floats())
def test_a_provider_that_asks_for_patience_gets_it_within_bounds(tries: int, wish: float) -> None:
    seconds = retry_seconds(tries, wish)

    assert seconds is not None
    assert 1 <= seconds <= LONGEST_RETRY_SECONDS
    assert not wish <= LONGEST_RETRY_SECONDS or seconds >= wish


@given(st.floats(1, LONGEST_RETRY_SECONDS))
def test_a_provider_that_asks_for_patience_once_gets_just_that(wish: float) -> None:
    assert retry_seconds(1, wish) == wish


@pytest.mark.parametrize("wish", [0.0, -1.0, -math.inf, math.nan])
def test_a_provider_that_asks_for_no_patience_is_asked_less_and_less_often(wish: float) -> None:
    assert [retry_seconds(tries, wish) for tries in (1, 2, 7, 1_000)] == [1, 2, 64, 64]


@pytest.mark.parametrize(
    ("taken", "total", "more", "expected"),
    [
        (10, 10, False, False),
        (5, 10, False, False),  # the rest were repeats or no people
        (5, 10, True, True),
        (10, 10, True, False),  # what follows are repeats of those we have
        (12, 10, True, False),
        (5, None, True, True),
        (5, None, False, False),
    ],
)
def test_a_job_is_truncated_when_people_were_left(taken: int, total: int | None, more: bool, expected: bool) -> None:
    assert is_truncated(taken, total, more=more) is expected


def test_a_job_is_careful_from_the_third_claim_on_and_until_it_has_met_the_people_of_a_page() -> None:
    assert not is_careful(CAREFUL_FROM_CLAIM - 1, 0)
    assert is_careful(CAREFUL_FROM_CLAIM, 0)
    assert is_careful(0, 1)


def test_a_careful_job_meets_a_piece_together_until_a_worker_dies_of_it() -> None:
    assert piece_size(CAREFUL_PEOPLE, 1) == CAREFUL_PIECE
    assert piece_size(CAREFUL_PIECE, 1) == CAREFUL_PIECE
    assert [piece_size(CAREFUL_PEOPLE, attempts) for attempts in range(2, MOST_ATTEMPTS + 2)] == [1] * MOST_ATTEMPTS


@given(st.integers(1, CAREFUL_PEOPLE), st.integers(1, 2 * MOST_ATTEMPTS))
def test_a_careful_job_meets_people_alone_up_to_the_end_of_their_piece(people: int, attempts: int) -> None:
    size = piece_size(people, attempts)

    assert size <= people
    assert size == 1 or (people % CAREFUL_PIECE == 0 and attempts == 1)


@pytest.mark.parametrize(
    ("attempts", "quarantined", "resume_count", "expected"),
    [
        (MOST_ATTEMPTS - 1, 99, 0, True),  # an attempt, not yet a passing over
        (MOST_ATTEMPTS, MOST_QUARANTINED - 1, 0, True),
        (MOST_ATTEMPTS, MOST_QUARANTINED, 0, False),
        (MOST_ATTEMPTS, MOST_QUARANTINED, 1, True),
        (2 * MOST_ATTEMPTS, 0, 0, False),  # passing over kills too
    ],
)
def test_a_job_that_kills_whatever_is_done_is_given_up(
    attempts: int, quarantined: int, resume_count: int, expected: bool
) -> None:
    assert may_attempt(attempts, quarantined, resume_count) is expected


def test_every_resume_gives_a_job_another_workflow() -> None:
    assert [workflow_id("a", count) for count in (0, 1, 12)] == ["a", "a-1", "a-12"]
