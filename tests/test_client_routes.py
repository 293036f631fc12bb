"""The client covers ROUTES: every route, parameter and field of a body, in both classes, and nothing besides."""

import asyncio
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from goldpan.api.event_presenters import EVENT_STREAM
from goldpan.api.openapi import build_document
from goldpan.api.routes import ROUTES, Route
from goldpan.client import AsyncGoldpan, Goldpan, StartJobFields
from goldpan.client.client_failures import REFUSALS
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.resources import StartJob
from tests.scripted_server import Reply, Seen, answering, as_json

GROUP = "507f1f77bcf86cd799439011"
ID = "6628f0a1c3d4e5f60718293a"
KEY = "sk_test_0123456789"
JOB_FIELDS: dict[str, Any] = {
    "source": "linkedin_search",
    "search_url": "https://www.linkedin.com/search/results/people/?keywords=cto",
    "saved_search_id": "s",
    "lead_list_id": "l",
    "post_url": "https://www.linkedin.com/posts/1",
    "urls": ["https://www.linkedin.com/in/amara-okafor"],
    "file_id": ID,
    "max_results": 5,
    "max_credits": 7,
    "search_emails": True,
    "audience_id": ID,
    "audience_name": "Directors",
    "folder_id": ID,
}
JOB_FILTER: dict[str, Any] = {
    "status": ["queued", "running"],
    "source": "url_upload",
    "audience_id": ID,
    "created_after": "2026-04-28T15:30:00.000Z",
    "created_before": "2026-04-29T15:30:00.000Z",
    "sort": "createdAt",
    "limit": 3,
    "cursor": "x",
}
PAGE: dict[str, Any] = {"limit": 3, "cursor": "x"}

# How each method is called with all that it takes. `TARGET` is a file to write to, `SOURCE` one to read.
TARGET, SOURCE = object(), object()
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "accounts.list": ((), PAGE),
    "jobs.list": ((), JOB_FILTER),
    "jobs.list_full": ((), JOB_FILTER),
    "jobs.start": ((), {"idempotency_key": "once", **JOB_FIELDS}),
    "jobs.estimate": ((), JOB_FIELDS),
    "jobs.get": ((ID,), {"wait_seconds": 3}),
    "jobs.cancel": ((ID,), {}),
    "jobs.resume": ((ID,), {}),
    "jobs.follow": ((ID,), {"timeout_seconds": 30}),
    "jobs.wait": ((ID,), {"timeout_seconds": 30}),
    "jobs.quota": (("URL_UPLOAD",), {}),
    "audiences.list": ((), PAGE),
    "audiences.prospects": ((ID,), PAGE),
    "audiences.get": ((ID,), {}),
    "audiences.navigation": ((), {}),
    "audiences.create": (("Directors",), {"description": "all", "type": "monitoring"}),
    "audiences.change": ((ID,), {"name": "Chiefs", "description": None, "folder_id": ID}),
    "audiences.delete": ((ID,), {}),
    "audiences.move_prospects": ((ID, [ID], ID), {}),
    "audiences.remove_prospects": ((ID, [ID]), {}),
    "audiences.export": ((ID, TARGET), {"format": "csv", "preset": "hubspot"}),
    "folders.create": (("Spring",), {"audience_type": "monitoring"}),
    "folders.change": ((ID,), {"name": "Summer", "is_pinned": True, "position": 0}),
    "folders.delete": ((ID,), {}),
    "files.upload": ((SOURCE,), {"name": "people.csv", "media_type": "text/csv"}),
    "files.get": ((ID,), {}),
    "files.rejects": ((ID, TARGET), {}),
    "prospects.find_by_provider_id": (("ACoAA/1",), {}),
    "sales_navigator.saved_searches": ((), {}),
    "sales_navigator.lead_lists": ((), {}),
    "credits.get": ((), {}),
    "credits.ledger": ((), PAGE),
    "server.health": ((), {}),
    "server.readiness": ((), {}),
}

DOCUMENT = build_document(ROUTES)
# A path that names less is the one that is meant: `…/quota` is no job's id.
PATTERNS = [
    (route, re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)))
    for route in sorted(ROUTES, key=lambda route: route.path.count("{"))
]

# Headers that name what the client was asked for, of those that routes take.
FOLLOWING_HEADER = "last-event-id"


def route_of(seen: Seen) -> Route:
    return next(route for route, path in PATTERNS if route.method == seen.method and path.fullmatch(seen.path))


def documented(seen: Seen) -> Reply:
    """Answer with the example that the document gives for the route; of a list, its last page."""
    route = route_of(seen)
    responses = DOCUMENT["paths"][route.path][route.method.lower()]["responses"]
    is_estimate = b'"dryRun":true' in seen.body
    status = 200 if is_estimate else min(status for status in map(int, responses) if status != 304)
    if route.method == "POST" and route.path.endswith("/prospecting") and not is_estimate:
        status = 202
    if route.path.endswith("/events") and FOLLOWING_HEADER in seen.headers:
        return Reply(204)
    (media_type, content), *_ = responses[str(status)]["content"].items()
    examples = [example["value"] for example in content.get("examples", {}).values()]
    if media_type == EVENT_STREAM:
        ended = json.dumps({**examples[0], "status": "completed"})
        return Reply(status, f"id: 9\nevent: finished\ndata: {ended}\n\n".encode(), {"Content-Type": media_type})
    if media_type != "application/json":
        return Reply(status, b"id\r\n", {"Content-Type": media_type})
    example = json.loads(json.dumps(examples[-1]))
    if isinstance(example.get("data"), dict) and "nextCursor" in example["data"]:
        example["data"]["nextCursor"] = None
    if "stages" in (example.get("data") or {}):
        example["data"]["status"] = "completed"
    return as_json(example, status)


def names_of(client: object) -> set[str]:
    """Return `noun.method` for everything public that the client can do."""
    nouns = {name: noun for name, noun in vars(client).items() if not name.startswith("_")}
    return {
        f"{name}.{method}"
        for name, noun in nouns.items()
        for method, _ in inspect.getmembers(noun, callable)
        if not method.startswith("_")
    }


def arguments(name: str, folder: Path) -> tuple[list[Any], dict[str, Any]]:
    source = folder / "people.csv"
    source.write_text("URL\nhttps://www.linkedin.com/in/amara-okafor\n")
    files = {id(TARGET): folder / "target", id(SOURCE): source}
    positional, named = CALLS[name]
    return [files.get(id(argument), argument) for argument in positional], named


def call_blocking(url: str, name: str, folder: Path) -> None:
    noun, method = name.split(".")
    positional, named = arguments(name, folder)
    with Goldpan(KEY, url=url, account_group_id=GROUP) as client:
        result = getattr(getattr(client, noun), method)(*positional, **named)
        if hasattr(result, "__iter__") and not isinstance(result, dict):
            list(result)


async def call_async(url: str, name: str, folder: Path) -> None:
    noun, method = name.split(".")
    positional, named = arguments(name, folder)
    async with AsyncGoldpan(KEY, url=url, account_group_id=GROUP) as client:
        result = getattr(getattr(client, noun), method)(*positional, **named)
        if hasattr(result, "__aiter__"):
            [item async for item in result]
        else:
            await result


def call(kind: str, url: str, name: str, folder: Path) -> None:
    if kind == "blocking":
        call_blocking(url, name, folder)
    else:
        asyncio.run(call_async(url, name, folder))


@pytest.fixture(scope="module", params=["blocking", "asynchronous"])
def everything_called(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """All requests that all methods of one client send."""
    with answering(documented) as server:
        for name in CALLS:
            call(request.param, server.url, name, tmp_path_factory.mktemp("files"))
    return server.seen


def test_both_clients_have_exactly_the_methods_that_are_called_here() -> None:
    with Goldpan(KEY) as client:
        assert names_of(client) == set(CALLS)

    assert names_of(AsyncGoldpan(KEY)) == set(CALLS)


def test_a_method_of_one_client_takes_what_it_takes_in_the_other() -> None:
    blocking, asynchronous = Goldpan(KEY), AsyncGoldpan(KEY)

    for name in CALLS:
        noun, method = name.split(".")
        ours, theirs = (getattr(getattr(client, noun), method) for client in (blocking, asynchronous))
        assert inspect.signature(ours) == inspect.signature(theirs), name
        assert ours.__doc__ == theirs.__doc__, name


def test_the_clients_use_every_route_and_no_other(everything_called: list[Seen]) -> None:
    assert {(route.method, route.path) for route in map(route_of, everything_called)} == {
        (route.method, route.path) for route in ROUTES
    }


def test_the_clients_can_send_every_parameter_of_every_route(everything_called: list[Seen]) -> None:
    for route in ROUTES:
        requests = [seen for seen in everything_called if route_of(seen) is route]
        sent = {name.lower() for seen in requests for name in (*seen.query, *seen.headers)}
        known = {parameter.name.lower() for parameter in route.parameters if parameter.where != "path"}
        assert known <= sent, f"{route.method} {route.path}: the client cannot send {known - sent}"
        assert {name.lower() for seen in requests for name in seen.query} <= known


def test_the_clients_can_send_every_field_of_every_body(everything_called: list[Seen]) -> None:
    for route in ROUTES:
        requests = [seen for seen in everything_called if route_of(seen) is route]
        sent = {name for seen in requests if route.body for name in seen.json}
        known = set(route.body.shape.__struct_encode_fields__) if route.body else set()
        assert sent == known, f"{route.method} {route.path}"


def test_every_error_of_the_catalogue_has_its_exception() -> None:
    assert set(REFUSALS) == {kind.code for kind in ErrorKind}


def test_a_start_takes_the_fields_of_its_body() -> None:
    assert set(StartJobFields.__annotations__) == set(StartJob.__struct_fields__) - {"dry_run"}
