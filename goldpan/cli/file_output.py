"""Files that the API sends: to a path, where a file is only when it is whole, or to standard output."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from goldpan.cli.shell_output import ExitCode, Failure, Shell, answer, closed_pipe_is_no_error, note

Command = TypeVar("Command", bound=Callable[..., Any])


def target_option(command: Command) -> Command:
    """Add `target`: the path to write to, None for standard output."""
    option = click.option(
        "--output",
        "-o",
        "target",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file to write, which is replaced when it is whole; else standard output.",
    )
    return option(command)


def save_or_print(download: Callable[[Path | BinaryIO], None], target: Path | None, about: dict[str, Any]) -> None:
    """Let `download` write to the target; `about` is what the document of --json says besides."""
    if target is None:
        if click.get_current_context().ensure_object(Shell).wants_json:
            raise Failure(ExitCode.USAGE, "USAGE", "with --json the file needs a place of its own: --output FILE")
        with closed_pipe_is_no_error(sys.stdout):
            download(sys.stdout.buffer)
            sys.stdout.buffer.flush()
        return
    try:
        download(target)
    except OSError as error:
        raise Failure(ExitCode.ERROR, "CANNOT_WRITE", f"cannot write {target}: {error.strerror}") from error
    size = target.stat().st_size if target.is_file() else None  # a device or a pipe keeps nothing that has a size
    document = {**about, "file": str(target), "bytes": size, "status": "written"}
    answer(document, lambda: note(f"{target} is written" + ("." if size is None else f", {size:,} bytes.")))
