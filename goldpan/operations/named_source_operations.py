"""What the operator sets up at the shell for jobs to take as their source: saved searches and lead lists."""

from goldpan.domain.search_rules import InvalidSearch, parse_search_url
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.people_operations import NewLeadList
from goldpan.operations.toolbox import Toolbox
from goldpan.operations.upstream_failures import failures_explained
from goldpan.storage import account_table, named_source_table
from goldpan.storage.database import Tx
from goldpan.storage.named_source_table import CountedList as CountedList
from goldpan.storage.named_source_table import StoredSearch as StoredSearch

LONGEST_NAME = 200


def save_search(toolbox: Toolbox, account_group_id: str, name: str, url: str) -> StoredSearch:
    """Give a search a name; the same search again under its name changes nothing.

    Raises:
        LookupError: there is no such account group.
        InvalidSetting: the name is taken or no name, the URL no search, or one that the provider cannot answer.
    """
    search = StoredSearch(toolbox.new_id(), _checked_name(name), url.strip(), toolbox.now_ms())
    _check_search(toolbox, account_group_id, search)
    with toolbox.database.write() as tx:
        _lock(tx, account_group_id)
        if named_source_table.add_saved_search(tx, account_group_id, search):
            return search
        known = next(
            each for each in named_source_table.saved_searches(tx, account_group_id) if each.name == search.name
        )
    if known.search_url != search.search_url:
        # a job may be reading it: what an id stands for never changes
        raise InvalidSetting(f"another search has the name {search.name}: remove it first, or take another name")
    return known


def all_saved_searches(toolbox: Toolbox, account_group_id: str) -> list[StoredSearch]:
    """Return the account group's saved searches, the newest first.

    Raises:
        LookupError: there is no such account group.
    """
    with toolbox.database.read() as tx:
        _check_group(tx, account_group_id)
        return named_source_table.saved_searches(tx, account_group_id)


def remove_saved_search(toolbox: Toolbox, account_group_id: str, name_or_id: str) -> StoredSearch:
    """Forget a saved search and return it; a job that is reading it fails.

    Raises:
        LookupError: there is no such account group, or no such search.
    """
    with toolbox.database.write() as tx:
        _lock(tx, account_group_id)
        for search in named_source_table.saved_searches(tx, account_group_id):
            if name_or_id in (search.id, search.name):
                named_source_table.remove_saved_search(tx, account_group_id, search.id)
                return search
    raise LookupError(f"there is no saved search {name_or_id}")


def all_lead_lists(toolbox: Toolbox, account_group_id: str) -> list[CountedList]:
    """Return the account group's lead lists with their sizes, the newest first.

    Raises:
        LookupError: there is no such account group.
    """
    with toolbox.database.read() as tx:
        _check_group(tx, account_group_id)
        return named_source_table.counted_lists(tx, account_group_id)


def new_lead_list(toolbox: Toolbox, name: str) -> NewLeadList:
    """Return the list of that name for an import to fill.

    Raises:
        InvalidSetting: it is no name.
    """
    return NewLeadList(toolbox.new_id(), _checked_name(name))


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidSetting(f"a name must have 1 to {LONGEST_NAME} characters, all of them printable")
    return name


def _check_search(toolbox: Toolbox, account_group_id: str, search: StoredSearch) -> None:
    try:
        parsed = parse_search_url(search.search_url)
    except InvalidSearch as error:
        raise InvalidSetting(str(error)) from error
    with failures_explained():
        refusals = toolbox.live_provider.refusals(account_group_id, parsed)
    if refusals:
        raise InvalidSetting("; ".join(f"{refusal.part}: {refusal.reason}" for refusal in refusals))


def _check_group(tx: Tx, account_group_id: str) -> None:
    if not account_table.existing_groups(tx, [account_group_id]):
        raise LookupError(f"there is no account group {account_group_id}; see `goldpan account list`")


def _lock(tx: Tx, account_group_id: str) -> None:
    _check_group(tx, account_group_id)
    account_table.lock(tx, account_group_id)
