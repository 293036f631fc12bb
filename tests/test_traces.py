"""Traces over the wire: from a request through its job to the provider, in whichever processes these are."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from goldpan import tracing
from tests.processes import Goldpan, wait_until
from tests.trace_receiver import Receiver, receiving

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER_ID = "00f067aa0ba902b7"
TRACEPARENT = {"traceparent": f"00-{TRACE_ID}-{CALLER_ID}-01"}
JOBS = "/v1/accounts/{accountGroupId}/prospecting"

SENDING = """
os.environ["GOLDPAN_TRACES_ENDPOINT"] = "{endpoint}"
os.environ["OTEL_BSP_SCHEDULE_DELAY"] = "200"
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def goldpan(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation; nothing runs yet."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("bare_postgres_url")
    with Goldpan(tmp_path, url) as goldpan:
        yield goldpan


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def start(goldpan: Goldpan, receiver: Receiver, prelude: str = "") -> None:
    goldpan.serve(SENDING.format(endpoint=receiver.endpoint) + prelude)
    if not goldpan.url.startswith("sqlite"):
        goldpan.work(SENDING.format(endpoint=receiver.endpoint) + prelude)


def test_a_trace_goes_from_a_request_through_its_job_to_the_provider(goldpan: Goldpan, receiver: Receiver) -> None:
    start(goldpan, receiver)

    job_id = goldpan.start("storm total:50 fail:429@2 pace:1", headers=TRACEPARENT)
    goldpan.wait_for_end([job_id])
    wait_until(lambda: "run of a job" in receiver.of_trace(TRACE_ID), 20, "the run's span arrives")

    spans = receiver.of_trace(TRACE_ID)
    request, run, page = spans[f"POST {JOBS}"], spans["run of a job"], spans["page of a job"]
    pages = {span.span_id for span in receiver.spans if span.name == "page of a job"}
    calls = [span for span in receiver.spans if span.name == "sandbox fetch_page" and span.trace_id == TRACE_ID]
    assert request.parent_id == CALLER_ID
    assert request.attributes == {"http.response.status_code": "202"}
    assert run.parent_id == request.span_id
    assert page.parent_id == run.span_id
    assert {span.parent_id for span in calls} <= pages
    assert [span.attributes["goldpan.result"] for span in calls].count("unavailable") == 1
    assert [span.is_error for span in calls].count(True) == 1


def test_the_trace_id_that_an_answer_tells_is_that_of_its_span(goldpan: Goldpan, receiver: Receiver) -> None:
    start(goldpan, receiver)

    trace_id = goldpan.call("GET", "").headers["X-Trace-Id"]

    span = wait_until(lambda: receiver.of_trace(trace_id).get(f"GET {JOBS}"), 90)
    assert span is not None
    assert span.parent_id == ""


def test_whoever_asks_for_no_trace_gets_an_id_and_no_span(goldpan: Goldpan, receiver: Receiver) -> None:
    start(goldpan, receiver)

    unwanted = goldpan.call("GET", "", headers={"traceparent": f"00-{TRACE_ID}-{CALLER_ID}-00"})
    wanted = goldpan.call("GET", "").headers["X-Trace-Id"]

    wait_until(lambda: receiver.of_trace(wanted), 90)
    assert unwanted.headers["X-Trace-Id"] == TRACE_ID
    assert receiver.of_trace(TRACE_ID) == {}


BUG = """
from goldpan.api import routes
from goldpan.providers.sandbox import Sandbox
def broken(*_arguments, **names):
    raise ValueError(f"canary {names}")
for route in routes.ROUTES:
    if route.path.endswith("/audiences/folders") and route.method == "POST":
        object.__setattr__(route, "operation", broken)
async def broken_page(*arguments):
    raise KeyError(f"canary {arguments}")
Sandbox.fetch_page = broken_page
"""


def test_no_span_holds_what_a_caller_sent_or_an_error_says(goldpan: Goldpan, receiver: Receiver) -> None:
    start(goldpan, receiver, BUG)
    base = f"http://127.0.0.1:{goldpan.port}/v1/accounts/{goldpan.keys.account_group_id}"
    headers = {"Authorization": f"Bearer {goldpan.keys.live}", "Idempotency-Key": "canary", **TRACEPARENT}

    httpx2.post(f"{base}/audiences/folders?canary=1", headers=headers, json={"name": "canary"})
    httpx2.post(f"{base}/audiences/folders", headers=headers, json={"name": "canary", "audienceType": "on_demand"})
    httpx2.get(f"{base}/canary/canary", headers=headers)
    httpx2.get(f"{base}/prospects/by-provider-id/canary", headers=headers)
    goldpan.wait_for_end([goldpan.start("canary", headers=TRACEPARENT)])
    wait_until(lambda: "run of a job" in receiver.of_trace(TRACE_ID), 90)

    failed = {span.attributes["error.type"] for span in receiver.spans if span.is_error}
    assert {"500", "KeyError"} <= failed
    assert "GET (unknown)" in receiver.of_trace(TRACE_ID)
    assert "canary" not in "".join(receiver.texts).lower()
    assert goldpan.keys.live.rpartition("_")[2] not in "".join(receiver.texts)
    assert goldpan.keys.account_group_id not in "".join(receiver.texts)


def test_spans_that_are_left_are_sent_when_a_process_ends(goldpan: Goldpan, receiver: Receiver) -> None:
    server = goldpan.serve(
        SENDING.format(endpoint=receiver.endpoint) + "os.environ['OTEL_BSP_SCHEDULE_DELAY'] = '60000'"
    )
    trace_id = goldpan.call("GET", "").headers["X-Trace-Id"]

    server.stop()

    assert f"GET {JOBS}" in receiver.of_trace(trace_id)


def test_nothing_of_opentelemetry_is_imported_unless_somebody_wants_traces() -> None:
    code = (
        "import sys, goldpan.api.http_app, goldpan.assembly.servers, goldpan.engine.job_worker, goldpan.tracing;"
        "print(sorted(name for name in sys.modules if name.startswith('opentelemetry')))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("endpoint", "prelude", "says"),
    [
        ("127.0.0.1:4318", "", "GOLDPAN_TRACES_ENDPOINT must look like http://127.0.0.1:4318/v1/traces"),
        (
            "http://127.0.0.1:4318/v1/traces",
            "sys.modules['opentelemetry.sdk.trace'] = None",
            "GOLDPAN_TRACES_ENDPOINT needs OpenTelemetry: pip install '/path/to/goldpan[otel]'",
        ),
    ],
)
def test_traces_that_cannot_be_sent_are_refused_in_one_line(endpoint: str, prelude: str, says: str) -> None:
    code = (
        f"import os, sys; {prelude or 'pass'}\n"
        "from goldpan.assembly.traces import send_traces\n"
        "from goldpan.settings import read_settings\n"
        f"send_traces(read_settings({{'GOLDPAN_TRACES_ENDPOINT': {endpoint!r}}}))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stderr.splitlines()[-1] == f"goldpan.assembly.database_access.CannotStart: {says}"


def test_parts_of_one_work_are_spans_of_one_trace() -> None:
    exporter = InMemorySpanExporter()
    switch_off = tracing.switch_on(exporter, "1")
    try:
        with tracing.received(None, "request", lambda: "unused") as request:
            handed_on = tracing.traceparent()
            with tracing.span("part") as part:
                assert tracing.current_trace_id() == part.trace_id
        with tracing.continued(handed_on, "job") as job:
            pass
    finally:
        switch_off()

    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert request.trace_id == part.trace_id == job.trace_id
    assert tracing.current_trace_id() == ""
    for name in ("part", "job"):
        parent, own = spans[name].parent, spans["request"].context
        assert parent is not None
        assert own is not None
        assert parent.span_id == own.span_id
