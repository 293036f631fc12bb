"""The first tables."""

from alembic import op

from goldpan.storage.tables import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection)
    if connection.dialect.name == "sqlite":
        # The tokens are ours, in plain ASCII or not: the tokenizer must not cut or fold them again.
        op.execute(
            "CREATE VIRTUAL TABLE directory_index USING fts5("
            "document, content='', contentless_delete=1, tokenize=\"ascii tokenchars '_'\")"
        )
    else:
        op.execute(
            "CREATE TABLE directory_index ("
            "rowid bigint PRIMARY KEY REFERENCES directory_person(id) ON DELETE CASCADE, document tsvector NOT NULL)"
        )
        # With fewer, the planner takes a word that nobody has for a common one and reads everybody.
        op.execute("ALTER TABLE directory_index ALTER COLUMN document SET STATISTICS 300")
        op.execute("CREATE INDEX directory_index_document_index ON directory_index USING gin (document)")
