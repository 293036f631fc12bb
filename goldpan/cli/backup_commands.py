"""Commands that back the embedded database up and restore it."""

import os
from pathlib import Path

import click

from goldpan.cli.json_option import JsonCommand
from goldpan.cli.machine_access import refusals_explained
from goldpan.cli.shell_output import answer, print_line
from goldpan.settings import read_settings


@click.command(cls=JsonCommand)
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Back the database up (SQLite).

    \b
    goldpan backup /backups/goldpan.db

    Writes FILE, which must not exist, while the server runs or not. It holds everything: people, jobs, hashes of
    keys. PostgreSQL has pg_dump for this.
    """
    from goldpan import assembly

    os.umask(0o077)
    with refusals_explained():
        size = assembly.back_up(read_settings(os.environ), file)
    answer(
        {"file": str(file), "bytes": size, "status": "written"},
        lambda: print_line(f"{file} holds the whole database, {size / 1024**2:,.1f} MiB"),
    )


@click.command(cls=JsonCommand)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Restore a backup into an empty data directory (SQLite).

    \b
    goldpan restore /backups/goldpan.db

    No server may run there. PostgreSQL has pg_restore for this.
    """
    from goldpan import assembly

    os.umask(0o077)
    with refusals_explained():
        database = assembly.restore(read_settings(os.environ), file)
    answer({"database": str(database), "status": "restored"}, lambda: print_line(f"{database} is restored"))
