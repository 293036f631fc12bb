"""How a list is read page by page: from a place in it, by an index, never by counting rows off."""

import sqlalchemy as sa

AFTER_MS = "after_ms"
AFTER_ID = "after_id"
LIMIT = sa.bindparam("limit", type_=sa.Integer)


def after_position(table: sa.Table, time: str = "created_ms", id_: str = "id") -> sa.ColumnElement[bool]:
    """Return the condition for rows after the place (`after_ms`, `after_id`) in a list that runs newest first.

    One comparison of a pair, and not an OR of two: both databases walk the index straight to the place.
    """
    place = sa.tuple_(sa.bindparam(AFTER_MS, type_=sa.BigInteger), sa.bindparam(AFTER_ID, type_=sa.Text))
    return sa.tuple_(table.c[time], table.c[id_]) < place
