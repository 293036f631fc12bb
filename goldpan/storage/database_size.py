"""How much room a database takes."""

import sqlalchemy as sa

from goldpan.storage.database import Tx


def size_bytes(tx: Tx) -> int:
    """Return how large the database is, without what SQLite has in its WAL."""
    sqlite = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    sql = sqlite if tx.dialect.name == "sqlite" else "SELECT pg_database_size(current_database())"
    return int(tx.execute(sa.text(sql)).scalar_one())
