"""The rules of intake: over any paging everybody is taken once, and nobody beyond what was allowed or paid."""

import base64
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.contract.resources import StopReason
from goldpan.domain.intake_rules import Allowance, Bearer, sort_page
from goldpan.domain.provider_port import Person
from tests.intake_world import PLENTY, Group, page_of

# Everybody has a provider id, most have a slug; they come in any order, as often as they like, on pages of any length.
_people = st.builds(
    lambda number, has_slug: Person(public_identifier=f"p{number}" if has_slug else None, provider_id=f"id{number}"),
    st.integers(0, 30),
    st.booleans(),
)
_pages = st.lists(st.lists(_people, max_size=12), max_size=8)


@given(_pages)
def test_over_any_overlapping_pages_everybody_is_taken_exactly_once(pages: list[list[Person]]) -> None:
    group = Group()

    for people in pages:
        group.take(people)

    everybody = {person.provider_id for people in pages for person in people}
    assert len(group.taken) == len(set(group.taken)) == len(everybody)
    assert {person.provider_id for person in group.people.values()} == everybody


@given(_pages, _pages)
def test_a_second_job_finds_the_same_people_known(first: list[list[Person]], second: list[list[Person]]) -> None:
    group = Group()
    for people in first:
        group.take(people)
    known_ids, group.taken = set(group.taken), []

    intakes = [group.take(people) for people in second]

    before = {person.provider_id for people in first for person in people}
    again = {person.provider_id for people in second for person in people}
    assert sum(intake.known for intake in intakes) == len(before & again)
    assert sum(len(intake.new) for intake in intakes) == len(again - before)
    assert set(group.taken) & known_ids == set(group.taken) - set().union(*(intake.new for intake in intakes))


@given(_pages, st.integers(0, 40), st.integers(0, 40), st.sets(st.integers(0, 30)))
def test_no_paging_takes_more_than_allowed_or_more_new_people_than_paid(
    pages: list[list[Person]], most: int, paid: int, known_before: set[int]
) -> None:
    group = Group()
    group.take([Person(provider_id=f"id{number}") for number in known_before])
    group.taken = []
    people_left, paid_left = most, paid

    for people in pages:
        intake = group.take(people, Allowance(people_left, paid_left))
        people_left -= len(intake.taken)
        paid_left -= len(intake.new)
        if intake.stop:
            assert people_left == 0 or paid_left == 0
            break

    assert people_left >= 0
    assert paid_left >= 0
    assert len(group.taken) == len(set(group.taken)) == most - people_left


@given(st.lists(st.one_of(_people, st.just(Person(name="Nobody"))), max_size=30), st.integers(0, 5))
def test_everybody_on_a_page_is_counted_in_one_way(people: list[Person], invalid: int) -> None:
    intake = sort_page(page_of(people, invalid), {}, set(), PLENTY, map(str, count()).__next__)

    assert len(intake.new) + intake.known + intake.duplicate + intake.invalid == len(people) + invalid
    assert (intake.stop, intake.has_leftover) == (None, False)
    assert set(intake.new) == set(intake.taken)


@given(st.lists(_people, min_size=1, max_size=30), st.integers(0, 10), st.integers(0, 10))
def test_whoever_stops_a_page_is_left_over_and_not_counted(people: list[Person], most: int, paid: int) -> None:
    intake = sort_page(page_of(people), {}, set(), Allowance(most, paid), map(str, count()).__next__)

    assert intake.has_leftover == (intake.stop is not None)
    counted = len(intake.taken) + intake.duplicate + intake.invalid
    assert counted < len(people) if intake.has_leftover else counted == len(people)


def test_a_full_job_stops_before_an_unpaid_one() -> None:
    ada, bob = Person(public_identifier="ada"), Person(public_identifier="bob")

    intake = sort_page(page_of([ada, bob]), {}, set(), Allowance(1, 1), map(str, count()).__next__)

    assert intake.stop is StopReason.MAX_RESULTS


def test_a_known_person_joins_where_no_new_one_can_be_paid() -> None:
    ada, bob = Person(public_identifier="ada"), Person(public_identifier="bob")
    unpaid = Allowance(10, 0, StopReason.MAX_CREDITS_REACHED)

    intake = sort_page(page_of([ada, bob]), {"in:ada": Bearer("1", ada)}, set(), unpaid, lambda: "2")

    assert (intake.taken, intake.known, intake.stop) == (["1"], 1, StopReason.MAX_CREDITS_REACHED)


def test_people_seen_before_are_duplicates_even_when_nobody_more_may_be_taken() -> None:
    ada = Person(public_identifier="ada")

    intake = sort_page(page_of([ada]), {"in:ada": Bearer("1", ada)}, {"1"}, Allowance(0, 0), lambda: "2")

    assert (intake.duplicate, intake.stop) == (1, None)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_member_number_joins_a_slug_and_a_person_without_one(order: tuple[int, int]) -> None:
    people = [Person(public_identifier="ada", provider_id="id1"), Person(provider_id="id1")]

    intake = sort_page(page_of([people[place] for place in order]), {}, set(), PLENTY, map(str, count()).__next__)

    assert (len(intake.new), intake.duplicate) == (1, 1)
    assert intake.names == {"in:ada": "0", "id:id1": "0"}


def test_a_name_told_by_a_repeat_is_known_when_it_comes_alone() -> None:
    both = Person(public_identifier="ada", provider_id="id1")
    group = Group()

    for person in (Person(provider_id="id1"), both, Person(public_identifier="ada")):
        group.take([person])

    assert len(group.taken) == 1


def test_two_slugs_stay_two_people_though_they_share_a_weaker_name() -> None:
    people = [Person(public_identifier=slug, provider_id="id1") for slug in ("ada", "bob")]

    intake = sort_page(page_of(people), {}, set(), PLENTY, map(str, count()).__next__)

    assert (len(intake.new), intake.names["id:id1"]) == (2, "0")


def member(number: int) -> str:
    """Return a provider id that holds a member number."""
    raw = bytes.fromhex("002a0000") + number.to_bytes(4, "big") + b"\x01" + bytes(20)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


FIVE = Person(provider_id=member(5))
JANE = Person(public_identifier="jane-doe", provider_id=member(5))
JOHN = Person(public_identifier="john-roe", provider_id=member(5))
JOHN_BY_URL = Person(linkedin_url="https://www.linkedin.com/in/john-roe", provider_id=member(5))


@pytest.mark.parametrize("john", [JOHN, JOHN_BY_URL], ids=["slug", "url"])
@pytest.mark.parametrize("pages", ["one page", "a page each"])
def test_a_number_joins_no_two_slugs(john: Person, pages: str) -> None:
    group = Group()

    for people in [[FIVE, JANE, john]] if pages == "one page" else [[FIVE], [JANE], [john]]:
        group.take(people)

    assert group.names["member:5"] == group.names["in:jane-doe"]
    assert group.names["in:john-roe"] != group.names["in:jane-doe"]
    assert len(group.people) == 2


def test_a_slug_that_is_found_later_is_told() -> None:
    group = Group()
    group.take([FIVE])

    intake = group.take([JANE])

    assert intake.news == {group.taken[0]: {"public_identifier": "jane-doe"}}
