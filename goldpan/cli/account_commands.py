"""Commands for the operator of this machine: account groups, and the credits that they are given."""

from typing import TYPE_CHECKING, Any

import click

from goldpan.cli.json_option import JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.named_source_commands import mistakes_explained
from goldpan.cli.shell_output import answer, print_line, print_table
from goldpan.domain.credit_rules import MOST_CREDITS, PLAN_CAPS

if TYPE_CHECKING:
    from goldpan.operations.account_operations import AccountGroup


@click.group(cls=JsonGroup)
def account() -> None:
    """Account groups of this machine's Goldpan: whose jobs, people and credits.

    \b
    goldpan account create "Acme" --plan scale --credits 1000
    goldpan account top-up ID 500
    """


@account.command("create")
@click.argument("name")
@click.option("--plan", default="tester", show_default=True, type=click.Choice(list(PLAN_CAPS)))
@click.option("--credits", default=0, show_default=True, type=click.IntRange(0, MOST_CREDITS))
def create_account(name: str, plan: str, credits: int) -> None:
    """Create an account group and print its id.

    \b
    goldpan account create "Acme" --plan scale --credits 1000
    """
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        group = account_operations.create_account(toolbox, name, plan, credits)
    document = {"id": group.id, "name": group.name, "plan": group.plan, "credits": group.credits_available}
    answer(document, lambda: print_line(group.id))


@account.command("list")
def list_accounts() -> None:
    """List every account group, oldest first.

    \b
    goldpan account list
    """
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        items = [_account_document(group) for group in account_operations.all_accounts(toolbox)]
    head = ("id", "name", "plan", "credits", "reserved", "createdAt")
    answer({"items": items}, lambda: print_table(head, ([item[name] for name in head] for item in items)))


@account.command("top-up")
@click.argument("account_group_id", metavar="ID")
@click.argument("credits", type=click.IntRange(1, MOST_CREDITS))
def top_up(account_group_id: str, credits: int) -> None:
    """Add CREDITS to the account group ID and print how many it has now.

    \b
    goldpan account top-up 6b03a43ed94f7066925da7ce 500
    """
    from goldpan.operations import credit_operations

    with opened_toolbox() as toolbox, mistakes_explained("goldpan account list"):
        group = credit_operations.top_up(toolbox, account_group_id, credits)
    document = _account_document(group) | {"added": credits}
    answer(document, lambda: print_line(str(group.credits_available)))


def _account_document(group: "AccountGroup") -> dict[str, Any]:
    from goldpan.contract.paging import format_time

    return {
        "id": group.id,
        "name": group.name,
        "plan": group.plan,
        "credits": group.credits_available,
        "reserved": group.credits_reserved,
        "createdAt": format_time(group.created_ms),
    }
