"""What a caller can do with folders: create, rename, pin, move and delete them."""

from dataclasses import replace

from goldpan.contract.audience_resources import ChangeAudienceFolder, CreateAudienceFolder
from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.operations.given_changes import given_changes
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, folder_table
from goldpan.storage.database import Tx
from goldpan.storage.folder_table import Folder as Folder


def create_folder(toolbox: Toolbox, caller: Principal, account_group_id: str, request: CreateAudienceFolder) -> Folder:
    """Create an empty folder behind all others; several may have one name."""
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        now_ms = toolbox.now_ms()
        folder = Folder(
            id=toolbox.new_id(),
            account_group_id=account_group_id,
            name=request.name,
            audience_type=request.audience_type,
            is_pinned=False,
            position=folder_table.count(tx, account_group_id),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        folder_table.add(tx, account_group_id, folder)
    return folder


def change_folder(
    toolbox: Toolbox, caller: Principal, account_group_id: str, folder_id: str, request: ChangeAudienceFolder
) -> Folder:
    """Change what the body names and return the folder; the others make room for it, and are not updated by that.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    require_object_id("folderId", folder_id)
    changes = given_changes(request)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        folder = _read(tx, account_group_id, folder_id)
        if isinstance(request.position, int):
            changes["position"] = _make_room(tx, folder, request.position)
        changes["updated_ms"] = max(folder.updated_ms, toolbox.now_ms())
        folder_table.save(tx, account_group_id, folder_id, **changes)
    return replace(folder, **changes)


def delete_folder(toolbox: Toolbox, caller: Principal, account_group_id: str, folder_id: str) -> str:
    """Delete a folder and return its id; its audiences are in no folder then.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    require_object_id("folderId", folder_id)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        folder_table.delete(tx, account_group_id, _read(tx, account_group_id, folder_id))
    return folder_id


def check_folder(tx: Tx, account_group_id: str, folder_id: str, audience_type: str) -> None:
    """Make sure that an audience of the type may stand in the folder that a body names.

    Raises:
        Problem: NOT_FOUND, or the folder is for audiences of the other type.
    """
    folder = _read(tx, account_group_id, folder_id)
    if folder.audience_type != audience_type:
        raise invalid_body("folderId", f"must be a folder for audiences of the type {audience_type}")


def _read(tx: Tx, account_group_id: str, folder_id: str) -> Folder:
    folder = folder_table.read(tx, account_group_id, folder_id)
    if folder is None:
        raise Problem(ErrorKind.NOT_FOUND, "folderId: there is no such folder in this account group")
    return folder


def _make_room(tx: Tx, folder: Folder, wanted: int) -> int:
    """Let the folders between here and there move up by one place; return the free place, the last at the most."""
    group, here = folder.account_group_id, folder.position
    there = min(wanted, folder_table.count(tx, group) - 1)
    if there > here:
        folder_table.shift(tx, group, here + 1, there, -1)
    elif there < here:
        folder_table.shift(tx, group, there, here - 1, +1)
    return there
