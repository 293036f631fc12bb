"""Large people files are read by a process of their own: the same people, and nobody is left behind when one ends."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from goldpan.assembly.parts import StoredPeople
from goldpan.operations import people_reader
from goldpan.operations.people_operations import InvalidPeopleFile, import_people
from goldpan.operations.people_reader import LARGE_FILE_BYTES
from goldpan.providers.directory import Directory
from goldpan.storage.database import Database
from tests.people_world import HEADER, NOW_MS, OURS, PEOPLE, PEOPLE_SEARCH, counts, find, two_account_groups
from tests.processes import cpu_seconds, wait_until
from tests.shell import Cli, make_cli

ROWS = 9_000
SECONDS = 30


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with two_account_groups(database_url) as database:
        yield database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return large_file(tmp_path / "people.csv")


def test_a_large_file_is_imported_like_a_small_one(database: Database, file: Path) -> None:
    told: list[tuple[int, float]] = []

    first = import_people(database, OURS, file, NOW_MS, lambda rows, fraction: told.append((rows, fraction)))
    again = import_people(database, OURS, file, NOW_MS, lambda *_: None)

    assert (*counts(first), first.empty, first.rejected, first.rows) == (ROWS + 7, 0, 0, 1, 1, ROWS + 9)
    assert (*counts(again), again.empty, again.rejected) == (0, 0, ROWS + 7, 1, 1)
    assert [line for line, _ in first.rejects] == [10]
    assert first.mapping[0].field == "first_name"
    assert [rows for rows, _ in told] == [2_000, 4_000, 6_000, 8_000, ROWS + 9]
    assert told[-1][1] == 1.0
    directory = Directory(StoredPeople(database))
    assert find(directory, PEOPLE_SEARCH + "keywords=zoe") == {"zoe"}
    assert find(directory, PEOPLE_SEARCH + "keywords=%E7%A7%80%E8%8B%B1") == {"li"}
    assert find(directory, PEOPLE_SEARCH + "keywords=miller%20number8999") == {"miller-8999"}


def test_a_large_file_that_turns_out_damaged_keeps_what_came_before(database: Database, file: Path) -> None:
    damaged = file.with_suffix(".zip")
    with zipfile.ZipFile(damaged, "w") as archive:  # stored, and with a mark of its encoding: nobody reads it all first
        archive.writestr("Connections.csv", file.read_text().encode("utf-16"))
    last = f"number{ROWS - 1}".encode("utf-16-le")
    damaged.write_bytes(damaged.read_bytes().replace(last, b"\xff" * len(last)))
    told: list[int] = []

    with pytest.raises(InvalidPeopleFile, match="damaged"):
        import_people(database, OURS, damaged, NOW_MS, lambda rows, _: told.append(rows))

    assert told == [2_000, 4_000, 6_000, 8_000]
    assert import_people(database, OURS, file, NOW_MS, lambda *_: None).unchanged >= 7_990
    assert readers_of(os.getpid()) == []


def test_an_import_whose_reading_process_is_killed_says_so_and_can_be_repeated(database: Database, file: Path) -> None:
    def kill_the_reader(_rows: int, _fraction: float) -> None:
        for reader in readers_of(os.getpid()):
            os.kill(reader, signal.SIGKILL)

    with pytest.raises(ChildProcessError, match="was ended by SIGKILL; what was stored before stays"):
        import_people(database, OURS, file, NOW_MS, kill_the_reader)

    report = import_people(database, OURS, file, NOW_MS, lambda *_: None)
    assert report.unchanged >= 1_990
    assert report.added + report.unchanged == ROWS + 7


def test_a_mistake_of_ours_in_the_reading_process_is_not_told_as_an_end_from_outside(
    database: Database, file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_reader, "_ENTRY", "raise ArithmeticError('our mistake')")

    with pytest.raises(RuntimeError, match="failed: see what it printed"):
        import_people(database, OURS, file, NOW_MS, lambda *_: None)

    assert "our mistake" in capfd.readouterr().err


def test_the_reading_process_ends_with_an_import_that_fails(database: Database, file: Path) -> None:
    def fail(_rows: int, _fraction: float) -> None:
        assert len(readers_of(os.getpid())) == 1
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        import_people(database, OURS, file, NOW_MS, fail)

    assert readers_of(os.getpid()) == []


@pytest.mark.parametrize(
    ("send", "number", "exit_code"),
    [(os.kill, signal.SIGKILL, -9), (os.killpg, signal.SIGINT, 130)],  # at Ctrl-C a terminal tells both of them
)
def test_the_reading_process_ends_with_the_command(
    tmp_path: Path, send: Callable[[int, int], None], number: int, exit_code: int
) -> None:
    cli = make_cli(tmp_path / "data")
    group = cli.json("account", "create", "Acme")["id"]
    file = large_file(tmp_path / "people.csv", rows=80_000)
    importing = begin_import(cli, file, group)
    (reader,) = wait_until(lambda: readers_of(importing.pid), SECONDS)

    wait_until(lambda: cpu_seconds(reader) > 0.5, SECONDS)
    send(importing.pid, number)

    _, told = importing.communicate(timeout=SECONDS)
    wait_until(lambda: not Path(f"/proc/{reader}").exists(), SECONDS)
    assert importing.returncode == exit_code
    assert "Traceback" not in told
    assert "Error" not in told


def test_no_module_beside_the_file_is_run(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "data")
    group = cli.json("account", "create", "Acme")["id"]
    file = large_file(tmp_path / "people.csv")
    for name in ("json", "csv", "msgspec", "goldpan", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('was_run', 'w')")
    script = Path(sys.executable).with_name("goldpan")

    done = subprocess.run(
        [script, "people", "import", file.name, "--account", group, "--json"],
        cwd=tmp_path, env=cli.environment, capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip

    assert json.loads(done.stdout)["added"] == ROWS + 7
    assert not (tmp_path / "was_run").exists()


def test_a_large_file_whose_name_is_no_text_is_refused_in_plain_words(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "data")
    group = cli.json("account", "create", "Acme")["id"]
    file = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    with open(file, "w") as shoes:
        shoes.write("shoe,size\n" + "1,2\n" * LARGE_FILE_BYTES)

    done = subprocess.run(
        [*cli.line("people", "import"), file, "--account", group],
        env=cli.environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "no column that we know; it begins with shoe,size" in done.stderr
    assert "INVALID_PEOPLE_FILE" in done.stderr


def test_a_large_file_that_the_shell_has_opened_is_read(tmp_path: Path) -> None:
    cli = make_cli(tmp_path / "data")
    group = cli.json("account", "create", "Acme")["id"]
    with large_file(tmp_path / "people.csv").open() as file:
        done = subprocess.run(
            cli.line("people", "import", f"/dev/fd/{file.fileno()}", "--account", group, "--json"),
            env=cli.environment, pass_fds=[file.fileno()], capture_output=True, timeout=SECONDS, check=True,
        )  # fmt: skip

    assert json.loads(done.stdout)["added"] == ROWS + 7


def begin_import(cli: Cli, file: Path, group: str) -> subprocess.Popen[str]:
    line = cli.line("people", "import", str(file), "--account", group)
    return subprocess.Popen(line, env=cli.environment, stdout=-1, stderr=-1, text=True, process_group=0)


def readers_of(pid: int) -> list[int]:
    """Return the processes that read people files for a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"people_reader" in Path(f"/proc/{child}/cmdline").read_bytes()]


def large_file(path: Path, rows: int = ROWS) -> Path:
    """Write seven odd people, an empty row, a bad one, and so many Millers."""
    millers = (
        f"Mia,Miller,linkedin.com/in/miller-{number},,Acme {number},Engineer,,,,,number{number},,\n"
        for number in range(rows)
    )
    path.write_text(HEADER + PEOPLE + ",,,,,,,,,,,,\nEve,X,javascript:alert(1),,,,,,,,,,\n" + "".join(millers))
    assert path.stat().st_size > LARGE_FILE_BYTES
    return path
