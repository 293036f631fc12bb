"""One account group on a database of its own, with a running server: what most parts of the benchmarks begin with."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.scratch_database import scratch_database
from benchmarks.server_process import Server, free_port, goldpan_command, running, worker_command
from goldpan import assembly
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.operations.toolbox import Toolbox
from goldpan.settings import read_settings

CREDITS = 1_000_000_000
CALL_SECONDS = 600  # an upload of a large file is one call
NO_LIMITS = {
    "GOLDPAN_RATE_LIMIT": "1000000000/minute",
    "GOLDPAN_QUOTA_LINKEDIN_CLASSIC": "999999999",
    "GOLDPAN_QUOTA_URL_UPLOAD": "999999999",
}


@dataclass(frozen=True, slots=True)
class World:
    """`environment` leads Goldpan to the database; `key` may do everything in the account group."""

    kind: str
    folder: Path
    environment: Mapping[str, str]
    toolbox: Toolbox
    account_group_id: str
    key: str

    @contextmanager
    def serving(self) -> Iterator[Server]:
        port = free_port()
        with running(goldpan_command(port), port, self._settings, self.folder / "goldpan.log") as server:
            yield server

    @contextmanager
    def working(self) -> Iterator[Server | None]:
        """Run a worker beside the server; None: on SQLite the server is one."""
        if self.kind == "sqlite":
            yield None
            return
        with running(worker_command(), 0, self._settings, self.folder / "worker.log") as worker:
            yield worker

    def call(self, server: Server, method: str, path: str, **options: Any) -> httpx2.Response:
        """Return the answer to one call in the account group, whose status is a success."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        url = self.url(server, path)
        answer = httpx2.request(method, url, headers=headers, trust_env=False, timeout=CALL_SECONDS, **options)
        return answer.raise_for_status()

    def url(self, server: Server, path: str) -> str:
        return f"{server.url}/v1/accounts/{self.account_group_id}{path}"

    @property
    def _settings(self) -> dict[str, str]:
        return {**self.environment, **NO_LIMITS}


@contextmanager
def new_world(kind: str) -> Iterator[World]:
    """Make a database of that kind with one rich account group; all of it is removed at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="goldpan-benchmark-")))
        environment = stack.enter_context(scratch_database(kind, folder))
        toolbox = assembly.administrative_toolbox(read_settings(environment))
        stack.callback(toolbox.database.close)
        group = create_account(toolbox, "Benchmark", "scale", CREDITS).id
        _, key = create_key(toolbox, NewKey([group], list(Permission), "benchmark"))
        yield World(kind, folder, environment, toolbox, group, key)
