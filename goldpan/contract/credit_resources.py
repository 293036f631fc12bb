"""Shapes of what an account group has paid for: its balance, and the ledger that adds up to it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from goldpan.contract.resources import Count, Cursor, HasMore, ObjectId, Shape, Time


class CreditEntryKind(StrEnum):
    TOP_UP = "top_up"
    RESERVE = "reserve"
    CAPTURE = "capture"
    RELEASE = "release"


class Credits(Shape):
    """What an account group can spend."""

    available: Annotated[int, Meta(ge=0, description="what new jobs can reserve")]
    reserved: Annotated[int, Meta(ge=0, description="what jobs under way hold and have not spent")]
    plan: str
    max_results_cap: Annotated[Count, Meta(description="the largest `maxResults` of the plan")]


class CreditEntry(Shape):
    """One movement of credits. The sums of both changes over all entries are the balance."""

    id: ObjectId
    kind: Annotated[
        CreditEntryKind,
        Meta(
            description="`top_up`: added by the operator; `reserve`: set aside for a job; "
            "`capture`: spent on the new people of one page; `release`: given back when the job ended"
        ),
    ]
    job_id: Annotated[ObjectId | None, Meta(description="null for a top-up")]
    available_change: int
    reserved_change: int
    created_at: Annotated[Time, Meta(description="no two entries of an account group share it")]


class CreditLedger(Shape):
    items: list[CreditEntry]
    next_cursor: Cursor
    has_more: HasMore
