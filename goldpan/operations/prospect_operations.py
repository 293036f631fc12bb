"""What a caller can read of people, whatever audience they are in: the newest, those looked for, one with a history."""

from dataclasses import dataclass

from goldpan.contract.error_catalogue import ErrorKind, InvalidField, Problem, invalid
from goldpan.contract.paging import PageRequest, Position, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.operations.audience_operations import check_exists
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, prospect_search_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.prospect_search_table import FoundPerson as FoundPerson

LONGEST_SEARCH = 100
MOST_AUDIENCES_SHOWN = 100

_SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """One page; `is_cut`: more people begin so than a search looks at, a longer text would find the others."""

    page: Slice[FoundPerson]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """A person, the audiences they are in (`has_more_audiences`: and more), and the jobs that told something of them.

    Which field is from which job says the person's provenance.
    """

    found: FoundPerson
    audiences: list[Audience]
    has_more_audiences: bool
    job_ids: list[str]


def search_people(
    toolbox: Toolbox,
    caller: Principal,
    account_group_id: str,
    text: str,
    audience_id: str | None,
    page: PageRequest,
) -> FoundPeople:
    """Return people whose name, last name, company or address begins with `text`, the last imported first.

    Small and capital letters are alike. An empty text finds everybody; those of one audience are `list_prospects`.
    A next page begins after `place_of` the last of this one.

    Raises:
        Problem: NOT_FOUND for the audience, MALFORMED_REQUEST for a text that is too long or no text.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    text = _checked(text)
    if audience_id is not None and not text:
        raise invalid([InvalidField("query", "text", "is required to search an audience")])
    with toolbox.database.read() as tx:
        if audience_id is not None:
            require_object_id("audienceId", audience_id)
            check_exists("audienceId", audience_table.read(tx, account_group_id, audience_id))
        if not text:
            rows = prospect_search_table.newest_page(tx, account_group_id, page.after, page.limit + 1)
            return FoundPeople(cut(rows, page.limit))
        spellings = _spellings(text)
        rows = prospect_search_table.search_page(
            tx, account_group_id, spellings, audience_id, page.after, page.limit + 1
        )
        is_cut = prospect_search_table.has_more_candidates(tx, account_group_id, spellings)
    return FoundPeople(cut(rows, page.limit), is_cut)


def place_of(found: FoundPerson) -> Position:
    """Return the place of a person in what `search_people` returns."""
    return Position(found.imported_ms, found.id)


def get_person(toolbox: Toolbox, caller: Principal, account_group_id: str, prospect_id: str) -> PersonHistory:
    """Return what is known of one person, from whom, and where they are.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    require_object_id("prospectId", prospect_id)
    with toolbox.database.read() as tx:
        found = prospect_search_table.read_one(tx, account_group_id, prospect_id)
        if found is None:
            raise Problem(ErrorKind.NOT_FOUND, "prospectId: there is no such person in this account group")
        audiences = prospect_search_table.audiences_of(tx, account_group_id, prospect_id, MOST_AUDIENCES_SHOWN + 1)
    shown = cut(audiences, MOST_AUDIENCES_SHOWN)
    job_ids = dict.fromkeys([found.job_id, *(collection.job_id for collection in found.provenance)])
    return PersonHistory(found, list(shown.items), shown.has_more, list(job_ids))


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_SEARCH or not text.isprintable():
        raise invalid([InvalidField("query", "text", f"must be at most {LONGEST_SEARCH} printable characters")])
    return text


def _spellings(text: str) -> list[str]:
    """Return how a field may begin: the index knows small letters of a to z alone, É and é are two to it."""
    variants = (text, text.lower(), text.title(), text.upper())
    return list(dict.fromkeys(variant.translate(_SMALL) for variant in variants))
