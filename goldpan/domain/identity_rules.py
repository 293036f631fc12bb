"""Profile and post URLs in canonical form, and when two records are one person."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from unicodedata import normalize
from urllib.parse import SplitResult, quote, unquote, urlsplit

Bearer = TypeVar("Bearer")


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """One person's profile, canonical: exactly one of the two is set.

    `public_identifier` is the decoded, NFC, lower-case slug of `/in/{slug}`; `provider_id` is an id such as `ACoAA…`.
    """

    public_identifier: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class PostRef:
    """One post: `kind` is activity, ugcPost or share; `number` its 15 to 20 digits."""

    kind: str
    number: str


class UnusableUrl(ValueError):
    """Not a URL on LinkedIn's own hosts, or not the page that was wanted; the message says what it is instead."""


class InvalidProfileUrl(ValueError):
    """Not the URL of one person's profile; the message says what it is instead and what would be right."""


class InvalidPostUrl(ValueError):
    """Not the URL of one post; the message says what would be right."""


PROFILE_HINT = "a profile URL looks like https://www.linkedin.com/in/jane-doe"
POST_HINT = "a post URL looks like https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/"

LONGEST_URL = 2048
LONGEST_SLUG = 150

# Spaces, invisible marks and the punctuation that clings to a URL copied out of a sentence or a cell.
AROUND = " \t\r\n\v\f\u00a0\u3000\ufeff" + "".join(
    map(chr, [*range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F, 0x2060])
)
PUNCTUATION = ".,;:!?\"'`<>()[]{}\u2026\u201c\u201d\u2018\u2019\u00ab\u00bb"

# What LinkedIn makes of a page's first path segment.
PAGES = {
    "in": "a person's profile",
    "pub": "a person's old public profile",
    "company": "a company page",
    "school": "a school page",
    "showcase": "a showcase page",
    "groups": "a group",
    "feed": "the feed or a post",
    "embed": "a post",
    "posts": "a post",
    "pulse": "an article, whose address holds no post number",
    "article": "an article, whose address holds no post number",
    "newsletters": "a newsletter",
    "jobs": "a job page",
    "events": "an event",
    "search": "a search",
    "sales": "a Sales Navigator page",
    "talent": "a Recruiter page",
    "recruiter": "a Recruiter page",
    "mynetwork": "a page about your own network",
    "messaging": "a conversation",
    "learning": "a LinkedIn Learning page",
}

# The spellings of nearly every row of an import, at a tenth of the cost of the full way.
_COMMON_PROFILE = re.compile(
    r"https?://(?:www\.|[a-z]{2}\.)?linkedin\.com/in/((?=[_-]*[A-Za-z0-9])[A-Za-z0-9_-]{3,150})/?(?:[?#][!-\[\]-~]{0,1800})?"
)
_PLAIN_SLUG = re.compile(r"(?=[_-]*[A-Za-z0-9])[A-Za-z0-9_-]{3,150}")
# The lower-case letter tells an id from a slug that somebody wrote in capitals.
_PROVIDER_ID = re.compile(r"(?:AC[ow]|AEM)AA(?=[^a-z]*[a-z])[A-Za-z0-9_-]{7,95}")
ANY_PROVIDER_ID = re.compile(r"[A-Za-z0-9_:-]{1,100}")
_PROFILE_URN = re.compile(r"urn:li:[A-Za-z_]*profile:\(?([A-Za-z0-9_-]+).*", re.IGNORECASE | re.ASCII)
_MEMBER_URN = re.compile(r"urn:li:member:([0-9]{1,20})", re.IGNORECASE | re.ASCII)
_POST_URN = re.compile(r"urn:li:(activity|ugcPost|share):([0-9]{15,20})(?![0-9])", re.IGNORECASE | re.ASCII)
_POST_SLUG = re.compile(r"-(activity|ugcPost|share)-([0-9]{15,20})(?=[-/]|$)", re.IGNORECASE | re.ASCII)
_POST_KINDS = {"activity": "activity", "ugcpost": "ugcPost", "share": "share"}
_ID_PAGES = {("sales", "lead"), ("sales", "people"), ("talent", "profile")}
_MEMBER_ID_KINDS = {0x002A0000, 0x002C0000, 0x00430000}

# ASCII only: without it the Kelvin sign would pass for a k.
_LINKEDIN_HOST = re.compile(r"(?:(?:www|m|mobile|touch|[a-z]{2})\.)?linkedin\.com(?::(?:80|443))?", re.I | re.A)
_WEB_SCHEME = re.compile(r"https?://", re.I | re.A)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:(?![0-9])", re.I | re.A)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_IN_A_SLUG = re.compile(
    r"[\s/\\?#%<>\"@:|^`{}\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd\ud800-\uf8ff]"
)
_HEX_TAIL = re.compile(r"[0-9a-f]{1,3}", re.I | re.A)


def parse_profile_url(text: str) -> ProfileRef:
    """Return the profile that `text` names: a URL in any spelling, a profile URN or a bare provider id.

    Raises:
        InvalidProfileUrl: it names something else, or a host that only looks like LinkedIn.
    """
    if common := _COMMON_PROFILE.fullmatch(text):
        return _profile_of_segment(common[1])
    try:
        return _parse_rare_profile(text)
    except UnusableUrl as problem:
        raise InvalidProfileUrl(f"{problem}; {PROFILE_HINT}") from None


def parse_post_url(text: str) -> PostRef:
    """Return the post that `text` names: a URL in any spelling, or its bare URN.

    Raises:
        InvalidPostUrl: it names something else.
    """
    try:
        return _parse_post(text)
    except UnusableUrl as problem:
        raise InvalidPostUrl(f"{problem}; {POST_HINT}") from None


def canonical_profile_url(profile: ProfileRef) -> str:
    """Return the one spelling that we store and show: `https://www.linkedin.com/in/{slug or id}`."""
    return "https://www.linkedin.com/in/" + quote(profile.public_identifier or profile.provider_id or "", safe="")


def member_number(provider_id: str) -> int | None:
    """Return the member number inside an `ACo…`, `ACw…` or `AEM…` id; None: not such an id.

    The form is undocumented by LinkedIn: seen true on 12 of 12 pairs of id and member URN in Unipile's samples.
    """
    if len(provider_id) != 39 or not provider_id.isascii():
        return None
    try:
        raw = base64.b64decode(provider_id + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    if base64.urlsafe_b64encode(raw)[:39].decode() != provider_id or raw[8] != 1:
        return None
    return int.from_bytes(raw[4:8], "big") if int.from_bytes(raw[:4], "big") in _MEMBER_ID_KINDS else None


@lru_cache(4096)  # asked a dozen times of everybody on a page
def identity_keys(linkedin_url: str | None, public_identifier: str | None, provider_id: str | None) -> tuple[str, ...]:
    """Return the keys under which one person is known, strongest first: `in:{slug}`, `member:{n}`, `id:{provider id}`.

    Two records that share the first key are one person. A shared weaker key is a hint: it joins them only
    where their slugs do not differ. What cannot be read is as if it were not given.
    """
    by_name = _profile_of_name(public_identifier) if public_identifier else None
    by_url = _profile_of_url(linkedin_url) if linkedin_url else None
    slug = (by_name and by_name.public_identifier) or (by_url and by_url.public_identifier)
    ids = (provider_id, *(profile.provider_id for profile in (by_name, by_url) if profile))
    keys = [f"in:{slug}"] if slug else []
    keys += [key for key in map(provider_key, ids) if key]
    return tuple(dict.fromkeys(keys))


def slug_key(keys: Sequence[str]) -> str | None:
    """Return the key among a person's keys that is a slug, `in:{slug}`; None: the person has none."""
    return keys[0] if keys and keys[0].startswith("in:") else None


def provider_key(provider_id: str | None) -> str | None:
    """Return the key of a provider id, `member:{n}` or `id:{provider id}`; None: there is none."""
    return _key_of_id(provider_id) if provider_id and provider_id.strip() else None


def is_provider_id(text: str) -> bool:
    """Return whether somebody may be asked for by this id: LinkedIn's, a member URN, or a provider's own."""
    return ANY_PROVIDER_ID.fullmatch(text) is not None


def find_bearer(
    keys: Sequence[str], bearers: Mapping[str, Bearer], may_join: Callable[[str, Bearer], bool]
) -> Bearer | None:
    """Return who bears a person's keys: the strongest decides, a weaker one only where it may join the two."""
    for key in keys:
        bearer = bearers.get(key)
        if bearer is not None and (key == keys[0] or may_join(key, bearer)):
            return bearer
    return None


def split_linkedin_url(text: str, longest: int = LONGEST_URL) -> SplitResult:
    """Return the parts of a URL on one of LinkedIn's own hosts; one without a scheme is taken as https.

    Raises:
        UnusableUrl: too long, control characters, another scheme, or a host that is not LinkedIn's.
    """
    url = _strip(text, AROUND, longest)
    if _UNSAFE.search(url):
        raise UnusableUrl("This holds a control character or a backslash, which no URL does")
    url = _with_scheme(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UnusableUrl("This is no URL") from None
    if not _LINKEDIN_HOST.fullmatch(parts.netloc):
        raise UnusableUrl(_why_not_linkedin(parts))
    return parts


def name_page(path: str) -> str:
    """Return what kind of LinkedIn page `path` is, in words that follow "This is …"."""
    return PAGES.get(path.strip("/").split("/")[0].lower(), "another page of LinkedIn")


def _strip(text: str, characters: str = AROUND + PUNCTUATION, longest: int = LONGEST_URL) -> str:
    if len(text) > longest:
        raise UnusableUrl(f"This is longer than {longest} characters")
    stripped = text.strip(characters)
    if not stripped:
        raise UnusableUrl("This is empty")
    return stripped


def _with_scheme(url: str) -> str:
    if _WEB_SCHEME.match(url):
        return url
    if url.startswith("//"):
        return f"https:{url}"
    if scheme := _ANY_SCHEME.match(url):
        raise UnusableUrl(f"A URL with `{scheme[0][:30]}` is no web address")
    return f"https://{url}"


def _why_not_linkedin(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2].lower()
    if "@" in parts.netloc:
        return "This URL carries a user name before an @, as forged links do"
    if host in ("lnkd.in", "www.lnkd.in"):
        return "lnkd.in is a short link that only LinkedIn can follow: open it and copy the address it leads to"
    if _LINKEDIN_HOST.fullmatch(host.partition(":")[0]):
        return "This URL names a port that LinkedIn does not use"
    # escapes show the letters that only look like LinkedIn's
    return f"`{host[:60].encode('ascii', 'backslashreplace').decode()}` is not LinkedIn"


def _parse_rare_profile(text: str) -> ProfileRef:
    bare = _strip(text)
    if urn := _PROFILE_URN.fullmatch(bare):
        bare = urn[1]
    if _PROVIDER_ID.fullmatch(bare):
        return ProfileRef(provider_id=bare)
    if _MEMBER_URN.fullmatch(bare):
        raise UnusableUrl("A member number alone has no profile page")
    segments = [segment for segment in split_linkedin_url(bare).path.split("/") if segment]
    if any(unquote(segment) in (".", "..") for segment in segments):
        raise UnusableUrl("This URL climbs through folders with `..`")
    if segments and segments[0].lower() in ("mwlite", "comm"):
        del segments[0]
    return _profile_of_path(segments)


def _profile_of_path(segments: list[str]) -> ProfileRef:
    kinds = tuple(segment.lower() for segment in segments[:2])
    if kinds == ("in",) or kinds == ("pub",):
        raise UnusableUrl(f"The person's name after /{kinds[0]}/ is missing")
    if kinds[:1] == ("in",):
        return _profile_of_segment(segments[1])
    if kinds[:1] == ("pub",):
        return _profile_of_pub(segments[1:])
    if kinds in _ID_PAGES and len(segments) > 2:
        return _profile_of_id(segments[2])
    raise UnusableUrl(f"This is {name_page('/'.join(segments))}, not one person's profile")


def _profile_of_segment(segment: str) -> ProfileRef:
    decoded = segment if _PLAIN_SLUG.fullmatch(segment) else _decode(segment)
    if _PROVIDER_ID.fullmatch(decoded):
        return ProfileRef(provider_id=decoded)
    return ProfileRef(public_identifier=_clean_slug(decoded))


def _profile_of_id(segment: str) -> ProfileRef:
    provider_id = _decode(segment).partition(",")[0].strip(PUNCTUATION)
    if not _PROVIDER_ID.fullmatch(provider_id):
        raise UnusableUrl("The id of the person (`ACwAA…`, `ACoAA…` or `AEMAA…`) is missing or damaged")
    return ProfileRef(provider_id=provider_id)


def _profile_of_pub(segments: list[str]) -> ProfileRef:
    """Turn `/pub/{name}/{a}/{b}/{c}` into the slug it redirects to.

    Source: the README of the package linkedin-canonical-url (read 2026-11-23): c and b padded to three digits.
    That a lone zero as `a` is left out is inferred from slugs that end in six digits.
    """
    name, tail = segments[0], segments[1:]
    if name.lower() == "dir":
        raise UnusableUrl("This is a directory of people who share a name, not one person's profile")
    if len(tail) in (3, 4) and all(_HEX_TAIL.fullmatch(part) for part in tail[:3]):
        return _profile_of_segment(f"{name}-{tail[2].zfill(3)}{tail[1].zfill(3)}{tail[0] if tail[0] != '0' else ''}")
    if len(tail) == 0 or (len(tail) == 1 and len(tail[0]) == 2):
        return _profile_of_segment(name)
    raise UnusableUrl("This old /pub/ address is incomplete")


def _decode(segment: str) -> str:
    """Undo percent-encoding, also where an export encoded twice: a slug holds no % of its own."""
    for _ in range(2):
        if _STRAY_PERCENT.search(segment):
            raise UnusableUrl("A % in this URL is not followed by two hexadecimal digits")
        try:
            segment = unquote(segment, errors="strict")
        except UnicodeDecodeError:
            raise UnusableUrl("The percent-encoding of this URL is not UTF-8") from None
        if "%" not in segment:
            break
    return segment


def _clean_slug(decoded: str) -> str:
    if _PLAIN_SLUG.fullmatch(decoded):
        return decoded.lower()
    # Lower-casing can undo NFC, as of the Turkish dotted I.
    slug = normalize("NFC", normalize("NFC", decoded).lower()).strip(AROUND + PUNCTUATION)
    if not slug.strip("-_"):
        raise UnusableUrl("The person's name in this URL is empty")
    if len(slug) > LONGEST_SLUG or _NOT_IN_A_SLUG.search(slug):
        raise UnusableUrl("The person's name in this URL is too long or holds characters that no profile name has")
    if slug == "me":
        raise UnusableUrl("/in/me is whoever is logged in")
    return slug


def _profile_of_name(public_identifier: str) -> ProfileRef | None:
    try:
        return _profile_of_segment(public_identifier.strip(AROUND))
    except UnusableUrl:
        return None


def _profile_of_url(linkedin_url: str) -> ProfileRef | None:
    try:
        return parse_profile_url(linkedin_url)
    except InvalidProfileUrl:
        return None


def _key_of_id(provider_id: str) -> str:
    bare = provider_id.strip()
    if urn := _MEMBER_URN.fullmatch(bare):
        return f"member:{int(urn[1])}"
    if urn := _PROFILE_URN.fullmatch(bare):
        bare = urn[1]
    number = member_number(bare)
    return f"id:{bare}" if number is None else f"member:{number}"


def _parse_post(text: str) -> PostRef:
    stripped = _strip(text)
    found = _POST_URN.fullmatch(stripped)
    if not found:
        parts = split_linkedin_url(stripped)
        path = unquote(unquote(parts.path))
        found = _POST_URN.search(path) or next(iter(reversed(list(_POST_SLUG.finditer(path)))), None)
        if not found:
            raise UnusableUrl(f"This is {name_page(path)} without a post number of 15 to 20 digits")
    return PostRef(kind=_POST_KINDS[found[1].lower()], number=found[2])
