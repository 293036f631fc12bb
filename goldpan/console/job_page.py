"""One job: where it stands, its receipt, steps, credits and people, and the two things that can be done with it."""

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.job_rows import job_row
from goldpan.console.people_rows import row_of_found
from goldpan.console.receipt_words import (
    COUNT_WORDS,
    MOVEMENT_WORDS,
    STEP_WORDS,
    credit_words,
    people_words,
    receipt_sentences,
    remedy,
)
from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.resources import StartJob
from goldpan.domain.job_rules import RESUMABLE
from goldpan.operations.job_detail_operations import (
    JobInput,
    JobStep,
    get_job_input,
    list_job_credit_entries,
    list_job_people,
    list_job_steps,
)
from goldpan.operations.job_operations import Job, cancel_job, get_job
from goldpan.operations.job_overview_operations import audience_names
from goldpan.operations.job_resume_operations import credits_to_resume, resume_job
from goldpan.operations.job_shapes import shape_of_job

BUSY_SECONDS, QUIET_SECONDS = 2, 10
_CLOCK_MS = 10_000  # a job that waits shows at least so often how long it has taken


async def job_page(visit: Visit) -> Response:
    """Show the job."""
    return visit.page("job.html", **await _read(visit, await _job(visit)))


async def job_live(visit: Visit) -> Response:
    """Answer with what the job looks like now, or that it looks as it did: any change of it is a new version."""
    job = await _job(visit)
    clock = visit.toolbox.now_ms() // _CLOCK_MS if job.finished_ms is None else 0
    tag = f'"{job.version}.{clock}"'
    if visit.request.headers.get("if-none-match") == tag:
        return Response(None, 304, {"ETag": tag})
    response = visit.page("job_now.html", **await _read(visit, job))
    response.headers["ETag"] = tag
    return response


async def job_raw_page(visit: Visit) -> Response:
    """Show the job as the API answers it."""
    job = await _job(visit)
    text = msgspec.json.format(msgspec.json.encode(shape_of_job(job)), indent=2).decode()
    asked = await _threaded(visit, get_job_input)
    request = msgspec.json.format(asked.request_json.encode(), indent=2).decode()
    return visit.page("job_raw.html", job=job, text=text, request=request, source_text=_sentence(asked.source_text))


async def cancel_page(visit: Visit) -> Response:
    """Ask whether the job shall be cancelled, and say what happens then."""
    return await _ask_to_cancel(visit)


async def cancel(visit: Visit) -> Response:
    try:
        await run_in_threadpool(cancel_job, visit.toolbox, visit.caller, visit.group_id, _job_id(visit))
    except Problem as problem:
        if problem.kind is not ErrorKind.NOT_IN_THIS_STATE:
            raise
        return await _ask_to_cancel(visit, 422)
    return visit.redirect(visit.path("job", jobId=_job_id(visit)))


async def resume_page(visit: Visit) -> Response:
    """Ask whether the job shall go on, and say what happens then."""
    return await _ask_to_resume(visit)


async def resume(visit: Visit) -> Response:
    try:
        await run_in_threadpool(resume_job, visit.toolbox, visit.caller, visit.group_id, _job_id(visit))
    except Problem as problem:
        if problem.kind in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
            raise
        return await _ask_to_resume(visit, problem.kind.status)
    return visit.redirect(visit.path("job", jobId=_job_id(visit)))


async def _ask_to_cancel(visit: Visit, status: int = 200) -> Response:
    job = await _job(visit)
    is_over = job.finished_ms is not None
    return visit.page("job_cancel.html", status, job=job, is_over=is_over, people=people_words, credits=credit_words)


async def _ask_to_resume(visit: Visit, status: int = 200) -> Response:
    job = await _job(visit)
    credits, refusal = 0, None
    try:
        credits = await _threaded(visit, credits_to_resume)
    except Problem as problem:
        if problem.kind in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
            raise
        refusal = problem
    return visit.page(
        "job_resume.html",
        status,
        job=job,
        to_reserve=credits,
        refusal=refusal,
        people=people_words,
        credits=credit_words,
    )


def _job_id(visit: Visit) -> str:
    job_id: str = visit.request.path_params["jobId"]
    return job_id


async def _job(visit: Visit) -> Job:
    return await get_job(visit.toolbox, visit.caller, visit.group_id, _job_id(visit))


async def _threaded(visit: Visit, operation: Any) -> Any:
    return await run_in_threadpool(operation, visit.toolbox, visit.caller, visit.group_id, _job_id(visit))


async def _read(visit: Visit, job: Job) -> dict[str, Any]:
    asked, steps, entries, people = await run_in_threadpool(_read_behind, visit, job.id)
    names = await audience_names(visit.toolbox, visit.caller, visit.group_id, [job.audience_id])
    row = job_row(job, _sentence(asked.source_text), names.get(job.audience_id), visit.toolbox.now_ms())
    return {
        "job": job,
        "row": row,
        "seconds": BUSY_SECONDS if row.is_active else QUIET_SECONDS,
        "asked": _asked(visit, asked),
        "steps": _timed(steps),
        "entries": entries,
        "people": [row_of_found(found) for found in people.items],
        "has_more_people": people.has_more,
        "movement_words": MOVEMENT_WORDS,
        "count_words": COUNT_WORDS,
        "sentences": receipt_sentences(job) if not row.is_active else [],
        "remedy": remedy(job),
        "is_resumable": job.status in RESUMABLE,
        "curl": f"curl {visit.origin}/v1/accounts/{visit.group_id}/prospecting/{job.id} \\\n"
        '  -H "Authorization: Bearer $GOLDPAN_API_KEY"',
    }


def _read_behind(visit: Visit, job_id: str) -> tuple[JobInput, list[JobStep], Any, Any]:
    """Read what stands behind the job, in one thread."""
    asker = visit.toolbox, visit.caller, visit.group_id, job_id
    return get_job_input(*asker), list_job_steps(*asker), list_job_credit_entries(*asker), list_job_people(*asker)


def _timed(steps: list[JobStep]) -> list[tuple[str, str, int, int | None]]:
    """Return (name, words, when, milliseconds since the step before) of each step."""
    befores = [None, *(step.at_ms for step in steps)]
    return [
        (step.name, STEP_WORDS[step.name], step.at_ms, None if before is None else step.at_ms - before)
        for step, before in zip(steps, befores, strict=False)
    ]


def _asked(visit: Visit, asked: JobInput) -> list[tuple[str, str, str | None]]:
    """Return (what, value, where it leads or None) of everything that the start said, in the words of people."""
    request = asked.request
    lines: list[tuple[str, str, str | None]] = [(words, value, None) for words, value in _given(request) if value]
    if request.file_id and asked.file_name:
        lines.insert(0, ("File", asked.file_name, visit.path("file", fileId=request.file_id)))
    elif request.file_id:
        lines.insert(0, ("File", "It is not kept any more.", None))
    return lines + ([("Profiles", "\n".join(request.urls), None)] if request.urls else [])


def _given(request: StartJob) -> list[tuple[str, str]]:
    return [
        ("Search", request.search_url or ""),
        ("Saved search", request.saved_search_id or ""),
        ("Lead list", request.lead_list_id or ""),
        ("Post", request.post_url or ""),
        ("At most", people_words(request.max_results) if request.max_results else ""),
        ("May spend", credit_words(request.max_credits) if request.max_credits else ""),
        ("E-mail addresses", "looked for, at 2 credits a person" if request.search_emails else ""),
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
