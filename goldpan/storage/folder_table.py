"""Folders, in which audiences stand, and their order."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Tx
from goldpan.storage.tables import AUDIENCE, AUDIENCE_IS_READY, FOLDER


@dataclass(frozen=True, slots=True)
class Folder:
    """`position` counts from 0, without gaps among the folders of the account group."""

    id: str
    account_group_id: str
    name: str
    audience_type: str
    is_pinned: bool
    position: int
    created_ms: int
    updated_ms: int


def _of_account_group() -> sa.CompoundSelect[Any]:
    """Return one statement for both, so that nothing moves between two of them and is shown twice or not at all."""
    group: sa.BindParameter[str] = sa.bindparam("account_group_id")
    no_folder, no_audience = ([sa.null() for _ in table.c] for table in (FOLDER, AUDIENCE))
    folders = sa.select(*FOLDER.c, *no_audience).where(FOLDER.c.account_group_id == group)
    audiences = sa.select(*no_folder, *AUDIENCE.c).where(AUDIENCE.c.account_group_id == group, AUDIENCE_IS_READY)
    return sa.union_all(folders, audiences)


NAVIGATION = _of_account_group()


def navigation(tx: Tx, account_group_id: str) -> tuple[list[Folder], list[Audience]]:
    """Return all folders, pinned ones first, then by position; and all audiences that no job is filling, newest first.

    They fit together: the folder of each audience is there.
    """
    rows = tx.execute(NAVIGATION, {"account_group_id": account_group_id}).all()
    folders = [Folder(*row[: len(FOLDER.c)]) for row in rows if row[0] is not None]
    audiences = [Audience(*row[len(FOLDER.c) :]) for row in rows if row[0] is None]
    folders.sort(key=lambda folder: (not folder.is_pinned, folder.position, folder.id))
    audiences.sort(key=lambda audience: (audience.created_ms, audience.id), reverse=True)
    return folders, audiences


def read(tx: Tx, account_group_id: str, folder_id: str) -> Folder | None:
    mine = (FOLDER.c.id == folder_id) & (FOLDER.c.account_group_id == account_group_id)
    row = tx.execute(sa.select(*FOLDER.c).where(mine)).one_or_none()
    return None if row is None else Folder(*row)


def count(tx: Tx, account_group_id: str) -> int:
    """Return how many folders the account group has: the position of the next one."""
    mine = FOLDER.c.account_group_id == account_group_id
    return tx.execute(sa.select(sa.func.count()).select_from(FOLDER).where(mine)).scalar_one()


def add(tx: Tx, account_group_id: str, folder: Folder) -> None:
    values = {column.name: getattr(folder, column.name) for column in FOLDER.c}
    tx.execute(FOLDER.insert().values(values | {"account_group_id": account_group_id}))


def save(tx: Tx, account_group_id: str, folder_id: str, **changes: object) -> None:
    """Change the folder; `changes` name the columns."""
    mine = (FOLDER.c.id == folder_id) & (FOLDER.c.account_group_id == account_group_id)
    tx.execute(FOLDER.update().where(mine).values(changes))


def shift(tx: Tx, account_group_id: str, first: int, last: int, places: int) -> None:
    """Move all folders from position `first` to `last` so many places towards the end, or with -1 to the front."""
    between = FOLDER.c.position.between(first, last)
    statement = FOLDER.update().where(FOLDER.c.account_group_id == account_group_id, between)
    tx.execute(statement.values(position=FOLDER.c.position + places))


def delete(tx: Tx, account_group_id: str, folder: Folder) -> None:
    """Take the folder away: its audiences stand in none, and those behind it move up."""
    inside = (AUDIENCE.c.folder_id == folder.id) & (AUDIENCE.c.account_group_id == account_group_id)
    tx.execute(AUDIENCE.update().where(inside).values(folder_id=None))
    tx.execute(FOLDER.delete().where(FOLDER.c.id == folder.id, FOLDER.c.account_group_id == account_group_id))
    behind = FOLDER.update().where(FOLDER.c.account_group_id == account_group_id, FOLDER.c.position > folder.position)
    tx.execute(behind.values(position=FOLDER.c.position - 1))
