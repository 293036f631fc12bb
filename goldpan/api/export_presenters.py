"""An export as a stream: each piece is made in a thread when the client has taken the one before."""

import asyncio
from collections.abc import AsyncGenerator, Generator

from starlette.concurrency import run_in_threadpool

from goldpan.api.export_formats import FORMATS
from goldpan.api.export_presets import COLUMNS
from goldpan.api.presenters import Stream
from goldpan.operations.export_operations import AudienceExport

# How many exports may make a piece at one time: their threads and the loop that serves everybody share one interpreter.
_TURNS = asyncio.Semaphore(2)


def present_export(export: AudienceExport) -> Stream:
    chosen = FORMATS[export.export_format]
    pieces = chosen.write(export.pages, COLUMNS[export.preset])
    name = f"audience-{export.audience_id}.{export.export_format}"
    return Stream(chosen.media_type, _at_pace(pieces), {"Content-Disposition": f'attachment; filename="{name}"'})


async def _at_pace(pieces: Generator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield the pieces; whoever stops taking them ends the work."""
    try:
        while True:
            async with _TURNS:
                piece = await run_in_threadpool(next, pieces, None)
            if piece is None:
                return
            if piece:
                yield piece
    finally:
        pieces.close()
