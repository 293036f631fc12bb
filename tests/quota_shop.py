"""A workshop whose clock stands until a test moves it, and a provider that hands out as many people as it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from goldpan.contract.quota_resources import ListType
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import Page, Person, Source
from goldpan.domain.quota_rules import QuotaLimits, QuotaState
from goldpan.operations.job_start_operations import start_job
from goldpan.operations.quota_operations import quota_state
from goldpan.storage.job_table import Job
from tests.workshop import ScriptedProvider, Workshop

PEOPLE_A_PAGE = 10
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON_MS = 1_777_377_600_000

SOURCES: dict[SourceType, dict[str, Any]] = {
    SourceType.LINKEDIN_SEARCH: {"search_url": "https://www.linkedin.com/search/results/people/?keywords=miller"},
    SourceType.SALES_NAVIGATOR: {"saved_search_id": "50500115"},
    SourceType.POST_COMMENTERS: {
        "post_url": "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/"
    },
    SourceType.URL_UPLOAD: {"urls": ["https://www.linkedin.com/in/ada"]},
}


@dataclass
class Crowd(ScriptedProvider):
    """Finds `total` people, ten a page or fewer; `most` is what it was asked for at the most, page by page."""

    total: int = 0
    most: list[int | None] = field(default_factory=list)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        self.most.append(most_people)
        self.before_page()
        done = int(cursor or 0)
        end = min(done + min(PEOPLE_A_PAGE, most_people or PEOPLE_A_PAGE), self.total)
        people = tuple(Person(public_identifier=f"miller-{number}") for number in range(done, end))
        return Page(people, str(end) if end < self.total else None, self.total)


class QuotaShop(Workshop):
    """Alice's account group with room for 25 people of each list type; it is noon."""

    def __init__(self, database_url: str, total: int) -> None:
        super().__init__(database_url, Crowd([], total=total), credits=10_000)
        self.execute("UPDATE credit_entry SET created_ms = :noon", noon=NOON_MS)
        self.clock_ms = NOON_MS
        limits = QuotaLimits(25, 25, 25, 25)
        self.toolbox = replace(self.toolbox, now_ms=lambda: self.clock_ms, quota_limits=limits)

    @property
    def crowd(self) -> Crowd:
        assert isinstance(self.provider, Crowd)
        return self.provider

    def start_as(self, caller: Principal, source: SourceType, key: str | None = None, **body: Any) -> Job:
        [group_id] = caller.account_group_ids
        return start_job(self.toolbox, caller, group_id, StartJob(source=source, **SOURCES[source], **body), key)

    def sandbox_alice(self) -> Principal:
        return Principal("alice", True, self.alice.permissions, self.alice.account_group_ids)

    def quota(self, list_type: ListType = ListType.LINKEDIN_CLASSIC) -> QuotaState:
        with self.database.read() as tx:
            return quota_state(tx, self.group_id, list_type, self.toolbox.quota_limits.of(list_type), self.clock_ms)

    def uses(self) -> list[tuple[int, int, int]]:
        """Return (page, people, hours after noon) of every use, the oldest first."""
        with self.database.read() as tx:
            rows = tx.exec_driver_sql("SELECT page, people, used_ms FROM quota_use ORDER BY used_ms, page").all()
        return [(page, people, (used_ms - NOON_MS) // HOUR_MS) for page, people, used_ms in rows]


@contextmanager
def quota_shop(database_url: str, total: int = 40) -> Iterator[QuotaShop]:
    shop = QuotaShop(database_url, total)
    try:
        yield shop
    finally:
        shop.database.close()
