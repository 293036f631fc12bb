"""Every route of the API on one page: a row is all that an endpoint needs to pass the gate and be documented."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from goldpan.api import credit_presenters, presenters
from goldpan.api.job_body_rules import start_job_rules
from goldpan.api.parameters import CURSOR, IDEMPOTENCY_KEY, LIMIT, STATUS, VIEW, Parameter
from goldpan.api.presenters import Reply, Stream
from goldpan.contract import credit_resources, resources
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import list_accounts
from goldpan.operations.audience_operations import list_prospects
from goldpan.operations.credit_operations import get_credits, list_credit_entries
from goldpan.operations.job_operations import cancel_job, get_job, list_jobs
from goldpan.operations.job_start_operations import start_job
from goldpan.operations.system_operations import is_alive, is_ready


class Access(Enum):
    """Who may call a route that names no permission."""

    ANY_KEY = auto()
    ANYONE = auto()


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body that a route takes.

    `aliases` are other spellings of its fields; `rules` is JSON schema for what the shape alone does not say.
    """

    shape: type[resources.Shape]
    aliases: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a success, besides those of every answer; `statuses` (): of every success.

    `is_always` False: it may be missing.
    """

    name: str
    description: str
    example: str
    is_always: bool = True
    statuses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Success:
    """An answer that went well: its schema's name in the OpenAPI document, and the shapes that its `data` may have.

    A status of 204 or 304 has no body. `media_types`: it comes as one of these, without an envelope. `examples` are
    values of `data`, or whole texts, by name; left out, they are those of `response_examples`.
    """

    schema: str
    shapes: tuple[Any, ...]
    statuses: Mapping[int, str]
    media_types: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    `operation` is called with the toolbox, the caller, the ids of the path, the parameters (by their `argument`) and
    the body as `request`. One that is a coroutine only reads, by hot queries; any other may wait and gets a thread.
    A parameter whose place is `path` only describes an id of the path that is none of ours. `tag` "": the noun of the
    path.
    """

    method: str
    path: str
    operation: Callable[..., Any]
    permission: Permission | Access
    present: Callable[[Any], Reply | Stream]
    success: Success
    summary: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    errors: tuple[ErrorKind, ...] = ()
    description: str = ""
    tag: str = ""


GROUP = "/v1/accounts/{accountGroupId}"

START_JOB_EXAMPLES = {
    "linkedin_search": {
        "source": "linkedin_search",
        "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=cto&titleFreeText=R%26D%20Director",
        "maxResults": 200,
    },
    "url_upload": {
        "source": "url_upload",
        "urls": ["https://www.linkedin.com/in/amara-okafor", "https://www.linkedin.com/in/jos%C3%A9-n"],
        "searchEmails": True,
    },
}

ROUTES = (
    Route(
        "GET",
        "/v1/accounts",
        list_accounts,
        Access.ANY_KEY,
        presenters.present_accounts,
        Success("AccountGroupListSuccessResponse", (resources.AccountGroupList,), {200: "The account groups"}),
        "List the account groups that the key reaches",
        parameters=(CURSOR, LIMIT),
    ),
    Route(
        "GET",
        f"{GROUP}/prospecting",
        list_jobs,
        Permission.PROSPECTING_READ,
        presenters.present_jobs,
        Success(
            "ProspectingJobListSuccessResponse",
            (resources.ProspectingJobList, resources.FullProspectingJobList),
            {200: "Paginated prospecting jobs"},
        ),
        "List prospecting jobs, newest first",
        parameters=(CURSOR, LIMIT, STATUS, VIEW),
    ),
    Route(
        "POST",
        f"{GROUP}/prospecting",
        start_job,
        Permission.PROSPECTING_WRITE,
        presenters.present_started_job,
        Success(
            "ProspectingJobStartSuccessResponse",
            (resources.StartedJob,),
            {202: "The job is stored and will run", 200: "The job that this Idempotency-Key started, which has ended"},
        ),
        "Start a prospecting job",
        parameters=(IDEMPOTENCY_KEY,),
        body=Body(resources.StartJob, resources.START_JOB_ALIASES, START_JOB_EXAMPLES, start_job_rules()),
        errors=(
            ErrorKind.NOT_FOUND,
            ErrorKind.IDEMPOTENCY_KEY_REUSED,
            ErrorKind.INSUFFICIENT_CREDITS,
            ErrorKind.UPSTREAM_ERROR,
        ),
    ),
    Route(
        "GET",
        f"{GROUP}/prospecting/{{jobId}}",
        get_job,
        Permission.PROSPECTING_READ,
        presenters.present_job,
        Success("ProspectingJobStatusSuccessResponse", (resources.Job,), {200: "The job and its receipt"}),
        "Get one prospecting job",
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "POST",
        f"{GROUP}/prospecting/{{jobId}}/cancel",
        cancel_job,
        Permission.PROSPECTING_WRITE,
        presenters.present_cancelled_job,
        Success("ProspectingJobCancelSuccessResponse", (resources.CancelledJob,), {200: "The job is cancelled"}),
        "Cancel a queued or running prospecting job",
        errors=(ErrorKind.NOT_FOUND, ErrorKind.NOT_IN_THIS_STATE, ErrorKind.UPSTREAM_ERROR),
    ),
    Route(
        "GET",
        f"{GROUP}/audiences/{{audienceId}}/prospects",
        list_prospects,
        Permission.PROSPECTS_READ,
        presenters.present_prospects,
        Success(
            "AudienceProspectListSuccessResponse", (resources.AudienceProspectList,), {200: "People of the audience"}
        ),
        "List the people of an audience, the last added first",
        parameters=(CURSOR, LIMIT),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY, ErrorKind.UPSTREAM_ERROR),
    ),
    Route(
        "GET",
        f"{GROUP}/credits",
        get_credits,
        Permission.PROSPECTING_READ,
        credit_presenters.present_credits,
        Success("CreditsSuccessResponse", (credit_resources.Credits,), {200: "The balance and the plan"}),
        "Get the credits of an account group",
    ),
    Route(
        "GET",
        f"{GROUP}/credits/ledger",
        list_credit_entries,
        Permission.PROSPECTING_READ,
        credit_presenters.present_ledger,
        Success("CreditLedgerSuccessResponse", (credit_resources.CreditLedger,), {200: "Movements of credits"}),
        "List the movements of credits, newest first",
        parameters=(CURSOR, LIMIT),
    ),
    Route(
        "GET",
        "/healthz",
        is_alive,
        Access.ANYONE,
        presenters.present_plain,
        Success("Health", (dict[str, str],), {200: "The process answers"}),
        "Tell that the process is alive",
    ),
    Route(
        "GET",
        "/readyz",
        is_ready,
        Access.ANYONE,
        presenters.present_plain,
        Success("Readiness", (dict[str, str],), {200: "Requests can be served"}),
        "Tell whether the database can be reached",
        errors=(ErrorKind.SERVICE_UNAVAILABLE,),
    ),
)
