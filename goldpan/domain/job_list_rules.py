"""Which jobs a list shows and in which order, and where it begins and ends."""

from typing import NamedTuple

from goldpan.contract.paging import START, Position
from goldpan.contract.resources import JobStatus, SourceType

# Before the oldest item that can exist, and, within one millisecond, behind every id.
_START_OF_THE_OLDEST = Position(-(2**53), "")
_AFTER_EVERY_ID = "~"


class JobFilter(NamedTuple):
    """What must be true of a job in the list; nothing is asked of what is left out. Both times are exclusive."""

    statuses: frozenset[JobStatus] = frozenset()
    source: SourceType | None = None
    audience_id: str | None = None
    created_after_ms: int | None = None
    created_before_ms: int | None = None
    oldest_first: bool = False


def start_of(wanted: JobFilter, after: Position) -> Position:
    """Return the place after which the list goes on for whoever has read it up to `after`.

    Its times only move the ends of a list: who filters by time walks no further than who does not.
    """
    if wanted.oldest_first:
        return _start_oldest_first(wanted, after)
    if wanted.created_before_ms is None:
        return after
    return min(after, Position(wanted.created_before_ms, ""))


def end_ms(wanted: JobFilter) -> int | None:
    """Return the time which ends the list, itself not in it; None: the list has no end but its last item."""
    return wanted.created_before_ms if wanted.oldest_first else wanted.created_after_ms


def _start_oldest_first(wanted: JobFilter, after: Position) -> Position:
    # The cursor's form without an id stands behind all of its millisecond, whichever way the list runs.
    start = _START_OF_THE_OLDEST if after == START else Position(after.created_ms, after.id or _AFTER_EVERY_ID)
    if wanted.created_after_ms is not None:
        start = max(start, Position(wanted.created_after_ms, _AFTER_EVERY_ID))
    return start
