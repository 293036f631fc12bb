"""The audiences of an account group, folder by folder, and making a new one."""

from collections import Counter

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.visit import Visit
from goldpan.contract.audience_resources import LONGEST_NAME, AudienceType, CreateAudience
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import Position, decode_cursor, encode_cursor
from goldpan.operations.audience_change_operations import create_audience
from goldpan.operations.audience_operations import Audience, Folder, get_audience_navigation

ROWS = 50
NO_FOLDER = "none"
LONGEST_DESCRIPTION = 1000
_QUERY = ("folder", "after")


class _List:
    """Which audiences the page shows: those of a folder, `none`: in no folder, None: all; a page of them."""

    def __init__(self, visit: Visit, folders: list[Folder], audiences: list[Audience]) -> None:
        queried = {name: values[-1] for name, values in visit.queried(_QUERY).items()}
        self.folder_id = queried.get("folder")
        if self.folder_id not in (None, NO_FOLDER, *(folder.id for folder in folders)):
            raise Problem(ErrorKind.NOT_FOUND)
        wanted = [audience for audience in audiences if self._wants(audience)]
        if "after" in queried:
            place = read_place(queried["after"])
            wanted = [audience for audience in wanted if (audience.created_ms, audience.id) < tuple(place)]
        self.rows, rest = wanted[:ROWS], wanted[ROWS:]
        self.is_first = "after" not in queried
        last = self.rows[-1] if rest else None
        self.next = None if last is None else encode_cursor(Position(last.created_ms, last.id))

    def _wants(self, audience: Audience) -> bool:
        if self.folder_id is None:
            return True
        return audience.folder_id == (None if self.folder_id == NO_FOLDER else self.folder_id)


async def audience_list_page(visit: Visit) -> Response:
    """Show the audiences that no job is filling, newest first."""
    return await _show(visit, {}, {})


async def new_audience(visit: Visit) -> Response:
    """Make an audience without people, and show it."""
    fields = await visit.form()
    errors = _errors(fields)
    if errors:
        return await _show(visit, fields, errors, 400)
    name, description = fields["name"].strip(), fields.get("description", "").strip()
    body = CreateAudience(name=name, type=AudienceType(fields["type"]), description=description or None)
    try:
        audience = await run_in_threadpool(create_audience, visit.toolbox, visit.caller, visit.group_id, body)
    except Problem as problem:
        if problem.kind is not ErrorKind.CONFLICT:
            raise
        return await _show(visit, fields, {"name": "Another audience has this name already."}, 409)
    return visit.redirect(visit.path("audience", audienceId=audience.id))


def read_place(text: str) -> Position:
    """Return the place in a list that an address names.

    Raises:
        Problem: MALFORMED_REQUEST.
    """
    try:
        return decode_cursor(text)
    except ValueError as error:
        raise Problem(
            ErrorKind.MALFORMED_REQUEST, "the place in the list cannot be read: begin with the first page"
        ) from error


def _errors(fields: dict[str, str]) -> dict[str, str]:
    errors = {}
    if not 1 <= len(fields.get("name", "").strip()) <= LONGEST_NAME:
        errors["name"] = f"The name must have 1 to {LONGEST_NAME} letters."
    if len(fields.get("description", "").strip()) > LONGEST_DESCRIPTION:
        errors["description"] = f"This may have at most {LONGEST_DESCRIPTION:,} letters."
    if fields.get("type") not in list(AudienceType):
        errors["type"] = "Choose one of the types."
    return errors


async def _show(visit: Visit, fields: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    folders, audiences = await run_in_threadpool(get_audience_navigation, visit.toolbox, visit.caller, visit.group_id)
    return visit.page(
        "audience_list.html",
        status,
        list=_List(visit, folders, audiences),
        folders=folders,
        folder_names={folder.id: folder.name for folder in folders},
        counts=Counter(audience.folder_id or NO_FOLDER for audience in audiences),
        total=len(audiences),
        types={AudienceType.ON_DEMAND: "On demand", AudienceType.MONITORING: "Monitoring"},
        form={"values": fields, "errors": errors},
    )
