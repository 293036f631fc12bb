"""The quota as it goes over the wire."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from goldpan.contract.resources import Count, Shape, Time


class ListType(StrEnum):
    """What an account group has a budget of its own for."""

    LINKEDIN_CLASSIC = "LINKEDIN_CLASSIC"
    SALES_NAVIGATOR = "SALES_NAVIGATOR"
    POST_COMMENTERS = "POST_COMMENTERS"
    URL_UPLOAD = "URL_UPLOAD"


class QuotaType(StrEnum):
    """The reference's other name of each list type."""

    LINKEDIN_CLASSIC_SEARCH = "linkedinClassicSearch"
    SALES_NAVIGATOR_SEARCH = "salesNavigatorSearch"
    POST_COMMENTERS = "postCommenters"
    URL_UPLOAD = "urlUpload"


class Quota(Shape):
    """A budget of people in any 24 hours; jobs of the sandbox use none of it."""

    list_type: ListType
    quota_type: QuotaType
    used: Annotated[int, Meta(ge=0, description="people that jobs took within the last 24 hours")]
    limit: Count
    remaining: Count
    reset_at: Annotated[Time, Meta(description="when the oldest use leaves the 24 hours; now, when nothing is used")]
    exhausted: bool
