"""Commands that list, show, watch, cancel and resume prospecting jobs over the API; `job_start` starts them."""

from typing import Any

import click

from goldpan.cli.api_calls import ID, Caller, api_options, opened_client
from goldpan.cli.job_start import start_job
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.list_output import document_of, list_options, page_limit, print_fields, print_list, shows_columns
from goldpan.cli.shell_output import answer, note, print_table

# What matters most comes first: a narrow terminal has no room for the last ones.
COLUMNS = ("jobId", "status", "source", "createdAt", "imported", "known", "stopReason")
HEAD = tuple("new" if name == "imported" else name for name in COLUMNS)


@click.group(cls=JsonGroup)
def jobs() -> None:
    """Prospecting jobs, over the API.

    \b
    goldpan jobs start --search-url "https://www.linkedin.com/search/results/people/?keywords=cto" --wait
    goldpan jobs list --status running
    goldpan jobs watch ID
    """


jobs.add_command(start_job)


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
@click.option("--view", type=click.Choice(["full"]), help="With --json or --all: whole jobs instead of summaries.")
@list_options
@api_options
def list_jobs(
    caller: Caller, statuses: tuple[str, ...], view: str | None, limit: int | None, wants_all: bool, **filters: Any
) -> None:
    """List jobs, newest first.

    \b
    goldpan jobs list --status running --status queued
    goldpan jobs list --view full --all
    """
    is_full = view is not None or shows_columns(wants_all)
    filters |= {"status": statuses, "limit": page_limit(limit, wants_all)}
    given = {name: value for name, value in filters.items() if value not in (None, ())}
    with opened_client(caller) as client:
        pages = client.jobs.list_full(**given) if is_full else client.jobs.list(**given)
        print_list(pages, HEAD, _row, wants_all)


@jobs.command("get")
@click.argument("job_id", metavar="ID", type=ID)
@api_options
def get_job(caller: Caller, job_id: str) -> None:
    """Show one job and its receipt.

    \b
    goldpan jobs get 6b03a43ed94f7066925da7ce
    """
    with opened_client(caller) as client:
        job = document_of(client.jobs.get(job_id))
    answer(job, lambda: print_fields(job))


@jobs.command("cancel")
@click.argument("job_id", metavar="ID", type=ID)
@api_options
def cancel_job(caller: Caller, job_id: str) -> None:
    """Cancel a queued or running job; credits that it has not used return.

    \b
    goldpan jobs cancel 6b03a43ed94f7066925da7ce
    """
    with opened_client(caller) as client:
        job = client.jobs.cancel(job_id)
    answer(document_of(job), lambda: note(f"Job {job.job_id} is {job.status}."))


@jobs.command("resume")
@click.argument("job_id", metavar="ID", type=ID)
@api_options
def resume_job(caller: Caller, job_id: str) -> None:
    """Let a failed or cancelled job go on from its last page; nobody is imported or paid for twice.

    \b
    goldpan jobs resume 6b03a43ed94f7066925da7ce
    """
    with opened_client(caller) as client:
        job = client.jobs.resume(job_id).started
    answer(
        document_of(job),
        lambda: note(f"Job {job.job_id} is {job.status}; see it work with: goldpan jobs watch {job_id}"),
    )


@jobs.command("watch")
@click.argument("job_ids", metavar="ID...", type=ID, nargs=-1, required=True)
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up then, with exit code 124.")
@api_options
def watch_jobs(caller: Caller, job_ids: tuple[str, ...], timeout: float | None) -> int:
    """Watch jobs until all have ended: exit code 7 if one failed, else 8 if one was cancelled.

    \b
    goldpan jobs watch 6b03a43ed94f7066925da7ce --timeout 600

    With --json: the job, or for several IDs {"items": [...]}. Ctrl-C stops watching, not the jobs.
    """
    from goldpan.cli.job_watch import exit_code_of, watch_until_ended

    ids = list(dict.fromkeys(job_ids))
    try:
        ended = watch_until_ended(caller, ids, timeout)
    except KeyboardInterrupt:
        note(f"{'job continues' if len(ids) == 1 else 'jobs continue'}: goldpan jobs watch {' '.join(ids)}")
        raise
    documents = [document_of(job) for job in ended]
    whole = documents[0] if len(documents) == 1 else {"items": documents}
    answer(whole, lambda: print_table(HEAD, [_row(job) for job in documents]))
    return exit_code_of(ended)


@jobs.command("quota")
@click.option("--list-type", help="LINKEDIN_CLASSIC, SALES_NAVIGATOR, POST_COMMENTERS or URL_UPLOAD; else the first.")
@api_options
def show_quota(caller: Caller, list_type: str | None) -> None:
    """Show how many people jobs may still take within 24 hours, and when there is room again.

    \b
    goldpan jobs quota --list-type SALES_NAVIGATOR
    """
    with opened_client(caller) as client:
        quota = document_of(client.jobs.quota(list_type))
    answer(quota, lambda: print_fields(quota))


def _row(job: dict[str, Any]) -> list[object]:
    return [(job | (job.get("counts") or {})).get(name) for name in COLUMNS]
