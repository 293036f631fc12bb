"""What a verb needs and must not fetch itself, handed in by assembly."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from goldpan.domain.provider_port import Provider
from goldpan.domain.quota_rules import QuotaLimits
from goldpan.storage.database import Database, Tx
from goldpan.storage.job_table import Job


@dataclass(frozen=True, slots=True)
class Toolbox:
    """`now_ms` is the time in milliseconds since 1970, `new_id` makes an id of 24 hex digits.

    `enqueue_job(tx, job)` hands a job to the engine in the very transaction that stores or resumes it;
    `cancel_workflow(job)` tells the engine to stop working on one. `careful_turn` belongs to the job of this process
    that meets somebody alone.
    """

    database: Database
    live_provider: Provider
    sandbox_provider: Provider
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    enqueue_job: Callable[[Tx, Job], None]
    cancel_workflow: Callable[[Job], None]
    quota_limits: QuotaLimits
    careful_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def provider(self, is_sandbox: bool) -> Provider:
        """Return the provider that works for test keys and their jobs, or the one for live keys."""
        return self.sandbox_provider if is_sandbox else self.live_provider
