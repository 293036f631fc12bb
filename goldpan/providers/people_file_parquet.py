"""The rows of a Parquet file as texts, a batch at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from goldpan.providers.people_file_rows import clean
from goldpan.providers.people_file_sources import MOST_COLUMNS, InvalidPeopleFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# The library takes as much again, unasked, to hand over what it has ready.
MEMORY: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "256MB", "threads": 1}
LONGEST_CELL_READ = 10_001  # of a longer one the reader of rows only has to see that it is too long
BATCH_LETTERS = 4_000_000  # no batch holds more: a small file may be full of the longest cells
SAMPLE_ROWS = 200
SAMPLE_LETTERS = 1_000_000
LONGEST_SAMPLE_CELL = 400  # an address shows by then what it is


class ParquetFile:
    """A Parquet file, to be read once; every cell is a text, an empty one where the file holds nothing."""

    def __init__(self, path: Path) -> None:
        """Look at the file.

        Raises:
            InvalidPeopleFile: it is damaged.
        """
        self._path = path
        self._rows_read = 0
        with self._opened() as connection:
            found = connection.execute("SELECT count(*) FROM read_parquet(?)", [escape(str(path))]).fetchone()
            self._row_count = found[0] if found else 0
            result = connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [escape(str(path))])
            self.columns = [clean(str(column[0])) or "" for column in result.description or ()]
        if len(self.columns) > MOST_COLUMNS:
            raise InvalidPeopleFile(f"{path} has more than {MOST_COLUMNS:,} columns")

    def sample(self) -> list[list[str]]:
        """Return the beginnings of the first rows' cells."""
        taken: list[list[str]] = []
        letters = 0
        for cells in self._cells(LONGEST_SAMPLE_CELL):
            taken.append(cells)
            letters += sum(map(len, cells))
            if len(taken) == SAMPLE_ROWS or letters >= SAMPLE_LETTERS:
                break
        return taken

    def rows(self) -> Iterator[list[str]]:
        for cells in self._cells(LONGEST_CELL_READ):
            self._rows_read += 1
            yield cells

    def fraction_read(self) -> float:
        return self._rows_read / self._row_count if self._row_count else 1.0

    def _cells(self, longest: int) -> Iterator[list[str]]:
        # A few bytes of Parquet can stand for thousands of cells of a megabyte each. What is cut is copied, and what is
        # copied the library counts as its memory: cells that are short enough must not go round that.
        select = f"SELECT left(CAST(COLUMNS(*) AS VARCHAR), {longest}) FROM read_parquet(?)"
        batch_rows = max(1, BATCH_LETTERS // (longest * max(1, len(self.columns))))
        with self._opened() as connection:
            result = connection.execute(select, [escape(str(self._path))])
            while batch := result.fetchmany(batch_rows):
                for row in batch:
                    yield [cell or "" for cell in row]

    @contextmanager
    def _opened(self) -> "Iterator[DuckDBPyConnection]":
        # The library takes longer to import than the rest of a command: only where there is Parquet.
        import duckdb

        with duckdb.connect(config=MEMORY) as connection:
            try:
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise InvalidPeopleFile(f"{self._path} is Parquet with too much in one block of rows") from error
            except duckdb.Error as error:
                raise InvalidPeopleFile(f"{self._path} is a damaged Parquet file") from error
