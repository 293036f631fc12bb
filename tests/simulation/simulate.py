"""`bin/simulate`: many seeds, or one of them again with its trace."""

import argparse
import functools
import multiprocessing.util
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.fault_points import BRANCHES, CRASH_POINTS, DATABASE_FAULTS
from tests.simulation.laboratory import Laboratory
from tests.simulation.simulation import Outcome, run_seed

KEPT_SEEDS = Path(__file__).parent / "regression_seeds.txt"
SEEDS_AT_ONCE = 10
SEEDS_A_WORD = 500  # some two minutes
OFTEN_ENOUGH = 50
FAILURES_SHOWN = 5
TRACE_LINES_SHOWN = 12


def main() -> int:
    arguments = _arguments()
    if arguments.seed is not None:
        return _show_one(arguments.seed)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    began, failures, marks, done = time.monotonic(), [], Counter[str](), 0
    for batch_marks, batch_failures, count in _batches(seeds, arguments.processes):
        marks += batch_marks
        failures += batch_failures
        done += count
        if done % SEEDS_A_WORD == 0 and done < len(seeds):
            print(f"{done} of {len(seeds)} seeds, {len(failures)} of them broke something", file=sys.stderr, flush=True)
        if len(failures) >= arguments.failures:
            break
    seconds = time.monotonic() - began
    for failure in failures[: arguments.failures]:
        print(describe(failure))
    print(f"{done} seeds in {seconds:.1f} s ({done / seconds:.1f} a second), {len(failures)} of them broke something")
    rare = rare_points(marks)
    if arguments.table:
        print("\n".join(f"{marks[point]:8} {point}" for point in all_points()))
    if arguments.gate and rare:
        print(f"seen less than {OFTEN_ENOUGH} times:")
        print("\n".join(f"{count:8} {point}" for point, count in rare.items()))
    return 1 if failures or (arguments.gate and rare) else 0


def rare_points(marks: Counter[str]) -> dict[str, int]:
    """Return the faults and branches that were not met often enough, and how often each was."""
    return {point: marks[point] for point in all_points() if marks[point] < OFTEN_ENOUGH}


def all_points() -> list[str]:
    return [*CRASH_POINTS, *DATABASE_FAULTS, *BRANCHES]


def kept_seeds() -> list[int]:
    """Return the seeds that once broke something."""
    lines = [line.partition("#")[0].strip() for line in KEPT_SEEDS.read_text().splitlines()]
    return [int(line) for line in lines if line]


def run_seeds(seeds: list[int]) -> tuple[Counter[str], list[Outcome], int]:
    """Return what was seen in these seeds, those that broke something, and how many there were."""
    marks, failures = Counter[str](), []
    for seed in seeds:
        outcome = run_seed(the_laboratory(), seed)
        marks += outcome.marks
        if outcome.broken:
            failures.append(outcome)
    return marks, failures, len(seeds)


@functools.cache
def the_laboratory() -> Laboratory:
    """Return this process's laboratory, which leaves no file behind."""
    folder = tempfile.mkdtemp(prefix="goldpan-simulation-", dir=_scratch_directory())
    # a forked process ends without `atexit`, but not without this
    multiprocessing.util.Finalize(None, shutil.rmtree, [folder], {"ignore_errors": True}, exitpriority=1)
    return Laboratory(Path(folder))


def _batches(seeds: range, processes: int) -> Iterator[tuple[Counter[str], list[Outcome], int]]:
    batches = [list(seeds[start : start + SEEDS_AT_ONCE]) for start in range(0, len(seeds), SEEDS_AT_ONCE)]
    if processes == 1:
        yield from map(run_seeds, batches)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run_seeds, batches)


def _show_one(seed: int) -> int:
    _, failures, _ = run_seeds([seed])
    if not failures:
        print(f"seed {seed}: everything held")
        return 0
    print("\n".join(failures[0].trace))
    print(describe(failures[0]))
    return 1


def describe(outcome: Outcome) -> str:
    """Return what broke, how it came to that, and how to see it again."""
    head = f"seed {outcome.seed} broke (trace {outcome.trace_hash[:16]}; bin/simulate --seed {outcome.seed}):"
    broken = [f"  {what}" for what in outcome.broken[:5]]
    return "\n".join([head, *broken, *(f"    {line}" for line in outcome.trace[-TRACE_LINES_SHOWN:])])


def _scratch_directory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seed", type=int, help="this one only, with its trace if it breaks something")
    parser.add_argument("--gate", action="store_true", help=f"fail unless every fault was met {OFTEN_ENOUGH} times")
    parser.add_argument("--table", action="store_true", help="show how often every fault was met")
    parser.add_argument("--failures", type=int, default=FAILURES_SHOWN, help="stop after so many")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
