"""Commands for people files: those of the operator's directory, and below `files` those that are uploaded for jobs."""

from pathlib import Path

import click

from goldpan.cli.import_report import import_document, import_progress, print_import
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.named_source_commands import lists, mistakes_explained, search
from goldpan.cli.shell_output import ExitCode, Failure, answer
from goldpan.cli.uploaded_file_commands import files


@click.group(cls=JsonGroup)
def people() -> None:
    """People files: the operator's directory, which jobs of live keys search, and uploads for single jobs.

    \b
    goldpan people import Connections.csv --account ID
    goldpan people files upload Connections.csv
    """


people.add_command(search)
people.add_command(lists)
people.add_command(files)


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "account_group_id", required=True, help="The account group whose jobs may find them.")
@click.option("--list", "list_name", metavar="NAME", help="A lead list that everybody in the file joins, new or not.")
def import_people(file: Path, account_group_id: str, list_name: str | None) -> None:
    """Import a people file: LinkedIn's Connections.csv or its zip, exports of Sales Navigator, PhantomBuster, Apollo.

    \b
    goldpan people import Connections.csv --account 6b03a43ed94f7066925da7ce

    Other CSV and Parquet files work when their columns have telling names. The same file twice adds nobody.
    """
    from goldpan.operations import named_source_operations, people_operations

    with opened_toolbox() as toolbox, mistakes_explained(), import_progress(file.name) as on_progress:
        lead_list = None if list_name is None else named_source_operations.new_lead_list(toolbox, list_name)
        try:
            report = people_operations.import_people(
                toolbox.database, account_group_id, file, toolbox.now_ms(), on_progress, lead_list
            )
        except people_operations.InvalidPeopleFile as error:
            raise Failure(ExitCode.ERROR, "INVALID_PEOPLE_FILE", str(error)) from error
        except ChildProcessError as error:
            raise Failure(ExitCode.ERROR, "IMPORT_ENDED", f"{file}: {error}; import it again") from error
    answer(import_document(report), lambda: print_import(report))
