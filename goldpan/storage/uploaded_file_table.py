"""Files of people that callers uploaded for jobs: what each was taken for, and its rows."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import sqlalchemy as sa

from goldpan.domain.job_rules import ACTIVE
from goldpan.storage.database import Tx
from goldpan.storage.keyset import is_within
from goldpan.storage.many_rows import insert_rows
from goldpan.storage.people_file_tables import UPLOADED_FILE, UPLOADED_ROW
from goldpan.storage.tables import JOB, JOB_INPUT


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One row, in the order of the table's columns; the counts are those of a file whose rows are still being stored.

    `mapping_json` holds a list of [column, field or null].
    """

    id: str
    account_group_id: str
    name: str
    dialect: str
    mapping_json: str
    row_count: int = 0
    people_count: int = 0
    distinct_count: int = 0
    empty_count: int = 0
    rejected_count: int = 0
    is_ready: bool = False
    created_ms: int = 0

    @property
    def last_position(self) -> int:
        """The position of the last row that is stored: empty ones are not."""
        return self.people_count + self.rejected_count


class UploadedRow(NamedTuple):
    """A person, as JSON, or why the row is none: exactly one of the two is told. Positions are 1, 2, 3 …"""

    position: int
    line_number: int
    person_json: str | None
    reject_reason: str | None


def add(tx: Tx, account_group_id: str, file: UploadedFile) -> None:
    tx.execute(UPLOADED_FILE.insert().values(asdict(file) | {"account_group_id": account_group_id}))


def add_rows(tx: Tx, account_group_id: str, file_id: str, rows: list[UploadedRow]) -> None:
    common = {"account_group_id": account_group_id, "file_id": file_id}
    insert_rows(tx, UPLOADED_ROW, common, [row._asdict() for row in rows])


def finish(tx: Tx, account_group_id: str, file: UploadedFile) -> bool:
    """Let jobs and callers see the file, whose rows are all stored, with its counts; False: it was cleared away."""
    return tx.execute(UPLOADED_FILE.update().where(_is(account_group_id, file.id)).values(asdict(file))).rowcount == 1


def find(tx: Tx, account_group_id: str, file_id: str) -> UploadedFile | None:
    """Return the file; None: there is none, or its rows are not all there."""
    statement = sa.select(*UPLOADED_FILE.c).where(_is(account_group_id, file_id), UPLOADED_FILE.c.is_ready)
    row = tx.execute(statement).one_or_none()
    return None if row is None else UploadedFile(*row)


def newest(tx: Tx, account_group_id: str, limit: int) -> list[UploadedFile]:
    """Return up to `limit` files whose rows are all there, the newest first."""
    file = UPLOADED_FILE.c
    statement = sa.select(*file).where(file.account_group_id == account_group_id, file.is_ready)
    rows = tx.execute(statement.order_by(file.created_ms.desc(), file.id.desc()).limit(limit))
    return [UploadedFile(*row) for row in rows]


def rows_after(tx: Tx, account_group_id: str, file_id: str, position: int, limit: int) -> list[UploadedRow]:
    """Return up to `limit` rows behind `position`, in the file's order."""
    return _rows(tx, account_group_id, file_id, is_within(UPLOADED_ROW.c.position, position + 1, limit), limit)


def people_after(tx: Tx, account_group_id: str, file_id: str, position: int, limit: int) -> list[UploadedRow]:
    """Return up to `limit` rows behind `position` that are people, in the file's order."""
    people = (UPLOADED_ROW.c.position > position) & UPLOADED_ROW.c.reject_reason.is_(None)
    return _rows(tx, account_group_id, file_id, people, limit)


def rejects_after(tx: Tx, account_group_id: str, file_id: str, position: int, limit: int) -> list[UploadedRow]:
    """Return up to `limit` rows behind `position` that are no person, in the file's order."""
    rejects = (UPLOADED_ROW.c.position > position) & UPLOADED_ROW.c.reject_reason.is_not(None)
    return _rows(tx, account_group_id, file_id, rejects, limit)


def kept(tx: Tx, account_group_id: str) -> tuple[int, int]:
    """Return how many files the account group has here, and how many rows of them are stored."""
    file = UPLOADED_FILE.c
    rows = sa.func.coalesce(sa.func.sum(file.people_count + file.rejected_count), 0)
    statement = sa.select(sa.func.count(), rows).where(file.account_group_id == account_group_id)
    count, row_count = tx.execute(statement).one()
    return count, int(row_count)


def oldest_unread(tx: Tx, account_group_id: str) -> str | None:
    """Return the id of the account group's oldest file that no job reads; None: there is none."""
    file = UPLOADED_FILE.c
    mine = (file.account_group_id == account_group_id) & file.is_ready & ~_is_being_read()
    return tx.execute(sa.select(file.id).where(mine).order_by(file.created_ms, file.id).limit(1)).scalar_one_or_none()


def old_files(tx: Tx, ready_before_ms: int, unready_before_ms: int, limit: int) -> list[tuple[str, str]]:
    """Return (account group id, file id) of up to `limit` files, of all account groups, that have had their time.

    Those whose rows are all there and were made before `ready_before_ms`, unless a job reads them, and those that
    never got so far, from before `unready_before_ms`.
    """
    file = UPLOADED_FILE.c
    is_old = (file.created_ms < ready_before_ms) & ~_is_being_read()
    is_unfinished = (file.created_ms < unready_before_ms) & ~file.is_ready
    statement = sa.select(file.account_group_id, file.id).where(
        file.created_ms < unready_before_ms, is_old | is_unfinished
    )
    return [(row[0], row[1]) for row in tx.execute(statement.order_by(file.created_ms).limit(limit))]


def hide_if_unread(tx: Tx, account_group_id: str, file_id: str) -> bool:
    """Take the file from everybody's sight, before its rows go; False: a job reads it, or it has gone."""
    statement = UPLOADED_FILE.update().where(_is(account_group_id, file_id), ~_is_being_read())
    return tx.execute(statement.values(is_ready=False)).rowcount == 1


def delete_rows(tx: Tx, account_group_id: str, file_id: str, limit: int) -> int:
    """Delete up to `limit` rows of a file; return how many."""
    some = sa.select(UPLOADED_ROW.c.position).where(_rows_of(account_group_id, file_id)).limit(limit)
    statement = UPLOADED_ROW.delete().where(_rows_of(account_group_id, file_id), UPLOADED_ROW.c.position.in_(some))
    return tx.execute(statement).rowcount


def delete(tx: Tx, account_group_id: str, file_id: str) -> None:
    """Delete a file whose rows are gone."""
    tx.execute(UPLOADED_FILE.delete().where(_is(account_group_id, file_id)))


def _rows(
    tx: Tx, account_group_id: str, file_id: str, condition: sa.ColumnElement[bool], limit: int
) -> list[UploadedRow]:
    columns = [UPLOADED_ROW.c[name] for name in UploadedRow._fields]
    statement = sa.select(*columns).where(_rows_of(account_group_id, file_id), condition)
    return [UploadedRow(*row) for row in tx.execute(statement.order_by(UPLOADED_ROW.c.position).limit(limit))]


def _is(account_group_id: str, file_id: str) -> sa.ColumnElement[bool]:
    return (UPLOADED_FILE.c.id == file_id) & (UPLOADED_FILE.c.account_group_id == account_group_id)


def _rows_of(account_group_id: str, file_id: str) -> sa.ColumnElement[bool]:
    return (UPLOADED_ROW.c.file_id == file_id) & (UPLOADED_ROW.c.account_group_id == account_group_id)


def _is_being_read() -> sa.ColumnElement[bool]:
    """A quotation mark within a value of the request is escaped: only the member itself looks like this."""
    member = '%"fileId":"' + UPLOADED_FILE.c.id + '"%'
    return sa.exists().where(
        JOB.c.account_group_id == UPLOADED_FILE.c.account_group_id,
        JOB.c.source == "file_upload",
        JOB.c.status.in_(ACTIVE),
        JOB_INPUT.c.job_id == JOB.c.id,
        JOB_INPUT.c.request_json.like(member),
    )
