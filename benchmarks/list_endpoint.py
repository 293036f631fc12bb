"""How fast the list endpoint answers, beside FastAPI with an ORM and the bare query on the same data in the same run.

Usage: .venv/bin/python benchmarks/list_endpoint.py --help        what it prints are figures to read, it judges nothing
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is there, not the checkout

import httpx2
import psycopg
import pysqlite3.dbapi2 as sqlite_driver

from benchmarks.load_generator import Load, generator_name, put_under_load, summary
from benchmarks.scratch_database import scratch_database
from benchmarks.seeding import Seeded, count_jobs, position_of, seed
from benchmarks.server_process import (
    PEER_PYTHON,
    SERVER_CORE,
    Server,
    free_port,
    goldpan_command,
    may_choose_cores,
    on_core,
    peer_command,
    running,
)
from goldpan import assembly
from goldpan.contract.paging import DEFAULT_LIMIT, START, Position, encode_cursor
from goldpan.settings import read_settings
from goldpan.storage.database import Database, driver_url
from goldpan.storage.job_list_query import PageShape, page_query
from goldpan.storage.keyset import AFTER_ID, AFTER_MS

DEEP_PAGE = 10_000
STATUS = "completed"
STACKS = ("goldpan", "fastapi + orm", "bare query")
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Scenario:
    """One page to be read: its name in the table, and where it begins."""

    name: str
    status: str | None
    after: Position

    def url_on(self, server: Server, account_group_id: str) -> str:
        filters = {"status": self.status, "cursor": None if self.after == START else encode_cursor(self.after)}
        query = "&".join([f"limit={DEFAULT_LIMIT}", *(f"{name}={value}" for name, value in filters.items() if value)])
        return f"{server.url}/v1/accounts/{account_group_id}/prospecting?{query}"


@dataclass(frozen=True, slots=True)
class Round:
    load: Load
    cpu_us_per_request: float


def main() -> int:
    options = _read_options()
    if options.setup:
        return _set_up()
    if not PEER_PYTHON.exists():
        print("the peer is not installed: run this with --setup first", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with us
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goldpan-benchmark-")))
        environment = stack.enter_context(scratch_database(options.database, folder))
        _run(options, folder, environment)
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", action="store_true", help="install the peer into benchmarks/.venv and end")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="how many jobs the database holds (1,000,000)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="how long each server is under load in a round (5)")
    parser.add_argument("--connections", type=int, default=16, help="requests in flight (16)")
    return parser.parse_args()


def _set_up() -> int:
    folder = PEER_PYTHON.parents[1]
    requirements = Path(__file__).parent / "requirements.txt"
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    return subprocess.run([PEER_PYTHON, "-m", "pip", "install", "-q", "-r", requirements], check=False).returncode


# --- the run ------------------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace, folder: Path, environment: Mapping[str, str]) -> None:
    toolbox = assembly.administrative_toolbox(read_settings(environment))
    database = toolbox.database
    started = time.monotonic()
    seeded = seed(toolbox, options.jobs)
    print(f"seeded {options.jobs:,} jobs in {time.monotonic() - started:.0f} s", file=sys.stderr)
    scenarios = _scenarios(database, seeded.account_group_id)
    ports = free_port(), free_port()
    ours = {**environment, "GOLDPAN_RATE_LIMIT": "1000000000/minute"}
    peers = {"PEER_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    with (
        running(goldpan_command(ports[0]), ports[0], ours, folder / "goldpan.log") as goldpan,
        running(peer_command(ports[1]), ports[1], peers, folder / "peer.log") as peer,
    ):
        size = _check_same_answers((goldpan, peer), seeded, scenarios)
        stacks = _stacks(options, (goldpan, peer), database, seeded)
        rounds = _measure(options.rounds, stacks, scenarios)
    database.close()
    _print_table(options, database, size, rounds)


def _scenarios(database: Database, account_group_id: str) -> list[Scenario]:
    """Return the first page and page 10,000, or the last whole one of a shorter list, without and with a status."""
    scenarios = []
    for status in (None, STATUS):
        suffix = f", {status}" if status else ""
        jobs = count_jobs(database, account_group_id, status)
        page = max(2, min(DEEP_PAGE, jobs // DEFAULT_LIMIT))
        deep = position_of(database, account_group_id, status, DEFAULT_LIMIT * (page - 1))
        scenarios += [Scenario("first page" + suffix, status, START), Scenario(f"page {page:,}" + suffix, status, deep)]
    return scenarios


def _check_same_answers(servers: tuple[Server, Server], seeded: Seeded, scenarios: list[Scenario]) -> int:
    """Return how many bytes an answer has, once both give the same one, apart from its trace id."""
    size = 0
    for scenario in scenarios:
        ours, peers = (_body(scenario.url_on(server, seeded.account_group_id), seeded.key) for server in servers)
        if ours != peers:
            raise SystemExit(f"{scenario.name}: the answers differ:\n{ours.decode()}\n{peers.decode()}")
        size = max(size, len(ours))
    return size


def _body(url: str, key: str) -> bytes:
    """Return the answer without its trace id, as soon as the server is up."""
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=START_SECONDS) as client:
        while True:
            try:
                answer = client.get(url).raise_for_status()
                break
            except httpx2.ConnectError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
    trace_id: str = answer.json()["traceId"]
    return answer.content.replace(trace_id.encode(), b"")


def _stacks(
    options: argparse.Namespace, servers: tuple[Server, Server], database: Database, seeded: Seeded
) -> dict[str, Callable[[Scenario], Round]]:
    """Return, for each thing that is measured, the function that measures it for one round."""

    def measure_server(server: Server, scenario: Scenario) -> Round:
        cpu_before = server.cpu_seconds()
        url = scenario.url_on(server, seeded.account_group_id)
        load = put_under_load(url, seeded.key, options.connections, options.seconds)
        return Round(load, (server.cpu_seconds() - cpu_before) / load.requests * 1e6)

    def measure_query(scenario: Scenario) -> Round:
        cpu_before = time.process_time()
        load = _repeat_query(database, seeded.account_group_id, scenario, options.seconds)
        return Round(load, (time.process_time() - cpu_before) / load.requests * 1e6)

    goldpan, peer = servers
    return dict(
        zip(
            STACKS,
            (
                lambda scenario: measure_server(goldpan, scenario),
                lambda scenario: measure_server(peer, scenario),
                measure_query,
            ),
            strict=True,
        )
    )


def _repeat_query(database: Database, account_group_id: str, scenario: Scenario, seconds: float) -> Load:
    """Fetch the page's rows over and over, by the driver alone, from one connection."""
    shape = PageShape(status_count=0 if scenario.status is None else 1)
    sql, parameters = page_query(shape).compile(database.dialect)
    parameters |= {
        "account_group_id": account_group_id,
        AFTER_MS: scenario.after.created_ms,
        AFTER_ID: scenario.after.id,
        "limit": DEFAULT_LIMIT + 1,
        "status_0": scenario.status,
    }
    latencies_ms: list[float] = []
    with on_core(SERVER_CORE), _driver_connection(database) as connection:
        started = before = time.perf_counter()
        while before < started + seconds:
            connection.execute(sql, parameters).fetchall()
            after = time.perf_counter()
            latencies_ms.append((after - before) * 1000)
            before = after
    return summary(latencies_ms, before - started)


@contextmanager
def _driver_connection(database: Database) -> Iterator[Any]:
    connection: Any
    if database.dialect.is_sqlite:
        connection = sqlite_driver.connect(database.url.database, isolation_level=None)
    else:
        connection = psycopg.connect(driver_url(database.url), autocommit=True, prepare_threshold=1)
    try:
        yield connection
    finally:
        connection.close()


Rounds = dict[tuple[str, str], list[Round]]
"""The rounds of each (scenario, stack)."""


def _measure(count: int, stacks: Mapping[str, Callable[[Scenario], Round]], scenarios: list[Scenario]) -> Rounds:
    """Measure everything `count` times, one stack right after the other: what slows the machine slows them all."""
    rounds: Rounds = {}
    for number in range(1, count + 1):
        print(f"round {number} of {count}", file=sys.stderr)
        for scenario in scenarios:
            for stack, measure in stacks.items():
                rounds.setdefault((scenario.name, stack), []).append(measure(scenario))
    return rounds


# --- the table ----------------------------------------------------------------------------------------------------

COLUMNS: tuple[tuple[str, Callable[[Round], float], str], ...] = (
    ("requests/s", lambda one: one.load.requests_per_second, ",.0f"),
    ("p50 ms", lambda one: one.load.p50_ms, ".3f"),
    ("p99 ms", lambda one: one.load.p99_ms, ".3f"),
    ("CPU us/request", lambda one: one.cpu_us_per_request, ",.0f"),
)


def _print_table(options: argparse.Namespace, database: Database, size: int, rounds: Rounds) -> None:
    cores = "server on one core, load on another" if may_choose_cores() else "server and load on any core"
    print(f"{options.jobs:,} jobs on {database.dialect.name}, pages of {DEFAULT_LIMIT} jobs, {size:,} bytes an answer;")
    print(f"medians of {options.rounds} interleaved rounds of {options.seconds} s;")
    print(f"{options.connections} connections from {generator_name()}, {cores}.")
    print()
    print(_line("", "", [name for name, _, _ in COLUMNS]))
    goldpan, *others = STACKS
    for scenario in dict.fromkeys(scenario for scenario, _ in rounds):
        for stack in STACKS:
            figures = [format(median(map(of, rounds[scenario, stack])), form) for _, of, form in COLUMNS]
            print(_line(scenario if stack == goldpan else "", stack, figures))
        for other in others:
            pairs = list(zip(rounds[scenario, goldpan], rounds[scenario, other], strict=True))
            ratios = [f"{median(of(ours) / of(theirs) for ours, theirs in pairs):.2f}x" for _, of, _ in COLUMNS]
            print(_line("", f"goldpan / {other}", ratios))
        print()


def _line(scenario: str, stack: str, figures: list[str]) -> str:
    return f"{scenario:<24} {stack:<23}" + "".join(f"{figure:>16}" for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
