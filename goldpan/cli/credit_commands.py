"""Commands that show what the account group has paid for, over the API."""

from typing import Any

import click

from goldpan.cli.api_calls import Caller, api_options, connection_options, opened_client
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.list_output import columns_of, document_of, list_options, page_limit, print_fields, print_list
from goldpan.cli.shell_output import answer

ENTRY = ("createdAt", "kind", "availableChange", "reservedChange", "jobId")


@click.group(cls=JsonGroup, invoke_without_command=True)
@connection_options
@click.pass_context
def credits(context: click.Context, /, **connection: Any) -> None:
    """Credits, over the API: alone, it shows the balance as `get` does.

    \b
    goldpan credits
    goldpan credits ledger --all
    """
    if context.invoked_subcommand is None:
        context.invoke(get_credits, **connection)
    context.default_map = dict.fromkeys(credits.commands, connection)  # what stands before a command is said of it too


@credits.command("get")
@api_options
def get_credits(caller: Caller) -> None:
    """Show what can be spent, what jobs have reserved, and the plan.

    \b
    goldpan credits get
    """
    with opened_client(caller) as client:
        balance = document_of(client.credits.get())
    answer(balance, lambda: print_fields(balance))


@credits.command("ledger")
@list_options
@api_options
def list_ledger(caller: Caller, limit: int | None, cursor: str | None, wants_all: bool) -> None:
    """List the movements of credits, newest first.

    \b
    goldpan credits ledger --limit 100
    """
    with opened_client(caller) as client:
        pages = client.credits.ledger(limit=page_limit(limit, wants_all), cursor=cursor)
        print_list(pages, ENTRY, columns_of(*ENTRY), wants_all)
