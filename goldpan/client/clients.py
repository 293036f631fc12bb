"""The two clients: `Goldpan` blocks, `AsyncGoldpan` is for asyncio. They do the same, under the same names."""

import os
from types import TracebackType
from typing import Self

from goldpan.client import blocking_nouns
from goldpan.client.audience_calls import AsyncAudiences, AsyncFolders
from goldpan.client.blocking_calls import run
from goldpan.client.connection import Connection
from goldpan.client.job_calls import AsyncJobs
from goldpan.client.other_calls import (
    AsyncAccounts,
    AsyncCredits,
    AsyncFiles,
    AsyncProspects,
    AsyncSalesNavigator,
    AsyncServer,
)
from goldpan.client.sending import ATTEMPTS, Sender
from goldpan.client.wire import Address, AsyncTransport, BlockingTransport, Transport

TIMEOUT_SECONDS = 30.0
DEFAULT_URL = "http://127.0.0.1:8470"


class _AsyncNouns:
    """All nouns of a client, asynchronous."""

    def __init__(self, transport: Transport, account_group_id: str | None, attempts: int) -> None:
        if attempts < 1:
            raise ValueError("attempts: 1 sends a request once")
        self._transport = transport
        connection = Connection(Sender(transport, attempts), account_group_id)
        self.jobs = AsyncJobs(connection)
        self.audiences = AsyncAudiences(connection)
        self.folders = AsyncFolders(connection)
        self.accounts = AsyncAccounts(connection)
        self.files = AsyncFiles(connection)
        self.prospects = AsyncProspects(connection)
        self.sales_navigator = AsyncSalesNavigator(connection)
        self.credits = AsyncCredits(connection)
        self.server = AsyncServer(connection)


class AsyncGoldpan(_AsyncNouns):
    """A client for asyncio: `async with AsyncGoldpan() as client: …`."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        url: str | None = None,
        account_group_id: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        """Take what is left out from GOLDPAN_API_KEY and GOLDPAN_URL, and the only account group of the key.

        `timeout_seconds` is for one answer, `attempts` is how often a request is sent at the most.

        Raises:
            ValueError: the key or the address cannot be one.
        """
        transport = AsyncTransport(_address(api_key, url, timeout_seconds))
        super().__init__(transport, account_group_id, attempts)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()


class Goldpan:
    """A client that blocks: `with Goldpan() as client: …`. Threads may share one."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        url: str | None = None,
        account_group_id: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        """Take what is left out from GOLDPAN_API_KEY and GOLDPAN_URL, and the only account group of the key.

        `timeout_seconds` is for one answer, `attempts` is how often a request is sent at the most.

        Raises:
            ValueError: the key or the address cannot be one.
        """
        transport = BlockingTransport(_address(api_key, url, timeout_seconds))
        nouns = _AsyncNouns(transport, account_group_id, attempts)
        self._transport = transport
        self.jobs = blocking_nouns.Jobs(nouns.jobs)
        self.audiences = blocking_nouns.Audiences(nouns.audiences)
        self.folders = blocking_nouns.Folders(nouns.folders)
        self.accounts = blocking_nouns.Accounts(nouns.accounts)
        self.files = blocking_nouns.Files(nouns.files)
        self.prospects = blocking_nouns.Prospects(nouns.prospects)
        self.sales_navigator = blocking_nouns.SalesNavigator(nouns.sales_navigator)
        self.credits = blocking_nouns.Credits(nouns.credits)
        self.server = blocking_nouns.Server(nouns.server)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        run(self._transport.close())


def _address(api_key: str | None, url: str | None, timeout_seconds: float) -> Address:
    key = os.environ.get("GOLDPAN_API_KEY", "") if api_key is None else api_key
    return Address(url or os.environ.get("GOLDPAN_URL") or DEFAULT_URL, key, timeout_seconds)
