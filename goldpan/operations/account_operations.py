"""Account groups and their keys: who is calling, what they reach, and what the operator sets up at the shell."""

from dataclasses import dataclass
from secrets import choice

from goldpan.contract.paging import PageRequest, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import (
    ALPHABET,
    KEY_ID_LENGTH,
    SECRET_LENGTH,
    Principal,
    hash_secret,
    is_secret,
    make_key,
    read_key,
)
from goldpan.domain.credit_rules import MOST_CREDITS, PLAN_CAPS
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, credit_table
from goldpan.storage.account_table import AccountGroup as AccountGroup
from goldpan.storage.account_table import ApiKey
from goldpan.storage.database import Tx

DAY_MS = 24 * 3600 * 1000
LONGEST_OVERLAP_MS = 30 * DAY_MS


class InvalidSetting(ValueError):
    """The operator asked for something that cannot be; the message says what would be right."""


class KeyExists(InvalidSetting):
    """A key with the id that was asked for is there already; the message is its id."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """`expires_ms` None: never."""

    account_group_ids: list[str]
    permissions: list[Permission]
    name: str = ""
    is_test: bool = False
    expires_ms: int | None = None


async def identify(toolbox: Toolbox, key_text: str) -> Principal | None:
    """Return who bears the key; None: nobody, or not any more."""
    parts = read_key(key_text)
    if parts is None:
        return None
    found = await account_table.find_key(toolbox.database, parts.id)
    if found is None:
        return None
    key, account_group_ids = found
    if not is_secret(parts.secret, bytes(key.secret_hash)) or bool(key.is_test) != parts.is_test:
        return None
    if not is_usable(key, toolbox.now_ms()):
        return None
    return Principal(key.id, parts.is_test, frozenset(key.permissions.split()), account_group_ids)


async def list_accounts(toolbox: Toolbox, caller: Principal, page: PageRequest) -> Slice[AccountGroup]:
    """Return the account groups that the caller's key reaches, newest first."""
    rows = await account_table.groups_of_key(toolbox.database, caller.key_id, page.after, page.limit + 1)
    return cut(rows, page.limit)


def create_account(toolbox: Toolbox, name: str, plan: str, credits: int) -> AccountGroup:
    """Create an account group with its first credits.

    Raises:
        InvalidSetting: there is no such plan, the name is empty or the credits are negative.
    """
    if plan not in PLAN_CAPS:
        raise InvalidSetting(f"there is no plan {plan}: take one of {', '.join(PLAN_CAPS)}")
    if not name.strip():
        raise InvalidSetting("the name must not be empty")
    if not 0 <= credits <= MOST_CREDITS:
        raise InvalidSetting(f"credits must be 0 or more, and at most {MOST_CREDITS}")
    now_ms = toolbox.now_ms()
    group = AccountGroup(toolbox.new_id(), name.strip(), plan, 0, 0, now_ms)
    with toolbox.database.write() as tx:
        account_table.add(tx, group)
        if credits:
            credit_table.top_up(tx, group.id, credit_table.Entry(toolbox.new_id(), now_ms), credits)
    return AccountGroup(group.id, group.name, plan, credits, 0, now_ms)


def all_accounts(toolbox: Toolbox) -> list[AccountGroup]:
    """Return every account group, oldest first."""
    with toolbox.database.read() as tx:
        return account_table.all_groups(tx)


def create_key(toolbox: Toolbox, new: NewKey, key_id: str | None = None) -> tuple[str, str]:
    """Create an API key and return (its id, its text): the text is never seen again. `key_id` None: a random one.

    Raises:
        InvalidSetting: an account group does not exist, or none was named.
        KeyExists: there is a key of that id.
    """
    if not new.account_group_ids or not new.permissions:
        raise InvalidSetting("a key needs at least one account group and one permission")
    with toolbox.database.write() as tx:
        unknown = set(new.account_group_ids) - account_table.existing_groups(tx, new.account_group_ids)
        if unknown:
            raise InvalidSetting(f"there is no account group {', '.join(sorted(unknown))}")
        return _add_key(toolbox, tx, new, key_id)


def roll_key(toolbox: Toolbox, key_id: str, overlap_ms: int) -> tuple[str, str, int]:
    """Create a key with the rights of another and return (its id, its text, until when the old one is good).

    A key that ends is followed by one that lasts as long as it did, from now on.

    Raises:
        LookupError: there is no such key.
        InvalidSetting: it is not good any more, was rolled already, or was changed in this moment.
    """
    if not 0 <= overlap_ms <= LONGEST_OVERLAP_MS:
        raise InvalidSetting(f"both keys may be good for at most {LONGEST_OVERLAP_MS // DAY_MS} days")
    with toolbox.database.write() as tx:
        now_ms = toolbox.now_ms()
        found = account_table.read_key(tx, key_id)
        if found is None:
            raise LookupError(f"there is no key {key_id}")
        old, groups = found
        if not is_usable(old, now_ms):
            raise InvalidSetting(f"the key {key_id} is not good any more: create another")
        if old.successor_id is not None:
            raise InvalidSetting(
                f"the key {key_id} was rolled already, to {old.successor_id}: roll that, or create another"
            )
        end_ms = now_ms + overlap_ms if old.expires_ms is None else min(now_ms + overlap_ms, old.expires_ms)
        added = _add_key(toolbox, tx, _successor(old, groups, now_ms))
        if not account_table.limit_key(tx, old, end_ms, added[0]):
            raise InvalidSetting(f"the key {key_id} was changed in this moment: look at it again")
        return *added, end_ms


def all_keys(toolbox: Toolbox) -> list[tuple[ApiKey, list[str]]]:
    """Return every key with its account groups, oldest first; secrets are not kept, only their hashes."""
    with toolbox.database.read() as tx:
        return account_table.all_keys(tx)


def is_usable(key: ApiKey, now_ms: int) -> bool:
    """Return whether the key is neither revoked nor expired."""
    return key.revoked_ms is None and (key.expires_ms is None or key.expires_ms > now_ms)


def revoke_key(toolbox: Toolbox, key_id: str) -> bool:
    """Make a key useless, within a second everywhere; False: there is no such key."""
    with toolbox.database.write() as tx:
        return account_table.revoke_key(tx, key_id, toolbox.now_ms())


def _successor(old: ApiKey, groups: list[tuple[str, str]], now_ms: int) -> NewKey:
    permissions = [Permission(permission) for permission in old.permissions.split()]
    expires_ms = None if old.expires_ms is None else now_ms + old.expires_ms - old.created_ms
    return NewKey([group_id for group_id, _ in groups], permissions, old.name, bool(old.is_test), expires_ms)


def _add_key(toolbox: Toolbox, tx: Tx, new: NewKey, key_id: str | None = None) -> tuple[str, str]:
    key_id, secret = key_id or _random_text(KEY_ID_LENGTH), _random_text(SECRET_LENGTH)
    # What no key may carry is no Permission, whatever the caller's types say.
    permissions = " ".join(dict.fromkeys(Permission(permission) for permission in new.permissions))
    key = ApiKey(
        key_id, new.name, hash_secret(secret), permissions, new.is_test, toolbox.now_ms(), new.expires_ms, None
    )
    if not account_table.add_key(tx, key, list(dict.fromkeys(new.account_group_ids))):
        raise KeyExists(key_id)
    return key_id, make_key(new.is_test, key_id, secret)


def _random_text(length: int) -> str:
    return "".join(choice(ALPHABET) for _ in range(length))
