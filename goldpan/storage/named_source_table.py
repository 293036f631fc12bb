"""What the operator named for jobs to take as their source: searches of the directory, and lists of its people."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from goldpan.storage.database import Tx
from goldpan.storage.people_file_tables import LEAD_LIST, LEAD_LIST_PERSON, SAVED_SEARCH


@dataclass(frozen=True, slots=True)
class StoredSearch:
    id: str
    name: str
    search_url: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class StoredList:
    id: str
    name: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class CountedList:
    """A list and how many people are in it."""

    id: str
    name: str
    created_ms: int
    people: int


def saved_searches(tx: Tx, account_group_id: str) -> list[StoredSearch]:
    """Return all saved searches, the newest first."""
    columns = [SAVED_SEARCH.c[name] for name in StoredSearch.__slots__]
    statement = sa.select(*columns).where(SAVED_SEARCH.c.account_group_id == account_group_id)
    newest_first = statement.order_by(SAVED_SEARCH.c.created_ms.desc(), SAVED_SEARCH.c.id.desc())
    return [StoredSearch(*row) for row in tx.execute(newest_first)]


def saved_search_url(tx: Tx, account_group_id: str, search_id: str) -> str | None:
    mine = (SAVED_SEARCH.c.id == search_id) & (SAVED_SEARCH.c.account_group_id == account_group_id)
    return tx.execute(sa.select(SAVED_SEARCH.c.search_url).where(mine)).scalar_one_or_none()


def add_saved_search(tx: Tx, account_group_id: str, search: StoredSearch) -> bool:
    """Store a search. False: the account group has one of that name, and keeps it."""
    values = {name: getattr(search, name) for name in StoredSearch.__slots__}
    statement = _insert(tx)(SAVED_SEARCH).values(account_group_id=account_group_id, **values)
    return tx.execute(statement.on_conflict_do_nothing().returning(SAVED_SEARCH.c.id)).one_or_none() is not None


def remove_saved_search(tx: Tx, account_group_id: str, search_id: str) -> bool:
    """Return whether there was such a search."""
    mine = (SAVED_SEARCH.c.id == search_id) & (SAVED_SEARCH.c.account_group_id == account_group_id)
    return tx.execute(SAVED_SEARCH.delete().where(mine)).rowcount == 1


def lead_lists(tx: Tx, account_group_id: str) -> list[StoredList]:
    """Return all lead lists, the newest first."""
    columns = [LEAD_LIST.c[name] for name in StoredList.__slots__]
    statement = sa.select(*columns).where(LEAD_LIST.c.account_group_id == account_group_id)
    newest_first = statement.order_by(LEAD_LIST.c.created_ms.desc(), LEAD_LIST.c.id.desc())
    return [StoredList(*row) for row in tx.execute(newest_first)]


def add_lead_list(tx: Tx, account_group_id: str, new: StoredList) -> str:
    """Store a list unless there is one of that name; return the id of the one that there is now."""
    values = {name: getattr(new, name) for name in StoredList.__slots__}
    tx.execute(_insert(tx)(LEAD_LIST).values(account_group_id=account_group_id, **values).on_conflict_do_nothing())
    mine = (LEAD_LIST.c.account_group_id == account_group_id) & (LEAD_LIST.c.name == new.name)
    list_id: str = tx.execute(sa.select(LEAD_LIST.c.id).where(mine)).scalar_one()
    return list_id


def counted_lists(tx: Tx, account_group_id: str) -> list[CountedList]:
    """Return all lead lists with their sizes, the newest first."""
    found = lead_lists(tx, account_group_id)
    return [
        CountedList(each.id, each.name, each.created_ms, count_of_list(tx, account_group_id, each.id)) for each in found
    ]


def count_of_list(tx: Tx, account_group_id: str, list_id: str) -> int:
    """Return how many people are in the list."""
    member = LEAD_LIST_PERSON.c
    mine = (member.lead_list_id == list_id) & (member.account_group_id == account_group_id)
    return tx.execute(sa.select(sa.func.count()).where(mine)).scalar_one()


def add_to_list(tx: Tx, account_group_id: str, list_id: str, person_ids: Iterable[int]) -> None:
    """Let people of the directory join the list; who is in it already stays in it."""
    common = {"lead_list_id": list_id, "account_group_id": account_group_id}
    rows = [{**common, "person_id": person_id} for person_id in sorted(person_ids)]
    tx.execute(_insert(tx)(LEAD_LIST_PERSON).on_conflict_do_nothing(), rows)


def _insert(tx: Tx) -> "type[postgresql.Insert] | type[sqlite.Insert]":
    return postgresql.Insert if tx.dialect.name == "postgresql" else sqlite.Insert
