"""Commands for what jobs of the directory can take as their source: saved searches and lead lists."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from goldpan.cli.json_option import JsonCommand, JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line, print_table

if TYPE_CHECKING:
    from goldpan.operations.named_source_operations import StoredSearch

of_account = click.option("--account", "account_group_id", required=True, help="The account group whose jobs use it.")


@click.group(cls=JsonGroup)
def search() -> None:
    """Searches of the directory under a name, for jobs to take by --saved-search-id.

    \b
    goldpan people search save CTOs URL --account ID
    """


@search.command("save")
@click.argument("name")
@click.argument("url")
@of_account
def save_search(name: str, url: str, account_group_id: str) -> None:
    """Give a search URL of LinkedIn or Sales Navigator a name and print its id.

    \b
    goldpan people search save CTOs "https://www.linkedin.com/search/results/people/?keywords=cto" --account ID
    """
    from goldpan.operations import named_source_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        saved = named_source_operations.save_search(toolbox, account_group_id, name, url)
    answer(_search_document(saved), lambda: print_line(saved.id))


@search.command("list")
@of_account
def list_searches(account_group_id: str) -> None:
    """List the saved searches, newest first.

    \b
    goldpan people search list --account ID
    """
    from goldpan.operations import named_source_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        searches = named_source_operations.all_saved_searches(toolbox, account_group_id)
    _answer_items(("id", "name", "url", "createdAt"), [_search_document(each) for each in searches])


@search.command("remove")
@click.argument("name_or_id", metavar="NAME_OR_ID")
@of_account
def remove_search(name_or_id: str, account_group_id: str) -> None:
    """Forget a saved search; a job that is reading it fails.

    \b
    goldpan people search remove CTOs --account ID
    """
    from goldpan.operations import named_source_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        removed = named_source_operations.remove_saved_search(toolbox, account_group_id, name_or_id)
    answer({"id": removed.id, "removed": True}, lambda: note(f"The search {removed.name} is forgotten."))


@click.command("lists", cls=JsonCommand)
@of_account
def lists(account_group_id: str) -> None:
    """List the lead lists, newest first; `people import --list` makes them.

    \b
    goldpan people lists --account ID
    """
    from goldpan.contract.paging import format_time
    from goldpan.operations import named_source_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        found = named_source_operations.all_lead_lists(toolbox, account_group_id)
    head = ("id", "name", "people", "createdAt")
    _answer_items(
        head, [dict(zip(head, (x.id, x.name, x.people, format_time(x.created_ms)), strict=True)) for x in found]
    )


@contextmanager
def mistakes_explained(next_step: str | None = None) -> Iterator[None]:
    """Turn what the operator named or asked for wrongly into one line; `next_step`: how to find what there is."""
    from goldpan.operations.account_operations import InvalidSetting

    try:
        yield
    except LookupError as error:
        raise Failure(ExitCode.NOT_FOUND, "NOT_FOUND", str(error), next_step=next_step) from error
    except InvalidSetting as error:
        raise Failure(ExitCode.USAGE, "USAGE", str(error)) from error


def _answer_items(head: tuple[str, ...], items: list[dict[str, Any]]) -> None:
    answer({"items": items}, lambda: print_table(head, ([item[name] for name in head] for item in items)))


def _search_document(search: "StoredSearch") -> dict[str, Any]:
    from goldpan.contract.paging import format_time

    return {
        "id": search.id,
        "name": search.name,
        "url": search.search_url,
        "createdAt": format_time(search.created_ms),
    }
