"""An empty database of either kind for one run of a benchmark, removed at its end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from goldpan import assembly
from tests import postgres_server


@contextmanager
def scratch_database(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """Make an empty database; yield the environment that leads Goldpan to it."""
    if kind == "sqlite":
        yield {"GOLDPAN_DATA": str(folder), "GOLDPAN_DATABASE_URL": ""}
        return
    name = f"goldpan_benchmark_{os.getpid()}"
    with _postgresql(folder) as server_url, psycopg.connect(server_url, autocommit=True) as admin:
        postgres_server.create_database(admin, name, "template0")
        url = postgres_server.with_database(server_url, name)
        try:
            assembly.migrate(url)
            yield {"GOLDPAN_DATA": str(folder), "GOLDPAN_DATABASE_URL": url}
        finally:
            postgres_server.drop_database(admin, name)


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    given = os.environ.get("GOLDPAN_TEST_POSTGRES")
    if given:
        yield given
        return
    folder.chmod(0o755)
    directory = folder / "postgresql"
    directory.mkdir()
    try:
        yield postgres_server.start(directory, os.getpid())
    finally:
        postgres_server.stop(directory)
