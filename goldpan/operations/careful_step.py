"""How a job gets past a person that kills its worker: in pieces, then alone, each attempt noted before it."""

from goldpan.domain.job_rules import CAREFUL_PEOPLE, MOST_ATTEMPTS, may_attempt, piece_size
from goldpan.metrics import QUARANTINED_PEOPLE
from goldpan.operations.job_ending import CRASHED, end_job
from goldpan.operations.job_event import note_event
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import quarantine_table
from goldpan.storage.database import Tx, after_commit
from goldpan.storage.job_table import Job
from goldpan.storage.quarantine_table import Stage


def note_attempt(toolbox: Toolbox, hold: Hold) -> Job | None:
    """Note that the job meets its next people carefully, and return it as it is then; None: too many kill, it is ended.

    Committed before the attempt, so that it counts though nobody lives to tell. A worker that lives and tries again,
    as when the database was away, has noted this attempt already.

    Raises:
        LostJob: the hold is no longer valid; nothing was changed.
    """
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        if job.attempts and not job.fruitless_claims:
            return job
        quarantined = quarantine_table.count_of_job(tx, job.account_group_id, job.id)
        if not may_attempt(job.attempts, quarantined, job.resume_count):
            end_job(toolbox, tx, job, CRASHED)
            return None
        now_ms = toolbox.now_ms()
        people = job.careful_people or CAREFUL_PEOPLE
        hold.save(tx, attempts=job.attempts + 1, careful_people=people, updated_ms=now_ms)
        note_event(tx, job, job.account_group_id, job.id, now_ms)
        return held_job(tx, hold)


def careful_bound(job: Job) -> int | None:
    """Return how many people the job may meet together; None: it is not careful."""
    return piece_size(job.careful_people, job.attempts) if job.careful_people else None


def is_passed_over(job: Job) -> bool:
    """Return whether the person whom this attempt would meet has had all of theirs."""
    return job.attempts > MOST_ATTEMPTS


def quarantine(tx: Tx, job: Job, stage: Stage, place: str, now_ms: int) -> None:
    """Note whom the job passes over, in the transaction that takes it past them."""
    quarantine_table.add(tx, job.account_group_id, job.id, stage, place, now_ms)
    after_commit(tx, QUARANTINED_PEOPLE.inc)


def after_step(job: Job) -> dict[str, object]:
    """Return the columns that change when a job has got past somebody, or past a piece or a page.

    Whom it passed over may not be the only one of the page: it goes on carefully.
    """
    return {"attempts": 0, "careful_people": job.careful_people - (careful_bound(job) or 0)}
