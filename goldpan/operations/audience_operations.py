"""What a caller can read of audiences: their list, one of them, all of them by folder, and the people in one."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import PageRequest, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, folder_table
from goldpan.storage.audience_table import Audience as Audience
from goldpan.storage.audience_table import Member as Member
from goldpan.storage.folder_table import Folder as Folder


async def list_audiences(
    toolbox: Toolbox, caller: Principal, account_group_id: str, page: PageRequest
) -> Slice[Audience]:
    """Return the audiences that no job is filling, newest first."""
    caller.require(Permission.AUDIENCES_READ, account_group_id)
    rows = await audience_table.ready_page(toolbox.database, account_group_id, page.after, page.limit + 1)
    return cut(rows, page.limit)


def get_audience_navigation(
    toolbox: Toolbox, caller: Principal, account_group_id: str
) -> tuple[list[Folder], list[Audience]]:
    """Return all folders in their order, and the audiences that no job is filling, newest first."""
    caller.require(Permission.AUDIENCES_READ, account_group_id)
    with toolbox.database.read() as tx:
        return folder_table.navigation(tx, account_group_id)


async def get_audience(toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str) -> Audience:
    """Return one audience.

    Raises:
        Problem: NOT_FOUND, or AUDIENCE_NOT_READY while a job fills it.
    """
    caller.require(Permission.AUDIENCES_READ, account_group_id)
    require_object_id("audienceId", audience_id)
    return check_ready("audienceId", await audience_table.find(toolbox.database, account_group_id, audience_id))


async def list_prospects(
    toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str, page: PageRequest
) -> Slice[Member]:
    """Return the people of the audience, the last added first.

    Raises:
        Problem: NOT_FOUND, or AUDIENCE_NOT_READY while a job fills it.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    require_object_id("audienceId", audience_id)
    check_ready("audienceId", await audience_table.find(toolbox.database, account_group_id, audience_id))
    rows = await audience_table.prospects(toolbox.database, account_group_id, audience_id, page.after, page.limit + 1)
    return cut(rows, page.limit)


def check_exists(name: str, audience: Audience | None) -> Audience:
    """Return the audience that the request's `name` names.

    Raises:
        Problem: NOT_FOUND: there is none, or it was deleted.
    """
    if audience is None or audience.deleted_ms is not None:
        raise Problem(ErrorKind.NOT_FOUND, f"{name}: there is no such audience in this account group")
    return audience


def check_ready(name: str, audience: Audience | None) -> Audience:
    """Return the audience that the request's `name` names: while a job fills it nobody reads or changes it.

    Raises:
        Problem: NOT_FOUND, or AUDIENCE_NOT_READY while a job fills it.
    """
    audience = check_exists(name, audience)
    if audience.filling_job_count:
        raise Problem(
            ErrorKind.AUDIENCE_NOT_READY, f"{name}: a job is still filling this audience; try again when it has ended"
        )
    return audience
