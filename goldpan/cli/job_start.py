"""`goldpan jobs start`: what the options mean together, the upload of a file, and waiting for the end."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from goldpan.cli.api_calls import ID, Caller, api_options, opened_client
from goldpan.cli.estimate_report import print_estimate
from goldpan.cli.json_option import JsonCommand
from goldpan.cli.list_output import document_of
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_document, print_line
from goldpan.cli.uploaded_file_commands import upload_file

if TYPE_CHECKING:
    from goldpan.client import Goldpan, RunningJob

LONGEST_KEY = 255

SOURCE_OF_OPTION = {
    "search_url": "linkedin_search",
    "saved_search_id": "sales_navigator",
    "lead_list_id": "sales_navigator",
    "post_url": "post_commenters",
    "urls": "url_upload",
    "file_id": "file_upload",
}
"""The source that an option means when --source is left out."""


@click.command("start", cls=JsonCommand)
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
@click.option("--file-id", metavar="ID", type=ID, help="A file that was uploaded before.")
@click.option("--max-results", type=click.IntRange(min=1))
@click.option("--max-credits", type=click.IntRange(min=1), help="What the job may spend at the most.")
@click.option("--search-emails", is_flag=True, help="Look for e-mail addresses: 2 credits a person.")
@click.option("--audience-name", help="A new audience's name.")
@click.option("--audience-id", metavar="ID", help="An audience to add the people to.")
@click.option("--folder-id", metavar="ID", help="The folder of a new audience.")
@click.option("--idempotency-key", metavar="TEXT", help="Starts one job however often it is sent; else one is made.")
@click.option("--dry-run", is_flag=True, help="Only tell what the job would find, take and cost.")
@click.option("--wait", is_flag=True, help="Show the job's progress until it has ended, then print it as JSON.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Of --wait: give up with exit code 124."
)
@api_options
def start_job(
    caller: Caller, people_file: Path | None, dry_run: bool, wait: bool, timeout: float | None, **options: Any
) -> int:
    """Start a job and print its id.

    \b
    goldpan jobs start --search-url "https://www.linkedin.com/search/results/people/?keywords=cto" --wait
    goldpan jobs start --url-file profiles.txt --search-emails
    goldpan jobs start --file Connections.csv --dry-run

    With --wait the exit code is 7 if the job failed, 8 if it was cancelled. Ctrl-C stops waiting, not the job.
    """
    if dry_run and wait:
        raise Failure(ExitCode.USAGE, "USAGE", "--dry-run starts nothing that --wait could wait for")
    if timeout is not None and not wait:
        raise Failure(ExitCode.USAGE, "USAGE", "--timeout is for --wait")
    key = _checked_key(options.pop("idempotency_key"))
    if people_file is not None:
        options["source"] = options["source"] or "file_upload"
    fields = _start_fields(options)
    with opened_client(caller) as client:
        if people_file is not None:
            fields["file_id"] = _upload(client, people_file, fields)
        if dry_run:
            estimate = document_of(client.jobs.estimate(**fields))
            answer(estimate, lambda: print_estimate(estimate))
            return ExitCode.OK
        job = _start(client, caller, fields, key)
    if wait:
        return _wait_for_end(caller, job.job_id, timeout)
    note(f"Job {job.job_id} is {job.started.status}; see it work with: goldpan jobs watch {job.job_id}")
    answer(document_of(job.started), lambda: print_line(job.job_id))
    return ExitCode.OK


def _start(client: "Goldpan", caller: Caller, fields: dict[str, Any], key: str) -> "RunningJob":
    """Start the job; where it is not known whether it has started, tell how to send it again safely."""
    import signal

    from goldpan.cli.api_failures import explained
    from goldpan.client import GoldpanError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever ends us, nobody shall lose the key
    again = f"the same again with --idempotency-key {key}"
    try:
        job = client.jobs.start(idempotency_key=key, **fields)
    except GoldpanError as failure:
        if failure.may_have_worked:
            raise explained(failure, caller.url, f"{again}: it is one job, whether it has started or not") from failure
        raise
    except KeyboardInterrupt:
        note(f"The job may have started: {again} starts no second one.")
        raise
    note(f"Idempotency-Key {key}: with it, sending this again starts no second job.")
    return job


def _wait_for_end(caller: Caller, job_id: str, timeout: float | None) -> int:
    from goldpan.cli.job_watch import exit_code_of, watch_until_ended

    try:
        ended = watch_until_ended(caller, [job_id], timeout)
    except KeyboardInterrupt:
        note(f"job continues: goldpan jobs watch {job_id}")
        raise
    print_document(document_of(ended[0]))
    return exit_code_of(ended)


def _checked_key(key: str | None) -> str:
    import secrets

    if key is None:
        return secrets.token_hex(16)
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST_KEY):
        raise click.BadParameter("must have 1 to 255 printable ASCII characters", param_hint="--idempotency-key")
    return key


def _start_fields(options: dict[str, Any]) -> dict[str, Any]:
    """Return what to start: only what was given."""
    urls = [*options.pop("urls"), *_profile_lines(options.pop("url_file"))]
    fields = {name: value for name, value in options.items() if value is not None and value is not False}
    if urls:
        fields["urls"] = urls
    if "source" not in fields:
        fields["source"] = _meant_source(fields)
    return fields


def _profile_lines(file: TextIO | None) -> list[str]:
    return [line.strip() for line in file or () if line.strip()]


def _meant_source(fields: dict[str, Any]) -> str:
    meant = [source for name, source in SOURCE_OF_OPTION.items() if name in fields]
    if not meant:
        options = ", ".join(
            ("--search-url", "--saved-search-id", "--lead-list-id", "--post-url", "--urls", "--url-file", "--file")
        )
        raise Failure(ExitCode.USAGE, "USAGE", f"a job needs a source of people: one of {options}")
    is_sales_navigator = "/sales/" in fields.get("search_url", "").partition("?")[0]
    return "sales_navigator" if is_sales_navigator else meant[0]


def _upload(client: "Goldpan", path: Path, fields: dict[str, Any]) -> str:
    """Upload the file and return its id; whoever asks for two sources is told before that."""
    if any(name in fields for name in SOURCE_OF_OPTION):
        raise Failure(ExitCode.USAGE, "USAGE", "--file is a source of its own: leave the other source out")
    return upload_file(client, path).id
