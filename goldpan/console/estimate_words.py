"""An estimate in the words of people, and why a job cannot be started."""

from goldpan.console.receipt_words import credit_words, people_words
from goldpan.contract.estimate_resources import CapReason
from goldpan.operations.job_estimate_operations import Estimate

_CAP_WORDS = {
    CapReason.TOTAL_AVAILABLE: "the end of the source",
    CapReason.MAX_RESULTS: "the number of people that you asked for",
    CapReason.PLAN_CAP: "the most that your plan lets one job take",
    CapReason.MAX_CREDITS: "the credits that you allow it",
    CapReason.QUOTA: "the quota of 24 hours; it waits there and goes on by itself",
    CapReason.CREDITS: "the credits that you have",
}


def estimate_lines(estimate: Estimate, is_sandbox: bool) -> list[tuple[str, str, str]]:
    """Return (what, how much, why) of each line."""
    total = estimate.total_available
    sample = estimate.sample
    seen = f"of the first {sample.size:,}, {sample.known:,} are known already" if sample.size else ""
    lines = [
        ("In the source", people_words(total) if total is not None else "not known before it runs", ""),
        ("Takes at most", people_words(estimate.max_people), ""),
        ("New, probably", people_words(estimate.new_people), seen),
        ("Comes first to", _CAP_WORDS[estimate.cap.reason], f"at {people_words(estimate.cap.people)}"),
    ]
    if is_sandbox:
        lines.append(("Costs", "nothing", "the people are invented"))
    else:
        have = f"you have {estimate.available_credits:,}"
        lines.append(("Costs, probably", credit_words(estimate.expected_credits), have))
    if estimate.quota is not None:
        left = f"{estimate.quota.remaining:,} of {estimate.quota.limit:,} people"
        lines.append(("Quota of 24 hours", left, "still to be taken"))
    return lines


def why_not(estimate: Estimate) -> str | None:
    """Return why the job could not be started now; None: it could."""
    if estimate.available_credits < estimate.needed_credits:
        return (
            f"It needs {credit_words(estimate.needed_credits)} and you have {estimate.available_credits:,}:"
            " ask for fewer people, or for more credits."
        )
    if estimate.quota is not None and estimate.quota.is_exhausted:
        return f"The {estimate.quota.limit:,} people that may be taken in 24 hours are used up: try again later."
    return None
