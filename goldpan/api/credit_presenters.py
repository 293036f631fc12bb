"""Credits as the shapes that go over the wire."""

from goldpan.api.presenters import Reply
from goldpan.contract.credit_resources import CreditEntry, CreditEntryKind, CreditLedger, Credits
from goldpan.contract.paging import Position, Slice, encode_cursor, format_time
from goldpan.domain.credit_rules import PLAN_CAPS
from goldpan.operations import credit_operations


def present_credits(group: credit_operations.AccountGroup) -> Reply:
    credits = Credits(
        available=group.credits_available,
        reserved=group.credits_reserved,
        plan=group.plan,
        max_results_cap=PLAN_CAPS[group.plan],
    )
    return Reply(200, credits)


def present_ledger(page: Slice[credit_operations.Movement]) -> Reply:
    last = page.items[-1] if page.has_more else None
    ledger = CreditLedger(
        items=[_entry(movement) for movement in page.items],
        next_cursor=encode_cursor(Position(last.created_ms, last.id)) if last else None,
        has_more=page.has_more,
    )
    return Reply(200, ledger)


def _entry(movement: credit_operations.Movement) -> CreditEntry:
    return CreditEntry(
        id=movement.id,
        kind=CreditEntryKind(movement.kind),
        job_id=movement.job_id,
        available_change=movement.available_change,
        reserved_change=movement.reserved_change,
        created_at=format_time(movement.created_ms),
    )
