"""One worker process: runs jobs as durable workflows, keeps its lease, and takes over from workers that died."""

import asyncio
from collections.abc import Callable

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.engine.job_queue import APPLICATION, QUEUE, WORKFLOW, WORKFLOW_VERSION
from goldpan.operations.job_hold import Hold
from goldpan.operations.job_run_operations import advance_job, claim_job, fail_job
from goldpan.operations.toolbox import Toolbox

JOBS_AT_ONCE = 32
JOBS_AT_ONCE_PER_ACCOUNT_GROUP = 8
POLL_SECONDS = 0.25
DATABASE_RETRY_SECONDS = 2.0
FOREVER = 1_000_000

Log = Callable[..., None]


class JobWork:
    """One execution of one job in this process, from its start or from a recovery to its end.

    Its hold is taken anew at every execution, and never from a recorded step: a worker that was thought dead
    must not share it with its successor.
    """

    def __init__(self, toolbox: Toolbox, account_group_id: str, job_id: str) -> None:
        self._toolbox = toolbox
        self._account_group_id = account_group_id
        self._job_id = job_id
        self._hold: Hold | None = None

    async def advance(self) -> bool:
        """Do the next page of the job; False: nothing is left to do."""
        if self._hold is None:
            self._hold = await asyncio.to_thread(claim_job, self._toolbox, self._account_group_id, self._job_id)
        return self._hold is not None and await advance_job(self._toolbox, self._hold)

    async def fail(self) -> None:
        if self._hold is not None:
            await asyncio.to_thread(fail_job, self._toolbox, self._hold)


class JobWorker:
    """Runs jobs until it is stopped. One a process: DBOS keeps its state in globals."""

    def __init__(self, toolbox: Toolbox, executor_id: str, log_crash: Log) -> None:
        self._toolbox = toolbox
        self._log_crash = log_crash
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": toolbox.database.engine,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": WORKFLOW_VERSION,
            "executor_id": executor_id,
            "use_listen_notify": False,
            "run_migrations": False,
            "enable_otlp": False,
            "log_level": "CRITICAL",  # it reports every cancelled job as an error; what matters we log ourselves
        }
        DBOS(config=config)
        self._register()

    def start(self) -> None:
        """Begin to work, first of all on what this executor left unfinished."""
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=JOBS_AT_ONCE,
            partition_worker_concurrency=JOBS_AT_ONCE_PER_ACCOUNT_GROUP,
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )

    def stop(self) -> None:
        """Stop working; jobs under way stand at their last page and go on at the next start."""
        DBOS.destroy(destroy_registry=True)

    def _register(self) -> None:
        @DBOS.step(
            name="advance_job",
            preemptible=True,
            retries_allowed=True,
            interval_seconds=DATABASE_RETRY_SECONDS,
            backoff_rate=1.0,
            max_attempts=FOREVER,
            should_retry=_is_database_away,
        )
        async def advance(work: JobWork) -> bool:
            return await work.advance()

        @DBOS.workflow(name=WORKFLOW)
        async def run_job(account_group_id: str, job_id: str) -> None:
            work = JobWork(self._toolbox, account_group_id, job_id)
            try:
                while await advance(work):
                    pass
            except Exception:
                self._log_crash("job_crashed", job_id=job_id)
                await work.fail()
                raise


def _is_database_away(error: BaseException) -> bool:
    return isinstance(error, Problem) and error.kind is ErrorKind.SERVICE_UNAVAILABLE
