"""What things cost: prices, plans with their caps, and what a job must reserve before it starts."""

from dataclasses import dataclass

PLAN_CAPS = {"tester": 100, "starter": 1_000, "scale": 2_000, "enterprise": 2_000}
"""The largest `maxResults` of each plan."""

MOST_CREDITS = 2**31 - 1
"""The most that an account group can hold, what is available and what is reserved together."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a job takes from the balance when it starts: `credits`, but no job starts with less than `at_least`."""

    credits: int
    at_least: int


def price_credits(search_emails: bool) -> int:
    """Return the credits for one new person; with `search_emails` they are taken whether an address is found or not."""
    return 2 if search_emails else 1


def reservation(people: int, price: int, max_credits: int | None, is_open_ended: bool) -> Reservation:
    """Return what to reserve for at most `people` new people.

    `is_open_ended`: the caller named no bound, so the balance is one: the job takes what is there.
    """
    most = people * price
    if max_credits is not None:
        most = min(most, max_credits)
    return Reservation(most, price if is_open_ended else most)


LOW_DAYS = 7


def lasting_days(available: int, spent: int, days: int) -> int | None:
    """Return for how many days the balance lasts at the pace of the last `days`; None: nothing was spent in them."""
    return available * days // spent if spent > 0 else None


def is_low(available: int, spent: int, days: int) -> bool:
    """Return whether somebody should add credits: none are left, or they go within a week at this pace."""
    lasts = lasting_days(available, spent, days)
    return available == 0 or (lasts is not None and lasts < LOW_DAYS)
