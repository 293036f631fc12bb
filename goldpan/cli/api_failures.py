"""What the API refused, or that it did not answer, as a Failure: its exit code and what to try next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from goldpan.cli.shell_output import ExitCode, Failure

if TYPE_CHECKING:
    from goldpan.client import GoldpanError, Refused

QUOTA_SIGN: Final = "quota:"
"""How the details of a refusal begin that no waiting for a second helps against: its code is that of rate limits."""

EXIT_CODES: Final = {
    "UNAUTHORIZED": ExitCode.NOT_ALLOWED,
    "FORBIDDEN": ExitCode.NOT_ALLOWED,
    "NOT_FOUND": ExitCode.NOT_FOUND,
    "INSUFFICIENT_CREDITS": ExitCode.NO_CREDITS,
    "RATE_LIMITED": ExitCode.RATE_LIMITED,
}
NEXT_STEPS: Final = {
    "UNAUTHORIZED": "goldpan login, with a key that `goldpan keys create` on the server's machine makes",
    "FORBIDDEN": "goldpan whoami, which shows what the key reaches; `goldpan keys list` shows what it may do",
    "NOT_FOUND": "goldpan jobs list, or goldpan audiences list",
    "INSUFFICIENT_CREDITS": "goldpan credits, or a smaller --max-results or --max-credits",
    "RATE_LIMITED": "the same again later; the server's GOLDPAN_RATE_LIMIT sets the limit",
    "AUDIENCE_NOT_READY": "goldpan jobs list --status running, then goldpan jobs watch ID",
    "IDEMPOTENCY_KEY_REUSED": "another --idempotency-key, or none: one is made for you",
    "INTERNAL_ERROR": "the server's log: it tells more about this trace",
    "UPSTREAM_ERROR": "the same again in a moment",
    "SERVICE_UNAVAILABLE": "the same again in a moment; `goldpan doctor` on the server's machine tells what is wrong",
}
QUOTA_STEP: Final = "goldpan jobs quota"


@contextmanager
def failures_explained(url: str) -> Iterator[None]:
    """Turn what the client raises into one Failure for the shell."""
    from goldpan.client import GoldpanError

    try:
        yield
    except GoldpanError as failure:
        raise explained(failure, url) from failure


def explained(failure: "GoldpanError", url: str, next_step: str | None = None) -> Failure:
    """Return the Failure; `next_step` None: what usually helps."""
    from goldpan import client

    match failure:
        case client.Refused():
            return _refusal(failure, url, next_step)
        case client.WhichAccountGroup():
            message = str(failure).removeprefix("give account_group_id: ")
            return Failure(ExitCode.USAGE, "WHICH_ACCOUNT_GROUP", message, next_step="the same with --account ID")
        case client.WaitTimedOut():
            message = f"the time is up, job {failure.job_id} goes on"
            step = f"goldpan jobs watch {failure.job_id}"
            return Failure(ExitCode.WAIT_TIMEOUT, "WAIT_TIMEOUT", message, next_step=step)
        case client.NotReached() if failure.was_sent:
            step = next_step or "the same again in a moment"
            return Failure(
                ExitCode.ERROR, "UNREACHABLE", f"{url} does not answer", details=str(failure), next_step=step
            )
        case client.NotReached():
            step = next_step or "goldpan serve, or another address with --url or GOLDPAN_URL"
            return Failure(ExitCode.ERROR, "UNREACHABLE", str(failure), next_step=step)
    step = next_step or "another address with --url or GOLDPAN_URL"
    return Failure(
        ExitCode.ERROR, "NOT_GOLDPAN", f"{url} gives no answer of Goldpan", details=str(failure), next_step=step
    )


def _refusal(refused: "Refused", url: str, next_step: str | None) -> Failure:
    from goldpan.contract.error_catalogue import ErrorKind

    is_quota = refused.code == "RATE_LIMITED" and (refused.details or "").startswith(QUOTA_SIGN)
    usual_step = QUOTA_STEP if is_quota else NEXT_STEPS.get(refused.code)
    failure = Failure(
        ExitCode.NO_CREDITS if is_quota else EXIT_CODES.get(refused.code, ExitCode.ERROR),
        refused.code,
        refused.message,
        details=refused.details,
        trace_id=refused.trace_id,
        next_step=next_step or usual_step,
    )
    if any(kind.code == refused.code for kind in ErrorKind):  # other servers have codes that our pages do not tell of
        failure.docs = f"{url.rstrip('/')}/docs/errors#{refused.code.lower()}"
    return failure
