"""The quota: what is left of an account group's budgets, and the start that finds one exhausted."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import format_time
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.quota_resources import ListType
from goldpan.domain.access_rules import Principal
from goldpan.domain.quota_rules import QuotaState, judge, list_type_of, seconds_to_reset, window_start
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import quota_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job


async def get_quota(toolbox: Toolbox, caller: Principal, account_group_id: str, list_type: ListType) -> QuotaState:
    """Return one budget of the account group as it is now."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    now_ms, limit = toolbox.now_ms(), toolbox.quota_limits.of(list_type)
    used = await quota_table.find_window(toolbox.database, account_group_id, list_type, window_start(now_ms))
    return judge(list_type, *used, limit, now_ms)


def quota_state(tx: Tx, account_group_id: str, list_type: ListType, limit: int, now_ms: int) -> QuotaState:
    """Return the same as it stands in a transaction."""
    used = quota_table.read_window(tx, account_group_id, list_type, window_start(now_ms))
    return judge(list_type, *used, limit, now_ms)


def quota_of(toolbox: Toolbox, tx: Tx, account_group_id: str, list_type: ListType | None) -> QuotaState | None:
    """Return the budget that a job uses, as it stands; None: it uses none."""
    if list_type is None:
        return None
    return quota_state(tx, account_group_id, list_type, toolbox.quota_limits.of(list_type), toolbox.now_ms())


def refuse_exhausted(toolbox: Toolbox, tx: Tx, job: Job) -> None:
    """Refuse a job that would have to wait for its first page.

    Raises:
        Problem: RATE_LIMITED.
    """
    state = quota_of(toolbox, tx, job.account_group_id, list_type_of(job.source, job.is_sandbox))
    if state is not None and state.is_exhausted:
        raise Problem(
            ErrorKind.RATE_LIMITED,
            f"quota: {say_exhausted(state)}; start again after {format_time(state.reset_ms)}",
            headers={"Retry-After": str(seconds_to_reset(state, toolbox.now_ms()))},
        )


def say_exhausted(state: QuotaState) -> str:
    return f"the {state.limit} people of {state.list_type} that may be taken in 24 hours are used up"
