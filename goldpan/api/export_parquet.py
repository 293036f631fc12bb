"""A Parquet file, written while it is sent: row groups of gzipped plain pages, and at the end what stands where.

Docs: https://github.com/apache/parquet-format, version 2.11 (read 2026-11). The numbers below are those of its
parquet.thrift; what is used of the format is what every reader has known from the beginning.
"""

import zlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from struct import pack

from goldpan import __version__
from goldpan.api.export_cells import Cell, cell_reader
from goldpan.api.export_presets import Column, Kind
from goldpan.api.export_thrift import Encoded, Long, Struct, encode_struct, varint
from goldpan.operations.export_operations import Member

# A group is what readers take at a time. Until it is whole the export keeps it in memory, and its client waits.
GROUP_PEOPLE = 10_000
PAGE_ROWS = 500  # of the file's own pages: smaller ones pack worse
GROUP_BYTES = 4 * 1024 * 1024

_MAGIC = b"PAR1"
_OPTIONAL, _GZIP, _DATA_PAGE, _PLAIN, _RLE = 1, 2, 0, 0, 3


@dataclass(frozen=True, slots=True)
class _Type:
    """How the cells of a kind are stored: the physical type, what it means, and the bytes of those that are there.

    `meaning` are the fields 6 and 10 of a SchemaElement: the old word for it and the new one.
    """

    physical: int
    meaning: Struct
    encode: Callable[[Sequence[Cell]], bytes]


def write_parquet(pages: Iterable[list[Member]], columns: Sequence[Column]) -> Generator[bytes]:
    """Write the people with typed columns: texts, times in UTC and flags, empty where nothing is known."""
    read = cell_reader(columns)
    group, groups = _Group(columns), []
    rows: list[Sequence[Cell]] = []
    position, row_count = len(_MAGIC), 0
    yield _MAGIC
    for page in pages:
        rows += map(read, page)
        row_count += len(page)
        if len(rows) >= PAGE_ROWS:
            group.add(rows)
            rows = []
        if group.is_full:
            groups.append(group.describe(position))
            position += group.size
            yield group.data()
            group = _Group(columns)
        else:
            yield b""
    if rows:
        group.add(rows)
    if group.row_count:
        groups.append(group.describe(position))
        yield group.data()
    footer = encode_struct(_file_metadata(columns, groups, row_count))
    yield footer + pack("<I", len(footer)) + _MAGIC


@dataclass(slots=True)
class _Group:
    """Some rows, column by column: a chunk holds the pages of its column."""

    columns: Sequence[Column]
    row_count: int = 0
    chunks: list[bytearray] = field(init=False)
    plain_sizes: list[int] = field(init=False)  # of the chunks, before they were compressed

    def __post_init__(self) -> None:
        self.chunks = [bytearray() for _ in self.columns]
        self.plain_sizes = [0] * len(self.columns)

    @property
    def size(self) -> int:
        return sum(map(len, self.chunks))

    @property
    def is_full(self) -> bool:
        return self.row_count >= GROUP_PEOPLE or self.size >= GROUP_BYTES

    def data(self) -> bytes:
        return b"".join(self.chunks)

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Take one page more of every column."""
        self.row_count += len(rows)
        for number, (column, cells) in enumerate(zip(self.columns, zip(*rows, strict=True), strict=True)):
            page = _presence(cells) + _TYPES[column.kind].encode([cell for cell in cells if cell is not None])
            packed = _gzip(page)
            header = encode_struct(_page_header(len(page), len(packed), len(cells)))
            self.chunks[number] += header + packed
            self.plain_sizes[number] += len(header) + len(page)

    def describe(self, position: int) -> Encoded:
        """Return the metadata of the group, which stands at `position` in the file."""
        chunks: list[Struct] = []
        for column, chunk, plain_size in zip(self.columns, self.chunks, self.plain_sizes, strict=True):
            metadata: Struct = {
                1: _TYPES[column.kind].physical,
                2: [_PLAIN, _RLE],
                3: [column.name],
                4: _GZIP,
                5: Long(self.row_count),
                6: Long(plain_size),
                7: Long(len(chunk)),
                9: Long(position),
            }
            chunks.append({2: Long(position), 3: metadata})
            position += len(chunk)
        return Encoded(encode_struct({1: chunks, 2: Long(sum(self.plain_sizes)), 3: Long(self.row_count)}))


def _page_header(plain_size: int, packed_size: int, cell_count: int) -> Struct:
    return {1: _DATA_PAGE, 2: plain_size, 3: packed_size, 5: {1: cell_count, 2: _PLAIN, 3: _RLE, 4: _RLE}}


def _file_metadata(columns: Sequence[Column], groups: Sequence[Encoded], row_count: int) -> Struct:
    root: Struct = {4: "schema", 5: len(columns)}
    leaves: list[Struct] = [
        {1: _TYPES[column.kind].physical, 3: _OPTIONAL, 4: column.name, **_TYPES[column.kind].meaning}
        for column in columns
    ]
    return {1: 1, 2: [root, *leaves], 3: Long(row_count), 4: groups, 6: f"goldpan version {__version__}"}


def _presence(cells: Sequence[Cell]) -> bytes:
    """Return which cells are there, in Parquet's RLE: one run where all are alike, else a bit for each."""
    there = [cell is not None for cell in cells]
    if all(there) or not any(there):
        levels = varint(len(there) << 1) + bytes([there[0]])
    else:
        levels = varint((len(there) + 7) // 8 << 1 | 1) + _bits(there)
    return pack("<I", len(levels)) + levels


def _bits(flags: Sequence[bool]) -> bytes:
    """Return a bit for each flag, the first one the lowest of the first byte."""
    number = int("".join("1" if flag else "0" for flag in reversed(flags)) or "0", 2)
    return number.to_bytes((len(flags) + 7) // 8, "little")


def _encode_texts(cells: Sequence[Cell]) -> bytes:
    texts = [str(cell).encode() for cell in cells]
    return b"".join(chain.from_iterable((pack("<I", len(text)), text) for text in texts))


def _encode_times(cells: Sequence[Cell]) -> bytes:
    return pack(f"<{len(cells)}q", *cells)


def _encode_flags(cells: Sequence[Cell]) -> bytes:
    return _bits([bool(cell) for cell in cells])


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(zlib.Z_BEST_SPEED, wbits=16 + zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


_TEXT = _Type(6, {6: 0, 10: {1: {}}}, _encode_texts)  # BYTE_ARRAY, UTF8, STRING
_TYPES: Mapping[Kind, _Type] = {
    Kind.TEXT: _TEXT,
    Kind.DOMAIN: _TEXT,
    # INT64, TIMESTAMP_MILLIS, TIMESTAMP of UTC in milliseconds
    Kind.TIME: _Type(2, {6: 9, 10: {8: {1: True, 2: {1: {}}}}}, _encode_times),
    Kind.FLAG: _Type(0, {}, _encode_flags),  # BOOLEAN
}
