"""Jobs that import the people of an uploaded file: their receipts, what they cost, and what a crash leaves."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from goldpan import assembly
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.engine.caretaker import Caretaker
from goldpan.operations import file_operations
from goldpan.operations.caretaker_operations import FILE_LIFETIME_MS, UPLOAD_LIFETIME_MS, forget_old_files
from goldpan.operations.file_operations import upload_file
from goldpan.operations.job_operations import cancel_job
from goldpan.operations.job_start_operations import start_job
from goldpan.operations.page_source import ROWS_A_PAGE
from goldpan.storage import uploaded_file_table
from goldpan.storage.uploaded_file_table import UploadedFile
from tests.cast import NOBODYS_ID, Caller
from tests.invariants import assert_invariants
from tests.people_file_samples import HEADER
from tests.processes import PATIENCE_SECONDS, Goldpan
from tests.service import Json
from tests.workshop import Workshop, workshop

REJECT = ",,https://evil.example/in/x,,,,\n"


def row(slug: str, email: str = "") -> str:
    return f"{slug.title()},Test,https://www.linkedin.com/in/{slug},{email},Acme,CTO,15 Mar 2024\n"


def rows(count: int, name: str = "ada") -> str:
    return "".join(row(f"{name}-{number:04}") for number in range(count))


def upload(caller: Caller, content: str) -> str:
    answer = caller.call("POST", f"{caller.group}/files", (HEADER + content).encode(), content_type="text/csv")
    assert answer.status == 201, answer
    return str(answer.data["id"])


def run(caller: Caller, file_id: str, **fields: object) -> Json:
    """Start a job with the file and return how it ended."""
    return caller.ended(caller.started(source="file_upload", fileId=file_id, **fields)["jobId"])


def counts(job: Json) -> dict[str, int]:
    return {name: count for name, count in job["counts"].items() if count}


# --- receipts -----------------------------------------------------------------------------------------------------


def test_a_job_takes_everybody_of_the_file_and_tells_repeats_and_rejects(alice: Caller) -> None:
    file_id = upload(alice, rows(130) + rows(60) + REJECT * 25 + ",,,,,,\n" * 7 + REJECT * 100)

    job = run(alice, file_id)

    assert counts(job) == {"found": 315, "imported": 130, "duplicate": 60, "invalid": 125}
    assert (job["status"], job["stopReason"], job["truncated"]) == ("completed", "completed", False)
    assert (job["source"], job["totalAvailable"]) == ("file_upload", 130)
    assert job["credits"] == {"reserved": 130, "spent": 130}
    assert alice.credits() == (870, 0)
    assert len(alice.prospects(job["audienceId"])) == 130


def test_people_come_with_all_that_the_file_tells(alice: Caller) -> None:
    job = run(alice, upload(alice, row("ada", "ada@example.com")))

    [ada] = alice.prospects(job["audienceId"])
    assert (ada["name"], ada["title"], ada["company"]["name"]) == ("Ada Test", "CTO", "Acme")
    assert ada["email"] == "ada@example.com"
    [collection] = ada["provenance"]
    assert (collection["provider"], collection["jobId"]) == ("file", job["jobId"])
    assert {"email", "title", "company.name"} <= set(collection["fields"])


def test_enrichment_fills_in_what_the_file_does_not_tell_and_no_more(alice: Caller) -> None:
    alice.import_people(["ada,Engineer,ada@directory.example", "bob,Engineer,bob@directory.example"])

    job = run(alice, upload(alice, row("ada", "ada@example.com") + row("bob")), searchEmails=True)

    people = {person["publicIdentifier"]: person for person in alice.prospects(job["audienceId"])}
    assert [people[slug]["email"] for slug in ("ada", "bob")] == ["ada@example.com", "bob@directory.example"]
    assert {person["title"] for person in people.values()} == {"CTO"}
    assert [collection["provider"] for collection in people["bob"]["provenance"]] == ["file", "directory"]
    assert job["counts"]["emailsFound"] == 1
    assert job["credits"]["spent"] == 4


def test_the_same_file_again_finds_only_known_people_and_costs_nothing(alice: Caller) -> None:
    file_id = upload(alice, rows(120))
    run(alice, file_id)

    again = run(alice, file_id)

    assert counts(again) == {"found": 120, "known": 120}
    assert again["stopReason"] == "completed"
    assert again["credits"] == {"reserved": 120, "spent": 0}
    assert alice.credits() == (880, 0)


def test_max_credits_bounds_what_the_file_costs(alice: Caller) -> None:
    run(alice, upload(alice, rows(5)))

    job = run(alice, upload(alice, rows(20) + rows(20)), maxCredits=7)

    assert counts(job) == {"found": 12, "imported": 7, "known": 5}
    assert (job["stopReason"], job["truncated"]) == ("max_credits_reached", True)
    assert job["credits"] == {"reserved": 7, "spent": 7}


def test_a_file_whose_new_people_are_just_paid_is_read_to_its_end(alice: Caller) -> None:
    job = run(alice, upload(alice, rows(100) + rows(100) + REJECT), maxCredits=100)

    assert counts(job) == {"found": 201, "imported": 100, "duplicate": 100, "invalid": 1}
    assert (job["stopReason"], job["truncated"]) == ("completed", False)


def test_max_results_is_ignored(alice: Caller) -> None:
    job = run(alice, upload(alice, rows(4)), maxResults=2)

    assert counts(job) == {"found": 4, "imported": 4}


def test_more_people_than_credits_start_no_job(alice: Caller) -> None:
    file_id = upload(alice, rows(501))

    answer = alice.start(source="file_upload", fileId=file_id, searchEmails=True)

    assert answer.refusal == (402, "INSUFFICIENT_CREDITS")
    assert answer.details == "credits needed: 1002, available: 1000"


def test_a_test_key_makes_people_of_the_sandbox(alice: Caller) -> None:
    file_id = upload(alice, rows(3))

    sandbox = run(alice.sandbox(), file_id)
    live = run(alice, file_id)

    assert (counts(sandbox)["imported"], counts(live)["imported"]) == (3, 3)
    assert sandbox["credits"] == {"reserved": 0, "spent": 0}
    assert {person["sandbox"] for person in alice.prospects(sandbox["audienceId"])} == {True}
    assert {person["provenance"][0]["provider"] for person in alice.prospects(sandbox["audienceId"])} == {"file"}


def test_an_idempotency_key_starts_one_job_with_a_file(alice: Caller) -> None:
    file_id, other_id = upload(alice, rows(2)), upload(alice, rows(2))
    body = {"source": "file_upload", "idempotency_key": "once"}

    first, second = (alice.start(**body, fileId=file_id) for _ in range(2))
    other = alice.start(**body, fileId=other_id)

    assert first.data["jobId"] == second.data["jobId"]
    assert other.refusal == (409, "IDEMPOTENCY_KEY_REUSED")


# --- what is no source --------------------------------------------------------------------------------------------


def test_an_unknown_and_a_foreign_file_are_not_found(alice: Caller, mallory: Caller) -> None:
    file_id = upload(alice, rows(1))

    foreign = mallory.start(source="file_upload", fileId=file_id)
    unknown = mallory.start(source="file_upload", fileId=NOBODYS_ID)

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.details == unknown.details == "fileId: there is no such file in this account group"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"source": "file_upload"}, "fileId"),
        ({"source": "file_upload", "fileId": "x"}, "fileId"),
        ({"source": "file_upload", "fileId": NOBODYS_ID, "urls": ["linkedin.com/in/ada"]}, "urls"),
        ({"source": "url_upload", "urls": ["linkedin.com/in/ada"], "fileId": NOBODYS_ID}, "fileId"),
    ],
)
def test_a_file_is_the_source_of_a_file_upload_and_of_nothing_else(alice: Caller, body: Json, field: str) -> None:
    answer = alice.start(body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith(field)


# --- by hand: what is cleared away, and what was not finished -----------------------------------------------------


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, []) as shop:
        yield shop
        assert_invariants(shop.url)


def stored_file(shop: Workshop, content: str) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(HEADER + content)
        file.flush()
        return upload_file(shop.toolbox, shop.alice, shop.group_id, "people.csv", Path(file.name)).file.id


def start(shop: Workshop, file_id: str) -> str:
    request = StartJob(source=SourceType.FILE_UPLOAD, file_id=file_id)
    return start_job(shop.toolbox, shop.alice, shop.group_id, request, None).id


def grow_older(shop: Workshop, file_id: str, milliseconds: int) -> None:
    shop.execute("UPDATE uploaded_file SET created_ms = created_ms - :by WHERE id = :id", by=milliseconds, id=file_id)


def kept_files(shop: Workshop) -> list[str]:
    return shop.scalars("SELECT id FROM uploaded_file")


def test_a_file_is_kept_for_thirty_days(shop: Workshop) -> None:
    old, young = stored_file(shop, rows(3)), stored_file(shop, rows(3))
    grow_older(shop, old, FILE_LIFETIME_MS + 1000)
    grow_older(shop, young, FILE_LIFETIME_MS - 60_000)

    Caretaker(shop.toolbox, shop.queue, "here", lambda _job: False, None).clear_away()

    assert kept_files(shop) == [young]
    assert set(shop.scalars("SELECT file_id FROM uploaded_row")) == {young}


@pytest.mark.parametrize(("limit", "most"), [("MOST_FILES_KEPT", 3), ("MOST_ROWS_KEPT", 9)])
def test_the_oldest_file_that_no_job_reads_makes_room_for_another(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(file_operations, limit, most)
    first, second, third = (stored_file(shop, rows(3)) for _ in range(3))
    start(shop, first)
    for age, file_id in enumerate([third, second, first]):
        grow_older(shop, file_id, age * 1000)

    fourth = stored_file(shop, rows(3))

    assert set(kept_files(shop)) == {first, third, fourth}
    assert set(shop.scalars("SELECT file_id FROM uploaded_row")) == {first, third, fourth}


def test_a_file_for_which_nothing_can_make_room_is_refused(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_operations, "MOST_FILES_KEPT", 1)
    file_id = stored_file(shop, rows(3))
    job_id = start(shop, file_id)

    with pytest.raises(Problem) as raised:
        stored_file(shop, rows(3))
    cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)
    next_id = stored_file(shop, rows(3))

    assert raised.value.kind is ErrorKind.CONFLICT
    assert kept_files(shop) == [next_id]


def test_an_old_file_stays_as_long_as_a_job_reads_it(shop: Workshop) -> None:
    file_id = stored_file(shop, rows(ROWS_A_PAGE + 50))
    other_id = stored_file(shop, rows(1))
    job_id = start(shop, file_id)
    shop.run(job_id, 1)
    for each in (file_id, other_id):
        grow_older(shop, each, FILE_LIFETIME_MS + 1000)

    assert forget_old_files(shop.toolbox, 10) == 1
    assert kept_files(shop) == [file_id]
    assert shop.run(job_id).imported == ROWS_A_PAGE + 50
    assert forget_old_files(shop.toolbox, 10) == 1
    assert kept_files(shop) == []


def test_a_file_of_many_rows_is_cleared_away_whole(shop: Workshop) -> None:
    file_id = stored_file(shop, rows(4_500))
    grow_older(shop, file_id, FILE_LIFETIME_MS + 1000)

    assert forget_old_files(shop.toolbox, 10) == 1

    assert shop.scalars("SELECT count(*) FROM uploaded_row") == [0]


def test_a_file_that_was_never_stored_whole_is_no_source_and_goes_after_an_hour(shop: Workshop) -> None:
    file = UploadedFile(NOBODYS_ID, shop.group_id, "half", "CSV", "[]", created_ms=shop.toolbox.now_ms())
    with shop.database.write() as tx:
        uploaded_file_table.add(tx, shop.group_id, file)
    with pytest.raises(Problem, match="NOT_FOUND: fileId"):
        start(shop, file.id)
    assert forget_old_files(shop.toolbox, 10) == 0

    grow_older(shop, file.id, UPLOAD_LIFETIME_MS + 1000)

    assert forget_old_files(shop.toolbox, 10) == 1
    assert kept_files(shop) == []


def test_a_job_whose_file_has_gone_fails_and_says_why(shop: Workshop) -> None:
    file_id = stored_file(shop, rows(ROWS_A_PAGE + 50))
    job_id = start(shop, file_id)
    shop.run(job_id, 1)
    shop.execute("DELETE FROM uploaded_row")

    job = shop.run(job_id)

    assert (job.status, job.stop_reason, job.imported) == ("failed", "invalid_source", ROWS_A_PAGE)
    assert job.error_message == "fileId: this file is no longer kept: upload it again"


def test_no_provider_is_asked_for_the_people_of_a_file(shop: Workshop) -> None:
    job_id = start(shop, stored_file(shop, rows(ROWS_A_PAGE + 50)))

    job = shop.run(job_id)

    assert (job.imported, job.pages_done) == (ROWS_A_PAGE + 50, 2)
    assert shop.provider.asked == []


def test_a_job_cancelled_in_the_middle_of_a_file_keeps_and_pays_what_it_took(shop: Workshop) -> None:
    job_id = start(shop, stored_file(shop, rows(ROWS_A_PAGE + 50)))
    shop.run(job_id, 1)

    cancel_job(shop.toolbox, shop.alice, shop.group_id, job_id)

    job = shop.job(job_id)
    assert (job.status, job.imported, job.credits_spent, job.truncated) == ("cancelled", ROWS_A_PAGE, ROWS_A_PAGE, True)


# --- a server that is killed --------------------------------------------------------------------------------------

SLOW_PAGES = """
import time
from goldpan.operations import page_source
page_source.ROWS_A_PAGE = 100
page_of_file = page_source.page_of_file
def slow(*arguments):
    time.sleep(0.1)
    return page_of_file(*arguments)
page_source.page_of_file = slow
"""


def test_a_server_killed_in_the_middle_of_a_file_loses_nobody_and_counts_nobody_twice(tmp_path: Path) -> None:
    with Goldpan(tmp_path) as goldpan:
        file_id = uploaded_without_server(goldpan, rows(500) + rows(50) + REJECT * 30)
        server = goldpan.serve(SLOW_PAGES)
        body = {"source": "file_upload", "fileId": file_id}
        job_id = goldpan.call("POST", "", goldpan.keys.live, json=body).json()["data"]["jobId"]
        for found in (100, 300):
            goldpan.wait_for(job_id, PATIENCE_SECONDS, partial(_has_found, found))
            server.kill()
            server = goldpan.serve(SLOW_PAGES)

        [job] = goldpan.wait_for_end([job_id])

        assert (job["status"], job["stopReason"]) == ("completed", "completed")
        assert counts(job) == {"found": 580, "imported": 500, "duplicate": 50, "invalid": 30}
        assert job["credits"] == {"reserved": 500, "spent": 500}
        assert_invariants(goldpan.url)


def _has_found(count: int, job: Json) -> bool:
    return int(job["counts"]["found"]) >= count


def uploaded_without_server(goldpan: Goldpan, content: str) -> str:
    path = goldpan.folder / "people.csv"
    path.write_text(HEADER + content)
    group_id = goldpan.keys.account_group_id
    caller = Principal("alice", False, frozenset(Permission), frozenset({group_id}))
    database = assembly.open_database(goldpan.settings)
    file_id = upload_file(assembly.build_toolbox(database), caller, group_id, "people.csv", path).file.id
    database.close()
    return file_id
