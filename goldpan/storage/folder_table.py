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


@dataclass(frozen=True, slots=True)
class Filing:
    """An audience and the folder in which it stands; None: in none. A folder without an audience is empty."""

    folder: Folder | None
    audience: Audience | None


def _filings() -> sa.Select[Any]:
    """Return one statement, so that no audience moves between two of them and is shown twice or not at all."""
    group: sa.BindParameter[str] = sa.bindparam("account_group_id")
    folder = sa.select(*FOLDER.c).where(FOLDER.c.account_group_id == group).subquery("a_folder")
    ready = sa.select(*AUDIENCE.c).where(AUDIENCE.c.account_group_id == group, AUDIENCE_IS_READY).subquery("ready")
    order = (folder.c.is_pinned.desc(), folder.c.position, folder.c.id, ready.c.created_ms.desc(), ready.c.id.desc())
    both = folder.join(ready, ready.c.folder_id == folder.c.id, full=True)
    return sa.select(*folder.c, *ready.c).select_from(both).order_by(*order)


FILINGS = _filings()


def filings(tx: Tx, account_group_id: str) -> list[Filing]:
    """Return every audience that no job is filling, and every folder.

    Folders come pinned ones first, then by position, what is in one newest first; where audiences without a folder
    stand among them is the database's affair.
    """
    found = []
    for row in tx.execute(FILINGS, {"account_group_id": account_group_id}):
        of_folder, of_audience = row[: len(FOLDER.c)], row[len(FOLDER.c) :]
        folder = None if of_folder[0] is None else Folder(*of_folder)
        audience = None if of_audience[0] is None else Audience(*of_audience)
        found.append(Filing(folder, audience))
    return found


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
