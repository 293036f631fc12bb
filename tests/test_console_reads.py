"""What the console's pages on credits, files and the system read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import goldpan
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import START, PageRequest, Position
from goldpan.contract.permission_catalogue import OwnerPermission
from goldpan.engine.worker_lease import LEASE_SECONDS
from goldpan.operations.account_operations import create_account
from goldpan.operations.credit_operations import DaySpend, LedgerLine, get_spend, list_ledger, top_up
from goldpan.operations.file_operations import list_files, list_rejects, upload_file
from goldpan.operations.system_operations import get_system
from goldpan.storage import worker_table
from goldpan.storage.credit_table import DAY_MS
from goldpan.storage.database import SCHEMA_VERSION
from tests.workshop import Workshop, workshop


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada", "grace"], ["joan"]]) as shop:
        yield shop


# --- credits ------------------------------------------------------------------------------------------------------


def test_every_line_of_the_ledger_tells_the_balances_after_it(shop: Workshop) -> None:
    shop.run(shop.start(max_results=10))
    top_up(shop.toolbox, shop.group_id, 500)

    lines = list_ledger(shop.toolbox, shop.alice, shop.group_id, PageRequest()).items

    assert [(line.movement.kind, line.available_after, line.reserved_after) for line in lines] == [
        ("top_up", 1497, 0),
        ("release", 997, 0),
        ("capture", 990, 7),
        ("capture", 990, 8),
        ("reserve", 990, 10),
        ("top_up", 1000, 0),
    ]


def test_the_balances_go_on_from_page_to_page(shop: Workshop) -> None:
    shop.run(shop.start(max_results=10))
    whole = list_ledger(shop.toolbox, shop.alice, shop.group_id, PageRequest()).items

    lines: list[LedgerLine] = []
    after, has_more = START, True
    while has_more:
        page = list_ledger(shop.toolbox, shop.alice, shop.group_id, PageRequest(after, 2))
        lines += page.items
        after, has_more = Position(lines[-1].movement.created_ms, lines[-1].movement.id), page.has_more

    assert lines == whole


def test_a_ledger_without_lines_is_an_empty_page(shop: Workshop) -> None:
    group = create_account(shop.toolbox, "Empty", "scale", 0)
    reader = replace(shop.alice, account_group_ids=frozenset({group.id}))

    assert list_ledger(shop.toolbox, reader, group.id, PageRequest()).items == []


def run_on(shop: Workshop, at_ms: int, **body: object) -> None:
    """Run a job to its end at that time; everybody is new to it."""
    shop.toolbox = replace(shop.toolbox, now_ms=lambda: at_ms)
    shop.execute("DELETE FROM prospect_identity")
    shop.run(shop.start(None, **body))


def test_what_was_spent_is_told_day_by_day_without_a_gap(shop: Workshop) -> None:
    noon_ms = shop.toolbox.now_ms() // DAY_MS * DAY_MS + DAY_MS // 2
    run_on(shop, noon_ms + DAY_MS, max_results=5)
    run_on(shop, noon_ms + 29 * DAY_MS, max_results=5, search_emails=True)
    run_on(shop, noon_ms + 31 * DAY_MS, max_results=1)

    spend = get_spend(shop.toolbox, shop.alice, shop.group_id)

    today_ms = noon_ms // DAY_MS * DAY_MS + 31 * DAY_MS
    assert [day.day_ms for day in spend] == [today_ms - days * DAY_MS for days in range(29, -1, -1)]
    assert [day for day in spend if day.credits] == [
        DaySpend(today_ms - 2 * DAY_MS, credits=6, people=3),
        DaySpend(today_ms, credits=1, people=1),
    ]


# --- files --------------------------------------------------------------------------------------------------------


def test_files_are_listed_newest_first_and_their_rejects_page_by_page(shop: Workshop, tmp_path: Path) -> None:
    rows = [f"Ada,{'' if number % 2 else f'https://www.linkedin.com/in/ada-{number}'}" for number in range(20)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["First Name,URL", *rows]))
    first = upload_file(shop.toolbox, shop.alice, shop.group_id, "first.csv", path).file
    later_ms = shop.toolbox.now_ms() + 1000
    shop.toolbox = replace(shop.toolbox, now_ms=lambda: later_ms)
    second = upload_file(shop.toolbox, shop.alice, shop.group_id, "second.csv", path).file

    files = list_files(shop.toolbox, shop.alice, shop.group_id)
    one = list_rejects(shop.toolbox, shop.alice, shop.group_id, first.id, 0, 6)
    two = list_rejects(shop.toolbox, shop.alice, shop.group_id, first.id, one.items[-1].position, 6)

    assert [file.id for file in files] == [second.id, first.id]
    assert [row.line_number for row in one.items + two.items] == list(range(3, 22, 2))  # type: ignore[operator]
    assert (one.has_more, two.has_more) == (True, False)
    assert all(row.reject_reason for row in one.items)


def test_files_of_a_stranger_are_like_none(shop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("First Name,URL\nAda,https://www.linkedin.com/in/ada")
    hers = upload_file(shop.toolbox, shop.alice, shop.group_id, "people.csv", path).file
    stranger = create_account(shop.toolbox, "Mallory", "scale", 0)
    mallory = replace(shop.alice, account_group_ids=frozenset({stranger.id}))

    with pytest.raises(Problem) as refusal:
        list_rejects(shop.toolbox, mallory, stranger.id, hers.id, 0, 25)

    assert refusal.value.kind is ErrorKind.NOT_FOUND
    assert list_files(shop.toolbox, mallory, stranger.id) == []


# --- the system ---------------------------------------------------------------------------------------------------


def test_the_system_tells_what_runs_here(shop: Workshop) -> None:
    owner = replace(shop.alice, permissions=frozenset(OwnerPermission))
    is_embedded = shop.database.dialect.is_sqlite
    if not is_embedded:
        with shop.database.write() as tx:
            worker_table.take_lease(tx, "worker-1", LEASE_SECONDS)
            worker_table.take_lease(tx, "worker-0", -1)
    shop.start()

    report = get_system(shop.toolbox, owner, shop.group_id)

    assert (report.version, report.schema) == (goldpan.__version__, SCHEMA_VERSION)
    assert (report.is_embedded, report.server is None) == (is_embedded, is_embedded)
    assert [name for name, _ in report.workers] == ([] if is_embedded else ["worker-1"])
    assert all(0 < seconds <= LEASE_SECONDS for _, seconds in report.workers)
    assert sum(queue.waiting for queue in report.queues.values()) == 1
    assert report.stranded_jobs == 0
    assert report.database_bytes > 100_000
    assert int(report.database_version.split(".")[0]) >= 3


def test_no_key_sees_the_system(shop: Workshop) -> None:
    with pytest.raises(Problem) as refusal:
        get_system(shop.toolbox, shop.alice, shop.group_id)

    assert refusal.value.details == "The key lacks the permission system:read"
