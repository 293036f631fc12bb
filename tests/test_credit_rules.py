"""The rules of credits: what a person costs, and what a job must reserve before it starts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.credit_rules import PLAN_CAPS, price_credits, reservation

_people = st.integers(0, 2_000)
_prices = st.sampled_from([price_credits(False), price_credits(True)])
_ceilings = st.one_of(st.none(), st.integers(1, 5_000))


def test_a_person_costs_one_credit_and_two_with_an_address() -> None:
    assert (price_credits(False), price_credits(True)) == (1, 2)


def test_the_plans_have_the_caps_of_the_contract() -> None:
    assert PLAN_CAPS == {"tester": 100, "starter": 1_000, "scale": 2_000, "enterprise": 2_000}


@given(_people, _prices, _ceilings, st.booleans())
def test_a_reservation_is_all_that_the_job_may_spend(
    people: int, price: int, max_credits: int | None, is_open_ended: bool
) -> None:
    reserved = reservation(people, price, max_credits, is_open_ended).credits

    assert reserved == min(people * price, people * price if max_credits is None else max_credits)


@given(_people, _prices, _ceilings)
def test_a_bounded_job_needs_its_whole_reservation(people: int, price: int, max_credits: int | None) -> None:
    reserved = reservation(people, price, max_credits, is_open_ended=False)

    assert reserved.at_least == reserved.credits


@given(st.integers(1, 2_000), _prices)
def test_an_open_ended_job_starts_when_one_person_can_be_paid(people: int, price: int) -> None:
    assert reservation(people, price, None, is_open_ended=True).at_least == price


@pytest.mark.parametrize("price", [1, 2])
def test_a_ceiling_that_is_no_multiple_of_the_price_is_reserved_whole(price: int) -> None:
    assert reservation(10, price, 5, is_open_ended=False).credits == 5
