"""What a request costs as the database grows, from 10 thousand to 10 million jobs: a table and a plot for the docs.

Usage: .venv/bin/python benchmarks/growth.py --help
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is there, not the checkout

from benchmarks.growth_plot import growth_svg
from benchmarks.list_endpoint import DEEP_PAGE, STATUS, Scenario
from benchmarks.load_generator import Call, Load, put_under_load
from benchmarks.request_parts import start_call
from benchmarks.scratch_database import scratch_database
from benchmarks.seeding import count_jobs, position_of, seed
from benchmarks.served_world import CREDITS, World
from goldpan import assembly
from goldpan.contract.paging import DEFAULT_LIMIT, START
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import NewKey, create_key
from goldpan.operations.credit_operations import top_up
from goldpan.settings import read_settings

Figures = Mapping[str, float]
"""Milliseconds by what was asked, and for each deep page how many times the first one's median its own is."""

ROUNDS = 5  # a deep page and the first one take turns: what others do on the machine changes within seconds
PARTS_OF_A_LIST = 400  # the job that is read stands so deep in it: a 400th


def main() -> int:
    options = _read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server ends with us
    found: dict[int, Figures] = {}
    for jobs in options.jobs:
        found[jobs] = _measure(options, jobs)
        print(f"{jobs:>12,}  " + "  ".join(f"{name}: {value:.2f}" for name, value in found[jobs].items()), flush=True)
    if options.write:
        _write(options, found)
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="sizes")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=4, help="how long each is asked for (4)")
    parser.add_argument("--write", type=Path, help="the folder for growth-DATABASE.md and .svg, as docs/")
    return parser.parse_args()


def _measure(options: argparse.Namespace, jobs: int) -> Figures:
    """Return how long each kind of request takes, one after the other: the time that nine of ten take longer than.

    It tells of the database; what is above it tells of who else uses the machine.
    """
    with _grown_world(options.database, jobs) as world, world.serving() as server:
        database = world.toolbox.database
        calls = {}
        for status in (None, STATUS):
            count = count_jobs(database, world.account_group_id, status)
            number = DEFAULT_LIMIT * (max(2, min(DEEP_PAGE, count // DEFAULT_LIMIT)) - 1)
            deep = position_of(database, world.account_group_id, status, number)
            suffix = f", {status}" if status else ""
            for scenario in (
                Scenario("first page" + suffix, status, START),
                Scenario("deep page" + suffix, status, deep),
            ):
                calls[scenario.name] = Call(scenario.url_on(server, world.account_group_id), world.key)
        middle = position_of(database, world.account_group_id, None, max(1, jobs // PARTS_OF_A_LIST))
        calls["one job"] = Call(world.url(server, f"/prospecting/{middle.id}"), world.key)
        loads: dict[str, list[Load]] = {name: [] for name in calls}
        for _ in range(ROUNDS):
            for name, call in calls.items():
                loads[name].append(put_under_load(call, 1, options.seconds / ROUNDS))
        start_ms = put_under_load(start_call(world, server), 1, options.seconds).p10_ms
    figures = {name: median(load.p10_ms for load in rounds) for name, rounds in loads.items()} | {"start": start_ms}
    for suffix in ("", f", {STATUS}"):
        pairs = zip(loads["first page" + suffix], loads["deep page" + suffix], strict=True)
        figures[f"deep over first{suffix}, medians"] = median(deep.p50_ms / first.p50_ms for first, deep in pairs)
    return figures


@contextmanager
def _grown_world(kind: str, jobs: int) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goldpan-benchmark-")))
        environment = stack.enter_context(scratch_database(kind, folder))
        toolbox = assembly.administrative_toolbox(read_settings(environment))
        stack.callback(toolbox.database.close)
        started = time.monotonic()
        seeded = seed(toolbox, jobs)
        print(f"seeded {jobs:,} jobs in {time.monotonic() - started:.0f} s", file=sys.stderr)
        top_up(toolbox, seeded.account_group_id, CREDITS)
        _, key = create_key(toolbox, NewKey([seeded.account_group_id], list(Permission), "benchmark"))
        yield World(kind, folder, environment, toolbox, seeded.account_group_id, key)


def _write(options: argparse.Namespace, found: Mapping[int, Figures]) -> None:
    names = list(next(iter(found.values())))
    timed = [name for name in names if not name.startswith("deep over")]
    head = [f"| jobs | {' | '.join(names)} |", "|" + "---:|" * (len(names) + 1)]
    rows = [f"| {jobs:,} | {' | '.join(f'{row[name]:.2f}' for name in names)} |" for jobs, row in found.items()]
    title = f"Milliseconds a request on {options.database}, one at a time, tenth percentile"
    origin = (
        f"Made by `benchmarks/growth.py --database {options.database}` on {datetime.now(UTC):%Y-%m-%d}, "
        f"{platform.machine()}, {os.cpu_count()} cores; load average after it {os.getloadavg()[0]:.1f}."
    )
    name = f"growth-{options.database}"
    text = "\n".join([f"# {title}", "", f"![{title}]({name}.svg)", "", *head, *rows, "", origin, ""])
    (options.write / f"{name}.md").write_text(text)
    series = {each: [(jobs, row[each]) for jobs, row in found.items()] for each in timed}
    (options.write / f"{name}.svg").write_text(growth_svg(title, series))


if __name__ == "__main__":
    sys.exit(main())
