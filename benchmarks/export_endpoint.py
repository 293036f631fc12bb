"""How long an export of a large audience takes, what it costs the server, and what others notice meanwhile.

Usage: .venv/bin/python benchmarks/export_endpoint.py --help      what it prints are figures to read, it judges nothing
"""

import argparse
import http.client
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script's own folder is there, not the checkout

from benchmarks.people_seeding import SeededAudience, seed_audience
from benchmarks.scratch_database import scratch_database
from benchmarks.server_process import Server, free_port, goldpan_command, running
from goldpan import assembly
from goldpan.contract.export_choices import ExportFormat
from goldpan.settings import read_settings

READ_BYTES = 1024 * 1024
PAUSE_SECONDS = 0.01  # between two requests of the onlooker
IDLE_SECONDS = 5


@dataclass(slots=True)
class Figures:
    """What one export was: `gap` is the longest time that the client waited for the next piece."""

    seconds: float
    first_byte: float
    gap: float
    size: int
    peak_bytes: int
    cpu_seconds: float
    others_ms: list[float] = field(default_factory=list)


def main() -> int:
    options = _read_options()
    sys.setswitchinterval(0.0005)  # the onlooker here must not wait for the client beside it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server ends with us
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    print(
        f"{'people':>10} {'database':<11} {'format':<8} {'s':>7} {'first byte s':>13} {'longest gap s':>14}"
        f" {'MB':>7} {'peak RSS MB':>12} {'CPU s':>7} {'others p50 ms':>14} {'p99 ms':>7} {'max ms':>7}"
    )
    for people in options.people:
        for kind in kinds:
            _run(people, kind, options)
    return 0


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the audience")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--formats", nargs="+", choices=list(ExportFormat), default=list(ExportFormat))
    parser.add_argument("--at-once", type=int, default=1, help="so many clients ask for the same export (1)")
    return parser.parse_args()


def _run(people: int, kind: str, options: argparse.Namespace) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="goldpan-benchmark-") as name,
        scratch_database(kind, Path(name)) as environment,
    ):
        seeded = _seed(people, environment)
        port = free_port()
        ours = {**environment, "GOLDPAN_RATE_LIMIT": "1000000000/minute"}
        log = Path(name) / "goldpan.log"
        with running(goldpan_command(port), port, ours, log) as server:
            group = f"/v1/accounts/{seeded.account_group_id}"
            with _onlooker(server, f"{group}/prospecting", seeded.key) as idle_ms:
                time.sleep(IDLE_SECONDS)
            idle = Figures(IDLE_SECONDS, 0, 0, 0, _resident_bytes(server), 0, idle_ms)
            _print_line(people, kind, "(idle)", idle)
            for format_ in options.formats:
                target = f"{group}/audiences/{seeded.audience_id}/export?format={format_}"
                found = _measure(server, target, seeded.key, options.at_once)
                if found is None:
                    raise SystemExit(f"an export broke off; the end of the server's log:\n{log.read_text()[-2000:]}")
                _print_line(people, kind, format_, found)


def _seed(people: int, environment: Mapping[str, str]) -> SeededAudience:
    toolbox = assembly.administrative_toolbox(read_settings(environment))
    started = time.monotonic()
    seeded = seed_audience(toolbox, people)
    toolbox.database.close()
    print(f"seeded {people:,} people in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return seeded


def _measure(server: Server, target: str, key: str, at_once: int) -> Figures | None:
    """Return the figures of the slowest of so many clients; None: not all of them got the whole export."""
    _forget_peak(server)
    cpu_before = server.cpu_seconds()
    found: list[Figures] = []
    clients = [threading.Thread(target=lambda: found.append(_export(server, target, key))) for _ in range(at_once)]
    with _onlooker(server, target.partition("/audiences")[0] + "/prospecting", key) as others_ms:
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    if len(found) < at_once:
        return None
    slowest = max(found, key=lambda figures: figures.seconds)
    slowest.peak_bytes = _resident_bytes(server, "VmHWM")
    slowest.cpu_seconds = server.cpu_seconds() - cpu_before
    slowest.others_ms = others_ms
    return slowest


def _export(server: Server, target: str, key: str) -> Figures:
    """Read the whole export and throw it away."""
    started = last = time.monotonic()
    size, first_byte, gap = 0, 0.0, 0.0
    connection = _connect(server)
    connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"{target}: {response.status} {response.read().decode()}")
    while piece := response.read1(READ_BYTES):
        now = time.monotonic()
        first_byte = first_byte or now - started
        gap, last = max(gap, now - last), now
        size += len(piece)
    connection.close()
    return Figures(time.monotonic() - started, first_byte, gap, size, 0, 0)


@contextmanager
def _onlooker(server: Server, target: str, key: str) -> Iterator[list[float]]:
    """Ask for a page of jobs over and over; yield the list of how long each answer took."""
    latencies_ms: list[float] = []
    is_over = threading.Event()

    def ask() -> None:
        connection = _connect(server)
        while not is_over.wait(PAUSE_SECONDS):
            before = time.perf_counter()
            connection.request("GET", target, headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.read()
            latencies_ms.append((time.perf_counter() - before) * 1000)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield latencies_ms
    finally:
        is_over.set()
        thread.join()


def _connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=600)


def _resident_bytes(server: Server, name: str = "VmRSS") -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(name + ":"))


def _forget_peak(server: Server) -> None:
    """Let VmHWM begin again at what is resident now."""
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def _print_line(people: int, kind: str, format_: str, figures: Figures) -> None:
    hundredths = quantiles(figures.others_ms, n=100)
    print(
        f"{people:>10,} {kind:<11} {format_:<8} {figures.seconds:>7.1f} {figures.first_byte:>13.2f}"
        f" {figures.gap:>14.2f} {figures.size / 1e6:>7.0f} {figures.peak_bytes / 1e6:>12.0f}"
        f" {figures.cpu_seconds:>7.1f} {hundredths[49]:>14.1f} {hundredths[98]:>7.1f} {max(figures.others_ms):>7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
