"""One row of a people file as a person: cleans its cells, and says why a row is none."""

import re
import unicodedata
from collections.abc import Sequence

from goldpan.domain.directory_rules import DirectoryRecord
from goldpan.domain.identity_rules import (
    LONGEST_URL,
    InvalidProfileUrl,
    ProfileRef,
    UnusableUrl,
    canonical_profile_url,
    parse_profile_url,
    split_linkedin_url,
)
from goldpan.domain.provider_port import Person
from goldpan.providers.people_file_dialects import Header, functions_of, seniority_of

Profile = tuple[str | None, str | None]
"""A person's public identifier and provider id: a row may tell both."""

LONGEST_CELL = 10_000

# Control characters, and those that turn the text around them or are not there at all.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_SPACES = re.compile(r"[\t\n\r\v\f\x85]+")
_EMAIL = re.compile(r"[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+\.[^\s@<>\"(),;:.]+")
_WEB_URL = re.compile(r"https?://[^\s/]+\.[^\s]+", re.IGNORECASE)
_WEBSITE = re.compile(r"(?:https?://)?[^\s/:@]+\.[^\s/:@]+(?:/\S*)?", re.IGNORECASE)
_COMPANY_URL = re.compile(
    r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:sales/)?company/([^/?#\s]+)", re.IGNORECASE | re.ASCII
)
# What is not at LinkedIn but wants to be taken for it, or would run where somebody opens it.
_HOSTILE_URL = re.compile(
    r"^\W*(?:javascript|vbscript|data|file|blob)\s*:|(?:linked|inkedin)[^\s.]*\.\S|/(?:in|pub|sales|talent)/"
    r"|://[^/\s]*(?:xn--|[^\x00-\x7f])",
    re.IGNORECASE,
)
_NOTHING = {"n/a", "na", "-", "none", "null", "undefined", "#n/a"}


class RejectedRow(Exception):
    """The row is no person that we can keep; the message says why."""


def clean(text: str) -> str | None:
    """Return the text in NFC and without control characters; None: nothing is left."""
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", _SPACES.sub(" ", text)))
    return text.strip() or None


def is_email(text: str) -> bool:
    return len(text) <= 320 and _EMAIL.fullmatch(text) is not None


def person_of_profile(profile: ProfileRef, name: str | None) -> DirectoryRecord:
    """Return the person of whom only the profile is known, and perhaps the name."""
    return DirectoryRecord(_person({"name": name}, (profile.public_identifier, profile.provider_id)))


class RowReader:
    """Turns the cells of a row into a person, as the file's head says where everything is."""

    def __init__(self, header: Header) -> None:
        self._columns = header.columns
        self._places = header.places()
        self._profile_places = self._places.get("profile_url", []) + self._places.get("provider_id", [])
        self._used_places = sorted(place for places in self._places.values() for place in places)
        self._email_places = self._places.get("email", [])

    def read(self, cells: Sequence[str]) -> DirectoryRecord | None:
        """Return the person in the cells; None: all of them are empty.

        Raises:
            RejectedRow: the cells are no person, or none that could be told from others.
        """
        width = len(self._columns)
        if len(cells) > width and any(cells[width:]):
            raise RejectedRow(f"{len(cells)} columns where the header has {width}")
        texts = [clean(cell) for cell in cells[:width]]
        if not any(texts):
            return None
        texts += [None] * (width - len(texts))
        for place in self._used_places:
            text = texts[place]
            if text and len(text) > LONGEST_CELL:
                raise RejectedRow(f"the column {self._columns[place]!r} is longer than {LONGEST_CELL:,} characters")
        return self._to_record(texts)

    def _to_record(self, texts: list[str | None]) -> DirectoryRecord:
        told = {field: _first(texts, places) for field, places in self._places.items()}
        profile, problem = self._profile(texts)
        email, email_place = next(
            ((text, place) for place in self._email_places if (text := _email(texts[place]))), (None, None)
        )
        told["email"] = email
        if email_place is None or email_place != self._email_places[0]:
            told["email_status"] = None  # it was said of another address
        person = _person(told, profile)
        if profile is None and not email and not (person.name and person.company_name):
            raise RejectedRow(problem or "neither a profile URL nor an e-mail address, nor a name with a company")
        return DirectoryRecord(
            person=person,
            school=told.get("school"),
            seniority=seniority_of(told.get("seniority")),
            functions=functions_of(told.get("functions")),
        )

    def _profile(self, texts: list[str | None]) -> tuple[Profile | None, str | None]:
        """Return the profile that the row names, or else what is wrong with the cell that should name it.

        Raises:
            RejectedRow: it names no profile but an address that only looks like LinkedIn's, or a script.
        """
        slug = provider_id = problem = hostile = None
        for place in self._profile_places:
            text = texts[place]
            if not text or text.casefold() in _NOTHING:
                continue
            try:
                found = parse_profile_url(text)
            except InvalidProfileUrl as error:
                said = f"{self._columns[place]}: {error}"
                problem = problem or said
                if hostile is None and _is_hostile(text):
                    hostile = said
                continue
            slug = slug or found.public_identifier
            provider_id = provider_id or found.provider_id
        if slug or provider_id:
            return (slug, provider_id), None
        if hostile:
            raise RejectedRow(hostile)
        return None, problem


def _is_hostile(text: str) -> bool:
    """Return whether a text that names no profile is worse than a slip: a page at LinkedIn's own host is a slip."""
    try:
        split_linkedin_url(text)
    except UnusableUrl:
        return _HOSTILE_URL.search(text[:LONGEST_URL]) is not None
    return False


def _first(texts: list[str | None], places: list[int]) -> str | None:
    if len(places) == 1:
        return texts[places[0]]
    return next((text for place in places if (text := texts[place])), None)


def _person(told: dict[str, str | None], profile: Profile | None) -> Person:
    tell = told.get
    slug, provider_id = profile or (None, None)
    company_id, company_url, company_site = _company(tell("company_url"))
    return Person(
        linkedin_url=canonical_profile_url(ProfileRef(slug, None if slug else provider_id)) if profile else None,
        public_identifier=slug,
        provider_id=provider_id,
        first_name=tell("first_name"),
        last_name=tell("last_name"),
        name=tell("name") or _joined(" ", tell("first_name"), tell("last_name")),
        headline=tell("headline"),
        about=tell("about"),
        photo_url=_matching(_WEB_URL, tell("photo_url")),
        title=tell("title"),
        location=tell("location") or _joined(", ", tell("city"), tell("state"), tell("country")),
        email=tell("email"),
        email_status=(tell("email_status") or "").lower() or None,
        company_name=tell("company_name"),
        company_linkedin_identifier=company_id or tell("company_id"),
        company_linkedin_url=company_url,
        company_industry=tell("company_industry"),
        company_website=_matching(_WEBSITE, tell("company_website")) or company_site,
        company_size=tell("company_size"),
        company_location=_joined(", ", tell("company_city"), tell("company_state"), tell("company_country"))
        or tell("company_location"),
    )


def _company(url: str | None) -> tuple[str | None, str | None, str | None]:
    """Return a company's identifier and address at LinkedIn, or else its own site."""
    if not url or len(url) > LONGEST_URL:
        return None, None, None
    if found := _COMPANY_URL.match(url):
        return found[1], f"https://www.linkedin.com/company/{found[1]}", None
    return None, None, _matching(_WEB_URL, url)


def _email(text: str | None) -> str | None:
    bare = (text or "").removeprefix("mailto:")
    return bare if is_email(bare) else None


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    """Return the text if it is what the column should hold: a script or a note in its place is not kept."""
    return text if text and len(text) <= LONGEST_URL and pattern.fullmatch(text) else None


def _joined(separator: str, *parts: str | None) -> str | None:
    return separator.join([part for part in parts if part]) or None
