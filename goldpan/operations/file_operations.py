"""Files of people that a caller uploads: read once, kept as rows that jobs import from and reports tell."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import msgspec

from goldpan.contract.error_catalogue import ErrorKind, Problem, in_one_line
from goldpan.contract.paging import Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.domain.directory_rules import PERSON_FIELDS, record_keys, with_an_id
from goldpan.domain.provider_port import Person
from goldpan.operations.toolbox import Toolbox
from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.providers.people_files import PeopleFile, Row, read_people
from goldpan.storage import account_table, uploaded_file_table
from goldpan.storage.uploaded_file_table import UploadedFile
from goldpan.storage.uploaded_file_table import UploadedRow as UploadedRow

ROWS_A_CHUNK = 2_000  # the write lock is held for a chunk: a job beside us must get its turn
LETTERS_A_CHUNK = 2_000_000  # a row may have hundreds of thousands
REJECTS_A_CHUNK = 1_000
PEOPLE_SHOWN = 10
REJECTS_SHOWN = 100

# A file that is small on the way here must not fill the database: a zip may hold a thousand times its size.
LARGEST_UNPACKED_BYTES = 512 * 1024 * 1024
MOST_ROWS = 1_000_000
MOST_LETTERS = 512 * 1024 * 1024

# Of an account group: nobody can delete a file, so older ones go when newer ones come.
MOST_FILES_KEPT = 50
MOST_ROWS_KEPT = 5_000_000

LONGEST_REASON = 500
LONGEST_REFUSAL = 600

Mapping = list[tuple[str, str | None]]
"""What each column of a file was taken for, in their order; None: it is ignored."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file as its uploader sees it: what it was taken for, its counts, its first people and rejected rows."""

    file: UploadedFile
    mapping: Mapping
    people: list[Person]
    rejects: list[UploadedRow]


@dataclass(slots=True)
class _Tally:
    """What was read of a file so far."""

    rows: int = 0
    people: int = 0
    rejected: int = 0
    letters: int = 0
    keys: set[bytes] = field(default_factory=set)  # the strongest of each person, hashed: a name may be long
    first_reject: UploadedRow | None = None

    @property
    def position(self) -> int:
        return self.people + self.rejected


def upload_file(toolbox: Toolbox, caller: Principal, account_group_id: str, name: str, file: Path) -> FileReport:
    """Store the people whom a file names; the same file again is another one.

    Where the account group has many files already, its oldest that no job reads goes.

    Raises:
        Problem: MALFORMED_REQUEST for a file that names nobody; nothing of it is kept. CONFLICT where jobs read as many
            files as an account group may have.
    """
    caller.require(Permission.PROSPECTING_WRITE, account_group_id)
    _make_room(toolbox, account_group_id)
    try:
        stored = _store(toolbox, account_group_id, name, read_people(file, LARGEST_UNPACKED_BYTES))
    except InvalidPeopleFile as error:
        text = str(error).replace(str(file), "this file")  # where it lies here is nobody's business
        raise Problem(ErrorKind.MALFORMED_REQUEST, f"body: {in_one_line(text, LONGEST_REFUSAL)}") from error
    return _report(toolbox, stored)


def get_file(toolbox: Toolbox, caller: Principal, account_group_id: str, file_id: str) -> FileReport:
    """Return what the upload of the file answered.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    return _report(toolbox, _read(toolbox, account_group_id, file_id))


def get_rejects(
    toolbox: Toolbox, caller: Principal, account_group_id: str, file_id: str
) -> AsyncIterator[list[UploadedRow]]:
    """Return every rejected row of the file, in its order, a chunk at a time.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    return _reject_chunks(toolbox, _read(toolbox, account_group_id, file_id))


def list_files(toolbox: Toolbox, caller: Principal, account_group_id: str) -> list[UploadedFile]:
    """Return the files that are kept of the account group, the newest first: few, old ones make room."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with toolbox.database.read() as tx:
        return uploaded_file_table.newest(tx, account_group_id, 2 * MOST_FILES_KEPT)


def list_rejects(
    toolbox: Toolbox, caller: Principal, account_group_id: str, file_id: str, after_position: int, limit: int
) -> Slice[UploadedRow]:
    """Return rejected rows of the file in its order, behind the row at `after_position`, 0 for the first page.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    file = _read(toolbox, account_group_id, file_id)
    with toolbox.database.read() as tx:
        return cut(uploaded_file_table.rejects_after(tx, account_group_id, file.id, after_position, limit + 1), limit)


def existing_file(file: UploadedFile | None) -> UploadedFile:
    """Return the file that was looked for.

    Raises:
        Problem: NOT_FOUND; a file of another account group, or one that is not stored whole, is like none.
    """
    if file is None:
        raise Problem(ErrorKind.NOT_FOUND, "fileId: there is no such file in this account group")
    return file


def discard_file(toolbox: Toolbox, account_group_id: str, file_id: str) -> bool:
    """Delete a file and its rows, a batch at a time; False: a job reads it."""
    with toolbox.database.write() as tx:
        account_table.lock(tx, account_group_id)  # no job may start with it from here on
        if not uploaded_file_table.hide_if_unread(tx, account_group_id, file_id):
            return False
    deleted = ROWS_A_CHUNK
    while deleted == ROWS_A_CHUNK:
        with toolbox.database.write() as tx:
            deleted = uploaded_file_table.delete_rows(tx, account_group_id, file_id, ROWS_A_CHUNK)
    with toolbox.database.write() as tx:
        uploaded_file_table.delete(tx, account_group_id, file_id)
    return True


def _make_room(toolbox: Toolbox, account_group_id: str) -> None:
    while True:
        with toolbox.database.read() as tx:
            file_count, row_count = uploaded_file_table.kept(tx, account_group_id)
            if file_count < MOST_FILES_KEPT and row_count < MOST_ROWS_KEPT:
                return
            oldest = uploaded_file_table.oldest_unread(tx, account_group_id)
        if oldest is None:
            limits = f"{MOST_FILES_KEPT} files or {MOST_ROWS_KEPT:,} rows of them"
            raise Problem(ErrorKind.CONFLICT, f"jobs read {limits} right now: try again when one of them has ended")
        discard_file(toolbox, account_group_id, oldest)  # False: a job began to read it, and another is the oldest


def _read(toolbox: Toolbox, account_group_id: str, file_id: str) -> UploadedFile:
    require_object_id("fileId", file_id)
    with toolbox.database.read() as tx:
        return existing_file(uploaded_file_table.find(tx, account_group_id, file_id))


def _report(toolbox: Toolbox, file: UploadedFile) -> FileReport:
    group = file.account_group_id
    with toolbox.database.read() as tx:
        people = uploaded_file_table.people_after(tx, group, file.id, 0, PEOPLE_SHOWN)
        rejects = uploaded_file_table.rejects_after(tx, group, file.id, 0, REJECTS_SHOWN)
    persons = [msgspec.json.decode(row.person_json or "{}", type=Person) for row in people]
    return FileReport(file, msgspec.json.decode(file.mapping_json, type=Mapping), persons, rejects)


async def _reject_chunks(toolbox: Toolbox, file: UploadedFile) -> AsyncIterator[list[UploadedRow]]:
    position = count = 0
    while count < file.rejected_count:
        rows = await asyncio.to_thread(_rejects_after, toolbox, file, position)
        if not rows:
            raise LookupError(f"the file {file.id} was cleared away while its report was read")
        yield rows
        position, count = rows[-1].position, count + len(rows)


def _rejects_after(toolbox: Toolbox, file: UploadedFile, position: int) -> list[UploadedRow]:
    with toolbox.database.read() as tx:
        return uploaded_file_table.rejects_after(tx, file.account_group_id, file.id, position, REJECTS_A_CHUNK)


def _store(toolbox: Toolbox, account_group_id: str, name: str, people_file: PeopleFile) -> UploadedFile:
    mapping: Mapping = [(use.column, use.field) for use in people_file.mapping]
    file = UploadedFile(
        id=toolbox.new_id(),
        account_group_id=account_group_id,
        name=name,
        dialect=people_file.dialect,
        mapping_json=msgspec.json.encode(mapping).decode(),
        created_ms=toolbox.now_ms(),
    )
    with _discarded_unless_finished(toolbox, file):
        tally = _store_rows(toolbox, file, people_file)
        file = replace(
            file,
            row_count=tally.rows,
            people_count=tally.people,
            distinct_count=len(tally.keys),
            empty_count=tally.rows - tally.position,
            rejected_count=tally.rejected,
            is_ready=True,
        )
        with toolbox.database.write() as tx:
            if not uploaded_file_table.finish(tx, account_group_id, file):
                raise AssertionError(f"the file {file.id} was cleared away while it was stored")
    return file


@contextmanager
def _discarded_unless_finished(toolbox: Toolbox, file: UploadedFile) -> Iterator[None]:
    """Begin the file, and leave nothing of it behind when the block does not end well."""
    with toolbox.database.write() as tx:
        uploaded_file_table.add(tx, file.account_group_id, file)
    is_finished = False
    try:
        yield
        is_finished = True
    finally:
        if not is_finished:
            with suppress(Problem):  # where the database is away the caretaker does it later
                discard_file(toolbox, file.account_group_id, file.id)


def _store_rows(toolbox: Toolbox, file: UploadedFile, people_file: PeopleFile) -> _Tally:
    tally = _Tally()
    for chunk in _chunks(people_file.rows, tally):
        with toolbox.database.write() as tx:
            uploaded_file_table.add_rows(tx, file.account_group_id, file.id, chunk)
    if not tally.people:
        raise InvalidPeopleFile(f"this file was read as {people_file.dialect} and names nobody{_why(tally)}")
    return tally


def _chunks(rows: Iterator[Row], tally: _Tally) -> Iterator[list[UploadedRow]]:
    """Yield what is stored of the rows, as much as one transaction may hold."""
    chunk: list[UploadedRow] = []
    letters_before = 0
    for row in rows:
        tally.rows += 1
        if row.person or row.reject_reason:
            chunk.append(_to_stored(row, tally))
        _refuse_too_much(tally)
        if len(chunk) == ROWS_A_CHUNK or tally.letters - letters_before >= LETTERS_A_CHUNK:
            yield chunk
            chunk, letters_before = [], tally.letters
    if chunk:
        yield chunk


def _to_stored(row: Row, tally: _Tally) -> UploadedRow:
    if row.person is None:
        tally.rejected += 1
        reason = (row.reject_reason or "")[:LONGEST_REASON]
        tally.letters += len(reason)
        stored = UploadedRow(tally.position, row.line_number, None, reason)
        tally.first_reject = tally.first_reject or stored
        return stored
    person = with_an_id(row.person).person
    known = {name: value for name in PERSON_FIELDS if (value := getattr(person, name)) is not None}
    person_json = msgspec.json.encode(known).decode()
    tally.people += 1
    tally.letters += len(person_json)
    tally.keys.add(blake2b(record_keys(person)[0].encode(), digest_size=16).digest())
    return UploadedRow(tally.position, row.line_number, person_json, None)


def _refuse_too_much(tally: _Tally) -> None:
    if tally.rows > MOST_ROWS:
        raise InvalidPeopleFile(f"this file has more than {MOST_ROWS:,} rows: split it")
    if tally.letters > MOST_LETTERS:
        raise InvalidPeopleFile(f"this file holds more than {MOST_LETTERS:,} letters: split it")


def _why(tally: _Tally) -> str:
    reject = tally.first_reject
    return f"; line {reject.line_number}: {reject.reject_reason}" if reject else ""
