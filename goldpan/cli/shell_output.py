"""What commands say: one JSON document or text on standard output, messages on standard error, and an exit code."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TextIO

import click

LINE_EVERY_SECONDS: Final = 5.0

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would move the cursor or turn the line around, except for tabs and ends of lines."""


class ExitCode(IntEnum):
    """What the shell is told. Scripts rely on these numbers."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    NO_CREDITS = 5
    RATE_LIMITED = 6
    JOB_FAILED = 7
    JOB_CANCELLED = 8
    WAIT_TIMEOUT = 124
    INTERRUPTED = 130


@dataclass(slots=True)
class Shell:
    """How this run of the command answers."""

    wants_json: bool = False


class Failure(Exception):
    """The command ends here. `next_step` is a command to try, or what to change; `docs` is where more is told."""

    def __init__(
        self,
        exit_code: ExitCode,
        code: str,
        message: str,
        *,
        details: str | None = None,
        trace_id: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code
        self.message = message
        self.details = details
        self.trace_id = trace_id
        self.next_step = next_step
        self.docs: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "details": self.details,
                "traceId": self.trace_id,
            }
        }

    def lines(self) -> list[str]:
        """Return `error: message — details (CODE, trace …)`, what to try, and where more is told."""
        details = f" — {self.details}" if self.details else ""
        trace = f", trace {self.trace_id}" if self.trace_id else ""
        lines = [_in_one_line(f"error: {self.message}{details} ({self.code}{trace})")]
        more = (("try", self.next_step), ("docs", self.docs))
        return lines + [f"  {name}: {_in_one_line(text)}" for name, text in more if text]


def is_json_wanted() -> bool:
    return click.get_current_context().ensure_object(Shell).wants_json


def answer(document: Any, print_text: Callable[[], None]) -> None:
    """Print the command's result, as text or with --json as one document."""
    if is_json_wanted():
        print_document(document)
    else:
        print_text()


def print_document(document: Any, indent: int | None = 2) -> None:
    """Print the document; `indent` None: in one line."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    print_line(_CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text))  # to whoever reads JSON it is the same


def print_line(text: str) -> None:
    _write(sys.stdout, text)


def note(text: str) -> None:
    """Tell the person at the terminal, who may have piped the result elsewhere."""
    _write(sys.stderr, text)


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table on a terminal, where the last columns go first for want of room; elsewhere the bare rows,
    one a line, cells parted by tabs.
    """
    texts = [[_in_one_line(_cell(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in texts:
            print_line("\t".join(row))
        return
    from rich.console import Console

    from goldpan.cli.terminal_table import table_that_fits

    console = Console()
    table, left_out = table_that_fits(head, texts, console.width)
    with closed_pipe_is_no_error(sys.stdout):
        console.print(table)
    if left_out:
        note(f"Left out for want of room: {', '.join(left_out)}; a wider terminal or a pipe shows all columns.")


def line_timer() -> Callable[[], bool]:
    """Return a function that says whether another line of progress is due: where no bar can be drawn."""
    due = time.monotonic() + LINE_EVERY_SECONDS

    def is_due() -> bool:
        nonlocal due
        if time.monotonic() < due:
            return False
        due = time.monotonic() + LINE_EVERY_SECONDS
        return True

    return is_due


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return " ".join(map(str, value))
    return str(value)


def _in_one_line(text: str) -> str:
    return _harmless(" ".join(text.split()))


def _harmless(text: str) -> str:
    """Return the text without control characters: strangers wrote most of it."""
    return _CONTROLS.sub("\ufffd", text)


def _write(stream: TextIO, text: str) -> None:
    with closed_pipe_is_no_error(stream):
        stream.write(_harmless(text) + "\n")
        stream.flush()


@contextmanager
def closed_pipe_is_no_error(stream: TextIO) -> Iterator[None]:
    """Whoever reads us may stop (`| head`): from then on we write to nobody, and Python too when it ends."""
    try:
        yield
    except BrokenPipeError:
        _write_to_nobody(stream)
    except OSError as error:
        _write_to_nobody(stream)
        note(f"error: cannot write the result: {error.strerror}")
        sys.exit(ExitCode.ERROR)


def _write_to_nobody(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
