"""The shapes of what stands beside jobs: who an id belongs to, and the searches and lists that a provider keeps."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from goldpan.contract.resources import ObjectId, Shape


class Resolution(StrEnum):
    NONE = "none"
    SINGLE = "single"
    MULTIPLE = "multiple"


class ProspectMatch(Shape):
    """One person who may bear the id."""

    prospect_id: ObjectId
    person_id: Annotated[ObjectId, Meta(description="the prospect's: each person of an account group is one prospect")]
    public_identifier: str | None
    linkedin_url: str | None
    name: str | None
    company_name: str | None
    title: str | None


class ProviderIdProspectLookup(Shape):
    """Who bears a provider id. `multiple`: it does not say which of them, and we do not guess."""

    provider_id: str
    resolution: Resolution
    matches: Annotated[list[ProspectMatch], Meta(max_length=100, description="the first imported first, at most 100")]


class SalesNavigatorItem(Shape):
    id: Annotated[str, Meta(min_length=1, max_length=64, description="give it as `savedSearchId` or `leadListId`")]
    name: str


class SalesNavigatorList(Shape):
    """The newest first, all of them."""

    items: list[SalesNavigatorItem]
