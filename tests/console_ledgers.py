"""Account groups that spent credits on many days, for the console's page on them."""

import msgspec

from goldpan.contract.resources import SourceType, StartJob
from goldpan.storage import audience_table, credit_table, job_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.credit_table import DAY_MS, Entry
from goldpan.storage.database import Tx
from goldpan.storage.tables import CREDIT_ENTRY
from tests.cast import SEARCH_URL, Caller, now_ms, stored_job

KEYWORDS = ("head of sales berlin", "founder OR co-founder", "supply chain", "cto total:240")


def store_spending(caller: Caller, days: int, keywords: tuple[str, ...] = KEYWORDS) -> int:
    """Let a job of each of the last `days` days set credits aside, spend some and give the rest back.

    Return how many credits they spent.
    """
    toolbox, group_id = caller.service.toolbox, caller.account_group_id
    audience_id, today_ms = toolbox.new_id(), now_ms() // DAY_MS * DAY_MS
    with toolbox.database.write() as tx:
        _backdate(tx, group_id, today_ms - days * DAY_MS)
        audience = Audience(audience_id, group_id, "Founders in Berlin", "linkedin_search", False, 0, 0, today_ms)
        audience_table.add(tx, group_id, audience)
        return sum(
            _spend(caller, tx, audience_id, today_ms - day * DAY_MS, keywords[day % len(keywords)])
            for day in reversed(range(days))
        )


def _backdate(tx: Tx, account_group_id: str, at_ms: int) -> None:
    """Move the first credits to that time: no line of a ledger is older than the one before it."""
    of_group = CREDIT_ENTRY.c.account_group_id == account_group_id
    tx.execute(CREDIT_ENTRY.update().where(of_group).values(created_ms=at_ms))


def _spend(caller: Caller, tx: Tx, audience_id: str, day_ms: int, keywords: str) -> int:
    new_id, group_id = caller.service.toolbox.new_id, caller.account_group_id
    job = stored_job(group_id, new_id(), audience_id, day_ms, "completed")
    request = StartJob(source=SourceType.LINKEDIN_SEARCH, search_url=SEARCH_URL + keywords)
    job_table.add(tx, group_id, job, msgspec.json.encode(request).decode())
    spent = 5 + day_ms // DAY_MS * 37 % 60
    credit_table.reserve(tx, group_id, Entry(new_id(), day_ms, job.id, 0), 70)
    credit_table.capture(tx, group_id, Entry(new_id(), day_ms + 60_000, job.id, 1), spent)
    credit_table.release(tx, group_id, Entry(new_id(), day_ms + 120_000, job.id, 1), 70 - spent)
    return spent
