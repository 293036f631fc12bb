"""People of the console, their sessions and their links."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from goldpan.storage.account_table import AccountGroup
from goldpan.storage.console_tables import CONSOLE_LINK, CONSOLE_SESSION, CONSOLE_USER, CONSOLE_USER_ACCOUNT_GROUP
from goldpan.storage.database import Database, HotQuery, Tx
from goldpan.storage.keyset import LIMIT
from goldpan.storage.tables import ACCOUNT_GROUP


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """One row, in the order of the table's columns."""

    id: str
    name: str
    name_key: str
    password_hash: str | None = field(repr=False)
    role: str
    reaches_all: bool
    created_ms: int


@dataclass(frozen=True, slots=True)
class Session:
    account_group_id: str | None
    created_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Link:
    """`user_id` None: whoever opens it becomes somebody new."""

    user_id: str | None
    expires_ms: int
    used_ms: int | None


_SESSION = HotQuery(
    sa.select(CONSOLE_SESSION.c.account_group_id, CONSOLE_SESSION.c.created_ms, CONSOLE_SESSION.c.seen_ms, CONSOLE_USER)
    .join(CONSOLE_USER, CONSOLE_USER.c.id == CONSOLE_SESSION.c.user_id)
    .where(CONSOLE_SESSION.c.token_hash == sa.bindparam("token_hash", type_=sa.LargeBinary))
)

_IS_REACHED = sa.or_(
    CONSOLE_USER.c.reaches_all,
    sa.exists().where(
        CONSOLE_USER_ACCOUNT_GROUP.c.user_id == CONSOLE_USER.c.id,
        CONSOLE_USER_ACCOUNT_GROUP.c.account_group_id == ACCOUNT_GROUP.c.id,
    ),
)
_REACHED = sa.select(*ACCOUNT_GROUP.c).where(CONSOLE_USER.c.id == sa.bindparam("user_id"), _IS_REACHED)
_GROUP = HotQuery(_REACHED.where(ACCOUNT_GROUP.c.id == sa.bindparam("account_group_id")))
_GROUPS = HotQuery(_REACHED.order_by(ACCOUNT_GROUP.c.created_ms.desc(), ACCOUNT_GROUP.c.id.desc()).limit(LIMIT))


async def find_session(database: Database, token_hash: bytes) -> tuple[Session, ConsoleUser] | None:
    """Return the session and whose it is, whether it is still good or not."""
    rows = await database.fetch(_SESSION, token_hash=token_hash)
    return (Session(*rows[0][:3]), ConsoleUser(*rows[0][3:])) if rows else None


async def find_group(database: Database, account_group_id: str, user_id: str) -> AccountGroup | None:
    """Return the account group; None: there is none, or the user does not reach it."""
    rows = await database.fetch(_GROUP, account_group_id=account_group_id, user_id=user_id)
    return AccountGroup(*rows[0]) if rows else None


async def groups_of_user(database: Database, user_id: str, limit: int) -> list[AccountGroup]:
    """Return up to `limit` account groups that the user reaches, newest first."""
    return [AccountGroup(*row) for row in await database.fetch(_GROUPS, user_id=user_id, limit=limit)]


def is_nobody_there(tx: Tx) -> bool:
    """Return whether nobody can sign in yet."""
    statement = sa.select(CONSOLE_USER.c.id).where(CONSOLE_USER.c.password_hash.is_not(None)).limit(1)
    return tx.execute(statement).first() is None


def find_user(tx: Tx, name_key: str) -> ConsoleUser | None:
    row = tx.execute(sa.select(*CONSOLE_USER.c).where(CONSOLE_USER.c.name_key == name_key)).one_or_none()
    return None if row is None else ConsoleUser(*row)


def read_user(tx: Tx, user_id: str) -> ConsoleUser:
    return ConsoleUser(*tx.execute(sa.select(*CONSOLE_USER.c).where(CONSOLE_USER.c.id == user_id)).one())


def add_user(tx: Tx, user: ConsoleUser, account_group_ids: list[str]) -> bool:
    """Add somebody, unless the name is taken: then return False."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    values = {column.name: getattr(user, column.name) for column in CONSOLE_USER.c}
    added = insert(CONSOLE_USER).values(values).on_conflict_do_nothing().returning(CONSOLE_USER.c.id)
    if tx.execute(added).one_or_none() is None:
        return False
    if account_group_ids:
        links = [{"user_id": user.id, "account_group_id": group_id} for group_id in account_group_ids]
        tx.execute(CONSOLE_USER_ACCOUNT_GROUP.insert(), links)
    return True


def remove_user(tx: Tx, user_id: str) -> bool:
    """Delete somebody with their sessions and links; False: they are gone already."""
    mine = CONSOLE_USER.c.id == user_id
    if tx.execute(sa.select(CONSOLE_USER.c.id).where(mine).with_for_update()).first() is None:
        return False
    for table in (CONSOLE_SESSION, CONSOLE_LINK, CONSOLE_USER_ACCOUNT_GROUP):
        tx.execute(table.delete().where(table.c.user_id == user_id))
    tx.execute(CONSOLE_USER.delete().where(mine))
    return True


def hold_password(tx: Tx, user_id: str) -> str | None:
    """Return the hash of the password, which nobody changes until this transaction ends; None: it is gone."""
    # FOR SHARE: others may sign in as well meanwhile. SQLite has one writer, and needs no lock.
    statement = sa.select(CONSOLE_USER.c.password_hash).where(CONSOLE_USER.c.id == user_id).with_for_update(read=True)
    return tx.execute(statement).scalar_one_or_none()


def set_password(tx: Tx, user_id: str, password_hash: str) -> None:
    tx.execute(CONSOLE_USER.update().where(CONSOLE_USER.c.id == user_id).values(password_hash=password_hash))


def add_session(tx: Tx, token_hash: bytes, user_id: str, now_ms: int) -> None:
    values = {"token_hash": token_hash, "user_id": user_id, "created_ms": now_ms, "seen_ms": now_ms}
    tx.execute(CONSOLE_SESSION.insert().values(values))


def note_session(tx: Tx, token_hash: bytes, account_group_id: str | None, now_ms: int) -> None:
    """Note that the session was used now, and for which account group; None: for the same as before."""
    values: dict[str, object] = {
        "seen_ms": sa.case((CONSOLE_SESSION.c.seen_ms < now_ms, now_ms), else_=CONSOLE_SESSION.c.seen_ms)
    }
    if account_group_id is not None:
        values["account_group_id"] = account_group_id
    tx.execute(CONSOLE_SESSION.update().where(CONSOLE_SESSION.c.token_hash == token_hash).values(values))


def end_session(tx: Tx, token_hash: bytes) -> None:
    tx.execute(CONSOLE_SESSION.delete().where(CONSOLE_SESSION.c.token_hash == token_hash))


def end_sessions_of(tx: Tx, user_id: str) -> None:
    tx.execute(CONSOLE_SESSION.delete().where(CONSOLE_SESSION.c.user_id == user_id))


def forget_sessions(tx: Tx, created_before_ms: int, seen_before_ms: int) -> None:
    """Delete those that are good no more."""
    is_over = sa.or_(CONSOLE_SESSION.c.created_ms <= created_before_ms, CONSOLE_SESSION.c.seen_ms <= seen_before_ms)
    tx.execute(CONSOLE_SESSION.delete().where(is_over))


def add_link(tx: Tx, token_hash: bytes, link: Link, now_ms: int) -> None:
    values = {"user_id": link.user_id, "created_ms": now_ms, "expires_ms": link.expires_ms, "used_ms": link.used_ms}
    tx.execute(CONSOLE_LINK.insert().values(token_hash=token_hash, **values))


def find_link(tx: Tx, token_hash: bytes) -> Link | None:
    columns = (CONSOLE_LINK.c.user_id, CONSOLE_LINK.c.expires_ms, CONSOLE_LINK.c.used_ms)
    row = tx.execute(sa.select(*columns).where(CONSOLE_LINK.c.token_hash == token_hash)).one_or_none()
    return None if row is None else Link(*row)


def use_link(tx: Tx, token_hash: bytes, now_ms: int) -> bool:
    """Use up the link; False: it was used before, has expired, or there is none."""
    is_good = sa.and_(CONSOLE_LINK.c.used_ms.is_(None), CONSOLE_LINK.c.expires_ms > now_ms)
    statement = CONSOLE_LINK.update().where(CONSOLE_LINK.c.token_hash == token_hash, is_good)
    return tx.execute(statement.values(used_ms=now_ms)).rowcount == 1


def forget_links(tx: Tx, user_id: str | None, now_ms: int) -> None:
    """Delete the links that have expired, and those that nobody has used of this user; None: for somebody new."""
    whose = CONSOLE_LINK.c.user_id.is_(None) if user_id is None else CONSOLE_LINK.c.user_id == user_id
    is_left = sa.and_(whose, CONSOLE_LINK.c.used_ms.is_(None))
    tx.execute(CONSOLE_LINK.delete().where(sa.or_(CONSOLE_LINK.c.expires_ms <= now_ms, is_left)))
