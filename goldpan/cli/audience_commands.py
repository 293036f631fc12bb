"""Commands that read audiences over the API: list, show, their people, and everybody as one file."""

import sys
from pathlib import Path
from typing import Any

import click

from goldpan.cli.api_calls import ID, Caller, api_options, opened_client
from goldpan.cli.file_output import save_or_print, target_option
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.list_output import columns_of, document_of, list_options, page_limit, print_fields, print_list
from goldpan.cli.shell_output import ExitCode, Failure, answer
from goldpan.contract.export_choices import ExportFormat, ExportPreset

AUDIENCE = ("id", "name", "type", "prospectCount", "createdAt")
PERSON_HEAD = ("id", "name", "title", "company", "email", "linkedinUrl")
BINARY_FORMATS = (ExportFormat.XLSX, ExportFormat.PARQUET)


@click.group(cls=JsonGroup)
def audiences() -> None:
    """Audiences, over the API: the people that jobs brought.

    \b
    goldpan audiences list
    goldpan audiences export ID --output people.csv
    """


@audiences.command("list")
@list_options
@api_options
def list_audiences(caller: Caller, limit: int | None, cursor: str | None, wants_all: bool) -> None:
    """List audiences, newest first; one that a job is filling is not among them.

    \b
    goldpan audiences list --all
    """
    with opened_client(caller) as client:
        pages = client.audiences.list(limit=page_limit(limit, wants_all), cursor=cursor)
        print_list(pages, AUDIENCE, columns_of(*AUDIENCE), wants_all)


@audiences.command("get")
@click.argument("audience_id", metavar="ID", type=ID)
@api_options
def get_audience(caller: Caller, audience_id: str) -> None:
    """Show one audience.

    \b
    goldpan audiences get 6b03a43ed94f7066925da7ce
    """
    with opened_client(caller) as client:
        audience = document_of(client.audiences.get(audience_id))
    answer(audience, lambda: print_fields(audience))


@audiences.command("prospects")
@click.argument("audience_id", metavar="ID", type=ID)
@list_options
@api_options
def list_prospects(caller: Caller, audience_id: str, limit: int | None, cursor: str | None, wants_all: bool) -> None:
    """List the people of an audience, the last added first.

    \b
    goldpan audiences prospects 6b03a43ed94f7066925da7ce --limit 100
    """
    with opened_client(caller) as client:
        pages = client.audiences.prospects(audience_id, limit=page_limit(limit, wants_all), cursor=cursor)
        print_list(pages, PERSON_HEAD, _person_row, wants_all)


@audiences.command("export")
@click.argument("audience_id", metavar="ID", type=ID)
@click.option(
    "--format", type=click.Choice([str(one) for one in ExportFormat]), help="What the file's name ends with, else csv."
)
@click.option(
    "--preset", type=click.Choice([str(one) for one in ExportPreset]), help="Whose importer the columns are for."
)
@target_option
@api_options
def export_audience(
    caller: Caller, audience_id: str, format: str | None, preset: str | None, target: Path | None
) -> None:
    """Write everybody in an audience to a file, or to standard output.

    \b
    goldpan audiences export 6b03a43ed94f7066925da7ce --output people.csv
    goldpan audiences export 6b03a43ed94f7066925da7ce --format jsonl
    """
    if target is None and format in BINARY_FORMATS and sys.stdout.isatty():
        raise Failure(
            ExitCode.USAGE, "USAGE", f"{format} is nothing for a terminal", next_step="the same with --output FILE"
        )
    with opened_client(caller) as client:
        save_or_print(
            lambda place: client.audiences.export(audience_id, place, format=format, preset=preset),
            target,
            {"audienceId": audience_id},
        )


def _person_row(person: dict[str, Any]) -> list[object]:
    company = person.get("company") or {}
    return [company.get("name") if name == "company" else person.get(name) for name in PERSON_HEAD]
