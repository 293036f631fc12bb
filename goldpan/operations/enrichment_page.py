"""One page of the enrichment stage: what the provider knows of people beyond the row of the search."""

import asyncio

from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import stage_progress
from goldpan.domain.provider_port import Person
from goldpan.operations.job_ending import Ending, end_job
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import prospect_table
from goldpan.storage.job_table import Job

PEOPLE_PER_PAGE = 50


async def enrich_page(toolbox: Toolbox, hold: Hold, job: Job) -> bool:
    """Enrich the next people of the job; False: there were none, and the job is completed.

    Raises:
        ProviderFailure: the provider did not answer; nothing was changed.
        LostJob: the job is no longer ours; nothing was changed.
    """
    people = await asyncio.to_thread(_next_people, toolbox, job)
    if not people:
        await asyncio.to_thread(_complete, toolbox, hold)
        return False
    # Who was known before has been enriched, and paid for, before.
    new = [(prospect_id, person) for prospect_id, is_new, person in people if is_new]
    facts: list[Person | None] = []
    if new:
        provider = toolbox.provider(job.is_sandbox)
        facts = await provider.enrich(job.account_group_id, [person for _, person in new], job.search_emails)
    enriched = [(id_, fact) for (id_, _), fact in zip(new, facts, strict=True) if fact is not None]
    await asyncio.to_thread(_write, toolbox, hold, job, len(people), enriched)
    return True


def _next_people(toolbox: Toolbox, job: Job) -> list[tuple[str, bool, Person]]:
    with toolbox.database.read() as tx:
        return prospect_table.taken_from(tx, job.account_group_id, job.id, job.people_enriched, PEOPLE_PER_PAGE)


def _write(toolbox: Toolbox, hold: Hold, read: Job, people: int, enriched: list[tuple[str, Person]]) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        if job.people_enriched != read.people_enriched:
            raise AssertionError(f"two runs of one hold on job {job.id}")
        for prospect_id, facts in enriched:
            prospect_table.fill_in(tx, job.account_group_id, prospect_id, facts)
        done = job.people_enriched + people
        hold.save(
            tx,
            people_enriched=done,
            emails_found=job.emails_found + sum(facts.email is not None for _, facts in enriched),
            enrichment_progress=stage_progress(done, job.imported + job.known, job.enrichment_progress),
            failed_tries=0,
            resumes_ms=None,
            error_code=None,
            error_message=None,
            updated_ms=toolbox.now_ms(),
        )


def _complete(toolbox: Toolbox, hold: Hold) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        assert job.stop_reason is not None  # the import stage left it
        end_job(toolbox, tx, job, Ending(JobStatus.COMPLETED, StopReason(job.stop_reason)))
