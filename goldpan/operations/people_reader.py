"""Reads a people file in chunks that are ready to be stored; a large one ahead, in a process of its own.

Reading costs about as much as storing. A thread would not help: both are Python.
"""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from signal import SIG_DFL, SIGPIPE, Signals, signal
from typing import IO, NamedTuple

import msgspec

from goldpan.providers.people_file_dialects import ColumnUse
from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.providers.people_files import read_people
from goldpan.storage.index_document import IndexedRecord, index_record

ROWS_A_CHUNK = 2_000  # the write lock is held for a chunk: a server beside us must get its turn
LARGE_FILE_BYTES = 500_000  # below that the other process would hardly have started
LENGTH_BYTES = 8

# With the parent's path for modules and, by -P, never the folder where the command happens to be called: who imports a
# downloaded file may have downloaded a `csv.py` as well.
_ENTRY = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given.pop();"
    f" from {__name__} import send_parts; send_parts(*given)"
)


class Head(msgspec.Struct, frozen=True, tag=True):
    """What a file was taken for."""

    dialect: str
    mapping: tuple[ColumnUse, ...]


class Chunk(msgspec.Struct, frozen=True, tag=True):
    """The next rows of a file: its people, `empty` rows, and the others as (line, reason).

    `fraction_read` tells from 0 to 1 how far the file is read.
    """

    people: list[IndexedRecord]
    empty: int
    rejects: list[tuple[int, str]]
    fraction_read: float


class _End(msgspec.Struct, frozen=True, tag=True):
    """The file has no more rows; `problem`: it turned out to be no people file, or damaged."""

    problem: str | None


class OpenPeopleFile(NamedTuple):
    head: Head
    chunks: Iterator[Chunk]


Parts = Generator[Head | Chunk]

_decode = msgspec.msgpack.Decoder(Head | Chunk | _End).decode


@contextmanager
def opened_people(path: Path, account_group_id: str, *, is_sqlite: bool) -> Iterator[OpenPeopleFile]:
    """Read a file for the directory of an account group: its head at once, its rows while you ask for them.

    Raises:
        InvalidPeopleFile: the file names nobody, or it cannot be read, now or later among its rows.
        ChildProcessError: somebody ended the process that reads.
        RuntimeError: the process that reads failed; what it printed says why.
    """
    read = _read_elsewhere if _is_large(path) else _read_here
    with closing(read(path, account_group_id, is_sqlite)) as parts:
        head = next(parts)
        assert isinstance(head, Head)
        yield OpenPeopleFile(head, (part for part in parts if isinstance(part, Chunk)))


def send_parts(path: str, account_group_id: str, is_sqlite: bool) -> None:
    """Write all parts of a file to standard output: what the process that reads runs."""
    signal(SIGPIPE, SIG_DFL)  # where nobody wants the rest any more, this ends without a word
    try:
        for part in _read_here(Path(path), account_group_id, is_sqlite):
            _send(part)
        _send(_End(None))
    except InvalidPeopleFile as error:
        # It names the file, whose name may be no text.
        _send(_End(str(error).encode(errors="backslashreplace").decode()))


def _is_large(path: Path) -> bool:
    if path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        return False  # `/dev/fd/3` is another file in another process
    try:
        return path.stat().st_size >= LARGE_FILE_BYTES
    except OSError:
        return False  # reading it tells why in plain words


def _read_here(path: Path, account_group_id: str, is_sqlite: bool) -> Parts:
    file = read_people(path)
    yield Head(file.dialect, file.mapping)
    while rows := list(islice(file.rows, ROWS_A_CHUNK)):
        rejects = [(row.line_number, row.reject_reason) for row in rows if row.reject_reason]
        people = [index_record(account_group_id, row.person, is_sqlite=is_sqlite) for row in rows if row.person]
        yield Chunk(people, len(rows) - len(people) - len(rejects), rejects, file.fraction_read())


def _read_elsewhere(path: Path, account_group_id: str, is_sqlite: bool) -> Parts:
    given = json.dumps([str(path), account_group_id, is_sqlite, sys.path])
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _ENTRY, given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for us: whoever reads for us ends with us
    )
    assert process.stdout is not None
    try:
        yield from _received(process, process.stdout)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _received(process: subprocess.Popen[bytes], output: IO[bytes]) -> Parts:
    while True:
        part = _decode(_next_message(process, output))
        if not isinstance(part, _End):
            yield part
        elif part.problem is None:
            return
        else:
            raise InvalidPeopleFile(part.problem)


def _next_message(process: subprocess.Popen[bytes], output: IO[bytes]) -> bytes:
    length = int.from_bytes(output.read(LENGTH_BYTES))
    message = output.read(length)
    if length and len(message) == length:
        return message
    code = process.wait()
    if code < 0:
        name = Signals(-code).name
        raise ChildProcessError(f"the process that reads the file was ended by {name}; what was stored before stays")
    raise RuntimeError("the process that reads the file failed: see what it printed above")


def _send(part: Head | Chunk | _End) -> None:
    message = msgspec.msgpack.encode(part)
    sys.stdout.buffer.write(len(message).to_bytes(LENGTH_BYTES))
    sys.stdout.buffer.write(message)
    sys.stdout.buffer.flush()
