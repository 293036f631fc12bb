"""One account group on a real database, with a provider that a test scripts, and its jobs run step by step by hand."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from goldpan import assembly
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import NamedSource, Page, Person, Refusal, Source
from goldpan.engine.job_queue import JobQueue
from goldpan.operations.account_operations import create_account
from goldpan.operations.job_operations import cancel_job
from goldpan.operations.job_resume_operations import resume_job
from goldpan.operations.job_run_operations import advance_job, claim_job
from goldpan.operations.job_start_operations import start_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import job_table
from goldpan.storage.database import Database
from goldpan.storage.job_table import Job

SEARCH = "https://www.linkedin.com/search/results/people/?keywords=miller"
TABLES = ("job", "job_prospect", "prospect", "prospect_identity", "audience", "audience_prospect", "credit_entry")


@dataclass
class ScriptedProvider:
    """Finds `pages` one after the other; the two `before_…` run while the job waits for an answer."""

    pages: list[list[str]]
    before_page: Callable[[], None] = lambda: None
    before_enrichment: Callable[[], None] = lambda: None
    name: str = "scripted"
    people_at_once: int = 50
    asked: list[str | None] = field(default_factory=list)

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        return []

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        return []

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        return []

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        self.asked.append(cursor)
        await asyncio.to_thread(self.before_page)
        number = int(cursor or 0)
        people = tuple(Person(public_identifier=name, name=name.title()) for name in self.pages[number])
        total = len({name for page in self.pages for name in page})
        return Page(people, str(number + 1) if number + 1 < len(self.pages) else None, total)

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        page = await self.fetch_page(account_group_id, source, cursor, 0)
        return replace(page, people=(), unknown_count=len(page.people))

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        await asyncio.to_thread(self.before_enrichment)
        return [Person(title="Miller", email=f"{person.public_identifier}@example.com") for person in people]


class Workshop:
    """Alice's account group, and what a worker would do for it."""

    def __init__(self, database_url: str, provider: ScriptedProvider, credits: int = 1_000) -> None:
        assembly.migrate(database_url)
        self.url = database_url
        self.database = Database(database_url)
        self.queue = JobQueue(self.database)
        self.toolbox: Toolbox = assembly.build_toolbox(self.database, self.queue)
        self.use(provider)
        self.group_id = create_account(self.toolbox, "Alice", "scale", credits).id
        self.alice = Principal("alice", False, frozenset(Permission), frozenset({self.group_id}))

    def use(self, provider: ScriptedProvider) -> None:
        self.provider = provider
        self.toolbox = replace(self.toolbox, live_provider=provider, sandbox_provider=provider)

    def start(self, key: str | None = None, **body: Any) -> str:
        request = StartJob(source=SourceType.LINKEDIN_SEARCH, search_url=SEARCH, **body)
        return start_job(self.toolbox, self.alice, self.group_id, request, key).id

    def resume(self, job_id: str) -> Job:
        return resume_job(self.toolbox, self.alice, self.group_id, job_id)

    def cancel(self, job_id: str) -> Job:
        return self.job(cancel_job(self.toolbox, self.alice, self.group_id, job_id))

    def run(self, job_id: str, most_steps: int = 100) -> Job:
        """Take hold of the job, do up to so many steps and return where it stands."""
        # A lock of asyncio's belongs to one event loop: whoever runs a job here is a process of its own.
        toolbox = replace(self.toolbox, careful_turn=asyncio.Lock())
        hold = claim_job(toolbox, self.group_id, job_id, self.job(job_id).resume_count)
        for _ in range(most_steps):
            if hold is None or not asyncio.run(advance_job(toolbox, hold)):
                break
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        with self.database.read() as tx:
            job = job_table.read(tx, self.group_id, job_id)
        assert job is not None
        return job

    def request(self, job_id: str) -> str:
        with self.database.read() as tx:
            return job_table.request_json(tx, self.group_id, job_id)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return everything that a step might write; what a claim alone changes is left out."""
        with self.database.read() as tx:
            rows = {table: [tuple(row) for row in tx.execute(sa.text(f"SELECT * FROM {table}"))] for table in TABLES}
            claims = ("fencing_token", "fruitless_claims", "version", "updated_ms", "started_ms")
            jobs = tx.execute(sa.text("SELECT * FROM job")).mappings().all()
        rows["job"] = [tuple(value for name, value in job.items() if name not in claims) for job in jobs]
        return {table: sorted(found, key=str) for table, found in rows.items()}

    def execute(self, statement: str, **parameters: object) -> None:
        with self.database.write() as tx:
            tx.execute(sa.text(statement), parameters)

    def scalars(self, query: str, **parameters: object) -> list[Any]:
        with self.database.read() as tx:
            return list(tx.execute(sa.text(query), parameters).scalars())

    @property
    def workflow_table(self) -> str:
        return "workflow_status" if self.database.dialect.is_sqlite else "dbos.workflow_status"


@contextmanager
def workshop(database_url: str, pages: list[list[str]], credits: int = 1_000) -> Iterator[Workshop]:
    opened = Workshop(database_url, ScriptedProvider(pages), credits)
    try:
        yield opened
    finally:
        opened.database.close()
