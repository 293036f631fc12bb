"""One audience: its people, looking for some of them, and all of them as a file."""

from collections.abc import AsyncGenerator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from goldpan.console.audience_list_page import read_place
from goldpan.console.people_rows import PersonRow, row_of_found, row_of_member
from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.paging import START, PageRequest, Position, encode_cursor
from goldpan.operations.audience_operations import get_audience, list_prospects
from goldpan.operations.console_access_operations import find_signed_in, needs_note, note_use, reached_group
from goldpan.operations.export_operations import export_audience
from goldpan.operations.prospect_operations import place_of, search_people

ROWS = 50
LOOKS_EVERY_SECONDS = 5.0

FORMAT_WORDS = {
    ExportFormat.CSV: "CSV, for spreadsheets and importers",
    ExportFormat.XLSX: "Excel",
    ExportFormat.JSONL: "JSON, a person on each line",
    ExportFormat.PARQUET: "Parquet, for data tools",
}
PRESET_WORDS = {
    ExportPreset.PLAIN: "Goldpan's own",
    ExportPreset.HUBSPOT: "HubSpot's",
    ExportPreset.HEYREACH: "HeyReach's",
    ExportPreset.LEMLIST: "lemlist's",
    ExportPreset.APOLLO: "Apollo's",
}


async def audience_page(visit: Visit) -> Response:
    """Show the audience with a page of its people, the last added first."""
    queried = {name: values[-1] for name, values in visit.queried(("text", "after")).items()}
    audience_id = _audience_id(visit)
    try:
        audience = await get_audience(visit.toolbox, visit.caller, visit.group_id, audience_id)
    except Problem as problem:
        if problem.kind is not ErrorKind.AUDIENCE_NOT_READY:
            raise
        return visit.page("audience_filling.html", audience_id=audience_id)
    text = queried.get("text", "").strip()
    page = PageRequest(read_place(queried["after"]) if "after" in queried else START, ROWS)
    rows, next_place, is_cut = await _people(visit, audience_id, text, page)
    return visit.page(
        "audience.html",
        audience=audience,
        rows=rows,
        text=text,
        is_first="after" not in queried,
        next=None if next_place is None else encode_cursor(next_place),
        is_cut=is_cut,
        formats=FORMAT_WORDS,
        presets=PRESET_WORDS,
    )


async def export(visit: Visit) -> Response:
    """Send everybody in the audience as a file, while it is written."""
    queried = {name: values[-1] for name, values in visit.queried(("format", "preset")).items()}
    try:
        export_format = ExportFormat(queried.get("format", ExportFormat.CSV))
        preset = ExportPreset(queried.get("preset", ExportPreset.PLAIN))
    except ValueError as error:
        raise Problem(ErrorKind.MALFORMED_REQUEST, "there is no such format, or no such columns") from error
    if export_format is ExportFormat.JSONL:
        preset = ExportPreset.PLAIN  # it has every field anyway, and the page offers both choices at once
    found = await run_in_threadpool(
        export_audience, visit.toolbox, visit.caller, visit.group_id, _audience_id(visit), export_format, preset
    )
    download = visit.parts.present_export(found)
    if visit.request.method == "HEAD":
        await download.chunks.aclose()
        return Response(None, 200, dict(download.headers), media_type=download.media_type)
    chunks = _while_signed_in(visit, download.chunks)
    return StreamingResponse(chunks, 200, dict(download.headers), media_type=download.media_type)


async def _people(
    visit: Visit, audience_id: str, text: str, page: PageRequest
) -> tuple[list[PersonRow], Position | None, bool]:
    """Return a page of people, the place after which the next one begins, and whether a search was cut short."""
    asker = visit.toolbox, visit.caller, visit.group_id
    if not text:
        members = await list_prospects(*asker, audience_id, page)
        last = members.items[-1] if members.has_more else None
        place = None if last is None else Position(last.added_ms, last.prospect_id)
        return [row_of_member(member) for member in members.items], place, False
    found = await run_in_threadpool(search_people, *asker, text, audience_id, page)
    place = place_of(found.page.items[-1]) if found.page.has_more else None
    return [row_of_found(each) for each in found.page.items], place, found.is_cut


def _audience_id(visit: Visit) -> str:
    audience_id: str = visit.request.path_params["audienceId"]
    return audience_id


async def _while_signed_in(visit: Visit, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the pieces of a download as long as its reader may have them; a broken-off one is no whole file."""
    looked = visit.parts.now_seconds()
    try:
        async for chunk in chunks:
            if visit.parts.now_seconds() - looked >= LOOKS_EVERY_SECONDS:
                looked = visit.parts.now_seconds()
                await _check_signed_in(visit)
            yield chunk
    finally:
        await chunks.aclose()


async def _check_signed_in(visit: Visit) -> None:
    token = visit.session_token
    who = await find_signed_in(visit.toolbox, token) if token else None
    if who is None or await reached_group(visit.toolbox, who, visit.group_id) is None:
        raise ConnectionAbortedError("the session of a download has ended")
    if needs_note(visit.toolbox, who, visit.group_id):  # whoever waits for a long file is not idle
        await run_in_threadpool(note_use, visit.toolbox, who, visit.group_id)
