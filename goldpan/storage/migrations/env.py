"""How Alembic runs our migrations: on the one transaction that `database.migrate` opened."""

from alembic import context

from goldpan.storage.tables import METADATA

# Its own lock keeps two processes from migrating PostgreSQL at once; SQLite's write lock is held already.
MIGRATION_LOCK = 6_175_226


def run() -> None:
    connection = context.config.attributes["connection"]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    context.configure(connection=connection, target_metadata=METADATA)
    context.run_migrations()


run()
