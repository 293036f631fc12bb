"""The parts of a process: the toolbox, the API, the rate limits."""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from goldpan.assembly.clock_and_ids import id_maker, new_trace_id, now_ms
from goldpan.assembly.database_access import CannotStart, open_database
from goldpan.assembly.traces import send_traces
from goldpan.domain.directory_rules import IndexQuery
from goldpan.domain.provider_port import NamedSource, Person
from goldpan.domain.quota_rules import DEFAULT_LIMIT, QuotaLimits
from goldpan.json_log import configure_logs
from goldpan.operations.toolbox import Toolbox
from goldpan.providers.directory import Directory
from goldpan.providers.measured_provider import MeasuredProvider
from goldpan.providers.sandbox import Sandbox
from goldpan.settings import Settings, read_settings
from goldpan.storage import named_source_table, people_table
from goldpan.storage.database import Database

# What only a server needs is imported where a server is built: a command must start in a moment.
if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from goldpan.api.rate_limits import RateLimit
    from goldpan.api.request_file import FileIntake
    from goldpan.console.console_app import Console
    from goldpan.console.request_guard import Origin
    from goldpan.engine.job_queue import JobQueue
    from goldpan.storage.shared_counter import SharedCounter


SWITCH_SECONDS = 0.001
SIGN_INS_OF_A_NAME = "5/minute"  # from one address
SIGN_INS_OF_AN_ADDRESS = "30/minute"
MOST_PROCESSES = 64  # as many as `goldpan serve --workers` takes


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

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        with self._database.read() as tx:
            found = named_source_table.saved_searches(tx, account_group_id)
        return [NamedSource(search.id, search.name) for search in found]

    def saved_search_url(self, account_group_id: str, search_id: str) -> str | None:
        with self._database.read() as tx:
            return named_source_table.saved_search_url(tx, account_group_id, search_id)

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        with self._database.read() as tx:
            return [NamedSource(found.id, found.name) for found in named_source_table.lead_lists(tx, account_group_id)]

    def count_of_list(self, account_group_id: str, list_id: str) -> int:
        with self._database.read() as tx:
            return named_source_table.count_of_list(tx, account_group_id, list_id)

    def people_of_list(
        self, account_group_id: str, list_id: str, after_id: int, limit: int
    ) -> list[tuple[int, Person]]:
        with self._database.read() as tx:
            return people_table.people_of_list(tx, account_group_id, list_id, after_id, limit)


def build_toolbox(
    database: Database, queue: "JobQueue | None" = None, quota_limits: QuotaLimits | None = None
) -> Toolbox:
    """Return what every verb needs; without `queue` it starts and cancels no jobs."""

    def no_queue(*_arguments: object) -> None:
        raise AssertionError("this process has no queue of jobs")

    return Toolbox(
        database=database,
        live_provider=MeasuredProvider(Directory(StoredPeople(database))),
        sandbox_provider=MeasuredProvider(Sandbox()),
        now_ms=now_ms,
        new_id=id_maker(),
        enqueue_job=queue.enqueue if queue else no_queue,
        cancel_workflow=queue.cancel if queue else no_queue,
        quota_limits=quota_limits or QuotaLimits(),
    )


def build_api(
    settings: Settings, toolbox: Toolbox, files: "FileIntake", shared: "SharedCounter | None" = None
) -> "ASGIApp":
    from goldpan.api.gate import GateParts
    from goldpan.api.http_app import build_app
    from goldpan.api.live_answers import LiveAnswers

    # So long a thread that computes, an export's say, keeps the interpreter from the loop, and that several times a
    # request. With Python's own 5 ms the slowest requests took three times as long (decision 0013).
    sys.setswitchinterval(SWITCH_SECONDS)
    logger = configure_logs()
    key_limit, failed_key_limit = rate_limits(settings, shared)
    return build_app(
        GateParts(
            toolbox=toolbox,
            key_limit=key_limit,
            failed_key_limit=failed_key_limit,
            live=LiveAnswers(toolbox),
            new_trace_id=new_trace_id,
            now_seconds=time.perf_counter,
            log=logger.info,
            log_crash=logger.exception,
            files=files,
        ),
        close=shared.close if shared else None,
    )


def build_site(settings: Settings, toolbox: Toolbox) -> "ASGIApp":
    """Return the application of a server: the API, and the console beside it.

    Raises:
        CannotStart: a setting cannot be read.
    """
    from goldpan.api.http_app import api_answers
    from goldpan.assembly.front_door import FrontDoor

    files, shared = file_intake(settings), shared_counter(settings)
    console = build_console(settings, toolbox, files, shared)
    return FrontDoor(build_api(settings, toolbox, files, shared), api_answers, console)


def build_console(
    settings: Settings, toolbox: Toolbox, files: "FileIntake", shared: "SharedCounter | None" = None
) -> "Console":
    from goldpan.api.export_presenters import present_export
    from goldpan.console.console_app import Console
    from goldpan.console.console_pages import PAGES
    from goldpan.console.visit import ConsoleParts

    logger = configure_logs()
    return Console(
        ConsoleParts(
            toolbox=toolbox,
            sign_in_limit=rate_limit("sign_in", "the limit of signing in", SIGN_INS_OF_A_NAME, shared),
            address_limit=rate_limit("sign_in_address", "the limit of signing in", SIGN_INS_OF_AN_ADDRESS, shared),
            session_limit=rate_limit("session", "GOLDPAN_RATE_LIMIT", settings.rate_limit, shared),
            origins=console_origins(settings),
            new_trace_id=new_trace_id,
            now_seconds=time.perf_counter,
            log=logger.info,
            log_crash=logger.exception,
            files=files,
            present_export=present_export,
        ),
        PAGES,
    )


def console_origins(settings: Settings) -> "tuple[Origin, ...]":
    """Return where the console is besides this machine's own names.

    Raises:
        CannotStart: the setting is no list of origins.
    """
    from goldpan.console.request_guard import parse_origins

    try:
        return parse_origins(settings.console_origins)
    except ValueError as error:
        raise CannotStart("GOLDPAN_CONSOLE_ORIGINS must look like https://goldpan.example.com") from error


def file_intake(settings: Settings) -> "FileIntake":
    """Return where the files of this process come in.

    Raises:
        CannotStart: the setting is no number of bytes.
    """
    from goldpan.api.request_file import FileIntake

    return FileIntake(max_file_bytes(settings))


def max_file_bytes(settings: Settings) -> int:
    """Return how large an uploaded file may be.

    Raises:
        CannotStart: the setting is no number of bytes.
    """
    text = settings.max_file_bytes
    if not re.fullmatch("[1-9][0-9]{0,14}", text):
        raise CannotStart("GOLDPAN_MAX_FILE_BYTES must be a number of bytes above zero, such as 67108864")
    return int(text)


def rate_limits(settings: Settings, shared: "SharedCounter | None" = None) -> "tuple[RateLimit, RateLimit]":
    """Return the limit of a key and the limit of an address that sends no valid one.

    Raises:
        CannotStart: one of the settings is no rate.
    """
    return (
        rate_limit("key", "GOLDPAN_RATE_LIMIT", settings.rate_limit, shared),
        rate_limit("address", "GOLDPAN_UNAUTHENTICATED_RATE_LIMIT", settings.unauthenticated_rate_limit, shared),
    )


def shared_counter(settings: Settings, log: Callable[[str], None] | None = None) -> "SharedCounter | None":
    """Return the counts that all API processes share; None: each counts alone. `log` None: the log of a server.

    Raises:
        CannotStart: the setting is no address; it may hold a password, so nothing shows it.
    """
    if not settings.redis_url:
        return None
    from goldpan.storage.shared_counter import SharedCounter  # a fifth of a second that most do not need

    try:
        return SharedCounter(settings.redis_url, log or configure_logs().warning)
    except ValueError as error:
        raise CannotStart("GOLDPAN_REDIS_URL must look like redis://user:password@host:6379/0") from error


def rate_limit(name: str, setting: str, rate: str, shared: "SharedCounter | None" = None) -> "RateLimit":
    """Return the limit of that name, which a setting says.

    Raises:
        CannotStart: it is no rate.
    """
    from goldpan.api.rate_limits import RateLimit

    try:
        return RateLimit(name, rate, time.time, shared)
    except ValueError as error:
        raise CannotStart(f"{setting} must look like 600/minute, one rate above zero") from error


def read_quota_limits(settings: Settings) -> QuotaLimits:
    """Return how many people each budget holds.

    Raises:
        CannotStart: one of the settings is no such number.
    """
    return QuotaLimits(
        linkedin_classic=quota_limit("GOLDPAN_QUOTA_LINKEDIN_CLASSIC", settings.quota_linkedin_classic),
        sales_navigator=quota_limit("GOLDPAN_QUOTA_SALES_NAVIGATOR", settings.quota_sales_navigator),
        post_commenters=quota_limit("GOLDPAN_QUOTA_POST_COMMENTERS", settings.quota_post_commenters),
        url_upload=quota_limit("GOLDPAN_QUOTA_URL_UPLOAD", settings.quota_url_upload),
    )


def quota_limit(setting: str, text: str) -> int:
    """Return how many people a setting allows.

    Raises:
        CannotStart: it is no such number.
    """
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise CannotStart(f"{setting} must be a whole number of people above zero, like {DEFAULT_LIMIT}")
    return int(text)


def api_process(processes: int = MOST_PROCESSES) -> "ASGIApp":
    """Return the application of one of up to `processes` API processes, which read their settings themselves."""
    settings = read_settings(os.environ)
    quota_limits = read_quota_limits(settings)
    database = open_database(settings)
    from goldpan.assembly.metrics_server import PoolCollector, show_figures
    from goldpan.engine.job_queue import JobQueue

    show_figures(settings, [PoolCollector(database)], processes)
    send_traces(settings)
    return build_site(settings, build_toolbox(database, JobQueue(database), quota_limits))


def administrative_toolbox(settings: Settings) -> Toolbox:
    """Return what the operator's commands need: the database, whether a server runs on it or not."""
    os.umask(0o077)
    return build_toolbox(open_database(settings))
