"""Files that a stranger made to cost us: a few bytes that stand for gigabytes, and names that are none."""

import resource
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.providers.people_files import read_people
from tests.people_file_samples import ADA, HEADER, read, reasons, zip_of


def memory_peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def traced_peak() -> Iterator[Callable[[], int]]:
    """Yield what tells the most bytes that Python's own objects took since then."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parquet_of(path: Path, select: str) -> Path:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def test_a_zip_of_many_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:020}.csv", b"")

    with pytest.raises(InvalidPeopleFile, match="damaged zip"):
        read_people(path)


@pytest.mark.parametrize("name", [b"\xff\xfe", b"", b"\xc3("])
def test_a_member_with_a_damaged_name_is_no_crash(tmp_path: Path, name: bytes) -> None:
    path = zip_of(tmp_path / "people.zip", **{"é.csv": HEADER + ADA})
    content = path.read_bytes().replace("é".encode(), (name + b"\xff\xff")[:2])
    path.write_bytes(content)

    with pytest.raises(InvalidPeopleFile, match="damaged zip"):
        list(read_people(path).rows)


def test_a_zip_for_a_version_to_come_is_no_crash(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "people.zip", **{"people.csv": HEADER + ADA})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 99
    path.write_bytes(content)

    with pytest.raises(InvalidPeopleFile, match="damaged zip"):
        read_people(path)


def test_a_zip_of_a_costly_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("people.csv", HEADER + ADA)

    with pytest.raises(InvalidPeopleFile, match="kind we cannot unpack"):
        read_people(path)


def test_a_zip_may_unpack_to_so_much_and_no_more(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "people.zip", **{"people.csv": HEADER + ADA})
    size = len(HEADER + ADA)

    assert len(list(read_people(path, size).rows)) == 1
    with pytest.raises(InvalidPeopleFile, match="unpacks to more than"):
        read_people(path, size - 1)


def test_cells_of_a_megabyte_in_a_small_parquet_file_do_not_fill_the_memory(tmp_path: Path) -> None:
    people = "SELECT 'linkedin.com/in/ada-' || i AS url, repeat('x', 1000000) AS about FROM range(500) t(i)"
    path = parquet_of(tmp_path / "people.parquet", people)
    before = memory_peak_mib()

    rows = list(read_people(path).rows)

    assert set(reasons(rows).values()) == {"the column 'about' is longer than 10,000 characters"}
    assert len(rows) == 500
    assert memory_peak_mib() - before < 200


def test_many_long_cells_in_a_small_parquet_file_do_not_fill_the_memory(tmp_path: Path) -> None:
    columns = ", ".join(f"repeat('x', 10000) AS column_{number}" for number in range(60))
    people = f"SELECT 'linkedin.com/in/ada-' || i AS url, {columns} FROM range(200) t(i)"
    path = parquet_of(tmp_path / "people.parquet", people)

    with traced_peak() as peak:
        file = read_people(path)
        opened = peak()
        count = sum(row.person is not None for row in file.rows)
        read_all = peak()

    assert path.stat().st_size < 200_000
    assert count == 200
    assert opened < 10_000_000
    assert read_all < 20_000_000


def test_parquet_with_too_much_in_one_block_of_rows_is_refused_as_that(tmp_path: Path) -> None:
    columns = ", ".join(f"repeat('x', 10000) AS column_{number}" for number in range(60))
    people = f"SELECT 'linkedin.com/in/ada-' || i AS url, {columns} FROM range(2048) t(i)"
    path = parquet_of(tmp_path / "people.parquet", people)

    with pytest.raises(InvalidPeopleFile, match="too much in one block of rows"):
        list(read_people(path).rows)


def test_a_parquet_file_of_many_columns_is_refused(tmp_path: Path) -> None:
    columns = ", ".join(f"{number} AS column_{number}" for number in range(1_001))
    path = parquet_of(tmp_path / "people.parquet", f"SELECT {columns}")

    with pytest.raises(InvalidPeopleFile, match="more than 1,000 columns"):
        read_people(path)


def test_lines_of_a_million_columns_are_no_table_and_no_people(tmp_path: Path) -> None:
    line = "linkedin.com/in/ada-l" + "," * 900_000 + "\n"

    rows = read(tmp_path / "people.csv", "First Name,URL" + "," * 900_000 + "\n" + line * 4)

    assert [row.person for row in rows] == [None] * 5
