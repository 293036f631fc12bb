"""The page of one job as it leaves the server: what it tells, what can be done, and that strangers see nothing."""

import json
import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from goldpan.storage.tables import JOB
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url
from tests.console_world import HOSTILE_NAME, Guest, pages, signed_in
from tests.service import Answer, Service


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service) -> Guest:
    return signed_in(service, "alice")


def text(answer: Answer, status: int = 200) -> str:
    assert answer.status == status, answer
    return answer.body.decode()


def let_it_have_failed(alice: Caller, job_id: str) -> None:
    """Let a completed job have failed while it looked up details."""
    changes = {"status": "failed", "enrichment_status": "failed", "enrichment_progress": 0.5}
    changes |= {"stop_reason": "upstream_failed", "error_code": "UPSTREAM_ERROR", "error_message": HOSTILE_NAME}
    with alice.service.toolbox.database.write() as tx:
        tx.execute(sa.update(JOB).where(JOB.c.id == job_id).values(**changes))


def test_a_receipt_is_told_in_sentences(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(30))
    job_id = alice.start_search("cto", maxResults=20, audienceName="CTOs of Berlin")
    alice.ended(job_id)

    page = text(guest.get(pages(alice, "jobs", job_id)))

    assert "It took 20 people, all of them new." in page
    assert "It cost 20 credits." in page
    assert "It stopped because it had as many people as were asked for." in page
    assert "It was cut short: the source of 30 holds people who were not taken." in page
    assert "CTOs of Berlin" in page
    assert "Everybody imported" in page
    assert page.count('role="progressbar"') == 2
    assert search_url("cto") in page
    assert len(re.findall('data-row="', page)) == 20


def test_what_a_job_moved_in_the_ledger_stands_on_its_page(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(3))
    job_id = alice.start_search("cto", maxResults=20)
    alice.ended(job_id)

    page = text(guest.get(pages(alice, "jobs", job_id)))

    assert re.findall(r"<td>(Set aside|Paid for new people|Given back)</td>", page) == [
        "Given back",
        "Paid for new people",
        "Set aside",
    ]
    assert "the other 17 of 20 set aside went back" in page
    assert re.findall(r'<td class="number">([^<]+)</td>', page) == ["+17", "−17", "−3", "−20", "+20"]


def test_the_json_is_what_the_api_answers(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    job = alice.ended(job_id)

    page = text(guest.get(pages(alice, "jobs", job_id, "json")))

    shown = re.search(r'<pre id="raw"[^>]*><code>(.*?)</code>', page, re.DOTALL)
    assert shown
    assert json.loads(shown[1].replace("&#34;", '"')) == job


def test_a_live_answer_is_sent_again_only_when_the_job_has_changed(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    alice.ended(job_id)
    address = pages(alice, "jobs", job_id, "live")
    first = guest.get(address)
    tag = first.headers["ETag"]

    assert "<!doctype" not in text(first)
    assert guest.get(address, **{"If-None-Match": tag}).status == 304
    alice.resume(job_id)
    alice.ended(job_id)
    assert guest.get(address, **{"If-None-Match": '"0.0"'}).status == 200


def test_a_question_says_what_cancelling_does_before_it_is_done(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:2000 pace:1000")

    question = text(guest.get(pages(alice, "jobs", job_id, "cancel")))
    answer = guest.post(pages(alice, "jobs", job_id, "cancel"))

    assert "Cancel this job?" in question
    assert "none are at stake" in question
    assert "it can be resumed from its last page" in question
    assert answer.headers["Location"] == pages(alice, "jobs", job_id)
    assert alice.job(job_id)["status"] == "cancelled"


def test_a_job_that_ended_meanwhile_is_not_cancelled(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    alice.ended(job_id)

    page = text(guest.post(pages(alice, "jobs", job_id, "cancel")), 422)

    assert "The job has ended already" in page


def test_a_cancelled_job_is_resumed_and_says_what_it_will_set_aside(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(30))
    job_id = alice.start_search("cto", maxResults=20)
    alice.ended(job_id)
    let_it_have_failed(alice, job_id)

    question = text(guest.get(pages(alice, "jobs", job_id, "resume")))
    answer = guest.post(pages(alice, "jobs", job_id, "resume"))

    assert "Resume this job?" in question
    assert "20 people it has already stay" in question
    assert answer.headers["Location"] == pages(alice, "jobs", job_id)
    assert alice.ended(job_id)["status"] == "completed"


def test_an_error_is_told_with_its_code_and_what_to_do(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    alice.ended(job_id)
    let_it_have_failed(alice, job_id)

    page = text(guest.get(pages(alice, "jobs", job_id)))

    assert "UPSTREAM_ERROR" in page
    assert "Resume the job in a while" in page
    assert "<script>alert" not in page


def test_a_completed_job_is_not_resumed(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    alice.ended(job_id)

    assert "The job cannot go on" in text(guest.post(pages(alice, "jobs", job_id, "resume")), 422)


@pytest.mark.parametrize("part", ["", "live", "json", "cancel", "resume"])
def test_another_tenants_job_is_like_a_random_id(alice: Caller, service: Service, part: str) -> None:
    mallory = new_caller(service, "Mallory")
    guest = signed_in(service, "mallory", "operator", mallory)
    job_id = alice.sandbox().start_search("cto total:5")
    steps = [part] if part else []

    foreign = guest.get(pages(mallory, "jobs", job_id, *steps))
    nobodys = guest.get(pages(mallory, "jobs", NOBODYS_ID, *steps))

    assert foreign.status == nobodys.status == 404
    assert guest.get(pages(alice, "jobs", job_id, *steps)).status == 404
    trace = re.compile(rb'<code id="trace">[0-9a-f]+')
    assert trace.sub(b"", foreign.body) == trace.sub(b"", nobodys.body)


@pytest.mark.parametrize("verb", ["cancel", "resume"])
def test_another_tenants_job_cannot_be_changed(alice: Caller, service: Service, verb: str) -> None:
    mallory = new_caller(service, "Mallory")
    guest = signed_in(service, "mallory", "operator", mallory)
    job_id = alice.sandbox().start_search("cto total:5")
    before = alice.ended(job_id)

    assert guest.post(pages(mallory, "jobs", job_id, verb)).status == 404
    assert guest.post(pages(alice, "jobs", job_id, verb)).status == 404
    assert alice.job(job_id) == before


def test_a_viewer_is_offered_nothing_that_a_viewer_may_not_do(alice: Caller, service: Service) -> None:
    guest = signed_in(service, "val", "viewer", alice)
    job_id = alice.sandbox().start_search("cto total:2000 pace:1000")

    assert "Cancel…" not in text(guest.get(pages(alice, "jobs", job_id)))
    assert guest.post(pages(alice, "jobs", job_id, "cancel")).status == 403
    alice.cancel(job_id)


def test_hostile_text_in_an_address_stays_text(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:5")
    for id in (quote(HOSTILE_NAME), job_id.upper(), f"{job_id}%00"):
        answer = guest.get(pages(alice, "jobs", id))
        assert answer.status in (400, 404)
        assert b"<script>alert" not in answer.body


def test_a_file_that_was_asked_for_is_named_and_leads_to_its_page(alice: Caller, guest: Guest) -> None:
    rows = b"url\nhttps://www.linkedin.com/in/ada\n"
    file_id = alice.call("POST", f"{alice.group}/files?name=Leads+%26+more.csv", rows, content_type="text/csv").data[
        "id"
    ]
    job_id = alice.sandbox().started(source="file_upload", fileId=file_id)["jobId"]
    alice.ended(job_id)

    page = text(guest.get(pages(alice, "jobs", job_id)))

    assert f'<a href="{pages(alice, "files", file_id)}">Leads &amp; more.csv</a>' in page
    assert "People of the uploaded file Leads &amp; more.csv" in page


def test_profiles_are_shown_as_they_were_sent(alice: Caller, guest: Guest) -> None:
    sent = "HTTPS://de.linkedin.com/in/Ada?trk=x"
    job = alice.started(source="url_upload", urls=[sent])

    assert f'<dd dir="auto">{sent}</dd>' in text(guest.get(pages(alice, "jobs", job["jobId"])))
