"""The rows of a Parquet file as texts, a batch at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from goldpan.providers.people_file_sources import MOST_COLUMNS, InvalidPeopleFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH_CELLS = 20_000
LONGEST_CELL_READ = 10_001  # of a longer one the reader of rows only has to see that it is too long
SAMPLE_ROWS = 200


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
            self.columns = [str(column[0]) for column in result.description or ()]
        if len(self.columns) > MOST_COLUMNS:
            raise InvalidPeopleFile(f"{path} has more than {MOST_COLUMNS:,} columns")
        self.sample = list(islice(self._cells(), SAMPLE_ROWS))

    def rows(self) -> Iterator[list[str]]:
        for cells in self._cells():
            self._rows_read += 1
            yield cells

    def fraction_read(self) -> float:
        return self._rows_read / self._row_count if self._row_count else 1.0

    def _cells(self) -> Iterator[list[str]]:
        # A few bytes of Parquet can stand for thousands of cells of a megabyte each.
        select = f"SELECT left(CAST(COLUMNS(*) AS VARCHAR), {LONGEST_CELL_READ}) FROM read_parquet(?)"
        batch_rows = max(1, BATCH_CELLS // max(1, len(self.columns)))
        with self._opened() as connection:
            result = connection.execute(select, [escape(str(self._path))])
            while batch := result.fetchmany(batch_rows):
                for row in batch:
                    yield [cell or "" for cell in row]

    @contextmanager
    def _opened(self) -> "Iterator[DuckDBPyConnection]":
        # The library takes longer to import than the rest of a command: only where there is Parquet.
        import duckdb

        with duckdb.connect(config={"memory_limit": "256MB", "threads": 1}) as connection:
            try:
                yield connection
            except duckdb.Error as error:
                raise InvalidPeopleFile(f"{self._path} is a damaged Parquet file") from error
