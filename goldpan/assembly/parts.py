"""The parts of a process: the toolbox, the API, the rate limits."""

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldpan.assembly.clock_and_ids import id_maker, new_trace_id, now_ms
from goldpan.assembly.database_access import CannotStart, open_database
from goldpan.domain.directory_rules import IndexQuery
from goldpan.domain.provider_port import Person
from goldpan.json_log import configure_logs
from goldpan.operations.toolbox import Toolbox
from goldpan.providers.directory import Directory
from goldpan.providers.sandbox import Sandbox
from goldpan.settings import Settings, read_settings
from goldpan.storage import people_table
from goldpan.storage.database import Database

# What only a server needs is imported where a server is built: a command must start in a moment.
if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from goldpan.api.rate_limits import RateLimit
    from goldpan.engine.job_queue import JobQueue


SWITCH_SECONDS = 0.001


class StoredPeople:
    """The index of the directory provider, which knows no SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, account_group_id: str, query: IndexQuery) -> int:
        with self._database.read() as tx:
            return people_table.count_people(tx, account_group_id, query)

    def search(self, account_group_id: str, query: IndexQuery, after_id: int, limit: int) -> list[tuple[int, Person]]:
        with self._database.read() as tx:
            return people_table.search_people(tx, account_group_id, query, after_id, limit)

    def find(self, account_group_id: str, identity_keys: Sequence[str]) -> dict[str, Person]:
        with self._database.read() as tx:
            return people_table.find_people(tx, account_group_id, identity_keys)


def build_toolbox(database: Database, queue: "JobQueue | None" = None) -> Toolbox:
    """Return what every verb needs; without `queue` it starts and cancels no jobs."""

    def no_queue(*_arguments: object) -> None:
        raise AssertionError("this process has no queue of jobs")

    return Toolbox(
        database=database,
        live_provider=Directory(StoredPeople(database)),
        sandbox_provider=Sandbox(),
        now_ms=now_ms,
        new_id=id_maker(),
        enqueue_job=queue.enqueue if queue else no_queue,
        cancel_workflow=queue.cancel if queue else no_queue,
    )


def build_api(settings: Settings, toolbox: Toolbox) -> "ASGIApp":
    from goldpan.api.gate import GateParts
    from goldpan.api.http_app import build_app

    # So long a thread that computes, an export's say, keeps the interpreter from the loop, and that several times a
    # request. With Python's own 5 ms the slowest requests took three times as long (decision 0013).
    sys.setswitchinterval(SWITCH_SECONDS)
    logger = configure_logs()
    key_limit, failed_key_limit = rate_limits(settings)
    return build_app(
        GateParts(
            toolbox=toolbox,
            key_limit=key_limit,
            failed_key_limit=failed_key_limit,
            new_trace_id=new_trace_id,
            now_seconds=time.perf_counter,
            log=logger.info,
            log_crash=logger.exception,
        )
    )


def rate_limits(settings: Settings) -> "tuple[RateLimit, RateLimit]":
    """Return the limit of a key and the limit of an address that sends no valid one.

    Raises:
        CannotStart: one of the settings is no rate.
    """
    return (
        rate_limit("key", "GOLDPAN_RATE_LIMIT", settings.rate_limit),
        rate_limit("address", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT", settings.unauthenticated_rate_limit),
    )


def rate_limit(name: str, setting: str, rate: str) -> "RateLimit":
    """Return the limit of that name, which a setting says.

    Raises:
        CannotStart: it is no rate.
    """
    from goldpan.api.rate_limits import RateLimit

    try:
        return RateLimit(name, rate, time.time)
    except ValueError as error:
        raise CannotStart(f"{setting} must look like 600/minute, one rate above zero") from error


def api_process() -> "ASGIApp":
    """Return the application of one of several API processes, which read their settings themselves."""
    settings = read_settings(os.environ)
    database = open_database(settings)
    from goldpan.engine.job_queue import JobQueue

    return build_api(settings, build_toolbox(database, JobQueue(database)))


def administrative_toolbox(settings: Settings) -> Toolbox:
    """Return what the operator's commands need: the database, whether a server runs on it or not."""
    os.umask(0o077)
    return build_toolbox(open_database(settings))
