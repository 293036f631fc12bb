"""Everything that the client raises on account of the API: what it refused, and answers that never came or are none."""

from collections.abc import Sequence

from goldpan.contract.error_catalogue import InvalidField


class GoldpanError(Exception):
    """What all of them share.

    `may_have_worked`: the server may have done what it was asked for, this time or when it was asked before.
    """

    may_have_worked = False


class NotReached(GoldpanError):
    """No whole answer came. `was_sent` False: the request did not leave, the last time that it was tried."""

    def __init__(self, message: str, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent
        self.may_have_worked = was_sent


class UnexpectedAnswer(GoldpanError):
    """An answer came that no server of this API gives: a proxy's page, another service, a broken body."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.may_have_worked = status < 300 or status >= 500
        self.retry_after_seconds: float | None = None


class WhichAccountGroup(GoldpanError):
    """The key reaches none or several account groups, and none was named."""


class WaitTimedOut(GoldpanError, TimeoutError):
    """The time to wait for a job is over. The job goes on."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} has not ended in time, and goes on")
        self.job_id = job_id


class Refused(GoldpanError):
    """The API refused. A code that this version does not know comes as this class itself."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: str | None = None,
        fields: Sequence[InvalidField] = (),
        trace_id: str | None = None,
    ) -> None:
        super().__init__(f"{message}{f': {details}' if details else ''} ({code}, trace {trace_id})")
        self.status = status
        self.may_have_worked = status >= 500
        self.code = code
        self.message = message
        self.details = details
        self.fields = tuple(fields)
        self.trace_id = trace_id
        self.retry_after_seconds: float | None = None


class InvalidRequest(Refused):
    """`fields` names what is wrong; with status 422 the request does not fit the state of what it names."""


class Unauthorized(Refused):
    """The key is none, or none any more."""


class InsufficientCredits(Refused):
    """The available balance is too small for the job."""


class Forbidden(Refused):
    """The key may not do this, or not in this account group."""


class NotFound(Refused):
    """There is no such thing in the account group."""


class MethodNotAllowed(Refused):
    """The path knows other methods."""


class Conflict(Refused):
    """The request does not fit what is already there."""


class IdempotencyKeyReused(Refused):
    """The idempotency key started a job of another body."""


class AudienceNotReady(Refused):
    """A job is still filling the audience."""


class PayloadTooLarge(Refused):
    """The body is too large."""


class UnsupportedMediaType(Refused):
    """The body is of a type that the path does not take."""


class RateLimited(Refused):
    """Too many requests, or the quota is used up: `retry_after_seconds` tells when there is room again."""


class InternalError(Refused):
    """The server failed; its log tells more under the trace id."""


class UpstreamError(Refused):
    """The provider of the data did not answer as it should."""


class ServiceUnavailable(Refused):
    """Not possible right now."""


REFUSALS: dict[str, type[Refused]] = {
    "VALIDATION_ERROR": InvalidRequest,
    "UNAUTHORIZED": Unauthorized,
    "INSUFFICIENT_CREDITS": InsufficientCredits,
    "FORBIDDEN": Forbidden,
    "NOT_FOUND": NotFound,
    "METHOD_NOT_ALLOWED": MethodNotAllowed,
    "CONFLICT": Conflict,
    "IDEMPOTENCY_KEY_REUSED": IdempotencyKeyReused,
    "AUDIENCE_NOT_READY": AudienceNotReady,
    "PAYLOAD_TOO_LARGE": PayloadTooLarge,
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType,
    "RATE_LIMITED": RateLimited,
    "INTERNAL_ERROR": InternalError,
    "UPSTREAM_ERROR": UpstreamError,
    "SERVICE_UNAVAILABLE": ServiceUnavailable,
}
