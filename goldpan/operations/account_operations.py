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


class InvalidSetting(ValueError):
    """The operator asked for something that cannot be; the message says what would be right."""


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
    if key.revoked_ms is not None or (key.expires_ms is not None and key.expires_ms <= toolbox.now_ms()):
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


def create_key(toolbox: Toolbox, new: NewKey) -> tuple[str, str]:
    """Create an API key and return (its id, its text): the text is never seen again.

    Raises:
        InvalidSetting: an account group does not exist, or none was named.
    """
    if not new.account_group_ids or not new.permissions:
        raise InvalidSetting("a key needs at least one account group and one permission")
    group_ids = list(dict.fromkeys(new.account_group_ids))
    key_id, secret = _random_text(KEY_ID_LENGTH), _random_text(SECRET_LENGTH)
    permissions = " ".join(dict.fromkeys(new.permissions))
    key = ApiKey(
        key_id, new.name, hash_secret(secret), permissions, new.is_test, toolbox.now_ms(), new.expires_ms, None
    )
    with toolbox.database.write() as tx:
        unknown = set(group_ids) - account_table.existing_groups(tx, group_ids)
        if unknown:
            raise InvalidSetting(f"there is no account group {', '.join(sorted(unknown))}")
        account_table.add_key(tx, key, group_ids)
    return key_id, make_key(new.is_test, key_id, secret)


def all_keys(toolbox: Toolbox) -> list[tuple[ApiKey, list[str]]]:
    """Return every key with its account groups, oldest first; secrets are not kept, only their hashes."""
    with toolbox.database.read() as tx:
        return account_table.all_keys(tx)


def revoke_key(toolbox: Toolbox, key_id: str) -> bool:
    """Make a key useless, within a second everywhere; False: there is no such key."""
    with toolbox.database.write() as tx:
        return account_table.revoke_key(tx, key_id, toolbox.now_ms())


def _random_text(length: int) -> str:
    return "".join(choice(ALPHABET) for _ in range(length))
