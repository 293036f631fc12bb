"""How a list is read page by page: from a place in it, by an index, never by counting rows off."""

import sqlalchemy as sa

AFTER_MS = "after_ms"
AFTER_ID = "after_id"
LIMIT = sa.bindparam("limit", type_=sa.Integer)


def after_position(table: sa.Table, time: str = "created_ms", id_: str = "id") -> sa.ColumnElement[bool]:
    """Return the condition for rows after the place (`after_ms`, `after_id`) in a list that runs newest first.

    One comparison of a pair, and not an OR of two: both databases walk the index straight to the place.
    """
    return _pair(table, time, id_) < _place()


def after_position_oldest_first(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the same for a list that runs oldest first."""
    return _pair(table, "created_ms", "id") > _place()


def _pair(table: sa.Table, time: str, id_: str) -> sa.Tuple:
    return sa.tuple_(table.c[time], table.c[id_])


def _place() -> sa.Tuple:
    return sa.tuple_(sa.bindparam(AFTER_MS, type_=sa.BigInteger), sa.bindparam(AFTER_ID, type_=sa.Text))


def is_within(position: sa.ColumnElement[int], first: int, count: int) -> sa.ColumnElement[bool]:
    """Return the condition that a position, of those without gaps, is one of so many, from `first` on.

    With both ends PostgreSQL looks at these rows alone. With a limit it sorted all the later ones, while a table grows
    and it knows little of it.
    """
    return (position >= first) & (position < first + count)
