"""How people of the user's own files are found: which tokens index a person, and a Search as a query over tokens."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from hashlib import sha256
from typing import assert_never

from goldpan.domain.identity_rules import identity_keys, member_number
from goldpan.domain.keyword_rules import AllOf, AnyOf, Excluding, Expression, Words
from goldpan.domain.provider_port import Person, Refusal
from goldpan.domain.search_rules import Criterion, CriterionValue, Search, SearchField
from goldpan.domain.search_vocabulary import (
    FUNCTIONS,
    HEADCOUNTS,
    SENIORITIES,
    filter_name,
    functions_of_title,
    headcount_of,
    seniority_of_title,
)


@dataclass(frozen=True, slots=True)
class DirectoryRecord:
    """One person of a file: what the port knows of people, and what else the index looks at.

    `seniority` is the id of a level, `functions` the ids of functions, separated by one space, where the file tells
    them; None: the title must do. Texts are clean as in Person.
    """

    person: Person
    school: str | None = None
    seniority: str | None = None
    functions: str | None = None


@dataclass(frozen=True, slots=True)
class Everybody:
    """Everybody in the account group."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """People whose document holds these tokens next to each other, in this order."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[IndexQuery, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    parts: "tuple[IndexQuery, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    wanted: "IndexQuery"
    unwanted: "IndexQuery"


IndexQuery = Everybody | Phrase | Every | Either | Without

GAP = "_"
"""A token that no query holds: it keeps phrases from running across two fields."""

PERSON_FIELDS = tuple(field.name for field in fields(Person))
LONGEST_TOKEN = 60
MOST_TOKENS = 3_000  # PostgreSQL's limit is 1 MB a document
MOST_REPEATS = 255  # PostgreSQL forgets further places of one token
DEEPEST_QUERY = 30

# A field's token stands in the document twice: bare for keywords, and with its prefix for the field itself.
_PREFIXES = {
    SearchField.KEYWORDS: "",
    SearchField.TITLE: "t_",
    SearchField.COMPANY: "c_",
    SearchField.FIRST_NAME: "f_",
    SearchField.LAST_NAME: "l_",
    SearchField.SCHOOL: "s_",
    SearchField.LOCATION: "p_",
    SearchField.INDUSTRY: "i_",
}
_CODES = {
    SearchField.HEADCOUNT: ("h_", HEADCOUNTS),
    SearchField.SENIORITY: ("n_", SENIORITIES),
    SearchField.FUNCTION: ("u_", FUNCTIONS),
}
_SCOPE, _MEMBER = "g_", "m_"

# Thai to Khmer, kana, Han, Hangul: written without spaces, or searched by parts of words.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_ALONE += "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs of India are no letters to `re`, but parts of words.
_TOKEN = re.compile(f"[{_ALONE}]|(?:[^\\W_{_ALONE}]|[\u0900-\u0963\u0966-\u0dff])+")
_ASCII_TOKEN = re.compile("[a-z0-9]+")
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and what is not seen at all.
_UNSEEN = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_SIGNS = re.compile(r"(?<=\w)(\+\+|#)")  # C++ and C# are not C
_SIGN_WORDS = {"++": "plusplus", "#": "sharp"}
_NUMBER = re.compile(r"(\d[\d.,\s]*)(k)?", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"[.,](\d{1,2})$", re.ASCII)
MOST_DIGITS = 12
SHORT = 100  # characters: names and titles repeat and are kept; what a stranger wrote at length is not
_PLAIN_ID = re.compile("[0-9a-z]+")


def fold(text: str) -> str:
    """Return the text without what a search ignores: case, accents, width, invisible characters."""
    if text.isascii():
        return text.lower()
    bare = _UNSEEN.sub("", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFKC", bare.translate(_UNDECOMPOSED))


def tokens_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as the index knows them; empty: it has no letter and no digit."""
    return _tokens_of_short(text) if len(text) <= SHORT else _tokens_of(text)


@lru_cache(maxsize=32_768)
def _tokens_of_short(text: str) -> tuple[str, ...]:
    return _tokens_of(text)


def _tokens_of(text: str) -> tuple[str, ...]:
    folded = fold(text)
    if "#" in folded or "+" in folded:
        folded = _SIGNS.sub(lambda sign: _SIGN_WORDS[sign[1]], folded)
    pattern = _ASCII_TOKEN if folded.isascii() else _TOKEN
    return tuple([token[:LONGEST_TOKEN] for token in pattern.findall(folded)])


def scope_token(account_group_id: str) -> str:
    """Return the token that all people of one account group share, and nobody else has."""
    if _PLAIN_ID.fullmatch(account_group_id):
        return _SCOPE + account_group_id
    return f"{_SCOPE}x_{account_group_id.encode().hex()}"


def member_query(member: int) -> IndexQuery:
    """Return the query for the one person whose provider id holds this member number."""
    return Phrase((f"{_MEMBER}{member}",))


def index_tokens(account_group_id: str, record: DirectoryRecord) -> list[str]:
    """Return a person's document: the tokens in their order, which phrases go by."""
    person = record.person
    tokens = [scope_token(account_group_id), *_markers(record)]
    # Each bare part is followed by its prefixed twin, which keeps it from the next bare part.
    tokens += tokens_of(person.name or "")
    tokens += _prefixed("f_", person.first_name or person.name)
    tokens += _prefixed("l_", person.last_name or person.name)
    tokens += _twice("t_", person.title)
    tokens += _twice("c_", person.company_name)
    tokens += _twice("s_", record.school)
    tokens += _twice("p_", person.location)
    tokens += _twice("i_", person.company_industry)
    if person.headline and person.headline != person.title:
        tokens += (GAP, *tokens_of(person.headline))
    if person.about:
        tokens += (GAP, *tokens_of(person.about))
    return tokens if len(tokens) <= MOST_REPEATS else _cut(tokens)


def merge_records(known: DirectoryRecord, later: DirectoryRecord) -> DirectoryRecord:
    """Return what both tell together: where the later one tells something, it is right."""
    told = {name: value for name in PERSON_FIELDS if (value := getattr(later.person, name)) is not None}
    if known.person.public_identifier and not later.person.public_identifier:
        told.pop("linkedin_url", None)  # the address by name outlives the one by number
    if known.person.provider_id:
        told.pop("provider_id", None)  # each viewer has another id for one person: the first is as good
    return DirectoryRecord(
        person=replace(known.person, **told),
        school=later.school or known.school,
        seniority=later.seniority or known.seniority,
        functions=later.functions or known.functions,
    )


def record_keys(person: Person) -> tuple[str, ...]:
    """Return the keys of a person in the directory, strongest first."""
    # the address of a record says no more than its ids
    return identity_keys(None, person.public_identifier, person.provider_id)


def with_an_id(record: DirectoryRecord) -> DirectoryRecord:
    """Return the record with an id of the directory's own if it names no profile: jobs know people by their ids.

    The same name with the same address, or without one at the same company, gives the same id: several people read
    one mailbox.
    """
    person = record.person
    if record_keys(person):
        return record
    name, company = person.name or f"{person.first_name or ''} {person.last_name or ''}", person.company_name or ""
    if person.email:
        known_by = f"{_same_name(name)}|{person.email.lower()}"
    else:
        # Without a word in it a name is what it looks like: two signs are two people, though neither is in the index.
        known_by = f"{_same_name(name) or _same_signs(name)}|at {_same_name(company) or _same_signs(company)}"
    own_id = "directory-" + sha256(known_by.encode()).hexdigest()[:24]
    return replace(record, person=replace(person, provider_id=own_id))


def _same_name(text: str) -> str:
    return " ".join(tokens_of(text))


def _same_signs(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def translate_search(search: Search) -> tuple[IndexQuery, list[Refusal]]:
    """Return the search as a query, and every part of it that the query had to leave out."""
    parts: list[IndexQuery] = []
    refusals: list[Refusal] = []
    for criterion in search.criteria:
        answer = _translate_criterion(criterion)
        if isinstance(answer, Refusal):
            refusals.append(answer)
        else:
            parts.append(answer)
    return _every(parts), refusals


def _markers(record: DirectoryRecord) -> Iterable[str]:
    person = record.person
    headcount = _headcount(person.company_size) if person.company_size else None
    if headcount:
        yield f"h_{headcount.lower()}"
    seniority, functions = _shown_by(person.title or "")
    if record.seniority or seniority:
        yield f"n_{record.seniority or seniority}"
    for function in record.functions.split() if record.functions else functions:
        yield f"u_{function}"
    member = member_number(person.provider_id) if person.provider_id else None
    if member is not None:
        yield f"{_MEMBER}{member}"


def _shown_by(title: str) -> tuple[str | None, tuple[str, ...]]:
    return _shown_by_short(title) if len(title) <= SHORT else _shown_by_title(title)


@lru_cache(maxsize=32_768)
def _shown_by_short(title: str) -> tuple[str | None, tuple[str, ...]]:
    return _shown_by_title(title)


def _shown_by_title(title: str) -> tuple[str | None, tuple[str, ...]]:
    return seniority_of_title(title), functions_of_title(title)


def _headcount(company_size: str) -> str | None:
    """Return the letter for `230`, `1,200`, `51-200 employees` or `1K-5K`; None: it holds no number."""
    found = _NUMBER.search(company_size)
    if not found:
        return None
    # "1,200" and "1.200" are thousands, "230.0" and "1.5K" have a fraction
    whole, _, fraction = _FRACTION.sub(r"|\1", found[1].strip()).partition("|")
    digits = re.sub(r"\D", "", whole)
    if not 1 <= len(digits) <= MOST_DIGITS:
        return None
    number = float(f"{digits}.{fraction or 0}")
    return headcount_of(int(number * (1_000 if found[2] else 1)))


def _prefixed(prefix: str, text: str | None) -> Iterable[str]:
    return [prefix + token for token in tokens_of(text)] if text else ()


def _twice(prefix: str, text: str | None) -> tuple[str, ...]:
    return (*tokens_of(text), *_prefixed(prefix, text)) if text else ()


def _cut(tokens: list[str]) -> list[str]:
    """Keep to what PostgreSQL can hold, on both databases, so that both find the same."""
    seen: Counter[str] = Counter()
    kept = []
    for token in tokens[:MOST_TOKENS]:
        seen[token] += 1
        kept.append(token if seen[token] <= MOST_REPEATS else GAP)
    return kept


def _translate_criterion(criterion: Criterion) -> IndexQuery | Refusal:
    if criterion.field not in _PREFIXES and criterion.field not in _CODES:
        return _refusal(criterion, "asks for what your own people files do not say")
    included = [_translate_value(criterion.field, value) for value in criterion.included]
    excluded = [_translate_value(criterion.field, value) for value in criterion.excluded]
    if None in included or None in excluded:
        return _refusal(criterion, _why_not(criterion))
    wanted = _either([part for part in included if part]) if included else Everybody()
    unwanted = [part for part in excluded if part]
    query = Without(wanted, _either(unwanted)) if unwanted else wanted
    if _depth(query) > DEEPEST_QUERY:
        return _refusal(criterion, f"has parentheses that are nested more than {DEEPEST_QUERY} deep")
    return query


def _refusal(criterion: Criterion, reason: str) -> Refusal:
    words = f"the filter “{filter_name(criterion.parameter)[:60]}” {reason}: remove it from the search on LinkedIn"
    return Refusal(criterion.parameter, words, sandbox_answers=True)


def _why_not(criterion: Criterion) -> str:
    values = (*criterion.included, *criterion.excluded)
    unusable = next(value for value in values if _translate_value(criterion.field, value) is None)
    if unusable.id is None:
        return "holds no word to look for"
    return f"is a number of LinkedIn's own ({unusable.id[:60]}), which your own people files do not know"


def _translate_value(field: SearchField, value: CriterionValue) -> IndexQuery | None:
    if field in _CODES:
        return _translate_code(*_CODES[field], value)
    prefix = _PREFIXES[field]
    if field is SearchField.LOCATION and value.label and (value.id or isinstance(value.expression, Words)):
        # "Paris, France" lives in "Paris, Île-de-France, France"
        places = [_phrase(prefix, place) for place in value.label.split(",")]
        return _join_found(Every, places)
    if value.expression is not None:
        return _translate_expression(prefix, value.expression)
    return _phrase(prefix, value.label) if value.label else None


def _translate_code(prefix: str, names: dict[str, str], value: CriterionValue) -> IndexQuery | None:
    text = value.label or (value.expression.text if isinstance(value.expression, Words) else "")
    for code, name in names.items():
        if value.id == code or (value.id is None and tokens_of(name) == tokens_of(text)):
            return Phrase((prefix + code.lower(),))
    return None


def _translate_expression(prefix: str, expression: Expression) -> IndexQuery | None:
    """Return None where no word is left to look for; a part like `&` alone is in no document and goes."""
    match expression:
        case Words(text):
            return _phrase(prefix, text)
        case AllOf(parts):
            return _join_found(Every, [_translate_expression(prefix, part) for part in parts])
        case AnyOf(parts):
            return _join_found(Either, [_translate_expression(prefix, part) for part in parts])
        case Excluding(wanted, unwanted):
            good = _translate_expression(prefix, wanted) if wanted is not None else Everybody()
            bad = _translate_expression(prefix, unwanted)
            return Without(good, bad) if good and bad else good
    assert_never(expression)


def _phrase(prefix: str, text: str) -> IndexQuery | None:
    tokens = tokens_of(text)
    return Phrase(tuple(prefix + token for token in tokens)) if tokens else None


def _join_found(join: "type[Every] | type[Either]", parts: "list[IndexQuery | None]") -> IndexQuery | None:
    found = [part for part in parts if part is not None]
    if not found:
        return None
    return _every(found) if join is Every else _either(found)


def _every(parts: list[IndexQuery]) -> IndexQuery:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Every) else (part,))]
    wanted = [part for part in flat if not isinstance(part, Everybody)]
    if len(wanted) < 2:
        return wanted[0] if wanted else Everybody()
    return Every(tuple(wanted))


def _either(parts: list[IndexQuery]) -> IndexQuery:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,))]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def _depth(query: IndexQuery) -> int:
    match query:
        case Everybody() | Phrase():
            return 1
        case Every(parts) | Either(parts):
            return 1 + max(map(_depth, parts))
        case Without(wanted, unwanted):
            return 1 + max(_depth(wanted), _depth(unwanted))
    assert_never(query)
