"""The life of a job: its states and moves, the progress of its stages, and why it stops."""

from collections.abc import Mapping
from dataclasses import dataclass

from goldpan.contract.resources import JobStatus

MOVES: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.CANCELLED, JobStatus.FAILED}),
    JobStatus.RUNNING: frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
}

ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
"""The states of a job that somebody works on, or will."""

RESUMABLE = tuple(status for status, moves in MOVES.items() if JobStatus.QUEUED in moves)
"""The states of a job that has ended and can go on."""

TRIES_PER_PAGE = 4
FIRST_RETRY_SECONDS = 1.0
MOST_DOUBLINGS = 6
LONGEST_RETRY_SECONDS = 3600.0
LONGEST_WAIT_IN_PLACE_SECONDS = 900.0
"""A job that waits for longer gives up its place in the worker: a few patient ones would keep all others from it."""

CAREFUL_FROM_CLAIM = 3
"""The worker that is the third to take a job without a page in between goes on carefully, in pieces."""

CAREFUL_PEOPLE = 500
"""So many are met carefully: no page is larger, so whoever killed the workers is among them."""

CAREFUL_PIECE = 20
"""So many are met together until a worker dies of them: one death more, and a tenth of the steps (decision 0021)."""

MOST_ATTEMPTS = 5
MOST_QUARANTINED = 10
MOST_FRUITLESS_CLAIMS = 50

MOST_BARREN_PAGES = 100
"""How many pages in a row may bring nobody whom the job did not have: the members whom LinkedIn hides fill many."""

# A stage that runs has not arrived, whatever rounding says.
_NEARLY_DONE = 0.999


def stage_progress(done: int, total: int | None, before: float) -> float:
    """Return how far a running stage is: never less than `before`, never 1. `total` None or 0: not known."""
    share = min(done / total, _NEARLY_DONE) if total else 0.0
    return max(before, share)


def retry_seconds(failed_tries: int, wish: float | None) -> float | None:
    """Return how long to wait after failed try number `failed_tries` of one page in one run of the job; None: give up.

    `wish` is what the provider asked for: it is obeyed, up to an hour, and who asks for patience is never given up,
    but asked less and less often.
    """
    usual = FIRST_RETRY_SECONDS * 2.0 ** min(failed_tries - 1, MOST_DOUBLINGS)
    if wish is not None:
        return min(max(usual, wish), LONGEST_RETRY_SECONDS)  # in this order: NaN is not greater than anything
    return None if failed_tries >= TRIES_PER_PAGE else usual


@dataclass(frozen=True, slots=True)
class Trail:
    """The pages in a row that brought nobody new: how many, and the cursor behind one of them."""

    barren_pages: int = 0
    landmark: str | None = None

    def is_astray(self, next_cursor: str | None) -> bool:
        """Return whether a barren page that ends at `next_cursor` leads nowhere: around in a circle, or on and on."""
        return next_cursor == self.landmark is not None or self.barren_pages + 1 >= MOST_BARREN_PAGES

    def after(self, next_cursor: str | None) -> "Trail":
        """Return the trail behind a barren page that ends at `next_cursor`.

        Brent's way to find a circle with one landmark, which moves on after 1, 2, 4, 8 … pages: no page of a circle
        is repeated more than three times.
        """
        barren_pages = self.barren_pages + 1
        is_power_of_two = barren_pages & (barren_pages - 1) == 0
        return Trail(barren_pages, next_cursor if is_power_of_two else self.landmark)


def is_truncated(taken: int, total: int | None, *, more: bool) -> bool:
    """Return whether the source holds people that were not taken; `more`: it went on where the job stopped."""
    return more and (total is None or taken < total)


def is_careful(fruitless_claims: int, careful_people: int) -> bool:
    """Return whether the job's next people are met carefully: one of them may be what kills its workers."""
    return careful_people > 0 or fruitless_claims >= CAREFUL_FROM_CLAIM


def piece_size(careful_people: int, attempts: int) -> int:
    """Return how many people a careful job meets together in attempt number `attempts` at where it stands.

    A piece begins wherever those who are left divide into pieces. Once a worker died of it, its people are met alone.
    """
    return CAREFUL_PIECE if careful_people % CAREFUL_PIECE == 0 and attempts <= 1 else 1


def is_hopeless(fruitless_claims: int) -> bool:
    """Return whether workers keep dying on a job, whatever they do about it."""
    return fruitless_claims > MOST_FRUITLESS_CLAIMS


def may_attempt(attempts: int, quarantined: int, resume_count: int) -> bool:
    """Return whether a job may go on to meet, or to pass over, its next person; if not, it is the job that kills.

    Not where it passed over as many people as a run may, nor where passing over somebody kills as well.
    """
    may_quarantine = quarantined < MOST_QUARANTINED * (resume_count + 1)
    return attempts < MOST_ATTEMPTS or (may_quarantine and attempts < 2 * MOST_ATTEMPTS)


def workflow_id(job_id: str, resume_count: int) -> str:
    """Return under which id the engine works on a job: another one after each resume, for it keeps those that ended."""
    return f"{job_id}-{resume_count}" if resume_count else job_id
