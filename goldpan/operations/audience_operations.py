"""What a caller can do with audiences: read the people in one."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import PageRequest, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table
from goldpan.storage.audience_table import Member as Member


async def list_prospects(
    toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str, page: PageRequest
) -> Slice[Member]:
    """Return the people of the audience, the last added first.

    Raises:
        Problem: NOT_FOUND, or AUDIENCE_NOT_READY while a job fills it.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    require_object_id("audienceId", audience_id)
    audience = await audience_table.find(toolbox.database, account_group_id, audience_id)
    if audience is None:
        raise Problem(ErrorKind.NOT_FOUND, "audienceId: there is no such audience in this account group")
    if audience.filling_job_count:
        raise Problem(
            ErrorKind.AUDIENCE_NOT_READY,
            "audienceId: a job is still filling this audience; read it when the job has ended",
        )
    rows = await audience_table.prospects(toolbox.database, account_group_id, audience_id, page.after, page.limit + 1)
    return cut(rows, page.limit)
