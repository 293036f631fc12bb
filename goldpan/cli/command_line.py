"""The command `goldpan` itself: its groups, `--json` and `--version`, and how every way to end becomes an exit code."""

import sys
from typing import Any

import click

import goldpan
from goldpan.cli.account_commands import account, key, people
from goldpan.cli.backup_commands import backup, restore
from goldpan.cli.console_commands import console
from goldpan.cli.doctor_command import doctor
from goldpan.cli.job_commands import jobs
from goldpan.cli.json_option import JsonGroup
from goldpan.cli.mcp_command import mcp
from goldpan.cli.named_source_commands import lists, search
from goldpan.cli.server_commands import migrate, serve, settings, worker
from goldpan.cli.shell_output import ExitCode, Failure, Shell, note, print_document

EXIT_CODES = """\b
Exit codes:
  0 ok · 1 error · 2 usage · 3 not found · 4 key or permission · 5 credits
  6 rate-limited after retries · 7 job failed · 8 job cancelled
  124 wait timed out · 130 interrupted

With --json standard output holds exactly one JSON document, also on failure:
{"error": {"code", "message", "details", "traceId"}}. Messages go to standard error.
"""


@click.group(cls=JsonGroup, epilog=EXIT_CODES)
@click.version_option(goldpan.__version__, prog_name="goldpan")
def root() -> None:
    """Prospecting jobs that survive crashes, behind one exact HTTP API.

    \b
    goldpan serve
    goldpan account create "Acme" --plan scale --credits 1000
    goldpan people import Connections.csv --account ID
    goldpan key create --account ID --permission prospecting:read --permission prospecting:write
    goldpan jobs start --search-url "https://www.linkedin.com/search/results/people/?keywords=cto"
    """


for command in (serve, worker, migrate, doctor, backup, restore, settings, account, key, console, people, jobs, mcp):
    root.add_command(command)
people.add_command(search)
people.add_command(lists)


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    # A usage error comes before click has read the option, and must be a JSON document as well.
    shell = Shell(wants_json="--json" in arguments)
    try:
        result: Any = root.main(arguments, prog_name="goldpan", standalone_mode=False, obj=shell)
    except Failure as failure:
        for line in failure.lines():
            note(line)
        return _fail(shell, failure)
    except click.Abort:
        return _fail(shell, Failure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted"))
    except click.ClickException as error:
        error.show()
        return _fail(shell, Failure(ExitCode.USAGE, "USAGE", error.format_message()))
    return result if isinstance(result, int) else ExitCode.OK


def _fail(shell: Shell, failure: Failure) -> int:
    if shell.wants_json:
        print_document(failure.document())
    return failure.exit_code
