"""The formats of an export, each a function from pages of people to pieces of the file, and its media type."""

import csv
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

import msgspec

from goldpan.api.export_cells import text_reader
from goldpan.api.export_parquet import write_parquet
from goldpan.api.export_presets import Column
from goldpan.api.export_xlsx import write_xlsx
from goldpan.api.presenters import present_prospects
from goldpan.contract.export_choices import ExportFormat
from goldpan.contract.paging import Slice
from goldpan.domain.spreadsheet_rules import neutralise_in_csv
from goldpan.operations.export_operations import Member

Write = Callable[[Iterable[list[Member]], Sequence[Column]], Generator[bytes]]
"""Yields the file piece by piece: after each page what is ready of it, which may be nothing yet."""

# Without it Excel reads the file in its own 8-bit alphabet. Its "CSV UTF-8" begins so too: importers know it.
BYTE_ORDER_MARK = "\ufeff"

_encode_lines = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True, slots=True)
class Format:
    media_type: str
    write: Write


def write_csv(pages: Iterable[list[Member]], columns: Sequence[Column]) -> Generator[bytes]:
    """Write RFC 4180 in UTF-8: CRLF, quotes where needed, and no cell that a spreadsheet calculates."""
    read = text_reader(columns)
    buffer = StringIO(newline="")
    rows = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BYTE_ORDER_MARK)
    rows.writerow(column.name for column in columns)
    yield _drain(buffer)
    for page in pages:
        rows.writerows([cell and neutralise_in_csv(cell) for cell in read(member)] for member in page)
        yield _drain(buffer)


def write_jsonl(pages: Iterable[list[Member]], _columns: Sequence[Column]) -> Generator[bytes]:
    """Write a line for each person: the very item of the audience's list."""
    for page in pages:
        yield _encode_lines(present_prospects(Slice(page, has_more=False)).data.items)


def _drain(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


FORMATS: Mapping[ExportFormat, Format] = {
    ExportFormat.CSV: Format("text/csv; charset=utf-8", write_csv),
    ExportFormat.JSONL: Format("application/x-ndjson", write_jsonl),
    ExportFormat.XLSX: Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    ExportFormat.PARQUET: Format("application/vnd.apache.parquet", write_parquet),
}
