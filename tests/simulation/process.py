"""One process of Goldpan: all its objects are made when it starts and gone when it dies; only the file stays."""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from goldpan.api.gate import GateParts
from goldpan.api.http_app import build_app
from goldpan.api.live_answers import LiveAnswers
from goldpan.api.request_file import FileIntake
from goldpan.domain.quota_rules import QuotaLimits
from goldpan.engine.job_worker import is_database_away
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import is_passing
from tests.service import Answer
from tests.simulation.laboratory import Laboratory
from tests.simulation.simulated_engine import SimulatedQueue, SimulatedWorker
from tests.simulation.upstream import Garbage, Upstream, UpstreamProvider
from tests.simulation.world import BEGIN_MS, CURRENT, DOING, SimulatedCrash, World

T = TypeVar("T")

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class ConnectionBroke(Exception):
    """The client has no answer: what it asked for happened, or it did not."""


@dataclass(frozen=True)
class Role:
    """What a process is for. `has_lease` False: the embedded one, which never shares its jobs."""

    name: str
    answers: bool
    works: bool
    has_lease: bool
    is_service: bool = True  # somebody starts it again


EMBEDDED = (Role("local", answers=True, works=True, has_lease=False),)
SCALED = (
    Role("api", answers=True, works=False, has_lease=False),
    Role("worker-1", answers=False, works=True, has_lease=True),
    Role("worker-2", answers=False, works=True, has_lease=True),
)
OPERATOR = Role("operator", answers=False, works=False, has_lease=False, is_service=False)


@dataclass(frozen=True)
class Surroundings:
    """What a process finds when it starts."""

    world: World
    laboratory: Laboratory
    upstream: Upstream
    quota_limits: QuotaLimits


class Process:
    def __init__(self, around: Surroundings, role: Role, boot: int = 1, skew_ms: int = 0) -> None:
        self.around = around
        self.world = around.world
        self.role = role
        self.boot = boot
        self.skew_ms = skew_ms
        self.executor_id = f"{role.name}-{boot}" if role.has_lease else role.name
        self.has_lease = role.has_lease
        self.is_dead = False
        self.frozen_until = 0.0
        self.logger = Logger(self)
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._requests: dict[asyncio.Future[Answer], None] = {}
        self.database = around.laboratory.open_database()
        self.queue = SimulatedQueue(self)
        self.toolbox = Toolbox(
            database=self.database,
            live_provider=UpstreamProvider(self, around.upstream, is_sandbox=False),
            sandbox_provider=UpstreamProvider(self, around.upstream, is_sandbox=True),
            now_ms=self.now_ms,
            new_id=self.world.new_id,
            enqueue_job=self.queue.enqueue,
            cancel_workflow=self.queue.cancel,
            quota_limits=around.quota_limits,
        )
        self._app = build_app(self._gate_parts()) if role.answers else None
        self.worker = SimulatedWorker(self) if role.works else None
        self.world.processes.append(self)
        self.world.tell(f"{self.name} starts")
        if self.worker:
            self.worker.start()

    @property
    def name(self) -> str:
        return f"{self.role.name}#{self.boot}"

    def now_ms(self) -> int:
        return BEGIN_MS + int(self.world.now * 1000) + self.skew_ms

    # --- life and death ---

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        context = copy_context()
        context.run(CURRENT.set, self)
        context.run(DOING.set, "nothing")
        task = self.world.loop.create_task(work, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._on_done)
        return task

    def check_alive(self) -> None:
        if self.is_dead:
            raise SimulatedCrash("dead already")

    def die(self, why: str) -> None:
        """End now: nothing that was in memory is left, and nobody who waits gets an answer."""
        if self.is_dead:
            return
        self.is_dead = True
        self.world.tell(f"{self.name} dies: {why}")
        self.world.processes.remove(self)
        if self.has_lease:
            self.world.lost_executors.add(self.executor_id)
        for task in self._tasks:
            task.cancel()
        for request in self._requests:
            if not request.done():
                request.set_exception(ConnectionBroke())
        # as the dead left it, before anybody goes on; seen from outside
        self.world.loop.call_soon(self.world.check_rules, context=Context())
        if self.role.is_service:
            self.world.loop.call_later(self.world.random("restarts").uniform(0.2, 3.0), self._start_again)

    def freeze(self, seconds: float) -> None:
        self.frozen_until = self.world.now + seconds
        self.world.tell(f"{self.name} freezes for {seconds:.1f} s")

    async def pause(self, seconds: float) -> None:
        """Sleep; and for as long as the whole process stands still."""
        await asyncio.sleep(seconds)
        while self.frozen_until > self.world.now:
            await asyncio.sleep(self.frozen_until - self.world.now)

    def _start_again(self) -> None:
        context = copy_context()
        context.run(CURRENT.set, None)
        context.run(Process, self.around, self.role, self.boot + 1, self.skew_ms)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SimulatedCrash):
            self.die(str(error))
        elif error is not None and not self.is_dead:
            self.world.broken.append(f"{self.name}: {error!r} rose out of a task")

    # --- requests ---

    async def answer(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        """Let the API answer one request.

        Raises:
            ConnectionBroke: this process died first.
        """
        future: asyncio.Future[Answer] = self.world.loop.create_future()
        self._requests[future] = None
        self.spawn(self._serve(_scope(method, target, headers, body), body, future))
        try:
            return await future
        finally:
            self._requests.pop(future, None)

    async def _serve(self, scope: dict[str, Any], body: bytes, future: asyncio.Future[Answer]) -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        assert self._app is not None
        await self._app(scope, receive, send)  # type: ignore[arg-type]
        if not future.done():
            future.set_result(_answer(sent))

    def _gate_parts(self) -> GateParts:
        return GateParts(
            toolbox=self.toolbox,
            key_limit=self.around.laboratory.key_limit,
            failed_key_limit=self.around.laboratory.failed_key_limit,
            live=LiveAnswers(self.toolbox),
            new_trace_id=lambda: f"{self.world.random('traces').getrandbits(128):032x}",
            now_seconds=lambda: self.world.now,
            log=lambda *_arguments, **_fields: None,
            log_crash=self.logger.exception,
            files=FileIntake(1_000_000),
        )


class Logger:
    """Takes what the product logs: a crash in the log is a bug of ours, unless a fault of ours explains it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def warning(self, event: str, **fields: Any) -> None:
        world = self._process.world
        world.tell(f"{self._process.name} warns {event} {fields}")
        is_expected = world.is_engine_tampered or (event == "job_dropped" and world.may_have_dropped)
        if event in ("job_stranded", "job_dropped") and not is_expected:
            world.broken.append(f"I1 there should never be such a job: {event} {fields}")
        if event == "job_stranded":
            has_none = fields["workflow_status"] is None
            world.mark(
                "caretaker: put a job without a workflow into the queue again"
                if has_none
                else "caretaker: ended a job whose workflow had ended"
            )
        if event == "job_dropped":
            world.mark("caretaker: took up a job that the engine had dropped")

    def exception(self, event: str, **fields: Any) -> None:
        error = sys.exc_info()[1]
        world = self._process.world
        world.tell(f"{self._process.name} logs {event}: {error!r}")
        if isinstance(error, Garbage):
            world.mark("job: failed at a bug")
        elif not _is_away(error):
            world.broken.append(f"{event} in the log of {self._process.name}: {error!r} {fields}")


def _is_away(error: BaseException | None) -> bool:
    return error is not None and (is_database_away(error) or (isinstance(error, DBAPIError) and is_passing(error)))


def _scope(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    path, _, query = target.partition("?")
    sent = [*headers, ("content-length", str(len(body)))] if body else headers
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8470),
    }


def _answer(sent: list[dict[str, Any]]) -> Answer:
    headers = HTTPMessage()
    for name, value in sent[0]["headers"]:
        headers[name.decode()] = value.decode()
    return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))
