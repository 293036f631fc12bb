"""The people of an audience: while a job fills it nobody reads it, and then it shows each person once."""

import base64
import re
from typing import Any

import pytest

from tests.cast import NOBODYS_ID, Caller
from tests.service import until

PERSON = {
    "id", "firstName", "lastName", "name", "headline", "about", "photoUrl", "linkedinUrl", "publicIdentifier",
    "company", "title", "location", "email", "emailStatus", "providerId", "provenance", "importedAt", "sandbox",
}  # fmt: skip
NOT_FROM_A_PROVIDER = {"id", "company", "provenance", "importedAt", "sandbox"}
COMPANY = {"name", "linkedinIdentifier", "linkedinUrl", "industry", "website", "size", "location"}


def filled(caller: Caller, keywords: str = "cto total:30", **fields: Any) -> tuple[str, list[dict[str, Any]]]:
    """Run a job; return its audience's id and the people in it."""
    audience_id: str = caller.ended(caller.start_search(keywords, **fields))["audienceId"]
    return audience_id, caller.prospects(audience_id)


def path(caller: Caller, audience_id: str) -> str:
    return f"{caller.group}/audiences/{audience_id}/prospects"


def test_an_audience_is_not_ready_while_a_job_fills_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    started = sandbox.started(
        source="linkedin_search",
        searchUrl="https://www.linkedin.com/search/results/people/?keywords=cto%20total%3A100%20pace%3A300",
    )

    queued = sandbox.get(path(sandbox, started["audienceId"]))
    until(lambda: sandbox.job(started["jobId"])["counts"]["imported"] >= 25)
    running = sandbox.get(path(sandbox, started["audienceId"]))
    sandbox.ended(started["jobId"])
    ended = sandbox.get(path(sandbox, started["audienceId"]))

    assert queued.refusal == running.refusal == (409, "AUDIENCE_NOT_READY")
    assert ended.status == 200


def test_an_audience_is_not_ready_while_one_of_several_jobs_fills_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id, _ = filled(sandbox, "cto total:1")
    job_id = sandbox.start_search("cfo total:100 pace:60000", audienceId=audience_id)

    during = sandbox.get(path(sandbox, audience_id))
    sandbox.cancel(job_id)
    afterwards = sandbox.get(path(sandbox, audience_id))

    assert (during.status, afterwards.status) == (409, 200)


def test_a_person_has_exactly_their_fields(alice: Caller) -> None:
    _, people = filled(alice.sandbox(), searchEmails=True)

    for person in people:
        assert set(person) == PERSON
        assert set(person["company"]) == COMPANY
        assert re.fullmatch("[0-9a-f]{24}", person["id"])
        assert person["linkedinUrl"].startswith("https://www.linkedin.com/in/")
        assert person["publicIdentifier"]
        assert person["providerId"]
    assert any(person["email"] for person in people)


def test_provenance_tells_of_every_field_where_it_comes_from(alice: Caller) -> None:
    _, people = filled(alice.sandbox(), "cto total:20")

    for person in people:
        told = [name for collection in person["provenance"] for name in collection["fields"]]
        company = {f"company.{name}" for name, value in person["company"].items() if value is not None}
        others = {name for name, value in person.items() if value is not None}
        assert sorted(told) == sorted(others - NOT_FROM_A_PROVIDER | company)
        assert {collection["provider"] for collection in person["provenance"]} == {"sandbox"}
        assert person["provenance"][0]["collectedAt"] == person["importedAt"]


def test_addresses_are_looked_for_only_when_asked(alice: Caller) -> None:
    _, people = filled(alice.sandbox())

    assert {person["email"] for person in people} == {None}


def test_enrichment_brings_company_title_and_place(alice: Caller) -> None:
    _, people = filled(alice.sandbox())

    assert sum(person["title"] is not None for person in people) > 20
    assert sum(person["company"]["name"] is not None for person in people) > 20


@pytest.mark.parametrize("limit", [1, 7, 29, 30, 31, 100])
def test_the_pages_of_an_audience_hold_each_person_once(alice: Caller, limit: int) -> None:
    audience_id, people = filled(alice.sandbox())

    pages = alice.walk(f"{path(alice, audience_id)}?limit={limit}")

    assert pages == people
    assert len({person["id"] for person in people}) == len({person["linkedinUrl"] for person in people}) == 30


def test_an_audience_shows_25_people_a_page(alice: Caller) -> None:
    audience_id, people = filled(alice.sandbox())

    page = alice.get(path(alice, audience_id)).data

    assert set(page) == {"items", "nextCursor", "hasMore"}
    assert (page["items"], page["hasMore"]) == (people[:25], True)
    cursor = base64.urlsafe_b64decode(page["nextCursor"] + "==").decode()
    assert people[24]["id"] in cursor


def test_people_known_before_join_a_new_audience(alice: Caller) -> None:
    sandbox = alice.sandbox()
    _, first = filled(sandbox, "cto total:10")

    _, second = filled(sandbox, "cto total:20")

    assert {person["id"] for person in first} <= {person["id"] for person in second}
    assert len(second) == 20


def test_one_audience_filled_twice_holds_each_person_once(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id, _ = filled(sandbox, "cto total:10")

    _, people = filled(sandbox, "cto total:20", audienceId=audience_id)

    assert len(people) == len({person["id"] for person in people}) == 20


def test_people_of_live_jobs_show_what_the_files_tell(alice: Caller) -> None:
    alice.import_people(["amara,R&D Director,amara@acme.example"])
    url = "https://www.linkedin.com/search/results/people/?titleFreeText=Director"

    job = alice.ended(alice.started(source="linkedin_search", searchUrl=url, searchEmails=True)["jobId"])

    [person] = alice.prospects(job["audienceId"])
    assert (person["firstName"], person["title"], person["company"]["name"]) == ("amara", "R&D Director", "Acme")
    assert (person["email"], person["linkedinUrl"]) == ("amara@acme.example", "https://www.linkedin.com/in/amara")


def test_an_audience_of_another_account_group_does_not_exist(alice: Caller, mallory: Caller) -> None:
    audience_id, _ = filled(alice.sandbox(), "cto total:1")

    foreign, unknown = mallory.get(path(mallory, audience_id)), mallory.get(path(mallory, NOBODYS_ID))

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error


@pytest.mark.parametrize("audience_id", ["a", "0" * 23, "A" * 24, "navigation"])
def test_a_malformed_audience_id_is_named(alice: Caller, audience_id: str) -> None:
    answer = alice.get(path(alice, audience_id))

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("path", "audienceId")]


def test_invented_people_and_real_ones_do_not_share_an_audience(alice: Caller) -> None:
    audience_id, _ = filled(alice.sandbox(), "cto total:1")

    answer = alice.start({"source": "url_upload", "urls": ["linkedin.com/in/ada"], "audienceId": audience_id})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "audienceId" in answer.details


def test_an_overlapping_job_leaves_the_addresses_to_the_job_that_paid_for_them(alice: Caller) -> None:
    sandbox = alice.sandbox()
    paying = sandbox.start_search("cto total:100", searchEmails=True)
    until(lambda: sandbox.job(paying)["counts"]["imported"] >= 25)
    overlapping = sandbox.start_search("cto total:100")

    receipt = sandbox.ended(paying)
    sandbox.ended(overlapping)

    people = sandbox.prospects(receipt["audienceId"])
    assert receipt["counts"]["emailsFound"] == sum(person["email"] is not None for person in people)
    assert receipt["counts"]["emailsFound"] > 40


def test_the_next_job_enriches_whom_a_cancelled_one_left_with_what_was_paid_for(alice: Caller) -> None:
    sandbox = alice.sandbox()
    cancelled = sandbox.start_search("cfo total:100 pace:100", searchEmails=True)
    until(lambda: sandbox.job(cancelled)["counts"]["imported"] >= 50)
    sandbox.cancel(cancelled)

    receipt = sandbox.ended(sandbox.start_search("cfo total:100"))

    people = sandbox.prospects(receipt["audienceId"])
    assert 20 < receipt["counts"]["emailsFound"] == sum(person["email"] is not None for person in people)
