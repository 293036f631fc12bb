"""One page of the enrichment stage: what the provider knows of people beyond the row of the search."""

import asyncio

from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.job_rules import ACTIVE, stage_progress
from goldpan.domain.person_rules import learned_keys, settle_facts
from goldpan.domain.provider_port import Person
from goldpan.operations.careful_step import after_step, careful_bound, is_passed_over, quarantine
from goldpan.operations.job_ending import Ending, end_job
from goldpan.operations.job_event import note_event
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.toolbox import Toolbox
from goldpan.operations.upstream_failures import answered_in_time
from goldpan.storage import prospect_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job
from goldpan.storage.prospect_table import Collector, Known, Taken

Answer = tuple[Taken, Person | None]


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
    if is_passed_over(job):
        await asyncio.to_thread(_pass_over, toolbox, hold, job, people)
        return True
    asked = [taken for taken in people if _is_ours_to_enrich(job, taken)]
    answers = [
        *await _ask(toolbox, job, [taken for taken in asked if taken.with_email], search_emails=True),
        *await _ask(toolbox, job, [taken for taken in asked if not taken.with_email], search_emails=False),
    ]
    await asyncio.to_thread(_write, toolbox, hold, job, len(people), answers)
    return True


def _is_ours_to_enrich(job: Job, taken: Taken) -> bool:
    """Whoever imported a person enriches them; if that job ended too early, the next one that meets them does."""
    return not taken.is_enriched and (taken.importer_id == job.id or taken.importer_status not in ACTIVE)


async def _ask(toolbox: Toolbox, job: Job, people: list[Taken], *, search_emails: bool) -> list[Answer]:
    if not people:
        return []
    provider = toolbox.provider(job.is_sandbox)
    async with answered_in_time():
        facts = await provider.enrich(job.account_group_id, [taken.person for taken in people], search_emails)
    return list(zip(people, facts, strict=True))


def _next_people(toolbox: Toolbox, job: Job) -> list[Taken]:
    people_at_once = toolbox.provider(job.is_sandbox).people_at_once
    limit = min(people_at_once, careful_bound(job) or people_at_once)
    with toolbox.database.read() as tx:
        return prospect_table.taken_from(tx, job.account_group_id, job.id, job.people_enriched, limit)


def _write(toolbox: Toolbox, hold: Hold, read: Job, people: int, answers: list[Answer]) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        if job.people_enriched != read.people_enriched:
            raise AssertionError(f"two runs of one hold on job {job.id}")
        now_ms = toolbox.now_ms()
        collector = Collector(job.id, toolbox.provider(job.is_sandbox).name, job.is_sandbox, now_ms)
        emails_found = _store_facts(tx, job.account_group_id, collector, answers)
        _save(tx, hold, job, people, emails_found, now_ms)


def _pass_over(toolbox: Toolbox, hold: Hold, read: Job, people: list[Taken]) -> None:
    """Go on behind a person of whom workers die; as enriched, so that no other job dies of them either."""
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        now_ms = toolbox.now_ms()
        quarantine(tx, job, "enrichment", str(job.people_enriched), now_ms)
        prospect_table.mark_enriched(tx, job.account_group_id, [taken.prospect_id for taken in people], now_ms)
        _save(tx, hold, job, len(people), 0, now_ms)


def _save(tx: Tx, hold: Hold, job: Job, people: int, emails_found: int, now_ms: int) -> None:
    done = job.people_enriched + people
    hold.save(
        tx,
        people_enriched=done,
        emails_found=job.emails_found + emails_found,
        enrichment_progress=stage_progress(done, job.imported + job.known, job.enrichment_progress),
        failed_tries=0,
        tries_before_resume=0,
        resumes_ms=None,
        error_code=None,
        error_message=None,
        updated_ms=now_ms,
        **after_step(job),
    )
    note_event(tx, job, job.account_group_id, job.id, now_ms)


def _store_facts(tx: Tx, account_group_id: str, collector: Collector, answers: list[Answer]) -> int:
    """Add what is newly known of people, and the names that this gives them; return how many addresses were found.

    A name that somebody bears already stays theirs: two people who are stored never become one. Nor is anything added
    to whom another job enriched meanwhile.
    """
    told = {taken.prospect_id: facts for taken, facts in answers if facts}
    news = _news(tx, account_group_id, collector, told) if told else []
    prospect_table.add_facts(tx, account_group_id, collector, news)
    everybody = [taken.prospect_id for taken, _ in answers]
    prospect_table.mark_enriched(tx, account_group_id, everybody, collector.collected_ms)
    return sum("email" in facts for _, facts in news)


def _news(
    tx: Tx, account_group_id: str, collector: Collector, told: dict[str, Person]
) -> list[tuple[Known, dict[str, str]]]:
    """Return what is newly known of people, and store the names that this gives them."""
    people = prospect_table.known_people(tx, account_group_id, told)
    told = {id_: facts for id_, facts in told.items() if not people[id_].is_enriched}
    keys = [key for id_, facts in told.items() for key in learned_keys(people[id_].person, facts)]
    bearers = prospect_table.known_names(tx, account_group_id, collector.is_sandbox, keys)
    names: dict[str, str] = {}
    news = []
    for id_, facts in told.items():
        learned = settle_facts(people[id_].person, facts, bearers, id_)
        names |= dict.fromkeys(learned.free_keys, id_)
        bearers |= dict.fromkeys(learned.free_keys, id_)
        news.append((people[id_], learned.news))
    if names:
        prospect_table.add_names(tx, account_group_id, collector.is_sandbox, names)
    return news


def _complete(toolbox: Toolbox, hold: Hold) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        stop_reason = job.import_stop_reason or job.stop_reason  # a worker of schema 0001 left it in the second
        assert stop_reason is not None
        end_job(toolbox, tx, job, Ending(JobStatus.COMPLETED, StopReason(stop_reason)))
