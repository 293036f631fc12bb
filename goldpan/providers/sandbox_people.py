"""Invented people: each is one number, told by its slug and by its provider id alike, and always the same."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from goldpan.domain.identity_rules import ProfileRef, canonical_profile_url, member_number
from goldpan.domain.provider_port import Person
from goldpan.providers import sandbox_names as names

# Numbers have 48 bits: the lower 32 are the member number, the upper 16 keep the people of two searches apart.
_NUMBER_BYTES = 6
_MEMBER_BITS = 32
_CLASSIC_ID = bytes.fromhex("002A0000")
_NUMBER_IN_SLUG = re.compile(r"-([0-9a-f]{12})\Z")

T = TypeVar("T")


class Dice:
    """Chance that depends on the key and the question alone: a question added later changes no earlier answer."""

    def __init__(self, key: object) -> None:
        self._key = str(key)

    def roll(self, question: str, sides: int) -> int:
        """Return a number from 0 to `sides` - 1."""
        return int.from_bytes(sha256(f"{self._key}/{question}".encode()).digest()[:8], "big") % sides

    def pick(self, question: str, options: Sequence[T]) -> T:
        return options[self.roll(question, len(options))]

    def happens(self, question: str, percent: int) -> bool:
        return self.roll(question, 100) < percent


@dataclass(frozen=True, slots=True)
class FullName:
    """A name as its owner writes it; `address` spells it in a to z (`zoe-de-vries`), `slug` as in the profile's URL."""

    first_name: str
    last_name: str | None
    name: str
    address: str
    slug: str


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company; `identifier` is its slug."""

    name: str
    identifier: str
    domain: str
    industry: str
    size: str
    location: str


def number_from(text: str) -> int:
    """Return the number that `text` always gives."""
    return int.from_bytes(sha256(text.encode()).digest()[:_NUMBER_BYTES], "big")


def person_of_number(number: int) -> Person:
    """Return the search row of person `number`; a number past the last one begins again at the first."""
    number %= 1 << (8 * _NUMBER_BYTES)
    dice = Dice(number)
    full_name = invent_name(dice)
    company = invent_company(dice)
    person = Person(
        provider_id=_provider_id(number),
        first_name=full_name.first_name,
        last_name=full_name.last_name,
        name=full_name.name,
        headline=_headline(dice, company) if dice.happens("has a headline", 92) else None,
        photo_url=f"https://photos.sandbox.example/{number:012x}.jpg" if dice.happens("has a photo", 70) else None,
        location=invent_place(dice) if dice.happens("shows the location", 60) else None,
    )
    return _with_slug(person, _slug(number))


def person_of_profile(profile: ProfileRef) -> Person:
    """Return the person whose slug or provider id is exactly the one of `profile`."""
    if profile.public_identifier is not None:
        return _with_slug(person_of_number(_number_of_slug(profile.public_identifier)), profile.public_identifier)
    assert profile.provider_id is not None
    return replace(person_of_number(_number_of_id(profile.provider_id)), provider_id=profile.provider_id)


def enrichment_of(public_identifier: str, search_emails: bool) -> Person | None:
    """Return what more is known of the person with this slug; None: nothing, as for one in twenty."""
    number = _number_of_slug(public_identifier)
    dice = Dice(number)
    if dice.happens("is unknown to enrichment", 5):
        return None
    company = invent_company(dice)
    found = Person(
        title=invent_title(dice),
        location=invent_place(dice),
        about=_about(dice, company) if dice.happens("says something about itself", 60) else None,
        company_name=company.name,
        company_linkedin_identifier=company.identifier,
        company_linkedin_url=f"https://www.linkedin.com/company/{company.identifier}",
        company_industry=company.industry,
        company_website=f"https://{company.domain}",
        company_size=company.size,
        company_location=company.location,
    )
    if not search_emails or not dice.happens("has an e-mail address", 70):
        return found
    email = f"{invent_name(dice).address.replace('-', '.')}.{number % 10_000}@{company.domain}"
    return replace(found, email=email, email_status="verified" if dice.happens("is verified", 75) else "risky")


def invent_name(dice: Dice) -> FullName:
    """Return a name of somewhere in the world; some people go by one name."""
    culture = dice.pick("culture", names.CULTURES)
    given = dice.pick("given name", culture.given)
    has_family_name = bool(culture.family) and not dice.happens("goes by one name", 4)
    parts = [given, dice.pick("family name", culture.family)] if has_family_name else [given]
    address = _hyphenated(" ".join(part.ascii for part in parts))
    in_its_script = _hyphenated(" ".join(part.text for part in parts))
    slug = in_its_script if dice.happens("slug keeps its script", 15) else address
    if not has_family_name:
        return FullName(given.text, None, given.text, address, slug)
    family = parts[1].text
    credential = dice.pick("credential", names.CREDENTIALS) if dice.happens("shows a credential", 6) else ""
    name = culture.pattern.format(given=given.text, family=family)
    return FullName(given.text, family + credential, name + credential, address, slug)


def invent_place(dice: Dice) -> str:
    """Return where somebody lives, in a part of the world where the name is at home."""
    return dice.pick("place", dice.pick("culture", names.CULTURES).places)


def invent_company(dice: Dice) -> Company:
    """Return where somebody works; a company that two people share is the same in everything."""
    word = dice.pick("company word", names.COMPANY_WORDS)
    kind, industry = dice.pick("company kind", names.COMPANY_KINDS)
    identifier = names.to_ascii(f"{word}-{kind}")
    its = Dice(identifier)
    return Company(
        name=its.pick("form", names.COMPANY_FORMS).format(f"{word} {kind}"),
        identifier=identifier,
        domain=f"{identifier}.example",
        industry=industry,
        size=its.pick("size", names.COMPANY_SIZES),
        location=invent_place(its),
    )


def invent_title(dice: Dice) -> str:
    """Return what somebody does at work, sometimes in the language of the name."""
    local_titles = dice.pick("culture", names.CULTURES).titles
    speaks_english = not local_titles or dice.happens("has an English title", 60)
    return dice.pick("title", names.TITLES if speaks_english else local_titles)


def _headline(dice: Dice, company: Company) -> str:
    other_word = dice.pick("former company", names.COMPANY_WORDS)
    pattern = dice.pick("headline", names.HEADLINES)
    return pattern.format(title=invent_title(dice), company=company.name, other_word=other_word)


def _about(dice: Dice, company: Company) -> str:
    years = 2 + dice.roll("years", 25)
    pattern = dice.pick("about", names.ABOUTS)
    return pattern.format(
        title=invent_title(dice), company=company.name, industry=company.industry, years=years, since=2026 - years
    )


def _with_slug(person: Person, slug: str) -> Person:
    url = canonical_profile_url(ProfileRef(public_identifier=slug))
    return replace(person, public_identifier=slug, linkedin_url=url)


def _slug(number: int) -> str:
    return f"{invent_name(Dice(number)).slug}-{number:012x}"


def _number_of_slug(slug: str) -> int:
    told = _NUMBER_IN_SLUG.search(slug)
    # a slug that only looks like ours is somebody else
    return int(told[1], 16) if told and _slug(int(told[1], 16)) == slug else number_from(slug)


def _number_of_id(provider_id: str) -> int:
    """Return the number of the person with this id; an id that is not of our making still tells its member number."""
    member = member_number(provider_id)
    if member is None:
        return number_from(provider_id)
    upper_bits = int.from_bytes(base64.urlsafe_b64decode(provider_id + "=")[9:11], "big")
    number = (upper_bits << _MEMBER_BITS) + member
    # the first four letters tell classic from Sales Navigator and Recruiter: three ids of one person
    return number if _provider_id(number)[4:] == provider_id[4:] else member


def _provider_id(number: int) -> str:
    """Return the `ACoA…` id of person `number`, built as LinkedIn builds it: kind, member number, 1, signature."""
    upper_bits, member = divmod(number, 1 << _MEMBER_BITS)
    signature = upper_bits.to_bytes(2, "big") + sha256(f"signature of {number}".encode()).digest()[:18]
    raw = _CLASSIC_ID + member.to_bytes(4, "big") + b"\x01" + signature
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _hyphenated(text: str) -> str:
    """Return `text` as a slug spells it: small letters, a hyphen for each gap, no apostrophes and dots."""
    letters = re.sub(r"['\u2019\u02bb.]", "", text.casefold())
    return re.sub(r"[\s\u05be-]+", "-", letters).strip("-")
