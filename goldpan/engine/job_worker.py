"""One worker process: runs jobs as durable workflows, and stops them without losing anything."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy.exc import DBAPIError

from goldpan import tracing
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.domain.job_rules import workflow_id
from goldpan.engine.caretaker import Caretaker
from goldpan.engine.engine_log import forward_engine_log
from goldpan.engine.job_queue import APPLICATION, QUEUE, SANDBOX_QUEUE, WORKFLOW, WORKFLOW_VERSION, JobQueue
from goldpan.metrics import CRASHES, DATABASE_RETRIES
from goldpan.operations.job_hold import Hold, LostJob
from goldpan.operations.job_run_operations import advance_job, claim_job, fail_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import is_passing

JOBS_AT_ONCE = 32
JOBS_AT_ONCE_PER_ACCOUNT_GROUP = 8
POLL_SECONDS = 0.4  # an idle server costs 2 % of a core, and a job begins after half of this
DATABASE_RETRY_SECONDS = 2.0
FOREVER = 1_000_000


class JobWork:
    """One execution of one run of a job in this process, from its start or from a recovery to its end.

    Its hold is taken anew at every execution, and never from a recorded step: a worker that was thought dead
    must not share it with its successor.
    """

    def __init__(
        self, toolbox: Toolbox, account_group_id: str, job_id: str, logger: Any, resume_count: int = 0
    ) -> None:
        self._toolbox = toolbox
        self._account_group_id = account_group_id
        self._job_id = job_id
        self._resume_count = resume_count
        self._logger = logger
        self._hold: Hold | None = None

    async def advance(self) -> bool:
        """Do the next page of the job; False: this run of it has ended.

        Raises:
            Problem: SERVICE_UNAVAILABLE; the next call finds out where the job stands.
        """
        if self._hold is None:
            self._hold = await asyncio.to_thread(
                claim_job, self._toolbox, self._account_group_id, self._job_id, self._resume_count
            )
        if self._hold is None:
            return False
        try:
            with tracing.span("page of a job"):
                return await advance_job(self._toolbox, self._hold)
        except LostJob:
            # It ended, or a worker that was thought dead woke and claimed it: whoever owns the workflow goes on.
            self._hold = None
            return True
        except Exception as error:
            if is_database_away(error):
                DATABASE_RETRIES.inc()
                raise
            CRASHES.labels("job").inc()
            self._logger.exception("job_crashed", job_id=self._job_id)
            await asyncio.to_thread(fail_job, self._toolbox, self._hold)
            return False


class JobWorker:
    """Runs jobs until it is stopped. One a process: DBOS keeps its state in globals."""

    def __init__(self, toolbox: Toolbox, executor_id: str, logger: Any) -> None:
        self._toolbox = toolbox
        self._logger = logger
        self._running: list[str] = []  # ids of workflows: one that the caretaker let go on may stand here twice
        self._caretaker = Caretaker(
            toolbox, JobQueue(toolbox.database), executor_id, self._running.__contains__, logger
        )
        forward_engine_log(logger)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": toolbox.database.engine,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": WORKFLOW_VERSION,
            "executor_id": executor_id,
            "use_listen_notify": False,
            "run_migrations": False,
            "enable_otlp": False,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        self._register()

    def start(self) -> None:
        """Begin to work, first of all on what this executor left unfinished."""
        DBOS.launch()
        for queue in (QUEUE, SANDBOX_QUEUE):
            DBOS.register_queue(
                queue,
                worker_concurrency=JOBS_AT_ONCE,
                partition_worker_concurrency=JOBS_AT_ONCE_PER_ACCOUNT_GROUP,
                polling_interval_sec=POLL_SECONDS,
                on_conflict="always_update",
            )
        self._caretaker.start()

    def stop(self) -> None:
        """Stop working; jobs under way stand at their last page and go on at the next start."""
        self._caretaker.stop()
        DBOS.destroy(destroy_registry=True)

    def _register(self) -> None:
        @DBOS.step(
            name="advance_job",
            preemptible=True,
            retries_allowed=True,
            interval_seconds=DATABASE_RETRY_SECONDS,
            backoff_rate=1.0,
            max_attempts=FOREVER,
            should_retry=is_database_away,
        )
        async def advance(work: JobWork) -> bool:
            return await work.advance()

        # Without a limit of DBOS's own: it would park a job for ever. Ours is in `claim_job`, and ends it.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def run_job(account_group_id: str, job_id: str, resume_count: int = 0) -> None:
            work = JobWork(self._toolbox, account_group_id, job_id, self._logger, resume_count)
            own_id = workflow_id(job_id, resume_count)
            self._running.append(own_id)
            try:
                with tracing.continued(DBOS.authenticated_user, "run of a job"):
                    self._logger.info("run_began", job_id=job_id, resume_count=resume_count)
                    await self._go_on(lambda: advance(work), job_id)
                    self._logger.info("run_ended", job_id=job_id, resume_count=resume_count)
            finally:
                self._running.remove(own_id)

    async def _go_on(self, advance: Callable[[], Awaitable[bool]], job_id: str) -> None:
        """Do one page after the other until the run has ended."""
        is_going_on = True
        while is_going_on:
            try:
                is_going_on = await advance()
            except DBAPIError as error:
                if not is_passing(error):
                    raise
                # DBOS could not note a page that we may have committed: the next one finds out where we are.
                DATABASE_RETRIES.inc()
                self._logger.warning("engine_database_away", job_id=job_id)
                await asyncio.sleep(DATABASE_RETRY_SECONDS)


def is_database_away(error: BaseException) -> bool:
    """Return whether a later try may go well, without a change of ours."""
    return isinstance(error, Problem) and error.kind is ErrorKind.SERVICE_UNAVAILABLE
