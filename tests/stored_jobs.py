"""What the database holds of jobs, and what it should hold of those that the sandbox answers."""

import asyncio
from urllib.parse import quote

import sqlalchemy as sa

from goldpan.domain.search_rules import parse_linkedin_search_url
from goldpan.providers.sandbox import Sandbox
from goldpan.storage.database import Database


def people_of_the_sandbox(keywords: str) -> list[str]:
    """Return the names of everybody whom a search of the sandbox finds, sorted."""
    source = parse_linkedin_search_url(f"https://www.linkedin.com/search/results/people/?keywords={quote(keywords)}")

    async def no_sleep(_seconds: float) -> None: ...

    async def read() -> set[str]:
        sandbox, names, cursor, is_first = Sandbox(no_sleep), set(), None, True
        while is_first or cursor is not None:
            page = await sandbox.fetch_page("", source, cursor, 99)
            names |= {person.public_identifier or "" for person in page.people}
            cursor, is_first = page.next_cursor, False
        return names

    return sorted(asyncio.run(read()))


def people_of(url: str, job_id: str) -> list[str]:
    """Return the names of everybody whom a job took, sorted, each as often as it is stored."""
    query = (
        "SELECT public_identifier FROM prospect JOIN job_prospect AS taken ON prospect_id = id WHERE taken.job_id = :id"
    )
    return sorted(str(row[0]) for row in read_rows(url, query, id=job_id))


def read_rows(url: str, query: str, **parameters: object) -> list[tuple[object, ...]]:
    database = Database(url)
    try:
        with database.read() as tx:
            return [tuple(row) for row in tx.execute(sa.text(query), parameters)]
    finally:
        database.close()
