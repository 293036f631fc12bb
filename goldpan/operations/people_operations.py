"""Importing the operator's own people files into the directory: an administrative verb, without a caller."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from goldpan.operations.people_reader import opened_people
from goldpan.providers.people_file_dialects import ColumnUse
from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.storage import named_source_table
from goldpan.storage.account_table import existing_groups
from goldpan.storage.database import Database
from goldpan.storage.index_document import IndexedRecord
from goldpan.storage.named_source_table import StoredList
from goldpan.storage.people_table import add_people, refresh_statistics

__all__ = ["ImportReport", "InvalidPeopleFile", "NewLeadList", "import_people"]

REJECTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class NewLeadList:
    """The list that everybody in a file is to join; `id` is for one that does not exist yet."""

    id: str
    name: str


@dataclass(slots=True)
class ImportReport:
    """What became of a file.

    `rows` is the sum of the five counts after it; `rejects` holds the first rejected rows, as (line, reason).
    `lead_list_id` None: no list was wanted, or nobody was there to join it.
    """

    dialect: str
    mapping: tuple[ColumnUse, ...]
    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    empty: int = 0
    rejected: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)
    lead_list_id: str | None = None


def import_people(
    database: Database,
    account_group_id: str,
    path: Path,
    now_ms: int,
    on_progress: Callable[[int, float], None],
    lead_list: NewLeadList | None = None,
) -> ImportReport:
    """Store everybody whom a file of people names; the same file again changes nothing.

    All of them, those whom we knew too, join `lead_list`: the one of that name, or else a new one.
    `on_progress` is told the rows read so far and how far the file is read, from 0 to 1.

    Raises:
        LookupError: there is no such account group.
        InvalidPeopleFile: the file names nobody; what was stored before it turned out damaged stays.
        ChildProcessError: somebody ended the process that reads the file; what was stored before stays.
    """
    with database.read() as tx:
        if not existing_groups(tx, [account_group_id]):
            raise LookupError(f"there is no account group {account_group_id}; see `goldpan account list`")
    with opened_people(path, account_group_id, is_sqlite=database.dialect.is_sqlite) as (head, chunks):
        report = ImportReport(head.dialect, head.mapping)
        for chunk in chunks:
            report.rows += len(chunk.people) + chunk.empty + len(chunk.rejects)
            report.empty += chunk.empty
            report.rejected += len(chunk.rejects)
            report.rejects += chunk.rejects[: REJECTS_SHOWN - len(report.rejects)]
            if chunk.people:
                _store(database, account_group_id, chunk.people, report, now_ms, lead_list)
            on_progress(report.rows, chunk.fraction_read)
    if report.added or report.updated:
        with database.write() as tx:
            refresh_statistics(tx, account_group_id)
    return report


def _store(
    database: Database,
    account_group_id: str,
    people: list[IndexedRecord],
    report: ImportReport,
    now_ms: int,
    lead_list: NewLeadList | None,
) -> None:
    with database.write() as tx:
        result = add_people(tx, account_group_id, people, now_ms)
        if lead_list is not None:
            new = StoredList(lead_list.id, lead_list.name, now_ms)
            report.lead_list_id = named_source_table.add_lead_list(tx, account_group_id, new)
            named_source_table.add_to_list(tx, account_group_id, report.lead_list_id, result.person_ids)
    report.added += result.added
    report.updated += result.updated
    report.unchanged += result.unchanged
