"""A few hundred of the simulation's worlds, those that once broke something, and that a seed decides everything."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.simulation.simulate import (
    OFTEN_ENOUGH,
    all_points,
    describe,
    kept_seeds,
    rare_points,
    run_seeds,
    the_laboratory,
)
from tests.simulation.simulation import Outcome, run_seed

SEEDS_A_TEST = 25
TESTS = 10
A_SEED_WITH_CRASHES = 2001

_HASH = f"""
from tests.simulation.simulate import the_laboratory
from tests.simulation.simulation import run_seed
print(run_seed(the_laboratory(), {A_SEED_WITH_CRASHES}).trace_hash)
"""


@pytest.mark.parametrize("first_seed", range(1, 1 + SEEDS_A_TEST * TESTS, SEEDS_A_TEST))
def test_everything_holds_in_worlds_full_of_faults(first_seed: int) -> None:
    marks, failures, _ = run_seeds(list(range(first_seed, first_seed + SEEDS_A_TEST)))

    assert not failures, "\n".join(map(describe, failures))
    assert sum(marks[point] for point in all_points()) > SEEDS_A_TEST


@pytest.mark.parametrize("seed", kept_seeds())
def test_what_once_broke_holds(seed: int) -> None:
    _, failures, _ = run_seeds([seed])

    assert not failures, describe(failures[0])


def test_a_seed_is_the_same_world_again_in_another_process() -> None:
    here = run_seed(the_laboratory(), A_SEED_WITH_CRASHES)

    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    there = subprocess.run([sys.executable, "-c", _HASH], env=environment, capture_output=True, text=True, check=True)

    assert any(" dies: " in line for line in here.trace)
    assert there.stdout.strip() == here.trace_hash


def test_another_seed_is_another_world() -> None:
    first, second = (run_seed(the_laboratory(), seed) for seed in (1, 2))

    assert first.trace_hash != second.trace_hash


def test_what_was_not_met_often_enough_is_named() -> None:
    marks = Counter(dict.fromkeys(all_points(), OFTEN_ENOUGH))
    marks["clock: set back"] -= 1

    assert rare_points(marks) == {"clock: set back": OFTEN_ENOUGH - 1}


def test_a_world_that_broke_tells_its_seed_and_what_led_there() -> None:
    outcome = Outcome(7, ("I4 a page is paid for twice",), ("1.000 api#1 starts",), "abc", Counter())

    told = describe(outcome)

    assert "bin/simulate --seed 7" in told
    assert "I4 a page is paid for twice" in told
    assert "api#1 starts" in told
