"""What stands behind a job: what it was asked, its steps, its credits and its people."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import Slice, cut
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus, SourceType, StartJob
from goldpan.domain.access_rules import Principal, require_object_id
from goldpan.domain.job_rules import ACTIVE
from goldpan.operations.job_request import decode_request
from goldpan.operations.source_words import describe_stored, stored_source
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import (
    credit_table,
    job_event_table,
    job_table,
    prospect_search_table,
    uploaded_file_table,
)
from goldpan.storage.credit_table import Movement
from goldpan.storage.database import Tx
from goldpan.storage.job_event_table import Move
from goldpan.storage.job_table import Job
from goldpan.storage.prospect_search_table import FoundPerson

MOST_STEPS = 200
PEOPLE_SHOWN = 50
CREDIT_ENTRIES_SHOWN = 100


class StepName(StrEnum):
    QUEUED = "queued"
    STARTED = "started"
    IMPORT_COMPLETED = "import_completed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class JobInput:
    """What a job was asked for: its source in plain words, the request, and the same as it is stored.

    Of a request that this version cannot read, `request` has the source alone. `file_name` None: it names no file, or
    one that is not kept any more.
    """

    source_text: str
    request: StartJob
    request_json: str
    file_name: str | None


@dataclass(frozen=True, slots=True)
class JobStep:
    name: StepName
    at_ms: int


class _StageStatus(msgspec.Struct):
    status: JobStatus


class _Stages(msgspec.Struct):
    import_: _StageStatus = msgspec.field(name="import")


class _Statuses(msgspec.Struct):
    """The part of a JobEvent that steps are read off."""

    status: JobStatus
    stages: _Stages


def get_job_input(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> JobInput:
    """Return what the job was asked for.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with toolbox.database.read() as tx:
        job = _existing_job(tx, account_group_id, job_id)
        text = job_table.request_json(tx, account_group_id, job_id)
        request = _read_request(job, text)
        file_name = _file_name(tx, account_group_id, request)
    return JobInput(_describe(text, file_name), request, text, file_name)


def list_job_steps(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> list[JobStep]:
    """Return when the job was queued, started, had everybody imported, ended and was resumed, the oldest step first.

    After a week its events are gone: then the first steps and the last one are what the job itself knows.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with toolbox.database.read() as tx:
        job = _existing_job(tx, account_group_id, job_id)
        moves = job_event_table.moves(tx, account_group_id, job_id, MOST_STEPS)
    return _completed(job, _told_steps(moves))


def list_job_credit_entries(toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str) -> Slice[Movement]:
    """Return the last lines of the ledger that the job made, newest first, at most `CREDIT_ENTRIES_SHOWN`.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTING_READ, account_group_id)
    with toolbox.database.read() as tx:
        _existing_job(tx, account_group_id, job_id)
        lines = credit_table.job_lines(tx, account_group_id, job_id, CREDIT_ENTRIES_SHOWN + 1)
    return cut(lines, CREDIT_ENTRIES_SHOWN)


def list_job_people(
    toolbox: Toolbox, caller: Principal, account_group_id: str, job_id: str, limit: int = PEOPLE_SHOWN
) -> Slice[FoundPerson]:
    """Return the first people whom the job took, new or known, in that order.

    Raises:
        Problem: NOT_FOUND.
    """
    caller.require(Permission.PROSPECTS_READ, account_group_id)
    with toolbox.database.read() as tx:
        _existing_job(tx, account_group_id, job_id)
        return cut(prospect_search_table.taken_by(tx, account_group_id, job_id, 0, limit + 1), limit)


def _existing_job(tx: Tx, account_group_id: str, job_id: str) -> Job:
    require_object_id("jobId", job_id)
    job = job_table.read(tx, account_group_id, job_id)
    if job is None:
        raise Problem(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")
    return job


def _describe(request_json: str, file_name: str | None) -> str:
    parsed = stored_source(request_json)
    if parsed is None:
        return "a source that this version does not understand"
    return describe_stored(parsed, file_name)


def _file_name(tx: Tx, account_group_id: str, request: StartJob) -> str | None:
    if request.file_id is None:
        return None
    file = uploaded_file_table.find(tx, account_group_id, request.file_id)
    return file.name if file else None


def _read_request(job: Job, request_json: str) -> StartJob:
    try:
        return decode_request(request_json)
    except msgspec.MsgspecError:
        return StartJob(source=SourceType(job.source))


def _told_steps(moves: list[Move]) -> list[JobStep]:
    steps = []
    before: _Statuses | None = None
    for move in moves:
        now = msgspec.json.decode(move.data_json, type=_Statuses)
        name = _step_name(before, now, is_first=move.version == 1)
        if name is not None:
            steps.append(JobStep(name, move.created_ms))
        before = now
    return steps


def _step_name(before: _Statuses | None, now: _Statuses, *, is_first: bool) -> StepName | None:
    """Return what happened; None: nothing that a reader asks for."""
    if now.status not in ACTIVE:
        return StepName(now.status)
    if now.status == JobStatus.QUEUED:
        return StepName.QUEUED if is_first else StepName.RESUMED
    if before is None or before.status == JobStatus.QUEUED:
        return StepName.STARTED
    was_importing = before.stages.import_.status != JobStatus.COMPLETED
    has_imported = now.stages.import_.status == JobStatus.COMPLETED
    return StepName.IMPORT_COMPLETED if was_importing and has_imported else None


def _completed(job: Job, told: list[JobStep]) -> list[JobStep]:
    """Return the steps with those of the job's row that no event tells any more."""
    steps = [] if told and told[0].name == StepName.QUEUED else [JobStep(StepName.QUEUED, job.created_ms)]
    if steps and job.started_ms is not None and (not told or job.started_ms < told[0].at_ms):
        steps.append(JobStep(StepName.STARTED, job.started_ms))
    steps += told
    if job.finished_ms is not None and steps[-1].name != job.status:
        steps.append(JobStep(StepName(job.status), job.finished_ms))
    return steps
