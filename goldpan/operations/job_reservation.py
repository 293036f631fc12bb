"""What a job sets aside of its account group's credits, when it starts and when it is resumed."""

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.resources import StartJob
from goldpan.domain.credit_rules import Reservation, reservation
from goldpan.storage.account_table import AccountGroup


def wanted_reservation(request: StartJob, people: int, price: int, spent: int = 0) -> Reservation:
    """Return what to reserve for at most `people` more people; `spent` credits of its ceiling the job has used."""
    is_counted = request.urls is not None or request.file_id is not None
    is_open_ended = request.max_results is None and request.max_credits is None and not is_counted
    max_credits = None if request.max_credits is None else request.max_credits - spent
    return reservation(people, price, max_credits, is_open_ended)


def credits_to_reserve(group: AccountGroup, wanted: Reservation) -> int:
    """Return how many credits to reserve.

    Raises:
        Problem: INSUFFICIENT_CREDITS.
    """
    if group.credits_available < wanted.at_least:
        raise Problem(
            ErrorKind.INSUFFICIENT_CREDITS,
            f"credits needed: {wanted.at_least}, available: {group.credits_available}",
        )
    return min(wanted.credits, group.credits_available)
