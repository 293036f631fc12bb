"""The text inside a people file: plain or in a zip, in whatever encoding, read line by line with its numbers."""

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

LARGEST_UNPACKED = 2 * 1024**3
LONGEST_LIST_OF_MEMBERS = 1024 * 1024  # a zip lists what it holds: this many bytes are some 10,000 files
LONGEST_LINE = 1_000_000
# Stands in for a longer one: broken in every delimiter, inside a quote and outside, so that its row is rejected.
OVERLONG_LINE = '"a line of more than 1,000,000 characters"!\n'
# A row that goes on for longer is broken: to go back from each would otherwise take time without end.
MOST_LINES_A_ROW = 250
LONGEST_ROW = 1_000_000
MOST_COLUMNS = 1_000
CHUNK = 1024 * 1024

_ZIP, _PARQUET = b"PK\x03\x04", b"PAR1"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEADS_OF_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as CSV first"),
    (b"%PDF", "a PDF: export the people as CSV instead"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


# What the library raises at damaged zips; a damaged name of a member is told by its failing to decode.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes before they give a byte


class InvalidPeopleFile(ValueError):
    """The file cannot be read as a file of people; the message says what it is instead or what would be right."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of the text are: the file itself, or one member of a zip."""

    path: Path
    member: str | None
    size: int

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the bytes.

        Raises:
            InvalidPeopleFile: they cannot be read, now or later within the block.
        """
        try:
            if self.member is None:
                with self.path.open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                    yield file
        except OSError as error:
            raise InvalidPeopleFile(f"{self.path} cannot be read: {error.strerror or 'damaged'}") from error
        except _DAMAGE as error:
            raise InvalidPeopleFile(f"{self.path} is a damaged zip, or one of a kind we cannot unpack") from error
        except RuntimeError as error:
            if self.member is None or "encrypted" not in str(error):
                raise
            raise InvalidPeopleFile(f"{self.path} is locked with a password: unpack it first") from error


class Lines:
    """The lines of a text with their numbers, to be read on from an earlier line when a row turns out broken."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._again: list[str] = []
        self._row: list[str] = []
        self._row_length = 0
        self.number = 0  # of the line that was handed out last

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) >= MOST_LINES_A_ROW or self._row_length >= LONGEST_ROW:
            raise csv.Error(f"a row of more than {MOST_LINES_A_ROW} lines or {LONGEST_ROW:,} characters")
        line = self._again.pop() if self._again else self._read_line()
        if not line:
            raise StopIteration
        self.number += 1
        self._row.append(line)
        self._row_length += len(line)
        return line

    def start_row(self) -> int:
        """Return the number of the line that comes next: a row begins there."""
        self._forget_row()
        return self.number + 1

    def give_up_row(self) -> None:
        """Go back to the second line of the row: a quote that is never closed must not swallow the rows after it."""
        self._again.extend(reversed(self._row[1:]))
        self.number -= len(self._row) - 1
        self._forget_row()

    def _read_line(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if len(line) < LONGEST_LINE or line.endswith("\n"):
            return line
        while line and not line.endswith("\n"):
            line = self._text.readline(LONGEST_LINE)
        return OVERLONG_LINE

    def take(self, count: int, most_letters: int | None = None) -> list[str]:
        """Return the next lines, each a row of its own: fewer where the text ends, or after so many letters."""
        taken: list[str] = []
        while len(taken) < count and (most_letters is None or sum(map(len, taken)) < most_letters):
            self.start_row()
            if (line := next(self, None)) is None:
                break
            taken.append(line)
        return taken

    def _forget_row(self) -> None:
        self._row.clear()
        self._row_length = 0


def find_source(path: Path, largest_unpacked: int) -> Source | None:
    """Return where the text is; None: the file is Parquet.

    Raises:
        InvalidPeopleFile: there is no text in it.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise InvalidPeopleFile(f"{path} cannot be read: {reason}") from error
    if not head:
        raise InvalidPeopleFile(f"{path} is empty")
    for start, what in _HEADS_OF_OTHERS:
        if head.startswith(start):
            raise InvalidPeopleFile(f"{path} is {what}")
    if head.startswith(_PARQUET):
        return None
    return _source_in_zip(path, largest_unpacked) if head.startswith(_ZIP) else Source(path, None, size)


def find_encoding(source: Source) -> str:
    """Return the encoding of the text: by its mark, else UTF-8 where that fits, else Windows' own."""
    with source.opened() as file:
        head = file.read(4)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return encoding
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        foreign = damaged = 0
        chunk = head
        while chunk:
            text = decoder.decode(chunk)
            if not text.isascii():
                foreign += len(text) - len(text.encode("ascii", "ignore"))
                damaged += text.count("\ufffd")
            chunk = file.read(CHUNK)
    # A few damaged letters in a UTF-8 file are better than every accent of it misread.
    return "utf-8" if damaged * 2 <= foreign else "cp1252"


@contextmanager
def opened_text(source: Source, encoding: str) -> Iterator[tuple[Lines, IO[bytes]]]:
    """Open the text, with the bytes under it, whose position tells how far the reading is."""
    with source.opened() as file:
        yield Lines(io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")), file


class _FrugalFile(io.FileIO):
    """A zip's list of members is read at once, and as long as the zip says: ours does not fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > LONGEST_LIST_OF_MEMBERS:
            raise zipfile.BadZipFile("too long a list of members")
        return super().read(-1 if size is None else size) or b""


def _source_in_zip(path: Path, largest_unpacked: int) -> Source:
    try:
        with _FrugalFile(path) as file, zipfile.ZipFile(file) as archive:
            # a member without a name is damage too, and `is_dir` cannot bear it
            members = [info for info in archive.infolist() if info.filename and not info.is_dir()]
    except (OSError, ValueError, *_DAMAGE) as error:
        raise InvalidPeopleFile(f"{path} is a damaged zip: download it again") from error
    if any(info.filename.startswith(("xl/", "word/", "ppt/")) for info in members):
        raise InvalidPeopleFile(f"{path} is an Office document: save it as CSV first")
    member = _people_member(path, members)
    if member.compress_type not in _PACKINGS:
        raise InvalidPeopleFile(f"{path} is a zip of a kind we cannot unpack: make it anew, or send the CSV itself")
    if member.file_size > largest_unpacked:
        size = largest_unpacked / 1024**3
        raise InvalidPeopleFile(f"{member.filename} in {path} unpacks to more than {size:g} GiB")
    return Source(path, member.filename, member.file_size)


def _people_member(path: Path, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    tables = [
        info for info in members if info.filename.lower().endswith(".csv") and not info.filename.startswith("__MACOSX/")
    ]
    connections = [info for info in tables if PurePosixPath(info.filename).name.lower() == "connections.csv"]
    chosen = connections or tables
    if not chosen:
        raise InvalidPeopleFile(f"{path} is a zip without a CSV: LinkedIn's export holds Connections.csv")
    if len(chosen) > 1:
        names = ", ".join(info.filename for info in chosen[:20])
        raise InvalidPeopleFile(f"{path} holds several CSVs: unpack it and choose one of {names}")
    return chosen[0]
