"""Commands for files of people that are uploaded over the API, for jobs to import."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldpan.cli.api_calls import ID, Caller, api_options, opened_client
from goldpan.cli.file_output import save_or_print, target_option
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.list_output import document_of
from goldpan.cli.shell_output import answer, note, print_line

if TYPE_CHECKING:
    from goldpan.client import Goldpan
    from goldpan.contract.file_resources import File


@click.group(cls=JsonGroup)
def files() -> None:
    """Files of people for `goldpan jobs start --file-id`, over the API; they are kept for 30 days."""


@files.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@api_options
def upload(caller: Caller, file: Path) -> None:
    """Upload a file of people and print its id.

    \b
    goldpan people files upload Connections.csv

    Twice is two files: when an answer is lost, look before you send it again.
    """
    with opened_client(caller) as client:
        uploaded = upload_file(client, file)
    answer(document_of(uploaded), lambda: print_line(uploaded.id))


@files.command("get")
@click.argument("file_id", metavar="ID", type=ID)
@api_options
def get_file(caller: Caller, file_id: str) -> None:
    """Show what an uploaded file was taken for.

    \b
    goldpan people files get 6b03a43ed94f7066925da7ce
    """
    with opened_client(caller) as client:
        file = document_of(client.files.get(file_id))
    answer(file, lambda: _print_file(file))


@files.command("rejects")
@click.argument("file_id", metavar="ID", type=ID)
@target_option
@api_options
def write_rejects(caller: Caller, file_id: str, target: Path | None) -> None:
    """Write the rejected rows of an uploaded file as CSV.

    \b
    goldpan people files rejects 6b03a43ed94f7066925da7ce --output rejects.csv
    """
    with opened_client(caller) as client:
        save_or_print(lambda place: client.files.rejects(file_id, place), target, {"fileId": file_id})


def upload_file(client: "Goldpan", path: Path) -> "File":
    """Upload the file and say what it was taken for."""
    file = client.files.upload(path)
    note(
        f"{path.name} was read as {file.dialect}: {file.distinct:,} people in {file.rows:,} rows, "
        f"{file.rejected:,} rejected; to start a job with it: --file-id {file.id}"
    )
    return file


def _print_file(file: dict[str, Any]) -> None:
    counts = ", ".join(f"{file[name]:,} {name}" for name in ("rows", "people", "distinct", "empty", "rejected"))
    print_line(f"{file['name']} was read as {file['dialect']}: {counts}")
    for use in file["mapping"]:
        print_line(f"  {use['column']} → {use['field'] or '(ignored)'}")
    for reject in file["rejects"]:
        print_line(f"  line {reject['line']}: {reject['reason']}")
