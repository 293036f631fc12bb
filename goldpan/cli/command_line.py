"""The command `goldpan` itself: its groups, `--json` and `--version`, and how every way to end becomes an exit code."""

import sys
from typing import Any

import click

import goldpan
from goldpan.cli.lazy_commands import TopGroup
from goldpan.cli.shell_output import ExitCode, Failure, Shell, note, print_document

EXIT_CODES = """\b
Exit codes:
  0 ok · 1 error · 2 usage · 3 not found · 4 key or permission · 5 credits or quota
  6 rate-limited after retries · 7 job failed · 8 job cancelled
  124 wait timed out · 130 interrupted

With --json standard output holds exactly one JSON document, also on failure:
{"error": {"code", "message", "details", "traceId"}}; lists with --all have one a line.
Messages go to standard error.
"""


@click.group(cls=TopGroup, epilog=EXIT_CODES)
@click.version_option(goldpan.__version__, prog_name="goldpan")
def root() -> None:
    """Prospecting jobs that survive crashes, behind one exact HTTP API.

    \b
    goldpan serve
    goldpan account create "Acme" --plan scale --credits 1000
    goldpan people import Connections.csv --account ID
    goldpan keys create --account ID --permission prospecting:read --permission prospecting:write
    goldpan login
    goldpan jobs start --search-url "https://www.linkedin.com/search/results/people/?keywords=cto" --wait
    goldpan audiences export ID --output people.csv
    """


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    # A usage error comes before click has read the option, and must be a JSON document as well.
    shell = Shell(wants_json="--json" in arguments)
    try:
        result: Any = root.main(arguments, prog_name="goldpan", standalone_mode=False, obj=shell)
    except Failure as failure:
        return _fail(shell, failure)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return _fail_in_json(shell, Failure(ExitCode.USAGE, "USAGE", "a command is missing"))
    except click.ClickException as error:
        return _fail(shell, _misused(error))
    except (click.Abort, KeyboardInterrupt):
        return _fail_in_json(shell, Failure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted"))
    return result if isinstance(result, int) else ExitCode.OK


def _misused(error: click.ClickException) -> Failure:
    context = error.ctx if isinstance(error, click.UsageError) else None
    step = f"{context.command_path if context else 'goldpan'} --help"
    if context is not None and isinstance(error, click.NoSuchOption):
        step = _place_of_connection(context, error.option_name) or step
    return Failure(ExitCode.USAGE, "USAGE", error.format_message(), next_step=step)


def _place_of_connection(context: click.Context, option: str) -> str | None:
    """Return what to try for an option of the connection where none is taken; None: it is another option."""
    from goldpan.cli.api_calls import CONNECTION_OPTIONS

    if option not in CONNECTION_OPTIONS:
        return None
    if isinstance(context.command, click.Group):
        return f"{option} behind the whole command: {context.command_path} COMMAND {option} …"
    return f"the same without {option}: {context.command_path} calls no API, it works on this machine"


def _fail(shell: Shell, failure: Failure) -> int:
    for line in failure.lines():
        note(line)
    return _fail_in_json(shell, failure)


def _fail_in_json(shell: Shell, failure: Failure) -> int:
    if shell.wants_json:
        print_document(failure.document())
    return failure.exit_code
