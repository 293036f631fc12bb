"""The rounds of a worker: settles jobs that nobody works on any more, and clears away what has had its time."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from goldpan.domain import job_rules
from goldpan.engine.job_queue import JobQueue
from goldpan.metrics import CARETAKER_FINDINGS, CRASHES
from goldpan.operations.caretaker_operations import (
    empty_deleted_audiences,
    fail_stranded_job,
    forget_old_events,
    forget_old_files,
    forget_old_keys,
    forget_old_quota_uses,
    requeue_stranded_job,
)
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import worker_table, workflow_table
from goldpan.storage.workflow_table import StrandedJob

ROUND_SECONDS = 20.0  # who was dropped is found by the second round: within the 45 s that we promise
WORKFLOW_LIFETIME_MS = 24 * 3600 * 1000
CHORES = (forget_old_keys, forget_old_events, forget_old_files, forget_old_quota_uses, empty_deleted_audiences)
BATCH = 200  # each is one transaction: nobody shall wait for more than a moment


class Caretaker:
    """Makes its rounds in a thread of its own. Several workers may do so at once: every chore bears that."""

    def __init__(
        self, toolbox: Toolbox, queue: JobQueue, executor_id: str, is_running: Callable[[str], bool], logger: Any
    ) -> None:
        """`is_running` tells whether this process works on a workflow right now."""
        self._toolbox = toolbox
        self._queue = queue
        self._executor_id = executor_id
        self._is_running = is_running
        self._logger = logger
        self._suspects: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._make_rounds, name="caretaker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def make_round(self) -> None:
        for chore in (self.wake_waiting_jobs, self.settle_stranded_jobs, self.resume_dropped_jobs, self.clear_away):
            try:
                chore()
            except Exception:  # the next round tries again; nothing was lost by this one
                CRASHES.labels("caretaker").inc()
                self._logger.exception("caretaker_failed", chore=chore.__name__)

    def wake_waiting_jobs(self) -> None:
        """Go on with jobs whose wait was too long for a place in a worker, and is over."""
        with self._toolbox.database.read() as tx:
            due = workflow_table.waiting_workflows(tx, self._toolbox.now_ms(), BATCH)
        for workflow_id, is_sandbox in due.items():
            self._queue.resume(workflow_id, is_sandbox)

    def settle_stranded_jobs(self) -> None:
        """Settle jobs that are not done, though their workflow is: there should never be one."""
        with self._toolbox.database.read() as tx:
            stranded = workflow_table.stranded_jobs(tx, BATCH)
        for job in stranded:
            CARETAKER_FINDINGS.labels("stranded").inc()
            self._logger.warning("job_stranded", job_id=job.job_id, workflow_status=job.workflow_status)
            self._settle(job)

    def resume_dropped_jobs(self) -> None:
        """Go on with jobs that DBOS thinks we work on, though we do not: a database away at the wrong moment."""
        with self._toolbox.database.read() as tx:
            owned = workflow_table.workflows_of_executor(tx, self._executor_id)
        suspects = {workflow_id for workflow_id in owned if not self._is_running(workflow_id)}
        # Between being taken from the queue and running lies a moment: only who is suspect twice was dropped.
        for workflow_id in suspects & self._suspects:
            CARETAKER_FINDINGS.labels("dropped").inc()
            self._logger.warning("job_dropped", workflow_id=workflow_id)
            self._queue.resume(workflow_id, owned[workflow_id])
        self._suspects = suspects

    def clear_away(self) -> None:
        """Delete what nobody asks for any more: finished workflows, keys, events, files, memberships, leases …"""
        before_ms = self._toolbox.now_ms() - WORKFLOW_LIFETIME_MS
        self._repeat(lambda: self._delete_workflows(before_ms))
        for forget in CHORES:
            self._repeat(partial(forget, self._toolbox, BATCH))
        if not self._toolbox.database.dialect.is_sqlite:
            with self._toolbox.database.write() as tx:
                worker_table.delete_dead_leases(tx)

    def _settle(self, job: StrandedJob) -> None:
        match job.workflow_status:
            case None:
                requeue_stranded_job(self._toolbox, job.account_group_id, job.job_id, job.resume_count)
            case "SUCCESS" | "ERROR":
                # DBOS keeps what ended so for good: under its id nothing can run again.
                fail_stranded_job(self._toolbox, job.account_group_id, job.job_id, job.resume_count)
            case _:
                self._queue.resume(job_rules.workflow_id(job.job_id, job.resume_count), job.is_sandbox)

    def _delete_workflows(self, before_ms: int) -> int:
        with self._toolbox.database.read() as tx:
            workflow_ids = workflow_table.finished_workflows(tx, before_ms, BATCH)
        self._queue.delete(workflow_ids)
        return len(workflow_ids)

    def _repeat(self, delete_batch: Callable[[], int]) -> None:
        while delete_batch() == BATCH and not self._stop.is_set():
            pass

    def _make_rounds(self) -> None:
        self.make_round()
        while not self._stop.wait(ROUND_SECONDS):
            self.make_round()
