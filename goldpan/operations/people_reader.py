"""Reads a people file in chunks that are ready to be stored; a large one ahead, in a process of its own.

Reading costs about as much as storing. A thread would not help: both are Python.
"""

import multiprocessing
import signal
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldpan.providers.people_file_dialects import ColumnUse
from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.providers.people_files import read_people
from goldpan.storage.index_document import IndexedRecord, index_record

ROWS_A_CHUNK = 2_000  # the write lock is held for a chunk: a server beside us must get its turn
LARGE_FILE_BYTES = 500_000  # below that the other process would hardly have started

_SPAWN = multiprocessing.get_context("spawn")  # a copy of this process would hold its connections


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


class ReadFile(NamedTuple):
    head: Head
    chunks: Iterator[Chunk]


Parts = Generator[Head | Chunk]

_decode = msgspec.msgpack.Decoder(Head | Chunk | _End).decode


@contextmanager
def opened_people(path: Path, account_group_id: str, *, is_sqlite: bool) -> Iterator[ReadFile]:
    """Read a file for the directory of an account group: its head at once, its rows while you ask for them.

    Raises:
        InvalidPeopleFile: the file names nobody, or it cannot be read, now or later among its rows.
        ChildProcessError: somebody ended the process that reads.
    """
    read = _read_elsewhere if path.stat().st_size >= LARGE_FILE_BYTES else _read_here
    with closing(read(path, account_group_id, is_sqlite)) as parts:
        head = next(parts)
        assert isinstance(head, Head)
        yield ReadFile(head, (part for part in parts if isinstance(part, Chunk)))


def _read_here(path: Path, account_group_id: str, is_sqlite: bool) -> Parts:
    file = read_people(path)
    yield Head(file.dialect, file.mapping)
    while rows := list(islice(file.rows, ROWS_A_CHUNK)):
        rejects = [(row.line_number, row.reject_reason) for row in rows if row.reject_reason]
        people = [index_record(account_group_id, row.person, is_sqlite=is_sqlite) for row in rows if row.person]
        yield Chunk(people, len(rows) - len(people) - len(rejects), rejects, file.fraction_read())


def _read_elsewhere(path: Path, account_group_id: str, is_sqlite: bool) -> Parts:
    receiver, sender = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_send_parts, args=(sender, path, account_group_id, is_sqlite), daemon=True)
    with receiver:
        with sender:
            process.start()
        try:
            yield from _received(receiver)
        finally:
            process.terminate()
            process.join()


def _received(receiver: Connection) -> Parts:
    while True:
        try:
            part = _decode(receiver.recv_bytes())
        except (EOFError, OSError):  # between two parts, or within one
            raise ChildProcessError("the process that reads the file was ended; what was stored before stays") from None
        if not isinstance(part, _End):
            yield part
        elif part.problem is None:
            return
        else:
            raise InvalidPeopleFile(part.problem)


def _send_parts(sender: Connection, path: Path, account_group_id: str, is_sqlite: bool) -> None:
    """Send all parts of a file, each when the one before was taken; runs in the process that reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells both of us, and we end with whom we read for

    def send(part: Head | Chunk | _End) -> None:
        sender.send_bytes(msgspec.msgpack.encode(part))

    with suppress(BrokenPipeError):  # nobody wants the rest
        try:
            for part in _read_here(path, account_group_id, is_sqlite):
                send(part)
            send(_End(None))
        except InvalidPeopleFile as error:
            send(_End(str(error)))
