"""Every benchmark that has a target or a figure to publish, by one command: it prints a table, and judges no test.

Usage: bin/bench --help
"""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is there, not the checkout

from benchmarks import import_parts, request_parts
from benchmarks.figures import Figure
from benchmarks.list_endpoint import ListOptions, install_peers
from benchmarks.list_part import list_figures
from benchmarks.load_generator import generator_name

Part = Callable[[str, argparse.Namespace], Iterator[Figure]]

PARTS: dict[str, Part] = {
    "list": lambda kind, given: list_figures(ListOptions(given.jobs, kind, given.rounds, given.seconds)),
    "start": lambda kind, given: request_parts.start_figures(kind, given.seconds * given.rounds),
    "unchanged": lambda kind, given: request_parts.unchanged_figures(kind, given.seconds * given.rounds),
    "import": lambda kind, given: import_parts.import_figures(kind, given.people),
    "job": lambda kind, given: import_parts.job_figures(kind, given.job_people),
    "idle": lambda kind, given: request_parts.idle_figures(kind, given.idle_seconds),
    "memory": lambda kind, given: request_parts.memory_figures(kind, given.requests),
}


def main() -> int:
    given = _read_options()
    if given.setup:
        return install_peers()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with us
    _print_head()
    figures: list[Figure] = []
    for kind in given.databases:
        for name in given.only:
            started = time.monotonic()
            for figure in PARTS[name](kind, given):
                figures.append(figure)
                print(figure, flush=True)
            print(f"{name} on {kind} took {time.monotonic() - started:.0f} s", file=sys.stderr)
    _print_summary(figures)
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--setup", action="store_true", help="install the peers into benchmarks/.venv and end")
    parser.add_argument("--only", type=_names(PARTS), default=list(PARTS), help=f"some of {','.join(PARTS)}")
    kinds = ("postgresql", "sqlite")
    parser.add_argument("--databases", type=_names(kinds), default=list(kinds), help=f"one of {','.join(kinds)}")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="jobs in the list (1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the list (3)")
    parser.add_argument("--seconds", type=float, default=2, help="seconds under load, each server and round (2)")
    parser.add_argument("--people", type=int, default=1_000_000, help="people to import (1,000,000)")
    parser.add_argument("--job-people", type=int, default=100_000, help="people of one job (100,000)")
    parser.add_argument("--idle-seconds", type=float, default=20, help="how long a server is left alone (20)")
    parser.add_argument("--requests", type=int, default=100_000, help="requests before memory is read again (100,000)")
    return parser.parse_args()


def _names(known: "dict[str, Part] | tuple[str, ...]") -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return names

    return read


def _print_head() -> None:
    one, five, fifteen = os.getloadavg()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, load from", end=" ")
    print(f"{generator_name()}, Python {platform.python_version()}")
    print(f"load average before: {one:.2f} {five:.2f} {fifteen:.2f} (above 0.3, others use this machine)")
    print()


def _print_summary(figures: list[Figure]) -> None:
    bound = [figure for figure in figures if figure.target]
    missed = [figure for figure in bound if not figure.is_met]
    print()
    print(f"{len(bound) - len(missed)} of {len(bound)} targets met; load average after: {os.getloadavg()[0]:.2f}")
    for figure in missed:
        print(figure)


if __name__ == "__main__":
    sys.exit(main())
