"""What goes wrong besides armed faults: processes freeze and die, clocks jump, the engine forgets."""

import asyncio

from tests.simulation.process import Process, Surroundings
from tests.simulation.world import World

FREEZES_SECONDS = ((3.0, 12.0), (20.0, 40.0), (20.0, 40.0))
MOST_WAITS = 30
WAIT_SECONDS = 0.5
HOUR_MS = 3_600_000
JUMPS_MS = (-24 * HOUR_MS, -HOUR_MS, HOUR_MS, 20 * HOUR_MS)
LEASE_SECONDS = 15.0

_UNFINISHED = "SELECT workflow_uuid FROM workflow_status WHERE status IN ('ENQUEUED', 'PENDING') ORDER BY rowid"


class Nemesis:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._world: World = around.world
        self._chance = around.world.random("nemesis")

    async def strike(self, act: str) -> None:
        """Do something bad while there is somebody whom it hits."""
        for _ in range(MOST_WAITS):
            if any(process.worker and process.worker.running for process in self._world.processes):
                break
            await asyncio.sleep(WAIT_SECONDS)
        if self._world.is_stormy:
            getattr(self, f"_{act}")()

    def _freeze(self) -> None:
        process = self._somebody()
        if process is not None:
            seconds = self._chance.uniform(*self._chance.choice(FREEZES_SECONDS))
            if process.has_lease and seconds > LEASE_SECONDS:
                self._world.mark("worker: froze past its lease")
            process.freeze(seconds)

    def _jump(self) -> None:
        process = self._somebody()
        if process is not None:
            process.skew_ms = self._chance.choice(JUMPS_MS)
            self._world.mark("clock: set forward" if process.skew_ms > 0 else "clock: set back")

    def _kill(self) -> None:
        process = self._somebody()
        if process is not None:
            process.die("killed at random")

    def _lose_workflow(self) -> None:
        self._tamper("DELETE FROM workflow_status WHERE workflow_uuid = :id")

    def _spoil_workflow(self) -> None:
        self._tamper("UPDATE workflow_status SET status = 'ERROR', owner_xid = NULL WHERE workflow_uuid = :id")

    def _drop_execution(self) -> None:
        """End an execution without a word: the engine's row says for ever that this worker is at it."""
        process = self._somebody()
        tasks = [task for task in process.worker.executions if not task.done()] if process and process.worker else []
        if tasks:
            self._world.is_engine_tampered = True
            self._chance.choice(tasks).cancel()

    def _tamper(self, statement: str) -> None:
        with self._around.laboratory.outside.write() as tx:
            ids = list(tx.exec_driver_sql(_UNFINISHED).scalars())
            if ids:
                self._world.is_engine_tampered = True
                tx.exec_driver_sql(statement, {"id": self._chance.choice(ids)})

    def _somebody(self) -> Process | None:
        """Return one of the processes that run, rather a worker, and rather one that has something to do."""
        living = [process for process in self._world.processes if process.role.is_service]
        workers = [process for process in living if process.worker]
        busy = [process for process in workers if process.worker and process.worker.running]
        return self._chance.choice(busy or workers or living) if living else None

    def make_peace(self) -> None:
        """Let everybody go on, with clocks that are right."""
        for process in self._world.processes:
            process.frozen_until = 0.0
            process.skew_ms = 0
