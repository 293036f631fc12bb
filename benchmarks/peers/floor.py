"""The floor: Goldpan's server and framework with the query of the page and the encoding, and nothing else.

No key, no permission, no limit, no check of a parameter, no headers, no log: whatever the product takes longer than
this is the price of what it does.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from goldpan.api.presenters import present_jobs
from goldpan.assembly import open_database
from goldpan.assembly.clock_and_ids import new_trace_id
from goldpan.assembly.servers import _listen, _uvicorn_config
from goldpan.contract.paging import DEFAULT_LIMIT, START, cut, decode_cursor
from goldpan.contract.resources import JobStatus
from goldpan.domain.job_list_rules import JobFilter
from goldpan.settings import read_settings
from goldpan.storage import job_list_table

database = open_database(read_settings(os.environ))
encode = msgspec.json.Encoder().encode


async def list_jobs(request: Request) -> Response:
    query = request.query_params
    wanted = JobFilter(frozenset({JobStatus(query["status"])}) if "status" in query else frozenset())
    after = decode_cursor(query["cursor"]) if "cursor" in query else START
    group = request.path_params["account_group_id"]
    rows = await job_list_table.page(database, group, wanted, after, DEFAULT_LIMIT + 1)
    data = present_jobs(cut(rows, DEFAULT_LIMIT)).data
    envelope = {"success": True, "data": data, "error": None, "traceId": new_trace_id()}
    return Response(encode(envelope), media_type="application/json")


@asynccontextmanager
async def lifespan(_app: ASGIApp) -> AsyncIterator[None]:
    async with database.opened():
        yield


app = Router([Route("/v1/accounts/{account_group_id}/prospecting", list_jobs)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.Server(_uvicorn_config(app)).run(sockets=[_listen("127.0.0.1", int(sys.argv[1]))])
