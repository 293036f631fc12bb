"""The formats of an export: written page by page, in bounded memory, and right whatever stands in a text."""

import io
import re
import tracemalloc
from collections.abc import Iterator
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldpan.api import export_parquet, export_xlsx
from goldpan.api.export_formats import FORMATS
from goldpan.api.export_presets import COLUMNS, Column, Kind
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.resources import Company, Prospect
from goldpan.domain.provider_port import Person
from goldpan.domain.spreadsheet_rules import neutralise
from goldpan.storage.audience_table import Member
from tests.export_readers import READERS, column_types, read_parquet, read_sheets, read_xlsx
from tests.stored_people import FIRST_MS, member

PLAIN = COLUMNS[ExportPreset.PLAIN]
TITLE = [Column("title", "person.title")]

# What no XML can hold, and what Excel would read as an escape, too often to miss them.
NASTY = st.text(st.sampled_from("\0\x01\x0b\x1f\ufffe\uffff\r\n\t <>&\"'_x0041_=李😀a"), max_size=12)


def write(format_: str, members: list[Member], columns: object = PLAIN, page_people: int = 4) -> bytes:
    pages = [members[begin : begin + page_people] for begin in range(0, len(members), page_people)]
    return b"".join(FORMATS[ExportFormat(format_)].write(pages, columns))  # type: ignore[arg-type]


def titled(*titles: str | None) -> list[Member]:
    return [member(number, Person(title=title)) for number, title in enumerate(titles)]


@pytest.mark.parametrize("preset", ExportPreset)
@pytest.mark.parametrize("format_", READERS)
def test_a_preset_names_its_columns(format_: str, preset: ExportPreset) -> None:
    rows = READERS[format_](write(format_, [member(1)], COLUMNS[preset]))

    assert [list(row) for row in rows] == [[column.name for column in COLUMNS[preset]]]


def test_plain_has_every_field_of_a_prospect_but_provenance() -> None:
    fields = [name for name in Prospect.__struct_encode_fields__ if name not in ("company", "provenance")]
    company = [f"company{name[0].upper()}{name[1:]}" for name in Company.__struct_encode_fields__]

    assert sorted(column.name for column in PLAIN) == sorted(fields + company)


def test_importers_that_want_a_domain_get_one() -> None:
    one = member(1, Person(company_website="https://www.acme.example/about"))

    [apollo] = READERS["csv"](write("csv", [one], COLUMNS[ExportPreset.APOLLO]))
    [lemlist] = READERS["csv"](write("csv", [one], COLUMNS[ExportPreset.LEMLIST]))

    assert apollo["Company Website"] == lemlist["companyDomain"] == "acme.example"


# --- bounded memory -----------------------------------------------------------------------------------------------


class CountedPages:
    """Pages of ten people; `taken` counts those that were asked for."""

    def __init__(self, count: int) -> None:
        self.taken = 0
        self._count = count

    def __iter__(self) -> Iterator[list[Member]]:
        for number in range(self._count):
            self.taken += 1
            yield [member(number * 10 + place) for place in range(10)]


@pytest.mark.parametrize("format_", ExportFormat)
def test_a_page_is_asked_for_when_the_one_before_is_written(format_: ExportFormat) -> None:
    pages = CountedPages(50)

    taken = [pages.taken for _piece in FORMATS[format_].write(pages, PLAIN)]

    assert sorted(set(taken) - {0}) == list(range(1, 51)), "after each page the reader has a turn"
    assert taken == sorted(taken)


@pytest.mark.parametrize("format_", ExportFormat)
def test_more_people_need_no_more_memory(format_: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_parquet, "GROUP_PEOPLE", 100)
    monkeypatch.setattr(export_parquet, "PAGE_ROWS", 50)

    peaks = [peak_bytes(format_, page_count) for page_count in (20, 20, 200)]

    assert peaks[2] < peaks[1] * 1.3 + 50_000


def peak_bytes(format_: ExportFormat, page_count: int) -> int:
    tracemalloc.start()
    for _piece in FORMATS[format_].write(CountedPages(page_count), PLAIN):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("format_", ExportFormat)
def test_a_writer_that_is_left_alone_asks_for_no_page_more(format_: ExportFormat) -> None:
    pages = CountedPages(50)
    pieces = FORMATS[format_].write(pages, PLAIN)

    next(pieces)
    pieces.close()

    assert pages.taken <= 1
    assert next(pieces, None) is None


# --- workbooks ----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(NASTY, min_size=1, max_size=5))
def test_a_workbook_holds_every_text_that_xml_can_hold(titles: list[str]) -> None:
    rows = read_xlsx(write("xlsx", titled(*titles), TITLE))

    shown = [re.sub(r"_x005F_(?=x0041_)", "_", row["title"]) for row in rows]  # as Excel shows it
    assert shown == [neutralise(without_forbidden(title)) for title in titles]


def without_forbidden(text: str) -> str:
    return re.sub("[\0\x01\x0b\x1f\ufffe\uffff]", "", text.replace("\r\n", "\n").replace("\r", "\n"))


def test_what_hides_before_a_formula_is_removed_before_it_is_neutralised() -> None:
    [row] = read_xlsx(write("xlsx", titled("\x01=1+1"), TITLE))

    assert row["title"] == "'=1+1"


def test_a_long_text_is_cut_where_excel_cuts_and_leaves_no_half_character() -> None:
    titles = ["a" * 32_767, "a" * 32_768, "a" * 32_766 + "😀", "=" + "a" * 32_767]

    rows = read_xlsx(write("xlsx", titled(*titles), TITLE))

    assert [row["title"] for row in rows] == ["a" * 32_767, "a" * 32_767, "a" * 32_766, "'=" + "a" * 32_765]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_people_who_find_no_place_get_a_sheet_more(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_xlsx, "MOST_ROWS", 11)

    sheets = read_sheets(write("xlsx", [member(number) for number in range(count)]))

    sizes = [len(rows) for rows in sheets]
    assert sizes == [min(10, count - begin) for begin in range(0, max(count, 1), 10)]
    assert [row["id"] for rows in sheets for row in rows] == [f"{number:024x}" for number in range(count)]


def test_a_sheet_that_grows_too_large_for_a_zip_gets_a_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_xlsx, "MOST_SHEET_BYTES", 2_500)

    body = write("xlsx", titled(*["a" * 1_000] * 5), TITLE)

    assert [len(rows) for rows in read_sheets(body)] == [2, 2, 1]
    assert all(info.file_size < 3_000 for info in ZipFile(io.BytesIO(body)).infolist())


# --- Parquet ------------------------------------------------------------------------------------------------------


def test_parquet_has_types() -> None:
    types = dict(column_types(write("parquet", [member(1)])))

    assert types.pop("importedAt") == "TIMESTAMP WITH TIME ZONE"
    assert types.pop("sandbox") == "BOOLEAN"
    assert set(types.values()) == {"VARCHAR"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.text(), max_size=40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_parquet_holds_every_text_raw(
    titles: list[str | None], page_people: int, page_rows: int, group_people: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_parquet, "PAGE_ROWS", page_rows)
        patch.setattr(export_parquet, "GROUP_PEOPLE", group_people)
        columns = [*TITLE, Column("at", "imported_ms", Kind.TIME), Column("sandbox", "is_sandbox", Kind.FLAG)]

        rows = read_parquet(write("parquet", titled(*titles), columns, page_people))

    assert [row["title"] for row in rows] == titles
    assert [row["at"] for row in rows] == [FIRST_MS + number // 7 for number in range(len(titles))]
    assert [row["sandbox"] for row in rows] == [number % 2 == 0 for number in range(len(titles))]
