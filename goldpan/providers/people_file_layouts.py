"""Finds the head of a people file: by the names of its columns, else by what stands in them."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from goldpan.domain.identity_rules import InvalidProfileUrl, parse_profile_url
from goldpan.providers.people_file_dialects import (
    CONNECTIONS,
    CONNECTIONS_LAYOUTS,
    URL_LIST,
    Header,
    name_dialect,
    read_header,
)
from goldpan.providers.people_file_rows import clean, is_email
from goldpan.providers.people_file_sources import MOST_COLUMNS, Lines

DELIMITERS = (",", ";", "\t", "|")
_DATE = re.compile(r"(?=.{6,30}$).*\d{1,4}\D+.*\d")
_ADDRESS = re.compile(r"linkedin\.com/(?:in|pub|sales|talent|mwlite)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is laid out: `head_lines` come before the rows; without a delimiter it is one address a line."""

    dialect: str
    header: Header
    head_lines: int
    delimiter: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """What the CSV parser made of some lines; `cells` is None where they break its rules, as `problem` says."""

    first_line: int
    last_line: int
    cells: list[str] | None
    problem: str | None = None


def read_records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Return the records of a CSV one by one; after a broken one it goes on with the next line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first_line = lines.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.give_up_row()
            yield Record(first_line, lines.number, None, f"not well-formed CSV: {error}")
        else:
            yield Record(first_line, lines.number, cells)


def find_layout(sample: Sequence[str]) -> Layout | None:
    """Return the layout that the first lines of a file show; None: nothing in them looks like people."""
    found = [_find_head(delimiter, list(read_records(_lines(sample), delimiter))) for delimiter in DELIMITERS]
    best = max(filter(None, found), key=lambda layout: layout.header.count(), default=None)
    if best is not None and len(best.header.columns) > 1:
        return best
    # A list under the word URL: an address may hold commas of its own, so it is no table.
    if best is not None or any(_ADDRESS.search(line) for line in sample):
        head_lines = best.head_lines if best else 0
        return Layout(URL_LIST, Header(("line",), ("profile_url",)), head_lines, None)
    return None


def complete_header(header: Header, rows: Sequence[Sequence[str]]) -> Header:
    """Return the header with those columns named too that only their contents in `rows` give away."""
    fields = list(header.fields)
    for field, fits in (("profile_url", _is_profile), ("email", is_email)):
        for place in range(len(fields)):
            if field not in fields and fields[place] is None and _mostly(fits, rows, place):
                fields[place] = field
    for layout in CONNECTIONS_LAYOUTS:
        agrees = len(fields) == len(layout) and all(
            field in (None, expected) for field, expected in zip(fields, layout, strict=True)
        )
        if agrees and None in fields and _mostly(_is_date, rows, len(layout) - 1):
            fields = list(layout)
    return replace(header, fields=tuple(fields))


def _lines(sample: Sequence[str]) -> Lines:
    return Lines(io.StringIO("".join(sample), newline=""))


def _find_head(delimiter: str, records: list[Record]) -> Layout | None:
    rows = [(record, [clean(cell) or "" for cell in _few(record.cells)]) for record in records]
    candidates = [
        (index, header)
        for index, (_, cells) in enumerate(rows)
        if any(cells) and not _is_data(cells) and (header := read_header(cells)).is_usable()
    ]
    if not candidates:
        heads = _heads_of_data([cells for _, cells in rows])
        candidates = [(index, read_header(rows[index][1])) for index in heads]
    if not candidates:
        return None
    index, header = max(candidates, key=lambda candidate: candidate[1].count())
    header = complete_header(header, [cells for _, cells in rows[index + 1 :]])
    if not header.is_usable():
        return None
    dialect = CONNECTIONS if header.fields in CONNECTIONS_LAYOUTS else name_dialect(header)
    return Layout(dialect, header, rows[index][0].last_line, delimiter)


def _few(cells: list[str] | None) -> list[str]:
    """Return the cells of a row that may head a file; one with thousands of columns names no people."""
    return cells if cells and len(cells) <= MOST_COLUMNS else []


def _heads_of_data(rows: list[list[str]]) -> list[int]:
    """Return the place of the row that heads the data: the first that is as wide; empty: there is no such row."""
    data = next((index for index, cells in enumerate(rows) if len(cells) > 1 and _is_data(cells)), 0)
    return [index for index in range(data) if len(rows[index]) == len(rows[data])][:1]


def _is_data(cells: Sequence[str]) -> bool:
    has_date = len(cells) in map(len, CONNECTIONS_LAYOUTS) and _is_date(cells[-1])
    return has_date or any(_is_profile(cell) or is_email(cell) for cell in cells)


def _mostly(fits: Callable[[str], bool], rows: Sequence[Sequence[str]], place: int) -> bool:
    cells = [row[place] for row in rows if place < len(row) and row[place]]
    return bool(cells) and sum(map(fits, cells)) * 2 > len(cells)


def _is_profile(cell: str) -> bool:
    if not _ADDRESS.search(cell):
        return False
    try:
        parse_profile_url(cell)
    except InvalidProfileUrl:
        return False
    return True


def _is_date(cell: str) -> bool:
    return _DATE.match(cell) is not None and any(len(number) == 4 for number in re.findall(r"\d+", cell))
