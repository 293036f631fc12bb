"""`goldpan mcp`, asked by the MCP SDK's own client over standard input and output, in front of a real server."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from goldpan.cli.mcp_tools import LONGEST_TEXT, MOST_ITEMS
from goldpan.contract.permission_catalogue import Permission
from tests.cast import Caller, search_url
from tests.service import Json, Service

ROOT = Path(__file__).parent.parent
READING_TOOLS = {"list_jobs", "get_job", "estimate_job", "follow_job", "list_audiences", "read_audience"}


def parameters(caller: Caller, *options: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "goldpan.cli", "mcp", *options],
        env={"GOLDPAN_URL": f"http://127.0.0.1:{caller.service.port}", "GOLDPAN_API_KEY": caller.key},
        cwd=ROOT,
    )


def ask(caller: Caller, talk: Callable[[Client], Awaitable[Any]], *options: str) -> Any:
    """Let the SDK's client start the command and talk to it."""

    async def session() -> Any:
        async with Client(parameters(caller, *options)) as client:
            return await talk(client)

    return asyncio.run(session())


async def call(client: Client, tool: str, **arguments: Any) -> Json:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def search(keywords: str, **fields: Any) -> Json:
    return {"source": "linkedin_search", "search_url": search_url(keywords), **fields}


@pytest.fixture
def service(services: dict[str, Service]) -> Service:
    """One running Goldpan: the tools speak HTTP, whatever database is behind it."""
    return services["sqlite"]


@pytest.fixture
def bob(alice: Caller) -> Caller:
    """Whose assistant has a sandbox key."""
    return alice.sandbox()


def test_without_being_told_so_there_are_only_tools_that_read(bob: Caller) -> None:
    tools = ask(bob, lambda client: client.list_tools()).tools

    assert {tool.name for tool in tools} == READING_TOOLS
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description for tool in tools)


def test_a_start_is_offered_as_what_it_is(bob: Caller) -> None:
    tools = {tool.name: tool for tool in ask(bob, lambda client: client.list_tools(), "--allow-writes").tools}

    assert tools.keys() == READING_TOOLS | {"start_job"}
    hints = tools["start_job"].annotations
    assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (False, False, True)


def test_a_job_is_estimated_started_followed_and_read(bob: Caller) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async def talk(client: Client) -> tuple[Json, ...]:
        estimate = await call(client, "estimate_job", job=search("cto total:30", max_results=20))
        started = await call(client, "start_job", estimate_id=estimate["estimateId"])
        again = await call(client, "start_job", estimate_id=estimate["estimateId"])
        followed = await client.call_tool("follow_job", {"job_id": started["jobId"]}, progress_callback=note)
        people = await call(client, "read_audience", audience_id=started["audienceId"], limit=15)
        rest = await call(
            client, "read_audience", audience_id=started["audienceId"], limit=15, cursor=people["nextCursor"]
        )
        audiences = await call(client, "list_audiences")
        jobs = await call(client, "list_jobs", status=["completed"])
        return estimate, started, again, followed.structured_content, people, rest, audiences, jobs

    estimate, started, again, followed, people, rest, audiences, jobs = ask(bob, talk, "--allow-writes")

    assert (estimate["totalAvailable"], estimate["maxPeople"]) == (30, 20)
    assert again["jobId"] == started["jobId"]
    assert (followed["hasEnded"], followed["status"], followed["counts"]["imported"]) == (True, "completed", 20)
    assert [progress for progress, _total, _message in seen] == sorted(progress for progress, _total, _message in seen)
    assert seen[-1] == (1, 1, "completed: 20 new and 0 known of 20 found")
    found = [*people["items"], *rest["items"]]
    assert len({person["id"] for person in found}) == 20
    assert rest["nextCursor"] is None
    assert all(len(str(value)) <= LONGEST_TEXT for person in found for value in person.values())
    assert [audience["id"] for audience in audiences["items"]] == [started["audienceId"]]
    assert [job["jobId"] for job in jobs["items"]] == [started["jobId"]]


def test_nothing_starts_that_was_not_estimated(bob: Caller) -> None:
    result = ask(bob, lambda client: client.call_tool("start_job", {"estimate_id": "made-up"}), "--allow-writes")

    assert result.is_error
    assert "call estimate_job first" in text_of(result)
    assert bob.get(bob.jobs).data["items"] == []


def test_an_estimate_starts_nothing(bob: Caller) -> None:
    ask(bob, lambda client: call(client, "estimate_job", job=search("cto")))

    assert bob.get(bob.jobs).data["items"] == []


def test_a_job_that_goes_on_is_left_in_time(bob: Caller) -> None:
    job_id = bob.start_search("cto total:500 pace:2000")

    followed = ask(bob, lambda client: call(client, "follow_job", job_id=job_id, seconds=2))

    assert followed["hasEnded"] is False
    bob.cancel(job_id)


def test_a_refusal_names_its_code_and_its_trace(bob: Caller) -> None:
    result = ask(bob, lambda client: client.call_tool("get_job", {"job_id": "0123456789abcdef01234567"}))

    assert result.is_error
    assert "NOT_FOUND, trace " in text_of(result)


def test_a_missing_permission_is_told(alice: Caller) -> None:
    reader = alice.with_key(Permission.PROSPECTING_READ)

    result = ask(reader, lambda client: client.call_tool("list_audiences", {}))

    assert result.is_error
    assert "audiences:read" in text_of(result)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_jobs", {"limit": MOST_ITEMS + 1}),
        ("list_jobs", {"status": ["asleep"]}),
        ("estimate_job", {"job": {"source": "linkedin_search", "searchurl": "https://www.linkedin.com"}}),
        ("follow_job", {"job_id": "0123456789abcdef01234567", "seconds": 0}),
    ],
)
def test_arguments_out_of_bounds_are_refused(bob: Caller, tool: str, arguments: Json) -> None:
    assert ask(bob, lambda client: client.call_tool(tool, arguments)).is_error


def test_with_debug_the_exchanges_with_the_api_are_told_once_beside_the_protocol(bob: Caller, tmp_path: Path) -> None:
    log = tmp_path / "stderr"

    async def session() -> None:
        with log.open("w") as file:
            async with Client(stdio_client(parameters(bob, "--debug"), errlog=file)) as client:
                await call(client, "list_jobs")

    asyncio.run(session())
    told = log.read_text()

    assert told.count("> GET /v1/accounts?limit=100") == 1
    assert told.count("> authorization: (hidden)") == 2  # the account group, its jobs
    assert bob.key not in told


def test_a_key_that_cannot_be_one_is_told_in_one_line(bob: Caller) -> None:
    command = [sys.executable, "-m", "goldpan.cli", "mcp"]
    environment = os.environ | {"GOLDPAN_API_KEY": "two words"}

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, input="", env=environment
    )

    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_where_the_extra_is_missing_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ImportError\n")
    command = [sys.executable, "-m", "goldpan.cli", "mcp"]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={"PYTHONPATH": str(tmp_path)}
    )

    assert done.returncode == 1
    assert "pip install '/path/to/goldpan[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
