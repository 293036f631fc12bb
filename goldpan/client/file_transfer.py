"""Files that are sent and fetched piece by piece, however large they are."""

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from goldpan.client.sending import Sender
from goldpan.client.wire import Request

FilePath = str | os.PathLike[str]

UPLOAD_TIMEOUT_SECONDS = 600.0  # the answer comes when all rows are stored
LONGEST_FILE_NAME = 200

_MEDIA_TYPES = {".csv": "text/csv", ".txt": "text/plain", ".zip": "application/zip"}


def upload_request(url_path: str, path: Path, name: str | None, media_type: str | None) -> Request:
    """Return the request that sends the file; twice would be two files."""
    return Request(
        "POST",
        url_path,
        query={"name": (name or path.name)[:LONGEST_FILE_NAME]},
        headers={"Content-Type": media_type or _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")},
        file=path,
        timeout_seconds=UPLOAD_TIMEOUT_SECONDS,
    )


async def download(sender: Sender, request: Request, target: FilePath | BinaryIO) -> None:
    """Write the body of the answer to a path, where a file is only when it is whole, or to a file open for writing.

    Raises:
        NotReached: the answer broke off. An open file, a device or a pipe then has the beginning of it.
    """
    async with sender.open(request) as answer, aclosing(answer.pieces) as pieces:
        if not isinstance(target, str | os.PathLike):
            await _write(pieces, target)
        elif os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as device:  # a device or a pipe, which must stay what it is
                await _write(pieces, device)
        else:
            await _write_whole(pieces, Path(os.path.realpath(target)))  # a link goes on leading to the file


async def _write(pieces: AsyncGenerator[bytes, None], file: BinaryIO) -> None:
    async for piece in pieces:
        file.write(piece)


async def _write_whole(pieces: AsyncGenerator[bytes, None], path: Path) -> None:
    part = path.with_name(f"{path.stem[:40]}.{os.urandom(8).hex()}.part")  # two may fetch the same file at once
    with part.open("xb") as file:
        try:
            await _write(pieces, file)
            file.close()
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
