"""The cells of an export: a person's fields in the order of the columns, and texts that no spreadsheet calculates."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from goldpan.api.export_presets import Column, Kind
from goldpan.contract.paging import format_time
from goldpan.operations.export_operations import Member

Cell = str | int | bool | None
"""A text, a time in milliseconds, a flag, or nothing, as the column's kind says."""


def cell_reader(columns: Sequence[Column]) -> Callable[[Member], Sequence[Cell]]:
    """Return the function that reads a person's cells."""
    return _reader(columns, {Kind.DOMAIN: domain_of})


def text_reader(columns: Sequence[Column]) -> Callable[[Member], Sequence[str | None]]:
    """Return the function that reads a person's cells as texts: a time as the API shows it, a flag in its word."""
    return _reader(columns, {Kind.DOMAIN: domain_of, Kind.TIME: format_time, Kind.FLAG: _word})


def _reader(columns: Sequence[Column], conversions: Mapping[Kind, Callable[[Any], Any]]) -> Callable[[Member], Any]:
    read = _attributes([column.source for column in columns])
    places = [(place, conversions[column.kind]) for place, column in enumerate(columns) if column.kind in conversions]
    if not places:
        return read

    def read_and_convert(member: Member) -> list[Any]:
        cells = list(read(member))
        for place, convert in places:
            if cells[place] is not None:
                cells[place] = convert(cells[place])
        return cells

    return read_and_convert


def _attributes(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    if len(names) > 1:
        return attrgetter(*names)
    only = attrgetter(*names)  # which returns the value itself
    return lambda member: (only(member),)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def domain_of(address: str) -> str | None:
    """Return the domain of a web address, with or without scheme; None: it has none."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:  # a bracket without its fellow
        return None
    return host.removeprefix("www.") or None if host else None
