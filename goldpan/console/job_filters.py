"""The filters of the list of jobs, read from the page's address and written into it."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import START, Position, decode_cursor, is_object_id
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.domain.job_list_rules import JobFilter

NAMES = ("status", "source", "audience", "from", "to", "after", "before", "first", "newest")
_PLACES = ("after", "before", "first", "newest")


class JobFilters(NamedTuple):
    """What the address says. Of the places at most one is there: `after` and `before` turn the page.

    `first` keeps a page on the jobs that it shows, `newest` does so for the newest page. `values` are the filters as
    they stand in the address.
    """

    wanted: JobFilter
    values: dict[str, str]
    after: Position = START
    before: Position | None = None
    first: Position | None = None
    newest: Position | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.values)

    def query(self, **changes: str | None) -> str:
        """Return the query of an address with these filters, but for the `changes`; None takes one away."""
        values = {**self.values, **changes}
        text = urlencode({name: value for name, value in values.items() if value is not None})
        return f"?{text}" if text else "?"


def read_filters(queried: dict[str, list[str]]) -> JobFilters:
    """Return the filters.

    Raises:
        Problem: MALFORMED_REQUEST, one has a value that it cannot have, or stands there twice.
    """
    if any(len(values) > 1 for values in queried.values()):
        raise _unknown("a filter is there twice")
    values = {name: given[0] for name, given in queried.items()}
    wanted = JobFilter(
        statuses=frozenset({_status(values["status"])} if "status" in values else ()),
        source=_source(values["source"]) if "source" in values else None,
        audience_id=_audience_id(values["audience"]) if "audience" in values else None,
        created_after_ms=_day_ms(values["from"]) - 1 if "from" in values else None,
        created_before_ms=_day_ms(values["to"], days=1) if "to" in values else None,
    )
    places = {name: _place(values[name]) for name in _PLACES if name in values}
    if len(places) > 1:
        raise _unknown("the address names two places in the list")
    kept = {name: value for name, value in values.items() if name not in _PLACES}
    return JobFilters(wanted, kept, **places)


def _status(text: str) -> JobStatus:
    try:
        return JobStatus(text)
    except ValueError as error:
        raise _unknown("there is no such status") from error


def _source(text: str) -> SourceType:
    try:
        return SourceType(text)
    except ValueError as error:
        raise _unknown("there is no such source") from error


def _audience_id(text: str) -> str:
    if not is_object_id(text):
        raise _unknown("an audience is named by 24 hex digits")
    return text


def _day_ms(text: str, days: int = 0) -> int:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=days)
    except (ValueError, OverflowError) as error:
        raise _unknown("a day is written 2026-11-25") from error
    return int(day.timestamp()) * 1000


def _place(text: str) -> Position:
    try:
        return decode_cursor(text)
    except ValueError as error:
        raise _unknown("the place in the list cannot be read: begin with the newest jobs") from error


def _unknown(details: str) -> Problem:
    return Problem(ErrorKind.MALFORMED_REQUEST, details)
