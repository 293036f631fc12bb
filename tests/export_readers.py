"""Exported files as other programs read them: a list of rows, each a value by the name of its column."""

import csv
import io
from tempfile import NamedTemporaryFile
from typing import Any

import duckdb
import openpyxl

Row = dict[str, Any]


def read_csv(body: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))


def read_sheets(body: bytes) -> list[list[Row]]:
    """Return the rows of every sheet of a workbook; an empty cell is an empty text."""
    workbook = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    sheets = []
    for sheet in workbook.worksheets:
        header, *rows = sheet.iter_rows(values_only=True)
        sheets.append([{name: cell or "" for name, cell in zip(header, row, strict=True)} for row in rows])
    return sheets


def read_xlsx(body: bytes) -> list[Row]:
    [rows] = read_sheets(body)
    return rows


def read_parquet(body: bytes) -> list[Row]:
    """Return the rows; a time as milliseconds since 1970."""
    columns = {name: f'epoch_ms("{name}")' if "TIME" in kind else f'"{name}"' for name, kind in column_types(body)}
    rows = _query(body, f"SELECT {', '.join(columns.values())} FROM read_parquet(?)")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def column_types(body: bytes) -> list[tuple[str, str]]:
    """Return the name and DuckDB's type of every column of a Parquet file."""
    return [(row[0], row[1]) for row in _query(body, "DESCRIBE SELECT * FROM read_parquet(?)")]


def _query(body: bytes, sql: str) -> list[Any]:
    with NamedTemporaryFile(suffix=".parquet") as file:
        file.write(body)
        file.flush()
        with duckdb.connect(config={"threads": 1}) as connection:
            return connection.execute(sql, [file.name]).fetchall()


READERS = {"csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet}
