"""Examples of what goes well, by the name of its schema: made by the presenters, so that they cannot look otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from goldpan.api import credit_presenters, presenters
from goldpan.api.presenters import Reply
from goldpan.contract import resources
from goldpan.contract.paging import Position, Slice, encode_cursor, parse_time
from goldpan.operations import account_operations, credit_operations, job_operations

TRACE_ID: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
GROUP_ID: Final = "507f1f77bcf86cd799439011"
JOB_ID: Final = "6628f0a1c3d4e5f60718293a"
AUDIENCE_ID: Final = "6628f0a1c3d4e5f60718293b"
PROSPECT_ID: Final = "6628f0a5c3d4e5f60718293c"

_CREATED_MS = parse_time("2026-04-28T15:30:00.000Z")
_ENDED_MS = parse_time("2026-04-28T15:30:42.117Z")

CURSOR: Final = encode_cursor(Position(_CREATED_MS, JOB_ID))


def examples_of(schema: str, status: int) -> Mapping[str, Any]:
    """Return values of `data` by name; none: nobody wrote one for this answer."""
    replies = _EXAMPLES.get(schema, {})
    return {name: msgspec.to_builtins(reply.data) for name, reply in replies.items() if reply.status == status}


_QUEUED = job_operations.Job(
    id=JOB_ID,
    account_group_id=GROUP_ID,
    status="queued",
    source="linkedin_search",
    is_sandbox=False,
    audience_id=AUDIENCE_ID,
    created_ms=_CREATED_MS,
    updated_ms=_CREATED_MS,
    max_results=200,
    max_credits=None,
    price_credits=1,
    search_emails=False,
    credits_reserved=200,
)
_COMPLETED = replace(
    _QUEUED,
    status="completed",
    updated_ms=_ENDED_MS,
    import_status="completed",
    import_progress=1.0,
    enrichment_status="completed",
    enrichment_progress=1.0,
    started_ms=_CREATED_MS + 300,
    finished_ms=_ENDED_MS,
    total_available=164,
    found=168,
    imported=150,
    known=14,
    duplicate=4,
    emails_found=61,
    credits_spent=150,
    stop_reason="source_exhausted",
)
_RUNNING = replace(
    _QUEUED,
    status="running",
    updated_ms=_CREATED_MS + 5412,
    import_status="running",
    import_progress=0.305,
    started_ms=_CREATED_MS + 300,
    total_available=164,
    found=51,
    imported=46,
    known=4,
    duplicate=1,
    credits_spent=46,
)
_SUMMARY = job_operations.JobSummary(JOB_ID, "completed", _CREATED_MS, _ENDED_MS)

_PROSPECT = resources.Prospect(
    id=PROSPECT_ID,
    first_name="Amara",
    last_name="Okafor",
    name="Amara Okafor",
    headline="CTO at Acme",
    about=None,
    photo_url=None,
    linkedin_url="https://www.linkedin.com/in/amara-okafor",
    public_identifier="amara-okafor",
    company=resources.Company(
        name="Acme",
        linkedin_identifier="acme",
        linkedin_url="https://www.linkedin.com/company/acme",
        industry="Software Development",
        website="https://acme.example",
        size="51-200",
        location="Lagos",
    ),
    title="CTO",
    location="Lagos, Nigeria",
    email="amara@acme.example",
    email_status="verified",
    provider_id=None,
    provenance=[
        resources.Provenance(
            fields=["name", "title", "company.name"],
            provider="directory",
            job_id=JOB_ID,
            collected_at="2026-04-28T15:30:05.412Z",
        )
    ],
    imported_at="2026-04-28T15:30:05.412Z",
    sandbox=False,
)

_ENTRIES = (
    credit_operations.Movement("6628f0cac3d4e5f607182942", "release", JOB_ID, 50, -50, _ENDED_MS),
    credit_operations.Movement("6628f0a5c3d4e5f607182941", "capture", JOB_ID, 0, -25, _CREATED_MS + 5412),
    credit_operations.Movement("6628f0a1c3d4e5f607182940", "reserve", JOB_ID, -200, 200, _CREATED_MS),
)

_GROUP = credit_operations.AccountGroup(GROUP_ID, "Sales", "starter", 850, 0, _CREATED_MS)


_EXAMPLES: Mapping[str, Mapping[str, Reply]] = {
    "AccountGroupListSuccessResponse": {
        "one account group": presenters.present_accounts(
            Slice([account_operations.AccountGroup(GROUP_ID, "Sales", "starter", 0, 0, _CREATED_MS)], False)
        )
    },
    "ProspectingJobListSuccessResponse": {
        "the first page": presenters.present_jobs(Slice([_SUMMARY], True)),
        "view=full": presenters.present_jobs(Slice([_COMPLETED], False)),
    },
    "ProspectingJobStartSuccessResponse": {
        "a new job": presenters.present_started_job(_QUEUED),
        "a job that has ended": presenters.present_started_job(_COMPLETED),
    },
    "ProspectingJobStatusSuccessResponse": {
        "completed": presenters.present_job(_COMPLETED),
        "running": presenters.present_job(_RUNNING),
    },
    "ProspectingJobCancelSuccessResponse": {"cancelled": presenters.present_cancelled_job(JOB_ID)},
    "AudienceProspectListSuccessResponse": {
        "the last page": Reply(200, resources.AudienceProspectList(items=[_PROSPECT], next_cursor=None, has_more=False))
    },
    "CreditsSuccessResponse": {"balance": credit_presenters.present_credits(_GROUP)},
    "CreditLedgerSuccessResponse": {"a job's entries": credit_presenters.present_ledger(Slice(_ENTRIES, True))},
}
