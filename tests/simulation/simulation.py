"""One seed from beginning to end: the storm, the calm after it, and everything that must hold then."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from goldpan.contract.resources import JobStatus, StopReason
from goldpan.operations import credit_operations
from tests.cast import check_receipt
from tests.invariants import broken_rules
from tests.simulation.acts import Acts
from tests.simulation.clients import Clients, Started
from tests.simulation.laboratory import Laboratory
from tests.simulation.nemesis import Nemesis
from tests.simulation.plan import Plan, make_plan
from tests.simulation.process import OPERATOR, Process, Surroundings
from tests.simulation.upstream import Upstream
from tests.simulation.virtual_loop import Deadlock
from tests.simulation.world import BEGIN_MS, CURRENT, Broken, World

CHECK_EVERY_SECONDS = 25.0
CALM_ROUNDS = 60
CALM_ROUND_SECONDS = 40.0


@dataclass(frozen=True)
class Outcome:
    seed: int
    broken: tuple[str, ...]
    trace: tuple[str, ...]
    trace_hash: str
    marks: Counter[str]


def run_seed(laboratory: Laboratory, seed: int) -> Outcome:
    """Let one world run and say what broke in it."""
    world = World(seed)
    laboratory.begin(world)
    try:
        world.loop.run_until_complete(_Simulation(laboratory, world, make_plan(seed)).run())
    except Broken as broken:
        if str(broken) not in world.broken:
            world.broken.append(str(broken))
    except Deadlock as deadlock:
        world.broken.append(str(deadlock))
    finally:
        _close(world)
        laboratory.end()
    return Outcome(seed, tuple(world.broken), tuple(world.trace), world.trace_hash, world.marks)


def _close(world: World) -> None:
    """Drop every task that is left, as the end of the world would."""
    for process in world.processes:
        process.is_dead = True
    tasks = asyncio.all_tasks(world.loop)
    for task in tasks:
        task.cancel()
    if tasks:
        world.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    world.loop.close()


class _Simulation:
    def __init__(self, laboratory: Laboratory, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._laboratory = laboratory
        self._upstream = Upstream(world, plan.manners, plan.kills_at_import)
        self._around = Surroundings(world, laboratory, self._upstream, plan.quota_limits)
        self._clients = Clients(self._around)
        self._acts = Acts(self._clients)
        self._nemesis = Nemesis(self._around)
        self._have_days_passed = False

    async def run(self) -> None:
        self._world.loop.set_exception_handler(self._on_loop_error)
        self._give_credits()
        self._world.armed = dict(self._plan.armed)
        self._world.check_rules = self._check_rules
        for role in self._plan.roles:
            Process(self._around, role)
        await self._storm()
        self._world.calm()
        self._nemesis.make_peace()
        await self._wait_for_the_end_of_all_jobs()
        await self._check_the_end()

    def _on_loop_error(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not isinstance(error, asyncio.CancelledError):
            self._world.broken.append(f"{context['message']}: {error!r}")

    def _give_credits(self) -> None:
        operator = Process(self._around, OPERATOR)
        for person in (self._clients.alice, self._clients.mallory):
            credit_operations.top_up(operator.toolbox, person.account_group_id, self._plan.credits + 1)
            self._clients.ledgers[person.account_group_id].sure += self._plan.credits + 1
        self._world.processes.remove(operator)

    async def _storm(self) -> None:
        """Let callers and the nemesis have their time, and look at the database in between."""
        loop = self._world.loop
        acts = [loop.create_task(self._act(at, act)) for at, act in self._plan.acts]
        strikes = [loop.create_task(self._strike(at, act)) for at, act in self._plan.sabotage]
        checks = loop.create_task(self._check_again_and_again())
        done, _ = await asyncio.wait(acts, return_when=asyncio.FIRST_EXCEPTION)
        for task in (checks, *strikes):
            task.cancel()
        for task in done:
            task.result()

    async def _act(self, at: float, act: str) -> None:
        await asyncio.sleep(at)
        await self._acts.perform(act)

    async def _strike(self, at: float, act: str) -> None:
        await asyncio.sleep(at)
        await self._nemesis.strike(act)

    async def _check_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_SECONDS)
            self._check_rules()
            self._raise_if_broken()

    def _check_rules(self) -> None:
        assert CURRENT.get() is None  # what looks at the world from outside meets no fault
        with self._laboratory.outside.read() as tx:
            broken = broken_rules(tx, sorted(self._clients.by_hand))
        for rule, rows in broken.items():
            # Between a loss that the nemesis makes and the caretaker's next round, a job has no workflow; that it comes
            # to its end nevertheless is waited for.
            is_expected = rule.startswith("I1 ") and self._world.is_engine_tampered
            is_expected |= "quota" in rule and self._have_days_passed
            if not is_expected:
                self._world.broken.append(f"{rule}: {rows}")

    def _raise_if_broken(self) -> None:
        if self._world.broken:
            raise Broken(self._world.broken[0])

    # --- the calm ---

    async def _wait_for_the_end_of_all_jobs(self) -> None:
        for _ in range(CALM_ROUNDS):
            self._raise_if_broken()
            waiting_ms = self._unfinished()
            if waiting_ms is None:
                return
            if waiting_ms > 900_000:  # nobody is at work on it: let the clocks of all get there
                self._have_days_passed = True
                for process in self._world.processes:
                    process.skew_ms += waiting_ms
                await asyncio.sleep(2 * CALM_ROUND_SECONDS)
            else:
                await asyncio.sleep(CALM_ROUND_SECONDS)
        self._world.find_broken("I1 a job did not end, though nothing was in its way")

    def _unfinished(self) -> int | None:
        """Return how long the job that is due first still waits, 0: it does not; None: every job has ended."""
        with self._laboratory.outside.read() as tx:
            rows = tx.exec_driver_sql("SELECT resumes_ms FROM job WHERE finished_ms IS NULL").all()
        if not rows:
            return None
        now_ms = max([process.now_ms() for process in self._world.processes], default=BEGIN_MS)
        return max(0, min((row[0] or 0) - now_ms for row in rows))

    # --- the end ---

    async def _check_the_end(self) -> None:
        self._check_rules()
        self._raise_if_broken()
        for job in list(self._clients.jobs.values()):
            await self._check_job(job)
        for person in (self._clients.alice, self._clients.mallory):
            group = f"/v1/accounts/{person.account_group_id}"
            items = await self._clients.walk(person.live, f"{group}/prospecting?limit=3")
            shown = [item["jobId"] for item in items or []]
            wanted = {job.job_id for job in self._clients.jobs.values() if job.person is person}
            if len(set(shown)) != len(shown) or not wanted <= set(shown):
                self._world.find_broken(f"I1 the list of jobs shows {shown}, and {wanted} were accepted")
            await self._check_credits(person.live, person.account_group_id)
        self._raise_if_broken()

    async def _check_job(self, job: Started) -> None:
        path = f"/v1/accounts/{job.person.account_group_id}/prospecting/{job.job_id}"
        answer = await self._clients.insist(job.person.live, "GET", path)
        if answer.status != 200:
            self._world.find_broken(f"I1 the job {job.job_id} was accepted, and is answered {answer.status}")
        check_receipt(answer.data)
        status = answer.data["status"]
        if status in (JobStatus.QUEUED, JobStatus.RUNNING):
            self._world.find_broken(f"I1 the job {job.job_id} is still {status}")
        self._mark_end(answer.data)
        self._check_people(job, answer.data)

    def _mark_end(self, shown: Any) -> None:
        if shown["status"] in ("completed", "failed"):
            self._world.mark(f"job: {shown['status']}")
        if shown["stopReason"] == StopReason.CREDITS_EXHAUSTED:
            self._world.mark("job: credits ran out")

    def _check_people(self, job: Started, shown: Any) -> None:
        """Hold whom the job took against whom its source handed out, and against all of it where it was read whole."""
        taken = self._taken(job.job_id)
        script = self._upstream.script_of(job.person.account_group_id, job.is_test, job.source)
        if script is None:  # an uploaded file, or a source that nobody was asked for
            return
        if not taken <= script.handed_out:
            self._world.find_broken(f"I3 {job.job_id} took whom nobody handed out: {taken - script.handed_out}")
        is_whole = shown["status"] == "completed" and shown["stopReason"] in ("source_exhausted", "completed")
        everybody = {slug for slug in script.people if not slug.startswith("nobody")}
        if self._upstream.killer in everybody - taken and self._upstream.kills_at_import:
            everybody.discard(self._upstream.killer)
        if is_whole and script.is_stable and taken != everybody:
            self._world.find_broken(f"I3 {job.job_id} took {sorted(taken)} of {sorted(everybody)}")

    def _taken(self, job_id: str) -> set[str]:
        with self._laboratory.outside.read() as tx:
            query = """SELECT public_identifier FROM job_prospect JOIN prospect ON prospect.id = prospect_id
                WHERE job_prospect.job_id = :job_id"""
            return set(tx.exec_driver_sql(query, {"job_id": job_id}).scalars())

    async def _check_credits(self, key: str, account_group_id: str) -> None:
        """Hold the balance against what the operator added and the jobs spent."""
        answer = await self._clients.insist(key, "GET", f"/v1/accounts/{account_group_id}/credits")
        with self._laboratory.outside.read() as tx:
            query = "SELECT coalesce(sum(credits_spent), 0) FROM job WHERE account_group_id = :id"
            spent = tx.exec_driver_sql(query, {"id": account_group_id}).scalar_one()
        ledger = self._clients.ledgers[account_group_id]
        added = answer.data["available"] + answer.data["reserved"] + spent
        if answer.data["reserved"] != 0 or added not in _sums(ledger.sure, ledger.maybe):
            self._world.find_broken(f"I4 {answer.data} and {spent} spent, of {ledger}")


def _sums(sure: int, maybe: list[int]) -> set[int]:
    """Return what may have been added: each of those that nobody knows of, or not."""
    sums = {sure}
    for credits in maybe:
        sums |= {total + credits for total in sums}
    return sums
