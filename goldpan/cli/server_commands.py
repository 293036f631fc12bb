"""Commands that run the processes that stay, and that show and prepare what they need."""

import os
import sys

import click

from goldpan.cli.json_option import JsonCommand
from goldpan.cli.machine_access import refusals_explained
from goldpan.cli.shell_output import answer, note, print_line, print_table
from goldpan.settings import TABLE, read_settings, shown


@click.command(cls=JsonCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8470, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="API processes (PostgreSQL).")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the API and the console.

    \b
    goldpan serve
    goldpan serve --host 0.0.0.0 --port 8470 --workers 2

    Until Ctrl-C or SIGTERM; on SQLite the jobs run here too.
    """
    from goldpan import assembly

    settings = read_settings(os.environ)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    tell = note if sys.stderr.isatty() else None  # a log that is collected holds JSON only, and no secret
    if tell:
        tell(f"Starting Goldpan on {url}; Ctrl-C ends it.")
    try:
        with refusals_explained():
            assembly.serve(settings, host, port, workers, tell)
    except SystemExit as end:  # how SIGTERM arrives here
        if end.code:
            raise
    answer({"url": url, "status": "stopped"}, lambda: None)


@click.command(cls=JsonCommand)
def worker() -> None:
    """Run jobs (PostgreSQL).

    \b
    goldpan worker

    Until Ctrl-C or SIGTERM; on SQLite `serve` runs the jobs itself.
    """
    from goldpan import assembly

    with refusals_explained():
        assembly.run_worker(read_settings(os.environ))
    answer({"status": "stopped"}, lambda: None)


@click.command(cls=JsonCommand)
def migrate() -> None:
    """Bring the database to this version's schema.

    \b
    goldpan migrate
    """
    from goldpan import assembly

    settings = read_settings(os.environ)
    with refusals_explained():
        url = assembly.database_url(settings)
        is_embedded = url.startswith("sqlite")
        if is_embedded:
            assembly.open_database(settings).close()  # makes the data directory, and keeps others out meanwhile
        assembly.migrate(url)
    database = url.removeprefix("sqlite:///") if is_embedded else "postgresql"
    answer({"database": database, "status": "migrated"}, lambda: print_line(f"{database} is at this version's schema"))


@click.command(cls=JsonCommand)
def settings() -> None:
    """Show every setting.

    \b
    goldpan settings

    Its value here, its default and what it means; all are environment variables.
    """
    rows = [
        {
            "name": setting.name,
            "value": shown(setting, os.environ),
            "default": setting.default,
            "meaning": setting.meaning,
            "secret": setting.is_secret,
        }
        for setting in TABLE
    ]
    head = ("name", "value", "meaning", "default")
    answer({"items": rows}, lambda: print_table(head, ([row[name] for name in head] for row in rows)))
