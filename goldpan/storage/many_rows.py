"""Many rows by one statement, the same one for the same columns: on PostgreSQL the rows are one parameter.

A statement a row costs a round through both programs a row, and a list of parameters is a new statement for every
length. SQLite has no such rounds.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from goldpan.storage.database import Tx


def insert_rows(
    tx: Tx, table: sa.TableClause, common: Mapping[str, object], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert at least one row: each has its own columns, the same ones as the others, and those of `common`."""
    if tx.dialect.name == "sqlite":
        tx.execute(table.insert(), [{**common, **row} for row in rows])
        return
    # JSON and not an array a column: the driver writes arrays in Python, which took a fifth of an import
    own = msgspec.json.encode(rows).decode()
    tx.execute(_insert_of_json(table, tuple(common), tuple(rows[0])), {**common, "rows": own})


def without_empty_columns(rows: Sequence[dict[str, object]]) -> Sequence[dict[str, object]]:
    """Return the rows without the columns that hold nothing in any of them: of most people little is known."""
    used = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    if len(used) == len(rows[0]):
        return rows
    return [{name: row[name] for name in used} for row in rows]


def is_one_of(tx: Tx, column: sa.ColumnElement[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that the column's text is one of the values."""
    if tx.dialect.name == "sqlite":
        return column.in_(values)
    return column == sa.any_(sa.bindparam(None, list(values), ARRAY(sa.Text), unique=True))


@lru_cache(maxsize=256)
def _insert_of_json(table: sa.TableClause, common: tuple[str, ...], own: tuple[str, ...]) -> sa.Insert:
    rows = sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON))
    typed = [sa.column(name, table.c[name].type) for name in own]
    records = rows.table_valued(*typed).render_derived(name="own_values", with_types=True)
    # in the statement and not in the JSON: the account group's id says where the rows are stored
    given = [sa.bindparam(name, type_=table.c[name].type) for name in common]
    return sa.insert(table).from_select([*common, *own], sa.select(*given, *records.c), include_defaults=False)
