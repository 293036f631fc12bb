"""One worker's hold on one job: without it nothing of the job is written."""

from dataclasses import dataclass

from goldpan.contract.resources import JobStatus
from goldpan.storage import account_table, job_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job


class LostJob(Exception):
    """Another worker took the job over, or it has ended: this worker must let go of it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Valid while the job runs and nobody has claimed it since: `fencing_token` counts the claims."""

    account_group_id: str
    job_id: str
    fencing_token: int

    def holds(self, job: Job) -> bool:
        return job.status == JobStatus.RUNNING and job.fencing_token == self.fencing_token

    def save(self, tx: Tx, **changes: object) -> None:
        """Change the job.

        Raises:
            LostJob: the hold is no longer valid; nothing was changed.
        """
        if not job_table.save_if_held(tx, self.account_group_id, self.job_id, self.fencing_token, **changes):
            raise LostJob


def held_job(tx: Tx, hold: Hold) -> Job:
    """Lock the account group and return the job as it stands.

    Raises:
        LostJob: the hold is no longer valid.
    """
    account_table.lock(tx, hold.account_group_id)
    job = job_table.read(tx, hold.account_group_id, hold.job_id)
    if job is None or not hold.holds(job):
        raise LostJob
    return job
