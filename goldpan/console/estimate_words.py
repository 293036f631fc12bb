"""An estimate in the words of people, and why a job cannot be started."""

from typing import assert_never

from goldpan.console.receipt_words import credit_words, people_words
from goldpan.contract.estimate_resources import CapReason
from goldpan.domain.estimate_rules import Bound
from goldpan.operations.job_estimate_operations import Estimate


def estimate_sentences(estimate: Estimate, is_sandbox: bool) -> list[str]:
    """Return what the job would do: whom it takes, what stops it first, what is set aside and spent."""
    sentences = [_source(estimate), _people(estimate)]
    if 0 < estimate.sample.size < estimate.expected_people:
        sentences.append(f"This is reckoned from the first {people_words(estimate.sample.size)} of the source.")
    sentences.append(_end(estimate.cap))
    if is_sandbox:
        sentences.append("It costs nothing, because the people are invented.")
    elif why_not(estimate) is None:
        sentences.append(_credits(estimate))
    if estimate.quota is not None:
        left = f"{estimate.quota.remaining:,} of {estimate.quota.limit:,} people"
        sentences.append(f"Of your quota of 24 hours, {left} are left.")
    return sentences


def _source(estimate: Estimate) -> str:
    if estimate.total_available is None:
        return "How many people are in the source is not known before the job runs."
    return f"The source holds {people_words(estimate.total_available)}."


def _people(estimate: Estimate) -> str:
    if not estimate.expected_people:
        return "The job takes nobody."
    new, known = estimate.new_people, max(0, estimate.expected_people - estimate.new_people)
    return f"The job takes about {people_words(estimate.expected_people)}: {new:,} new and {known:,} known already."


def _end(bound: Bound) -> str:
    people = people_words(bound.people)
    match bound.reason:
        case CapReason.TOTAL_AVAILABLE:
            return "It stops at the end of the source."
        case CapReason.MAX_RESULTS:
            return f"It stops at the number of people that you asked for, {bound.people:,}."
        case CapReason.PLAN_CAP:
            return f"It stops at {people}, the most that your plan lets one job take."
        case CapReason.MAX_CREDITS:
            return f"It stops after {bound.people:,} new people, when the credits that you allow it are spent."
        case CapReason.CREDITS:
            return f"It stops after {bound.people:,} new people, when your credits are spent."
        case CapReason.QUOTA:
            return f"After {people} it waits until your quota of 24 hours has room again, and then goes on by itself."
    assert_never(bound.reason)


def _credits(estimate: Estimate) -> str:
    most, have = credit_words(estimate.reserved_credits), f"{estimate.available_credits:,}"
    aside = f"It sets at most {most} of your {have} aside when it starts."
    if not estimate.expected_credits:
        return f"{aside} Probably all of it comes back."
    return f"{aside} It spends about {estimate.expected_credits:,}, and the rest comes back."


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
