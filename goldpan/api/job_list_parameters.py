"""The parameters of the list of jobs, and the filter that they say together."""

from typing import Any

from goldpan.api.parameters import OBJECT_ID, Parameter
from goldpan.contract.paging import is_object_id, parse_time
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.domain.job_list_rules import JobFilter

_TIME_RULE = "must be a time in UTC with milliseconds, like 2026-04-28T15:30:00.000Z"
_TIME_SCHEMA = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    "examples": ["2026-04-28T15:30:00.000Z"],
}
_ORDERS = {"-createdAt": False, "createdAt": True}


_ONE_STATUS = {status.value: frozenset({status}) for status in JobStatus}


def _parse_statuses(text: str) -> frozenset[JobStatus]:
    # Most ask for one: the look-up is a tenth of making it anew.
    return _ONE_STATUS.get(text) or frozenset(map(JobStatus, text.split(",")))


def _parse_audience_id(text: str) -> str:
    if not is_object_id(text):
        raise ValueError(text)
    return text


def _parse_order(text: str) -> bool:
    if text not in _ORDERS:
        raise ValueError(text)
    return _ORDERS[text]


STATUSES = Parameter(
    "status",
    "query",
    "statuses",
    _parse_statuses,
    frozenset(),
    f"must be one of {', '.join(JobStatus)}; several are separated by commas, or given one by one",
    "Only jobs in this state; with several, in any of them: `status=queued,running` or `status=queued&status=running`.",
    {"type": "array", "items": {"type": "string", "enum": list(JobStatus)}, "minItems": 1},
    may_repeat=True,
)
SOURCE = Parameter(
    "source",
    "query",
    "source",
    SourceType,
    None,
    f"must be one of {', '.join(SourceType)}",
    "Only jobs of this source.",
    {"type": "string", "enum": list(SourceType)},
)
AUDIENCE_ID = Parameter(
    "audienceId",
    "query",
    "audience_id",
    _parse_audience_id,
    None,
    "must be 24 lower-case hex digits",
    "Only jobs that fill this audience; one that is not of this account group has none.",
    OBJECT_ID | {"examples": ["507f1f77bcf86cd799439011"]},
)
CREATED_AFTER = Parameter(
    "createdAfter",
    "query",
    "created_after_ms",
    parse_time,
    None,
    _TIME_RULE,
    "Only jobs created later than this time.",
    _TIME_SCHEMA,
)
CREATED_BEFORE = Parameter(
    "createdBefore",
    "query",
    "created_before_ms",
    parse_time,
    None,
    _TIME_RULE,
    "Only jobs created earlier than this time.",
    _TIME_SCHEMA,
)
SORT = Parameter(
    "sort",
    "query",
    "oldest_first",
    _parse_order,
    False,
    f"must be one of {', '.join(_ORDERS)}",
    "`-createdAt`: the newest first; `createdAt`: the oldest first. A walk keeps to one of them.",
    {"type": "string", "enum": list(_ORDERS), "default": "-createdAt"},
)

JOB_FILTERS = (STATUSES, SOURCE, AUDIENCE_ID, CREATED_AFTER, CREATED_BEFORE, SORT)


def take_job_filter(arguments: dict[str, Any]) -> JobFilter:
    """Take the values of JOB_FILTERS out of `arguments` and return what they say."""
    return JobFilter(*[arguments.pop(name) for name in JobFilter._fields])
