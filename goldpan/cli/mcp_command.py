"""The command `mcp`: Goldpan as tools of an assistant, over standard input and output."""

import click

from goldpan.cli.api_calls import Caller, api_options, client_log_shown
from goldpan.cli.json_option import JsonCommand
from goldpan.cli.shell_output import ExitCode, Failure, note


@click.command("mcp", cls=JsonCommand)
@click.option("--allow-writes", is_flag=True, help="Let the assistant start jobs, which spends credits.")
@api_options
def mcp(caller: Caller, allow_writes: bool) -> None:
    """Serve the tools of an assistant (MCP) over standard input and output.

    \b
    goldpan mcp
    goldpan mcp --allow-writes

    \b
    An assistant starts it; its settings say something like:
    {"command": "goldpan", "args": ["mcp"], "env": {"GOLDPAN_URL": "…", "GOLDPAN_API_KEY": "…"}}
    """
    try:
        import mcp.server  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise Failure(
            ExitCode.ERROR,
            "NOT_INSTALLED",
            "this command needs an extra",
            next_step="pip install '/path/to/goldpan[mcp]', from the clone",
        ) from error
    import asyncio

    try:
        with client_log_shown(caller):
            asyncio.run(_serve(caller, allow_writes))
    except ValueError as error:
        raise Failure(ExitCode.USAGE, "USAGE", str(error)) from error


async def _serve(caller: Caller, allow_writes: bool) -> None:
    from goldpan.cli.mcp_tools import build_server
    from goldpan.client import AsyncGoldpan

    async with AsyncGoldpan(caller.api_key, url=caller.url, account_group_id=caller.account_group_id) as client:
        note(f"Tools of {caller.url} on standard input and output, {'with' if allow_writes else 'without'} starts.")
        await build_server(client, allow_writes).run_stdio_async()
