"""The one call that means either of two operations: a start, or with `dryRun` an estimate."""

from starlette.concurrency import run_in_threadpool

from goldpan.contract.resources import StartJob
from goldpan.domain.access_rules import Principal
from goldpan.operations import job_start_operations
from goldpan.operations.job_estimate_operations import Estimate, estimate_job
from goldpan.operations.job_operations import Job
from goldpan.operations.toolbox import Toolbox


async def start_job(
    toolbox: Toolbox, caller: Principal, account_group_id: str, request: StartJob, idempotency_key: str | None
) -> Job | Estimate:
    """Start the job in a thread, where it may wait for a lock; estimate it here: many may wait for a slow provider."""
    if request.dry_run:
        return await estimate_job(toolbox, caller, account_group_id, request)
    return await run_in_threadpool(
        job_start_operations.start_job, toolbox, caller, account_group_id, request, idempotency_key
    )
