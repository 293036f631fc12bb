"""The people of the tests: account groups with keys of their own, and what they ask of the API."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.job_rules import workflow_id
from goldpan.operations.account_operations import NewKey, all_accounts, create_account, create_key, revoke_key
from goldpan.operations.people_operations import import_people
from goldpan.storage import audience_table, job_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.credit_table import ledger_sums
from goldpan.storage.database import Tx
from goldpan.storage.job_table import Job
from tests.service import PATIENCE_SECONDS, Answer, Json, Service, until

EVERYTHING = tuple(Permission)
NOBODYS_ID = "0123456789abcdef01234567"

SEARCH_URL = "https://www.linkedin.com/search/results/people/?keywords="


@dataclass(frozen=True)
class Caller:
    """Somebody with one API key and one account group in mind."""

    service: Service
    account_group_id: str
    key: str

    @property
    def group(self) -> str:
        return f"/v1/accounts/{self.account_group_id}"

    @property
    def jobs(self) -> str:
        return f"{self.group}/prospecting"

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def call(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request with the key; `content_type="…"` is the header `Content-Type`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.service.call(method, target, self.authorization | named, body)

    def get(self, target: str) -> Answer:
        return self.call("GET", target)

    def post(self, target: str, body: Json, **headers: str) -> Answer:
        """Send `body` as JSON, or as it is when it is bytes."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", target, encoded, **{"content_type": "application/json", **headers})

    def start(self, _body: Json = None, /, **fields: Any) -> Answer:
        """Ask for a job: the fields of the body by name, or the whole body."""
        headers = {"idempotency_key": fields.pop("idempotency_key")} if "idempotency_key" in fields else {}
        return self.post(self.jobs, fields if _body is None else _body, **headers)

    def start_search(self, keywords: str, **fields: Any) -> str:
        """Start a search job that is accepted; return its id."""
        job_id: str = self.started(source="linkedin_search", searchUrl=search_url(keywords), **fields)["jobId"]
        return job_id

    def started(self, **fields: Any) -> Json:
        """Start a job that is accepted; return what the API says of it."""
        answer = self.start(**fields)
        assert answer.status == 202, answer
        return answer.data

    def job(self, job_id: str) -> Json:
        """Return the job as it is now; what must hold of it at every moment does."""
        job = self.get(f"{self.jobs}/{job_id}").data
        check_receipt(job)
        return job

    def ended(self, job_id: str, seconds: float = PATIENCE_SECONDS) -> Json:
        """Wait for the end of the job and return it."""
        return until(lambda: job if (job := self.job(job_id))["finishedAt"] else None, seconds)

    def cancel(self, job_id: str) -> Answer:
        return self.call("POST", f"{self.jobs}/{job_id}/cancel")

    def resume(self, job_id: str) -> Answer:
        return self.call("POST", f"{self.jobs}/{job_id}/resume")

    def prospects(self, audience_id: str) -> list[Json]:
        """Return everybody in an audience, page by page."""
        return self.walk(f"{self.group}/audiences/{audience_id}/prospects?limit=100")

    def walk(self, target: str) -> list[Json]:
        """Return all items of a list."""
        items, cursor = [], ""
        while True:
            page = self.get(target + cursor).data
            assert page["hasMore"] == (page["nextCursor"] is not None)
            items += page["items"]
            if not page["hasMore"]:
                return items
            cursor = ("&" if "?" in target else "?") + f"cursor={page['nextCursor']}"

    def with_key(self, *permissions: Permission, **fields: Any) -> "Caller":
        """Return somebody else of the same account group, with another key."""
        return replace(self, key=self.new_key(*permissions, **fields)[1])

    def new_key(self, *permissions: Permission, **fields: Any) -> tuple[str, str]:
        """Return (id, text) of a new key of the account group."""
        groups = fields.pop("account_group_ids", [self.account_group_id])
        return create_key(self.service.toolbox, NewKey(groups, list(permissions or EVERYTHING), **fields))

    def sandbox(self) -> "Caller":
        return self.with_key(is_test=True)

    def revoked(self) -> "Caller":
        """Return a caller whose key worked, until it was revoked."""
        key_id, key = self.new_key()
        revoke_key(self.service.toolbox, key_id)
        return replace(self, key=key)

    def expired(self) -> "Caller":
        return self.with_key(expires_ms=1)

    def import_people(self, rows: Iterable[str]) -> None:
        """Let the account group's own files name people: each row is `slug,title`, or `slug,title,email`."""
        lines = ["First Name,Last Name,URL,Email Address,Company,Position,Connected On"]
        for row in rows:
            slug, title, *email = row.split(",")
            lines.append(f"{slug},Test,https://www.linkedin.com/in/{slug},{''.join(email)},Acme,{title},15 Mar 2024")
        with NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("\n".join(lines))
            file.flush()
            path = Path(file.name)
            import_people(
                self.service.toolbox.database, self.account_group_id, path, now_ms(), lambda _rows, _share: None
            )

    def credits(self) -> tuple[int, int]:
        """Return the (available, reserved) credits, which are the sums of the ledger as well."""
        with self.service.toolbox.database.read() as tx:
            sums = ledger_sums(tx, self.account_group_id)
        group = next(group for group in all_accounts(self.service.toolbox) if group.id == self.account_group_id)
        assert (group.credits_available, group.credits_reserved) == sums
        return sums


def new_caller(service: Service, name: str, credits: int = 1000, plan: str = "starter") -> Caller:
    """Return somebody with an account group of their own and a live key that may do everything."""
    group = create_account(service.toolbox, name, plan, credits)
    return Caller(service, group.id, create_key(service.toolbox, NewKey([group.id], list(EVERYTHING)))[1])


def search_url(keywords: str) -> str:
    return SEARCH_URL + quote(keywords)


def check_receipt(job: Json) -> None:
    """What holds of a whole job at every moment."""
    counts, credits = job["counts"], job["credits"]
    parts = ("imported", "known", "duplicate", "suppressed", "invalid", "failed")
    assert counts["found"] == sum(counts[part] for part in parts), job
    assert credits["spent"] <= credits["reserved"], job
    assert (job["finishedAt"] is None) == (job["status"] in ("queued", "running")), job
    assert (job["stopReason"] is None) == (job["finishedAt"] is None), job
    for stage in job["stages"].values():
        assert 0 <= stage["progress"] <= 1, job
        assert (stage["progress"] == 1) == (stage["status"] == "completed"), job


def store_jobs(caller: Caller, created_ms: Iterable[int], status: str = "completed") -> list[str]:
    """Write jobs into the table, one at each time, and return their ids in the order of the list: newest first."""
    toolbox = caller.service.toolbox
    audience_id = toolbox.new_id()
    jobs = [stored_job(caller.account_group_id, toolbox.new_id(), audience_id, at, status) for at in created_ms]
    with toolbox.database.write() as tx:
        filling = sum(job.finished_ms is None for job in jobs)
        audience = Audience(audience_id, caller.account_group_id, "stored", "linkedin_search", False, 0, filling, 0)
        audience_table.add(tx, caller.account_group_id, audience)
        for job in jobs:
            job_table.add(tx, caller.account_group_id, job, "{}")
            if job.finished_ms is None:
                _park(tx, job)
    return [job.id for job in sorted(jobs, key=lambda job: (job.created_ms, job.id), reverse=True)]


def _park(tx: Tx, job: Job) -> None:
    """Give the job a place in a queue that nobody works on: it stays as it is, and the caretaker lets it."""
    values = {
        "workflow_uuid": workflow_id(job.id, job.resume_count),
        "status": "ENQUEUED",
        "queue_name": "parked",
        "created_at": job.created_ms,
        "updated_at": job.created_ms,
        "priority": 0,
    }
    schema = "dbos" if tx.dialect.name == "postgresql" else None
    tx.execute(sa.table("workflow_status", *map(sa.column, values), schema=schema).insert().values(values))


def stored_job(account_group_id: str, job_id: str, audience_id: str, created_ms: int, status: str) -> Job:
    has_ended = status not in ("queued", "running")
    return Job(
        id=job_id,
        account_group_id=account_group_id,
        status=status,
        source="linkedin_search",
        is_sandbox=False,
        audience_id=audience_id,
        created_ms=created_ms,
        updated_ms=created_ms,
        max_results=100,
        max_credits=None,
        price_credits=1,
        search_emails=False,
        credits_reserved=0,
        finished_ms=created_ms if has_ended else None,
        stop_reason="cancelled" if has_ended else None,
    )


def now_ms() -> int:
    return time.time_ns() // 1_000_000
