"""Audiences and folders as the shapes that go over the wire."""

from typing import Any

from goldpan.api.presenters import Reply
from goldpan.contract.audience_resources import (
    Audience,
    AudienceFolder,
    AudienceList,
    AudienceNavigation,
    AudienceType,
    ChangedProspects,
    Deleted,
    FilledAudienceFolder,
)
from goldpan.contract.paging import Position, Slice, encode_cursor, format_time
from goldpan.operations import audience_change_operations, audience_operations, folder_operations


def present_audiences(page: Slice[audience_operations.Audience]) -> Reply:
    last = page.items[-1] if page.has_more else None
    next_cursor = encode_cursor(Position(last.created_ms, last.id)) if last else None
    items = [_audience(audience) for audience in page.items]
    return Reply(200, AudienceList(items=items, next_cursor=next_cursor, has_more=page.has_more))


def present_audience(audience: audience_operations.Audience) -> Reply:
    return Reply(200, _audience(audience))


def present_created_audience(audience: audience_operations.Audience) -> Reply:
    return Reply(201, _audience(audience))


def present_navigation(found: tuple[list[audience_operations.Folder], list[audience_operations.Audience]]) -> Reply:
    folders, audiences = found
    inside: dict[str | None, list[Audience]] = {None: [], **{folder.id: [] for folder in folders}}
    for audience in audiences:
        inside[audience.folder_id].append(_audience(audience))
    filled = [FilledAudienceFolder(**_folder_fields(folder), audiences=inside[folder.id]) for folder in folders]
    return Reply(200, AudienceNavigation(folders=filled, ungrouped_audiences=inside[None]))


def present_folder(folder: folder_operations.Folder) -> Reply:
    return Reply(200, AudienceFolder(**_folder_fields(folder)))


def present_created_folder(folder: folder_operations.Folder) -> Reply:
    return Reply(201, AudienceFolder(**_folder_fields(folder)))


def present_departure(departure: audience_change_operations.Departure) -> Reply:
    return Reply(
        200,
        ChangedProspects(
            audience_id=departure.audience_id,
            to_audience_id=departure.to_audience_id,
            changed=departure.changed,
            not_found=departure.not_found,
            prospect_count=departure.prospect_count,
        ),
    )


def present_deleted(id_: str) -> Reply:
    return Reply(200, Deleted(id=id_))


def _audience(audience: audience_operations.Audience) -> Audience:
    return Audience(
        id=audience.id,
        name=audience.name,
        type=audience.type,
        description=audience.description,
        folder_id=audience.folder_id,
        prospect_count=audience.prospect_count,
        created_at=format_time(audience.created_ms),
    )


def _folder_fields(folder: folder_operations.Folder) -> dict[str, Any]:
    return {
        "id": folder.id,
        "name": folder.name,
        "audience_type": AudienceType(folder.audience_type),
        "is_pinned": bool(folder.is_pinned),
        "position": folder.position,
        "created_at": format_time(folder.created_ms),
        "updated_at": format_time(folder.updated_ms),
    }
