"""`goldpan api`: any request to the API, and its answer as it comes."""

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from goldpan.cli.api_calls import Caller, api_options, client_log_shown, refuse_unusable
from goldpan.cli.api_failures import failures_explained
from goldpan.cli.json_option import JsonCommand
from goldpan.cli.shell_output import ExitCode, Failure, closed_pipe_is_no_error

if TYPE_CHECKING:
    from goldpan.client.wire import Request

METHODS = ("GET", "POST", "PATCH", "DELETE")


@click.command("api", cls=JsonCommand)
@click.argument("method", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path", metavar="PATH")
@click.option("--body", metavar="JSON", help="What to send; - reads it from standard input.")
@click.option("--header", "headers", metavar="NAME:VALUE", multiple=True, help="Repeat it for several.")
@api_options
def call_api(caller: Caller, method: str, path: str, body: str | None, headers: tuple[str, ...]) -> None:
    """Send a request and print the answer's body as it comes; a refusal is an error as anywhere else.

    \b
    goldpan api GET /v1/accounts
    goldpan api POST /v1/accounts/ID/audiences --body '{"name": "CTOs", "type": "on_demand"}'
    goldpan api GET /v1/accounts/ID/prospecting/ID/events --header "Accept: text/event-stream"
    """
    if not path.startswith("/"):
        raise Failure(ExitCode.USAGE, "USAGE", "PATH begins with /: /v1/accounts")
    refuse_unusable(caller)
    from goldpan.client.blocking_calls import run
    from goldpan.client.wire import Request

    text = sys.stdin.read() if body == "-" else body
    request = Request(
        method,
        path,
        headers=dict(map(_named, headers)),
        json=None if text is None else text.encode(),
        is_repeatable=method == "GET",
    )
    with client_log_shown(caller), failures_explained(caller.url), closed_pipe_is_no_error(sys.stdout):
        run(_print_answer(caller, request))
    if sys.stdout.isatty():
        sys.stdout.write("\n")


async def _print_answer(caller: Caller, request: "Request") -> None:
    from goldpan.client.sending import Sender
    from goldpan.client.wire import Address, BlockingTransport

    transport = BlockingTransport(Address(caller.url, caller.api_key))
    async with Sender(transport).open(request) as answer, aclosing(answer.pieces) as pieces:
        async for piece in pieces:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    await transport.close()


def _named(header: str) -> tuple[str, str]:
    name, colon, value = header.partition(":")
    if not (colon and name.strip() and header.isascii() and header.isprintable()):
        raise click.BadParameter(f"{header!r} must look like NAME:VALUE", param_hint="--header")
    return name.strip(), value.strip()
