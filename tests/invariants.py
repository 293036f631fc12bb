"""What must be true at every moment, whatever was killed, repeated or cancelled: of the database, and of its past."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import ACTIVE as ACTIVE_STATUSES
from goldpan.domain.job_rules import MOVES, RESUMABLE
from goldpan.storage.database import Database, Tx

ACTIVE = "('queued', 'running')"

# Each query finds what breaks the rule it is named after. {workflow} is DBOS's table of workflows; {by_hand} are the
# audiences that a caller changed or deleted: no column tells that people were moved or removed.
RULES = {
    "I2 a key starts one job": """
        SELECT job_id FROM idempotency_key GROUP BY job_id HAVING count(*) > 1""",
    "I3 a job took as many people as it counts, at the positions 0, 1, 2 …": """
        SELECT job.id, count(taken.prospect_id) FROM job LEFT JOIN job_prospect AS taken ON taken.job_id = job.id
        GROUP BY job.id, job.imported, job.known
        HAVING count(taken.prospect_id) <> job.imported + job.known
            OR coalesce(max(taken.position) + 1, 0) <> count(taken.prospect_id)""",
    "I3 a job imported as many people as it counts": """
        SELECT job.id, count(prospect.id) FROM job LEFT JOIN prospect ON prospect.job_id = job.id
        GROUP BY job.id, job.imported HAVING count(prospect.id) <> job.imported""",
    "I3 who was imported by a job was taken by it": """
        SELECT prospect.id FROM prospect LEFT JOIN job_prospect AS taken
            ON taken.prospect_id = prospect.id AND taken.job_id = prospect.job_id
        WHERE taken.job_id IS NULL""",
    "I3 the counts add up": """
        SELECT id FROM job WHERE found <> imported + known + duplicate + suppressed + invalid + failed
            OR imported + known > max_results
            OR emails_found > imported + known OR people_enriched > imported + known""",
    "I3 one person is stored once": """
        SELECT account_group_id, public_identifier FROM prospect WHERE public_identifier IS NOT NULL
        GROUP BY account_group_id, is_sandbox, public_identifier HAVING count(*) > 1""",
    "I3 two slugs are two people": """
        SELECT prospect_id FROM prospect_identity WHERE identity_key LIKE 'in:%'
        GROUP BY prospect_id HAVING count(*) > 1""",
    "I3 every person has a name, in their own account group": """
        SELECT prospect.id FROM prospect LEFT JOIN prospect_identity AS name ON name.prospect_id = prospect.id
            AND name.account_group_id = prospect.account_group_id AND name.is_sandbox = prospect.is_sandbox
        WHERE name.prospect_id IS NULL""",
    "I3 an audience counts its members": """
        SELECT audience.id, count(member.prospect_id) FROM audience
        LEFT JOIN audience_prospect AS member ON member.audience_id = audience.id
        WHERE audience.deleted_ms IS NULL
        GROUP BY audience.id, audience.prospect_count HAVING count(member.prospect_id) <> audience.prospect_count""",
    "I3 whom a job took is in its audience": """
        SELECT taken.job_id, taken.prospect_id FROM job_prospect AS taken JOIN job ON job.id = taken.job_id
        LEFT JOIN audience_prospect AS member
            ON member.audience_id = job.audience_id AND member.prospect_id = taken.prospect_id
        WHERE member.prospect_id IS NULL AND job.audience_id NOT IN {by_hand}""",
    "I3 who is in an audience was taken by a job that filled it": """
        SELECT member.audience_id, member.prospect_id FROM audience_prospect AS member
        WHERE member.audience_id NOT IN {by_hand} AND (member.audience_id, member.prospect_id) NOT IN (
            SELECT job.audience_id, taken.prospect_id FROM job_prospect AS taken JOIN job ON job.id = taken.job_id)""",
    "who is in an audience was taken by a job of the same account group": """
        SELECT member.audience_id, member.prospect_id FROM audience_prospect AS member
        WHERE (member.account_group_id, member.prospect_id) NOT IN (
            SELECT taken.account_group_id, taken.prospect_id FROM job_prospect AS taken)""",
    "who is in an audience is of its account group, and as real as all others there": """
        SELECT member.audience_id, member.prospect_id FROM audience_prospect AS member
        JOIN audience ON audience.id = member.audience_id JOIN prospect ON prospect.id = member.prospect_id
        WHERE member.account_group_id <> audience.account_group_id OR prospect.is_sandbox <> audience.is_sandbox
            OR member.account_group_id <> prospect.account_group_id""",
    "a deleted audience is empty, in no folder, and no job fills it": """
        SELECT id FROM audience WHERE deleted_ms IS NOT NULL
            AND (prospect_count <> 0 OR filling_job_count <> 0 OR folder_id IS NOT NULL)""",
    "an audience stands in a folder of its account group and type": """
        SELECT audience.id FROM audience JOIN folder ON folder.id = audience.folder_id
        WHERE folder.account_group_id <> audience.account_group_id OR folder.audience_type <> audience.audience_type""",
    "the folders of an account group stand at the positions 0, 1, 2 …": """
        SELECT account_group_id FROM folder GROUP BY account_group_id
        HAVING count(DISTINCT position) <> count(*) OR max(position) <> count(*) - 1""",
    "an audience knows how many jobs fill it": f"""
        SELECT audience.id, count(job.id) FROM audience
        LEFT JOIN job ON job.audience_id = audience.id AND job.status IN {ACTIVE}
        GROUP BY audience.id, audience.filling_job_count HAVING count(job.id) <> audience.filling_job_count""",
    "I4 the ledger sums to the balances": """
        SELECT account.id, account.credits_available, account.credits_reserved FROM account_group AS account
        LEFT JOIN credit_entry AS entry ON entry.account_group_id = account.id
        GROUP BY account.id, account.credits_available, account.credits_reserved
        HAVING coalesce(sum(entry.available_change), 0) <> account.credits_available
            OR coalesce(sum(entry.reserved_change), 0) <> account.credits_reserved
            OR account.credits_available < 0 OR account.credits_reserved < 0""",
    "I4 no balance was ever negative": """
        SELECT id FROM (SELECT id,
            sum(available_change) OVER (PARTITION BY account_group_id ORDER BY created_ms) AS available,
            sum(reserved_change) OVER (PARTITION BY account_group_id ORDER BY created_ms) AS reserved
            FROM credit_entry) AS history
        WHERE available < 0 OR reserved < 0""",
    "I4 the ledger has one order, that of its times": """
        SELECT account_group_id, created_ms FROM credit_entry
        GROUP BY account_group_id, created_ms HAVING count(*) > 1""",
    "I4 what is reserved belongs to the jobs that run": f"""
        SELECT account.id, account.credits_reserved FROM account_group AS account
        LEFT JOIN job ON job.account_group_id = account.id AND job.status IN {ACTIVE}
        GROUP BY account.id, account.credits_reserved
        HAVING coalesce(sum(job.credits_reserved - job.credits_spent), 0) <> account.credits_reserved""",
    "I4 a page is paid for once": """
        SELECT job_id, page FROM credit_entry WHERE kind = 'capture'
        GROUP BY job_id, page HAVING count(*) > 1""",
    "I4 a job pays for those whom it imported, out of what it reserved": """
        SELECT job.id FROM job LEFT JOIN credit_entry AS entry ON entry.job_id = job.id
        GROUP BY job.id, job.is_sandbox, job.imported, job.price_credits, job.credits_reserved, job.credits_spent
        HAVING job.credits_spent <> CASE WHEN job.is_sandbox THEN 0 ELSE job.imported * job.price_credits END
            OR coalesce(-sum(CASE WHEN entry.kind = 'capture' THEN entry.reserved_change END), 0)
                <> job.credits_spent""",
    # each run of a job reserves, and releases at its end: what an earlier run gave back was reserved and is no more
    "I4 a job has reserved what its runs did, but for what they released": f"""
        SELECT job.id FROM job LEFT JOIN credit_entry AS entry ON entry.job_id = job.id
            AND (entry.kind = 'reserve' OR entry.kind = 'release'
                AND (job.status IN {ACTIVE} OR entry.page <> job.pages_done))
        GROUP BY job.id, job.credits_reserved
        HAVING coalesce(sum(entry.reserved_change), 0) <> job.credits_reserved""",
    "I4 what a job reserved, did not spend and did not release is what it still holds": f"""
        SELECT job.id FROM job LEFT JOIN credit_entry AS entry ON entry.job_id = job.id
        GROUP BY job.id, job.status, job.credits_reserved, job.credits_spent
        HAVING coalesce(sum(entry.reserved_change), 0)
            <> CASE WHEN job.status IN {ACTIVE} THEN job.credits_reserved - job.credits_spent ELSE 0 END""",
    "I4 each run of a job reserves and releases at most once": """
        SELECT job.id FROM job JOIN credit_entry AS entry ON entry.job_id = job.id AND kind IN ('reserve', 'release')
        GROUP BY job.id, entry.kind, job.resume_count HAVING count(*) > job.resume_count + 1""",
    "I4 a job that has ended gave back what was left, one that runs did not": f"""
        SELECT job.id FROM job LEFT JOIN credit_entry AS entry
            ON entry.job_id = job.id AND entry.kind = 'release' AND entry.page = job.pages_done
        GROUP BY job.id, job.status, job.credits_reserved, job.credits_spent
        HAVING coalesce(sum(entry.available_change), 0)
            <> CASE WHEN job.status IN {ACTIVE} THEN 0 ELSE job.credits_reserved - job.credits_spent END""",
    # for two days: then what was used is forgotten
    "a live job took out of its quota whom it took": """
        SELECT job.id FROM job LEFT JOIN quota_use AS used ON used.job_id = job.id
            AND used.account_group_id = job.account_group_id
        GROUP BY job.id, job.is_sandbox, job.source, job.imported, job.known
        HAVING coalesce(sum(used.people), 0)
            <> CASE WHEN job.is_sandbox OR job.source = 'file_upload' THEN 0 ELSE job.imported + job.known END""",
    "I5 the parts of a job's state agree": f"""
        SELECT id FROM job WHERE (fencing_token = 0) <> (status = 'queued' AND resume_count = 0)
            OR (import_stop_reason IS NULL) = (import_status = 'completed')
            OR status IN {ACTIVE} AND stop_reason IS NOT NULL
            OR status = 'completed' AND stop_reason <> import_stop_reason
            OR tries_before_resume > failed_tries
            OR started_ms IS NULL AND status IN ('running', 'completed')
            OR status = 'completed' AND (import_status <> 'completed' OR enrichment_status <> 'completed')
            OR status = 'completed' AND people_enriched <> imported + known
            OR status IN ('failed', 'cancelled') AND (import_status IN {ACTIVE} OR enrichment_status <> status)
            OR status NOT IN {ACTIVE} AND (resumes_ms IS NOT NULL OR stop_reason IS NULL)
            OR status = 'failed' AND error_code IS NULL
            OR version < fencing_token""",
    "the newest event of a job, where events are kept, is its row's": """
        SELECT job.id, job.version, event.version FROM job JOIN job_event AS event ON event.job_id = job.id
        WHERE event.version = (SELECT max(version) FROM job_event WHERE job_id = job.id)
            AND (event.version <> job.version OR event.account_group_id <> job.account_group_id
                OR (event.kind = 'finished') <> (job.finished_ms IS NOT NULL))""",
    "the newest event tells the status and the counts of the job": """
        SELECT job.id, job.version FROM job
        JOIN job_event AS event ON event.job_id = job.id AND event.version = job.version
        WHERE event.data_json NOT LIKE '{{"jobId":"' || job.id || '","status":"' || job.status || '"%'
            OR event.data_json NOT LIKE '%"counts":{{"found":' || job.found || ',"imported":' || job.imported
                || ',"known":' || job.known || ',"duplicate":' || job.duplicate
                || ',"suppressed":' || job.suppressed || ',"invalid":' || job.invalid
                || ',"failed":' || job.failed || ',"emailsFound":' || job.emails_found || '}}%'""",
    "a job whose events are all kept has one that says finished for each time it ended": f"""
        SELECT job.id FROM job JOIN job_event AS first ON first.job_id = job.id AND first.version = 1
        JOIN job_event AS event ON event.job_id = job.id
        GROUP BY job.id, job.resume_count, job.status
        HAVING sum(CASE WHEN event.kind = 'finished' THEN 1 ELSE 0 END)
            <> job.resume_count + CASE WHEN job.status IN {ACTIVE} THEN 0 ELSE 1 END""",
    "times go forward": """
        SELECT id FROM job WHERE updated_ms < created_ms OR started_ms < created_ms OR finished_ms < started_ms""",
    "I1 a job that is not done has a workflow that will go on": f"""
        SELECT job.id, workflow.status FROM job LEFT JOIN {{workflow}} AS workflow ON workflow.workflow_uuid
            = CASE WHEN job.resume_count = 0 THEN job.id ELSE job.id || '-' || job.resume_count END
        WHERE job.status IN {ACTIVE} AND coalesce(workflow.status, '') NOT IN ('ENQUEUED', 'PENDING')
            AND NOT (job.resumes_ms IS NOT NULL AND workflow.status = 'CANCELLED')""",
}


def assert_invariants(database_url: str, by_hand: Sequence[str] = ()) -> None:
    """Fail with every rule that is broken, and by which rows.

    `by_hand` are the ids of audiences whose people were moved or removed, or that were deleted: who is in those only
    the test knows.
    """
    database = Database(database_url)
    try:
        with database.read() as tx:
            broken = broken_rules(tx, by_hand)
    finally:
        database.close()
    assert not broken, "\n".join(f"{rule}: {rows}" for rule, rows in broken.items())


def broken_rules(tx: Tx, by_hand: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the broken rules with up to five rows that break each."""
    is_sqlite = tx.dialect.name == "sqlite"
    workflow = "workflow_status" if is_sqlite else "dbos.workflow_status"
    names = {"workflow": workflow, "by_hand": "(" + ", ".join(f"'{id_}'" for id_ in by_hand or [""]) + ")"}
    found = {rule: _rows(tx, query.format(**names)) for rule, query in RULES.items()}
    if is_sqlite:
        found["I12 the file is whole"] = [row for row in _rows(tx, "PRAGMA integrity_check") if row != "('ok',)"]
        found["I12 nothing refers to nothing"] = _rows(tx, "PRAGMA foreign_key_check")
    return {rule: rows for rule, rows in found.items() if rows}


def _rows(tx: Tx, query: str) -> list[str]:
    # by the driver itself: it is asked for dozens of rules at a time, and thousands of times by the simulation
    cursor = tx.connection.cursor()
    cursor.execute(query)
    return [str(tuple(row)) for row in cursor.fetchmany(5)]


class SeenJob(NamedTuple):
    """A job as one commit left it."""

    id: str
    status: str
    version: int
    fencing_token: int
    resume_count: int
    pages_done: int
    people_enriched: int
    failed_tries: int
    found: int
    imported: int
    known: int
    credits_spent: int
    import_status: str


_NEVER_LESS = (
    "fencing_token",
    "resume_count",
    "pages_done",
    "people_enriched",
    "found",
    "imported",
    "known",
    "credits_spent",
)
_WORK = ("pages_done", "people_enriched", "failed_tries")


class History:
    """What every commit did to the jobs, for whoever can watch them all: the rules that one moment does not show."""

    COLUMNS = SeenJob._fields

    def __init__(self) -> None:
        self.changes: list[tuple[SeenJob | None, SeenJob]] = []
        self._jobs: dict[str, SeenJob] = {}
        self._holders: dict[str, str] = {}
        self._job_of_source: dict[tuple[str, str], str] = {}
        self._late_calls: Counter[tuple[str, int]] = Counter()

    def see(self, rows: Iterable[Sequence[Any]], writer: str) -> list[str]:
        """Return what the commit of `writer` broke.

        `writer` is one execution of a job, "… of run 0" for its first run, or "" for anybody else.

        `changes` are those of this commit then.
        """
        broken = []
        self.changes = []
        for row in rows:
            job = SeenJob(*row)
            before = self._jobs.get(job.id)
            if job != before:
                self._jobs[job.id] = job
                self.changes.append((before, job))
                broken += [f"{rule}: {before} became {job}" for rule in self._broken(before, job, writer)]
        return broken

    def state(self, job_id: str) -> tuple[str, str] | None:
        """Return the status of the job and of its import stage; None: nobody has committed such a job."""
        job = self._jobs.get(job_id)
        return None if job is None else (job.status, job.import_status)

    def note_source(self, account_group_id: str, source: str, job_id: str) -> None:
        """Note which job reads a source that no other job reads."""
        self._job_of_source[account_group_id, source] = job_id

    def note_call(self, account_group_id: str, source: str, executions: int) -> str | None:
        """Return the rule that one more question for a page breaks, when so many executions may be in flight."""
        job = self._jobs.get(self._job_of_source.get((account_group_id, source), ""))
        if job is None or job.status != JobStatus.CANCELLED:
            return None
        self._late_calls[job.id, job.version] += 1
        if self._late_calls[job.id, job.version] <= executions:
            return None
        return f"I6 a cancelled job asks its provider no more: {job}"

    def _broken(self, before: SeenJob | None, job: SeenJob, writer: str) -> Iterable[str]:
        if before is None:
            if job.status != JobStatus.QUEUED or job.version != 1:
                yield "I5 a job begins in the queue"
            return
        if job.version <= before.version:
            yield "I5 every change raises the version"
        if job.status != before.status and JobStatus(job.status) not in MOVES[JobStatus(before.status)]:
            yield "I5 only legal moves"
        if job.status == before.status and job.status not in ACTIVE_STATUSES:
            yield "I5 a job that has ended does not change"
        if any(getattr(job, name) < getattr(before, name) for name in _NEVER_LESS):
            yield "I5 what was counted stays counted"
        if (job.resume_count > before.resume_count) != (before.status in RESUMABLE):
            yield "I5 only a resume wakes a job that has ended"
        yield from self._broken_by_holder(before, job, writer)

    def _broken_by_holder(self, before: SeenJob, job: SeenJob, writer: str) -> Iterable[str]:
        """Say whether somebody wrote a job who does not hold it: its holder is who claimed it last."""
        if writer and job.status == JobStatus.RUNNING and job.fencing_token > before.fencing_token:
            self._holders[job.id] = writer
            if not writer.endswith(f" of run {job.resume_count}"):
                yield f"I9 {writer} claims another run"
        has_worked = any(getattr(job, name) > getattr(before, name) for name in _WORK)
        is_completed = job.status == JobStatus.COMPLETED
        if job.status != JobStatus.QUEUED and (has_worked or is_completed) and self._holders.get(job.id) != writer:
            yield f"I9 {writer} writes a job that {self._holders.get(job.id)} holds"
