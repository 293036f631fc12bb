"""The smaller nouns, asynchronous: accounts, files, people, Sales Navigator, credits, and the server itself."""

from pathlib import Path
from typing import BinaryIO

from goldpan.client.connection import Noun, cursor_of, get, to_query
from goldpan.client.file_transfer import FilePath, download, upload_request
from goldpan.client.paged_lists import AsyncPages, Page, read_page
from goldpan.client.sending import read_as, read_json
from goldpan.contract.credit_resources import CreditEntry, Credits
from goldpan.contract.file_resources import File
from goldpan.contract.prospecting_resources import ProviderIdProspectLookup, SalesNavigatorList
from goldpan.contract.resources import AccountGroup


class AsyncAccounts(Noun):
    """Account groups."""

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> AsyncPages[AccountGroup]:
        """List the account groups that the key reaches."""

        async def read(next_cursor: str | None) -> Page[AccountGroup]:
            query = to_query(limit=limit, cursor=cursor) | cursor_of(next_cursor)
            return await read_page(self._sender, get("/v1/accounts", **query), AccountGroup)

        return AsyncPages(read)


class AsyncFiles(Noun):
    """Files of people, for jobs of the source file_upload."""

    async def upload(self, path: FilePath, *, name: str | None = None, media_type: str | None = None) -> File:
        """Upload a file of people, piece by piece. Not sent again where its answer is lost."""
        url_path = await self._connection.path("/files")
        return await self._sender.call(upload_request(url_path, Path(path), name, media_type), File)

    async def get(self, file_id: str) -> File:
        """Return what the upload of the file answered."""
        return await self._sender.call(get(await self._connection.path("/files/{file_id}", file_id=file_id)), File)

    async def rejects(self, file_id: str, target: FilePath | BinaryIO) -> None:
        """Write every rejected row of the file, as CSV, to a path or to an open binary file."""
        path = await self._connection.path("/files/{file_id}/rejects", file_id=file_id)
        await download(self._sender, get(path), target)


class AsyncProspects(Noun):
    """People of the account group."""

    async def find_by_provider_id(self, provider_id: str) -> ProviderIdProspectLookup:
        """Return everybody who may bear the id: nobody, one person, or several."""
        path = await self._connection.path("/prospects/by-provider-id/{provider_id}", provider_id=provider_id)
        return await self._sender.call(get(path), ProviderIdProspectLookup)


class AsyncSalesNavigator(Noun):
    """Searches and lists that a job can take for its source."""

    async def saved_searches(self) -> SalesNavigatorList:
        path = await self._connection.path("/sales-navigator/saved-searches")
        return await self._sender.call(get(path), SalesNavigatorList)

    async def lead_lists(self) -> SalesNavigatorList:
        path = await self._connection.path("/sales-navigator/lead-lists")
        return await self._sender.call(get(path), SalesNavigatorList)


class AsyncCredits(Noun):
    """What the account group has paid for."""

    async def get(self) -> Credits:
        """Return the balance and the plan."""
        return await self._sender.call(get(await self._connection.path("/credits")), Credits)

    def ledger(self, *, limit: int | None = None, cursor: str | None = None) -> AsyncPages[CreditEntry]:
        """List the movements of credits, newest first."""
        return self._connection.pages("/credits/ledger", CreditEntry, to_query(limit=limit, cursor=cursor))


class AsyncServer(Noun):
    """The server that answers; these two need no key."""

    async def health(self) -> dict[str, str]:
        """Return what the process says of itself: `{"status": "ok"}`."""
        return await self._status("/healthz")

    async def readiness(self) -> dict[str, str]:
        """Return that requests can be served.

        Raises:
            ServiceUnavailable: they cannot, after all attempts.
        """
        return await self._status("/readyz")

    async def _status(self, path: str) -> dict[str, str]:
        answer = await self._sender.send(get(path))
        return read_as(dict[str, str], read_json(answer), answer.head)
