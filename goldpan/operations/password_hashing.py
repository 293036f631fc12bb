"""How passwords are kept and compared: argon2id, slow on purpose, so never in the event loop."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether this is the password; it takes as long where there is none, so that nobody learns who exists."""
    try:
        return _hasher().verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # the library's parameters: those of RFC 9106 for little memory


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this one")
