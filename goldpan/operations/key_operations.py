"""What the owner of an account group may do with its API keys: see, create, roll and revoke them; no key may do so."""

from dataclasses import dataclass, field
from enum import StrEnum

from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.paging import Slice, cut
from goldpan.contract.permission_catalogue import OwnerPermission
from goldpan.domain.access_rules import Principal, key_id_of_form
from goldpan.operations import account_operations
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.account_operations import NewKey as NewKey
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table
from goldpan.storage.account_table import ApiKey

MOST_KEYS_SHOWN = 500
LONGEST_NAME = 100
SOON_MS = 7 * account_operations.DAY_MS

ReachedGroup = tuple[str, str]
"""(id, name) of an account group."""


class KeyState(StrEnum):
    ACTIVE = "active"
    ENDS_SOON = "ends_soon"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key, without anything of its secret.

    `groups` are the account groups that both the key and the caller reach; `is_shared`: the key reaches others besides,
    so that this caller cannot change it; `successor_id`: the key that it was rolled to.
    """

    id: str
    name: str
    permissions: tuple[str, ...]
    is_test: bool
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    state: KeyState
    groups: tuple[ReachedGroup, ...]
    is_shared: bool
    successor_id: str | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made: `text` is what its bearer sends, and is shown this once.

    `replaced_until_ms`: how long the key that it follows is good; None: it follows none.
    """

    id: str
    text: str = field(repr=False)
    replaced_until_ms: int | None = None


def list_keys(toolbox: Toolbox, caller: Principal, account_group_id: str) -> Slice[KeyReport]:
    """Return the keys that reach the account group, newest first, at most `MOST_KEYS_SHOWN`: there is no next page."""
    caller.require(OwnerPermission.KEYS_WRITE, account_group_id)
    with toolbox.database.read() as tx:
        rows = account_table.keys_of_group(tx, account_group_id, MOST_KEYS_SHOWN + 1)
    now_ms = toolbox.now_ms()
    return cut([_report(caller, key, groups, now_ms) for key, groups in rows], MOST_KEYS_SHOWN)


def create_key(
    toolbox: Toolbox, caller: Principal, account_group_id: str, new: NewKey, form_id: str | None = None
) -> IssuedKey:
    """Create a key for this account group and those that `new` names besides, only one for each `form_id`.

    Raises:
        Problem: FORBIDDEN for an account group that the caller does not reach; MALFORMED_REQUEST; CONFLICT, with the
            id of the key, where the form has made one already: its text is not known any more.
    """
    caller.require(OwnerPermission.KEYS_WRITE, account_group_id)
    for reached_id in new.account_group_ids:
        caller.require(OwnerPermission.KEYS_WRITE, reached_id)
    if account_group_id not in new.account_group_ids:
        raise invalid_body("accountGroupIds", "must name this account group")
    if len(new.name) > LONGEST_NAME or not new.name.isprintable():
        raise invalid_body("name", f"must be at most {LONGEST_NAME} printable characters")
    if not new.permissions:
        raise invalid_body("permissions", "must name at least one permission")
    if new.expires_ms is not None and new.expires_ms <= toolbox.now_ms():
        raise invalid_body("expiresAt", "must be in the future")
    key_id = None if form_id is None else key_id_of_form(account_group_id, form_id)
    try:
        return IssuedKey(*account_operations.create_key(toolbox, new, key_id))
    except account_operations.KeyExists as error:
        raise Problem(ErrorKind.CONFLICT, str(error)) from error


def roll_key(toolbox: Toolbox, caller: Principal, account_group_id: str, key_id: str, overlap_ms: int) -> IssuedKey:
    """Create a key with the rights of an old one, which is good for `overlap_ms` more, up to 30 days, and no longer.

    Raises:
        Problem: NOT_FOUND; FORBIDDEN for a key that reaches account groups which the caller does not; NOT_IN_THIS_STATE
            for one that is not good any more, or was rolled already; MALFORMED_REQUEST.
    """
    caller.require(OwnerPermission.KEYS_WRITE, account_group_id)
    if not 0 <= overlap_ms <= account_operations.LONGEST_OVERLAP_MS:
        raise invalid_body(
            "overlap", f"must be 0 to {account_operations.LONGEST_OVERLAP_MS // account_operations.DAY_MS} days"
        )
    _require_whole_key(toolbox, caller, account_group_id, key_id)
    try:
        return IssuedKey(*account_operations.roll_key(toolbox, key_id, overlap_ms))
    except InvalidSetting as error:
        raise Problem(ErrorKind.NOT_IN_THIS_STATE, f"keyId: {error}") from error


def revoke_key(toolbox: Toolbox, caller: Principal, account_group_id: str, key_id: str) -> None:
    """Make a key useless, within a second everywhere; again is no error.

    Raises:
        Problem: NOT_FOUND; FORBIDDEN for a key that reaches account groups which the caller does not.
    """
    caller.require(OwnerPermission.KEYS_WRITE, account_group_id)
    _require_whole_key(toolbox, caller, account_group_id, key_id)
    account_operations.revoke_key(toolbox, key_id)


def _require_whole_key(toolbox: Toolbox, caller: Principal, account_group_id: str, key_id: str) -> None:
    """What a key reaches never changes, so that this may be asked before the change itself."""
    with toolbox.database.read() as tx:
        found = account_table.read_key(tx, key_id)
    if found is None or account_group_id not in dict(found[1]):
        raise Problem(ErrorKind.NOT_FOUND, "keyId: there is no such key in this account group")
    if not caller.account_group_ids.issuperset(dict(found[1])):
        raise Problem(
            ErrorKind.FORBIDDEN, "This key reaches account groups that you do not: ask the operator to change it"
        )


def _report(caller: Principal, key: ApiKey, groups: list[ReachedGroup], now_ms: int) -> KeyReport:
    reached = tuple(group for group in groups if group[0] in caller.account_group_ids)
    return KeyReport(
        id=key.id,
        name=key.name,
        permissions=tuple(key.permissions.split()),
        is_test=bool(key.is_test),
        created_ms=key.created_ms,
        expires_ms=key.expires_ms,
        revoked_ms=key.revoked_ms,
        state=_state(key, now_ms),
        groups=reached,
        is_shared=len(reached) < len(groups),
        successor_id=key.successor_id,
    )


def _state(key: ApiKey, now_ms: int) -> KeyState:
    if key.revoked_ms is not None:
        return KeyState.REVOKED
    if key.expires_ms is None or key.expires_ms > now_ms + SOON_MS:
        return KeyState.ACTIVE
    return KeyState.ENDS_SOON if key.expires_ms > now_ms else KeyState.EXPIRED
