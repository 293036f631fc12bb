"""Credits of an account group: what is there, how it came to that, and how the operator adds to it."""

from goldpan.contract.paging import PageRequest, Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.credit_rules import MOST_CREDITS
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import account_table, credit_table
from goldpan.storage.account_table import AccountGroup as AccountGroup
from goldpan.storage.credit_table import DaySpend as DaySpend
from goldpan.storage.credit_table import LedgerLine as LedgerLine
from goldpan.storage.credit_table import Movement as Movement

DAYS_SHOWN = 30


async def get_credits(toolbox: Toolbox, caller: Principal, account_group_id: str) -> AccountGroup:
    """Return the account group with its balance and plan."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    group = await account_table.find(toolbox.database, account_group_id)
    assert group is not None  # an account group is never deleted, and the caller's key reaches this one
    return group


async def list_credit_entries(
    toolbox: Toolbox, caller: Principal, account_group_id: str, page: PageRequest
) -> Slice[Movement]:
    """Return the lines of the ledger, newest first."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    return cut(await credit_table.page(toolbox.database, account_group_id, page.after, page.limit + 1), page.limit)


def list_ledger(toolbox: Toolbox, caller: Principal, account_group_id: str, page: PageRequest) -> Slice[LedgerLine]:
    """Return the lines of the ledger, newest first, with both balances after each."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with toolbox.database.read() as tx:
        return cut(credit_table.ledger_page(tx, account_group_id, page.after, page.limit + 1), page.limit)


def get_spend(toolbox: Toolbox, caller: Principal, account_group_id: str, days: int = DAYS_SHOWN) -> list[DaySpend]:
    """Return what was spent on each of the last `days` days of UTC, the oldest first, today last; none is left out."""
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    today_ms = toolbox.now_ms() // credit_table.DAY_MS * credit_table.DAY_MS
    every_day = range(today_ms - (days - 1) * credit_table.DAY_MS, today_ms + 1, credit_table.DAY_MS)
    with toolbox.database.read() as tx:
        found = {day.day_ms: day for day in credit_table.spend_by_day(tx, account_group_id, every_day[0])}
    return [found.get(day_ms, DaySpend(day_ms, 0, 0)) for day_ms in every_day]


def top_up(toolbox: Toolbox, account_group_id: str, credits: int) -> AccountGroup:
    """Add credits to an account group and return it with its new balance.

    Raises:
        LookupError: there is no such account group.
        InvalidSetting: it would hold more than can be counted, or `credits` is not positive.
    """
    if credits < 1:
        raise InvalidSetting("credits must be 1 or more")
    with toolbox.database.write() as tx:
        group = account_table.lock(tx, account_group_id)
        if group is None:
            raise LookupError(f"there is no account group {account_group_id}")
        # What is reserved may come back, so it counts as well.
        room = MOST_CREDITS - group.credits_available - group.credits_reserved
        if credits > room:
            raise InvalidSetting(
                f"an account group holds at most {MOST_CREDITS} credits: this one has room for {room} more"
            )
        entry = credit_table.Entry(toolbox.new_id(), toolbox.now_ms())
        credit_table.top_up(tx, account_group_id, entry, credits)
    available = group.credits_available + credits
    return AccountGroup(group.id, group.name, group.plan, available, group.credits_reserved, group.created_ms)
