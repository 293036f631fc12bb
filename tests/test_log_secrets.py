"""Canaries in every place where a secret or a person can be: none of them may sing in a log or in a figure.

Each holds the word `canary`, whoever writes it and however: as a key, a password, a name, an address, a path.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.engine import make_url

from goldpan.api.routes import ROUTES
from goldpan.cli.shell_output import ExitCode
from tests.figures import read_figures
from tests.processes import Goldpan, free_port, wait_until

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}

SHOWING = """
os.environ["GOLDPAN_METRICS_ADDRESS"] = "127.0.0.1:{port}"
"""

# Bugs of every kind whose text holds what was at hand: in a request, a thread, a task, a page of a job, a statement.
BUGS = """
import asyncio, threading
import sqlalchemy as sa
from goldpan.api import routes
from goldpan.operations import import_page

def broken_folders(*_arguments, **names):
    threading.Thread(target=lambda: int("canary-of-a-thread")).start()
    raise ValueError(f"canary-of-a-bug {names}")
for route in routes.ROUTES:
    if route.path.endswith("/audiences/folders") and route.method == "POST":
        object.__setattr__(route, "operation", broken_folders)

async def lost():
    raise KeyError("canary-of-a-task")
fetch_page = import_page.fetch_page
async def fetch_and_forget(*arguments):
    asyncio.get_running_loop().create_task(lost())
    return await fetch_page(*arguments)
import_page.fetch_page = fetch_and_forget

DOUBLED = "account_group_id, is_sandbox, identity_key, prospect_id"
def broken_use(toolbox, tx, read, job):
    if job.max_results == 7:
        raise RuntimeError(f"canary-of-a-page {job}")
    tx.execute(sa.text(f"INSERT INTO prospect_identity ({DOUBLED}) SELECT {DOUBLED} FROM prospect_identity"))
import_page.note_use = broken_use
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def goldpan(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation; nothing runs yet. The password of its PostgreSQL is a canary."""
    url = ""
    if request.param == "postgresql":
        plain = make_url(request.getfixturevalue("bare_postgres_url"))
        url = plain.set(password="canary-password").render_as_string(hide_password=False)
    with Goldpan(tmp_path, url) as goldpan:
        yield goldpan


def start(goldpan: Goldpan, prelude: str = "") -> list[int]:
    """Run a server, and a worker where there is one; return the ports of their figures."""
    ports = [free_port(), free_port()]
    goldpan.serve(SHOWING.format(port=ports[0]) + prelude)
    if goldpan.url.startswith("sqlite"):
        return ports[:1]
    goldpan.work(SHOWING.format(port=ports[1]) + prelude)
    wait_until(lambda: is_listening(ports[1]), 30, "the worker shows its figures")
    return ports


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sung(goldpan: Goldpan, ports: list[int]) -> list[str]:
    """Return the lines in which a canary or a key can be heard, of every log and every figure."""
    texts = [goldpan.log(), *(read_figures(port).text for port in ports)]
    secrets = ["canary", *(key.rpartition("_")[2].lower() for key in (goldpan.keys.live, goldpan.keys.test))]
    return [line for text in texts for line in text.splitlines() if any(secret in line.lower() for secret in secrets)]


def lines(goldpan: Goldpan, event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in goldpan.log().splitlines()]
    return [line for line in found if line["event"] == event]


def call_every_route(goldpan: Goldpan) -> int:
    """Call each route with canaries in its path, query, headers and body, with good keys and bad; return how often."""
    base, group = f"http://127.0.0.1:{goldpan.port}", goldpan.keys.account_group_id
    body = json.dumps({"name": "canary-name", "canary-field": "canary-value", "searchUrl": "https://canary.example"})
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": "canary-idempotency-key",
        "User-Agent": "canary-agent",
        "Last-Event-ID": "canary-event",
        "Cookie": "session=canary-cookie",
    }
    calls = 0
    with httpx2.Client(base_url=base, timeout=30) as client:
        for route in ROUTES:
            for key in (goldpan.keys.live, "sk_live_canarykey_canary", "canary key"):
                for stranger in ("canary@example.com", "0" * 24):
                    path = route.path.replace("{accountGroupId}", group)
                    while "{" in path:
                        path = path[: path.index("{")] + stranger + path[path.index("}") + 1 :]
                    for query in ("", "?canary-parameter=canary", "?cursor=canary&limit=canary"):
                        sent = headers | {"Authorization": f"Bearer {key}"}
                        client.request(route.method, path + query, headers=sent, content=body)
                        calls += 1
        for path in ("/canary", "/v1/canary", f"/v1/accounts/{group}/canary", "/v1/accounts/canary/prospecting"):
            client.get(path, headers={"Authorization": f"Bearer {goldpan.keys.live}"})
            calls += 1
    return calls


def test_no_route_lets_a_log_or_a_figure_sing(goldpan: Goldpan) -> None:
    ports = start(goldpan)

    calls = call_every_route(goldpan)

    wait_until(lambda: len(lines(goldpan, "request")) >= calls, 90)
    assert sung(goldpan, ports) == []
    assert {line["path"] for line in lines(goldpan, "request")} >= {"(unknown)", "/v1/accounts"}


def test_people_and_searches_stay_out_of_the_log_of_a_job_that_goes_well(goldpan: Goldpan) -> None:
    ports = start(goldpan)
    goldpan.import_people([f"canary-{number}" for number in range(30)])
    live_id = goldpan.start("miller", live=True, headers={"Idempotency-Key": "canary-job"}, audienceName="canary-list")
    urls = [f"https://www.linkedin.com/in/canary-{number}" for number in range(5)]
    listed = goldpan.call("POST", "", json={"source": "url_upload", "urls": urls, "searchEmails": True})
    played_id = goldpan.start("canary total:60 fail:429@2 pace:1", headers=TRACEPARENT)

    goldpan.wait_for_end([live_id, listed.json()["data"]["jobId"], played_id])

    assert sung(goldpan, ports) == []
    of_job = wait_until(
        lambda: [line for line in lines(goldpan, "run_ended") if line["job_id"] == played_id], 10, "the run has ended"
    )
    began = [line for line in lines(goldpan, "run_began") if line["job_id"] == played_id]
    assert {line["trace_id"] for line in [*of_job, *began]} == {TRACE_ID}


def test_a_bug_is_told_by_its_place_with_the_trace_of_its_request(goldpan: Goldpan) -> None:
    ports = start(goldpan, BUGS)
    goldpan.import_people([f"canary-{number}" for number in range(30)])
    bugs = [goldpan.start("miller", live=True, maxResults=most, headers=TRACEPARENT) for most in (7, 8)]
    ended = goldpan.wait_for_end(bugs)
    url = f"http://127.0.0.1:{goldpan.port}/v1/accounts/{goldpan.keys.account_group_id}/audiences/folders"
    sent = {"Authorization": f"Bearer {goldpan.keys.live}", **TRACEPARENT}
    refused = httpx2.post(url, headers=sent, json={"name": "canary-folder", "audienceType": "on_demand"})

    crash = wait_until(lambda: lines(goldpan, "crash"), 90)[0]
    thread = wait_until(lambda: lines(goldpan, "thread_crashed"), 90)[0]
    jobs = lines(goldpan, "job_crashed")

    assert refused.status_code == 500
    assert [job["status"] for job in ended] == ["failed", "failed"]
    assert crash["exception"][0]["type"] == "builtins.ValueError"
    assert crash["trace_id"] == TRACE_ID
    assert thread["exception"][0]["type"] == "builtins.ValueError"
    assert {line["job_id"] for line in jobs} == set(bugs)
    assert {line["trace_id"] for line in jobs} == {TRACE_ID}
    assert {line["exception"][0]["type"] for line in jobs} == {"builtins.RuntimeError", "sqlalchemy.exc.IntegrityError"}
    assert all("broken_use" in str(line["exception"][0]["frames"]) for line in jobs)
    assert wait_until(lambda: [line for line in lines(goldpan, "library") if "Task" in line["message"]], 90)
    assert sung(goldpan, ports) == []


def test_every_line_of_a_request_and_of_its_job_has_the_trace(goldpan: Goldpan) -> None:
    start(goldpan)
    job_id = goldpan.start("storm total:60 pace:1", headers=TRACEPARENT)
    goldpan.wait_for_end([job_id])
    wait_until(lambda: lines(goldpan, "run_ended"), 90)

    found = [json.loads(line) for line in goldpan.log().splitlines()]

    assert [
        line for line in found if line["event"] in ("request", "run_began", "run_ended") and not line["trace_id"]
    ] == []
    assert {line["event"] for line in found if line.get("trace_id") == TRACE_ID} == {
        "request",
        "run_began",
        "run_ended",
    }


CANARY_URLS = (
    "postgresql://goldpan:canary-password@127.0.0.1:1/goldpan",
    "postgresql://goldpan:canary/password@127.0.0.1:1/goldpan",
    "postgresql://goldpan:canary:password@127.0.0.1:1/goldpan",
    "postgresql://goldpan:canary@password@127.0.0.1:1/goldpan",
    "postgresql://goldpan:canary password@127.0.0.1:1/goldpan",
    "postgres://canary-password",
    "mysql://goldpan:canary-password@127.0.0.1/goldpan",
    "canary-password",
)
COMMANDS = (["serve"], ["worker"], ["settings"], ["account", "list"], ["jobs", "list"], ["backup", "nowhere/backup.db"])
RUNS = [(command, url) for command in (["migrate"], ["doctor"]) for url in CANARY_URLS]
RUNS += [(command, url) for command in COMMANDS for url in CANARY_URLS[:1]]


@pytest.mark.parametrize(("command", "url"), RUNS)
def test_the_command_line_tells_nobody_a_password_or_a_key(tmp_path: Path, command: list[str], url: str) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "GOLDPAN_DATA": str(tmp_path),
        "GOLDPAN_DATABASE_URL": url,
        "GOLDPAN_API_KEY": "sk_live_canary_canary",
        "GOLDPAN_URL": "http://127.0.0.1:1",
        "GOLDPAN_REDIS_URL": "redis://:canary-password@127.0.0.1:1",
    }

    done = subprocess.run(
        [sys.executable, "-m", "goldpan.cli", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "canary" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in (ExitCode.OK, ExitCode.ERROR, ExitCode.NOT_ALLOWED)
