"""What a job says of itself, in sentences: why it stopped, what it took and paid, what to do about an error."""

from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.resources import JobStatus, StopReason
from goldpan.operations.job_detail_operations import StepName
from goldpan.operations.job_operations import Job

STOP_SENTENCES = {
    StopReason.COMPLETED: "It worked on everybody who was on the list.",
    StopReason.MAX_RESULTS: "It stopped because it had as many people as were asked for.",
    StopReason.SOURCE_EXHAUSTED: "It read the source to its end.",
    StopReason.PROVIDER_CAP_REACHED: "It stopped because the provider shows no more of this source.",
    StopReason.CREDITS_EXHAUSTED: "It stopped because the credits that were set aside ran out.",
    StopReason.MAX_CREDITS_REACHED: "It stopped at the credits that it was allowed to spend.",
    StopReason.ACCOUNT_DISCONNECTED: "It stopped because the account at the provider was disconnected.",
    StopReason.CANCELLED: "Somebody cancelled it.",
    StopReason.UPSTREAM_FAILED: "It stopped because the provider did not answer as it should.",
    StopReason.INVALID_SOURCE: "It stopped because the provider cannot read this source.",
}

_REMEDIES = {
    StopReason.ACCOUNT_DISCONNECTED: "Connect the account again, then resume the job: it goes on from its last page.",
    StopReason.UPSTREAM_FAILED: "Resume the job in a while: it goes on from its last page and pays for nobody twice.",
    StopReason.INVALID_SOURCE: "Open the source in a browser to see whether it still exists, then start a new job.",
}

STEP_WORDS = {
    StepName.QUEUED: "Asked for",
    StepName.STARTED: "Started",
    StepName.IMPORT_COMPLETED: "Everybody imported",
    StepName.COMPLETED: "Completed",
    StepName.FAILED: "Failed",
    StepName.CANCELLED: "Cancelled",
    StepName.RESUMED: "Resumed",
}

MOVEMENT_WORDS = {
    "reserve": "Set aside",
    "capture": "Paid for new people",
    "release": "Given back",
    "top_up": "Added by the operator",
}

COUNT_WORDS = (
    ("imported", "new", "joined the audience and were paid for"),
    ("known", "known already", "joined the audience for free"),
    ("duplicate", "met twice", "counted once"),
    ("suppressed", "suppressed", "left out as you asked"),
    ("invalid", "no person", "rows that name nobody"),
    ("failed", "not found", "asked for in vain; nothing was paid"),
)
"""The counts of a job that add up to `found`: the field, its short name, and what it means for the caller."""


def receipt_sentences(job: Job) -> list[str]:
    """Return what became of a job that has ended, as sentences."""
    sentences = [_taken(job), _paid(job)]
    if job.stop_reason is not None:
        sentences.append(STOP_SENTENCES[StopReason(job.stop_reason)])
    if job.truncated:
        rest = "" if job.total_available is None else f" of {job.total_available:,}"
        sentences.append(f"It was cut short: the source{rest} holds people who were not taken.")
    return sentences


def remedy(job: Job) -> str | None:
    """Return what to do about a job that failed; None: nothing has to be done."""
    if job.status != JobStatus.FAILED:
        return None
    if job.error_code == ErrorKind.INTERNAL_ERROR.code:
        return "It is our mistake, and it is in the server's log. Resume the job: nobody is paid for twice."
    return _REMEDIES.get(StopReason(job.stop_reason)) if job.stop_reason else None


def people_words(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def credit_words(count: int) -> str:
    return "1 credit" if count == 1 else f"{count:,} credits"


def _taken(job: Job) -> str:
    taken = job.imported + job.known
    if not taken:
        return "It took nobody."
    if not job.known:
        return f"It took {people_words(taken)}, all of them new."
    if not job.imported:
        return f"It took {people_words(taken)}, all of them known already."
    return f"It took {people_words(taken)}: {job.imported:,} new and {job.known:,} known already."


def _paid(job: Job) -> str:
    if job.is_sandbox:
        return "The people are invented, so it cost nothing."
    unspent = job.credits_reserved - job.credits_spent
    text = f"It cost {credit_words(job.credits_spent)}"
    return text + (f"; the other {unspent:,} of {job.credits_reserved:,} set aside went back." if unspent else ".")
