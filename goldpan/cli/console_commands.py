"""Commands for whoever decides who may sign in to the console."""

import os

import click

from goldpan.cli.json_option import JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.named_source_commands import mistakes_explained
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line
from goldpan.domain.console_rules import LINK_MS, ConsoleRole
from goldpan.settings import read_settings


@click.group(cls=JsonGroup)
def console() -> None:
    """The console: who may sign in."""


@console.command("link")
@click.option("--name", help="Who gets a password by it: somebody who forgot theirs, or somebody new.")
@click.option(
    "--role",
    show_default=ConsoleRole.OWNER.value,
    type=click.Choice([str(role) for role in ConsoleRole]),
    help="Of somebody new: a viewer reads, an operator starts jobs and changes audiences, an owner does everything.",
)
@click.option(
    "--account", "account_group_ids", multiple=True, help="What somebody new reaches; repeat it. Default: everything."
)
@click.option("--if-nobody", is_flag=True, help="Only if nobody can sign in yet; otherwise print where to sign in.")
def make_link(name: str | None, role: str | None, account_group_ids: tuple[str, ...], if_nobody: bool) -> None:
    """Print a link by which somebody chooses a password: it is good once, for 15 minutes.

    \b
    goldpan console link
    goldpan console link --name alice --role operator --account 6b03a43ed94f7066925da7ce

    Without --name it makes a new owner, who chooses a name as well.
    """
    from goldpan.operations import console_access_operations as access

    if if_nobody and (name or role or account_group_ids):
        raise Failure(
            ExitCode.USAGE, "USAGE", "--if-nobody makes the first owner: leave out --name, --role and --account"
        )
    if name is None and (account_group_ids or role):
        raise Failure(ExitCode.USAGE, "USAGE", "--role and --account need --name")
    chosen = None if role is None else ConsoleRole(role)
    invitation = None if name is None else access.Invitation(name, chosen, account_group_ids)
    with opened_toolbox() as toolbox, mistakes_explained():
        token = access.make_first_link(toolbox) if if_nobody else access.make_link(toolbox, invitation)
    url = read_settings(os.environ).url.rstrip("/")
    if token is None:
        return answer({"url": f"{url}/", "isLink": False}, lambda: print_line(f"{url}/"))
    link = f"{url}/welcome/{token}"
    note(f"Good once, for {LINK_MS // 60_000} minutes:")
    return answer({"url": link, "isLink": True}, lambda: print_line(link))


@console.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """End somebody's access: NAME is signed out everywhere, and their links and password are gone.

    \b
    goldpan console remove alice
    """
    from goldpan.operations import console_access_operations as access

    with opened_toolbox() as toolbox, mistakes_explained():
        removed = access.remove_user(toolbox, name)
    answer({"name": removed.name, "removed": True}, lambda: note(f"{removed.name} cannot sign in any more."))
