"""Who may do what: keys, what they carry, and the one question that every operation asks first."""

import hashlib
import hmac
import ipaddress
import re
import zlib
from dataclasses import dataclass, field

from goldpan.contract.error_catalogue import ErrorKind, InvalidField, Problem, invalid
from goldpan.contract.paging import is_object_id
from goldpan.contract.permission_catalogue import OwnerPermission, Permission

KEY_ID_LENGTH = 8
SECRET_LENGTH = 32
CHECKSUM_LENGTH = 6
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# The underscore after eight characters keeps secret scanners from taking our keys for another company's.
_KEY = re.compile(
    rf"sk_(live|test)_([0-9A-Za-z]{{{KEY_ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})",
    re.ASCII,
)

NO_SUCH_GROUP = "The key has no access to this account group"


@dataclass(frozen=True, slots=True)
class KeyText:
    """The parts of an API key as its bearer sends it."""

    id: str
    secret: str = field(repr=False)
    is_test: bool


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: one valid key, and what it carries; or somebody in the console, whose role says what they may.

    `key_id` is the key's id or the console user's; `bearer` is the word for what carries the permissions, and
    `way_to_the_sandbox` what to do to be served by it.
    """

    key_id: str
    is_test: bool
    permissions: frozenset[str]
    account_group_ids: frozenset[str]
    bearer: str = "key"
    way_to_the_sandbox: str = "try the sandbox with a test key (sk_test_…)"

    def require_permission(self, permission: Permission | OwnerPermission) -> None:
        """Raise FORBIDDEN unless the caller carries `permission`."""
        if permission not in self.permissions:
            raise Problem(ErrorKind.FORBIDDEN, f"The {self.bearer} lacks the permission {permission}")

    def require(self, permission: Permission | OwnerPermission, account_group_id: str) -> None:
        """Raise FORBIDDEN unless the caller carries `permission` and reaches the account group."""
        self.require_permission(permission)
        require_object_id("accountGroupId", account_group_id)
        if account_group_id not in self.account_group_ids:
            raise Problem(ErrorKind.FORBIDDEN, NO_SUCH_GROUP)


def require_object_id(name: str, text: str) -> None:
    if not is_object_id(text):
        raise invalid([InvalidField("path", name, "must be 24 lower-case hex digits")])


def caller_of(address: str) -> str:
    """Return by what the tries of an address are counted: of IPv6 the first half, as whoever has one has them all."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed.packed, 64), strict=False))


def make_key(is_test: bool, key_id: str, secret: str) -> str:
    """Return the text that the bearer keeps: `sk_live_<8 id>_<32 secret + 6 checksum>`."""
    body = f"sk_{'test' if is_test else 'live'}_{key_id}_{secret}"
    return body + _checksum(body)


def key_id_of_form(account_group_id: str, form_id: str) -> str:
    """Return the id of the key that a form makes: the same form can make no second one."""
    number = int.from_bytes(hashlib.sha256(f"{account_group_id} {form_id}".encode()).digest())
    digits = (number // len(ALPHABET) ** place % len(ALPHABET) for place in range(KEY_ID_LENGTH))
    return "".join(ALPHABET[digit] for digit in digits)


def read_key(text: str) -> KeyText | None:
    """Return the parts of a well-formed key; None for anything else, so that junk costs no database read."""
    match = _KEY.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text[:-CHECKSUM_LENGTH]), match[4]):
        return None
    return KeyText(match[2], match[3], match[1] == "test")


def hash_secret(secret: str) -> bytes:
    # a plain hash is enough: the secret has 190 random bits, and a slow hash would let strangers burn our time
    return hashlib.sha256(secret.encode()).digest()


def is_secret(secret: str, secret_hash: bytes) -> bool:
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def _checksum(body: str) -> str:
    """Tells a mistyped key from a wrong one without asking the database."""
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
