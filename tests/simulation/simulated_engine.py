"""Stands for DBOS: its queue in its own table, one owner for each execution, dequeueing, recovery, breaking off."""

import asyncio
import json
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

from goldpan.contract.error_catalogue import Problem
from goldpan.domain.job_rules import workflow_id
from goldpan.engine.caretaker import ROUND_SECONDS, Caretaker
from goldpan.engine.job_worker import DATABASE_RETRY_SECONDS, JobWork, is_database_away
from goldpan.engine.worker_lease import BEAT_SECONDS, LEASE_SECONDS
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job
from tests.simulation.world import DOING, RUN

if TYPE_CHECKING:
    from tests.simulation.process import Process

JOBS_AT_ONCE = 8
POLL_SECONDS = (0.1, 0.5)
PREEMPTION_SECONDS = 1.0

_ENQUEUE = """INSERT INTO workflow_status (workflow_uuid, status, queue_name, inputs, created_at, updated_at, priority)
    VALUES (:id, 'ENQUEUED', 'jobs', :inputs, :now_ms, :now_ms, 0) ON CONFLICT (workflow_uuid) DO NOTHING"""
_CANCEL = """UPDATE workflow_status SET status = 'CANCELLED', owner_xid = NULL, completed_at = :now_ms
    WHERE workflow_uuid = :id AND status NOT IN ('SUCCESS', 'ERROR')"""
_RESUME = """UPDATE workflow_status SET status = 'ENQUEUED', owner_xid = NULL, completed_at = NULL
    WHERE workflow_uuid = :id AND status NOT IN ('SUCCESS', 'ERROR')"""
_WAITING = "SELECT workflow_uuid, inputs FROM workflow_status WHERE status = 'ENQUEUED' ORDER BY rowid LIMIT :limit"
_TAKE = """UPDATE workflow_status SET status = 'PENDING', executor_id = :executor, owner_xid = :owner
    WHERE workflow_uuid = :id"""
_STATUS = "SELECT status FROM workflow_status WHERE workflow_uuid = :id"
_OWNER = "SELECT owner_xid FROM workflow_status WHERE workflow_uuid = :id"
_FINISH = """UPDATE workflow_status SET status = :status, completed_at = :now_ms
    WHERE workflow_uuid = :id AND status = 'PENDING' AND owner_xid = :owner"""
_RECOVER = """UPDATE workflow_status SET status = 'ENQUEUED', owner_xid = NULL
    WHERE status = 'PENDING' AND executor_id = :executor"""


class SimulatedQueue:
    """What `JobQueue` is to the product, with the same effects on the engine's table."""

    def __init__(self, process: "Process") -> None:
        self._process = process

    def enqueue(self, tx: Tx, job: Job) -> None:
        inputs = json.dumps([job.account_group_id, job.id, job.resume_count])
        parameters = {"id": workflow_id(job.id, job.resume_count), "inputs": inputs, "now_ms": self._process.now_ms()}
        tx.exec_driver_sql(_ENQUEUE, parameters)
        self._process.world.announce_queue()

    def cancel(self, job: Job) -> None:
        id_ = workflow_id(job.id, job.resume_count)
        if DOING.get() == "simulated_engine.cancel":
            self._process.world.mark("job: left its worker to wait")
        with suppress(Problem):  # it only saves work
            self._write(_CANCEL, id=id_, now_ms=self._process.now_ms())
            # seen from outside: the cancelled worker hears of it whatever becomes of this process
            self._process.world.loop.call_later(PREEMPTION_SECONDS, break_off, self._process, id_, context=Context())

    def resume(self, workflow_id: str, _is_sandbox: bool) -> None:
        if self._status(workflow_id) == "CANCELLED":
            self._process.world.mark("job: was woken by the caretaker")
        self._write(_RESUME, id=workflow_id)
        self._process.world.announce_queue()

    def delete(self, workflow_ids: list[str]) -> None:
        for id_ in workflow_ids:
            self._write("DELETE FROM workflow_status WHERE workflow_uuid = :id", id=id_)

    def _status(self, workflow_id: str) -> str | None:
        with self._process.database.read() as tx:
            status: str | None = tx.exec_driver_sql(_STATUS, {"id": workflow_id}).scalar()
            return status

    def _write(self, statement: str, **parameters: Any) -> None:
        with self._process.database.write() as tx:
            tx.exec_driver_sql(statement, parameters)


def break_off(process: "Process", id_: str) -> None:
    """Break off the steps of a workflow that is cancelled still, at whichever process they run."""
    with process.around.laboratory.outside.read() as tx:
        if tx.exec_driver_sql(_STATUS, {"id": id_}).scalar() != "CANCELLED":
            return  # resumed meanwhile: who polls for cancelled ones does not find it
    for worker in [each.worker for each in process.world.processes if each.worker]:
        for step in worker.steps.get(id_, []):
            step.cancel()


class SimulatedWorker:
    """One worker of jobs within a process, with its lease and its caretaker."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._world = process.world
        self.lease_until = self._world.now + LEASE_SECONDS
        self.running: list[str] = []
        self.steps: dict[str, list[asyncio.Task[bool]]] = {}
        self.executions: list[asyncio.Task[None]] = []
        queue: Any = process.queue
        self._caretaker = Caretaker(
            process.toolbox, queue, process.executor_id, self.running.__contains__, process.logger
        )

    def start(self) -> None:
        self._process.spawn(self._poll())
        self._process.spawn(self._make_rounds())
        if self._process.has_lease:
            self._process.spawn(self._keep_lease())
        else:
            self._process.spawn(self._recover(self._process.executor_id))

    # --- taking work from the queue ---

    async def _poll(self) -> None:
        may_have_work = True
        while True:
            if not may_have_work:
                await self._world.queue_changes()
            await self._process.pause(self._world.random("polls").uniform(*POLL_SECONDS))
            try:
                taken = await self._work("engine.dequeue", self._dequeue)
            except Problem:
                # a commit whose reply was lost leaves jobs that this worker has, and does not know of
                may_have_work = self._world.may_have_dropped = True
                continue
            may_have_work = bool(taken)
            for id_, inputs, owner in taken:
                self.executions.append(self._process.spawn(self._execute(id_, json.loads(inputs), owner)))

    def _dequeue(self) -> list[tuple[str, str, str]]:
        free = {"limit": max(0, JOBS_AT_ONCE - len(self.running))}
        with self._process.database.read() as tx:
            if not tx.exec_driver_sql(_WAITING, free).first():
                return []
        with self._process.database.write() as tx:
            rows = tx.exec_driver_sql(_WAITING, free).all()
            taken = [(row[0], row[1], self._world.new_owner()) for row in rows]
            for id_, _, owner in taken:
                tx.exec_driver_sql(_TAKE, {"id": id_, "executor": self._process.executor_id, "owner": owner})
        return taken

    # --- one execution of a workflow, as `JobWorker.run_job` and DBOS make it together ---

    async def _execute(self, id_: str, inputs: list[Any], owner: str) -> None:
        account_group_id, job_id, resume_count = inputs
        RUN.set(f"{owner} of run {resume_count}")
        work = JobWork(self._process.toolbox, account_group_id, job_id, self._process.logger, resume_count)
        self.running.append(id_)
        try:
            while await self._step(id_, work):
                self._world.crash_at("killed after the step of a job, before it was noted")
                if not await self._note_step(id_, owner):
                    self._world.mark("worker: a stale one could not note its step")
                    return
        except asyncio.CancelledError:
            if not self._process.is_dead:
                self._world.mark("job: broken off in the middle of a step")
            return
        finally:
            self.running.remove(id_)
        await self._finish(id_, owner)
        self._world.announce_queue()  # there is room for another one

    async def _step(self, id_: str, work: JobWork) -> bool:
        """Do one step, as often as the database is away; return whether another one follows."""
        while True:
            step = self._world.loop.create_task(work.advance())
            self.steps.setdefault(id_, []).append(step)
            try:
                return await step
            except Problem as problem:
                if not is_database_away(problem):
                    raise
                self._world.mark("worker: tried again after the database was away")
                await self._process.pause(DATABASE_RETRY_SECONDS)
            finally:
                self.steps[id_].remove(step)

    async def _note_step(self, id_: str, owner: str) -> bool:
        """Return whether this execution still owns its workflow; another one that noted a step has it."""
        return await self._until_written("engine.record_step", lambda: self._owner(id_) == owner)

    def _owner(self, id_: str) -> str | None:
        with self._process.database.write() as tx:
            owner: str | None = tx.exec_driver_sql(_OWNER, {"id": id_}).scalar()
            return owner

    async def _finish(self, id_: str, owner: str) -> None:
        def write() -> bool:
            with self._process.database.write() as tx:
                now_ms = self._process.now_ms()
                tx.exec_driver_sql(_FINISH, {"id": id_, "owner": owner, "status": "SUCCESS", "now_ms": now_ms})
            return True

        await self._until_written("engine.finish", write)

    async def _until_written(self, name: str, write: Any) -> bool:
        while True:
            try:
                return bool(await self._work(name, write))
            except Problem:
                await self._process.pause(DATABASE_RETRY_SECONDS)

    async def _work(self, name: str, work: Any) -> Any:
        token = DOING.set(name)
        try:
            return await asyncio.to_thread(work)
        finally:
            DOING.reset(token)

    # --- recovery ---

    async def _keep_lease(self) -> None:
        while True:
            await self._process.pause(BEAT_SECONDS)
            if self.lease_until < self._world.now:
                self._process.die("its lease is lost, it begins anew")
                return
            self.lease_until = self._world.now + LEASE_SECONDS
            for executor_id in self._dead_executors():
                await self._recover(executor_id)
                self._world.lost_executors.discard(executor_id)
                self._world.mark("worker: its jobs were taken over")

    def _dead_executors(self) -> list[str]:
        live = [each.worker for each in self._world.processes if each.worker and not each.is_dead]
        late = {worker._process.executor_id for worker in live if worker.lease_until < self._world.now}
        return sorted(late | self._world.lost_executors)

    async def _recover(self, executor_id: str) -> None:
        def write() -> bool:
            with self._process.database.write() as tx:
                tx.exec_driver_sql(_RECOVER, {"executor": executor_id})
            return True

        await self._until_written("engine.recover", write)
        self._world.announce_queue()

    async def _make_rounds(self) -> None:
        await self._process.pause(self._world.random("rounds").uniform(0, ROUND_SECONDS))
        while True:
            await self._work("caretaker.make_round", self._caretaker.make_round)
            await self._process.pause(ROUND_SECONDS)
