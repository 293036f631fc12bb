"""An import of many people and a job of many people, each beside the bare bulk insert of the rows that it stored."""

import csv
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bulk_insert import BareInsert, copy_tables, twin_of
from benchmarks.figures import Figure, at_most, rate
from benchmarks.served_world import World, new_world
from benchmarks.server_process import Server
from goldpan.assembly.clock_and_ids import now_ms
from goldpan.operations.people_operations import import_people
from goldpan.providers.sandbox_names import COMPANY_WORDS, CULTURES, TITLES

MOST_RATIO = 2.0
DIRECTORY_TABLES = ("directory_person", "directory_index")
JOB_TABLES = ("prospect", "prospect_identity", "job_prospect", "audience_prospect")
PARENTS = ("account_group", "audience", "job")
HEADER = ("First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On")
POLL_SECONDS = 0.5


def import_figures(kind: str, people: int) -> Iterator[Figure]:
    """What `goldpan people import` does, and afterwards the bare insert of the same rows."""
    with new_world(kind) as world:
        path = world.folder / "Connections.csv"
        write_connections(path, people)
        database = world.toolbox.database
        bare = BareInsert(database, world.folder, DIRECTORY_TABLES)
        started = time.perf_counter()
        report = import_people(database, world.account_group_id, path, now_ms(), lambda _rows, _share: None)
        seconds = time.perf_counter() - started
        with twin_of(database, world.folder, PARENTS[:1]) as twin:
            bare_seconds, rows = bare.repeat_on(twin)
        if (report.added, rows) != (people, people * len(DIRECTORY_TABLES)):
            raise SystemExit(f"{report.added:,} of {people:,} people were added, and {rows:,} rows repeated")
    yield rate(f"import of {people:,} people, {kind}: {seconds:.0f} s", people / seconds)
    yield at_most(f"import of {people:,} people, {kind}: over the bare insert", seconds / bare_seconds, MOST_RATIO)


def job_figures(kind: str, people: int) -> Iterator[Figure]:
    """A job that takes its people from an uploaded file, from its start to its end, in a server and a worker."""
    with new_world(kind) as world, world.serving() as server, world.working():
        path = world.folder / "Connections.csv"
        write_connections(path, people)
        upload = world.call(server, "POST", "/files", content=path.read_bytes(), headers={"Content-Type": "text/csv"})
        body = {"source": "file_upload", "fileId": upload.json()["data"]["id"]}
        started = time.perf_counter()
        job = _ended_job(world, server, world.call(server, "POST", "/prospecting", json=body).json()["data"]["jobId"])
        seconds = time.perf_counter() - started
        if job["status"] != "completed" or job["counts"]["imported"] != people:
            raise SystemExit(f"the job did not import everybody: {job}")
        database = world.toolbox.database
        with twin_of(database, world.folder, PARENTS) as twin:
            bare_seconds = copy_tables(database, twin, JOB_TABLES)
    yield rate(f"job of {people:,} people, {kind}: {seconds:.0f} s", people / seconds)
    yield at_most(f"job of {people:,} people, {kind}: over the bare insert", seconds / bare_seconds, MOST_RATIO)


def _ended_job(world: World, server: Server, job_id: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = world.call(server, "GET", f"/prospecting/{job_id}").json()["data"]
        if job["finishedAt"] is not None:
            return job
        time.sleep(POLL_SECONDS)


def write_connections(path: Path, people: int) -> None:
    """Write LinkedIn's Connections.csv of so many different people, with names as the sandbox has them."""
    first_names = [name.text for culture in CULTURES for name in culture.given]
    last_names = [name.text for culture in CULTURES for name in culture.family]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(people):
            first, last = _pick(first_names, number), _pick(last_names, number // 7)
            company = f"{_pick(COMPANY_WORDS, number // 3)} {number % 4999}"
            url = f"https://www.linkedin.com/in/person-{number:08x}"
            email = f"person-{number:08x}@example.com" if number % 10 == 0 else ""
            writer.writerow([first, last, url, email, company, _pick(TITLES, number), "30 Oct 2026"])


def _pick(choices: Sequence[str], number: int) -> str:
    return choices[number % len(choices)]
