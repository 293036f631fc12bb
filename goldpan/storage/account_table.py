"""Account groups, and the API keys that reach them."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from goldpan.contract.paging import Position
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.keyset import AFTER_ID, AFTER_MS, LIMIT, after_position
from goldpan.storage.tables import ACCOUNT_GROUP, API_KEY, API_KEY_ACCOUNT_GROUP


@dataclass(frozen=True, slots=True)
class AccountGroup:
    id: str
    name: str
    plan: str
    credits_available: int
    credits_reserved: int
    created_ms: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    name: str
    secret_hash: bytes = field(repr=False)
    permissions: str
    is_test: bool
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    successor_id: str | None = None


_KEY_WITH_GROUPS = HotQuery(
    sa.select(*API_KEY.c, API_KEY_ACCOUNT_GROUP.c.account_group_id)
    .join(API_KEY_ACCOUNT_GROUP, API_KEY_ACCOUNT_GROUP.c.api_key_id == API_KEY.c.id)
    .where(API_KEY.c.id == sa.bindparam("key_id"))
)

_GROUPS_OF_KEY = HotQuery(
    sa.select(*ACCOUNT_GROUP.c)
    .join(API_KEY_ACCOUNT_GROUP, API_KEY_ACCOUNT_GROUP.c.account_group_id == ACCOUNT_GROUP.c.id)
    .where(API_KEY_ACCOUNT_GROUP.c.api_key_id == sa.bindparam("key_id"), after_position(ACCOUNT_GROUP))
    .order_by(ACCOUNT_GROUP.c.created_ms.desc(), ACCOUNT_GROUP.c.id.desc())
    .limit(LIMIT)
)

_GROUP = HotQuery(sa.select(*ACCOUNT_GROUP.c).where(ACCOUNT_GROUP.c.id == sa.bindparam("account_group_id")))


async def find(database: Database, account_group_id: str) -> AccountGroup | None:
    """Return the account group as it is now; None: there is none."""
    rows = await database.fetch(_GROUP, account_group_id=account_group_id)
    return AccountGroup(*rows[0]) if rows else None


async def find_key(database: Database, key_id: str) -> tuple[ApiKey, frozenset[str]] | None:
    """Return the key and the ids of the account groups it reaches; None: no such key."""
    rows = await database.fetch(_KEY_WITH_GROUPS, key_id=key_id)
    if not rows:
        return None
    return ApiKey(*rows[0][:-1]), frozenset(row[-1] for row in rows)


async def groups_of_key(database: Database, key_id: str, after: Position, limit: int) -> list[AccountGroup]:
    """Return up to `limit` account groups that the key reaches, newest first, after the place `after`."""
    rows = await database.fetch(
        _GROUPS_OF_KEY, key_id=key_id, **{AFTER_MS: after.created_ms, AFTER_ID: after.id}, limit=limit
    )
    return [AccountGroup(*row) for row in rows]


def read(tx: Tx, account_group_id: str) -> AccountGroup | None:
    """Return the account group as it stands; what is to be written by it needs `lock`."""
    row = tx.execute(sa.select(*ACCOUNT_GROUP.c).where(ACCOUNT_GROUP.c.id == account_group_id)).one_or_none()
    return None if row is None else AccountGroup(*row)


def lock(tx: Tx, account_group_id: str) -> AccountGroup | None:
    """Return the account group and keep it from changing until the transaction ends.

    Whatever writes credits, people or jobs of an account group takes this lock first: no two such transactions
    of one group run at once, so none can deadlock and no balance is read that another is about to change.
    """
    statement = sa.select(*ACCOUNT_GROUP.c).where(ACCOUNT_GROUP.c.id == account_group_id)
    row = tx.execute(statement.with_for_update(key_share=True)).one_or_none()
    return None if row is None else AccountGroup(*row)


def add(tx: Tx, group: AccountGroup) -> None:
    values = {column.name: getattr(group, column.name) for column in ACCOUNT_GROUP.c}
    tx.execute(ACCOUNT_GROUP.insert().values(values))


def all_groups(tx: Tx) -> list[AccountGroup]:
    """Return every account group, oldest first."""
    statement = sa.select(*ACCOUNT_GROUP.c).order_by(ACCOUNT_GROUP.c.created_ms, ACCOUNT_GROUP.c.id)
    return [AccountGroup(*row) for row in tx.execute(statement)]


def existing_groups(tx: Tx, account_group_ids: list[str]) -> set[str]:
    """Return those of the ids that exist."""
    statement = sa.select(ACCOUNT_GROUP.c.id).where(ACCOUNT_GROUP.c.id.in_(account_group_ids))
    return set(tx.execute(statement).scalars())


def add_key(tx: Tx, key: ApiKey, account_group_ids: list[str]) -> bool:
    """Add a key, unless there is one of its id: then return False."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    values = {column.name: getattr(key, column.name) for column in API_KEY.c}
    added = insert(API_KEY).values(values).on_conflict_do_nothing().returning(API_KEY.c.id)
    if tx.execute(added).one_or_none() is None:
        return False
    tx.execute(
        API_KEY_ACCOUNT_GROUP.insert(),
        [{"api_key_id": key.id, "account_group_id": group_id} for group_id in account_group_ids],
    )
    return True


def keys_of_group(tx: Tx, account_group_id: str, limit: int) -> list[tuple[ApiKey, list[tuple[str, str]]]]:
    """Return up to `limit` keys that reach the account group, newest first, with (id, name) of all that it reaches."""
    links = API_KEY_ACCOUNT_GROUP.c
    newest_first = (API_KEY.c.created_ms.desc(), API_KEY.c.id.desc())
    statement = sa.select(*API_KEY.c).join(API_KEY_ACCOUNT_GROUP, links.api_key_id == API_KEY.c.id)
    statement = statement.where(links.account_group_id == account_group_id).order_by(*newest_first).limit(limit)
    keys = [ApiKey(*row) for row in tx.execute(statement)]
    reached = _groups_of_keys(tx, [key.id for key in keys])
    return [(key, reached[key.id]) for key in keys]


def read_key(tx: Tx, key_id: str) -> tuple[ApiKey, list[tuple[str, str]]] | None:
    """Return a key with (id, name) of the account groups that it reaches; None: there is no such key."""
    row = tx.execute(sa.select(*API_KEY.c).where(API_KEY.c.id == key_id)).one_or_none()
    return None if row is None else (ApiKey(*row), _groups_of_keys(tx, [key_id])[key_id])


def _groups_of_keys(tx: Tx, key_ids: list[str]) -> dict[str, list[tuple[str, str]]]:
    links = API_KEY_ACCOUNT_GROUP.c
    statement = (
        sa.select(links.api_key_id, ACCOUNT_GROUP.c.id, ACCOUNT_GROUP.c.name)
        .join(ACCOUNT_GROUP, ACCOUNT_GROUP.c.id == links.account_group_id)
        .where(links.api_key_id.in_(key_ids))
        .order_by(ACCOUNT_GROUP.c.name, ACCOUNT_GROUP.c.id)
    )
    groups: dict[str, list[tuple[str, str]]] = {key_id: [] for key_id in key_ids}
    for key_id, group_id, name in tx.execute(statement):
        groups[key_id].append((group_id, name))
    return groups


def all_keys(tx: Tx) -> list[tuple[ApiKey, list[str]]]:
    """Return every key with the ids of its account groups, oldest first."""
    groups: dict[str, list[str]] = {}
    links = sa.select(API_KEY_ACCOUNT_GROUP.c.api_key_id, API_KEY_ACCOUNT_GROUP.c.account_group_id)
    for key_id, group_id in tx.execute(links.order_by(API_KEY_ACCOUNT_GROUP.c.account_group_id)):
        groups.setdefault(key_id, []).append(group_id)
    keys = [ApiKey(*row) for row in tx.execute(sa.select(*API_KEY.c).order_by(API_KEY.c.created_ms, API_KEY.c.id))]
    return [(key, groups.get(key.id, [])) for key in keys]


def limit_key(tx: Tx, key: ApiKey, expires_ms: int, successor_id: str) -> bool:
    """Let a key end then, and be followed by another; False: it was revoked, limited or rolled since `key` was read."""
    as_read = API_KEY.c.revoked_ms.is_(None) & API_KEY.c.expires_ms.is_not_distinct_from(key.expires_ms)
    statement = API_KEY.update().where(API_KEY.c.id == key.id, as_read, API_KEY.c.successor_id.is_(None))
    return tx.execute(statement.values(expires_ms=expires_ms, successor_id=successor_id)).rowcount == 1


def revoke_key(tx: Tx, key_id: str, now_ms: int) -> bool:
    """Return whether there was such a key; one that was revoked before keeps its time."""
    statement = API_KEY.update().where(API_KEY.c.id == key_id)
    return tx.execute(statement.values(revoked_ms=sa.func.coalesce(API_KEY.c.revoked_ms, now_ms))).rowcount == 1
