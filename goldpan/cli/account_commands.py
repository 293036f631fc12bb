"""Commands for the operator of this machine: account groups, API keys and people files."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from goldpan.cli.import_report import import_document, import_progress, print_import
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.named_source_commands import mistakes_explained
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line, print_table
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.credit_rules import MOST_CREDITS, PLAN_CAPS

if TYPE_CHECKING:
    from goldpan.operations.account_operations import AccountGroup

Result = TypeVar("Result")

LIFETIME = re.compile(r"([1-9][0-9]{0,5})([hdw])", re.ASCII)
LIFETIME_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group(cls=JsonGroup)
def account() -> None:
    """Account groups: whose jobs, people and credits."""


@account.command("create")
@click.argument("name")
@click.option("--plan", default="tester", show_default=True, type=click.Choice(list(PLAN_CAPS)))
@click.option("--credits", default=0, show_default=True, type=click.IntRange(0, MOST_CREDITS))
def create_account(name: str, plan: str, credits: int) -> None:
    """Create an account group and print its id."""
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        group = _unless_invalid(lambda: account_operations.create_account(toolbox, name, plan, credits))
    document = {"id": group.id, "name": group.name, "plan": group.plan, "credits": group.credits_available}
    answer(document, lambda: print_line(group.id))


@account.command("list")
def list_accounts() -> None:
    """List every account group, oldest first."""
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        items = [_account_document(group) for group in account_operations.all_accounts(toolbox)]
    head = ("id", "name", "plan", "credits", "reserved", "createdAt")
    answer({"items": items}, lambda: print_table(head, ([item[name] for name in head] for item in items)))


@account.command("top-up")
@click.argument("account_group_id", metavar="ID")
@click.argument("credits", type=click.IntRange(1, MOST_CREDITS))
def top_up(account_group_id: str, credits: int) -> None:
    """Add CREDITS to the account group ID and print how many it has now."""
    from goldpan.operations import credit_operations

    with opened_toolbox() as toolbox:
        try:
            group = _unless_invalid(lambda: credit_operations.top_up(toolbox, account_group_id, credits))
        except LookupError as error:
            raise Failure(ExitCode.NOT_FOUND, "NOT_FOUND", str(error), next_step="goldpan account list") from error
    document = _account_document(group) | {"added": credits}
    answer(document, lambda: print_line(str(group.credits_available)))


@click.group(cls=JsonGroup)
def key() -> None:
    """API keys: who may do what in which account groups."""


@key.command("create")
@click.option("--account", "account_group_ids", multiple=True, required=True, help="Repeat it for several.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    required=True,
    type=click.Choice([str(permission) for permission in Permission]),
    metavar="PERMISSION",
    help=f"Repeat it for several: {', '.join(Permission)}.",
)
@click.option("--test", "is_test", is_flag=True, help="A sandbox key: invented people, nothing is charged.")
@click.option("--name", default="", help="What the key is for.")
@click.option("--expires", metavar="WHEN", help="30d, 12h, 4w, or a time such as 2027-01-31T00:00:00Z.")
def create_key(
    account_group_ids: tuple[str, ...], permissions: tuple[str, ...], is_test: bool, name: str, expires: str | None
) -> None:
    """Create an API key and print it: the only time that it is shown."""
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        new = account_operations.NewKey(
            list(account_group_ids),
            [Permission(permission) for permission in permissions],
            name,
            is_test,
            _expiry_ms(expires, toolbox.now_ms()) if expires is not None else None,
        )
        key_id, text = _unless_invalid(lambda: account_operations.create_key(toolbox, new))
        created = next(stored for stored in account_operations.all_keys(toolbox) if stored[0].id == key_id)
    note(f"Key {key_id}: keep what follows, it is not shown again.")
    answer(_key_document(*created) | {"key": text}, lambda: print_line(text))


@key.command("list")
def list_keys() -> None:
    """List every API key, oldest first; what is kept of a key cannot be used as one."""
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        items = [_key_document(*stored) for stored in account_operations.all_keys(toolbox)]
    head = ("id", "name", "test", "accountGroupIds", "permissions", "createdAt", "expiresAt", "revokedAt")
    answer({"items": items}, lambda: print_table(head, ([item[name] for name in head] for item in items)))


@key.command("revoke")
@click.argument("key_id", metavar="ID")
def revoke_key(key_id: str) -> None:
    """Make a key useless from its next request on. ID is what `key list` shows."""
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        is_known = account_operations.revoke_key(toolbox, key_id)
    if not is_known:
        raise Failure(ExitCode.NOT_FOUND, "NOT_FOUND", f"there is no key {key_id}", next_step="goldpan key list")
    answer({"id": key_id, "revoked": True}, lambda: note(f"Key {key_id} is revoked."))


@click.group(cls=JsonGroup)
def people() -> None:
    """The directory: your own people files.

    Jobs of live keys search it.
    """


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "account_group_id", required=True, help="The account group whose jobs may find them.")
@click.option("--list", "list_name", metavar="NAME", help="A lead list that everybody in the file joins, new or not.")
def import_people(file: Path, account_group_id: str, list_name: str | None) -> None:
    """Import a people file: LinkedIn's Connections.csv or its zip, exports of Sales Navigator, PhantomBuster, Apollo.

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
    answer(import_document(report), lambda: print_import(report))


def _unless_invalid(verb: Callable[[], Result]) -> Result:
    from goldpan.operations.account_operations import InvalidSetting

    try:
        return verb()
    except InvalidSetting as error:
        raise Failure(ExitCode.USAGE, "USAGE", str(error)) from error


def _expiry_ms(text: str, now_ms: int) -> int:
    """Return the time that `text` means in milliseconds since 1970."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    lifetime = LIFETIME.fullmatch(text)
    try:
        expires = now + int(lifetime[1]) * LIFETIME_UNITS[lifetime[2]] if lifetime else datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            "must look like 30d, 12h, 4w or 2027-01-31T00:00:00Z", param_hint="--expires"
        ) from error
    if expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    if expires <= now:
        raise click.BadParameter(f"{text} is not in the future", param_hint="--expires")
    return int(expires.timestamp() * 1000)


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


def _key_document(stored: Any, account_group_ids: list[str]) -> dict[str, Any]:
    return {
        "id": stored.id,
        "name": stored.name,
        "test": bool(stored.is_test),
        "accountGroupIds": account_group_ids,
        "permissions": stored.permissions.split(),
        "createdAt": _time(stored.created_ms),
        "expiresAt": _time(stored.expires_ms),
        "revokedAt": _time(stored.revoked_ms),
    }


def _time(milliseconds: int | None) -> str | None:
    from goldpan.contract.paging import format_time

    return None if milliseconds is None else format_time(milliseconds)
