"""The commands of the top, each imported when somebody asks for it: whoever calls one does not wait for the others."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

# name: where it is defined. The module is imported by the name's first use.
PLACES = {
    "account": "goldpan.cli.account_commands:account",
    "api": "goldpan.cli.raw_call_command:call_api",
    "audiences": "goldpan.cli.audience_commands:audiences",
    "backup": "goldpan.cli.backup_commands:backup",
    "completion": "goldpan.cli.completion_command:completion",
    "console": "goldpan.cli.console_commands:console",
    "credits": "goldpan.cli.credit_commands:credits",
    "doctor": "goldpan.cli.doctor_command:doctor",
    "jobs": "goldpan.cli.job_commands:jobs",
    "keys": "goldpan.cli.key_commands:keys",
    "login": "goldpan.cli.sign_in_commands:login",
    "logout": "goldpan.cli.sign_in_commands:logout",
    "migrate": "goldpan.cli.server_commands:migrate",
    "mcp": "goldpan.cli.mcp_command:mcp",
    "people": "goldpan.cli.people_commands:people",
    "restore": "goldpan.cli.backup_commands:restore",
    "serve": "goldpan.cli.server_commands:serve",
    "settings": "goldpan.cli.server_commands:settings",
    "whoami": "goldpan.cli.sign_in_commands:whoami",
    "worker": "goldpan.cli.server_commands:worker",
}
FORMER_NAMES = {"key": "keys"}  # still understood, shown nowhere


class LazyCommands(MutableMapping[str, click.Command]):
    """What click takes for the dictionary of a group's commands."""

    def __init__(self) -> None:
        self._places = dict(PLACES)

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = self._places[FORMER_NAMES.get(name, name)].partition(":")
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
