"""The figures for Prometheus: what they count, where they are shown, and what never becomes a label."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from prometheus_client import REGISTRY

from goldpan.api.http_app import served_routes
from goldpan.api.request_account import UNKNOWN_PATH
from goldpan.domain.provider_port import Unavailable
from goldpan.providers.measured_provider import MeasuredProvider
from goldpan.storage.credit_table import Entry, top_up
from tests.figures import Figures, read_figures
from tests.processes import Goldpan, free_port, wait_until
from tests.workshop import ScriptedProvider, workshop

# Only the process whose prelude it is shows its figures there.
SHOWING = """
os.environ["GOLDPAN_METRICS_ADDRESS"] = "127.0.0.1:{port}"
"""


@pytest.fixture
def goldpan(tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation on SQLite; nothing runs yet."""
    with Goldpan(tmp_path) as goldpan:
        yield goldpan


@pytest.fixture
def scaled(tmp_path: Path, bare_postgres_url: str) -> Iterator[Goldpan]:
    """Alice's installation on PostgreSQL; nothing runs yet."""
    with Goldpan(tmp_path, bare_postgres_url) as goldpan:
        yield goldpan


def test_a_server_tells_its_requests_jobs_people_and_credits(goldpan: Goldpan) -> None:
    port = free_port()
    goldpan.import_people([f"miller-{number}" for number in range(60)])
    goldpan.serve(SHOWING.format(port=port))
    live_id = goldpan.start("miller", live=True, maxResults=50)
    played_id = goldpan.start("storm total:100 pace:1")
    goldpan.wait_for_end([live_id, played_id])

    figures = read_figures(port)

    group = "/v1/accounts/{accountGroupId}/prospecting"
    assert figures.value("goldpan_request_seconds_count", method="POST", route=group, status="202") == 2
    assert figures.value("goldpan_request_seconds_count", route=f"{group}/{{jobId}}", status="200") >= 2
    assert figures.value("goldpan_job_moves_total", status="queued") == 2
    assert figures.value("goldpan_job_moves_total", status="running") == 2
    assert figures.value("goldpan_job_moves_total", status="completed") == 2
    assert figures.value("goldpan_job_moves_total", status="failed") == 0
    assert figures.value("goldpan_people_total", outcome="imported") == 150
    assert figures.value("goldpan_credits_total", movement="reserve") == 50
    assert figures.value("goldpan_credits_total", movement="capture") == 50
    assert figures.value("goldpan_provider_call_seconds_count", provider="sandbox", call="fetch_page", result="ok") >= 4
    assert figures.value("goldpan_provider_call_seconds_count", provider="directory", call="enrich", result="ok") >= 1
    assert figures.value("goldpan_caretaker_findings_total") == 0
    assert figures.value("goldpan_crashes_total") == 0
    assert figures.value("goldpan_database_up") == 1
    assert figures.value("goldpan_database_connections", pool="threads", state="size") == 10


def test_jobs_that_wait_for_a_worker_show_how_long_they_have_waited(goldpan: Goldpan) -> None:
    port = free_port()
    goldpan.serve(SHOWING.format(port=port))
    for number in range(12):  # more than run at once
        goldpan.start(f"gale {number} total:1000 pace:1000")

    def seen(state: str) -> float:
        return read_figures(port).value("goldpan_queue_jobs", queue="sandbox-jobs", state=state)

    wait_until(lambda: (seen("running"), seen("waiting")) == (8, 4), 90, "eight run and four wait")
    figures = read_figures(port)

    assert figures.value("goldpan_queue_age_seconds", queue="sandbox-jobs") > 0
    assert figures.value("goldpan_queue_age_seconds", queue="jobs") == 0
    assert figures.value("goldpan_queue_jobs", queue="jobs") == 0


def test_server_and_worker_tell_what_each_of_them_did(scaled: Goldpan) -> None:
    of_server, of_worker = free_port(), free_port()
    scaled.serve(SHOWING.format(port=of_server))
    scaled.work(SHOWING.format(port=of_worker))
    scaled.wait_for_end([scaled.start("storm total:100 pace:1")])

    server, worker = read_figures(of_server), read_figures(of_worker)

    assert server.value("goldpan_job_moves_total", status="queued") == 1
    assert server.value("goldpan_people_total") == 0
    assert server.value("goldpan_database_connections", pool="loop", state="size") == 10
    assert worker.value("goldpan_job_moves_total", status="completed") == 1
    assert worker.value("goldpan_people_total", outcome="imported") == 100
    assert worker.value("goldpan_live_workers") == 1
    assert worker.value("goldpan_recovered_workers_total") == 0


def test_each_of_several_server_processes_has_a_port_of_its_own(scaled: Goldpan) -> None:
    port = free_port()
    scaled.serve(SHOWING.format(port=port) + "os.environ['TEST_WORKERS'] = '2'\n")

    def shown() -> list[Figures]:
        try:
            return [read_figures(port), read_figures(port + 1)]
        except httpx2.TransportError:
            return []

    both = wait_until(shown, 20, "two processes show their figures")

    assert all(figures.value("goldpan_build_info") == 1 for figures in both)
    assert listener_of(port) != listener_of(port + 1)


def test_figures_are_shown_although_the_database_is_away(goldpan: Goldpan) -> None:
    port = free_port()
    goldpan.serve(SHOWING.format(port=port) + _BROKEN_FIGURES)

    figures = read_figures(port)

    assert figures.value("goldpan_database_up") == 0
    assert figures.value("goldpan_request_seconds_count", route="/readyz") >= 1


_BROKEN_FIGURES = """
from goldpan.storage import workflow_table
def broken(_tx):
    raise OSError("the disk is gone")
workflow_table.queue_counts = broken
"""


def test_no_label_has_a_value_that_a_caller_made_up(goldpan: Goldpan) -> None:
    port = free_port()
    goldpan.serve(SHOWING.format(port=port))
    base = f"http://127.0.0.1:{goldpan.port}"
    for path in ("/mallory", "/v1/accounts/mallory/prospecting", "/v1/mallory?mallory=1", "/healthz/mallory"):
        for method in ("GET", "PROPFIND", "DELETE"):
            httpx2.request(method, base + path, headers={"Authorization": "Bearer mallory"})
    goldpan.call("GET", "/mallory")
    goldpan.call("GET", f"/{'0' * 24}")

    figures = read_figures(port)

    assert "mallory" not in figures.text
    assert "0" * 24 not in figures.text
    assert goldpan.keys.account_group_id not in figures.text
    assert figures.labels("route") <= {route.path for route in served_routes()} | {UNKNOWN_PATH}
    assert figures.labels("method") <= {"GET", "POST", "DELETE", "other"}


def test_nothing_is_shown_unless_somebody_asks_for_it(goldpan: Goldpan) -> None:
    goldpan.serve()

    answer = httpx2.get(f"http://127.0.0.1:{goldpan.port}/metrics")

    assert answer.status_code == 404


@pytest.mark.parametrize("address", ["9470", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "http://127.0.0.1:9470"])
def test_a_metrics_address_that_is_none_is_refused_in_one_line(goldpan: Goldpan, address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "goldpan.cli", "serve", "--port", str(free_port())],
        env={**goldpan.environment, "GOLDPAN_METRICS_ADDRESS": address},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == "error: GOLDPAN_METRICS_ADDRESS must look like 127.0.0.1:9470 (CANNOT_START)\n"


def test_a_worker_whose_port_for_figures_is_taken_works_without(scaled: Goldpan) -> None:
    port = free_port()
    scaled.serve()
    workers = [scaled.work(SHOWING.format(port=port)) for _ in range(2)]

    def without() -> int:
        return sum("figures_not_shown" in worker.log.read_text() for worker in workers)

    wait_until(without, 20, "the later one says so")
    scaled.wait_for_end([scaled.start("storm total:100 pace:1")])

    assert without() == 1
    assert [worker.exit_code for worker in workers] == [None, None]
    assert read_figures(port).value("goldpan_live_workers") == 2


def test_a_host_for_figures_that_is_not_this_machine_is_refused_in_one_line(goldpan: Goldpan) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "goldpan.cli", "serve", "--port", str(free_port())],
        env={**goldpan.environment, "GOLDPAN_METRICS_ADDRESS": "192.0.2.1:9470"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot show figures on 192.0.2.1:9470: ")
    assert done.stderr.count("\n") == 1


def test_what_is_rolled_back_is_not_counted(database_url: str) -> None:
    with workshop(database_url, [["amara"]]) as shop:
        before = _counted("goldpan_credits_total", movement="top_up")

        with pytest.raises(ZeroDivisionError), shop.database.write() as tx:  # noqa: PT012 the write is what fails
            top_up(tx, shop.group_id, Entry("0" * 24, 1), 5)
            1 / 0  # noqa: B018 a bug after the write
        rolled_back = _counted("goldpan_credits_total", movement="top_up")
        with shop.database.write() as tx:
            top_up(tx, shop.group_id, Entry("1" * 24, 1), 5)

        assert rolled_back == before
        assert _counted("goldpan_credits_total", movement="top_up") == before + 5


def test_a_call_that_a_provider_cannot_answer_is_counted_as_that() -> None:
    def out_of_order() -> None:
        raise Unavailable("busy")

    labels = {"provider": "scripted", "call": "fetch_page", "result": "unavailable"}
    provider = MeasuredProvider(ScriptedProvider([["amara"]], before_page=out_of_order))

    with pytest.raises(Unavailable):
        asyncio.run(provider.fetch_page("0" * 24, None, None, 0))  # type: ignore[arg-type]

    assert _counted("goldpan_provider_call_seconds_count", **labels) == 1


def _counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def listener_of(port: int) -> int:
    """Return the process that listens on a port of this machine."""
    sockets = map(str.split, Path("/proc/net/tcp").read_text().splitlines())
    inodes = [fields[9] for fields in sockets if fields[1].endswith(f":{port:04X}") and fields[3] == "0A"]
    for file in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # of a process that has just ended
            if str(file.readlink()) == f"socket:[{inodes[0]}]":
                return int(file.parts[2])
    raise AssertionError(f"nobody listens on port {port}")
