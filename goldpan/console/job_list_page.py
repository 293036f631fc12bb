"""The list of jobs: filters in the address, pages by cursor, and the same page again and again while it is open."""

import hashlib
from collections import OrderedDict
from typing import Any, NamedTuple

from starlette.responses import Response

from goldpan.console.job_filters import NAMES, JobFilters, read_filters
from goldpan.console.job_rows import JobRow, job_row
from goldpan.console.page_words import SOURCE_WORDS, STATUS_WORDS
from goldpan.console.visit import Visit
from goldpan.contract.paging import START, PageRequest, Position, encode_cursor
from goldpan.domain.job_rules import ACTIVE
from goldpan.operations.job_operations import Job, JobSummary, list_jobs
from goldpan.operations.job_overview_operations import MOST_COUNTED, audience_names, count_jobs, source_texts

ROWS = 25
MOST_NEWS = 99
BUSY_SECONDS, QUIET_SECONDS = 2, 5
_MOST_REMEMBERED = 10_000

_texts: OrderedDict[tuple[str, str], str] = OrderedDict()  # sources never change: those of a page are read once


class _ListPage(NamedTuple):
    jobs: list[Job]
    is_newest: bool
    has_newer: bool
    has_older: bool


async def job_list_page(visit: Visit) -> Response:
    """Show the list with its filters."""
    filters = read_filters(visit.queried(NAMES))
    values = await _read_table(visit, filters)
    audience_id = filters.wanted.audience_id
    audience = None
    if audience_id is not None:
        names = await audience_names(visit.toolbox, visit.caller, visit.group_id, [audience_id])
        audience = names.get(audience_id, audience_id)
    return visit.page(
        "job_list.html", sources=SOURCE_WORDS, statuses=STATUS_WORDS, audience=audience, active=ACTIVE, **values
    )


async def job_list_live(visit: Visit) -> Response:
    """Answer with what the list's table looks like now, or that it looks as it did."""
    filters = read_filters(visit.queried(NAMES))
    response = visit.page("job_table.html", **await _read_table(visit, filters), statuses=STATUS_WORDS)
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    if visit.request.headers.get("if-none-match") == tag:
        response = Response(None, 304)
    response.headers["ETag"] = tag
    return response


async def _read_table(visit: Visit, filters: JobFilters) -> dict[str, Any]:
    page = await _read_page(visit, filters)
    rows = await _rows(visit, page.jobs)
    first, last = (_place(page.jobs[0]), _place(page.jobs[-1])) if page.jobs else (None, None)
    news = await _newer(visit, filters, first, MOST_NEWS + 1) if first and page.is_newest else []
    return {
        "filters": filters,
        "counts": await count_jobs(visit.toolbox, visit.caller, visit.group_id, filters.wanted),
        "most_counted": MOST_COUNTED,
        "rows": rows,
        "news": len(news),
        "most_news": MOST_NEWS,
        # It stays on the jobs that it shows: new ones are announced, and move no row.
        "live_query": filters.query(**{"newest" if page.is_newest else "first": encode_cursor(first)} if first else {}),
        "seconds": BUSY_SECONDS if any(row.is_active for row in rows) or not rows else QUIET_SECONDS,
        "newer": filters.query(before=encode_cursor(first)) if first and page.has_newer else None,
        "older": filters.query(after=encode_cursor(last)) if last and page.has_older else None,
    }


async def _read_page(visit: Visit, filters: JobFilters) -> _ListPage:
    if filters.before is not None:
        found = await _list(visit, filters, oldest_first=True, after=filters.before)
        if len(found) > ROWS:
            return _ListPage(list(reversed(found[:ROWS])), is_newest=False, has_newer=True, has_older=True)
        filters = filters._replace(before=None)  # it is the newest page, and shown as such
    kept = filters.newest or filters.first
    # A job that is kept is on the page itself: the place is right before it.
    after = filters.after if kept is None else Position(kept.created_ms, kept.id + "~")
    found = await _list(visit, filters, oldest_first=False, after=after)
    is_newest = filters.first is None and filters.after == START
    has_newer = not is_newest and bool(found and await _newer(visit, filters, _place(found[0]), 1))
    return _ListPage(found[:ROWS], is_newest, has_newer, has_older=len(found) > ROWS)


async def _list(visit: Visit, filters: JobFilters, *, oldest_first: bool, after: Position) -> list[Job]:
    wanted = filters.wanted._replace(oldest_first=oldest_first)
    page = PageRequest(after, ROWS + 1)
    found = await list_jobs(visit.toolbox, visit.caller, visit.group_id, wanted, page, full=True)
    return [job for job in found.items if isinstance(job, Job)]


async def _newer(visit: Visit, filters: JobFilters, place: Position, limit: int) -> list[JobSummary]:
    wanted = filters.wanted._replace(oldest_first=True)
    found = await list_jobs(visit.toolbox, visit.caller, visit.group_id, wanted, PageRequest(place, limit), full=False)
    return [job for job in found.items if isinstance(job, JobSummary)]


def _place(job: Job) -> Position:
    return Position(job.created_ms, job.id)


async def _rows(visit: Visit, jobs: list[Job]) -> list[JobRow]:
    texts = await _source_texts(visit, [job.id for job in jobs])
    audience_ids = list({job.audience_id for job in jobs})
    names = await audience_names(visit.toolbox, visit.caller, visit.group_id, audience_ids)
    now_ms = visit.toolbox.now_ms()
    return [job_row(job, texts.get(job.id), names.get(job.audience_id), now_ms) for job in jobs]


async def _source_texts(visit: Visit, job_ids: list[str]) -> dict[str, str]:
    group_id = visit.group_id
    missing = [job_id for job_id in job_ids if (group_id, job_id) not in _texts]
    found = await source_texts(visit.toolbox, visit.caller, group_id, missing) if missing else {}
    _texts.update({(group_id, job_id): text for job_id, text in found.items()})
    texts = {job_id: _texts[group_id, job_id] for job_id in job_ids if (group_id, job_id) in _texts}
    while len(_texts) > _MOST_REMEMBERED:
        _texts.popitem(last=False)
    return texts
