"""Who may do what in the console: roles, names, passwords, and how long a session and a link are good."""

import hashlib
import unicodedata
from enum import StrEnum

from goldpan.contract.permission_catalogue import OwnerPermission, Permission

FEWEST_LETTERS_OF_A_PASSWORD = 12
MOST_LETTERS_OF_A_PASSWORD = 1000  # a bound on the work that a stranger may ask for
MOST_LETTERS_OF_A_NAME = 100
IDLE_MS = 30 * 60_000
SESSION_MS = 12 * 3_600_000
LINK_MS = 15 * 60_000
SEEN_EVERY_MS = 60_000  # a session is written this often at the most, and not at each of its requests
TOKEN_BYTES = 32


class ConsoleRole(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


_READING = frozenset(permission for permission in Permission if permission.endswith(":read"))

ROLE_PERMISSIONS = {
    ConsoleRole.OWNER: frozenset([*Permission, *OwnerPermission]),
    ConsoleRole.OPERATOR: _READING | {Permission.PROSPECTING_WRITE, Permission.AUDIENCES_WRITE},
    ConsoleRole.VIEWER: _READING,
}
"""What each role may do, in the words of API keys: the same operations ask the same question."""


def clean_name(text: str) -> str:
    """Return a name as it is shown.

    Raises:
        ValueError: there is nothing in it, too much, or letters that nobody sees.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > MOST_LETTERS_OF_A_NAME:
        raise ValueError(f"A name has 1 to {MOST_LETTERS_OF_A_NAME} letters.")
    if not name.isprintable():
        raise ValueError("A name has letters that can be seen.")
    return name


def name_key(name: str) -> str:
    """Return the name as it is compared, as its owner chose it or as somebody typed it."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def check_password(password: str, name: str) -> None:
    """Raise ValueError, with words for whoever chose it, unless the password is one to live with."""
    if len(password) < FEWEST_LETTERS_OF_A_PASSWORD:
        raise ValueError(f"The password needs {FEWEST_LETTERS_OF_A_PASSWORD} letters or more.")
    if len(password) > MOST_LETTERS_OF_A_PASSWORD:
        raise ValueError(f"The password may have {MOST_LETTERS_OF_A_PASSWORD} letters at the most.")
    if len(set(password)) < 4 or name_key(password) == name_key(name):
        raise ValueError("That password is too easy to guess: several words are better.")


def hash_token(token: str) -> bytes:
    # as for API keys, a plain hash is enough: a token has 256 random bits
    return hashlib.sha256(token.encode(errors="replace")).digest()


def is_session_good(created_ms: int, seen_ms: int, now_ms: int) -> bool:
    return now_ms < min(created_ms + SESSION_MS, seen_ms + IDLE_MS)
