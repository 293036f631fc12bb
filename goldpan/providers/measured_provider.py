"""A provider as the product calls it: every call is timed, counted by how it ended, and a span of its trace."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from goldpan import tracing
from goldpan.domain.provider_port import (
    AccountDisconnected,
    NamedSource,
    Page,
    Person,
    Provider,
    ProviderFailure,
    Refusal,
    Rejected,
    Source,
    Unavailable,
)
from goldpan.metrics import PROVIDER_SECONDS

_RESULTS: dict[type[BaseException], str] = {
    Unavailable: "unavailable",
    Rejected: "rejected",
    AccountDisconnected: "disconnected",
}


class MeasuredProvider:
    """Hands every call on; what the provider answers, and how it fails, stays as it is."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def name(self) -> str:
        return self._provider.name

    @property
    def people_at_once(self) -> int:
        return self._provider.people_at_once

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        with self._measured("refusals"):
            return self._provider.refusals(account_group_id, source)

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        with self._measured("saved_searches"):
            return self._provider.saved_searches(account_group_id)

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        with self._measured("lead_lists"):
            return self._provider.lead_lists(account_group_id)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        with self._measured("fetch_page"):
            return await self._provider.fetch_page(account_group_id, source, cursor, earlier_tries, most_people)

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        with self._measured("pass_over"):
            return await self._provider.pass_over(account_group_id, source, cursor)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        with self._measured("enrich"):
            return await self._provider.enrich(account_group_id, people, search_emails)

    @contextmanager
    def _measured(self, call: str) -> Iterator[None]:
        began, result = time.perf_counter(), "ok"
        with tracing.span(f"{self.name} {call}") as span:
            try:
                yield
            except ProviderFailure as failure:
                result = _RESULTS.get(type(failure), "failed")
                raise
            except BaseException:  # a bug, or a job that was cancelled while it waited
                result = "broken_off"
                raise
            finally:
                PROVIDER_SECONDS.labels(self.name, call, result).observe(time.perf_counter() - began)
                span.note("goldpan.result", result)
