"""Commands that work with prospecting jobs over the API, here or on another machine."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from goldpan.cli.api_calls import Api, Caller
from goldpan.cli.estimate_report import print_estimate
from goldpan.cli.job_watch import JobWatch
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line, print_table
from goldpan.settings import read_settings

Command = TypeVar("Command", bound=Callable[..., Any])

SOURCE_OF_OPTION = {
    "searchUrl": "linkedin_search",
    "savedSearchId": "sales_navigator",
    "leadListId": "sales_navigator",
    "postUrl": "post_commenters",
    "urls": "url_upload",
    "fileId": "file_upload",
}
"""The source that an option means when --source is left out."""

SUMMARY = ("jobId", "status", "createdAt", "updatedAt")
FULL = ("jobId", "status", "source", "imported", "known", "stopReason")
FULL_HEAD = ("jobId", "status", "source", "new", "known", "stopReason")


def api_options(command: Command) -> Command:
    """Add what every command over the API takes: it gets a `Caller` as `caller`."""
    options = (
        click.option("--url", help="The API's address; else GOLDPAN_URL."),
        click.option("--api-key", help="Better GOLDPAN_API_KEY: others on this machine see a command's options."),
        click.option("--account", help="The account group; else the only one that the key reaches."),
    )

    def with_caller(url: str | None, api_key: str | None, account: str | None, **others: Any) -> Any:
        settings = read_settings(os.environ)
        return command(caller=Caller(url or settings.url, api_key or settings.api_key, account), **others)

    with_caller.__doc__ = command.__doc__
    with_caller.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own
    for option in reversed(options):
        with_caller = option(with_caller)
    return with_caller  # type: ignore[return-value]  # click only asks that it can be called


@click.group(cls=JsonGroup)
def jobs() -> None:
    """Prospecting jobs, over the API."""


@jobs.command("list")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    help="Only jobs in this state: queued, running, completed, failed, cancelled; repeat it for several.",
)
@click.option(
    "--source", help="Only of this source: linkedin_search, sales_navigator, post_commenters, url_upload, file_upload."
)
@click.option("--created-after", metavar="TIME", help="Only created later: 2026-04-28T15:30:00.000Z.")
@click.option("--created-before", metavar="TIME", help="Only created earlier.")
@click.option("--audience-id", metavar="ID", help="Only jobs that fill this audience.")
@click.option("--sort", help="createdAt: the oldest first; -createdAt, or left out: the newest.")
@click.option("--limit", help="Items a page, 1 to 100; 25 if left out.")
@click.option("--cursor", help="nextCursor of the page before.")
@click.option("--view", type=click.Choice(["full"]), help="Whole jobs instead of summaries.")
@api_options
def list_jobs(caller: Caller, statuses: tuple[str, ...], **options: str | None) -> None:
    """List jobs, newest first."""
    query = {_camel(name): value for name, value in options.items() if value is not None}
    if statuses:
        query["status"] = ",".join(statuses)
    with Api(caller) as api:
        page = api.list_jobs(query)
    answer(page, lambda: _print_page(page, is_full="view" in query))


@jobs.command("get")
@click.argument("job_id", metavar="ID")
@api_options
def get_job(caller: Caller, job_id: str) -> None:
    """Show one job and its receipt."""
    with Api(caller) as api:
        job = api.get_job(job_id)
    answer(job, lambda: print_table(("field", "value"), _flat(job)))


@jobs.command("start")
@click.option(
    "--source",
    help="linkedin_search, sales_navigator, post_commenters, url_upload, file_upload; else what the rest means.",
)
@click.option("--search-url", metavar="URL", help="A people search of LinkedIn or Sales Navigator, as in the browser.")
@click.option("--saved-search-id", metavar="ID")
@click.option("--lead-list-id", metavar="ID")
@click.option("--post-url", metavar="URL", help="Whose commenters to take.")
@click.option("--urls", metavar="URL", multiple=True, help="A profile; repeat it for several.")
@click.option(
    "--url-file",
    type=click.File(encoding="utf-8-sig", errors="replace"),
    help="Profiles, one URL a line; - is standard input.",
)
@click.option(
    "--file",
    "people_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of people to upload: Connections.csv or its zip, a CSV, Parquet, or one profile URL a line.",
)
@click.option("--file-id", metavar="ID", help="A file that was uploaded before.")
@click.option("--max-results", type=int)
@click.option("--max-credits", type=int, help="What the job may spend at the most.")
@click.option("--search-emails", is_flag=True, help="Look for e-mail addresses: 2 credits a person.")
@click.option("--audience-name", help="A new audience's name.")
@click.option("--audience-id", metavar="ID", help="An audience to add the people to.")
@click.option("--idempotency-key", metavar="TEXT", help="Starts one job however often it is sent; else one is made.")
@click.option("--dry-run", is_flag=True, help="Only tell what the job would find, take and cost.")
@api_options
def start_job(
    caller: Caller,
    idempotency_key: str | None,
    url_file: TextIO | None,
    people_file: Path | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Start a job and print its id, or with --dry-run an estimate.

    \b
    goldpan jobs start --search-url "https://www.linkedin.com/search/results/people/?keywords=cto"
    goldpan jobs start --url-file profiles.txt --search-emails
    goldpan jobs start --file Connections.csv
    """
    import secrets

    if people_file is not None:
        options["source"] = options["source"] or "file_upload"
    body = _start_body(options, url_file)
    key = idempotency_key or secrets.token_hex(16)
    with Api(caller) as api:
        if people_file is not None:
            body["fileId"] = _upload(api, people_file, body)
        if dry_run:
            estimate = api.estimate_job(body)
            answer(estimate, lambda: print_estimate(estimate))
            return
        note(f"Idempotency-Key {key}: with it, sending this again starts no second job.")
        job = api.start_job(body, key)
    note(f"Job {job['jobId']} is {job['status']}; see it work with: goldpan jobs watch {job['jobId']}")
    answer(job, lambda: print_line(job["jobId"]))


@jobs.command("cancel")
@click.argument("job_id", metavar="ID")
@api_options
def cancel_job(caller: Caller, job_id: str) -> None:
    """Cancel a queued or running job; credits that it has not used return."""
    with Api(caller) as api:
        job = api.cancel_job(job_id)
    answer(job, lambda: note(f"Job {job['jobId']} is {job['status']}."))


@jobs.command("resume")
@click.argument("job_id", metavar="ID")
@api_options
def resume_job(caller: Caller, job_id: str) -> None:
    """Let a failed or cancelled job go on from its last page; nobody is imported or paid for twice."""
    with Api(caller) as api:
        job = api.resume_job(job_id)
    answer(job, lambda: note(f"Job {job['jobId']} is {job['status']}; see it work with: goldpan jobs watch {job_id}"))


@jobs.command("watch")
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up then, with exit code 124.")
@api_options
def watch_jobs(caller: Caller, job_ids: tuple[str, ...], timeout: float | None) -> int:
    """Watch jobs until all have ended: exit code 7 if one failed, else 8 if one was cancelled.

    With --json: the job, or for several IDs {"items": [...]}. Ctrl-C stops watching, not the jobs.
    """
    ids = list(dict.fromkeys(job_ids))
    with Api(caller) as api:
        try:
            ended = JobWatch(api, ids, timeout).until_all_ended()
        except KeyboardInterrupt:
            note(f"The jobs go on; watch them with: goldpan jobs watch {' '.join(ids)}")
            raise
    answer(ended[0] if len(ended) == 1 else {"items": ended}, lambda: print_table(FULL_HEAD, _rows(ended, FULL)))
    for job in ended:
        if job["error"]:
            note(f"Job {job['jobId']} {job['status']}: {job['error']['message']} ({job['error']['code']})")
    statuses = {job["status"] for job in ended}
    if "failed" in statuses:
        return ExitCode.JOB_FAILED
    return ExitCode.JOB_CANCELLED if "cancelled" in statuses else ExitCode.OK


def _start_body(options: dict[str, Any], url_file: TextIO | None) -> dict[str, Any]:
    """Return the request's body: only what was given, by the names of the contract."""
    urls = [*options.pop("urls"), *_profile_lines(url_file)]
    body = {_camel(name): value for name, value in options.items() if value not in (None, False)}
    if urls:
        body["urls"] = urls
    if "source" not in body:
        body["source"] = _meant_source(body)
    return body


def _upload(api: Api, path: Path, body: dict[str, Any]) -> str:
    """Upload the file and return its id; whoever asks for two sources is told before that."""
    if any(name in body for name in SOURCE_OF_OPTION):
        raise Failure(ExitCode.USAGE, "USAGE", "--file is a source of its own: leave the other source out")
    file = api.upload_file(path)
    note(
        f"{path.name} was read as {file['dialect']}: {file['distinct']:,} people in {file['rows']:,} rows, "
        f"{file['rejected']:,} rejected; to start with it again: --file-id {file['id']}"
    )
    return str(file["id"])


def _profile_lines(file: TextIO | None) -> list[str]:
    return [line.strip() for line in file or () if line.strip()]


def _meant_source(body: dict[str, Any]) -> str:
    meant = [source for name, source in SOURCE_OF_OPTION.items() if name in body]
    if not meant:
        options = ", ".join(
            ("--search-url", "--saved-search-id", "--lead-list-id", "--post-url", "--urls", "--url-file", "--file")
        )
        raise Failure(ExitCode.USAGE, "USAGE", f"a job needs a source of people: one of {options}")
    is_sales_navigator = "/sales/" in body.get("searchUrl", "").partition("?")[0]
    return "sales_navigator" if is_sales_navigator else meant[0]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _print_page(page: dict[str, Any], is_full: bool) -> None:
    head, fields = (FULL_HEAD, FULL) if is_full else (SUMMARY, SUMMARY)
    print_table(head, _rows(page["items"], fields))
    if page["hasMore"]:
        note(f"More with the same options and: --cursor {page['nextCursor']}")


def _rows(items: list[dict[str, Any]], fields: tuple[str, ...]) -> list[list[object]]:
    return [[(job | job.get("counts", {})).get(name) for name in fields] for job in items]


def _flat(document: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in document.items():
        rows += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return rows
