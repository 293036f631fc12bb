"""The lease that shows that a worker lives, and the watch over workers whose lease ran out."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

from dbos import DBOS

from goldpan.contract.error_catalogue import Problem
from goldpan.metrics import CRASHES, RECOVERED_WORKERS
from goldpan.storage import worker_table, workflow_table
from goldpan.storage.database import Database

LEASE_SECONDS = 15.0
BEAT_SECONDS = 3.0


class WorkerLease:
    """One worker's lease, by the database's clock, so that no two machines' clocks are compared."""

    def __init__(self, database: Database, executor_id: str, logger: Any) -> None:
        self.executor_id = executor_id
        self._database = database
        self._logger = logger
        self._stop = threading.Event()

    def take(self) -> None:
        with self._database.write() as tx:
            worker_table.take_lease(tx, self.executor_id, LEASE_SECONDS)

    def give_up(self) -> None:
        """Let others take over at once what this worker leaves unfinished."""
        try:
            with self._database.write() as tx:
                worker_table.give_up_lease(tx, self.executor_id)
        except Problem:
            self._logger.warning("lease_not_given_up", executor=self.executor_id)  # it runs out by itself

    def keep_until_signal(self, signals: Sequence[signal.Signals]) -> None:
        """Renew the lease, and hand on the jobs of workers that lost theirs, until one of `signals` arrives."""
        for number in signals:
            signal.signal(number, self._on_signal)
        while not self._stop.wait(BEAT_SECONDS):
            self._beat()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _beat(self) -> None:
        try:
            with self._database.write() as tx:
                if not worker_table.renew_lease(tx, self.executor_id, LEASE_SECONDS):
                    self._begin_anew()
                dead = workflow_table.dead_owners(tx, worker_table.live_executor_ids())
            if dead:
                RECOVERED_WORKERS.inc(len(dead))
                self._logger.warning("recovering", executors=dead)
                # A private call of 3.x, hence the pinned version: it moves only what the dead still own.
                DBOS._recover_pending_workflows(dead)
        except Exception:  # the next beat tries again; nothing was lost by this one
            CRASHES.labels("lease").inc()
            self._logger.exception("beat_failed")

    def _begin_anew(self) -> NoReturn:
        """Replace this process by a fresh one: it, or its database, stood still so long that others have its jobs."""
        self._logger.error("lease_lost", executor=self.executor_id)
        os.execv(sys.executable, sys.orig_argv)
