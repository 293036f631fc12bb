"""What a job would do, told before it starts: its source in plain words, how many are new, which bound bites first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from goldpan.contract.estimate_resources import CapReason
from goldpan.contract.paging import format_time
from goldpan.domain.identity_rules import PostRef
from goldpan.domain.provider_port import LeadList, PostCommenters, ProfileList, SavedSearch, Source
from goldpan.domain.search_rules import Search, describe

# Numbers of posts hold their time since 2014 or so; a shorter, older one would tell a day before there were posts.
_FIRST_POST_MS = 1_100_000_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """Some people of a source: how many of them are new to the account group, and how many known."""

    new: int
    known: int

    @property
    def size(self) -> int:
        return self.new + self.known

    def new_among(self, people: int) -> int:
        """Return how many of so many people are new, if the rest is like the sample; without a sample: all."""
        return round(people * self.new / self.size) if self.size else people


@dataclass(frozen=True, slots=True)
class Bound:
    """What ends a job after so many people: after so many new ones, where `is_of_new`."""

    reason: CapReason
    people: int
    is_of_new: bool = False


def first_bound(bounds: Sequence[Bound], sample: Sample) -> Bound:
    """Return the bound that a job comes to first, and of several at once the one that stands first."""
    return min(bounds, key=lambda bound: _people_until(bound, sample))


def expected_people(bounds: Sequence[Bound], sample: Sample) -> int:
    """Return how many people, new and known, a job takes until its first bound, if the rest is like the sample."""
    return round(min(_people_until(bound, sample) for bound in bounds))


def _people_until(bound: Bound, sample: Sample) -> float:
    if not bound.is_of_new or not sample.size:
        return bound.people
    return bound.people * sample.size / sample.new if sample.new else float("inf")


def describe_source(source: Source, repeated: int) -> str:
    """Return the source in plain words; `repeated` profiles of a list were given more than once."""
    match source:
        case Search():
            return describe(source)
        case SavedSearch(id):
            return f"Sales Navigator saved search {id}"
        case LeadList(id):
            return f"Sales Navigator lead list {id}"
        case PostCommenters(post):
            return f"commenters of the post {post.kind} {post.number}{_posted(post)}"
        case ProfileList(profiles):
            count = f"{len(profiles)} profile{'' if len(profiles) == 1 else 's'}"
            return f"{count}, {repeated} repeated" if repeated else count
    assert_never(source)


def _posted(post: PostRef) -> str:
    """Return when it was posted, as its number tells: the upper bits are milliseconds (checked on a post of 2026)."""
    posted_ms = int(post.number) >> 22
    return f", posted on {format_time(posted_ms)[:10]}" if posted_ms >= _FIRST_POST_MS else ""
