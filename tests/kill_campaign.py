"""Kills, at named places and at random, of the processes of one installation at work, and the check of what is left."""

import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from signal import SIGKILL

import sqlalchemy as sa

from goldpan.storage import quarantine_table
from goldpan.storage.database import Database
from tests.faults import CALL_CRASH_PLACES, CRASH, CRASH_PLACES, SLOW_DIRECTORY, TELLS_ITS_NAME
from tests.invariants import ACTIVE, assert_invariants
from tests.kill_clients import WORDS, Clients, Order, people_of_word
from tests.processes import Goldpan, Process, bound
from tests.stored_jobs import people_of

EMBEDDED_EXECUTOR = "local"
WORKERS = 2
CLIENTS = 3
ACTIVE_JOBS = 14  # fewer than two workers have places for: a job that waits for its turn is not taken over late
LONGEST_LIFE_SECONDS = 5.0
KILLS_BETWEEN_CHECKS = 10
POLL_SECONDS = 0.05
TAKEOVER_SECONDS = 45  # what we publish
STANDSTILL_SECONDS = 60  # of all jobs together, when nobody is killed any more


AT_RANDOM = "at random"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a campaign did and saw; `places` counts the kills by the place that they hit."""

    database: str
    seed: int
    places: Counter[str]
    jobs: Counter[str]
    seconds: float
    longest_takeover_seconds: float

    def __str__(self) -> str:
        named = Counter({place: kills for place, kills in self.places.items() if place != AT_RANDOM})
        jobs = ", ".join(f"{count} {status}" for status, count in sorted(self.jobs.items()))
        return (
            f"kill-test on {self.database}: {self.places.total()} kills ({named.total()} at {len(named)} named places,"
            f" {self.places[AT_RANDOM]} at random), {self.jobs.total()} jobs ({jobs}), {self.seconds:.0f} s,"
            f" longest takeover {self.longest_takeover_seconds:.1f} s, seed {self.seed}: nobody lost, nobody twice"
        )


@dataclass(slots=True)
class Post:
    """Where one process runs, is killed and is started again."""

    command: str
    places: dict[str, tuple[str, str, str, int, bool]]
    process: Process | None = None
    place: str = AT_RANDOM  # where this one kills itself, unless its time is over before
    life_seconds: float = 0.0  # once it is up
    up_since: float = math.inf

    @property
    def is_due(self) -> bool:
        return time.monotonic() > self.up_since + self.life_seconds


@dataclass(slots=True)
class TakeoverWatch:
    """How long jobs stood still whose worker was killed, though another one lived beside them all that time."""

    database: Database
    longest_seconds: float = 0.0
    _orphans: dict[str, tuple[float, int]] = field(default_factory=dict)  # when, with which fencing token

    def note(self, executor_id: str) -> None:
        """Note whose jobs nobody works on any more."""
        table = "workflow_status" if self.database.dialect.is_sqlite else "dbos.workflow_status"
        query = (
            f"SELECT job.id, job.fencing_token FROM job JOIN {table} AS workflow ON workflow.workflow_uuid = job.id"
            f" WHERE workflow.status = 'PENDING' AND workflow.executor_id = :executor AND job.status IN {ACTIVE}"
        )
        with self.database.read() as tx:
            for job_id, token in tx.execute(sa.text(query), {"executor": executor_id}):
                self._orphans[job_id] = time.monotonic(), token

    def look(self, oldest_heir_since: float) -> None:
        """Find out who was taken over meanwhile, or had ended; infinity: nobody lives who could take over."""
        if not self._orphans:
            return
        with self.database.read() as tx:
            active: dict[str, int] = dict(
                tx.execute(sa.text(f"SELECT id, fencing_token FROM job WHERE status IN {ACTIVE}")).all()
            )
        now = time.monotonic()
        for job_id, (died, token) in list(self._orphans.items()):
            self.longest_seconds = max(self.longest_seconds, now - max(died, oldest_heir_since))
            if active.get(job_id) != token:
                del self._orphans[job_id]


class Campaign:
    """So many kills of one installation, which must be new; `run` returns what happened, or fails."""

    def __init__(
        self, goldpan: Goldpan, kills: int, seed: int, on_check: Callable[[int], None] = lambda _kills: None
    ) -> None:
        """`on_check` is told how many kills there were, whenever what is left was checked and well."""
        self._goldpan = goldpan
        self._on_check = on_check
        self._kills = kills
        self._seed = seed
        self._random = random.Random(seed)
        self._database = Database(goldpan.url)
        self._watch = TakeoverWatch(self._database)
        self._clients = Clients(goldpan, seed, ACTIVE_JOBS, self._count_active)
        self._killed: Counter[str] = Counter()
        both = CRASH_PLACES | CALL_CRASH_PLACES
        self._posts = (
            [Post("serve", both)]
            if self._database.dialect.is_sqlite
            else [Post("serve", CALL_CRASH_PLACES), *(Post("worker", CRASH_PLACES) for _ in range(WORKERS))]
        )

    def run(self) -> Outcome:
        began = time.monotonic()
        for word in WORDS:
            self._goldpan.import_people(people_of_word(word), title=word.title())
        try:
            self._kill_while_clients_work()
            self._wait_for_the_end()
            jobs = self._check(self._clients.orders)
        finally:
            self._database.close()
        return Outcome(
            self._database.dialect.name,
            self._seed,
            self._killed,
            jobs,
            time.monotonic() - began,
            self._watch.longest_seconds,
        )

    def _kill_while_clients_work(self) -> None:
        with ThreadPoolExecutor(CLIENTS) as threads:
            at_work = [threads.submit(self._clients.work) for _ in range(CLIENTS)]
            try:
                while self._killed.total() < self._kills and not any(work.done() for work in at_work):
                    self._make_round()
                    time.sleep(POLL_SECONDS)
                self._let_everybody_live()
            finally:
                self._clients.stop()
            for work in at_work:
                work.result()

    def _make_round(self) -> None:
        for post in self._posts:
            if post.process is None:
                self._start(post, is_doomed=True)
            elif post.process.exit_code is not None:
                assert post.process.exit_code == -SIGKILL, post.process.log.read_text()
                self._bury(post)
            elif post.is_due:
                post.place = AT_RANDOM
                post.process.kill()
                self._bury(post)
        self._look()

    def _look(self) -> None:
        """See who is up, and whose jobs found somebody."""
        for post in self._posts:
            if post.process is not None and post.up_since == math.inf and self._is_up(post):
                post.up_since = time.monotonic()
        heirs = [post for post in self._posts if self._database.dialect.is_sqlite or post.command == "worker"]
        self._watch.look(min(post.up_since for post in heirs))

    def _start(self, post: Post, is_doomed: bool) -> None:
        prelude, dice = SLOW_DIRECTORY + TELLS_ITS_NAME, self._random
        post.place, post.life_seconds, post.up_since = AT_RANDOM, dice.uniform(0, LONGEST_LIFE_SECONDS), math.inf
        if is_doomed and dice.random() < 0.6:
            post.place, post.life_seconds = dice.choice(list(post.places)), LONGEST_LIFE_SECONDS
            module, owner, name, _, is_after = post.places[post.place]
            prelude += CRASH.format(place=(module, owner, name, dice.randint(1, 4), is_after))
        is_server = post.command == "serve"
        post.process = self._goldpan.serve(prelude, False) if is_server else self._goldpan.work(prelude)

    def _is_up(self, post: Post) -> bool:
        assert post.process is not None
        if post.command == "worker":
            return "EXECUTOR" in post.process.log.read_text()
        return self._goldpan.answers()

    def _bury(self, post: Post) -> None:
        assert post.process is not None
        self._killed[post.place] += 1
        log = post.process.log.read_text()
        assert '"event":"job_crashed"' not in log, log
        names = [EMBEDDED_EXECUTOR] if self._database.dialect.is_sqlite else re.findall(r"EXECUTOR (\w+)", log)
        for name in names:
            self._watch.note(name)
        if self._killed.total() % KILLS_BETWEEN_CHECKS == 0:
            assert_invariants(self._goldpan.url)
            self._on_check(self._killed.total())
        post.process, post.up_since = None, math.inf

    def _let_everybody_live(self) -> None:
        for post in self._posts:
            if post.process is not None and post.place != AT_RANDOM:
                post.process.kill()  # it would still kill itself
                self._bury(post)
            if post.process is None or post.process.exit_code is not None:
                self._start(post, is_doomed=False)

    def _wait_for_the_end(self) -> None:
        moved, seen = time.monotonic(), -1
        while self._count_active():
            if (versions := self._sum_of_versions()) != seen:
                moved, seen = time.monotonic(), versions
            stuck = f"{self._count_active()} jobs stood still for {STANDSTILL_SECONDS} s after the last kill"
            assert time.monotonic() < moved + STANDSTILL_SECONDS, stuck
            for post in self._posts:
                assert post.process is not None
                assert post.process.exit_code is None, post.process.log.read_text()
            self._look()
            time.sleep(POLL_SECONDS)

    def _check(self, orders: Sequence[Order]) -> Counter[str]:
        """Return how many jobs ended how, once every one of them did as it should."""
        assert_invariants(self._goldpan.url)
        with self._database.read() as tx:
            stored: dict[str, str] = dict(tx.execute(sa.text("SELECT id, status FROM job")).all())
        assert sorted(stored) == sorted(job_id for order in orders for job_id in order.job_ids)
        for order in orders:
            [job_id] = order.job_ids
            assert self._goldpan.job(job_id)["status"] == ("cancelled" if order.is_cancelled else "completed"), order
            if not order.is_cancelled:
                self._check_people(order, job_id)
        longest_seconds = self._watch.longest_seconds
        assert longest_seconds <= bound(TAKEOVER_SECONDS), (
            f"a job stood still for {longest_seconds:.1f} s, seed {self._seed}"
        )
        return Counter(stored.values())

    def _check_people(self, order: Order, job_id: str) -> None:
        """Everybody was taken once; but a job whose workers were killed eight times in a row may suspect a person."""
        group_id = self._goldpan.keys.account_group_id
        with self._database.read() as tx:
            suspects = quarantine_table.count_of_job(tx, group_id, job_id)
        taken = people_of(self._goldpan.url, job_id)
        assert len(set(taken)) == len(taken), order
        assert set(taken) <= set(order.people), order
        assert len(order.people) - len(taken) <= suspects, order

    def _sum_of_versions(self) -> int:
        with self._database.read() as tx:
            return int(tx.execute(sa.text("SELECT coalesce(sum(version), 0) FROM job")).scalar_one())

    def _count_active(self) -> int:
        with self._database.read() as tx:
            return int(tx.execute(sa.text(f"SELECT count(*) FROM job WHERE status IN {ACTIVE}")).scalar_one())
