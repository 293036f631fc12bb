"""The load: wrk where it is installed, else a small client of ours. Every answer must have the status expected."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

from benchmarks.server_process import LOAD_CORE, on_core

PATIENCE_SECONDS = 30

# In wrk's Lua: latencies are in microseconds, so is the duration.
WRK_REPORT = """
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("\\nREPORT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(10), latency:percentile(50), latency:percentile(99), failed))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a round of load saw."""

    requests: int
    seconds: float
    p10_ms: float
    p50_ms: float
    p99_ms: float

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds


class RequestsFailed(Exception):
    """Some answers had another status: the figures would be worth nothing."""


def generator_name() -> str:
    return "wrk" if shutil.which("wrk") else "a Python client"


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for over and over; `{number}` in a header becomes another number each time."""

    url: str
    key: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200

    def encoded(self) -> bytes:
        parts = urlsplit(self.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Host": parts.netloc, "Authorization": f"Bearer {self.key}", **self.headers}
        if self.body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self.body.encode()))}
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


def put_under_load(call: Call, connections: int, seconds: float, most_requests: int | None = None) -> Load:
    """Make the call over and over on so many connections at once, for so long or until there were so many requests.

    Raises:
        RequestsFailed: an answer had another status, or a connection broke.
    """
    is_plain = call.method == "GET" and call.status == 200 and most_requests is None
    with on_core(LOAD_CORE):
        if is_plain and shutil.which("wrk"):
            return _run_wrk(call.url, call.key, connections, round(seconds))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run_client(call, connections, seconds, most_requests))


def summary(latencies_ms: list[float], seconds: float) -> Load:
    hundredths = quantiles(latencies_ms, n=100) if len(latencies_ms) > 1 else latencies_ms * 99
    return Load(len(latencies_ms), seconds, hundredths[9], hundredths[49], hundredths[98])


def _run_wrk(url: str, key: str, connections: int, seconds: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(WRK_REPORT)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        command += ["-H", f"Authorization: Bearer {key}", url]
        output = subprocess.run(
            command, capture_output=True, check=True, text=True, timeout=seconds + PATIENCE_SECONDS
        ).stdout
    report = output.rpartition("REPORT ")[2].split()
    requests, duration_us, p10_us, p50_us, p99_us, failed = map(int, report)
    if failed or not requests:
        raise RequestsFailed(output)
    return Load(requests, duration_us / 1e6, p10_us / 1e3, p50_us / 1e3, p99_us / 1e3)


async def _run_client(call: Call, connections: int, seconds: float, most_requests: int | None) -> Load:
    parts = urlsplit(call.url)
    loop = asyncio.get_running_loop()
    latencies_ms: list[float] = []
    started = time.perf_counter()
    plan = _Plan(call.encoded(), call.status, started + seconds, most_requests or sys.maxsize, latencies_ms)
    clients = [_Client(plan) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(partial(_itself, client), parts.hostname or "", parts.port or 80)
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*(client.ended for client in clients))
    return summary(latencies_ms, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all connections do together."""

    request: bytes
    status: int
    deadline: float
    most_requests: int
    latencies_ms: list[float]
    numbers: "count[int]" = field(default_factory=count)

    def next_request(self) -> bytes:
        if b"{number}" not in self.request:
            return self.request
        return self.request.replace(b"{number}", b"%d" % next(self.numbers))

    def is_over(self, now: float) -> bool:
        return now >= self.deadline or len(self.latencies_ms) >= self.most_requests


def _itself(client: "_Client") -> "_Client":
    return client


class _Client(asyncio.Protocol):
    """One connection that sends its next request when it has read the answer to the last; httptools calls it back."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._plan.latencies_ms.append((now - self._sent) * 1000)
        if self._parser.get_status_code() != self._plan.status:
            self._end(RequestsFailed(f"an answer was {self._parser.get_status_code()}"))
        elif self._plan.is_over(now):
            self._end(None)
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(RequestsFailed(f"the server closed a connection: {error}"))

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        self._transport.write(self._plan.next_request())

    def _end(self, error: Exception | None) -> None:
        if not self.ended.done():
            if error is None:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(error)
            self._transport.close()
