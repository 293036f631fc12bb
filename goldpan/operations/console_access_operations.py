"""How people get into the console: links that let them choose a password, signing in and out, and their sessions."""

import secrets
from dataclasses import dataclass, field

from goldpan.contract.permission_catalogue import OwnerPermission
from goldpan.domain.access_rules import Principal
from goldpan.domain.console_rules import (
    IDLE_MS,
    LINK_MS,
    ROLE_PERMISSIONS,
    SEEN_EVERY_MS,
    SESSION_MS,
    TOKEN_BYTES,
    ConsoleRole,
    check_password,
    clean_name,
    hash_token,
    is_session_good,
    name_key,
)
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.password_hashing import hash_password, is_password
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, console_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.console_table import ConsoleUser as ConsoleUser
from goldpan.storage.console_table import Link, Session
from goldpan.storage.database import Tx

MOST_GROUPS_OFFERED = 200
MOST_GROUPS_REACHED = 100_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is to get a link: somebody of that `name`, made if need be.

    `role` and `account_group_ids` are for somebody new alone: an owner if None, who reaches all if empty.
    """

    name: str
    role: ConsoleRole | None = None
    account_group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in, and the session."""

    user: ConsoleUser
    session: Session
    token: str = field(repr=False)

    def principal(self, *account_group_ids: str, is_test: bool = False) -> Principal:
        """Return the caller that operations are told of: this user in account groups that the user reaches.

        `is_test`: as with a test key, in the sandbox.
        """
        permissions = frozenset[str](ROLE_PERMISSIONS[ConsoleRole(self.user.role)])
        if not self.user.reaches_all:
            permissions -= {OwnerPermission.SYSTEM_READ}  # it tells of what all account groups share
        groups = frozenset(account_group_ids)
        bearer, way = f"role {self.user.role}", "tick “Try it in the sandbox” below"
        return Principal(self.user.id, is_test, permissions, groups, bearer, way)


def make_link(toolbox: Toolbox, invitation: Invitation | None = None) -> str:
    """Return the token of a new link, good once and for 15 minutes; without an invitation it makes a new owner.

    Raises:
        InvalidSetting: the name is none, an account group does not exist, or a role or account groups are given for
            somebody who is there already.
    """
    token, now_ms = secrets.token_urlsafe(TOKEN_BYTES), toolbox.now_ms()
    with toolbox.database.write() as tx:
        user_id = None if invitation is None else _invited(toolbox, tx, invitation)
        console_table.add_link(tx, hash_token(token), Link(user_id, now_ms + LINK_MS, None), now_ms)
    return token


def make_first_link(toolbox: Toolbox) -> str | None:
    """Return the token of a link that makes the first owner; None: somebody can sign in already."""
    return make_link(toolbox) if is_first_link_due(toolbox) else None


def is_first_link_due(toolbox: Toolbox) -> bool:
    """Return whether nobody can sign in yet."""
    with toolbox.database.read() as tx:
        return console_table.is_nobody_there(tx)


def _invited(toolbox: Toolbox, tx: Tx, invitation: Invitation) -> str:
    try:
        name = clean_name(invitation.name)
    except ValueError as error:
        raise InvalidSetting(str(error)) from error
    known = console_table.find_user(tx, name_key(name))
    if known is not None:
        return _unchanged(known, invitation).id
    group_ids = list(dict.fromkeys(invitation.account_group_ids))
    unknown = set(group_ids) - account_table.existing_groups(tx, group_ids)
    if unknown:
        raise InvalidSetting(f"there is no account group {', '.join(sorted(unknown))}")
    user = _new_user(toolbox, name, invitation.role or ConsoleRole.OWNER, reaches_all=not group_ids)
    if not console_table.add_user(tx, user, group_ids):
        raise InvalidSetting(f"somebody else has just taken the name {name}: try again")
    return user.id


def _unchanged(user: ConsoleUser, invitation: Invitation) -> ConsoleUser:
    if invitation.role is not None or invitation.account_group_ids:
        raise InvalidSetting(
            f"{user.name} is there already, with the role {user.role}: leave out role and account groups for a new "
            "password, or remove them first"
        )
    return user


def remove_user(toolbox: Toolbox, name: str) -> ConsoleUser:
    """End somebody's access at once: their sessions, their links and the user are gone.

    Raises:
        LookupError: nobody has that name.
    """
    with toolbox.database.write() as tx:
        user = console_table.find_user(tx, name_key(name))
        if user is None or not console_table.remove_user(tx, user.id):
            raise LookupError(f"nobody has the name {name}")
    return user


def _new_user(toolbox: Toolbox, name: str, role: ConsoleRole, *, reaches_all: bool) -> ConsoleUser:
    return ConsoleUser(toolbox.new_id(), name, name_key(name), None, role, reaches_all, toolbox.now_ms())


def name_on_link(toolbox: Toolbox, token: str) -> tuple[bool, str | None]:
    """Return whether the link can still be used, and the name of whom it is for; None: they choose one."""
    with toolbox.database.read() as tx:
        link = console_table.find_link(tx, hash_token(token))
        if link is None or link.used_ms is not None or link.expires_ms <= toolbox.now_ms():
            return False, None
        return True, None if link.user_id is None else console_table.read_user(tx, link.user_id).name


def use_link(toolbox: Toolbox, token: str, name: str, password: str) -> str | None:
    """Set the password of whom the link is for, and return the token of a new session; None: the link is no good.

    All other sessions of that user end. `name` matters for somebody new only.

    Raises:
        ValueError: name or password will not do; the message is for the one who chose them, and the link stays good.
    """
    is_good, known_name = name_on_link(toolbox, token)
    if not is_good:
        return None
    chosen = clean_name(name) if known_name is None else known_name
    check_password(password, chosen)
    password_hash = hash_password(password)  # before the transaction: nobody must wait for it
    session_token = secrets.token_urlsafe(TOKEN_BYTES)
    with toolbox.database.write() as tx:
        link = console_table.find_link(tx, hash_token(token))
        if link is None or not console_table.use_link(tx, hash_token(token), toolbox.now_ms()):
            return None
        user_id = _owner(toolbox, tx, chosen) if link.user_id is None else link.user_id
        console_table.set_password(tx, user_id, password_hash)
        console_table.end_sessions_of(tx, user_id)
        console_table.forget_links(tx, link.user_id, toolbox.now_ms())
        console_table.add_session(tx, hash_token(session_token), user_id, toolbox.now_ms())
    return session_token


def _owner(toolbox: Toolbox, tx: Tx, name: str) -> str:
    user = _new_user(toolbox, name, ConsoleRole.OWNER, reaches_all=True)
    if not console_table.add_user(tx, user, []):
        raise ValueError("Somebody has that name already: take another.")
    return user.id


def sign_in(toolbox: Toolbox, name: str, password: str, earlier_token: str | None) -> str | None:
    """Return the token of a new session; None: name and password do not fit. The browser's earlier session ends."""
    with toolbox.database.read() as tx:
        user = console_table.find_user(tx, name_key(name))
    if not is_password(password, user.password_hash if user else None) or user is None:
        return None
    token, now_ms = secrets.token_urlsafe(TOKEN_BYTES), toolbox.now_ms()
    with toolbox.database.write() as tx:
        # The password may have been changed while this one was compared, or is being changed right now.
        if console_table.hold_password(tx, user.id) != user.password_hash:
            return None
        if earlier_token is not None:
            console_table.end_session(tx, hash_token(earlier_token))
        console_table.forget_sessions(tx, now_ms - SESSION_MS, now_ms - IDLE_MS)
        console_table.add_session(tx, hash_token(token), user.id, now_ms)
    return token


def sign_out(toolbox: Toolbox, token: str) -> None:
    with toolbox.database.write() as tx:
        console_table.end_session(tx, hash_token(token))


async def find_signed_in(toolbox: Toolbox, token: str) -> SignedIn | None:
    """Return who bears the token of a session; None: nobody, or not any more."""
    found = await console_table.find_session(toolbox.database, hash_token(token))
    if found is None:
        return None
    session, user = found
    is_good = is_session_good(session.created_ms, session.seen_ms, toolbox.now_ms())
    return SignedIn(user, session, token) if is_good else None


def needs_note(toolbox: Toolbox, who: SignedIn, account_group_id: str | None) -> bool:
    """Return whether this use of a session is news: the last one is a while ago, or was for another account group."""
    is_elsewhere = account_group_id is not None and account_group_id != who.session.account_group_id
    return is_elsewhere or toolbox.now_ms() - who.session.seen_ms >= SEEN_EVERY_MS


def note_use(toolbox: Toolbox, who: SignedIn, account_group_id: str | None) -> None:
    with toolbox.database.write() as tx:
        console_table.note_session(tx, hash_token(who.token), account_group_id, toolbox.now_ms())


async def reached_group(toolbox: Toolbox, who: SignedIn, account_group_id: str) -> AccountGroup | None:
    """Return the account group; None: there is none, or the user does not reach it."""
    return await console_table.find_group(toolbox.database, account_group_id, who.user.id)


async def principal_everywhere(toolbox: Toolbox, who: SignedIn) -> Principal:
    """Return the caller in all account groups that the user reaches."""
    groups = await console_table.groups_of_user(toolbox.database, who.user.id, MOST_GROUPS_REACHED)
    return who.principal(*(group.id for group in groups))


async def reached_groups(toolbox: Toolbox, who: SignedIn) -> list[AccountGroup]:
    """Return the account groups that the user may choose from, the newest first."""
    return await console_table.groups_of_user(toolbox.database, who.user.id, MOST_GROUPS_OFFERED)
