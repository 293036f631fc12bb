"""Audiences and their folders, asynchronous."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from msgspec import UNSET, UnsetType

from goldpan.client.connection import Noun, get, send_json, to_query
from goldpan.client.file_transfer import FilePath, download
from goldpan.client.paged_lists import AsyncPages
from goldpan.client.wire import Request
from goldpan.contract.audience_resources import (
    Audience,
    AudienceFolder,
    AudienceNavigation,
    AudienceType,
    ChangeAudience,
    ChangeAudienceFolder,
    ChangedProspects,
    ChangeProspects,
    CreateAudience,
    CreateAudienceFolder,
    Deleted,
    ProspectsAction,
)
from goldpan.contract.export_choices import ExportFormat
from goldpan.contract.resources import Prospect

_FORMATS = {f".{one}": str(one) for one in ExportFormat}


class AsyncAudiences(Noun):
    """Named lists of people. One that a job is filling is in no list, and refuses with AudienceNotReady."""

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> AsyncPages[Audience]:
        """List audiences, newest first."""
        return self._connection.pages("/audiences", Audience, to_query(limit=limit, cursor=cursor))

    def prospects(
        self, audience_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> AsyncPages[Prospect]:
        """List the people of an audience, the last added first."""
        query = to_query(limit=limit, cursor=cursor)
        return self._connection.pages("/audiences/{audience_id}/prospects", Prospect, query, audience_id=audience_id)

    async def get(self, audience_id: str) -> Audience:
        return await self._sender.call(get(await self._path(audience_id)), Audience)

    async def navigation(self) -> AudienceNavigation:
        """Return all audiences, folder by folder."""
        return await self._sender.call(get(await self._connection.path("/audiences/navigation")), AudienceNavigation)

    async def create(
        self, name: str, *, description: str | None = None, type: str = AudienceType.ON_DEMAND
    ) -> Audience:
        """Create an audience without people. Not sent again where its answer is lost."""
        body = CreateAudience(name=name, type=AudienceType(type), description=description)
        path = await self._connection.path("/audiences")
        return await self._sender.call(send_json("POST", path, body), Audience)

    async def change(
        self,
        audience_id: str,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType | None = UNSET,
        folder_id: str | UnsetType | None = UNSET,
    ) -> Audience:
        """Change what is given; None takes the description away, or the audience out of its folder."""
        body = ChangeAudience(name=name, description=description, folder_id=folder_id)
        request = send_json("PATCH", await self._path(audience_id), body, is_repeatable=True)
        return await self._sender.call(request, Audience)

    async def delete(self, audience_id: str) -> Deleted:
        """Delete an audience, and none of its people. Not sent again where its answer is lost."""
        return await self._sender.call(Request("DELETE", await self._path(audience_id)), Deleted)

    async def move_prospects(
        self, audience_id: str, prospect_ids: Iterable[str], to_audience_id: str
    ) -> ChangedProspects:
        """Move up to 1,000 people to another audience. Not sent again where its answer is lost."""
        body = ChangeProspects(action=ProspectsAction.MOVE, prospect_ids=[*prospect_ids], to_audience_id=to_audience_id)
        return await self._change_prospects(audience_id, body)

    async def remove_prospects(self, audience_id: str, prospect_ids: Iterable[str]) -> ChangedProspects:
        """Remove up to 1,000 people from an audience. Not sent again where its answer is lost."""
        body = ChangeProspects(action=ProspectsAction.REMOVE, prospect_ids=[*prospect_ids])
        return await self._change_prospects(audience_id, body)

    async def export(
        self, audience_id: str, target: FilePath | BinaryIO, *, format: str | None = None, preset: str | None = None
    ) -> None:
        """Write everybody in an audience to a path, where a file is only when it is whole, or to an open binary file.

        Without a format it is the one that the path's ending names, else CSV.

        Raises:
            NotReached: the answer broke off.
        """
        if format is None and isinstance(target, str | os.PathLike):
            format = _FORMATS.get(Path(target).suffix.lower())
        path = f"{await self._path(audience_id)}/export"
        await download(self._sender, get(path, **to_query(format=format, preset=preset)), target)

    async def _change_prospects(self, audience_id: str, body: ChangeProspects) -> ChangedProspects:
        path = f"{await self._path(audience_id)}/prospects"
        return await self._sender.call(send_json("POST", path, body), ChangedProspects)

    async def _path(self, audience_id: str) -> str:
        return await self._connection.path("/audiences/{audience_id}", audience_id=audience_id)


class AsyncFolders(Noun):
    """Places for audiences; `audiences.navigation()` shows them."""

    async def create(self, name: str, *, audience_type: str = AudienceType.ON_DEMAND) -> AudienceFolder:
        """Create an empty folder behind all others. Not sent again where its answer is lost."""
        body = CreateAudienceFolder(name=name, audience_type=AudienceType(audience_type))
        path = await self._connection.path("/audiences/folders")
        return await self._sender.call(send_json("POST", path, body), AudienceFolder)

    async def change(
        self,
        folder_id: str,
        *,
        name: str | UnsetType = UNSET,
        is_pinned: bool | UnsetType = UNSET,
        position: int | UnsetType = UNSET,
    ) -> AudienceFolder:
        """Change what is given; the other folders make room for a new position."""
        body = ChangeAudienceFolder(name=name, is_pinned=is_pinned, position=position)
        request = send_json("PATCH", await self._path(folder_id), body, is_repeatable=True)
        return await self._sender.call(request, AudienceFolder)

    async def delete(self, folder_id: str) -> Deleted:
        """Delete a folder, and none of its audiences. Not sent again where its answer is lost."""
        return await self._sender.call(Request("DELETE", await self._path(folder_id)), Deleted)

    async def _path(self, folder_id: str) -> str:
        return await self._connection.path("/audiences/folders/{folder_id}", folder_id=folder_id)
