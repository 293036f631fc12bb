"""How `people import` shows its progress and what became of the file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldpan.cli.shell_output import line_timer, note, print_line

if TYPE_CHECKING:
    from goldpan.operations.people_operations import ImportReport

COUNTS = ("rows", "added", "updated", "unchanged", "empty", "rejected")


@contextmanager
def import_progress(name: str) -> Iterator[Callable[[int, float], None]]:
    """Hand out what is to be told (rows, fraction of the file): a bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        is_due = line_timer()
        yield lambda rows, fraction: note(f"{name}: {rows:,} rows, {fraction:.0%}") if is_due() else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[rows]:,} rows"), console=Console(stderr=True)) as progress:
        bar = progress.add_task(name, total=1.0, rows=0)
        yield lambda rows, fraction: progress.update(bar, completed=fraction, rows=rows)


def import_document(report: "ImportReport") -> dict[str, Any]:
    mapping = [{"column": use.column, "field": use.field} for use in report.mapping]
    rejects = [{"line": line, "reason": reason} for line, reason in report.rejects]
    counts = {name: getattr(report, name) for name in COUNTS}
    document = {"dialect": report.dialect, "mapping": mapping, **counts, "rejects": rejects}
    return document | ({"leadListId": report.lead_list_id} if report.lead_list_id else {})


def print_import(report: "ImportReport") -> None:
    """Print what the file was taken for, what was stored, and every rejected row that the report holds."""
    print_line(f"Read as {report.dialect}:")
    for use in report.mapping:
        print_line(f"  {use.column} → {use.field or '(ignored)'}")
    print_line(", ".join(f"{getattr(report, name):,} {name}" for name in COUNTS))
    if report.lead_list_id:
        print_line(f"Everybody in it is in the lead list {report.lead_list_id}")
    for line, reason in report.rejects:
        print_line(f"  line {line}: {reason}")
    if report.rejected > len(report.rejects):
        print_line(f"  … and {report.rejected - len(report.rejects):,} more")
