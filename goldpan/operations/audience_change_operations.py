"""What a caller can change of audiences: create, rename, file and delete them, and who is in one."""

from dataclasses import dataclass, replace

from goldpan.contract.audience_resources import ChangeAudience, ChangeProspects, CreateAudience, ProspectsAction
from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.operations.audience_operations import check_ready
from goldpan.operations.folder_operations import check_folder
from goldpan.operations.given_changes import given_changes
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, audience_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Tx


@dataclass(frozen=True, slots=True)
class Departure:
    """Who left an audience, of those who were named; `to_audience_id` None: they went nowhere."""

    audience_id: str
    to_audience_id: str | None
    changed: int
    not_found: int
    prospect_count: int


def create_audience(toolbox: Toolbox, caller: Principal, account_group_id: str, request: CreateAudience) -> Audience:
    """Create an audience without people; a test key's is for invented people.

    Raises:
        Problem: CONFLICT: there is an audience of this name.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    audience = Audience(
        id=toolbox.new_id(),
        account_group_id=account_group_id,
        name=request.name,
        type=request.type,
        is_sandbox=caller.is_test,
        prospect_count=0,
        filling_job_count=0,
        created_ms=toolbox.now_ms(),
        description=request.description,
        audience_type=request.type,
    )
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        _check_name(tx, account_group_id, request.name)
        audience_table.add(tx, account_group_id, audience)
    return audience


def change_audience(
    toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str, request: ChangeAudience
) -> Audience:
    """Change what the body names and return the audience.

    Raises:
        Problem: NOT_FOUND of the audience or the folder, AUDIENCE_NOT_READY, CONFLICT of the name; the folder is for
            audiences of the other type.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    require_object_id("audienceId", audience_id)
    changes = given_changes(request)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        audience = check_ready("audienceId", audience_table.read(tx, account_group_id, audience_id))
        if isinstance(request.folder_id, str):
            check_folder(tx, account_group_id, request.folder_id, audience.audience_type)
        if isinstance(request.name, str) and request.name != audience.name:
            _check_name(tx, account_group_id, request.name)
        audience_table.save(tx, account_group_id, audience_id, **changes)
    return replace(audience, **changes)


def delete_audience(toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str) -> str:
    """Delete an audience and return its id; its people stay in the account group.

    Raises:
        Problem: NOT_FOUND, or AUDIENCE_NOT_READY while a job fills it.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    require_object_id("audienceId", audience_id)
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        check_ready("audienceId", audience_table.read(tx, account_group_id, audience_id))
        audience_table.delete(tx, account_group_id, audience_id, toolbox.now_ms())
    return audience_id


def move_or_remove_prospects(
    toolbox: Toolbox, caller: Principal, account_group_id: str, audience_id: str, request: ChangeProspects
) -> Departure:
    """Let people leave an audience, for another one or for none; they stay in the account group.

    Who is in the other one already leaves this one and stays there once.

    Raises:
        Problem: NOT_FOUND or AUDIENCE_NOT_READY of either audience; they do not hold the same kind of people.
    """
    caller.require(Permission.AUDIENCES_WRITE, account_group_id)
    require_object_id("audienceId", audience_id)
    _check_destination(audience_id, request)
    named = list(dict.fromkeys(request.prospect_ids))
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)
        audience = check_ready("audienceId", audience_table.read(tx, account_group_id, audience_id))
        if request.to_audience_id is not None:
            _check_target(tx, audience, request.to_audience_id)
        left = audience_table.remove_prospects(tx, account_group_id, audience_id, named)
        if left and request.to_audience_id is not None:
            audience_table.add_prospects(tx, account_group_id, request.to_audience_id, left, toolbox.now_ms())
    not_found, remaining = len(named) - len(left), audience.prospect_count - len(left)
    return Departure(audience_id, request.to_audience_id, len(left), not_found, remaining)


def _check_name(tx: Tx, account_group_id: str, name: str) -> None:
    if audience_table.is_name_taken(tx, account_group_id, name):
        raise Problem(ErrorKind.CONFLICT, "name: an audience of this account group has this name already")


def _check_destination(audience_id: str, request: ChangeProspects) -> None:
    if request.action == ProspectsAction.REMOVE:
        if request.to_audience_id is not None:
            raise invalid_body("toAudienceId", "must be left out: who is removed goes nowhere")
    elif request.to_audience_id is None:
        raise invalid_body("toAudienceId", "is required for the action move")
    elif request.to_audience_id == audience_id:
        raise invalid_body("toAudienceId", "must name another audience than the one that people leave")


def _check_target(tx: Tx, audience: Audience, to_audience_id: str) -> None:
    group = audience.account_group_id
    target = check_ready("toAudienceId", audience_table.read(tx, group, to_audience_id))
    if target.is_sandbox != audience.is_sandbox:
        raise invalid_body("toAudienceId", "invented people and real ones do not share an audience")
