"""Prospecting jobs: their state, and the input they were started with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import ACTIVE, RESUMABLE
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.tables import IDEMPOTENCY_KEY, JOB, JOB_INPUT


@dataclass(frozen=True, slots=True)
class Job:
    """One row, in the order of the table's columns; the defaults are those of a new job."""

    id: str
    account_group_id: str
    status: str
    source: str
    is_sandbox: bool
    audience_id: str
    created_ms: int
    updated_ms: int
    max_results: int
    max_credits: int | None
    price_credits: int
    search_emails: bool
    credits_reserved: int
    fencing_token: int = 0
    version: int = 1
    import_status: str = JobStatus.QUEUED
    import_progress: float = 0.0
    enrichment_status: str = JobStatus.QUEUED
    enrichment_progress: float = 0.0
    cursor: str | None = None
    pages_done: int = 0
    people_enriched: int = 0
    failed_tries: int = 0
    resumes_ms: int | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    total_available: int | None = None
    found: int = 0
    imported: int = 0
    known: int = 0
    duplicate: int = 0
    suppressed: int = 0
    invalid: int = 0
    failed: int = 0
    emails_found: int = 0
    credits_spent: int = 0
    stop_reason: str | None = None
    truncated: bool = False
    error_code: str | None = None
    error_message: str | None = None
    import_stop_reason: str | None = None
    resume_count: int = 0
    tries_before_resume: int = 0
    fruitless_claims: int = 0
    attempts: int = 0
    careful_people: int = 0
    barren_pages: int = 0
    landmark_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of an Idempotency-Key."""

    endpoint: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """What an Idempotency-Key was used for."""

    request_hash: bytes
    job: Job


_ONE = HotQuery(
    sa.select(*JOB.c).where(
        JOB.c.id == sa.bindparam("job_id"), JOB.c.account_group_id == sa.bindparam("account_group_id")
    )
)

VERSIONS_AT_ONCE = 50

_VERSIONS = HotQuery(
    sa.select(JOB.c.id, JOB.c.version).where(
        JOB.c.id.in_([sa.bindparam(f"job_id_{number}") for number in range(VERSIONS_AT_ONCE)])
    )
)


async def find(database: Database, account_group_id: str, job_id: str) -> Job | None:
    rows = await database.fetch(_ONE, account_group_id=account_group_id, job_id=job_id)
    return Job(*rows[0]) if rows else None


async def versions(database: Database, job_ids: Sequence[str]) -> dict[str, int]:
    """Return the versions of jobs of any account group."""
    found: dict[str, int] = {}
    for start in range(0, len(job_ids), VERSIONS_AT_ONCE):
        ids = job_ids[start : start + VERSIONS_AT_ONCE]
        places = {f"job_id_{number}": ids[min(number, len(ids) - 1)] for number in range(VERSIONS_AT_ONCE)}
        found |= {job_id: version for job_id, version in await database.fetch(_VERSIONS, **places)}
    return found


def read(tx: Tx, account_group_id: str, job_id: str) -> Job | None:
    """Return the job as it stands in this transaction."""
    row = tx.execute(_ONE.statement, {"account_group_id": account_group_id, "job_id": job_id}).one_or_none()
    return None if row is None else Job(*row)


def add(tx: Tx, account_group_id: str, job: Job, request_json: str) -> None:
    """Store a new job together with the request that started it."""
    values = {column.name: getattr(job, column.name) for column in JOB.c}
    tx.execute(JOB.insert(), values | {"account_group_id": account_group_id})
    tx.execute(
        JOB_INPUT.insert(), {"job_id": job.id, "account_group_id": account_group_id, "request_json": request_json}
    )


def request_json(tx: Tx, account_group_id: str, job_id: str) -> str:
    """Return the request that started the job, as `add` stored it."""
    statement = sa.select(JOB_INPUT.c.request_json).where(JOB_INPUT.c.job_id == job_id)
    text: str = tx.execute(statement.where(JOB_INPUT.c.account_group_id == account_group_id)).scalar_one()
    return text


def claim(tx: Tx, account_group_id: str, job_id: str, resume_count: int, now_ms: int) -> int | None:
    """Make the caller the only one who may write the job: return its fencing token; None: that run of it has ended."""
    is_enriching = (JOB.c.import_status == "completed") & (JOB.c.enrichment_status == "queued")
    statement = (
        JOB.update()
        .where(JOB.c.id == job_id, JOB.c.account_group_id == account_group_id, JOB.c.status.in_(ACTIVE))
        .where(JOB.c.resume_count == resume_count)
        .values(
            status="running",
            import_status=sa.case((JOB.c.import_status == "queued", "running"), else_=JOB.c.import_status),
            enrichment_status=sa.case((is_enriching, "running"), else_=JOB.c.enrichment_status),
            started_ms=sa.func.coalesce(JOB.c.started_ms, _not_before_creation(now_ms)),
            updated_ms=_not_before_creation(now_ms),
            fencing_token=JOB.c.fencing_token + 1,
            fruitless_claims=JOB.c.fruitless_claims + 1,
            version=JOB.c.version + 1,
        )
        .returning(JOB.c.fencing_token)
    )
    return tx.execute(statement).scalar_one_or_none()


def save_if_held(tx: Tx, account_group_id: str, job_id: str, fencing_token: int, **changes: object) -> bool:
    """Change a running job; False: it has ended, or another worker holds it, and nothing was changed.

    `changes` name the columns, `updated_ms` among them.
    """
    held = (JOB.c.status == "running") & (JOB.c.fencing_token == fencing_token)
    return _save(tx, account_group_id, job_id, held, {"fruitless_claims": 0} | changes)


def save_if_active(tx: Tx, account_group_id: str, job_id: str, **changes: object) -> bool:
    """Change a queued or running job, whoever holds it, and take it from that worker; False: it has ended."""
    changes["fencing_token"] = JOB.c.fencing_token + 1
    return _save(tx, account_group_id, job_id, JOB.c.status.in_(ACTIVE), changes)


def save_if_resumable(tx: Tx, account_group_id: str, job_id: str, **changes: object) -> bool:
    """Change a failed or cancelled job; False: it is in another state."""
    return _save(tx, account_group_id, job_id, JOB.c.status.in_(RESUMABLE), changes)


def _save(
    tx: Tx, account_group_id: str, job_id: str, condition: sa.ColumnElement[bool], changes: dict[str, Any]
) -> bool:
    changes |= {"version": JOB.c.version + 1, "updated_ms": _not_before_creation(changes["updated_ms"])}
    if changes.get("finished_ms") is not None:
        changes["finished_ms"] = _not_before_start(changes["finished_ms"])
    statement = JOB.update().where(JOB.c.id == job_id, JOB.c.account_group_id == account_group_id, condition)
    return tx.execute(statement.values(changes)).rowcount == 1


def _not_before_creation(now_ms: int) -> sa.ColumnElement[int]:
    """A clock that was set back must not make a job end before it began."""
    return sa.case((JOB.c.created_ms > now_ms, JOB.c.created_ms), else_=now_ms)


def _not_before_start(now_ms: int) -> sa.ColumnElement[int]:
    """Nor may it end before somebody began with it: another machine's clock may be behind."""
    begin = sa.func.coalesce(JOB.c.started_ms, JOB.c.created_ms)
    return sa.case((begin > now_ms, begin), else_=now_ms)


def find_replay(tx: Tx, account_group_id: str, use: KeyUse, since_ms: int) -> Replay | None:
    """Return what the key was used for before, since `since_ms`; an older use is forgotten."""
    mine = (
        (IDEMPOTENCY_KEY.c.account_group_id == account_group_id)
        & (IDEMPOTENCY_KEY.c.endpoint == use.endpoint)
        & (IDEMPOTENCY_KEY.c.key == use.key)
    )
    tx.execute(IDEMPOTENCY_KEY.delete().where(mine, IDEMPOTENCY_KEY.c.created_ms < since_ms))
    statement = sa.select(IDEMPOTENCY_KEY.c.request_hash, *JOB.c).where(mine, JOB.c.id == IDEMPOTENCY_KEY.c.job_id)
    row = tx.execute(statement).one_or_none()
    return None if row is None else Replay(row[0], Job(*row[1:]))


def add_key_use(tx: Tx, account_group_id: str, job: Job, use: KeyUse) -> None:
    values = {"account_group_id": account_group_id, "job_id": job.id, "created_ms": job.created_ms}
    tx.execute(IDEMPOTENCY_KEY.insert(), values | asdict(use))


def forget_key_uses(tx: Tx, before_ms: int, limit: int) -> int:
    """Delete up to `limit` uses of keys, of all account groups, that are older than `before_ms`; return how many."""
    identity = (IDEMPOTENCY_KEY.c.account_group_id, IDEMPOTENCY_KEY.c.endpoint, IDEMPOTENCY_KEY.c.key)
    old = sa.select(*identity).where(IDEMPOTENCY_KEY.c.created_ms < before_ms).limit(limit)
    return tx.execute(IDEMPOTENCY_KEY.delete().where(sa.tuple_(*identity).in_(old))).rowcount
