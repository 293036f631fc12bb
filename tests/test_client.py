"""The client against a real Goldpan: what people do with it, from a start to an exported audience."""

import asyncio
import io
from pathlib import Path

import pytest

from goldpan.client import (
    AsyncGoldpan,
    AudienceNotReady,
    Forbidden,
    Goldpan,
    IdempotencyKeyReused,
    InsufficientCredits,
    InvalidRequest,
    NotFound,
    Unauthorized,
)
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus, StopReason
from tests.cast import NOBODYS_ID, Caller, search_url

SEARCH = search_url("cto total:60")


def client_of(caller: Caller) -> Goldpan:
    return Goldpan(caller.key, url=f"http://127.0.0.1:{caller.service.port}")


@pytest.fixture
def tester(alice: Caller) -> Caller:
    """Alice with a test key: whatever she searches for is found, and costs nothing."""
    return alice.sandbox()


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_a_job_is_started_waited_for_and_its_people_are_read(tester: Caller) -> None:
    with client_of(tester) as client:
        started = client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=50)
        job = started.wait(60)
        people = list(client.audiences.prospects(started.audience_id, limit=20))

    assert (job.status, job.stop_reason) == (JobStatus.COMPLETED, StopReason.MAX_RESULTS)
    assert job.counts.imported + job.counts.known == len({person.id for person in people}) == 50
    assert people[0].provenance[0].job_id == started.job_id


def test_the_asynchronous_client_does_the_same(tester: Caller) -> None:
    async def count_people() -> tuple[str, int]:
        async with AsyncGoldpan(tester.key, url=f"http://127.0.0.1:{tester.service.port}") as client:
            started = await client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=50)
            job = await started.wait(60)
            return job.status, len([person async for person in client.audiences.prospects(started.audience_id)])

    assert asyncio.run(count_people()) == ("completed", 50)


def test_progress_is_told_while_the_job_works(tester: Caller) -> None:
    with client_of(tester) as client:
        started = client.jobs.start(source="linkedin_search", search_url=SEARCH)
        changes = list(started.follow(60))

    imported = [change.job.counts.imported for change in changes]
    assert imported == sorted(imported)
    assert (changes[0].kind, changes[-1].kind, imported[-1]) == ("stage", "finished", 60)


def test_a_list_walks_through_all_its_pages(alice: Caller) -> None:
    with client_of(alice.sandbox()) as client:
        ids = [client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=1).job_id for _ in range(5)]
        pages = list(client.jobs.list(limit=2).pages())
        whole = [job.job_id for job in client.jobs.list_full(limit=2, source="linkedin_search")]

    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [job.job_id for page in pages for job in page.items] == ids[::-1] == whole


def test_a_list_goes_on_from_a_cursor_to_its_end(alice: Caller) -> None:
    with client_of(alice) as client:
        ids = [client.audiences.create(f"Audience {number}").id for number in range(5)][::-1]
        first = next(iter(client.audiences.list(limit=1).pages()))

        rest = [audience.id for audience in client.audiences.list(limit=2, cursor=first.next_cursor)]

    assert rest == ids[1:]


def test_the_same_idempotency_key_is_the_same_job(tester: Caller) -> None:
    with client_of(tester) as client:
        first, again = (
            client.jobs.start(source="linkedin_search", search_url=SEARCH, idempotency_key="monday") for _ in range(2)
        )
        with pytest.raises(IdempotencyKeyReused):
            client.jobs.start(source="linkedin_search", search_url=search_url("cfo"), idempotency_key="monday")

    assert first.job_id == again.job_id


def test_an_estimate_starts_nothing(tester: Caller) -> None:
    with client_of(tester) as client:
        estimate = client.jobs.estimate(source="linkedin_search", search_url=SEARCH, max_results=10)

        assert list(client.jobs.list()) == []

    assert (estimate.max_people, estimate.total_available, estimate.cap.reason) == (10, 60, "max_results")


def test_a_cancelled_job_is_resumed(tester: Caller) -> None:
    with client_of(tester) as client:
        job_id = client.jobs.start(source="linkedin_search", search_url=search_url("cto total:60 pace:500")).job_id

        cancelled = client.jobs.cancel(job_id)
        stopped = client.jobs.wait(job_id, 60)
        ended = client.jobs.resume(job_id).wait(60)

    assert (cancelled.status, stopped.status, ended.status) == ("cancelled", "cancelled", "completed")
    assert ended.counts.imported + ended.counts.known == 60


# --- files and exports --------------------------------------------------------------------------------------------


def test_a_file_becomes_an_audience_and_is_exported(alice: Caller, tmp_path: Path) -> None:
    upload, target = tmp_path / "people.csv", tmp_path / "export.csv"
    upload.write_text("URL,Name\nhttps://www.linkedin.com/in/amara-okafor,Amara Okafor\nacme.example,Nobody\n")

    with client_of(alice) as client:
        file = client.files.upload(upload)
        job = client.jobs.start(source="file_upload", file_id=file.id).wait(60)
        client.audiences.export(job.audience_id, target, format="csv")
        rejects = io.BytesIO()
        client.files.rejects(file.id, rejects)

    assert (file.people, file.rejected, job.counts.imported) == (1, 1, 1)
    assert "Amara Okafor" in target.read_text(encoding="utf-8-sig")
    assert rejects.getvalue().startswith(b"line,reason\r\n3,")
    assert list(tmp_path.glob("*.part")) == []


def test_an_export_that_is_refused_leaves_no_file(alice: Caller, tmp_path: Path) -> None:
    with client_of(alice) as client, pytest.raises(NotFound):
        client.audiences.export(NOBODYS_ID, tmp_path / "export.csv")

    assert list(tmp_path.iterdir()) == []


# --- audiences, credits and the rest ------------------------------------------------------------------------------


def test_audiences_and_folders_are_kept_in_order(alice: Caller) -> None:
    with client_of(alice) as client:
        folder = client.folders.create("Spring")
        audience = client.audiences.create("Directors", description="For the launch")
        moved = client.audiences.change(audience.id, folder_id=folder.id, description=None)
        pinned = client.folders.change(folder.id, is_pinned=True)
        shown = client.audiences.navigation().folders

        assert (moved.folder_id, moved.description, pinned.is_pinned) == (folder.id, None, True)
        assert [one.id for one in shown[0].audiences] == [audience.id]
        assert client.audiences.get(audience.id).name == "Directors"
        assert [one.id for one in client.audiences.list()] == [audience.id]

        client.audiences.delete(audience.id)
        client.folders.delete(folder.id)
        assert client.audiences.navigation().folders == []


def test_people_are_moved_and_removed(tester: Caller) -> None:
    with client_of(tester) as client:
        job = client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=3).wait(60)
        first, second, _ = [person.id for person in client.audiences.prospects(job.audience_id)]
        other = client.audiences.create("Others")

        moved = client.audiences.move_prospects(job.audience_id, [first], other.id)
        removed = client.audiences.remove_prospects(job.audience_id, [second, NOBODYS_ID])

    assert (moved.changed, moved.prospect_count) == (1, 2)
    assert (removed.changed, removed.not_found, removed.prospect_count) == (1, 1, 1)


def test_credits_quota_lookups_and_lists_are_read(alice: Caller) -> None:
    with client_of(alice) as client:
        assert client.credits.get().available == 1000
        assert [entry.kind for entry in client.credits.ledger()] == ["top_up"]
        assert client.jobs.quota("URL_UPLOAD").list_type == "URL_UPLOAD"
        assert client.prospects.find_by_provider_id("ACoAAA1b2c3").resolution == "none"
        assert client.sales_navigator.saved_searches().items == client.sales_navigator.lead_lists().items == []
        assert [group.id for group in client.accounts.list()] == [alice.account_group_id]
        assert client.server.health() == client.server.readiness() == {"status": "ok"}


# --- refusals -----------------------------------------------------------------------------------------------------


def test_a_refusal_says_what_is_wrong_and_where(alice: Caller) -> None:
    with client_of(alice) as client, pytest.raises(InvalidRequest, match="maxResults") as refused:
        client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=100_000)

    assert (refused.value.status, refused.value.code) == (400, "VALIDATION_ERROR")
    assert [(field.where, field.name) for field in refused.value.fields] == [("body", "maxResults")]
    assert refused.value.trace_id


def test_each_refusal_has_its_exception(alice: Caller, mallory: Caller) -> None:
    reader = alice.with_key(Permission.PROSPECTING_READ)

    with client_of(alice.revoked()) as client, pytest.raises(Unauthorized):
        list(client.jobs.list())
    with client_of(reader) as client, pytest.raises(Forbidden):
        client.jobs.start(source="linkedin_search", search_url=SEARCH)
    with client_of(mallory) as client, pytest.raises(NotFound):
        client.jobs.get(alice.sandbox().start_search("cto total:1"))
    with client_of(alice) as client, pytest.raises(InsufficientCredits):
        client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=1000, search_emails=True)


def test_an_audience_that_a_job_fills_is_not_ready(tester: Caller) -> None:
    with client_of(tester) as client:
        started = client.jobs.start(source="linkedin_search", search_url=search_url("cto total:60 pace:500"))

        with pytest.raises(AudienceNotReady):
            client.audiences.get(started.audience_id)
        client.jobs.cancel(started.job_id)


def test_an_export_to_a_path_has_the_format_that_its_ending_names(tester: Caller, tmp_path: Path) -> None:
    with client_of(tester) as client:
        job = client.jobs.start(source="linkedin_search", search_url=SEARCH, max_results=3).wait(60)

        client.audiences.export(job.audience_id, tmp_path / "people.XLSX")
        client.audiences.export(job.audience_id, tmp_path / "people")
        client.audiences.export(job.audience_id, tmp_path / "people.xlsx", format="jsonl")

    assert (tmp_path / "people.XLSX").read_bytes().startswith(b"PK")
    assert b"\r\n" in (tmp_path / "people").read_bytes()
    assert (tmp_path / "people.xlsx").read_bytes().startswith(b"{")
