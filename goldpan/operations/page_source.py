"""Where a job's next page of people comes from: its provider, or the rows of an uploaded file."""

import asyncio
from dataclasses import replace

import msgspec

from goldpan.contract.resources import SourceType
from goldpan.domain.provider_port import Page, Person, Rejected, Source
from goldpan.operations.careful_step import is_passed_over
from goldpan.operations.job_request import FileSource
from goldpan.operations.toolbox import Toolbox
from goldpan.operations.upstream_failures import answered_in_time
from goldpan.storage import uploaded_file_table
from goldpan.storage.job_table import Job

ROWS_A_PAGE = 500  # nobody waits for them but the database

_to_person = msgspec.json.Decoder(Person).decode


async def fetch_page(toolbox: Toolbox, job: Job, source: Source | FileSource, most_people: int | None) -> Page:
    """Return the page where the job stands, with at most `most_people`; None: as many as its provider likes.

    A job that passes over its next person gets a page of nobody, which leads behind them.

    Raises:
        ProviderFailure: there is none.
    """
    if isinstance(source, FileSource):
        page = await asyncio.to_thread(page_of_file, toolbox, job.account_group_id, source, job.cursor, most_people)
        return replace(page, people=(), invalid_count=0, unknown_count=1) if is_passed_over(job) else page
    provider = toolbox.provider(job.is_sandbox)
    async with answered_in_time():
        if is_passed_over(job):
            return await provider.pass_over(job.account_group_id, source, job.cursor)
        return await provider.fetch_page(job.account_group_id, source, job.cursor, job.failed_tries, most_people)


def collector_name(toolbox: Toolbox, job: Job) -> str:
    """Return the word that provenance shows for what the job imports."""
    return "file" if job.source == SourceType.FILE_UPLOAD else toolbox.provider(job.is_sandbox).name


def page_of_file(
    toolbox: Toolbox, account_group_id: str, source: FileSource, cursor: str | None, most_rows: int | None = None
) -> Page:
    """Return the rows behind the one whose position is the cursor; None: the first rows.

    Raises:
        Rejected: the file is not kept any more.
    """
    limit = min(most_rows or ROWS_A_PAGE, ROWS_A_PAGE)
    with toolbox.database.read() as tx:
        file = uploaded_file_table.find(tx, account_group_id, source.file_id)
        rows = uploaded_file_table.rows_after(tx, account_group_id, source.file_id, int(cursor or 0), limit)
    if file is None or not rows:
        raise Rejected("fileId: this file is no longer kept: upload it again")
    last = rows[-1].position
    next_cursor = str(last) if last < file.last_position else None
    people = tuple(_to_person(row.person_json) for row in rows if row.person_json is not None)
    return Page(people, next_cursor, file.distinct_count, invalid_count=len(rows) - len(people))
