"""The body of a request that is a file: checked by its head, then streamed to a temporary file and never held whole."""

import asyncio
import fcntl
import os
import stat
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from io import FileIO
from pathlib import Path
from tempfile import gettempdir, mkstemp

from starlette.concurrency import run_in_threadpool

from goldpan.api.request_body import refuse_encoding, says_more_than
from goldpan.contract.error_catalogue import ErrorKind, Problem

PREFIX = "goldpan-upload-"
PIECE_BYTES = 1024 * 1024  # written at once, in a thread: a disk may keep us waiting

MOST_UNDER_WAY = 16  # of this process: so many files at most lie in the temporary folder
MOST_UNDER_WAY_PER_GROUP = 4
FILES_AT_ONCE = 4  # each takes seconds of work: the other requests need threads as well
RETRY_SECONDS = 5

# How long we wait for a file in all: so long for the beginning, and then as long as this many bytes a second take.
FIRST_SECONDS = 10.0
LEAST_BYTES_A_SECOND = 50_000

_FORM = "multipart/form-data"
_HINT = "send the file itself as the body: curl --data-binary @people.csv -H 'Content-Type: text/csv'"


def check_file_head(
    content_type: str | None,
    content_encoding: str | None,
    content_length: str | None,
    *,
    accepted: Sequence[str],
    most: int,
) -> None:
    """Refuse a file by what its headers say, before any of it is read.

    Raises:
        Problem: PAYLOAD_TOO_LARGE for more than `most` bytes, else UNSUPPORTED_MEDIA_TYPE.
    """
    if says_more_than(content_length, most):
        raise _too_large(most)
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type not in accepted:
        why = "a form is not taken" if media_type == _FORM else f"must be one of {', '.join(accepted)}"
        raise Problem(ErrorKind.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {why}; {_HINT}")
    refuse_encoding(content_encoding)


class FilePlaces:
    """How many files are under way here, coming or being read: whoever sends slowly keeps a place for long."""

    def __init__(self) -> None:
        self._of_group: Counter[str] = Counter()

    @contextmanager
    def taken(self, account_group_id: str) -> Iterator[None]:
        """Take a place for the length of the block.

        Raises:
            Problem: RATE_LIMITED, the account group has as many as it may; SERVICE_UNAVAILABLE, there is none left.
        """
        retry = {"Retry-After": str(RETRY_SECONDS)}
        if self._of_group[account_group_id] >= MOST_UNDER_WAY_PER_GROUP:
            details = f"{MOST_UNDER_WAY_PER_GROUP} files under way in the account group: try again when one is stored"
            raise Problem(ErrorKind.RATE_LIMITED, details, headers=retry)
        if self._of_group.total() >= MOST_UNDER_WAY:
            details = f"{MOST_UNDER_WAY} files are under way here already: try again later"
            raise Problem(ErrorKind.SERVICE_UNAVAILABLE, details, headers=retry)
        self._of_group[account_group_id] += 1
        try:
            yield
        finally:
            self._of_group[account_group_id] -= 1
            if not self._of_group[account_group_id]:
                del self._of_group[account_group_id]


class FileIntake:
    """Where the files of this process come in, whichever door they take: all count together."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._places = FilePlaces()
        self._turns = asyncio.Semaphore(FILES_AT_ONCE)

    @asynccontextmanager
    async def received(self, account_group_id: str, stream: AsyncIterator[bytes]) -> AsyncIterator[Path]:
        """Receive the body as `received_file` does, when there is a place for it, and hand it on at its turn.

        Raises:
            Problem: those of `FilePlaces.taken` and `received_file`.
        """
        with self._places.taken(account_group_id):
            async with received_file(stream, self.most_bytes) as file, self._turns:
                yield file


@asynccontextmanager
async def received_file(stream: AsyncIterator[bytes], most: int) -> AsyncIterator[Path]:
    """Receive the body into a file that nobody else may read; it is there for the length of the block.

    Raises:
        Problem: PAYLOAD_TOO_LARGE or, for one that comes too slowly, MALFORMED_REQUEST, as soon as that is known;
            SERVICE_UNAVAILABLE where the disk has no room for it.
    """
    try:
        descriptor, name = mkstemp(prefix=PREFIX)
    except OSError as error:
        raise _no_room() from error
    try:
        # Unbuffered: what a full disk refused would be written once more at the end, and fail there by another name.
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # tells `remove_left_files` that somebody is at work with it
            await _copy(_in_time(stream), file, most)
            yield Path(name)
    finally:
        with suppress(FileNotFoundError):  # whoever tidies up the folder may have been faster
            os.unlink(name)


def remove_left_files() -> None:
    """Remove what processes left behind that were killed in the middle of an upload."""
    with os.scandir(gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(OSError):  # in use, not ours, or gone by now
                    _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    status = entry.stat(follow_symlinks=False)
    # An empty one may belong to somebody who is about to lock it, and holds nothing.
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or not status.st_size:
        return
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(entry.path)
    finally:
        os.close(descriptor)


async def _in_time(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Hand on what comes, unless it comes so slowly that its place is better given to others.

    Somebody who says nothing at all is cut off by `http_protocol`. The time that our disk takes is not counted.
    """
    waited_seconds, size = 0.0, 0
    asked_at = time.monotonic()
    async for chunk in stream:
        waited_seconds += time.monotonic() - asked_at
        size += len(chunk)
        if waited_seconds > FIRST_SECONDS + size / LEAST_BYTES_A_SECOND:
            raise _too_slow()
        yield chunk
        asked_at = time.monotonic()


async def _copy(stream: AsyncIterator[bytes], file: FileIO, most: int) -> None:
    size = 0
    piece = bytearray()
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        piece += chunk
        if len(piece) >= PIECE_BYTES:
            await run_in_threadpool(_write, file, bytes(piece))
            piece.clear()
    await run_in_threadpool(_write, file, bytes(piece))


def _write(file: FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise _no_room() from error


def _too_large(most: int) -> Problem:
    return Problem(ErrorKind.PAYLOAD_TOO_LARGE, f"the file must be at most {most} bytes")


def _too_slow() -> Problem:
    rate = f"at least {LEAST_BYTES_A_SECOND} bytes a second after the first {FIRST_SECONDS:.0f} seconds"
    return Problem(ErrorKind.MALFORMED_REQUEST, f"the file came too slowly, it must be {rate}: pack it as a zip")


def _no_room() -> Problem:
    details = "there is no room for the file right now: try again later"
    return Problem(ErrorKind.SERVICE_UNAVAILABLE, details, headers={"Retry-After": "30"})
