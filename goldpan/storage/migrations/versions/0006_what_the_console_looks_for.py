"""What the console looks for: indexes of people by name, company and address, of keys and files; successors of keys."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Columns = list[str | sa.TextClause]


def upgrade() -> None:
    newest_file: Columns = ["account_group_id", sa.text("created_ms DESC"), sa.text("id DESC")]
    op.create_index("uploaded_file_newest_index", "uploaded_file", newest_file)
    op.create_index("api_key_account_group_index", "api_key_account_group", ["account_group_id", "api_key_id"])
    newest_person: Columns = ["account_group_id", sa.text("imported_ms DESC"), sa.text("id DESC")]
    op.create_index("prospect_newest_index", "prospect", newest_person)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for field in ("name", "last_name", "company_name", "email"):
        beginning = f"substr({field}, 1, 300)"  # PostgreSQL refuses a row whose part of an index has over 2,704 bytes
        small_letters = sa.text(f'lower({beginning} COLLATE "C")' if is_postgresql else f"lower({beginning})")
        is_known = sa.text(f"{field} IS NOT NULL")
        op.create_index(
            f"prospect_{field}_index",
            "prospect",
            ["account_group_id", small_letters, "id"],
            sqlite_where=is_known,
            postgresql_where=is_known,
        )
    # Last: no request can be told whose key it bears until this transaction ends, and the indexes take their time.
    exact = sa.Text(collation="C") if is_postgresql else sa.Text()
    op.add_column("api_key", sa.Column("successor_id", exact))
