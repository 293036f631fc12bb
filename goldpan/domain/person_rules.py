"""Who a record of a person is: the keys it is known under, when two records are one, what one adds to the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from goldpan.domain.directory_rules import PERSON_FIELDS, tokens_of
from goldpan.domain.identity_rules import identity_keys, provider_key, slug_key
from goldpan.domain.mailbox_rules import mailbox_keys, normal_address
from goldpan.domain.provider_port import Person

ADDRESS_FIELDS = ("public_identifier", "linkedin_url")
WORK_FIELDS = ("title", *(name for name in PERSON_FIELDS if name.startswith("company_")))


@dataclass(frozen=True, slots=True)
class Learned:
    """News of a stored person by field, and the keys that they get by it: those that nobody bears."""

    news: dict[str, str]
    free_keys: list[str]


def person_keys(person: Person) -> tuple[str, ...]:
    """Return the keys under which a person is known, strongest first: see `identity_keys` and `mailbox_keys`."""
    keys = identity_keys(person.linkedin_url, person.public_identifier, person.provider_id)
    return keys + mailbox_keys(person.email, name_words(person)) if person.email else keys


def name_words(person: Person) -> frozenset[str]:
    """Return all words of a person's names without case and accents; empty: none is known."""
    return frozenset(tokens_of(" ".join(filter(None, (person.name, person.first_name, person.last_name)))))


def may_join(key: str, one: Person, other: Person) -> bool:
    """Return whether a key that is not a record's strongest joins it with the person who bears the key.

    Different slugs say no to any. Different member numbers say no to an address. Different names say no to an address
    that is all the two share; a name that is not known, or a part of the other one, is not different.
    """
    if _differ(_slug(one), _slug(other)):
        return False
    if not key.startswith(("mailbox:", "email:")):
        return True
    if _differ(_member(one), _member(other)):
        return False
    return key.startswith("mailbox:") or _agree(name_words(one), name_words(other))


def news_of(known: Person, told: Person) -> dict[str, str]:
    """Return what `told` adds to `known`, by field; what we had stays.

    Only two things are replaced: an address by number by that of a slug that we lacked, and a name by one that has all
    its words and more, so that the next "Anna" with another surname is told from this one. What belongs together comes
    together: the status of an address with the address, a title and the facts of a company with the company, the slug
    with its URL.
    """
    left_out = _fields_of_something_else(known, told)
    news = {
        name: value
        for name in PERSON_FIELDS
        if (value := getattr(told, name)) is not None and getattr(known, name) is None and name not in left_out
    }
    if told.linkedin_url and _slug(known) is None and _slug(Person(linkedin_url=told.linkedin_url)) == _slug(told):
        news["linkedin_url"] = told.linkedin_url
    if known.name and told.name and set(tokens_of(known.name)) < set(tokens_of(told.name)):
        news["name"] = told.name
    return {name: value for name, value in news.items() if value != getattr(known, name)}


def learned_keys(known: Person, told: Person) -> tuple[str, ...]:
    """Return the keys that a stored person has once everything that was told of them is taken for true."""
    return person_keys(replace(known, **news_of(known, told)))


def settle_facts(known: Person, told: Person, bearers: Mapping[str, str], prospect_id: str) -> Learned:
    """Return what was learned of a stored person.

    `bearers`: who bears the person's `learned_keys` already. A slug that somebody else bears is not learned.
    """
    slug = _slug(told)
    if slug is not None and bearers.get(slug, prospect_id) != prospect_id:
        told = replace(told, **dict.fromkeys(ADDRESS_FIELDS))
    news = news_of(known, told)
    return Learned(news, [key for key in learned_keys(known, told) if key not in bearers])


def _fields_of_something_else(known: Person, told: Person) -> set[str]:
    left_out: set[str] = set()
    if known.email and normal_address(known.email) != normal_address(told.email or ""):
        left_out.add("email_status")
    if _differ(tokens_of(known.company_name or ""), tokens_of(told.company_name or "")):
        left_out.update(WORK_FIELDS)
    if _slug(told) is None:
        left_out.add("public_identifier")
    elif _differ(_slug(known), _slug(told)):
        left_out.update(ADDRESS_FIELDS)
    return left_out


def _slug(person: Person) -> str | None:
    return slug_key(identity_keys(person.linkedin_url, person.public_identifier, None))


def _member(person: Person) -> str | None:
    key = provider_key(person.provider_id)
    return key if key and key.startswith("member:") else None


def _differ(one: object, other: object) -> bool:
    """Return whether both are known and not the same."""
    return bool(one and other) and one != other


def _agree(one: frozenset[str], other: frozenset[str]) -> bool:
    return one <= other or other <= one
