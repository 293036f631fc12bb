"""Bugs of the dangerous kind, ready to be planted: each is a few lines of the product written wrong."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class Rotten(Exception):
    """A mutant's text does not stand in the product exactly once: the mutant must be written anew."""


@dataclass(frozen=True)
class Edit:
    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """`tests` are asked where the simulation finds nothing; "" as the first of them: the simulation cannot."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...] = ()
    is_for_simulation: bool = True


def plant(mutant: Mutant, root: Path) -> None:
    """Write the mutant into the tree at `root`.

    Raises:
        Rotten: its text is not there, or more than once.
    """
    for edit in mutant.edits:
        path = root / edit.path
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise Rotten(f"{mutant.name}: {text.count(edit.old)} times in {edit.path}: {edit.old}")
        path.write_text(text.replace(edit.old, edit.new))


_IMPORT = "goldpan/operations/import_page.py"
_ENDING = "goldpan/operations/job_ending.py"
_START = "goldpan/operations/job_start_operations.py"
_HOLD = "goldpan/operations/job_hold.py"
_JOB_TABLE = "goldpan/storage/job_table.py"
_CREDITS = "goldpan/storage/credit_table.py"
_AUDIENCES = "goldpan/storage/audience_table.py"
_KEYSET = "goldpan/storage/keyset.py"

_HOLDS = Edit(
    _HOLD,
    "return job.status == JobStatus.RUNNING and job.fencing_token == self.fencing_token",
    "return job.status == JobStatus.RUNNING",
)
_HELD = '    held = (JOB.c.status == "running") & (JOB.c.fencing_token == fencing_token)\n'

MUTANTS = (
    Mutant(
        "a worker writes without its fencing token",
        (_HOLDS, Edit(_JOB_TABLE, _HELD, '    held = JOB.c.status == "running"\n')),
    ),
    Mutant(
        "a step does not look whether its page was done meanwhile",
        (
            _HOLDS,
            Edit(_JOB_TABLE, _HELD, '    held = JOB.c.status == "running"\n'),
            Edit(_IMPORT, "if job.pages_done != read.pages_done:", "if job.pages_done < read.pages_done:"),
        ),
    ),
    Mutant(
        "people are charged after the transaction that stores them",
        (
            Edit(_IMPORT, "        _pay(toolbox, tx, read, job)\n", ""),
            Edit(
                _IMPORT,
                "        note_event(tx, read, job.account_group_id, job.id, toolbox.now_ms())\n",
                "        note_event(tx, read, job.account_group_id, job.id, toolbox.now_ms())\n"
                "    with toolbox.database.write() as tx:\n        _pay(toolbox, tx, read, job)\n",
            ),
        ),
    ),
    Mutant(
        "a known person is charged",
        (Edit(_IMPORT, "new * job.price_credits", "(new + intake.known) * job.price_credits"),),
    ),
    Mutant(
        "the cursor of a list is the time alone",
        (
            Edit(
                _KEYSET,
                "    return _pair(table, time, id_) < _place()\n",
                "    return table.c[time] < sa.bindparam(AFTER_MS, type_=sa.BigInteger)\n",
            ),
        ),
    ),
    Mutant(
        "the cursor of a list takes the last item again",
        (
            Edit(
                _KEYSET,
                "    return _pair(table, time, id_) < _place()\n",
                "    return _pair(table, time, id_) <= _place()\n",
            ),
        ),
    ),
    Mutant(
        "a balance is read, changed and written back",
        (
            Edit(
                _CREDITS,
                "    table = ACCOUNT_GROUP.c\n",
                "    table = ACCOUNT_GROUP.c\n"
                "    old = tx.execute(sa.select(table.credits_available, table.credits_reserved)"
                ".where(table.id == account_group_id)).one()\n",
            ),
            Edit(
                _CREDITS,
                "credits_available=table.credits_available + available, "
                "credits_reserved=table.credits_reserved + reserved",
                "credits_available=old[0] + available, credits_reserved=old[1] + reserved",
            ),
            Edit(
                "goldpan/storage/account_table.py",
                "tx.execute(statement.with_for_update(key_share=True)).one_or_none()",
                "tx.execute(statement).one_or_none()",
            ),
        ),
        tests=("tests/test_credits.py", "tests/test_ledger.py"),
        is_for_simulation=False,
    ),
    Mutant(
        "a used key starts another job",
        (
            Edit(
                _START,
                "        earlier = _earlier_use(toolbox, tx, account_group_id, use)\n",
                "        earlier = None\n",
            ),
            Edit(_JOB_TABLE, "IDEMPOTENCY_KEY.insert()", 'IDEMPOTENCY_KEY.insert().prefix_with("OR IGNORE")'),
        ),
    ),
    Mutant(
        "a key is looked up, but not kept unique",
        (
            Edit(
                _START,
                "        earlier = _earlier_use(toolbox, tx, account_group_id, use)\n",
                "        pass\n",
            ),
            Edit(
                _START,
                "    with toolbox.database.write() as tx:\n        group = account_table.lock(tx, account_group_id)\n",
                "    with toolbox.database.read() as tx:\n"
                "        earlier = _earlier_use(toolbox, tx, account_group_id, use)\n"
                "    with toolbox.database.write() as tx:\n"
                "        group = account_table.lock(tx, account_group_id)\n",
            ),
            Edit(
                _START,
                "            job_table.add_key_use(tx, account_group_id, job, use)\n",
                "            _earlier_use(toolbox, tx, account_group_id, use) or "
                "job_table.add_key_use(tx, account_group_id, job, use)\n",
            ),
        ),
        tests=("tests/test_start_idempotency.py::test_fifty_starts_at_once_with_one_key_are_one_job",),
        is_for_simulation=False,
    ),
    Mutant(
        "a page in flight is written after the cancellation",
        (
            Edit(
                _HOLD,
                "return job.status == JobStatus.RUNNING and job.fencing_token == self.fencing_token",
                "return job.fencing_token == self.fencing_token",
            ),
            Edit(_JOB_TABLE, _HELD, "    held = JOB.c.fencing_token == fencing_token\n"),
            Edit(_JOB_TABLE, '    changes["fencing_token"] = JOB.c.fencing_token + 1\n', ""),
        ),
    ),
    Mutant("what a job did not spend stays reserved", (Edit(_ENDING, "    if unspent:\n", "    if unspent < 0:\n"),)),
    Mutant(
        "what a job did not spend is given back twice",
        (
            Edit(
                _ENDING,
                "        credit_table.release(tx, job.account_group_id, entry, unspent)\n",
                "        credit_table.release(tx, job.account_group_id, entry, unspent)\n"
                "        again = credit_table.Entry(toolbox.new_id(), now_ms, job.id, job.pages_done + 1000)\n"
                "        credit_table.release(tx, job.account_group_id, again, unspent)\n",
            ),
        ),
    ),
    Mutant(
        "a resumed job has the workflow of the run before",
        (
            Edit(
                "goldpan/domain/job_rules.py",
                'return f"{job_id}-{resume_count}" if resume_count else job_id',
                "return job_id",
            ),
        ),
    ),
    Mutant(
        "a worker of an earlier run may claim the job",
        (Edit(_JOB_TABLE, "        .where(JOB.c.resume_count == resume_count)\n", ""),),
        tests=("tests/test_resume_runs.py::test_a_worker_of_the_run_before_cannot_take_the_job_back",),
    ),
    Mutant(
        "a job is put into the queue after its transaction",
        (
            Edit(_START, "    toolbox.enqueue_job(tx, job)\n", ""),
            Edit(
                _START,
                "            job_table.add_key_use(tx, account_group_id, job, use)\n    return job\n",
                "            job_table.add_key_use(tx, account_group_id, job, use)\n"
                "    with toolbox.database.write() as tx:\n        toolbox.enqueue_job(tx, job)\n    return job\n",
            ),
        ),
    ),
    Mutant(
        "an audience does not count who joins",
        (
            Edit(
                _AUDIENCES,
                "prospect_count=AUDIENCE.c.prospect_count + joined",
                "prospect_count=AUDIENCE.c.prospect_count",
            ),
        ),
    ),
    Mutant(
        "an audience that nobody fills any more is still being filled",
        (
            Edit(
                _ENDING,
                "    audience_table.change_filling_jobs(tx, job.account_group_id, job.audience_id, -1)\n",
                "    if ending.status != JobStatus.CANCELLED:\n"
                "        audience_table.change_filling_jobs(tx, job.account_group_id, job.audience_id, -1)\n",
            ),
        ),
    ),
    Mutant(
        "the quota is used twice",
        (
            Edit(
                "goldpan/operations/job_quota.py",
                "people = job.imported + job.known - before.imported - before.known",
                "people = 2 * (job.imported + job.known - before.imported - before.known)",
            ),
        ),
    ),
    Mutant(
        "the tag of an answer tells its trace id",
        (
            Edit(
                "goldpan/api/gate.py",
                'headers["ETag"] = tag = entity_tag(data)',
                'headers["ETag"] = tag = entity_tag(data + exchange.trace_id.encode())',
            ),
        ),
    ),
    Mutant(
        "a job is found without its account group",
        (
            Edit(
                _JOB_TABLE,
                '        JOB.c.id == sa.bindparam("job_id"), '
                'JOB.c.account_group_id == sa.bindparam("account_group_id")\n',
                '        JOB.c.id == sa.bindparam("job_id")\n',
            ),
        ),
    ),
    Mutant(
        "a lease never runs out",
        (Edit("goldpan/storage/worker_table.py", ".where(WORKER_LEASE.c.expires_at > _NOW)\n", "\n"),),
        tests=("tests/test_survival.py::test_dead_and_frozen_workers_are_replaced_within_45_seconds",),
        is_for_simulation=False,
    ),
    Mutant(
        "a revoked key is remembered as good",
        (
            Edit(
                "goldpan/operations/account_operations.py",
                "    found = await account_table.find_key(toolbox.database, parts.id)\n",
                "    cache: dict = identify.__dict__\n"
                "    key = f'{id(toolbox)}{parts.id}'\n"
                "    found = cache[key] = cache.get(key) or await account_table.find_key(toolbox.database, parts.id)\n",
            ),
        ),
    ),
    Mutant(
        "an event is noted after the transaction of its change",
        (
            Edit(
                _IMPORT,
                "        note_event(tx, read, job.account_group_id, job.id, toolbox.now_ms())\n",
                "    with toolbox.database.write() as tx:\n"
                "        note_event(tx, read, job.account_group_id, job.id, toolbox.now_ms())\n",
            ),
        ),
    ),
    Mutant(
        "a cancelled job is cancelled again",
        (Edit("goldpan/operations/job_operations.py", "        if job.status in ACTIVE:\n", "        if True:\n"),),
    ),
    Mutant(
        "a person whom the account group knows is stored again",
        (
            Edit(
                "goldpan/operations/import_page.py",
                "    return {key: Bearer(prospect_id, people[prospect_id].person) "
                "for key, prospect_id in names.items()}\n",
                "    return {}\n",
            ),
        ),
    ),
    Mutant(
        "a slow clock starts a job before it was created",
        (
            Edit(
                _JOB_TABLE,
                "started_ms=sa.func.coalesce(JOB.c.started_ms, _not_before_creation(now_ms))",
                "started_ms=sa.func.coalesce(JOB.c.started_ms, now_ms)",
            ),
        ),
        tests=("tests/test_clock_jumps.py",),
    ),
    Mutant(
        "a stream that reads while its job ends stays open for ever",
        (
            Edit(
                "goldpan/operations/job_live_operations.py",
                "self.has_more = len(events) == EVENTS_AT_ONCE or newest > job.version",
                "self.has_more = len(events) == EVENTS_AT_ONCE",
            ),
        ),
        tests=("tests/test_job_feed.py",),
        is_for_simulation=False,
    ),
)
