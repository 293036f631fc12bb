"""What a start with `dryRun` answers: what the job would find, take and cost."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta

from goldpan.contract.resources import Count, Shape, SourceType


class CapReason(StrEnum):
    TOTAL_AVAILABLE = "total_available"
    MAX_RESULTS = "max_results"
    PLAN_CAP = "plan_cap"
    MAX_CREDITS = "max_credits"
    QUOTA = "quota"
    CREDITS = "credits"


class EstimateCap(Shape):
    """The bound that the job comes to first.

    `credits` with insufficient credits, and `quota` with a limit of 0: the job would not start. A job that comes to
    its `quota` later waits there for room and goes on by itself.
    """

    reason: CapReason
    limit: Annotated[
        int,
        Meta(
            ge=0,
            description="after how many people; with max_credits and credits: after how many new ones",
            examples=[200],
        ),
    ]


class EstimateKnown(Shape):
    """How many are in the account group already, and therefore cost nothing."""

    count: Annotated[int, Meta(ge=0, examples=[3])]
    of: Annotated[
        int,
        Meta(
            ge=0,
            description="among how many they were counted: all profiles of a list, the first page of anything else",
            examples=[25],
        ),
    ]


class EstimateCredits(Shape):
    needed: Annotated[
        int, Meta(ge=0, description="what must be available for the job to start, else it is 402", examples=[200])
    ]
    expected: Annotated[int, Meta(ge=0, description="what `newPeople` cost", examples=[176])]
    available: Annotated[int, Meta(ge=0, examples=[1000])]
    sufficient: bool


class EstimateQuota(Shape):
    list_type: str
    needed: Count
    remaining: Count


class Estimate(Shape):
    """What a job would find, take and cost, as things stand now. Nothing was started, stored or charged."""

    dry_run: Literal[True]
    source: Annotated[
        str,
        Meta(description="the source in plain words", examples=["LinkedIn search: keywords cto; title R&D Director"]),
    ]
    source_type: SourceType
    total_available: Annotated[int | None, Meta(description="distinct people of the source, null if it does not say")]
    max_people: Annotated[int, Meta(ge=0, description="people that the job takes at the most, new and known")]
    cap: EstimateCap
    known: EstimateKnown
    new_people: Annotated[int, Meta(ge=0, description="an estimate, where `known.of` is not everybody")]
    credits: EstimateCredits
    quota: Annotated[EstimateQuota | None, Meta(description="null where no quota applies")]
