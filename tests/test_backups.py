"""Backups that are made while jobs run, and what becomes of them when they are restored."""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from goldpan.storage.database import Database
from tests import postgres_server
from tests.invariants import assert_invariants
from tests.processes import Goldpan, wait_until

ROUNDS = 4


@pytest.fixture
def goldpan(tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation on SQLite; nothing runs yet."""
    with Goldpan(tmp_path / "original") as goldpan:
        yield goldpan


def run_command(
    goldpan: Goldpan, *arguments: object, data: Path | None = None, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command on the installation, or on another data directory of the same kind."""
    return subprocess.run(
        [sys.executable, "-m", "goldpan.cli", *map(str, arguments)],
        env={**goldpan.environment, "GOLDPAN_DATA": str(data or goldpan.folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )


def back_up(goldpan: Goldpan, file: Path) -> dict[str, Any]:
    done = run_command(goldpan, "backup", file, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def rows(url: str, query: str) -> set[tuple[Any, ...]]:
    database = Database(url)
    try:
        with database.read() as tx:
            return {tuple(row) for row in tx.execute(sa.text(query))}
    finally:
        database.close()


def test_backups_under_load_are_moments_of_the_past_and_go_on_when_restored(goldpan: Goldpan, tmp_path: Path) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(2_000)])
    goldpan.serve()
    job_ids = [goldpan.start(f"gale {number} total:400 pace:60") for number in range(4)]
    job_ids.append(goldpan.start("miller", live=True, maxResults=2_000))
    files = [tmp_path / f"backup-{number}.db" for number in range(ROUNDS)]
    for file in files:
        time.sleep(0.4)  # the moments shall differ
        assert back_up(goldpan, file) == {"file": str(file), "bytes": file.stat().st_size, "status": "written"}
    ended = {job["jobId"]: job for job in goldpan.wait_for_end(job_ids)}
    people, entries = (
        rows(goldpan.url, "SELECT id FROM prospect"),
        rows(goldpan.url, "SELECT id, kind FROM credit_entry"),
    )

    sizes = []
    for file in files:
        url = f"sqlite:///{_restored(goldpan, file)}/goldpan.db"
        assert_invariants(url)
        kept = rows(url, "SELECT id FROM prospect")
        sizes.append(len(kept))
        assert kept <= people
        assert rows(url, "SELECT id, kind FROM credit_entry") <= entries

    assert sizes == sorted(sizes)
    assert sizes[0] < len(people)
    with goldpan.beside(_restored(goldpan, files[0], "again")) as restored:
        restored.serve()
        for job in restored.wait_for_end(job_ids):
            assert job["counts"] == ended[job["jobId"]]["counts"]
            assert job["credits"] == ended[job["jobId"]]["credits"]
        assert_invariants(restored.url)


def _restored(goldpan: Goldpan, file: Path, name: str = "restored") -> Path:
    data = file.with_suffix(f".{name}")
    done = run_command(goldpan, "restore", file, data=data)
    assert done.returncode == 0, done.stderr
    return data


def test_a_backup_is_one_file_that_its_owner_alone_can_read(goldpan: Goldpan, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    back_up(goldpan, folder / "goldpan.db")

    assert [path.name for path in folder.iterdir()] == ["goldpan.db"]
    assert (folder / "goldpan.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_overwrites_nothing(goldpan: Goldpan, tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_text("a holiday")

    done = run_command(goldpan, "backup", file)

    assert done.returncode == 1
    assert "is there already, and nothing is overwritten" in done.stderr
    assert file.read_text() == "a holiday"


def test_a_backup_without_a_database_says_so(goldpan: Goldpan, tmp_path: Path) -> None:
    done = run_command(goldpan, "backup", tmp_path / "backup.db", data=tmp_path / "elsewhere")

    assert done.returncode == 1
    assert "there is no database" in done.stderr
    assert not (tmp_path / "backup.db").exists()


def test_a_full_disk_leaves_nothing_of_a_backup(goldpan: Goldpan, tmp_path: Path) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(3_000)])
    folder = tmp_path / "full"
    folder.mkdir()

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = run_command(goldpan, "backup", folder / "backup.db", before=no_room)

    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_a_damaged_database_is_named_in_one_line_and_leaves_nothing(goldpan: Goldpan, tmp_path: Path) -> None:
    source = tmp_path / "original" / "goldpan.db"
    folder = tmp_path / "backups"
    folder.mkdir()
    back_up(goldpan, folder / "whole.db")
    data = bytearray((folder / "whole.db").read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    source.write_bytes(data)
    for companion in ("-wal", "-shm"):
        source.with_name(source.name + companion).unlink(missing_ok=True)

    done = run_command(goldpan, "backup", folder / "backup.db")

    assert done.returncode == 1
    assert f"{source} is damaged" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["whole.db"]


def test_a_backup_into_a_folder_that_is_not_there_is_refused(goldpan: Goldpan, tmp_path: Path) -> None:
    done = run_command(goldpan, "backup", tmp_path / "nowhere" / "backup.db")

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_nothing_is_restored_where_a_server_runs(goldpan: Goldpan, tmp_path: Path) -> None:
    back_up(goldpan, tmp_path / "backup.db")
    goldpan.serve()

    done = run_command(goldpan, "restore", tmp_path / "backup.db")

    assert done.returncode == 1
    assert "another goldpan serves the data directory" in done.stderr


@pytest.mark.parametrize("left", ["goldpan.db", "goldpan.db-wal"])
def test_nothing_is_restored_over_a_database_or_what_is_left_of_one(
    goldpan: Goldpan, tmp_path: Path, left: str
) -> None:
    back_up(goldpan, tmp_path / "backup.db")
    data = tmp_path / "data"
    data.mkdir()
    (data / left).write_text("another")

    done = run_command(goldpan, "restore", tmp_path / "backup.db", data=data)

    assert done.returncode == 1
    assert "nothing is overwritten" in done.stderr
    assert (data / left).read_text() == "another"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8192])


def _scribble(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[40_960:45_056] = b"\xff" * 4096
    file.write_bytes(data)


def _rewrite(statement: str) -> Callable[[Path], None]:
    def rewrite(file: Path) -> None:
        database = Database(f"sqlite:///{file}")
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql(statement)
            connection.commit()
        database.close()

    return rewrite


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_cut, "damaged"),
        (_scribble, ""),
        (lambda file: file.write_text("a shopping list"), "no database of Goldpan's"),
        (_rewrite("DROP TABLE alembic_version"), "no database of Goldpan's"),
        (_rewrite("DELETE FROM account_group"), "refers to a row that is not there"),
        (_rewrite("UPDATE alembic_version SET version_num = '9999'"), "made by a newer Goldpan"),
    ],
    ids=["cut", "scribbled", "no database", "no schema", "a missing row", "newer"],
)
def test_a_file_that_is_no_whole_backup_is_not_restored(
    goldpan: Goldpan, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    file, data = tmp_path / "backup.db", tmp_path / "data"
    back_up(goldpan, file)
    spoil(file)

    done = run_command(goldpan, "restore", file, data=data)

    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(data.glob("goldpan.db*"))


def test_postgresql_is_left_to_its_own_tools(tmp_path: Path, postgres_url: str) -> None:
    with Goldpan(tmp_path, postgres_url) as scaled:
        done = run_command(scaled, "backup", tmp_path / "backup.db")

    assert done.returncode == 1
    assert "use pg_dump, see docs/operating.md" in done.stderr


def test_a_dump_of_postgresql_under_load_goes_on_when_restored(
    tmp_path: Path, bare_postgres_url: str, postgres_url: str
) -> None:
    with Goldpan(tmp_path / "original", bare_postgres_url) as scaled:
        scaled.serve()
        worker = scaled.work()
        job_ids = [scaled.start(f"gale {number} total:300 pace:60") for number in range(4)]
        wait_until(lambda: scaled.job(job_ids[0])["counts"]["imported"] > 50, 90)
        dump = tmp_path / "goldpan.dump"
        _tool("pg_dump", "--format=custom", f"--file={dump}", **_service(tmp_path, bare_postgres_url))
        ended = {job["jobId"]: job["counts"] for job in scaled.wait_for_end(job_ids)}
        worker.stop()

        service = _service(tmp_path, postgres_url)
        name = str(conninfo_to_dict(postgres_url)["dbname"])
        _tool("dropdb", name, **service)  # whatever schema it has
        _tool("createdb", name, **service)
        whole = ("--exit-on-error", "--single-transaction", "--no-owner")
        _tool("pg_restore", *whole, "--dbname=service=goldpan", str(dump), **service)

        assert_invariants(postgres_url)
        with scaled.beside(tmp_path / "restored", postgres_url) as restored:
            restored.serve()
            restored.work()
            assert {job["jobId"]: job["counts"] for job in restored.wait_for_end(job_ids)} == ended
            assert_invariants(postgres_url)


def _service(folder: Path, url: str) -> dict[str, str]:
    """Return what makes the database `[goldpan]`, as in docs/operating.md: no list of processes shows a password."""
    parts = conninfo_to_dict(url)
    password_file, service_file = folder / "pgpass", folder / "pg_service.conf"
    password_file.write_text(f"*:*:*:*:{parts.pop('password', '')}\n")
    password_file.chmod(0o600)
    service_file.write_text("[goldpan]\n" + "".join(f"{name}={value}\n" for name, value in parts.items()))
    return {"PGSERVICE": "goldpan", "PGSERVICEFILE": str(service_file), "PGPASSFILE": str(password_file)}


def _tool(name: str, *arguments: str, **service: str) -> None:
    """Run a tool of the PostgreSQL that the tests use, or of the machine."""
    found = postgres_server.tool(name) or shutil.which(name)
    assert found, f"{name} is needed: it comes with PostgreSQL's client"
    done = subprocess.run(
        [found, *arguments], env=os.environ | service, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
