"""What outlives a crash: time, the file of the database, the faults to come, what was seen, and what was broken."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from contextvars import Context, ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import TRIES_PER_PAGE
from goldpan.operations.job_hold import LostJob
from tests.invariants import History, SeenJob
from tests.simulation.fault_points import AFTER_COMMIT, BEFORE_COMMIT, LOCKED, LOST_REPLY, STATEMENT
from tests.simulation.virtual_loop import VirtualLoop, name_of

if TYPE_CHECKING:
    from tests.simulation.process import Process

BEGIN_MS = 1_777_377_600_000
HOP_SECONDS = 0.004

CURRENT: ContextVar["Process | None"] = ContextVar("CURRENT", default=None)
"""The process whose code runs now; None: the world outside, which no fault touches."""

DOING: ContextVar[str] = ContextVar("DOING", default="nothing")
"""What that process is about, as `fault_points.WRITERS` spells it."""

RUN: ContextVar[str] = ContextVar("RUN", default="")
"""Which execution of which workflow runs now."""


class SimulatedCrash(BaseException):
    """The process is dead from here on: whatever still runs on the way out finds every door shut."""


class Broken(AssertionError):
    """Something that must always hold did not."""


class World:
    """One seed: everything in it is decided by the seed alone."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.loop = VirtualLoop()
        self.loop.hop = self._hop
        self.marks: Counter[str] = Counter()
        self.broken: list[str] = []
        self.armed: dict[str, int] = {}
        self.history = History()
        self.processes: list[Process] = []
        self.lost_executors: set[str] = set()
        self._idle: list[asyncio.Future[None]] = []
        self.check_rules: Callable[[], None] = lambda: None
        self.is_stormy = True
        self.is_engine_tampered = False
        self.may_have_dropped = False
        self.has_written_jobs = False
        self._lines: list[str] = []
        self._randoms: dict[str, random.Random] = {}
        self._last_id = 0
        self._last_owner = 0

    # --- chance, time and names ---

    def random(self, about: str) -> random.Random:
        """Return the source of chance for one concern: what another one asks for does not move it."""
        if about not in self._randoms:
            self._randoms[about] = random.Random(f"{self.seed} {about}")
        return self._randoms[about]

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return self.loop.time()

    def new_id(self) -> str:
        """Return an id that is new, in no order: jobs of one millisecond are not in the order of their ids."""
        self._last_id += 1
        return f"{self.random('ids').getrandbits(64):016x}{self._last_id:08x}"

    def new_owner(self) -> str:
        self._last_owner += 1
        return f"owner-{self._last_owner}"

    # --- the queue ---

    async def queue_changes(self) -> None:
        """Wait until there may be something to do."""
        idle: asyncio.Future[None] = self.loop.create_future()
        self._idle.append(idle)
        await idle

    def announce_queue(self) -> None:
        for idle in self._idle:
            if not idle.done():
                idle.set_result(None)
        self._idle.clear()

    # --- what was seen ---

    def tell(self, event: str) -> None:
        self._lines.append(f"{self.now:10.3f} {event}")

    def mark(self, branch: str) -> None:
        self.marks[branch] += 1
        self.tell(branch)

    def find_broken(self, what: str) -> None:
        """Note that something broke that must hold; the run goes on to its next check."""
        self.tell(f"BROKEN {what}")
        self.broken.append(what)
        raise Broken(what)

    @property
    def trace(self) -> list[str]:
        return self._lines

    @property
    def trace_hash(self) -> str:
        return hashlib.sha256("\n".join(self._lines).encode()).hexdigest()

    # --- faults ---

    def reach(self, point: str) -> bool:
        """Come to a place where something may break; return whether it does so now."""
        left = self.armed.get(point)
        if left is None:
            return False
        if left > 1:
            self.armed[point] = left - 1
            return False
        del self.armed[point]
        self.mark(point)
        return True

    def crash_at(self, point: str) -> None:
        process = CURRENT.get()
        if process is not None and self.reach(point):
            raise SimulatedCrash(point)

    def calm(self) -> None:
        """Let no fault happen from here on."""
        self.is_stormy = False
        self.armed.clear()

    # --- the database ---

    def before_statement(self, statement: str) -> str | None:
        """Return what the database refuses the statement with; None: it does not."""
        process = CURRENT.get()
        if process is None:
            return None
        process.check_alive()
        doing = DOING.get()
        if statement.startswith("BEGIN"):
            return "database is locked" if self.reach(f"{LOCKED} {doing}") else None
        if statement.startswith(("UPDATE job ", "INSERT INTO job ")):
            self.has_written_jobs = True
        if statement.startswith(("UPDATE", "INSERT", "DELETE", "SELECT")):
            self.crash_at(f"{STATEMENT} {doing}")
        return None

    def before_commit(self) -> None:
        process = CURRENT.get()
        if process is not None:
            process.check_alive()
            self.crash_at(f"{BEFORE_COMMIT} {DOING.get()}")

    def after_commit(self, read_jobs: Callable[[], list[Any]]) -> str | None:
        """Return with what the reply to the commit is lost; None: it arrives."""
        if self.has_written_jobs:
            self.has_written_jobs = False
            for broken in self.history.see(read_jobs(), RUN.get()):
                self.find_broken(broken)
            for before, job in self.history.changes:
                self._mark_change(before, job)
        if CURRENT.get() is None:
            return None
        self.crash_at(f"{AFTER_COMMIT} {DOING.get()}")
        return "disk I/O error" if self.reach(f"{LOST_REPLY} {DOING.get()}") else None

    def _mark_change(self, before: SeenJob | None, job: SeenJob) -> None:
        doing = DOING.get()
        self.tell(f"{doing} leaves {job.id} {job.status} at version {job.version}")
        if doing.endswith("_page._write") and before is not None and before.failed_tries:
            self.mark("job: went on after a failed try")
        if doing == "enrichment_page._pass_over":
            self.mark("job: passed over somebody who kills at the enrichment")
        if doing == "job_quota.wait_for_room":
            self.mark("job: waited for room in its quota")
        if doing == "job_run_operations._note_failure":
            is_given_up = job.status == JobStatus.FAILED and job.failed_tries >= TRIES_PER_PAGE
            if is_given_up:
                self.mark("job: gave up after all tries of a page")

    # --- threads ---

    def _hop(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        """Let a thread of the current process do the work a moment later; a dead process never does."""
        future: asyncio.Future[Any] = self.loop.create_future()
        process = CURRENT.get()
        name = name_of(work)
        doing = name if DOING.get() == "nothing" else DOING.get()

        def run() -> None:
            if process is not None and process.is_dead:
                return
            if process is not None and process.frozen_until > self.now:
                self.loop.call_at(process.frozen_until, run)
                return
            self._do(name, partial(_run_as, doing, work), future, process)

        self.loop.call_later(self.random("hops").uniform(0, HOP_SECONDS), run)
        return future

    def _do(self, name: str, work: Callable[[], Any], future: asyncio.Future[Any], process: "Process | None") -> None:
        """Do the work and tell whoever waits for it how it went."""
        try:
            result = work()
        except SimulatedCrash as crash:
            assert process is not None
            process.die(str(crash))
        except Broken:
            raise
        except Exception as error:  # noqa: BLE001 whoever waits for the thread gets it
            if isinstance(error, LostJob):
                is_early = name == "job_run_operations._read"
                self.mark(f"worker: hold lost {'before the page' if is_early else 'while the page was fetched'}")
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)


def _run_as(doing: str, work: Callable[[], Any]) -> Any:
    context = getattr(getattr(work, "func", None), "__self__", None)
    if isinstance(context, Context):  # `asyncio.to_thread` runs the work in a copy of its caller's
        context.run(DOING.set, doing)
        return work()
    token = DOING.set(doing)
    try:
        return work()
    finally:
        DOING.reset(token)
