"""The load: wrk where it is installed, else a small client of ours. Every answer must be a 200."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
  io.write(string.format("\\nREPORT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a round of load saw."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds


class RequestsFailed(Exception):
    """Some answers were no 200: the figures would be worth nothing."""


def generator_name() -> str:
    return "wrk" if shutil.which("wrk") else "a Python client"


def put_under_load(url: str, key: str, connections: int, seconds: int) -> Load:
    """Request `url` over and over on so many connections at once.

    Raises:
        RequestsFailed: an answer was no 200, or a connection broke.
    """
    with on_core(LOAD_CORE):
        if shutil.which("wrk"):
            return _run_wrk(url, key, connections, seconds)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run_client(url, key, connections, seconds))


def summary(latencies_ms: list[float], seconds: float) -> Load:
    hundredths = quantiles(latencies_ms, n=100)
    return Load(len(latencies_ms), seconds, hundredths[49], hundredths[98])


def _run_wrk(url: str, key: str, connections: int, seconds: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(WRK_REPORT)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        command += ["-H", f"Authorization: Bearer {key}", url]
        output = subprocess.run(
            command, capture_output=True, check=True, text=True, timeout=seconds + PATIENCE_SECONDS
        ).stdout
    report = output.rpartition("REPORT ")[2].split()
    requests, duration_us, p50_us, p99_us, failed = map(int, report)
    if failed or not requests:
        raise RequestsFailed(output)
    return Load(requests, duration_us / 1e6, p50_us / 1e3, p99_us / 1e3)


async def _run_client(url: str, key: str, connections: int, seconds: int) -> Load:
    parts = urlsplit(url)
    lines = f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {key}"
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    latencies_ms: list[float] = []
    started = time.perf_counter()
    clients = [_Client(request, started + seconds, latencies_ms.append) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(partial(_itself, client), parts.hostname or "", parts.port or 80)
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*(client.ended for client in clients))
    return summary(latencies_ms, time.perf_counter() - started)


def _itself(client: "_Client") -> "_Client":
    return client


class _Client(asyncio.Protocol):
    """One connection that sends its next request when it has read the answer to the last; httptools calls it back."""

    def __init__(self, request: bytes, deadline: float, note_latency_ms: Callable[[float], None]) -> None:
        self._request = request
        self._deadline = deadline
        self._note_latency_ms = note_latency_ms
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._note_latency_ms((now - self._sent) * 1000)
        if self._parser.get_status_code() != 200:
            self._end(RequestsFailed(f"an answer was {self._parser.get_status_code()}"))
        elif now >= self._deadline:
            self._end(None)
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(RequestsFailed(f"the server closed a connection: {error}"))

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def _end(self, error: Exception | None) -> None:
        if not self.ended.done():
            if error is None:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(error)
            self._transport.close()
