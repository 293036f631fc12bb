"""How one process counts requests: a window at a time, and nothing is kept of windows that are over."""

import threading
from dataclasses import dataclass

from goldpan.api.local_counts import LocalCounts


@dataclass
class Clock:
    seconds: float = 1_000.0

    def now(self) -> float:
        return self.seconds


def test_a_window_begins_with_the_first_count_and_ends_for_good() -> None:
    clock = Clock()
    counts = LocalCounts(60, clock.now)
    seen = []
    for seconds in (1_000, 1_030, 1_059.9, 1_060):
        clock.seconds = seconds
        seen.append(counts.add("alice"))

    assert seen == [(1, 1_060), (2, 1_060), (3, 1_060), (1, 1_120)]


def test_what_is_taken_back_is_of_the_same_window_only() -> None:
    clock = Clock()
    counts = LocalCounts(60, clock.now)
    counts.add("alice")
    _, end = counts.add("alice")

    assert counts.take_back("alice", end) == (1, end)
    clock.seconds = end
    assert counts.add("alice") == (1, end + 60)
    assert counts.take_back("alice", end) == (1, end + 60)


def test_callers_who_stay_away_are_forgotten_without_a_thread() -> None:
    clock = Clock()
    counts = LocalCounts(60, clock.now)
    threads = threading.active_count()
    for number in range(1_000):
        counts.add(f"mallory {number}")
    clock.seconds += 61

    counts.add("alice")

    assert len(counts) == 1
    assert threading.active_count() == threads
