"""What a job does with the quota: ask for no more than is left, note what it took, and wait for room."""

from goldpan.contract.error_catalogue import ErrorKind
from goldpan.domain.quota_rules import QuotaState, list_type_of
from goldpan.operations.job_event import note_event
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.quota_operations import quota_of, say_exhausted
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import quota_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job


def room_of(toolbox: Toolbox, tx: Tx, job: Job) -> int | None:
    """Return how many more people the job may ask its provider for; None: any number.

    Several jobs of an account group that ask at once may each get as many: together they then take more than the
    budget holds, by the pages that are under way at most.
    """
    state = _state(toolbox, tx, job)
    return None if state is None else state.remaining


def note_use(toolbox: Toolbox, tx: Tx, before: Job, job: Job) -> None:
    """Take out of the budget whom the job took on its last page: `before` the page, `job` with it."""
    people = job.imported + job.known - before.imported - before.known
    list_type = list_type_of(job.source, job.is_sandbox)
    if list_type is not None and people > 0:
        use = quota_table.Use(job.id, job.pages_done, list_type, people, toolbox.now_ms())
        quota_table.add_use(tx, job.account_group_id, use)


def wait_for_room(toolbox: Toolbox, hold: Hold) -> None:
    """Let the job wait until the budget has room; it may have some already, then nothing is changed.

    Raises:
        LostJob: the hold is no longer valid; nothing was changed.
    """
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        state = _state(toolbox, tx, job)
        if state is not None and state.is_exhausted:
            now_ms = toolbox.now_ms()
            hold.save(
                tx,
                resumes_ms=state.reset_ms,
                error_code=ErrorKind.RATE_LIMITED.code,
                error_message=f"blocked: {say_exhausted(state)}",
                updated_ms=now_ms,
            )
            note_event(tx, job, job.account_group_id, job.id, now_ms)


def _state(toolbox: Toolbox, tx: Tx, job: Job) -> QuotaState | None:
    return quota_of(toolbox, tx, job.account_group_id, list_type_of(job.source, job.is_sandbox))
