"""Faults that a test plants in a process of Goldpan: code that runs there before anything else."""

# Real people are in the local files and arrive at once: here they take their time, so that a kill finds a job running.
SLOW_DIRECTORY = """
import asyncio
from goldpan.providers.directory import Directory
fetch_page = Directory.fetch_page
async def slow(*arguments):
    await asyncio.sleep(0.15)
    return await fetch_page(*arguments)
Directory.fetch_page = slow
"""

# As if the process ended between a cancellation and the word to the engine: the run before is not stopped.
CANCELS_IN_SILENCE = """
from goldpan.engine.job_queue import JobQueue
JobQueue.cancel = lambda *_arguments: None
"""

# So that a short absence of the database is longer than a lease.
SHORT_LEASE = """
from goldpan.engine import worker_lease
worker_lease.LEASE_SECONDS, worker_lease.BEAT_SECONDS = 2.0, 0.5
"""

# Says when a step takes its time and when it is broken off, and lets a 429 ask for ten minutes.
LISTENING = """
import asyncio, time
from goldpan.domain.provider_port import Unavailable
from goldpan.operations import job_run_operations
from goldpan.providers import sandbox_script
sandbox_script._FAILURES["fail:429@"] = (lambda: Unavailable("busy", retry_after_seconds=600),)
advance_job = job_run_operations.advance_job
async def listening(toolbox, hold):
    told = asyncio.get_running_loop().call_later(0.3, lambda: print("WAITING", hold.job_id, flush=True))
    try:
        return await advance_job(toolbox, hold)
    except asyncio.CancelledError:
        print("BROKEN OFF", hold.job_id, time.time(), flush=True)
        raise
    finally:
        told.cancel()
job_run_operations.advance_job = listening
"""

# Lets a 429 ask for an hour, and the caretaker look twice a second.
BUSY_FOR_AN_HOUR = """
from goldpan.domain.provider_port import Unavailable
from goldpan.engine import caretaker
from goldpan.providers import sandbox_script
sandbox_script._FAILURES["fail:429@"] = (lambda: Unavailable("busy", retry_after_seconds=3600),)
caretaker.ROUND_SECONDS = 0.5
"""

# Kills the process the n-th time that it comes to a place.
CRASH = """
import importlib, inspect, os, signal
from itertools import count
module_name, owner_name, name, nth, is_after = {place!r}
owner = importlib.import_module(module_name)
owner = getattr(owner, owner_name) if owner_name else owner
real, calls = getattr(owner, name), count(1)
def arrived(is_now):
    if is_now and next(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
if inspect.iscoroutinefunction(real):
    async def crashing(*arguments, **names):
        arrived(not is_after)
        answer = await real(*arguments, **names)
        arrived(is_after)
        return answer
else:
    def crashing(*arguments, **names):
        arrived(not is_after)
        answer = real(*arguments, **names)
        arrived(is_after)
        return answer
setattr(owner, name, crashing)
"""
RUN = "goldpan.operations.job_run_operations"
CRASH_PLACES = {
    "claimed, nothing done yet": (RUN, "", "claim_job", 1, True),
    "a page is fetched, nothing written": ("goldpan.operations.import_page", "", "_write", 2, False),
    "a page is written, not committed": ("goldpan.operations.job_hold", "Hold", "save", 2, True),
    "people are written, not paid for": ("goldpan.storage.credit_table", "", "capture", 1, False),
    "people are paid for, not committed": ("goldpan.storage.credit_table", "", "capture", 1, True),
    "a page is committed, the step not noted": (RUN, "", "import_page", 2, True),
    "people are enriched, not committed": ("goldpan.storage.prospect_table", "", "mark_enriched", 1, True),
    "people are enriched and committed, the step not noted": (RUN, "", "enrich_page", 1, True),
    "the job is ended, not committed": ("goldpan.operations.enrichment_page", "", "end_job", 1, True),
    "the job is ended and committed, the step not noted": (
        "goldpan.operations.enrichment_page",
        "",
        "_complete",
        1,
        True,
    ),
}

# The same of the process that answers requests.
QUEUE = ("goldpan.engine.job_queue", "JobQueue")
CALL_CRASH_PLACES = {
    "a job is written, not queued": (*QUEUE, "enqueue", 1, False),
    "a job is queued, not committed": (*QUEUE, "enqueue", 1, True),
    "a job is started and committed, not answered": (
        "goldpan.operations.job_start_operations",
        "",
        "start_job",
        1,
        True,
    ),
    "a cancellation is written, not committed": ("goldpan.operations.job_operations", "", "end_job", 1, True),
    "a cancellation is committed, the engine not told": (*QUEUE, "cancel", 1, False),
}

# Says under which name the engine knows this worker.
TELLS_ITS_NAME = """
from goldpan.engine.worker_lease import WorkerLease
take = WorkerLease.take
def telling(lease):
    print("EXECUTOR", lease.executor_id, flush=True)
    take(lease)
WorkerLease.take = telling
"""

# Somebody of whom the process dies, at once and without a word, as soon as it looks at them.
POISON_AT_ENRICHMENT = """
import os
from goldpan.providers import sandbox
enrichment_of = sandbox.enrichment_of
def deadly(slug, search_emails):
    if slug == {poison!r}:
        os._exit(9)
    return enrichment_of(slug, search_emails)
sandbox.enrichment_of = deadly
"""

# While the file `full` lies beside the database, the database may not grow by one page.
DISK_FULL = """
from pathlib import Path
from sqlalchemy import event
from goldpan.storage import database
full, new_engine = Path({full!r}), database.new_engine
def watched(url, **options):
    engine = new_engine(url, **options)
    def limit(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {{1 if full.exists() else 4294967294}}").fetchall()
    event.listen(engine, "checkout", limit)
    return engine
database.new_engine = watched
"""

# A bug in a provider: the second page of one search cannot be read.
BUG = """
from goldpan.providers.sandbox import Sandbox
fetch_page = Sandbox.fetch_page
async def broken(self, group, source, cursor, *others):
    if cursor and source.keywords_text.startswith("bug"):
        1 / 0
    return await fetch_page(self, group, source, cursor, *others)
Sandbox.fetch_page = broken
"""

# The engine's disk is full whenever it wants to note every second step, though ours had room for the page.
FORGETFUL_ENGINE = """
from itertools import count
from dbos._sys_db import SystemDatabase
from pysqlite3.dbapi2 import OperationalError as Cause
from sqlalchemy.exc import OperationalError
record, calls = SystemDatabase.record_operation_result, count(1)
def forgetful(*arguments, **names):
    if next(calls) % 2:
        raise OperationalError("INSERT", {}, Cause("database or disk is full"))
    record(*arguments, **names)
SystemDatabase.record_operation_result = forgetful
from goldpan.engine import job_worker
job_worker.DATABASE_RETRY_SECONDS = 0.1
"""
