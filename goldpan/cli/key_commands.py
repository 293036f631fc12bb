"""Commands for the operator of this machine: API keys, made, listed, rolled and revoked."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from goldpan.cli.json_option import JsonGroup
from goldpan.cli.machine_access import opened_toolbox
from goldpan.cli.named_source_commands import mistakes_explained
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line, print_table
from goldpan.contract.permission_catalogue import Permission

if TYPE_CHECKING:
    from goldpan.operations.toolbox import Toolbox

LIFETIME = re.compile(r"([1-9][0-9]{0,5})([hdw])", re.ASCII)
LIFETIME_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group(cls=JsonGroup)
def keys() -> None:
    """API keys of this machine's Goldpan: who may do what in which account groups.

    \b
    goldpan keys create --account ID --permission prospecting:read --permission prospecting:write
    goldpan keys roll ID --overlap 24h
    """


@keys.command("create")
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
    """Create an API key and print it: the only time that it is shown.

    \b
    goldpan keys create --account ID --permission prospecting:read --permission prospecting:write --expires 30d
    """
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox, mistakes_explained():
        new = account_operations.NewKey(
            list(account_group_ids),
            [Permission(permission) for permission in permissions],
            name,
            is_test,
            _expiry_ms(expires, toolbox.now_ms()) if expires is not None else None,
        )
        key_id, text = account_operations.create_key(toolbox, new)
        document = _stored_document(toolbox, key_id)
    _answer_issued(document, text)


@keys.command("list")
def list_keys() -> None:
    """List every API key, oldest first; what is kept of a key cannot be used as one.

    \b
    goldpan keys list
    """
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        items = [_key_document(*stored) for stored in account_operations.all_keys(toolbox)]
    head = ("id", "name", "test", "expiresAt", "revokedAt", "permissions", "accountGroupIds", "createdAt")
    answer({"items": items}, lambda: print_table(head, ([item[name] for name in head] for item in items)))


@keys.command("roll")
@click.argument("key_id", metavar="ID")
@click.option(
    "--overlap", metavar="TIME", default="24h", show_default=True, help="How long the old key stays good: 0, 12h, 7d."
)
def roll_key(key_id: str, overlap: str) -> None:
    """Replace a key by a new one with the same rights, and print it: the only time that it is shown.

    \b
    goldpan keys roll wq3mVbPcXk7R --overlap 7d
    """
    from goldpan.operations import account_operations

    overlap_ms = _overlap_ms(overlap)
    with opened_toolbox() as toolbox, mistakes_explained("goldpan keys list"):
        new_id, text, _ = account_operations.roll_key(toolbox, key_id, overlap_ms)
        old, new = _stored_document(toolbox, key_id), _stored_document(toolbox, new_id)
    note(f"Key {key_id} is good until {old['expiresAt']}.")
    _answer_issued(new | {"replaces": key_id, "replacedUntil": old["expiresAt"]}, text)


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
def revoke_key(key_id: str) -> None:
    """Make a key useless within a second. ID is what `keys list` shows.

    \b
    goldpan keys revoke wq3mVbPcXk7R
    """
    from goldpan.operations import account_operations

    with opened_toolbox() as toolbox:
        is_known = account_operations.revoke_key(toolbox, key_id)
    if not is_known:
        raise Failure(ExitCode.NOT_FOUND, "NOT_FOUND", f"there is no key {key_id}", next_step="goldpan keys list")
    answer({"id": key_id, "revoked": True}, lambda: note(f"Key {key_id} is revoked."))


def _answer_issued(document: dict[str, Any], text: str) -> None:
    note(f"Key {document['id']}: keep what follows, it is not shown again.")
    answer(document | {"key": text}, lambda: print_line(text))


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


def _overlap_ms(text: str) -> int:
    lifetime = LIFETIME.fullmatch(text)
    if lifetime is None and text != "0":
        raise click.BadParameter("must look like 0, 12h or 7d", param_hint="--overlap")
    return int(lifetime[1]) * LIFETIME_UNITS[lifetime[2]] // timedelta(milliseconds=1) if lifetime else 0


def _stored_document(toolbox: "Toolbox", key_id: str) -> dict[str, Any]:
    from goldpan.operations import account_operations

    return next(_key_document(*stored) for stored in account_operations.all_keys(toolbox) if stored[0].id == key_id)


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
