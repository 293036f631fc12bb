"""The rules of an estimate: plain words for every source, how many are new, and which bound a job comes to first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.contract.estimate_resources import CapReason
from goldpan.domain.estimate_rules import Bound, Sample, describe_source, expected_people, first_bound
from goldpan.domain.identity_rules import PostRef, ProfileRef, parse_post_url
from goldpan.domain.provider_port import LeadList, PostCommenters, ProfileList, SavedSearch, Source
from goldpan.domain.search_rules import parse_linkedin_search_url

SEARCH = parse_linkedin_search_url("https://www.linkedin.com/search/results/people/?keywords=cto&titleFreeText=R%26D")
PROFILES = tuple(ProfileRef(public_identifier=name) for name in ("ada", "bob"))

TOTAL = Bound(CapReason.TOTAL_AVAILABLE, 100)
RESULTS = Bound(CapReason.MAX_RESULTS, 100)
CREDITS = Bound(CapReason.CREDITS, 50, is_of_new=True)


@pytest.mark.parametrize(
    ("source", "repeated", "words"),
    [
        (SEARCH, 0, "LinkedIn search: keywords cto; title R&D"),
        (SavedSearch("50500115"), 0, "Sales Navigator saved search 50500115"),
        (LeadList("7236596622934118401"), 0, "Sales Navigator lead list 7236596622934118401"),
        (
            PostCommenters(PostRef("activity", "7434151475959775232")),
            0,
            "commenters of the post activity 7434151475959775232, posted on 2026-03-02",
        ),
        (
            PostCommenters(parse_post_url("urn:li:share:6000000000000000000")),
            0,
            "commenters of the post share 6000000000000000000, posted on 2015-05-01",
        ),
        (PostCommenters(PostRef("share", "123456789012345")), 0, "commenters of the post share 123456789012345"),
        (ProfileList(PROFILES), 0, "2 profiles"),
        (ProfileList(PROFILES), 3, "2 profiles, 3 repeated"),
        (ProfileList(PROFILES[:1]), 0, "1 profile"),
    ],
)
def test_a_source_is_told_in_plain_words(source: Source, repeated: int, words: str) -> None:
    assert describe_source(source, repeated) == words


@given(st.integers(10**14, 10**20 - 1))
def test_every_number_of_a_post_can_be_told(number: int) -> None:
    assert str(number) in describe_source(PostCommenters(PostRef("ugcPost", str(number))), 0)


@pytest.mark.parametrize(
    ("sample", "people", "new"),
    [
        (Sample(25, 0), 200, 200),
        (Sample(20, 5), 200, 160),
        (Sample(0, 25), 200, 0),
        (Sample(0, 0), 200, 200),
        (Sample(2, 1), 3, 2),
        (Sample(0, 0), 0, 0),
    ],
)
def test_the_rest_of_a_source_is_taken_to_be_like_its_first_page(sample: Sample, people: int, new: int) -> None:
    assert sample.new_among(people) == new


@pytest.mark.parametrize(
    ("bounds", "sample", "reason", "people"),
    [
        ([TOTAL, CREDITS], Sample(25, 0), CapReason.CREDITS, 50),
        ([TOTAL, CREDITS], Sample(10, 10), CapReason.TOTAL_AVAILABLE, 100),  # the fiftieth new one is the last of all
        ([TOTAL, CREDITS], Sample(11, 10), CapReason.CREDITS, 95),
        ([TOTAL, CREDITS], Sample(0, 10), CapReason.TOTAL_AVAILABLE, 100),
        ([TOTAL, CREDITS], Sample(0, 0), CapReason.CREDITS, 50),
        ([TOTAL, RESULTS], Sample(25, 0), CapReason.TOTAL_AVAILABLE, 100),
        ([RESULTS, TOTAL], Sample(25, 0), CapReason.MAX_RESULTS, 100),
    ],
)
def test_the_bound_that_a_job_comes_to_first_is_told_and_how_many_people_it_takes_until_then(
    bounds: list[Bound], sample: Sample, reason: CapReason, people: int
) -> None:
    assert first_bound(bounds, sample).reason is reason
    assert expected_people(bounds, sample) == people
