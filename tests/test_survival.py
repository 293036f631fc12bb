"""What a 202 promises, kept by real processes that are killed, stopped, frozen and cut off from their database."""

import json
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from goldpan.domain.job_rules import CAREFUL_FROM_CLAIM, MOST_ATTEMPTS
from tests.faults import (
    BUG,
    CANCELS_IN_SILENCE,
    CRASH,
    CRASH_PLACES,
    DISK_FULL,
    FORGETFUL_ENGINE,
    LISTENING,
    POISON_AT_ENRICHMENT,
    SHORT_LEASE,
    SLOW_DIRECTORY,
)
from tests.invariants import assert_invariants
from tests.processes import PATIENCE_SECONDS, Goldpan, bound, database_away, wait_until, write_lock
from tests.stored_jobs import people_of, people_of_the_sandbox, read_rows

CAREFUL_SECONDS = 400.0  # for a job that goes on in pieces: each step of these slow providers takes a while


@pytest.fixture
def goldpan(tmp_path: Path) -> Iterator[Goldpan]:
    """Alice's installation on SQLite; nothing runs yet."""
    with Goldpan(tmp_path) as goldpan:
        yield goldpan
    assert_invariants(goldpan.url)


@pytest.fixture
def scaled(tmp_path: Path, bare_postgres_url: str) -> Iterator[Goldpan]:
    """Alice's installation on PostgreSQL; nothing runs yet."""
    with Goldpan(tmp_path, bare_postgres_url) as goldpan:
        yield goldpan
    assert_invariants(goldpan.url)


def test_a_server_killed_four_times_during_six_jobs_loses_nobody_and_counts_nobody_twice(goldpan: Goldpan) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(1_200)])
    server = goldpan.serve(SLOW_DIRECTORY)
    searches = [f"storm {number} total:300 pace:120" for number in range(5)]
    job_ids = [goldpan.start(keywords) for keywords in searches]
    live_id = goldpan.start("miller", live=True, searchEmails=False)

    for _ in range(4):
        _wait_for_more(goldpan, [*job_ids, live_id], random.randint(1, 300))
        server.kill()
        assert_invariants(goldpan.url)
        server = goldpan.serve(SLOW_DIRECTORY)

    # A page at which three processes died is read in pieces.
    *played, live = goldpan.wait_for_end([*job_ids, live_id], CAREFUL_SECONDS)
    assert [job["status"] for job in played] == ["completed"] * 5
    assert [job["counts"]["imported"] for job in played] == [300] * 5
    for job_id, keywords in zip(job_ids, searches, strict=True):
        assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)
    assert live["stopReason"] == "source_exhausted"
    assert live["credits"]["spent"] == 1_200
    assert people_of(goldpan.url, live_id) == sorted(f"miller-{number}" for number in range(1_200))
    assert _balances(goldpan) == (8_800, 0)


def test_dead_and_frozen_workers_are_replaced_within_45_seconds(scaled: Goldpan) -> None:
    scaled.serve()
    killed, frozen = scaled.work(), scaled.work()
    # more than one worker takes of one account group at once
    searches = [f"gale {number} total:300 pace:1000" for number in range(12)]
    job_ids = [scaled.start(keywords) for keywords in searches]
    wait_until(lambda: len(_owners(scaled)) == 2 and _are_all_claimed(scaled, 1), PATIENCE_SECONDS, "both workers work")
    wait_until(lambda: _found(scaled, job_ids) > 200, PATIENCE_SECONDS, "the jobs go on")
    heirs = scaled.work(), scaled.work()
    wait_until(
        lambda: len(read_rows(scaled.url, "SELECT 1 FROM worker_lease")) == 4, PATIENCE_SECONDS, "the heirs live"
    )

    killed.kill()
    frozen.send(SIGSTOP)
    died = time.monotonic()
    wait_until(lambda: _are_all_claimed(scaled, 2), bound(45), "a living worker took every job")
    takeover_seconds = time.monotonic() - died
    frozen.send(SIGCONT)

    jobs = scaled.wait_for_end(job_ids)
    sys.stdout.write(f"takeover after {takeover_seconds:.1f} s\n")
    assert {job["status"] for job in jobs} == {"completed"}
    for job_id, keywords in zip(job_ids, searches, strict=True):
        assert people_of(scaled.url, job_id) == people_of_the_sandbox(keywords)
    wait_until(lambda: "lease_lost" in frozen.log.read_text(), PATIENCE_SECONDS, "the frozen worker noticed")
    assert [heir.exit_code for heir in heirs] == [None, None]


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_server_asked_to_end_does_so_within_ten_seconds_and_the_next_one_goes_on(
    goldpan: Goldpan, is_locked: bool
) -> None:
    server = goldpan.serve()
    job_ids = [goldpan.start(f"calm {number} total:100 pace:200") for number in range(3)]
    endless = goldpan.start("calm total:100 pace:60000")
    goldpan.wait_for(job_ids[0], PATIENCE_SECONDS, lambda job: job["counts"]["found"] > 0)

    with write_lock(goldpan.url) if is_locked else nullcontext():
        seconds = server.stop()
    goldpan.serve()

    assert seconds < bound(10)
    assert server.exit_code == 0
    assert [job["counts"]["imported"] for job in goldpan.wait_for_end(job_ids)] == [100] * 3
    assert goldpan.job(endless)["status"] == "running"


@pytest.mark.parametrize("keywords", ["long total:500 pace:60000", "long total:500 pace:0 fail:429@3"])
def test_a_cancelled_job_stops_within_two_seconds_and_is_never_written_again(goldpan: Goldpan, keywords: str) -> None:
    server = goldpan.serve(LISTENING)
    job_id = goldpan.start(keywords)
    goldpan.wait_for(
        job_id, PATIENCE_SECONDS, lambda job: job["status"] == "running" and ("429" not in keywords or job["resumesAt"])
    )
    # Between two steps there is nothing to break off: the cancelled job simply has no next one.
    wait_until(lambda: f"WAITING {job_id}" in server.log.read_text(), PATIENCE_SECONDS, "the step waits")

    assert goldpan.call("POST", f"/{job_id}/cancel").status_code == 200

    cancelled = time.time()
    rows = _rows_of(goldpan, job_id)
    line = f"BROKEN OFF {job_id} "
    wait_until(lambda: line in server.log.read_text(), PATIENCE_SECONDS, "the step is broken off")
    assert float(server.log.read_text().split(line)[1].split()[0]) - cancelled < bound(2)
    other_id = goldpan.start("other total:100 pace:0")
    goldpan.wait_for_end([other_id])
    assert _rows_of(goldpan, job_id) == rows


def test_jobs_cancelled_while_pages_are_written_keep_what_they_had_and_pay_for_it(goldpan: Goldpan) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(2_000)])
    goldpan.serve(SLOW_DIRECTORY)
    job_ids = [goldpan.start("miller", live=True, maxResults=2_000) for _ in range(3)]
    for job_id in job_ids:
        goldpan.wait_for(job_id, PATIENCE_SECONDS, lambda job: job["counts"]["found"] > 100)
        assert goldpan.call("POST", f"/{job_id}/cancel").status_code == 200
    rows = [_rows_of(goldpan, job_id) for job_id in job_ids]

    other_id = goldpan.start("other total:200")
    goldpan.wait_for_end([other_id])

    assert [_rows_of(goldpan, job_id) for job_id in job_ids] == rows
    spent = sum(goldpan.job(job_id)["credits"]["spent"] for job_id in job_ids)
    assert _balances(goldpan) == (10_000 - spent, 0)


def test_a_crash_at_any_place_of_a_step_neither_loses_nor_doubles_its_page(goldpan: Goldpan) -> None:
    names = [f"miller-{number:03}" for number in range(260)]
    goldpan.import_people(names)
    job_id = goldpan.start_without_server("miller")

    for what, place in CRASH_PLACES.items():
        server = goldpan.serve(CRASH.format(place=place), is_awaited=False)
        assert server.wait_for_exit(PATIENCE_SECONDS) == -SIGKILL, what
        assert_invariants(goldpan.url)

    goldpan.serve()
    [job] = goldpan.wait_for_end([job_id])
    assert job["status"] == "completed"
    assert people_of(goldpan.url, job_id) == names
    assert _balances(goldpan) == (9_740, 0)


@pytest.mark.parametrize("prelude", ["", CANCELS_IN_SILENCE], ids=["cancelled", "cancelled in silence"])
def test_a_server_killed_during_resumed_jobs_loses_nobody_and_charges_nobody_twice(
    goldpan: Goldpan, prelude: str
) -> None:
    goldpan.import_people([f"miller-{number}" for number in range(600)])
    server = goldpan.serve(SLOW_DIRECTORY + prelude)
    keywords = "again total:300 pace:150 fail:500@2"
    job_ids = [goldpan.start("miller", live=True), goldpan.start(keywords)]

    _wait_for_more(goldpan, job_ids[:1], 100)
    assert goldpan.call("POST", f"/{job_ids[0]}/cancel").status_code == 200
    goldpan.wait_for_end(job_ids)
    for job_id, key in zip(job_ids, (goldpan.keys.live, goldpan.keys.test), strict=True):
        assert goldpan.call("POST", f"/{job_id}/resume", key).status_code == 202
    _wait_for_more(goldpan, job_ids, 150)
    server.kill()
    assert_invariants(goldpan.url)
    goldpan.serve(SLOW_DIRECTORY)

    live, played = goldpan.wait_for_end(job_ids)
    assert (live["status"], live["stopReason"], live["credits"]["spent"]) == ("completed", "source_exhausted", 600)
    assert people_of(goldpan.url, job_ids[0]) == sorted(f"miller-{number}" for number in range(600))
    assert (played["status"], people_of(goldpan.url, job_ids[1])) == ("completed", people_of_the_sandbox(keywords))
    assert _balances(goldpan) == (9_400, 0)


def test_a_worker_frozen_in_a_cancelled_run_does_not_disturb_the_resumed_one(scaled: Goldpan) -> None:
    scaled.serve()
    frozen = scaled.work()
    keywords = "thaw total:200 pace:300"
    job_id = scaled.start(keywords)
    _wait_for_more(scaled, [job_id], 25)

    frozen.send(SIGSTOP)  # perhaps within a transaction: its lock is free again when the database has lost patience
    wait_until(
        lambda: scaled.call("POST", f"/{job_id}/cancel").status_code == 200, PATIENCE_SECONDS, "the job is cancelled"
    )
    assert scaled.call("POST", f"/{job_id}/resume").status_code == 202
    heir = scaled.work()
    _wait_for_more(scaled, [job_id], 25)
    frozen.send(SIGCONT)

    [job] = scaled.wait_for_end([job_id])
    assert (job["status"], job["counts"]["imported"]) == ("completed", 200)
    assert people_of(scaled.url, job_id) == people_of_the_sandbox(keywords)
    assert (frozen.exit_code, heir.exit_code) == (None, None)


def test_a_step_that_the_engine_could_not_note_is_not_done_twice(goldpan: Goldpan) -> None:
    keywords = "note total:150 pace:0"
    server = goldpan.serve(FORGETFUL_ENGINE)

    [job] = goldpan.wait_for_end([goldpan.start(keywords)])
    server.kill()
    goldpan.serve()

    assert job["status"] == "completed"
    assert people_of(goldpan.url, job["jobId"]) == people_of_the_sandbox(keywords)
    assert goldpan.job(job["jobId"]) == job


def test_fifty_starts_with_one_key_at_once_make_one_job(goldpan: Goldpan) -> None:
    goldpan.serve()
    body = {"source": "url_upload", "urls": ["https://www.linkedin.com/in/alice-miller"]}
    headers = {"Idempotency-Key": "fifty"}

    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda _: goldpan.call("POST", "", json=body, headers=headers), range(50)))

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["data"]["jobId"] for answer in answers}) == 1
    assert len(goldpan.call("GET", "").json()["data"]["items"]) == 1


def test_a_database_that_cuts_all_connections_is_waited_for_and_nothing_is_lost(scaled: Goldpan) -> None:
    server = scaled.serve()
    worker = scaled.work(SHORT_LEASE)
    searches = [f"cut {number} total:300 pace:200" for number in range(4)]
    job_ids = [scaled.start(keywords) for keywords in searches]
    wait_until(lambda: _found(scaled, job_ids) > 100, PATIENCE_SECONDS, "the jobs run")

    with database_away(scaled.url):
        refused = wait_until(lambda: _refusal(scaled), PATIENCE_SECONDS, "the server says that its database is away")
        wait_until(
            lambda: worker.log.read_text().count("beat_failed") > 2,
            PATIENCE_SECONDS,
            "the worker is without its database",
        )
    wait_until(
        lambda: scaled.call("GET", f"/{job_ids[0]}").status_code == 200,
        PATIENCE_SECONDS,
        "the server found its database",
    )
    jobs = scaled.wait_for_end(job_ids)

    assert refused == (503, "SERVICE_UNAVAILABLE", True)
    assert {job["status"] for job in jobs} == {"completed"}
    for job_id, keywords in zip(job_ids, searches, strict=True):
        assert people_of(scaled.url, job_id) == people_of_the_sandbox(keywords)
    assert server.exit_code is None
    assert worker.exit_code is None
    assert "lease_lost" in worker.log.read_text()


def test_a_locked_database_is_told_with_503_and_the_jobs_go_on_when_it_is_free(goldpan: Goldpan) -> None:
    goldpan.serve()
    keywords = "lock total:300 pace:100"
    job_id = goldpan.start(keywords)
    goldpan.wait_for(job_id, PATIENCE_SECONDS, lambda job: job["counts"]["found"] > 0)
    body = {"source": "url_upload", "urls": ["https://www.linkedin.com/in/alice-miller"]}

    with write_lock(goldpan.url):  # for as long as two refusals take, which is 10 s
        refused = [goldpan.call("POST", "", json=body) for _ in range(2)]
        assert goldpan.job(job_id)["status"] == "running"

    assert [answer.status_code for answer in refused] == [503, 503]
    assert refused[0].json()["error"]["code"] == "SERVICE_UNAVAILABLE"
    assert int(refused[0].headers["Retry-After"]) > 0
    [job] = goldpan.wait_for_end([job_id])
    assert job["status"] == "completed"
    assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)


def test_a_full_disk_keeps_what_was_acknowledged_and_the_jobs_go_on_when_there_is_room(goldpan: Goldpan) -> None:
    full = goldpan.folder / "full"
    keywords = "full total:500 pace:50"
    goldpan.serve(DISK_FULL.format(full=str(full)))
    job_id = goldpan.start(keywords)
    goldpan.wait_for(job_id, PATIENCE_SECONDS, lambda job: job["counts"]["found"] > 0)

    full.touch()
    refused = wait_until(lambda: _refusal(goldpan), PATIENCE_SECONDS, "the server says that it cannot write")
    known = goldpan.job(job_id)
    wait_until(lambda: "engine_database_away" in goldpan.log() or goldpan.job(job_id) == known, 5)
    assert known["status"] == "running"
    full.unlink()
    [job] = goldpan.wait_for_end([job_id])

    assert refused == (503, "SERVICE_UNAVAILABLE", True)
    assert job["status"] == "completed"
    assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)


def test_a_bug_in_a_provider_ends_its_job_alone_and_is_logged(goldpan: Goldpan) -> None:
    server = goldpan.serve(BUG)
    broken_id = goldpan.start("bug total:100 pace:0")
    other_id = goldpan.start("other total:100 pace:0")

    broken, other = goldpan.wait_for_end([broken_id, other_id])

    assert (broken["status"], broken["error"]["code"]) == ("failed", "INTERNAL_ERROR")
    assert broken["counts"]["imported"] == 25
    assert other["status"] == "completed"
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    [crash] = [line for line in lines if line["event"] == "job_crashed"]
    assert crash["job_id"] == broken_id
    assert "ZeroDivisionError" in json.dumps(crash)


def test_a_person_of_whom_every_server_dies_is_passed_over_and_costs_the_other_jobs_nobody(goldpan: Goldpan) -> None:
    searches = [f"plain {number} total:100 pace:20" for number in range(6)]
    searches.append("poison total:100 pace:20")
    poison = people_of_the_sandbox(searches[-1])[50]
    prelude = POISON_AT_ENRICHMENT.format(poison=poison)
    server = goldpan.serve()
    job_ids = [goldpan.start(keywords) for keywords in searches]
    server.kill()

    deaths, server = 0, goldpan.serve(prelude, is_awaited=False)
    began = time.monotonic()
    while read_rows(goldpan.url, "SELECT 1 FROM job WHERE finished_ms IS NULL"):
        assert time.monotonic() - began < CAREFUL_SECONDS, "the jobs end"
        if server.exit_code is not None:
            deaths, server = deaths + 1, goldpan.serve(prelude, is_awaited=False)
        time.sleep(0.1)

    sys.stdout.write(f"{deaths} servers died in {time.monotonic() - began:.0f} s\n")
    assert read_rows(goldpan.url, "SELECT DISTINCT status FROM job") == [("completed",)]
    for job_id, keywords in zip(job_ids, searches, strict=True):
        assert people_of(goldpan.url, job_id) == people_of_the_sandbox(keywords)
    quarantined = "SELECT job_id, stage FROM quarantined_person"
    assert read_rows(goldpan.url, quarantined) == [(job_ids[-1], "enrichment")]
    assert read_rows(goldpan.url, "SELECT count(*) FROM prospect WHERE enriched_ms IS NULL") == [(0,)]
    assert deaths <= CAREFUL_FROM_CLAIM + 1 + MOST_ATTEMPTS  # one of a piece


# --- what a test looks at ----------------------------------------------------------------------------------------


def _found(goldpan: Goldpan, job_ids: list[str]) -> int:
    return sum(goldpan.job(job_id)["counts"]["found"] for job_id in job_ids)


def _wait_for_more(goldpan: Goldpan, job_ids: list[str], people: int) -> None:
    enough = _found(goldpan, job_ids) + people
    wait_until(lambda: _found(goldpan, job_ids) >= enough, PATIENCE_SECONDS, "the jobs go on")


def _refusal(goldpan: Goldpan) -> tuple[int, str, bool] | None:
    """Start a job and return how it was refused: status, code, whether it says when to try again."""
    body = {"source": "url_upload", "urls": ["https://www.linkedin.com/in/alice-miller"] * 50}
    answer = goldpan.call("POST", "", json=body)
    if answer.status_code < 400:
        return None
    return answer.status_code, answer.json()["error"]["code"], "Retry-After" in answer.headers


def _rows_of(goldpan: Goldpan, job_id: str) -> list[list[tuple[object, ...]]]:
    """Return every row that belongs to a job."""
    queries = (
        "SELECT * FROM job WHERE id = :id",
        "SELECT * FROM job_prospect WHERE job_id = :id ORDER BY position",
        "SELECT * FROM prospect WHERE job_id = :id ORDER BY id",
        "SELECT * FROM credit_entry WHERE job_id = :id ORDER BY id",
        "SELECT audience.* FROM audience JOIN job ON audience_id = audience.id WHERE job.id = :id",
    )
    return [read_rows(goldpan.url, query, id=job_id) for query in queries]


def _balances(goldpan: Goldpan) -> tuple[object, ...]:
    [row] = read_rows(goldpan.url, "SELECT credits_available, credits_reserved FROM account_group")
    return row


def _owners(goldpan: Goldpan) -> set[object]:
    return {
        row[0]
        for row in read_rows(goldpan.url, "SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'")
    }


def _are_all_claimed(goldpan: Goldpan, times: int) -> bool:
    query = "SELECT 1 FROM job WHERE fencing_token < :times AND finished_ms IS NULL"
    return not read_rows(goldpan.url, query, times=times)
