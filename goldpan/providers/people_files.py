"""Reads a file of people as a stream: finds out who wrote it, what its columns hold, and tells every row's person."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from goldpan.domain.directory_rules import DirectoryRecord
from goldpan.domain.identity_rules import InvalidProfileUrl, parse_profile_url
from goldpan.providers.people_file_dialects import PARQUET, ColumnUse, read_header
from goldpan.providers.people_file_layouts import Layout, complete_header, find_layout, read_records
from goldpan.providers.people_file_parquet import ParquetFile
from goldpan.providers.people_file_rows import RejectedRow, RowReader, clean, person_of_profile
from goldpan.providers.people_file_sources import (
    LARGEST_UNPACKED,
    InvalidPeopleFile,
    Lines,
    Source,
    find_encoding,
    find_source,
    opened_text,
)

SAMPLE_LINES = 200
SAMPLE_LETTERS = 1_000_000  # of which each may part two columns, for each delimiter
LONGEST_NAMED_ADDRESS = 4_096
WHAT_WE_READ = (
    "Expected is LinkedIn's Connections.csv or the zip it comes in, a CSV or Parquet file with columns such as "
    "First Name, Last Name, LinkedIn Url, Email, Company and Title, or one profile URL a line"
)

# A comma parts two addresses only where another begins: a Sales Navigator address holds commas itself.
_BETWEEN_ADDRESSES = re.compile(r"[\s\"<>;|]+|,(?=\s|$|[\"<;]|https?:|(?:[a-z]{2,3}\.)?linkedin\.com/)", re.IGNORECASE)
_NAME_AND_ADDRESS = re.compile(r"\s*\"?([^\"<>]*[^\"<>\s])\"?\s*<[^<>]+>[\s,;]*")


class Row(NamedTuple):
    """A row of the file: a person, or why it is none; neither: the row is empty. Lines are counted from 1."""

    line_number: int
    person: DirectoryRecord | None
    reject_reason: str | None


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """A file of people, to be read once: `rows` streams, `fraction_read` tells from 0 to 1 how far it is."""

    dialect: str
    mapping: tuple[ColumnUse, ...]
    rows: Iterator[Row]
    fraction_read: Callable[[], float]


class _Progress:
    def __init__(self, size: int) -> None:
        self.size = size
        self.file: IO[bytes] | None = None
        self._fraction = 0.0

    def fraction(self) -> float:
        if self.file is not None and not self.file.closed:
            self._fraction = min(self.file.tell() / self.size, 1.0) if self.size else 1.0
        return self._fraction


def read_people(path: Path, largest_unpacked: int = LARGEST_UNPACKED) -> PeopleFile:
    """Open a file of people; its rows are read while you ask for them.

    What is packed in a zip may have up to `largest_unpacked` bytes.

    Raises:
        InvalidPeopleFile: nothing in it looks like people, or it cannot be read, now or later among its rows.
    """
    source = find_source(path, largest_unpacked)
    if source is None:
        return _read_parquet(path)
    encoding = find_encoding(source)
    with opened_text(source, encoding) as (lines, _):
        sample = lines.take(SAMPLE_LINES, SAMPLE_LETTERS)
    layout = find_layout(sample)
    if layout is None:
        raise InvalidPeopleFile(f"{path} {_what_it_is(sample)}. {WHAT_WE_READ}")
    progress = _Progress(source.size)
    rows = _rows(source, encoding, layout, progress)
    return PeopleFile(layout.dialect, layout.header.uses(), rows, progress.fraction)


def _read_parquet(path: Path) -> PeopleFile:
    parquet = ParquetFile(path)
    header = complete_header(read_header(parquet.columns), parquet.sample())
    if not header.is_usable():
        raise InvalidPeopleFile(
            f"{path} has only columns that we do not know: {_shown(parquet.columns)}. {WHAT_WE_READ}"
        )
    reader = RowReader(header)
    rows = (_read_row(reader, number, cells) for number, cells in enumerate(parquet.rows(), start=1))
    return PeopleFile(PARQUET, header.uses(), rows, parquet.fraction_read)


def _what_it_is(sample: list[str]) -> str:
    text = "".join(sample)
    if "\0" in text or text.count("\ufffd") > len(text) / 100:
        return "is not a text file"
    if not text.strip():
        return "is empty"
    first = next(line for line in sample if line.strip())
    return f"has no column that we know; it begins with {_shown([first])}"


def _shown(columns: list[str]) -> str:
    return (clean(", ".join(columns)) or "")[:200]


def _rows(source: Source, encoding: str, layout: Layout, progress: _Progress) -> Iterator[Row]:
    with opened_text(source, encoding) as (lines, file):
        progress.file = file
        lines.take(layout.head_lines)
        yield from _rows_of_table(lines, layout) if layout.delimiter else _rows_of_list(lines)
        progress.fraction()


def _rows_of_table(lines: Lines, layout: Layout) -> Iterator[Row]:
    reader = RowReader(layout.header)
    for record in read_records(lines, layout.delimiter or ","):
        if record.cells is None:
            yield Row(record.first_line, None, record.problem)
        else:
            yield _read_row(reader, record.first_line, record.cells)


def _read_row(reader: RowReader, number: int, cells: list[str]) -> Row:
    try:
        return Row(number, reader.read(cells), None)
    except RejectedRow as reason:
        return Row(number, None, str(reason))


def _rows_of_list(lines: Lines) -> Iterator[Row]:
    for line in lines:
        lines.start_row()
        text = clean(line) or ""
        addresses = [part for part in _BETWEEN_ADDRESSES.split(text) if part]
        if len(addresses) > 1:
            addresses = [part for part in addresses if "/" in part or ":" in part] or [text]
        name = _name_before(text) if len(addresses) == 1 else None
        for address in addresses:
            yield _read_address(lines.number, address, name)
        if not addresses:
            yield Row(lines.number, None, None)


def _name_before(text: str) -> str | None:
    """Return the name in `Name <address>`; None: there is none."""
    if "<" not in text or len(text) >= LONGEST_NAMED_ADDRESS:
        return None
    named = _NAME_AND_ADDRESS.fullmatch(text)
    return clean(named[1]) if named else None


def _read_address(number: int, address: str, name: str | None) -> Row:
    try:
        return Row(number, person_of_profile(parse_profile_url(address), name), None)
    except InvalidProfileUrl as reason:
        return Row(number, None, str(reason))
