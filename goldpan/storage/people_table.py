"""People of the operator's own files, and the search index over them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from goldpan.domain.directory_rules import (
    PERSON_FIELDS,
    DirectoryRecord,
    Either,
    Every,
    Everybody,
    IndexQuery,
    Phrase,
    Without,
    member_query,
    merge_records,
    record_keys,
    scope_token,
)
from goldpan.domain.identity_rules import find_bearer, slug_key
from goldpan.domain.provider_port import Person
from goldpan.storage import account_table
from goldpan.storage.database import Tx
from goldpan.storage.index_document import IndexedRecord, document_of, lexeme
from goldpan.storage.many_rows import insert_rows, is_one_of, without_empty_columns
from goldpan.storage.people_file_tables import DIRECTORY_PERSON, LEAD_LIST_PERSON

# FTS5 on SQLite, a tsvector on PostgreSQL; the first migration makes it.
DIRECTORY_INDEX = sa.table(
    "directory_index",
    sa.column("rowid", sa.BigInteger),
    sa.column("document", sa.Text().with_variant(TSVECTOR(), "postgresql")),
)

_PEOPLE = [DIRECTORY_PERSON.c[name] for name in PERSON_FIELDS]
_EXTRA_FIELDS = ("school", "seniority", "functions")
_EXTRAS = [DIRECTORY_PERSON.c[name] for name in _EXTRA_FIELDS]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a chunk of records: the counts are together as many as the chunk held.

    `person_ids` are of everybody whom the records name, new or known.
    """

    added: int
    updated: int
    unchanged: int
    person_ids: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Entry:
    """A person as the chunk leaves it, under the strongest key.

    `id` is None until it is stored, `document` where it is not worked out or no longer right.
    """

    id: int | None
    identity_key: str
    record: DirectoryRecord
    document: str | None = None
    is_changed: bool = False


def add_people(tx: Tx, account_group_id: str, records: Sequence[IndexedRecord], now_ms: int) -> Added:
    """Store a chunk of people: who is known already gets what the new record tells, in the order of the records."""
    account_table.lock(tx, account_group_id)  # two imports at once must not both store one person
    known = _known_entries(tx, account_group_id, {key for each in records for key in each.keys})
    named: list[_Entry] = []
    new: list[_Entry] = []
    changed: list[_Entry] = []
    updated = 0
    for each in records:
        entry = find_bearer(each.keys, known, partial(_slugs_agree, each.keys))
        if entry is None:
            entry = _Entry(None, each.keys[0], each.record, each.document)
            new.append(entry)
        elif (merged := merge_records(entry.record, each.record)) != entry.record:
            updated += 1
            if entry.id is not None and not entry.is_changed:
                changed.append(entry)
            entry.record, entry.document, entry.is_changed = merged, None, True
            entry.identity_key = record_keys(merged.person)[0]
        named.append(entry)
        for key in each.keys:
            known.setdefault(key, entry)
    _insert(tx, account_group_id, new, now_ms)
    _update(tx, account_group_id, changed, now_ms)
    person_ids = {entry.id for entry in named if entry.id is not None}  # by now all of them have one
    return Added(len(new), updated, len(records) - len(new) - updated, person_ids)


def search_people(
    tx: Tx, account_group_id: str, query: IndexQuery, after_id: int, limit: int
) -> list[tuple[int, Person]]:
    """Return up to `limit` people whom the query finds, by ascending id, from the first id above `after_id` on."""
    index = DIRECTORY_INDEX.c
    page = sa.select(index.rowid).where(_found_by(tx, account_group_id, query), index.rowid > after_id)
    return _people_of(tx, account_group_id, page.order_by(index.rowid).limit(limit))


def people_of_list(tx: Tx, account_group_id: str, list_id: str, after_id: int, limit: int) -> list[tuple[int, Person]]:
    """Return up to `limit` people of the list, by ascending id, from the first id above `after_id` on."""
    member = LEAD_LIST_PERSON.c
    mine = (member.lead_list_id == list_id) & (member.account_group_id == account_group_id)
    page = sa.select(member.person_id).where(mine, member.person_id > after_id)
    return _people_of(tx, account_group_id, page.order_by(member.person_id).limit(limit))


def _people_of(tx: Tx, account_group_id: str, page: sa.Select[tuple[int]]) -> list[tuple[int, Person]]:
    """Return the people whose ids the query finds, by ascending id."""
    # Cut from the index before the people are joined, and ordered by its column: otherwise PostgreSQL, or else
    # SQLite, walks all the people of the account group.
    ids = page.subquery()
    (id_,) = ids.c
    people = (
        sa.select(DIRECTORY_PERSON.c.id, *_PEOPLE)
        .join(ids, id_ == DIRECTORY_PERSON.c.id)
        .where(DIRECTORY_PERSON.c.account_group_id == account_group_id)
        .order_by(id_)
    )
    return [(row[0], Person(*row[1:])) for row in tx.execute(people)]


def count_people(tx: Tx, account_group_id: str, query: IndexQuery) -> int:
    if isinstance(query, Everybody):
        people = sa.select(sa.func.count()).where(DIRECTORY_PERSON.c.account_group_id == account_group_id)
        return tx.execute(people).scalar_one()
    found = sa.select(sa.func.count()).select_from(DIRECTORY_INDEX).where(_found_by(tx, account_group_id, query))
    return tx.execute(found).scalar_one()


def refresh_statistics(tx: Tx, account_group_id: str) -> None:
    """Let PostgreSQL know what the people of an import are like: its plans for searches depend on it."""
    del account_group_id  # statistics are of the whole table
    if not _is_sqlite(tx):
        tx.execute(sa.text("ANALYZE directory_person, directory_index"))


def find_people(tx: Tx, account_group_id: str, identity_keys: Iterable[str]) -> dict[str, Person]:
    """Return those of the identity keys that somebody bears, with the person."""
    wanted = set(identity_keys)
    entries = _known_entries(tx, account_group_id, wanted)
    return {key: entries[key].record.person for key in wanted if key in entries}


def _slugs_agree(keys: tuple[str, ...], _key: str, entry: _Entry) -> bool:
    return None in (slug_key(keys), slug_key(record_keys(entry.record.person)))


def _known_entries(tx: Tx, account_group_id: str, keys: set[str]) -> dict[str, _Entry]:
    """Return whom we know by any of the keys, under every key of theirs."""
    is_named = is_one_of(tx, DIRECTORY_PERSON.c.identity_key, keys)
    entries = _read_entries(tx, (DIRECTORY_PERSON.c.account_group_id == account_group_id) & is_named)
    # Who is stored under a public name may be asked for by the number that the index knows too.
    numbers = [int(key.removeprefix("member:")) for key in keys if key.startswith("member:") and key not in entries]
    if numbers:
        query = Either(tuple(member_query(number) for number in numbers))
        by_number = sa.select(DIRECTORY_INDEX.c.rowid).where(_found_by(tx, account_group_id, query))
        found = _read_entries(tx, DIRECTORY_PERSON.c.id.in_(by_number))
        entries = {**found, **entries}
    return entries


def _read_entries(tx: Tx, condition: sa.ColumnElement[bool]) -> dict[str, _Entry]:
    columns = (DIRECTORY_PERSON.c.id, DIRECTORY_PERSON.c.identity_key, *_PEOPLE, *_EXTRAS)
    entries: dict[str, _Entry] = {}
    for row in tx.execute(sa.select(*columns).where(condition)):
        entry = _Entry(row.id, row.identity_key, _to_record(row[2:]))
        for key in (row.identity_key, *record_keys(entry.record.person)):
            entries.setdefault(key, entry)
    return entries


def _to_record(values: Sequence[Any]) -> DirectoryRecord:
    count = len(PERSON_FIELDS)
    return DirectoryRecord(Person(*values[:count]), **dict(zip(_EXTRA_FIELDS, values[count:], strict=True)))


def _insert(tx: Tx, account_group_id: str, entries: list[_Entry], now_ms: int) -> None:
    if not entries:
        return
    for id_, entry in zip(_reserve_ids(tx, len(entries)), entries, strict=True):
        entry.id = id_
    rows = [_values(entry, now_ms) for entry in entries]
    insert_rows(tx, DIRECTORY_PERSON, {"account_group_id": account_group_id}, without_empty_columns(rows))
    _index(tx, account_group_id, entries)


def _reserve_ids(tx: Tx, count: int) -> list[int]:
    """Return ids for new people in ascending order: known beforehand, they spare us a RETURNING of every row."""
    if _is_sqlite(tx):
        last = tx.execute(sa.select(sa.func.coalesce(sa.func.max(DIRECTORY_PERSON.c.id), 0))).scalar_one()
        return list(range(last + 1, last + 1 + count))
    sequence = sa.func.pg_get_serial_sequence("directory_person", "id")
    return sorted(
        tx.execute(sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))).scalars()
    )


def _update(tx: Tx, account_group_id: str, entries: list[_Entry], now_ms: int) -> None:
    if not entries:
        return
    mine = (DIRECTORY_PERSON.c.id == sa.bindparam("this_id")) & (
        DIRECTORY_PERSON.c.account_group_id == account_group_id
    )
    tx.execute(
        DIRECTORY_PERSON.update().where(mine), [{"this_id": entry.id, **_values(entry, now_ms)} for entry in entries]
    )
    stale = DIRECTORY_INDEX.delete().where(DIRECTORY_INDEX.c.rowid == sa.bindparam("this_id"))
    tx.execute(stale, [{"this_id": entry.id} for entry in entries])
    _index(tx, account_group_id, entries)


def _values(entry: _Entry, now_ms: int) -> dict[str, Any]:
    person = entry.record.person
    values: dict[str, Any] = {name: getattr(person, name) for name in PERSON_FIELDS}
    values.update((name, getattr(entry.record, name)) for name in _EXTRA_FIELDS)
    return {**values, "id": entry.id, "identity_key": entry.identity_key, "imported_ms": now_ms}


def _index(tx: Tx, account_group_id: str, entries: list[_Entry]) -> None:
    is_sqlite = _is_sqlite(tx)
    rows = [
        {
            "rowid": entry.id,
            "document": entry.document or document_of(account_group_id, entry.record, is_sqlite=is_sqlite),
        }
        for entry in entries
    ]
    insert_rows(tx, DIRECTORY_INDEX, {}, rows)


def _is_sqlite(tx: Tx) -> bool:
    return tx.dialect.name == "sqlite"


def _found_by(tx: Tx, account_group_id: str, query: IndexQuery) -> sa.ColumnElement[bool]:
    everybody = scope_token(account_group_id)
    if _is_sqlite(tx):
        mine = _fts5(Every((Everybody(), query)), everybody)
        return DIRECTORY_INDEX.c.document.op("MATCH", is_comparison=True)(sa.bindparam(None, mine, sa.Text))
    mine = _tsquery(Every((Everybody(), query)), everybody)
    return DIRECTORY_INDEX.c.document.op("@@", is_comparison=True)(sa.bindparam(None, mine, TSQUERY))


def _fts5(query: IndexQuery, everybody: str) -> str:
    """Render a query as FTS5 reads it; each token stands inside quotes, where nothing is syntax."""
    match query:
        case Everybody():
            return f'"{everybody}"'
        case Phrase(tokens):
            return '"{}"'.format(" ".join(tokens).replace('"', '""'))
        case Every(parts):
            return "({})".format(" AND ".join(_fts5(part, everybody) for part in parts))
        case Either(parts):
            return "({})".format(" OR ".join(_fts5(part, everybody) for part in parts))
        case Without(wanted, unwanted):
            return f"({_fts5(wanted, everybody)} NOT {_fts5(unwanted, everybody)})"
    assert_never(query)


def _tsquery(query: IndexQuery, everybody: str) -> str:
    """Render a query as PostgreSQL's tsquery reads it; each token stands inside quotes, where nothing is syntax."""
    match query:
        case Everybody():
            return lexeme(everybody)
        case Phrase(tokens):
            return "({})".format(" <-> ".join(map(lexeme, tokens)))
        case Every(parts):
            return "({})".format(" & ".join(_tsquery(part, everybody) for part in parts))
        case Either(parts):
            return "({})".format(" | ".join(_tsquery(part, everybody) for part in parts))
        case Without(wanted, unwanted):
            return f"({_tsquery(wanted, everybody)} & !{_tsquery(unwanted, everybody)})"
    assert_never(query)
