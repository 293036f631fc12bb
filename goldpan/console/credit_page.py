"""The page on credits: what is there, how fast it goes, and the ledger with the balances after each line."""

from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.bar_chart import bar_chart
from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import START, PageRequest, Position, decode_cursor, encode_cursor
from goldpan.domain.credit_rules import is_low, lasting_days
from goldpan.operations.account_operations import DAY_MS
from goldpan.operations.credit_operations import (
    DAYS_SHOWN,
    AccountGroup,
    DaySpend,
    LedgerLine,
    get_credits,
    get_spend,
    list_ledger,
)
from goldpan.operations.job_overview_operations import source_texts

LINES = 25

KIND_WORDS: Final = {
    "top_up": "Added",
    "reserve": "Set aside for a job",
    "capture": "Spent on new people",
    "release": "Given back by a job",
}


async def credit_page(visit: Visit) -> Response:
    """Show the balance, the last 30 days and a page of the ledger."""
    after = _place(visit)
    group = await get_credits(visit.toolbox, visit.caller, visit.group_id)
    days = await run_in_threadpool(get_spend, visit.toolbox, visit.caller, visit.group_id)
    request = PageRequest(after, LINES)
    ledger = await run_in_threadpool(list_ledger, visit.toolbox, visit.caller, visit.group_id, request)
    spent, pace_days = sum(day.credits for day in days), _pace_days(days, group)
    return visit.page(
        "credits.html",
        group=group,
        days=days,
        most_days=DAYS_SHOWN,
        spent_chart=bar_chart([(day.day_ms, day.credits) for day in days]),
        people_chart=bar_chart([(day.day_ms, day.people) for day in days]),
        lasts_days=lasting_days(group.credits_available, spent, pace_days),
        pace_days=pace_days,
        is_low=is_low(group.credits_available, spent, pace_days),
        lines=ledger.items,
        kinds=KIND_WORDS,
        sources=await _sources(visit, ledger.items),
        is_newest=after == START,
        older=encode_cursor(_position(ledger.items[-1])) if ledger.has_more else None,
    )


def _place(visit: Visit) -> Position:
    given = visit.queried(["after"]).get("after", [])
    if not given:
        return START
    try:
        return decode_cursor(given[-1])
    except ValueError as error:
        details = "the place in the ledger cannot be read: begin with the newest lines"
        raise Problem(ErrorKind.MALFORMED_REQUEST, details) from error


def _position(line: LedgerLine) -> Position:
    return Position(line.movement.created_ms, line.movement.id)


def _pace_days(days: Sequence[DaySpend], group: AccountGroup) -> int:
    """Return over how many of the days to average: an account group of yesterday has no 30."""
    first = next((place for place, day in enumerate(days) if day.credits or day.day_ms > group.created_ms - DAY_MS), -1)
    return len(days[first:])


async def _sources(visit: Visit, lines: Sequence[LedgerLine]) -> dict[str, str]:
    ids = {line.movement.job_id for line in lines if line.movement.job_id is not None}
    return await source_texts(visit.toolbox, visit.caller, visit.group_id, sorted(ids))
