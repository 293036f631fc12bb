"""The shapes of audiences and folders as they go over the wire."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from goldpan.contract.resources import Count, Cursor, HasMore, ObjectId, Shape, SourceType, Time


class AudienceType(StrEnum):
    """What an audience is kept for: filled when somebody asks, or by a monitor again and again."""

    ON_DEMAND = "on_demand"
    MONITORING = "monitoring"


class ProspectsAction(StrEnum):
    MOVE = "move"
    REMOVE = "remove"


LONGEST_NAME = 200

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=2000)]
Place = Annotated[
    int,
    Meta(ge=0, le=2**31 - 1, description="the others make room; a number beyond the last place is the last place"),
]


# --- audiences ----------------------------------------------------------------------------------------------------


class Audience(Shape):
    """A named list of people."""

    id: ObjectId
    name: str
    type: Annotated[
        str,
        Meta(
            description="the source of the job that filled it first; before that, the type it was created with",
            extra_json_schema={"enum": [*SourceType, *AudienceType]},
        ),
    ]
    description: str | None
    folder_id: ObjectId | None
    prospect_count: Count
    created_at: Time


class AudienceList(Shape):
    items: list[Audience]
    next_cursor: Cursor
    has_more: HasMore


class CreateAudience(Shape):
    """The body that creates an audience without people."""

    name: Name
    type: AudienceType
    description: Description | None = None


class ChangeAudience(Shape):
    """The body that changes an audience: what is left out stays as it is."""

    name: Name | UnsetType = UNSET
    description: Annotated[Description | UnsetType | None, Meta(description="null: none any more")] = UNSET
    folder_id: Annotated[ObjectId | UnsetType | None, Meta(description="null: in no folder any more")] = UNSET


class ChangeProspects(Shape):
    """The body that moves people to another audience, or removes them from this one."""

    action: ProspectsAction
    prospect_ids: Annotated[list[ObjectId], Meta(min_length=1, max_length=1000)]
    to_audience_id: ObjectId | None = None


class ChangedProspects(Shape):
    """What became of the people that were named."""

    audience_id: ObjectId
    to_audience_id: ObjectId | None
    changed: Annotated[int, Meta(ge=0, description="who left the audience")]
    not_found: Annotated[int, Meta(ge=0, description="who was named and is not in it")]
    prospect_count: Annotated[int, Meta(ge=0, description="who is in the audience now")]


class Deleted(Shape):
    """What was deleted."""

    id: ObjectId


# --- folders ------------------------------------------------------------------------------------------------------


class AudienceFolder(Shape):
    id: ObjectId
    name: str
    audience_type: AudienceType
    is_pinned: bool
    position: Annotated[int, Meta(ge=0, description="0, 1, 2 … without gaps among the folders of the account group")]
    created_at: Time
    updated_at: Time


class FilledAudienceFolder(AudienceFolder):
    """A folder with what is in it."""

    audiences: list[Audience]


class AudienceNavigation(Shape):
    """All audiences, folder by folder."""

    folders: list[FilledAudienceFolder]
    ungrouped_audiences: list[Audience]


class CreateAudienceFolder(Shape):
    """The body that creates an empty folder behind all others."""

    name: Name
    audience_type: AudienceType


class ChangeAudienceFolder(Shape):
    """The body that changes a folder: what is left out stays as it is."""

    name: Name | UnsetType = UNSET
    is_pinned: bool | UnsetType = UNSET
    position: Place | UnsetType = UNSET
