"""What an upload may take of the machine while it goes on: how much is written at once, and how much may lie here."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan import assembly
from goldpan.api import request_file
from goldpan.api.export_parquet import write_parquet
from goldpan.api.export_presets import Column
from goldpan.api.request_file import received_file
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import Person
from goldpan.operations.account_operations import create_account
from goldpan.operations.file_operations import LETTERS_A_CHUNK, FileReport, upload_file
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import Database
from tests.people_file_samples import HEADER
from tests.stored_people import member

LONG = "x" * 10_000
FILE_LIMIT = 64 * 1024 * 1024


@pytest.fixture
def toolbox(database_url: str) -> Iterator[Toolbox]:
    database = Database(database_url)
    yield assembly.build_toolbox(database)
    database.close()


def upload(toolbox: Toolbox, folder: Path, content: str | bytes) -> FileReport:
    path = folder / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    group_id = create_account(toolbox, "alice", "starter", 0).id
    alice = Principal("alice", False, frozenset(Permission), frozenset({group_id}))
    return upload_file(toolbox, alice, group_id, "people.csv", path)


def letters_written(database: Database) -> list[int]:
    """Return how many letters each statement brings that stores rows of files: to be filled from now on."""
    written: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("INSERT INTO uploaded_row"):
            rows = parameters if isinstance(parameters, list) else [parameters]
            values = [row.values() if isinstance(row, dict) else row for row in rows]
            written.append(sum(len(value) for row in values for value in row if isinstance(value, str)))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    return written


def test_a_file_of_long_rows_is_written_a_little_at_a_time(toolbox: Toolbox, tmp_path: Path) -> None:
    written = letters_written(toolbox.database)
    rows = [f"Ada,{LONG},https://www.linkedin.com/in/ada-{number},,{LONG},{LONG},\r\n" for number in range(200)]

    report = upload(toolbox, tmp_path, HEADER + "".join(rows))

    assert (report.file.people_count, report.file.distinct_count) == (200, 200)
    assert sum(written) > 200 * 3 * len(LONG)
    assert max(written) < LETTERS_A_CHUNK + 100_000


def test_column_names_that_no_database_takes_are_cleaned_and_cut(toolbox: Toolbox, tmp_path: Path) -> None:
    columns = [Column("LinkedIn\0 Url", "person.linkedin_url"), Column("\0" + "o" * 5_000, "person.about")]
    people = [Person(linkedin_url="linkedin.com/in/ada"), Person(linkedin_url="linkedin.com/company/acme")]
    page = [member(number, one) for number, one in enumerate(people)]

    report = upload(toolbox, tmp_path, b"".join(write_parquet([page], columns)))

    assert report.mapping == [("LinkedIn Url", "profile_url"), ("o" * 200, None)]
    [reject] = report.rejects
    assert (reject.reject_reason or "").startswith("LinkedIn Url: ")


def test_a_long_column_name_of_a_text_is_cut_too(toolbox: Toolbox, tmp_path: Path) -> None:
    report = upload(toolbox, tmp_path, f"LinkedIn Url,{'o' * 5_000}\nlinkedin.com/in/ada,1\n")

    assert report.mapping == [("LinkedIn Url", "profile_url"), ("o" * 200, None)]


@pytest.mark.parametrize(("pieces", "is_taken"), [(40, False), (4, True)])
def test_a_file_that_comes_too_slowly_in_all_gives_its_place_to_others(
    pieces: int, is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            await asyncio.sleep(0.05)
            yield b"a" * 1_000

    async def receive() -> int:
        async with received_file(body(), FILE_LIMIT) as path:
            return path.stat().st_size

    monkeypatch.setattr(request_file, "FIRST_SECONDS", 0.5)

    if is_taken:
        assert asyncio.run(receive()) == pieces * 1_000
        return
    with pytest.raises(Problem) as raised:
        asyncio.run(receive())
    assert raised.value.kind is ErrorKind.MALFORMED_REQUEST
    assert "too slowly" in str(raised.value)


@pytest.mark.parametrize("size", [1, 5_000, 1_000_000, 3 * 1024 * 1024])
def test_a_full_disk_is_told_whatever_the_size_of_the_file(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"a" * size

    async def receive() -> None:
        async with received_file(body(), FILE_LIMIT):
            raise AssertionError("there was room")

    monkeypatch.setattr(request_file, "mkstemp", lambda prefix: (os.open("/dev/full", os.O_WRONLY), f"{prefix}none"))

    with pytest.raises(Problem) as raised:
        asyncio.run(receive())

    assert raised.value.kind is ErrorKind.SERVICE_UNAVAILABLE
    assert raised.value.headers["Retry-After"]
