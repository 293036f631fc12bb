"""A LinkedIn or Sales Navigator search URL as a Search value, and the Search back in plain words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl

from goldpan.domain.identity_rules import UnusableUrl, name_page, split_linkedin_url
from goldpan.domain.keyword_rules import (
    AllOf,
    AnyOf,
    Excluding,
    Expression,
    TooDeep,
    Words,
    describe_expression,
    parse_keywords,
)
from goldpan.domain.restli_rules import Malformed, Value, parse_restli
from goldpan.domain.search_vocabulary import (
    FILTER_TYPES,
    ID_PARAMETERS,
    LABELS,
    NOISE_PARAMETERS,
    TEXT_PARAMETERS,
    SearchField,
)

__all__ = [
    "AllOf",
    "AnyOf",
    "Criterion",
    "CriterionValue",
    "Excluding",
    "Expression",
    "InvalidSearch",
    "LeadList",
    "SavedSearch",
    "Search",
    "SearchField",
    "Words",
    "describe",
    "parse_linkedin_search_url",
    "parse_sales_navigator_url",
    "parse_search_url",
]


@dataclass(frozen=True, slots=True)
class CriterionValue:
    """One value of a criterion: what the user typed, the vendor's number, or both."""

    id: str | None = None
    expression: Expression | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """People whose `field` matches any of `included` (empty: everybody) and none of `excluded`.

    `parameter` is the filter as the URL spells it (`geoUrn`, `CURRENT_COMPANY`): the name to show to the user.
    """

    field: SearchField
    parameter: str
    included: tuple[CriterionValue, ...] = ()
    excluded: tuple[CriterionValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """A people search: the criteria are joined with AND, keywords first; none at all means everybody."""

    original_url: str
    is_sales_navigator: bool
    keywords_text: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A Sales Navigator search that its URL names only by the id under which the user saved it."""

    id: str


@dataclass(frozen=True, slots=True)
class LeadList:
    """A Sales Navigator list of people, by the id in its URL."""

    id: str


class InvalidSearch(ValueError):
    """The URL is no people search that we understand; the message says which part and what would be right."""


LONGEST_SEARCH_URL = 16_384
SEARCH_HINT = (
    "a people search URL looks like https://www.linkedin.com/search/results/people/?keywords=… "
    "or https://www.linkedin.com/sales/search/people?query=(…)"
)

# Pages that list people, or look as if they did, by path; the first that fits.
_UNSUPPORTED_PAGES = (
    (r"company/[^/]+/people", "the people page of a company"),
    (r"school/[^/]+/people", "the people page of a school"),
    (r"groups/[^/]+/members", "the members of a group"),
    (r"events/[^/]+/attendees", "the attendees of an event"),
    (r"mynetwork/.*", "a page about your own network"),
    (r"(talent|recruiter)/.*", "a Recruiter page"),
    (r"sales/search/company", "a Sales Navigator search for companies"),
    (r"sales/lists/company.*", "a Sales Navigator list of companies"),
    (r"sales/lists/people", "the overview of all lead lists"),
    (r"sales/(lead|people)/.*", "one person's Sales Navigator page"),
    (r"search/results/all", "a search over everything (choose `People` on the page first)"),
    (r"search/results/.*", "a search for something other than people"),
)

_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ID = re.compile(r"[A-Za-z0-9_:.-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,30}")


def parse_search_url(text: str) -> Search:
    """Return the LinkedIn or Sales Navigator people search that `text` spells out.

    Raises:
        InvalidSearch: it is something else, or is damaged.
    """
    found = _parse(text)
    match found:
        case Search():
            return found
        case SavedSearch(id):
            raise InvalidSearch(
                f"This names the saved Sales Navigator search {id} without its filters: give savedSearchId instead, "
                "or open the search and copy the URL with query=(…)"
            )
        case LeadList(id):
            raise InvalidSearch(f"This is the Sales Navigator lead list {id}, no search: give leadListId instead")


def parse_linkedin_search_url(text: str) -> Search:
    """Return the search that `text` spells out, which is not one of Sales Navigator.

    Raises:
        InvalidSearch: it is something else, or is damaged.
    """
    found = _parse(text)
    if not isinstance(found, Search) or found.is_sales_navigator:
        raise InvalidSearch("This is a Sales Navigator URL: give it to the source sales_navigator, not linkedin_search")
    return found


def parse_sales_navigator_url(text: str) -> Search | SavedSearch | LeadList:
    """Return the Sales Navigator search, saved search or lead list that `text` names.

    Raises:
        InvalidSearch: it is something else, or is damaged.
    """
    found = _parse(text)
    if isinstance(found, Search) and not found.is_sales_navigator:
        raise InvalidSearch("This is a LinkedIn search URL: give it to the source linkedin_search, not sales_navigator")
    return found


def describe(search: Search) -> str:
    """Return `search` in plain words, such as `LinkedIn search: keywords supply chain; not company Acme`."""
    kind = "Sales Navigator search" if search.is_sales_navigator else "LinkedIn search"
    parts = [part for criterion in search.criteria for part in _describe_criterion(criterion)]
    return f"{kind}: {'; '.join(parts) or 'everybody'}"


def _parse(text: str) -> Search | SavedSearch | LeadList:
    try:
        parts = split_linkedin_url(text, LONGEST_SEARCH_URL)
        return _parse_page(text.strip(), parts)
    except UnusableUrl as problem:
        raise InvalidSearch(f"{problem}; {SEARCH_HINT}") from None
    except (Malformed, TooDeep) as problem:
        raise InvalidSearch(str(problem)) from None


def _parse_page(original_url: str, parts: SplitResult) -> Search | SavedSearch | LeadList:
    path = "/".join(segment for segment in parts.path.lower().split("/") if segment)
    if "#" in original_url and path in ("search/results/people", "sales/search/people"):
        raise InvalidSearch(f"`#{parts.fragment[:40]}` is no part of a search: a # within a value is written %23")
    if path == "search/results/people":
        return _linkedin_search(original_url, _parameters(parts.query))
    if path == "sales/search/people":
        return _sales_navigator_search(original_url, _parameters(parts.query))
    if lead_list := re.fullmatch(r"sales/lists/people/([0-9]{1,30})", path):
        return LeadList(lead_list[1])
    page = next((name for pattern, name in _UNSUPPORTED_PAGES if re.fullmatch(pattern, path)), name_page(path))
    raise UnusableUrl(f"This is {page}, which is not supported as a search")


def _parameters(query: str) -> dict[str, str]:
    """Return the parameters by name, decoded; those without a value are left out."""
    if stray := _STRAY_PERCENT.search(query):
        raise InvalidSearch(f"The % at position {stray.start() + 1} after the ? is damaged: % itself is written %25")
    for piece in query.split("&"):
        name, equals, _ = piece.partition("=")
        if piece and not (name and equals) and not _is_noise(name):
            raise InvalidSearch(f"`{piece[:40]}` after an & has no name and value: an & within a value is written %26")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=200)
    except UnicodeDecodeError:
        raise InvalidSearch("The percent-encoding of this URL is not UTF-8") from None
    except ValueError:
        raise InvalidSearch("This URL has more than 200 parameters") from None
    return _by_name((_clean(name), _clean(value)) for name, value in pairs)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if not value:
            continue
        if parameters.get(name, value) != value and not _is_noise(name):
            raise InvalidSearch(f"`{name[:40]}` is given twice with different values")
        parameters[name] = value
    return parameters


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise InvalidSearch("A value of this URL holds a control character")
    return re.sub(r"[\t\r\n]", " ", text).strip()


def _is_noise(name: str) -> bool:
    return name.lower() in NOISE_PARAMETERS or name.lower().startswith("utm_")


def _linkedin_search(original_url: str, parameters: dict[str, str]) -> Search:
    criteria = [_parameter_criterion(name, value) for name, value in parameters.items() if not _is_noise(name)]
    return _search(original_url, False, criteria, parameters.get("keywords", ""))


def _search(original_url: str, is_sales: bool, criteria: Iterable[Criterion | None], keywords_text: str) -> Search:
    found = sorted((one for one in criteria if one), key=lambda one: one.field is not SearchField.KEYWORDS)
    return Search(original_url, is_sales, keywords_text, tuple(found))


def _parameter_criterion(name: str, value: str) -> Criterion | None:
    """Return what one parameter asks for; one that we do not know is kept by name, for a provider to refuse."""
    if field := TEXT_PARAMETERS.get(name.lower()):
        return _text_criterion(field, name, value)
    if field := ID_PARAMETERS.get(name.lower()):
        ids = tuple(CriterionValue(id=id) for id in _ids(name, value))
        return Criterion(field, name, ids) if ids else None
    return _other_criterion(name, value)


def _text_criterion(field: SearchField, parameter: str, text: str) -> Criterion | None:
    expression = parse_keywords(text)
    return Criterion(field, parameter, (CriterionValue(expression=expression),)) if expression else None


def _other_criterion(parameter: str, label: str) -> Criterion | None:
    return Criterion(SearchField.OTHER, parameter, (CriterionValue(label=label),)) if label else None


def _ids(name: str, value: str) -> list[str]:
    """Read `["1","2"]`, `[1,2]`, `List(1,2)`, `"1"` or a bare `1`."""
    inner = value.removeprefix("List(").removesuffix(")") if value.startswith("List(") else value
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    ids = [_bare_id(item.strip().strip('"').strip()) for item in inner.split(",")]
    if any(id and not _ID.fullmatch(id) for id in ids):
        raise InvalidSearch(f'`{name}` must be a list of ids such as ["103644278"], not `{value[:40]}`')
    return [id for id in dict.fromkeys(ids) if id]


def _bare_id(id: str) -> str:
    """Return the number of a URN such as `urn:li:organization:1035`, else `id` as it is."""
    number = id.rpartition(":")[2]
    return number if id.startswith("urn:li:") and _NUMBER.fullmatch(number) else id


def _sales_navigator_search(original_url: str, parameters: dict[str, str]) -> Search | SavedSearch:
    query = parameters.get("query", "")
    record = parse_restli(query) if query else {}
    criteria = _query_criteria(record)
    others = {name: value for name, value in parameters.items() if name != "query" and not _is_noise(name)}
    saved = parameters.get("savedSearchId") or _flatten(record.get("savedSearchId", ""))
    if saved and not criteria:
        return _saved_search(saved, others)
    if not query and not others:
        raise InvalidSearch(f"This Sales Navigator URL holds no query=(…) with its filters; {SEARCH_HINT}")
    texts = (parameters.get("keywords", ""), _flatten(record.get("keywords", "")))
    beside = [_beside_query(name, value) for name, value in others.items()]
    return _search(original_url, True, [*criteria, *beside], " ".join(filter(None, texts)))


def _beside_query(name: str, value: str) -> Criterion | None:
    if name == "keywords":
        return _text_criterion(SearchField.KEYWORDS, name, value)
    return _other_criterion(name, value)


def _saved_search(id: str, others: dict[str, str]) -> SavedSearch:
    if not _NUMBER.fullmatch(id):
        raise InvalidSearch(f"savedSearchId must be a number, not `{id[:40]}`")
    if others:
        raise InvalidSearch(f"`{next(iter(others))[:40]}` cannot stand beside savedSearchId")
    return SavedSearch(id)


def _query_criteria(record: dict[str, Value]) -> list[Criterion]:
    criteria: list[Criterion | None] = []
    for key, value in record.items():
        if key == "filters":
            criteria += [one for each in _filters(value) for one in _filter_criteria(each)]
        elif key == "keywords":
            criteria.append(_text_criterion(SearchField.KEYWORDS, key, _flatten(value)))
        elif not _is_noise(key):
            criteria.append(_other_criterion(key, _flatten(value)))
    return [one for one in criteria if one]


def _filters(value: Value) -> list[dict[str, Value]]:
    each = [item for item in value if isinstance(item, dict)]
    if not isinstance(value, list) or len(each) != len(value):
        raise InvalidSearch("`filters` of the query must be List((type:…,values:List(…)),…)")
    return each


def _filter_criteria(each: dict[str, Value]) -> list[Criterion | None]:
    kind = _flatten(each.get("type", "")).upper()
    if not kind:
        raise InvalidSearch("A filter of the query has no `type`")
    field = FILTER_TYPES.get(kind, SearchField.OTHER)
    values = each.get("values")
    included: list[CriterionValue] = []
    excluded: list[CriterionValue] = []
    others = [_unread(kind, each, {"type", "values", "selectedSubFilter"})]
    for value in values if isinstance(values, list) else [values or ""]:
        spelled: dict[str, Value] = value if isinstance(value, dict) else {"id": value}
        others.append(_unread(kind, spelled, {"id", "text", "selectionType"}))
        if found := _filter_value(field, spelled):
            (excluded if _is_excluded(kind, spelled) else included).append(found)
    criterion = Criterion(field, kind, tuple(included), tuple(excluded)) if included or excluded else None
    if values is None and not any(others):
        others.append(_other_criterion(kind, "(without values)"))
    return [criterion, *others, _sub_filter(kind, _flatten(each.get("selectedSubFilter", "")))]


def _unread(kind: str, spelled: dict[str, Value], known: set[str]) -> Criterion | None:
    """Keep what we do not know of a filter, such as a range: a provider must refuse it, not find everybody."""
    unread = {key: value for key, value in spelled.items() if key not in known}
    return _other_criterion(f"{kind} {', '.join(unread)}", _flatten(unread) or "(empty)") if unread else None


def _filter_value(field: SearchField, spelled: dict[str, Value]) -> CriterionValue | None:
    """Take a text beside an id for the vendor's name of one thing, and a text alone for the user's own words."""
    id, text = _bare_id(_flatten(spelled.get("id", ""))), _flatten(spelled.get("text", ""))
    if not id and not text:
        return None
    expression = Words(" ".join(text.split())) if id and text else parse_keywords(text)
    return CriterionValue(id or None, expression, text or LABELS.get(field, {}).get(id))


def _is_excluded(kind: str, spelled: dict[str, Value]) -> bool:
    selection = _flatten(spelled.get("selectionType", "INCLUDED")).upper()
    if selection not in ("INCLUDED", "EXCLUDED"):
        raise InvalidSearch(f"selectionType of {kind[:40]} must be INCLUDED or EXCLUDED, not `{selection[:40]}`")
    return selection == "EXCLUDED"


def _sub_filter(kind: str, selected: str) -> Criterion | None:
    """Keep what narrows a filter further, such as the miles around a postal code; CURRENT only repeats the type."""
    return None if selected == "CURRENT" else _other_criterion(f"{kind} selectedSubFilter", selected)


def _flatten(value: Value) -> str:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return ",".join(_flatten(item) for item in value)
    return ",".join(f"{key}:{_flatten(item)}" for key, item in value.items())


def _describe_criterion(criterion: Criterion) -> Iterable[str]:
    is_other = criterion.field is SearchField.OTHER
    name = criterion.parameter if is_other else criterion.field.value.replace("_", " ")
    if criterion.included:
        yield f"{name} {' or '.join(map(_describe_value, criterion.included))}"
    if criterion.excluded:
        yield f"not {name} {' or '.join(map(_describe_value, criterion.excluded))}"


def _describe_value(value: CriterionValue) -> str:
    if value.label:
        return value.label
    return describe_expression(value.expression) if value.expression else value.id or ""
