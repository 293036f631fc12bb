"""A few of the kills of `bin/kill-test`, at named places and at random, on each kind of database."""

import random
import sys
from pathlib import Path

import pytest

from tests.kill_command import run_campaign

KILLS = 10


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_killed_over_and_over_lose_nobody_and_count_nobody_twice(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = request.getfixturevalue("bare_postgres_url") if kind == "postgresql" else ""

    outcome = run_campaign(tmp_path, url, KILLS, random.randrange(1_000_000))

    sys.stdout.write(f"{outcome}\n")
    assert outcome.places.total() >= KILLS
    assert outcome.jobs["completed"] > 0
