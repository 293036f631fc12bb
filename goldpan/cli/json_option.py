"""Commands and groups that all take `--json`, wherever in the line it stands."""

from typing import Any

import click

from goldpan.cli.shell_output import Shell


class JsonCommand(click.Command):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(_json_option())


class JsonGroup(click.Group):
    command_class = JsonCommand
    group_class = type

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(_json_option())


def _json_option() -> click.Option:
    return click.Option(
        ["--json"], is_flag=True, expose_value=False, callback=_note_json, help="Print one JSON document."
    )


def _note_json(context: click.Context, _parameter: click.Parameter, wants_json: bool) -> None:
    shell = context.find_object(Shell)
    if wants_json and shell is not None:
        shell.wants_json = True
