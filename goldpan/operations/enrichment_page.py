"""One page of the enrichment stage: what the provider knows of people beyond the row of the search."""

import asyncio
from dataclasses import replace

from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import stage_progress
from goldpan.domain.provider_port import Person
from goldpan.operations.job_ending import Ending, end_job
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import prospect_table
from goldpan.storage.job_table import Job
from goldpan.storage.prospect_table import Collector, Taken

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
    # Who was known before has been enriched, unless the job that brought them ended too early.
    asked = [taken for taken in people if not taken.is_enriched]
    facts: list[Person | None] = []
    if asked:
        provider = toolbox.provider(job.is_sandbox)
        facts = await provider.enrich(job.account_group_id, [taken.person for taken in asked], job.search_emails)
    await asyncio.to_thread(_write, toolbox, hold, job, len(people), list(zip(asked, facts, strict=True)))
    return True


def _next_people(toolbox: Toolbox, job: Job) -> list[Taken]:
    with toolbox.database.read() as tx:
        return prospect_table.taken_from(tx, job.account_group_id, job.id, job.people_enriched, PEOPLE_PER_PAGE)


def _write(toolbox: Toolbox, hold: Hold, read: Job, people: int, answers: list[tuple[Taken, Person | None]]) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        if job.people_enriched != read.people_enriched:
            raise AssertionError(f"two runs of one hold on job {job.id}")
        now_ms = toolbox.now_ms()
        collector = Collector(job.id, toolbox.provider(job.is_sandbox).name, job.is_sandbox, now_ms)
        enriched = [(taken, _paid_for(taken, facts or Person())) for taken, facts in answers]
        for taken, facts in enriched:
            prospect_table.fill_in(tx, job.account_group_id, collector, taken, facts)
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
            updated_ms=now_ms,
        )


def _paid_for(taken: Taken, facts: Person) -> Person:
    """E-mail addresses are for those whom this job imported: the others were paid for without."""
    return facts if taken.is_new else replace(facts, email=None, email_status=None)


def _complete(toolbox: Toolbox, hold: Hold) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        assert job.stop_reason is not None  # the import stage left it
        end_job(toolbox, tx, job, Ending(JobStatus.COMPLETED, StopReason(job.stop_reason)))
