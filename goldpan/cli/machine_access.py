"""How commands reach this machine's Goldpan, with a server running or not; the slow imports happen in here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from goldpan.cli.shell_output import ExitCode, Failure, note
from goldpan.settings import read_settings

if TYPE_CHECKING:
    from goldpan.operations.toolbox import Toolbox


@contextmanager
def opened_toolbox() -> "Iterator[Toolbox]":
    """Hand out what verbs need, on the database that the settings name."""
    from goldpan import assembly

    settings = read_settings(os.environ)
    with refusals_explained():
        file = Path(settings.data).absolute() / "goldpan.db"
        is_new = not settings.database_url and not file.exists()
        toolbox = assembly.administrative_toolbox(settings)
        if is_new:
            note(f"There was no Goldpan in {file.parent}: a new, empty one was made. GOLDPAN_DATA names another place.")
        try:
            yield toolbox
        finally:
            toolbox.database.close()


@contextmanager
def refusals_explained() -> Iterator[None]:
    """Turn what this machine, its settings or its database cannot do into one line for the operator."""
    from sqlalchemy.exc import ArgumentError, DatabaseError

    from goldpan.assembly import CannotStart
    from goldpan.contract.error_catalogue import Problem

    try:
        yield
    except CannotStart as reason:
        raise Failure(ExitCode.ERROR, "CANNOT_START", str(reason)) from reason
    except ArgumentError as error:
        message = "GOLDPAN_DATABASE_URL must look like postgresql://user:password@host/name"
        raise Failure(ExitCode.ERROR, "CANNOT_START", message) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its kinds are mistakes of ours; the bare one is a file that is damaged
            raise
        raise Failure(ExitCode.ERROR, "CANNOT_START", f"the database cannot be used: {error.orig}") from error
    except Problem as problem:
        kind = problem.kind
        raise Failure(
            ExitCode.ERROR, kind.code, kind.meaning, details=problem.details, next_step="goldpan doctor"
        ) from problem
