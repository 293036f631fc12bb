"""A workbook of Office Open XML, written straight into a zip that is sent while it grows."""

import re
import zlib
from bisect import bisect
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import accumulate
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from goldpan.api.export_cells import text_reader
from goldpan.api.export_presets import Column
from goldpan.domain.spreadsheet_rules import neutralise
from goldpan.operations.export_operations import Member

MOST_ROWS = 1_048_576  # of one sheet, its header included
MOST_CELL_UNITS = 32_767  # of UTF-16
# Beyond 2 GiB a part of a zip needs Zip64, and Excel takes a streamed one for damaged (https://github.com/rzymek/opczip).
MOST_SHEET_BYTES = 2_000_000_000

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, production 2
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads `_x0041_` as `A`
# What needs nothing of all that, as nearly every text: begins with a letter or digit, ends in no space, is not long.
_USUAL = re.compile(r"[^\W_][^&<>_\x00-\x1f\ud800-\udfff\ufffe\uffff]{0,10000}(?<!\s)")
_EMPTY = "<c/>"

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# Stands first in the file, when nobody knows how many sheets will come: whatever is not named here is a sheet.
_CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_MEDIA}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_MEDIA}.sheet.main+xml"/></Types>'
)
_PACKAGE_PARTS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


def write_xlsx(pages: Iterable[list[Member]], columns: Sequence[Column]) -> Generator[bytes]:
    """Write a workbook with as many sheets as the people need; every one begins with the header."""
    sink = _Sink()
    rows = _Rows(pages, columns)
    sheet_count = 0
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=zlib.Z_BEST_SPEED) as file:  # type: ignore[call-overload]
        file.writestr("[Content_Types].xml", _CONTENT_TYPES)
        file.writestr("_rels/.rels", _PACKAGE_PARTS)
        while sheet_count == 0 or rows.are_left:
            sheet_count += 1
            with file.open(f"xl/worksheets/sheet{sheet_count}.xml", "w") as sheet:
                for piece in rows.of_one_sheet():
                    sheet.write(piece)
                    yield sink.drain()
        file.writestr("xl/workbook.xml", _workbook(sheet_count))
        file.writestr("xl/_rels/workbook.xml.rels", _workbook_parts(sheet_count))
    yield sink.drain()


class _Sink:
    """What the zip is written to: it cannot go back, as little as a connection can."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(piece)
        return len(piece)

    def flush(self) -> None:
        """ZipFile asks for it."""

    def drain(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Rows:
    """The rows of all sheets; `are_left` says whether another sheet must follow."""

    def __init__(self, pages: Iterable[list[Member]], columns: Sequence[Column]) -> None:
        self._pages = iter(pages)
        self._page: list[Member] = []
        self._read = text_reader(columns)
        self._header = _row(_cell(column.name) for column in columns)
        self.are_left = False

    def of_one_sheet(self) -> Iterator[bytes]:
        """Yield one sheet's XML, a piece for each page."""
        yield f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetData>{self._header}'.encode()
        rows_free, bytes_free = MOST_ROWS - 1, MOST_SHEET_BYTES
        while self._page or self._turn():
            rows = [self._member_row(member) for member in self._page[:rows_free]]
            fitting = bisect(list(accumulate(map(len, rows))), bytes_free)
            if not fitting:
                break
            piece = b"".join(rows[:fitting])
            self._page = self._page[fitting:]
            rows_free -= fitting
            bytes_free -= len(piece)
            yield piece
        self.are_left = bool(self._page)
        yield b"</sheetData></worksheet>"

    def _turn(self) -> list[Member]:
        self._page = next(self._pages, [])
        return self._page

    def _member_row(self, member: Member) -> bytes:
        return _row(_EMPTY if cell is None else _cell(cell) for cell in self._read(member)).encode()


def _row(cells: Iterable[str]) -> str:
    # Neither rows nor cells say where they are (they need not, ECMA-376 18.3.1.4): it would double file and time.
    return f"<row>{''.join(cells)}</row>"


def _cell(text: str) -> str:
    if _USUAL.fullmatch(text):
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'
    text = _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))  # a cell's line break is LF
    text = escape(_ESCAPE_LIKE.sub("_x005F_", _cut(neutralise(text))))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _cut(text: str) -> str:
    """Return what fits into a cell; half a surrogate pair does not stay."""
    if len(text) * 2 <= MOST_CELL_UNITS:
        return text
    return text.encode("utf-16-le")[: MOST_CELL_UNITS * 2].decode("utf-16-le", "ignore")


def _workbook(sheet_count: int) -> str:
    sheets = "".join(
        f'<sheet name="People{number if number > 1 else ""}" sheetId="{number}" r:id="rId{number}"/>'
        for number in range(1, sheet_count + 1)
    )
    return f'{_HEAD}<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _workbook_parts(sheet_count: int) -> str:
    parts = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, sheet_count + 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{parts}</Relationships>'
