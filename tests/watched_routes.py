"""Every route of ROUTES asked once, in one process, with what it needs to do its work; and what it sent the database.

A new route that takes a body, or an id that is none of the usual ones, gets a line in the tables below.
"""

import asyncio
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import sqlalchemy as sa

from goldpan import assembly
from goldpan.api.gate import GateParts
from goldpan.api.http_app import build_app
from goldpan.api.live_answers import LiveAnswers
from goldpan.api.rate_limits import RateLimit
from goldpan.api.request_file import FileIntake
from goldpan.api.routes import ROUTES, Route
from goldpan.contract.permission_catalogue import Permission
from goldpan.engine.job_queue import JobQueue
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.operations.job_run_operations import advance_job, claim_job
from goldpan.operations.people_operations import NewLeadList, import_people
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import Database, HotQuery, Tx

WORK = "the work on jobs, and what was started before"
GROUP = "/v1/accounts/{accountGroupId}"
PEOPLE_FILE = """\
First Name,Last Name,URL,Email Address,Company,Position
Amara,Okafor,https://www.linkedin.com/in/amara-okafor,amara@example.com,Acme,Director
"""
CSV = {"content": PEOPLE_FILE.encode(), "headers": {"Content-Type": "text/csv"}}
SEARCH = {
    "source": "linkedin_search",
    "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=director",
    "maxResults": 5,
}

# The calls that each route gets, if one without a body is not enough; `{name}` in a body is an id of the shop.
CALLS: Mapping[str, list[Mapping[str, Any]]] = {
    "POST /prospecting": [
        {"json": SEARCH, "headers": {"Idempotency-Key": "order-4711"}},
        {"json": {**SEARCH, "dryRun": True}},
    ],
    "POST /files": [CSV],
    "POST /audiences": [{"json": {"name": "New", "type": "on_demand"}}],
    "POST /audiences/folders": [{"json": {"name": "New", "audienceType": "on_demand"}}],
    "PATCH /audiences/folders/{folderId}": [{"json": {"name": "Summer", "position": 0}}],
    "PATCH /audiences/{audienceId}": [{"json": {"name": "Directors", "folderId": "{folder}"}}],
    "POST /audiences/{audienceId}/prospects": [
        {"json": {"action": "move", "prospectIds": ["{prospect}"], "toAudienceId": "{other audience}"}}
    ],
}

# Which of the shop's things an id in the path names.
USUAL_IDS = {"jobId": "done", "audienceId": "audience", "folderId": "folder", "fileId": "file"}
IDS = {
    "POST /prospecting/{jobId}/cancel": {"jobId": "queued"},
    "POST /prospecting/{jobId}/resume": {"jobId": "cancelled"},
    "DELETE /audiences/{audienceId}": {"audienceId": "other audience"},
}


class Sent(NamedTuple):
    """One statement, in one line, and what the driver was given with it."""

    sql: str
    parameters: Any


class WatchedDatabase(Database):
    """A database that notes every statement, whichever of its two ways it takes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sent: list[Sent] = []
        sa.event.listen(self.engine, "before_cursor_execute", self._note)

    async def fetch(self, query: HotQuery, **parameters: object) -> list[tuple[Any, ...]]:
        sql, own = query.compile(self.dialect)
        self.sent.append(Sent(" ".join(sql.split()), parameters | own))
        return await super().fetch(query, **parameters)

    def _note(self, _tx: Tx, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        sql = " ".join(statement.split())
        self.sent += [Sent(sql, each) for each in (parameters if is_many else [parameters])]


@dataclass
class Shop:
    """Alice's account group, with one of everything that a path can name."""

    toolbox: Toolbox
    group_id: str
    key: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(build_app(_gate_parts(self.toolbox)))
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.AsyncClient(transport=transport, base_url="http://goldpan", headers=headers)

    async def call(self, client: httpx2.AsyncClient, method: str, path: str, **options: Any) -> Any:
        """Return the data of the answer, which is a success."""
        answer = await client.request(method, path.replace("{accountGroupId}", self.group_id), **options)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        is_enveloped = answer.content and answer.headers["Content-Type"] == "application/json"
        return answer.json().get("data") if is_enveloped else None

    async def prepare(self, client: httpx2.AsyncClient) -> None:
        async def make(path: str, **body: Any) -> str:
            made = await self.call(client, "POST", GROUP + path, json=body)
            return str(made.get("id") or made["jobId"])

        done, cancelled, queued, running = [await make("/prospecting", **SEARCH) for _ in range(4)]
        await self.run(done)
        await self.call(client, "POST", f"{GROUP}/prospecting/{cancelled}/cancel")
        audience = (await self.call(client, "GET", f"{GROUP}/prospecting/{done}"))["audienceId"]
        people = await self.call(client, "GET", f"{GROUP}/audiences/{audience}/prospects")
        self.ids = {
            **{"done": done, "cancelled": cancelled, "queued": queued, "running": running, "audience": audience},
            "prospect": people["items"][0]["id"],
            "file": (await self.call(client, "POST", f"{GROUP}/files", **CSV))["id"],
            "folder": await make("/audiences/folders", name="Spring", audienceType="on_demand"),
            "other audience": await make("/audiences", name="Others", type="on_demand"),
        }

    async def run(self, job_id: str) -> None:
        hold = await asyncio.to_thread(claim_job, self.toolbox, self.group_id, job_id)
        assert hold is not None
        while await advance_job(self.toolbox, hold):
            pass


@contextmanager
def watched_shop(database_url: str, folder: Path) -> Iterator[tuple[Shop, WatchedDatabase]]:
    assembly.migrate(database_url)
    database = WatchedDatabase(database_url)
    toolbox = assembly.build_toolbox(database, JobQueue(database))
    group_id = create_account(toolbox, "Alice", "scale", 1_000).id
    (folder / "people.csv").write_text(PEOPLE_FILE)
    leads = NewLeadList(toolbox.new_id(), "Leads")
    import_people(database, group_id, folder / "people.csv", toolbox.now_ms(), lambda _rows, _share: None, leads)
    yield Shop(toolbox, group_id, create_key(toolbox, NewKey([group_id], list(Permission)))[1]), database
    database.close()


async def ask_every_route(shop: Shop, database: WatchedDatabase) -> dict[str, list[Sent]]:
    """Return what each route sent, by its method and path, and what a worker sent for jobs.

    Routes that delete come last: others name the same things.
    """
    found = {}
    async with database.opened(), shop.client as client:
        database.sent = []
        await shop.prepare(client)  # the first of it looks up the key, which is known for a moment then
        await shop.run(shop.ids["running"])
        found[WORK] = database.sent
        for route in sorted(ROUTES, key=lambda route: route.method == "DELETE"):
            database.sent = []
            for options in CALLS.get(name_of(route), [{}]):
                await shop.call(client, route.method, _path(route, shop.ids), **_filled(options, shop.ids))
            found[name_of(route)] = database.sent
    return found


def name_of(route: Route) -> str:
    return f"{route.method} {route.path.removeprefix(GROUP)}"


def _path(route: Route, ids: Mapping[str, str]) -> str:
    path = route.path.replace("{providerId}", "123456789")
    for place, what in {**USUAL_IDS, **IDS.get(name_of(route), {})}.items():
        path = path.replace(f"{{{place}}}", ids[what])
    return path


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    return ids[value.strip("{}")] if isinstance(value, str) and value.startswith("{") else value


def _gate_parts(toolbox: Toolbox) -> GateParts:
    key_limit, failed_key_limit = (RateLimit(name, "100000/minute", time.time) for name in ("key", "address"))
    return GateParts(
        toolbox=toolbox,
        key_limit=key_limit,
        failed_key_limit=failed_key_limit,
        live=LiveAnswers(toolbox),
        new_trace_id=toolbox.new_id,
        now_seconds=time.perf_counter,
        log=lambda event, **fields: None,
        log_crash=lambda event, **fields: traceback.print_exc(),
        files=FileIntake(100_000),
    )
