"""What a person wants to see of many jobs at once: how many of each status, their sources in plain words, audiences."""

import asyncio
from collections.abc import Sequence

from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.access_rules import Principal
from goldpan.domain.job_list_rules import JobFilter
from goldpan.operations.source_words import describe_stored, stored_source
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import job_list_table, job_overview_table

MOST_COUNTED = 1000


async def count_jobs(
    toolbox: Toolbox, caller: Principal, account_group_id: str, wanted: JobFilter
) -> dict[JobStatus, int]:
    """Return how many of the jobs wanted are of each status, whichever statuses are wanted.

    `MOST_COUNTED + 1` stands for more than are counted.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    return await asyncio.to_thread(_count_jobs, toolbox, account_group_id, wanted)


def _count_jobs(toolbox: Toolbox, account_group_id: str, wanted: JobFilter) -> dict[JobStatus, int]:
    with toolbox.database.read() as tx:
        return job_list_table.count_by_status(tx, account_group_id, wanted, MOST_COUNTED + 1)


async def source_texts(
    toolbox: Toolbox, caller: Principal, account_group_id: str, job_ids: Sequence[str]
) -> dict[str, str]:
    """Return the sources of these jobs in plain words; they never change."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    requests = await job_overview_table.requests_of_jobs(toolbox.database, account_group_id, job_ids)
    texts = {job_id: _source_text(request_json) for job_id, request_json in requests.items()}
    return {job_id: text for job_id, text in texts.items() if text is not None}


async def audience_names(
    toolbox: Toolbox, caller: Principal, account_group_id: str, audience_ids: Sequence[str]
) -> dict[str, str]:
    """Return the names of these audiences."""
    caller.require(Permission.AUDIENCES_READ, account_group_id)
    return await job_overview_table.names_of_audiences(toolbox.database, account_group_id, audience_ids)


def _source_text(request_json: str) -> str | None:
    """Return the source in plain words; None: this version does not understand what an earlier one accepted."""
    parsed = stored_source(request_json)
    if parsed is None:
        return None
    text = describe_stored(parsed)
    return text[:1].upper() + text[1:]
