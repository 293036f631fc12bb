"""`goldpan doctor`: looks at everything that a Goldpan on this machine needs, and says what is wrong."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldpan.cli.api_calls import is_address
from goldpan.cli.doctor_checks import Check, check_schema, look_at_engine, look_at_postgresql
from goldpan.cli.json_option import JsonCommand
from goldpan.cli.machine_access import opened_toolbox, refusals_explained
from goldpan.cli.shell_output import ExitCode, Failure, answer, print_table
from goldpan.log_redaction import redacted
from goldpan.settings import Settings, read_settings

if TYPE_CHECKING:
    from goldpan.operations.toolbox import Toolbox

LEAST_FREE_BYTES = 512 * 1024**2


@click.command(cls=JsonCommand)
def doctor() -> int:
    """Say what is wrong on this machine.

    \b
    goldpan doctor

    Looks at settings, disks, database, workers and queues, and changes nothing; exit code 1 when something is wrong.
    """
    settings = read_settings(os.environ)
    checks = [*_check_settings(settings), *_check_machine(settings), *_check_redis(settings)]
    is_well = all(check.ok for check in checks)
    rows = [("ok" if check.ok else "WRONG", check.name, check.details) for check in checks]
    document = {"ok": is_well, "checks": [asdict(check) for check in checks]}
    answer(document, lambda: print_table(("", "what", "details"), rows))
    return ExitCode.OK if is_well else ExitCode.ERROR


def _check_settings(settings: Settings) -> Iterator[Check]:
    yield _check_rate("GOLDPAN_RATE_LIMIT", settings.rate_limit)
    yield _check_rate("GOLDPAN_UNAUTHENTICATED_RATE_LIMIT", settings.unauthenticated_rate_limit)
    yield _check_quota("GOLDPAN_QUOTA_LINKEDIN_CLASSIC", settings.quota_linkedin_classic)
    yield _check_quota("GOLDPAN_QUOTA_SALES_NAVIGATOR", settings.quota_sales_navigator)
    yield _check_quota("GOLDPAN_QUOTA_POST_COMMENTERS", settings.quota_post_commenters)
    yield _check_quota("GOLDPAN_QUOTA_URL_UPLOAD", settings.quota_url_upload)
    if settings.metrics_address:
        yield _check_metrics_address(settings)
    is_url = is_address(settings.url)
    yield Check("GOLDPAN_URL", is_url, settings.url if is_url else "must look like http://127.0.0.1:8470")


def _check_rate(name: str, text: str) -> Check:
    from goldpan import assembly

    try:
        assembly.rate_limit("checked", name, text)
    except assembly.CannotStart:
        return Check(name, False, f"{text} must look like 600/minute")
    return Check(name, True, text)


def _check_quota(name: str, text: str) -> Check:
    from goldpan import assembly

    try:
        assembly.quota_limit(name, text)
    except assembly.CannotStart:
        return Check(name, False, f"{text} must be a whole number above zero, like 2500")
    return Check(name, True, text)


def _check_metrics_address(settings: Settings) -> Check:
    from goldpan import assembly

    try:
        assembly.metrics_address(settings)
    except assembly.CannotStart:
        return Check("GOLDPAN_METRICS_ADDRESS", False, "must look like 127.0.0.1:9470")
    return Check("GOLDPAN_METRICS_ADDRESS", True, settings.metrics_address)


def _check_machine(settings: Settings) -> Iterator[Check]:
    from goldpan import assembly

    try:
        url = assembly.database_url(settings)
    except assembly.CannotStart as reason:
        yield Check("database", False, str(reason))
        return
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        folder = _check_folder(path.parent)
        yield folder
        if not folder.ok:
            return
        yield _check_free_space("disk space", path.parent)
        if not path.exists():
            yield Check("database", True, f"none yet: `goldpan serve` makes {path}")
            return
    yield _check_free_space("space for uploads", Path(tempfile.gettempdir()))
    yield from _check_database(settings, is_embedded=url.startswith("sqlite"))


def _check_folder(folder: Path) -> Check:
    place = _nearest_existing(folder)
    is_writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return Check("data directory", is_writable, f"{folder} {'can' if is_writable else 'cannot'} be written")


def _check_free_space(name: str, folder: Path) -> Check:
    free = shutil.disk_usage(_nearest_existing(folder)).free
    least = "" if free >= LEAST_FREE_BYTES else f", at least {LEAST_FREE_BYTES // 1024**2} MiB should be"
    return Check(name, not least, f"{free / 1024**3:,.1f} GiB are free{least}")


def _nearest_existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _check_database(settings: Settings, *, is_embedded: bool) -> Iterator[Check]:
    try:
        yield from _open_database(settings, is_embedded=is_embedded)
    except Failure as failure:
        yield Check("database", False, failure.details or failure.message)
    except Exception as error:  # noqa: BLE001 whatever a driver says of a broken database: the doctor must name it
        yield Check("database", False, f"cannot be used: {type(error).__name__}: {redacted(str(error))}")


def _open_database(settings: Settings, *, is_embedded: bool) -> Iterator[Check]:
    from goldpan import assembly
    from goldpan.operations.figures_operations import own_schema

    with refusals_explained():
        stored, own = assembly.stored_schema(settings), own_schema()
    schema = check_schema(stored, own, is_embedded=is_embedded)
    yield schema
    if stored != own:
        return  # whoever opens the embedded one brings it to this version's schema
    is_served = is_embedded and assembly.is_served(settings)
    with opened_toolbox() as toolbox:
        yield from _look_inside(toolbox)
        yield from look_at_postgresql(toolbox)
        yield from look_at_engine(toolbox, is_served=is_served)


def _look_inside(toolbox: "Toolbox") -> Iterator[Check]:
    from goldpan.operations import account_operations

    groups, keys = account_operations.all_accounts(toolbox), account_operations.all_keys(toolbox)
    now_ms = toolbox.now_ms()
    usable = [key for key, _ in keys if account_operations.is_usable(key, now_ms)]
    database = toolbox.database
    version = ".".join(map(str, database.engine.dialect.server_version_info or ()))
    # It would not have been opened with a SQLite that has the bug.
    verdict = ": has no WAL-reset bug" if database.dialect.is_sqlite else ""
    yield Check("database", True, f"{database.engine.dialect.name} {version}{verdict}")
    yield Check("account groups", True, str(len(groups)))
    yield Check("keys", True, f"{len(keys)}, {len(usable)} of them usable")


def _check_redis(settings: Settings) -> Iterator[Check]:
    from goldpan import assembly

    if not settings.redis_url:
        return
    try:
        counter = assembly.shared_counter(settings, log=lambda _event: None)
    except assembly.CannotStart as reason:
        yield Check("redis", False, str(reason))
        return
    assert counter is not None  # the setting is there
    import asyncio

    answers = asyncio.run(counter.add("doctor", window_seconds=1)) is not None
    yield Check("redis", answers, "answers" if answers else "does not answer: each process counts its own requests now")
