"""Every route of the API on one page: a row is all that an endpoint needs to pass the gate and be documented."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from goldpan.api import (
    audience_presenters,
    credit_presenters,
    event_presenters,
    file_presenters,
    presenters,
    prospecting_presenters,
)
from goldpan.api.estimate_presenters import present_start
from goldpan.api.event_presenters import EVENT_STREAM, LAST_EVENT_ID, LiveStream
from goldpan.api.export_formats import FORMATS
from goldpan.api.export_parameters import EXPORT_FORMAT, EXPORT_PRESET
from goldpan.api.export_presenters import present_export
from goldpan.api.job_body_rules import start_job_rules
from goldpan.api.job_list_parameters import JOB_FILTERS
from goldpan.api.parameters import CURSOR, FILE_NAME, IDEMPOTENCY_KEY, LIMIT, VIEW, Parameter
from goldpan.api.preferences import PREFER
from goldpan.api.presenters import Reply, Stream
from goldpan.api.quota_presenters import LIST_TYPE, present_quota
from goldpan.api.start_call import start_job
from goldpan.contract import (
    audience_resources,
    credit_resources,
    file_resources,
    prospecting_resources,
    quota_resources,
    resources,
)
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.estimate_resources import Estimate
from goldpan.contract.event_catalogue import JobEvent
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import list_accounts
from goldpan.operations.audience_change_operations import (
    change_audience,
    create_audience,
    delete_audience,
    move_or_remove_prospects,
)
from goldpan.operations.audience_operations import get_audience, get_audience_navigation, list_audiences, list_prospects
from goldpan.operations.credit_operations import get_credits, list_credit_entries
from goldpan.operations.export_operations import export_audience
from goldpan.operations.file_operations import get_file, get_rejects, upload_file
from goldpan.operations.folder_operations import change_folder, create_folder, delete_folder
from goldpan.operations.job_live_operations import follow_job
from goldpan.operations.job_operations import cancel_job, get_job, list_jobs
from goldpan.operations.job_resume_operations import resume_job
from goldpan.operations.provider_id_operations import find_prospects_by_provider_id
from goldpan.operations.quota_operations import get_quota
from goldpan.operations.sales_navigator_operations import list_lead_lists, list_saved_searches
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
class FileBody:
    """A body that is a file, in one of these media types; the operation gets its path as `file`."""

    media_types: tuple[str, ...]
    example: str


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
    present: Callable[[Any], Reply | Stream | LiveStream]
    success: Success
    summary: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    file: FileBody | None = None
    errors: tuple[ErrorKind, ...] = ()
    description: str = ""
    tag: str = ""


GROUP = "/v1/accounts/{accountGroupId}"
AUDIENCES = f"{GROUP}/audiences"

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
    "file_upload": {"source": "file_upload", "fileId": "507f1f77bcf86cd799439011"},
    "estimate": {
        "source": "linkedin_search",
        "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=cto",
        "maxResults": 200,
        "maxCredits": 150,
        "dryRun": True,
    },
}

CHANGE_AUDIENCE_EXAMPLES = {
    "rename": {"name": "Directors in Berlin", "description": "Asked for by sales"},
    "move to a folder": {"folderId": "507f1f77bcf86cd799439011"},
    "take out of its folder": {"folderId": None},
}
CHANGE_PROSPECTS_EXAMPLES = {
    "move": {
        "action": "move",
        "prospectIds": ["507f1f77bcf86cd799439011", "507f1f77bcf86cd799439012"],
        "toAudienceId": "507f1f77bcf86cd799439013",
    },
    "remove": {"action": "remove", "prospectIds": ["507f1f77bcf86cd799439011"]},
}
CHANGE_PROSPECTS_RULES = {
    "anyOf": [
        {
            "properties": {"action": {"const": "move"}, "toAudienceId": {"type": "string"}},
            "required": ["toAudienceId"],
        },
        {"properties": {"action": {"const": "remove"}, "toAudienceId": {"type": "null"}}},
    ]
}
EXPORT_DISPOSITION = 'attachment; filename="audience-507f1f77bcf86cd799439011.csv"'
FILE_TYPES = (
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
    "application/zip",
    "application/x-zip-compressed",
    "application/vnd.apache.parquet",
    "application/octet-stream",
)
FILE_EXAMPLE = """\
First Name,Last Name,URL,Email Address,Company,Position
Amara,Okafor,https://www.linkedin.com/in/amara-okafor,amara@example.com,Acme,CTO
"""

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
        parameters=(CURSOR, LIMIT, *JOB_FILTERS, VIEW),
    ),
    Route(
        "POST",
        f"{GROUP}/prospecting",
        start_job,
        Permission.PROSPECTING_WRITE,
        present_start,
        Success(
            "ProspectingJobStartSuccessResponse",
            (resources.StartedJob, Estimate),
            {
                202: "The job is stored and will run",
                200: "The job that this Idempotency-Key started, which has ended; with `dryRun`: the estimate",
            },
        ),
        "Start a prospecting job, or with `dryRun` estimate it",
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
        parameters=(PREFER,),
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
        "POST",
        f"{GROUP}/prospecting/{{jobId}}/resume",
        resume_job,
        Permission.PROSPECTING_WRITE,
        presenters.present_resumed_job,
        Success(
            "ProspectingJobResumeSuccessResponse",
            (resources.StartedJob,),
            {202: "The job goes on from its last page, or has not ended yet"},
        ),
        "Resume a failed or cancelled prospecting job",
        errors=(ErrorKind.NOT_FOUND, ErrorKind.NOT_IN_THIS_STATE, ErrorKind.INSUFFICIENT_CREDITS),
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
        "POST",
        f"{GROUP}/files",
        upload_file,
        Permission.PROSPECTING_WRITE,
        file_presenters.present_new_file,
        Success("FileSuccessResponse", (file_resources.File,), {201: "The file is stored; start a job with its id"}),
        "Upload a file of people",
        parameters=(FILE_NAME,),
        file=FileBody(FILE_TYPES, FILE_EXAMPLE),
        errors=(ErrorKind.CONFLICT,),
    ),
    Route(
        "GET",
        f"{GROUP}/files/{{fileId}}",
        get_file,
        Permission.PROSPECTING_READ,
        file_presenters.present_file,
        Success("FileSuccessResponse", (file_resources.File,), {200: "What its upload answered"}),
        "Get an uploaded file",
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "GET",
        f"{GROUP}/files/{{fileId}}/rejects",
        get_rejects,
        Permission.PROSPECTING_READ,
        file_presenters.present_rejects,
        Success(
            "FileRejectReport",
            (str,),
            {200: "Every rejected row: line,reason"},
            media_types=("text/csv",),
            headers=(Header("Content-Disposition", "The name of the file", 'attachment; filename="rejects.csv"'),),
            examples={"one reject": "line,reason\r\n3,LinkedIn Url: `acme.example` is not LinkedIn\r\n"},
        ),
        "Get the rows of an uploaded file that are no person",
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "GET",
        AUDIENCES,
        list_audiences,
        Permission.AUDIENCES_READ,
        audience_presenters.present_audiences,
        Success("AudienceListSuccessResponse", (audience_resources.AudienceList,), {200: "Paginated audiences"}),
        "List the audiences that no job is filling, newest first",
        parameters=(CURSOR, LIMIT),
        errors=(ErrorKind.UPSTREAM_ERROR,),
    ),
    Route(
        "POST",
        AUDIENCES,
        create_audience,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_created_audience,
        Success("AudienceSuccessResponse", (audience_resources.Audience,), {201: "The audience, still without people"}),
        "Create an audience",
        body=Body(
            audience_resources.CreateAudience,
            examples={"on demand": {"name": "Directors", "description": "For the launch", "type": "on_demand"}},
        ),
        errors=(ErrorKind.CONFLICT,),
    ),
    # Before the path with {audienceId}, which would take these two for ids.
    Route(
        "GET",
        f"{AUDIENCES}/navigation",
        get_audience_navigation,
        Permission.AUDIENCES_READ,
        audience_presenters.present_navigation,
        Success(
            "AudienceNavigationSuccessResponse",
            (audience_resources.AudienceNavigation,),
            {200: "Folders, pinned ones first, with their audiences, and the audiences in no folder"},
        ),
        "Show all audiences that no job is filling, folder by folder",
    ),
    Route(
        "POST",
        f"{AUDIENCES}/folders",
        create_folder,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_created_folder,
        Success("AudienceFolderSuccessResponse", (audience_resources.AudienceFolder,), {201: "The empty folder"}),
        "Create a folder for audiences",
        body=Body(
            audience_resources.CreateAudienceFolder,
            examples={"on demand": {"name": "Spring", "audienceType": "on_demand"}},
        ),
    ),
    Route(
        "PATCH",
        f"{AUDIENCES}/folders/{{folderId}}",
        change_folder,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_folder,
        Success(
            "AudienceFolderSuccessResponse", (audience_resources.AudienceFolder,), {200: "The folder as it is now"}
        ),
        "Rename, pin or move a folder",
        body=Body(
            audience_resources.ChangeAudienceFolder,
            examples={"rename": {"name": "Spring 2026"}, "pin": {"isPinned": True}, "move": {"position": 0}},
            rules={"minProperties": 1},
        ),
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "DELETE",
        f"{AUDIENCES}/folders/{{folderId}}",
        delete_folder,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_deleted,
        Success("DeletedSuccessResponse", (audience_resources.Deleted,), {200: "Its audiences are in no folder now"}),
        "Delete a folder, and none of its audiences",
        errors=(ErrorKind.NOT_FOUND,),
    ),
    Route(
        "GET",
        f"{AUDIENCES}/{{audienceId}}",
        get_audience,
        Permission.AUDIENCES_READ,
        audience_presenters.present_audience,
        Success("AudienceSuccessResponse", (audience_resources.Audience,), {200: "The audience"}),
        "Get one audience",
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY, ErrorKind.UPSTREAM_ERROR),
    ),
    Route(
        "PATCH",
        f"{AUDIENCES}/{{audienceId}}",
        change_audience,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_audience,
        Success("AudienceSuccessResponse", (audience_resources.Audience,), {200: "The audience as it is now"}),
        "Rename or describe an audience, or put it into a folder",
        body=Body(audience_resources.ChangeAudience, examples=CHANGE_AUDIENCE_EXAMPLES, rules={"minProperties": 1}),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY, ErrorKind.CONFLICT),
    ),
    Route(
        "DELETE",
        f"{AUDIENCES}/{{audienceId}}",
        delete_audience,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_deleted,
        Success("DeletedSuccessResponse", (audience_resources.Deleted,), {200: "Its people stay in the account group"}),
        "Delete an audience, and none of its people",
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY),
    ),
    Route(
        "POST",
        f"{AUDIENCES}/{{audienceId}}/prospects",
        move_or_remove_prospects,
        Permission.AUDIENCES_WRITE,
        audience_presenters.present_departure,
        Success(
            "AudienceProspectsChangeSuccessResponse",
            (audience_resources.ChangedProspects,),
            {200: "How many left the audience, and how many were not in it"},
        ),
        "Move people to another audience, or remove them from this one",
        body=Body(audience_resources.ChangeProspects, examples=CHANGE_PROSPECTS_EXAMPLES, rules=CHANGE_PROSPECTS_RULES),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY),
    ),
    Route(
        "GET",
        f"{GROUP}/prospecting/quota",
        get_quota,
        Permission.PROSPECTING_READ,
        present_quota,
        Success("ProspectingQuotaSuccessResponse", (quota_resources.Quota,), {200: "What is left of the budget"}),
        "Get the budget of people that may be taken in 24 hours",
        parameters=(LIST_TYPE,),
    ),
    Route(
        "GET",
        f"{GROUP}/prospects/by-provider-id/{{providerId}}",
        find_prospects_by_provider_id,
        Permission.PROSPECTS_READ,
        prospecting_presenters.present_lookup,
        Success(
            "ProviderIdProspectLookupSuccessResponse",
            (prospecting_resources.ProviderIdProspectLookup,),
            {200: "Everybody who may bear the id: nobody, one person, or several between whom it does not decide"},
        ),
        "Find the people whom a provider knows under an id",
        errors=(ErrorKind.MALFORMED_PROVIDER_ID,),
    ),
    Route(
        "GET",
        f"{GROUP}/sales-navigator/saved-searches",
        list_saved_searches,
        Permission.PROSPECTING_READ,
        prospecting_presenters.present_named_sources,
        Success(
            "SalesNavigatorListSuccessResponse",
            (prospecting_resources.SalesNavigatorList,),
            {200: "The saved searches, newest first"},
        ),
        "List the saved searches that a job can take for its source",
        errors=(ErrorKind.UPSTREAM_ERROR,),
    ),
    Route(
        "GET",
        f"{GROUP}/sales-navigator/lead-lists",
        list_lead_lists,
        Permission.PROSPECTING_READ,
        prospecting_presenters.present_named_sources,
        Success(
            "SalesNavigatorListSuccessResponse",
            (prospecting_resources.SalesNavigatorList,),
            {200: "The lead lists, newest first"},
        ),
        "List the lead lists that a job can take for its source",
        errors=(ErrorKind.UPSTREAM_ERROR,),
    ),
    Route(
        "GET",
        f"{GROUP}/audiences/{{audienceId}}/export",
        export_audience,
        Permission.PROSPECTS_READ,
        present_export,
        Success(
            "AudienceExport",
            (),
            {200: "The people of the audience, as a file that is sent while it is written"},
            media_types=tuple(chosen.media_type.partition(";")[0] for chosen in FORMATS.values()),
            headers=(Header("Content-Disposition", "The name of the file", EXPORT_DISPOSITION),),
        ),
        "Export the people of an audience, the last added first",
        parameters=(EXPORT_FORMAT, EXPORT_PRESET),
        errors=(ErrorKind.NOT_FOUND, ErrorKind.AUDIENCE_NOT_READY),
    ),
    Route(
        "GET",
        f"{GROUP}/prospecting/{{jobId}}/events",
        follow_job,
        Permission.PROSPECTING_READ,
        event_presenters.present_job_events,
        Success(
            "ProspectingJobEventStream",
            (JobEvent,),
            {200: "The events of the job as they come", 204: "The job has ended, and there is nothing to add"},
            media_types=(EVENT_STREAM,),
            headers=(Header("X-Accel-Buffering", "Keeps nginx from collecting the events", "no", statuses=(200,)),),
        ),
        "Follow one prospecting job live, as server-sent events",
        parameters=(LAST_EVENT_ID,),
        errors=(ErrorKind.NOT_FOUND,),
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
