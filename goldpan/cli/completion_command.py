"""`goldpan completion`: the script with which a shell completes commands and options."""

import click

from goldpan.cli.json_option import JsonCommand
from goldpan.cli.shell_output import answer, print_line


@click.command(cls=JsonCommand)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands and options on the tab key.

    \b
    goldpan completion bash >> ~/.bashrc
    goldpan completion zsh >> ~/.zshrc
    goldpan completion fish > ~/.config/fish/completions/goldpan.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # all three are click's own
    root = click.get_current_context().find_root().command
    script = kind(root, {}, "goldpan", "_GOLDPAN_COMPLETE").source()
    answer({"shell": shell, "script": script}, lambda: print_line(script.rstrip()))
