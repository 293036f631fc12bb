"""Starting a job: a form that says at once what it understands, then what the job would do, then starts it once."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.equivalent_calls import command_line, curl_line
from goldpan.console.estimate_words import estimate_sentences, why_not
from goldpan.console.new_job_form import MOST_FORM_BYTES, JobDraft, read_draft
from goldpan.console.page_words import SOURCE_WORDS, whole_sentence
from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.paging import MAX_LIMIT, PageRequest, is_object_id
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.estimate_rules import describe_source
from goldpan.operations.audience_operations import Audience, get_audience, list_audiences
from goldpan.operations.file_operations import list_files
from goldpan.operations.job_estimate_operations import Estimate, estimate_job
from goldpan.operations.job_request import FileSource
from goldpan.operations.job_start_operations import start_job
from goldpan.operations.sales_navigator_operations import list_lead_lists, list_saved_searches

_PREFILLED = ("file", "audience", "sandbox")


async def new_job_page(visit: Visit) -> Response:
    """Show the form, empty or with a file or an audience that another page names."""
    queried = {name: values[-1] for name, values in visit.queried(_PREFILLED).items()}
    values = {"audience": queried.get("audience", ""), "sandbox": queried.get("sandbox", "")}
    if "file" in queried:
        values["chosen"] = f"file:{queried['file']}"
    return await _form(visit, read_draft(values), visit.toolbox.new_id())


async def new_job_preview(visit: Visit) -> Response:
    """Answer what the form means, while somebody types; the estimate is asked for by what is shown."""
    draft = read_draft(await _sent(visit))
    return visit.page("new_job_preview.html", draft=draft, is_part=True, **_understood(visit, draft))


async def new_job_estimate(visit: Visit) -> Response:
    """Answer what the job would do if it were started as the form stands."""
    draft = read_draft(await _sent(visit))
    estimate = await _estimate(visit, draft)
    return visit.page("new_job_estimate.html", draft=draft, is_part=True, **_estimated(draft, estimate))


async def new_job(visit: Visit) -> Response:
    """Start the job, or show what keeps it from starting; the same form sent twice starts one job."""
    fields = await _sent(visit)
    form_id = fields.get("form_id", "")
    if not is_object_id(form_id):
        raise invalid_body("form_id", "is not of a form of this page")
    draft = read_draft(fields)
    if draft.is_empty:
        draft.errors["pasted"] = "Paste an address, or choose a source below."
    if "check" in fields:
        return await _form(visit, draft, form_id, await _estimate(visit, draft), status=400 if draft.errors else 200)
    if draft.request is None:
        return await _form(visit, draft, form_id, status=400)
    try:
        job = await run_in_threadpool(
            start_job, visit.toolbox, _caller(visit, draft), visit.group_id, draft.request, f"console-{form_id}"
        )
    except Problem as problem:
        if problem.kind is ErrorKind.IDEMPOTENCY_KEY_REUSED:
            draft.errors[""] = "This form has started a job already. Send it again to start another one."
            form_id = visit.toolbox.new_id()
        else:
            draft.note(problem)
        return await _form(visit, draft, form_id, status=problem.kind.status)
    return visit.redirect(visit.path("job", jobId=job.id))


async def _sent(visit: Visit) -> Mapping[str, str]:
    """Return the form of somebody who may start jobs: reading a large one costs a moment."""
    visit.caller.require(Permission.PROSPECTING_WRITE, visit.group_id)
    return await visit.form(MOST_FORM_BYTES)


def _caller(visit: Visit, draft: JobDraft) -> Principal:
    assert visit.who is not None
    return visit.who.principal(visit.group_id, is_test=draft.is_sandbox)


async def _estimate(visit: Visit, draft: JobDraft) -> Estimate | None:
    """Return the estimate; None: there is none, and the draft says why."""
    if draft.request is None:
        return None
    try:
        return await estimate_job(visit.toolbox, _caller(visit, draft), visit.group_id, draft.request)
    except Problem as problem:
        draft.note(problem)
        return None


async def _form(
    visit: Visit, draft: JobDraft, form_id: str, estimate: Estimate | None = None, status: int = 200
) -> Response:
    audiences = await _audiences(visit, draft)
    choices = await run_in_threadpool(_choices, visit)
    return visit.page(
        "new_job.html",
        status,
        draft=draft,
        form_id=form_id,
        audiences=audiences,
        choices=choices,
        is_part=False,
        **_understood(visit, draft),
        **_estimated(draft, estimate),
    )


async def _audiences(visit: Visit, draft: JobDraft) -> Sequence[Audience]:
    """Return the newest audiences, and before them an older one that is chosen already; there may be any number."""
    asker = visit.toolbox, visit.caller, visit.group_id
    newest = await list_audiences(*asker, PageRequest(limit=MAX_LIMIT))
    chosen = draft.values.get("audience", "")
    if not is_object_id(chosen) or any(audience.id == chosen for audience in newest.items):
        return newest.items
    try:
        return [await get_audience(*asker, chosen), *newest.items]
    except Problem as problem:
        words = "There is no such audience" if problem.kind is ErrorKind.NOT_FOUND else problem.kind.meaning
        draft.errors.setdefault("audience", whole_sentence(words))
        return newest.items


def _choices(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (kind, [(value, name)]) of what can be chosen instead of pasting something."""
    asker = visit.toolbox, visit.caller, visit.group_id
    files = [(f"file:{file.id}", f"{file.name} · {file.distinct_count:,} people") for file in list_files(*asker)]
    searches = [(f"search:{search.id}", search.name) for search in list_saved_searches(*asker)]
    lists = [(f"list:{each.id}", each.name) for each in list_lead_lists(*asker)]
    kinds = [("Uploaded files", files), ("Saved searches", searches), ("Lead lists", lists)]
    return [(kind, choices) for kind, choices in kinds if choices]


def _understood(visit: Visit, draft: JobDraft) -> Mapping[str, Any]:
    """Return what the preview shows of the source, and the same start for a terminal."""
    request = draft.request
    if request is None or draft.parsed is None:
        return {"source_kind": "", "source_text": "", "curl": "", "command": ""}
    source = draft.parsed.source
    text = "its people" if isinstance(source, FileSource) else describe_source(source, draft.parsed.repeated)
    return {
        "source_kind": SOURCE_WORDS[request.source],
        "source_text": text[:1].upper() + text[1:],
        "curl": curl_line(str(visit.origin), visit.group_id, request),
        "command": command_line(visit.group_id, request),
    }


def _estimated(draft: JobDraft, estimate: Estimate | None) -> Mapping[str, Any]:
    if estimate is None:
        return {"sentences": [], "why_not": None}
    return {"sentences": estimate_sentences(estimate, draft.is_sandbox), "why_not": why_not(estimate)}
