"""How fast the list endpoint answers, beside its peers, its floor and the bare query on the same data in the same run.

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
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is there, not the checkout

import httpx2
import psycopg
import pysqlite3.dbapi2 as sqlite_driver

from benchmarks.load_generator import Call, Load, generator_name, put_under_load, summary
from benchmarks.scratch_database import scratch_database
from benchmarks.seeding import Seeded, count_jobs, position_of, seed
from benchmarks.server_process import (
    PEER_PYTHON,
    SERVER_CORE,
    START_SECONDS,
    Server,
    django_command,
    fastapi_command,
    floor_command,
    free_port,
    goldpan_command,
    may_choose_cores,
    on_core,
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
GOLDPAN, ORM, DJANGO, FLOOR, QUERY = STACKS = ("goldpan", "fastapi + orm", "django rest", "floor", "bare query")
COMMANDS = {GOLDPAN: goldpan_command, ORM: fastapi_command, DJANGO: django_command, FLOOR: floor_command}
NO_LIMIT = 1_000_000_000  # requests a minute


@dataclass(frozen=True, slots=True)
class Scenario:
    """One page to be read: its name in the table, and where it begins."""

    name: str
    status: str | None
    after: Position

    @property
    def is_deep(self) -> bool:
        return self.after != START

    def url_on(self, server: Server, account_group_id: str) -> str:
        filters = {"status": self.status, "cursor": None if self.after == START else encode_cursor(self.after)}
        query = "&".join([f"limit={DEFAULT_LIMIT}", *(f"{name}={value}" for name, value in filters.items() if value)])
        return f"{server.url}/v1/accounts/{account_group_id}/prospecting?{query}"


@dataclass(frozen=True, slots=True)
class Round:
    load: Load
    cpu_us_per_request: float


@dataclass(frozen=True, slots=True)
class ListOptions:
    """How much is measured: `seconds` is how long each server is under load in a round."""

    jobs: int = 1_000_000
    database: str = "sqlite"
    rounds: int = 5
    seconds: float = 5
    connections: int = 16


@dataclass(frozen=True, slots=True)
class ListFigures:
    """What was seen; `size` is the bytes of the longest answer."""

    options: ListOptions
    size: int
    scenarios: list[Scenario]
    rounds: "Rounds"

    def ratio(self, scenario: Scenario, of: Callable[[Round], float], other: str) -> float:
        """Return how Goldpan's figure compares with the other's: the median of the rounds' ratios."""
        pairs = zip(self.rounds[scenario.name, GOLDPAN], self.rounds[scenario.name, other], strict=True)
        return median(of(ours) / of(theirs) for ours, theirs in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", action="store_true", help="install the peers into benchmarks/.venv and end")
    parser.add_argument("--jobs", type=int, default=1_000_000, help="how many jobs the database holds (1,000,000)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="how long each is under load in a round (5)")
    parser.add_argument("--connections", type=int, default=16, help="requests in flight (16)")
    given = vars(parser.parse_args())
    if given.pop("setup"):
        return install_peers()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with us
    print_table(measure_list(ListOptions(**given)))
    return 0


def install_peers() -> int:
    folder = PEER_PYTHON.parents[1]
    requirements = Path(__file__).parent / "requirements.txt"
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    return subprocess.run([PEER_PYTHON, "-m", "pip", "install", "-q", "-r", requirements], check=False).returncode


# --- the run ------------------------------------------------------------------------------------------------------


def measure_list(options: ListOptions) -> ListFigures:
    """Measure the list endpoint of every stack on a database of its own, which is removed again."""
    if not PEER_PYTHON.exists():
        raise SystemExit("the peers are not installed: run benchmarks/list_endpoint.py --setup first")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goldpan-benchmark-")))
        environment = stack.enter_context(scratch_database(options.database, folder))
        database, seeded = _seed(options.jobs, environment)
        stack.callback(database.close)
        scenarios = _scenarios(database, seeded.account_group_id)
        servers = {name: stack.enter_context(_running_server(name, environment, database, folder)) for name in COMMANDS}
        size = _check_same_answers(servers, seeded, scenarios)
        rounds = _measure(options.rounds, _stacks(options, servers, database, seeded), scenarios)
    return ListFigures(options, size, scenarios, rounds)


def _seed(jobs: int, environment: Mapping[str, str]) -> tuple[Database, Seeded]:
    toolbox = assembly.administrative_toolbox(read_settings(environment))
    started = time.monotonic()
    seeded = seed(toolbox, jobs)
    print(f"seeded {jobs:,} jobs in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return toolbox.database, seeded


@contextmanager
def _running_server(name: str, environment: Mapping[str, str], database: Database, folder: Path) -> Iterator[Server]:
    ours = {**environment, "GOLDPAN_RATE_LIMIT": f"{NO_LIMIT}/minute"}
    peers = {
        "PEER_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "PEER_REQUESTS_A_MINUTE": str(NO_LIMIT),
    }
    port = free_port()
    log = folder / f"{name.replace(' ', '-')}.log"
    with running(COMMANDS[name](port), port, peers if name in (ORM, DJANGO) else ours, log) as server:
        yield server


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


def _check_same_answers(servers: Mapping[str, Server], seeded: Seeded, scenarios: list[Scenario]) -> int:
    """Return how many bytes an answer has, once all give the same one, apart from its trace id."""
    size = 0
    for scenario in scenarios:
        answers = {
            name: _body(scenario.url_on(server, seeded.account_group_id), seeded.key)
            for name, server in servers.items()
        }
        for name, answer in answers.items():
            if answer != answers[GOLDPAN]:
                raise SystemExit(f"{scenario.name}: {name} answers otherwise:\n{answer!r}\n{answers[GOLDPAN]!r}")
        size = max(size, len(answers[GOLDPAN]))
    return size


def _body(url: str, key: str) -> bytes:
    """Return the answer without its trace id."""
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx2.get(url, headers=headers, trust_env=False, timeout=START_SECONDS).raise_for_status()
    trace_id: str = answer.json()["traceId"]
    return answer.content.replace(trace_id.encode(), b"")


def _stacks(
    options: ListOptions, servers: Mapping[str, Server], database: Database, seeded: Seeded
) -> dict[str, Callable[[Scenario], Round]]:
    """Return, for each thing that is measured, the function that measures it for one round."""

    def measure_server(server: Server, scenario: Scenario) -> Round:
        cpu_before = server.cpu_seconds()
        call = Call(scenario.url_on(server, seeded.account_group_id), seeded.key)
        load = put_under_load(call, options.connections, options.seconds)
        return Round(load, (server.cpu_seconds() - cpu_before) / load.requests * 1e6)

    def measure_query(scenario: Scenario) -> Round:
        cpu_before = time.process_time()
        load = _repeat_query(database, seeded.account_group_id, scenario, options.seconds / 2)
        return Round(load, (time.process_time() - cpu_before) / load.requests * 1e6)

    return {name: partial(measure_server, server) for name, server in servers.items()} | {QUERY: measure_query}


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


def requests_per_second(one: Round) -> float:
    return one.load.requests_per_second


def p50_ms(one: Round) -> float:
    return one.load.p50_ms


def p99_ms(one: Round) -> float:
    return one.load.p99_ms


def cpu_us(one: Round) -> float:
    return one.cpu_us_per_request


COLUMNS: tuple[tuple[str, Callable[[Round], float], str], ...] = (
    ("requests/s", requests_per_second, ",.0f"),
    ("p50 ms", p50_ms, ".3f"),
    ("p99 ms", p99_ms, ".3f"),
    ("CPU us/request", cpu_us, ",.0f"),
)


def print_table(figures: ListFigures) -> None:
    options = figures.options
    cores = "server on one core, load on another" if may_choose_cores() else "server and load on any core"
    print(
        f"{options.jobs:,} jobs on {options.database}, pages of {DEFAULT_LIMIT} jobs, {figures.size:,} bytes an answer;"
    )
    print(f"medians of {options.rounds} interleaved rounds of {options.seconds} s;")
    print(f"{options.connections} connections from {generator_name()}, {cores}.")
    print()
    print(_line("", "", [name for name, _, _ in COLUMNS]))
    for scenario in figures.scenarios:
        for stack in STACKS:
            rounds = figures.rounds[scenario.name, stack]
            values = [format(median(map(of, rounds)), form) for _, of, form in COLUMNS]
            print(_line(scenario.name if stack == GOLDPAN else "", stack, values))
        for other in STACKS[1:]:
            ratios = [f"{figures.ratio(scenario, of, other):.2f}x" for _, of, _ in COLUMNS]
            print(_line("", f"goldpan / {other}", ratios))
        print()


def _line(scenario: str, stack: str, figures: list[str]) -> str:
    return f"{scenario:<24} {stack:<23}" + "".join(f"{figure:>16}" for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
