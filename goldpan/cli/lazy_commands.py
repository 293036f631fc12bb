"""The commands of the top, each imported when somebody asks for it: whoever calls one does not wait for the others."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from goldpan.cli.json_option import JsonGroup


class Place(NamedTuple):
    """Where a command is defined, and what the list of commands says of it: the beginning of its own help."""

    target: str
    short_help: str


# The module is imported by the name's first use; `goldpan --help` needs none.
PLACES = {
    "account": Place(
        "goldpan.cli.account_commands:account",
        "Account groups of this machine's Goldpan: whose jobs, people and credits.",
    ),
    "api": Place(
        "goldpan.cli.raw_call_command:call_api",
        "Send a request and print the answer's body as it comes; a refusal is an error as anywhere else.",
    ),
    "audiences": Place(
        "goldpan.cli.audience_commands:audiences",
        "Audiences, over the API: the people that jobs brought.",
    ),
    "backup": Place(
        "goldpan.cli.backup_commands:backup",
        "Back the database up (SQLite).",
    ),
    "completion": Place(
        "goldpan.cli.completion_command:completion",
        "Print the script that completes commands and options on the tab key.",
    ),
    "console": Place(
        "goldpan.cli.console_commands:console",
        "The console: who may sign in.",
    ),
    "credits": Place(
        "goldpan.cli.credit_commands:credits",
        "Credits, over the API: alone, it shows the balance as `get` does.",
    ),
    "doctor": Place(
        "goldpan.cli.doctor_command:doctor",
        "Say what is wrong on this machine.",
    ),
    "jobs": Place(
        "goldpan.cli.job_commands:jobs",
        "Prospecting jobs, over the API.",
    ),
    "keys": Place(
        "goldpan.cli.key_commands:keys",
        "API keys of this machine's Goldpan: who may do what in which account groups.",
    ),
    "login": Place(
        "goldpan.cli.sign_in_commands:login",
        "Keep an API key for the commands to come; it is asked for, or read from standard input.",
    ),
    "logout": Place(
        "goldpan.cli.sign_in_commands:logout",
        "Forget the key that `login` kept; it stays good until it is revoked.",
    ),
    "migrate": Place(
        "goldpan.cli.server_commands:migrate",
        "Bring the database to this version's schema.",
    ),
    "mcp": Place(
        "goldpan.cli.mcp_command:mcp",
        "Serve the tools of an assistant (MCP) over standard input and output.",
    ),
    "people": Place(
        "goldpan.cli.people_commands:people",
        "People files: the operator's directory, which jobs of live keys search, and uploads for single jobs.",
    ),
    "restore": Place(
        "goldpan.cli.backup_commands:restore",
        "Restore a backup into an empty data directory (SQLite).",
    ),
    "serve": Place(
        "goldpan.cli.server_commands:serve",
        "Serve the API and the console.",
    ),
    "settings": Place(
        "goldpan.cli.server_commands:settings",
        "Show every setting.",
    ),
    "whoami": Place(
        "goldpan.cli.sign_in_commands:whoami",
        "Show the server, the key's id and the account groups that it reaches.",
    ),
    "worker": Place(
        "goldpan.cli.server_commands:worker",
        "Run jobs (PostgreSQL).",
    ),
}
FORMER_NAMES = {"key": "keys"}  # still understood, shown nowhere


class LazyCommands(MutableMapping[str, click.Command]):
    """What click takes for the dictionary of a group's commands."""

    def __init__(self) -> None:
        self._places = dict(PLACES)

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = self._places[FORMER_NAMES.get(name, name)].target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("name it in PLACES")

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class TopGroup(JsonGroup):
    """The commands of `PLACES` as a group."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, commands=LazyCommands(), **options)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, PLACES[name].short_help) for name in self.list_commands(ctx)])
