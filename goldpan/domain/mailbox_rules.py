"""E-mail addresses as keys: when two spellings are one address, and which mailboxes several people read."""

import re
import unicodedata

LONGEST_ADDRESS = 254  # characters, RFC 5321
LONGEST_NAME = 200  # characters of a key: PostgreSQL's index takes 2,704 bytes

_LOCAL = re.compile(r"[^\s@\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]{1,64}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SEPARATORS = re.compile("[-._+]")

# RFC 2142, and what companies call the mailboxes of a desk: no address of these tells who wrote.
_ROLE_WORDS = """
abuse accounting accounts admin administration administrator admissions all apply billing board bonjour booking
bookings buchhaltung buero business care career careers comercial commercial community company contact contacto
contactus contato contatti customer customercare customers customerservice customersupport dataprotection dev
developers donotreply dpo editor email empfang enquiries enquiry events everyone feedback finance founders frontdesk
ftp gdpr general hallo hello help helpdesk hey hi hostmaster hr ideas info information inquiries inquiry investor
investors invoice invoices it jobs join kontakt kundenservice legal list mail mailbox mailer marketing media members
news newsletter noc noreply notifications office officemanager operations order orders partner partners partnerships
people post postmaster pr press presse privacy procurement projects purchasing reception rechnung recruiting
recruitment register registration request reservations rh root sales secretariat security sekretariat service services
shop social sponsor staff store studio subscribe subscriptions support talent team tech technik training usenet uucp
vendas ventas verkauf vertrieb verwaltung web webmaster welcome work www
"""
ROLES = frozenset(_ROLE_WORDS.split())


def normal_address(email: str) -> str | None:
    """Return the one spelling of an address: NFKC, lower case, the domain as DNS has it; None: it is no address.

    Dots and what follows a `+` stay: whether they matter is the mail server's own affair.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).lower()).strip()
    local, at, domain = text.rpartition("@")
    if not at or len(text) > LONGEST_ADDRESS or not _LOCAL.fullmatch(local):
        return None
    domain = _ascii_domain(domain)
    return f"{local}@{domain}" if domain and all(map(_LABEL.fullmatch, domain.split("."))) else None


def mailbox_keys(email: str | None, name_words: frozenset[str]) -> tuple[str, ...]:
    """Return the keys of a mailbox, strongest first: `mailbox:{address} {name}`, `email:{address}`.

    The first is one reader's, by name. The second is the mailbox's; one that several people read has none.
    """
    address = normal_address(email) if email else None
    if address is None:
        return ()
    reader = f"mailbox:{address} {' '.join(sorted(name_words))[:LONGEST_NAME]}".rstrip()
    if is_shared(address):
        return (reader,)
    return (reader, f"email:{address}") if name_words else (f"email:{address}",)


def is_shared(address: str) -> bool:
    """Return whether the address is a desk's, such as `info@` or `sales-emea@`, and not one person's."""
    local = address.rpartition("@")[0]
    return bool({_SEPARATORS.split(local)[0], _SEPARATORS.sub("", local)} & ROLES)


def _ascii_domain(domain: str) -> str:
    """Return the domain with `xn--` labels where it is international; empty: it cannot be one."""
    if domain.isascii():
        return domain
    import idna  # rare, and slow to import: a command must start in a moment

    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""
