"""One page of the import stage: people, names, memberships, credits, counts and the place in the source, together."""

import asyncio
from dataclasses import replace

from goldpan.contract.resources import JobStatus, StopReason
from goldpan.domain.intake_rules import Allowance, Bearer, Intake, page_keys, sort_page
from goldpan.domain.job_rules import Trail, is_truncated, stage_progress
from goldpan.domain.provider_port import Page, ProfileList, Source
from goldpan.operations.careful_step import after_step, careful_bound, is_passed_over, quarantine
from goldpan.operations.job_event import note_event
from goldpan.operations.job_hold import Hold, held_job
from goldpan.operations.job_quota import note_use
from goldpan.operations.job_request import FileSource, decode_request, parse_source
from goldpan.operations.page_source import collector_name, fetch_page
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, credit_table, prospect_table
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job

UNLIMITED = 2**31


async def import_page(
    toolbox: Toolbox, hold: Hold, job: Job, request_json: str, most_people: int | None = None
) -> bool:
    """Import the page where the job stands, of at most so many people; always True, for enrichment follows.

    A careful job's page is a piece, or nobody where somebody is passed over.

    Raises:
        ProviderFailure: there was no page; nothing was changed.
        LostJob: the job is no longer ours; nothing was changed.
    """
    source = parse_source(decode_request(request_json)).source
    bounds = [bound for bound in (most_people, careful_bound(job)) if bound is not None]
    page = await fetch_page(toolbox, job, source, min(bounds, default=None))
    await asyncio.to_thread(_write, toolbox, hold, job, source, page)
    return True


def _write(toolbox: Toolbox, hold: Hold, read: Job, source: Source | FileSource, page: Page) -> None:
    with toolbox.database.write() as tx:
        job = held_job(tx, hold)
        if job.pages_done != read.pages_done:
            raise AssertionError(f"two runs of one hold on job {job.id}")
        if is_passed_over(job):
            quarantine(tx, job, "import", f"{job.pages_done} {job.cursor or ''}".rstrip(), toolbox.now_ms())
        intake = _sort(toolbox, tx, job, page)
        _store_people(toolbox, tx, job, intake)
        job = _count(job, page, intake)
        _pay(toolbox, tx, read, job)
        note_use(toolbox, tx, read, job)
        is_astray = _is_barren(read, page, intake) and _trail(read).is_astray(page.next_cursor)
        stage = _stage(job, source, page, intake, is_astray)
        hold.save(tx, **_checkpoint(toolbox, job), **after_step(job), **stage)
        note_event(tx, read, job.account_group_id, job.id, toolbox.now_ms())


def _sort(toolbox: Toolbox, tx: Tx, job: Job, page: Page) -> Intake:
    bearers = bearers_of(tx, job.account_group_id, job.is_sandbox, page)
    ids = [bearer.prospect_id for bearer in bearers.values()]
    taken = prospect_table.taken_by_job(tx, job.account_group_id, job.id, ids)
    return sort_page(page, bearers, taken, _allowance(job), toolbox.new_id)


def bearers_of(tx: Tx, account_group_id: str, is_sandbox: bool, page: Page) -> dict[str, Bearer]:
    """Return who bears the page's identity keys already."""
    names = prospect_table.known_names(tx, account_group_id, is_sandbox, page_keys(page))
    people = prospect_table.known_people(tx, account_group_id, set(names.values()))
    return {key: Bearer(prospect_id, people[prospect_id].person) for key, prospect_id in names.items()}


def _allowance(job: Job) -> Allowance:
    people = job.max_results - job.imported - job.known
    if job.is_sandbox:
        return Allowance(people, UNLIMITED)
    new_people = (job.credits_reserved - job.credits_spent) // job.price_credits
    return Allowance(people, new_people, _unpaid_reason(job))


def _unpaid_reason(job: Job) -> StopReason:
    is_ceiling = job.max_credits is not None and job.credits_reserved >= job.max_credits
    return StopReason.MAX_CREDITS_REACHED if is_ceiling else StopReason.CREDITS_EXHAUSTED


def _store_people(toolbox: Toolbox, tx: Tx, job: Job, intake: Intake) -> None:
    now_ms, group = toolbox.now_ms(), job.account_group_id
    collector = prospect_table.Collector(job.id, collector_name(toolbox, job), job.is_sandbox, now_ms)
    if intake.new:
        prospect_table.add_people(tx, group, collector, intake.new)
    if intake.names:
        prospect_table.add_names(tx, group, job.is_sandbox, intake.names)
    if intake.news:
        people = prospect_table.known_people(tx, group, intake.news)
        prospect_table.add_facts(tx, group, collector, [(people[id_], news) for id_, news in intake.news.items()])
    if intake.taken:
        prospect_table.add_to_job(tx, group, job.id, job.imported + job.known, intake.taken)
        audience_table.add_from_job(tx, group, job.audience_id, job.source, intake.taken, now_ms)


def _count(job: Job, page: Page, intake: Intake) -> Job:
    """Return the job with the page counted; what a full job left on the page was not found."""
    new = len(intake.new)
    added = new + intake.known + intake.duplicate + intake.invalid + page.unknown_count
    trail = _trail(job).after(page.next_cursor) if _is_barren(job, page, intake) else Trail()
    return replace(
        job,
        barren_pages=trail.barren_pages,
        landmark_cursor=trail.landmark,
        pages_done=job.pages_done + 1,
        cursor=page.next_cursor,
        total_available=job.total_available if page.total_available is None else page.total_available,
        found=job.found + added,
        imported=job.imported + new,
        known=job.known + intake.known,
        duplicate=job.duplicate + intake.duplicate,
        invalid=job.invalid + intake.invalid,
        failed=job.failed + page.unknown_count,
        credits_spent=job.credits_spent + (0 if job.is_sandbox else new * job.price_credits),
    )


def _trail(job: Job) -> Trail:
    return Trail(job.barren_pages, job.landmark_cursor)


def _is_barren(job: Job, page: Page, intake: Intake) -> bool:
    """Return whether the page brought nobody whom the job did not have; that a profile is unknown is news too.

    The pages of a careful job are of a few people: all of them may be repeats.
    """
    return not intake.taken and not page.unknown_count and not job.careful_people


def _pay(toolbox: Toolbox, tx: Tx, before: Job, job: Job) -> None:
    credits = job.credits_spent - before.credits_spent
    if credits:
        entry = credit_table.Entry(toolbox.new_id(), toolbox.now_ms(), job.id, job.pages_done)
        credit_table.capture(tx, job.account_group_id, entry, credits)


def _checkpoint(toolbox: Toolbox, job: Job) -> dict[str, object]:
    """Return the columns that say where the job stands in its source, and what it found so far."""
    names = (
        "pages_done cursor barren_pages landmark_cursor total_available found imported known duplicate invalid failed"
    )
    names += " credits_spent"
    settled = {"failed_tries": 0, "tries_before_resume": 0, "resumes_ms": None}
    settled |= {"error_code": None, "error_message": None}
    return {name: getattr(job, name) for name in names.split()} | settled | {"updated_ms": toolbox.now_ms()}


def _stage(job: Job, source: Source | FileSource, page: Page, intake: Intake, is_astray: bool) -> dict[str, object]:
    """Return the columns of the import stage: it goes on, or it is done and says why."""
    taken = job.imported + job.known + job.failed
    stop_reason = intake.stop or _stop_reason(job, source, page, is_astray)
    if stop_reason is None:
        total = min(job.max_results, job.total_available or job.max_results)
        return {"import_progress": stage_progress(taken, total, job.import_progress)}
    more = intake.has_leftover or page.next_cursor is not None
    return {
        "import_status": JobStatus.COMPLETED,
        "import_progress": 1.0,
        "enrichment_status": JobStatus.RUNNING,
        "import_stop_reason": stop_reason,
        "truncated": is_truncated(taken, job.total_available, more=more),
    }


def _stop_reason(job: Job, source: Source | FileSource, page: Page, is_astray: bool) -> StopReason | None:
    """Return why the import ends with this page, which was taken whole; None: it goes on."""
    if page.next_cursor is None:
        return StopReason.COMPLETED if isinstance(source, ProfileList | FileSource) else StopReason.SOURCE_EXHAUSTED
    if isinstance(source, FileSource):
        return None  # its other rows may be repeats, known people or none at all: they cost nothing, and are told
    if is_astray:
        return StopReason.PROVIDER_CAP_REACHED
    left = _allowance(job)
    if left.people == 0:
        return StopReason.MAX_RESULTS
    return left.when_unpaid if left.new_people == 0 else None
