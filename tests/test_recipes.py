"""The recipes for n8n and Clay: what those tools are told to send, sent to a real server."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cast import Caller
from tests.service import Json

DOCS = Path(__file__).parent.parent / "docs"
ADDRESS = "https://goldpan.example"


def recipe(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def bodies(name: str) -> list[Json]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", recipe(name), re.DOTALL)]


def addresses(name: str) -> list[str]:
    return re.findall(rf"`{ADDRESS}(/[^`]*)`", recipe(name))


def target(text: str, caller: Caller, **columns: str) -> str:
    """Return the path that a tool asks for, once it has filled in what the recipe leaves to it."""
    text = text.replace("GROUP", caller.account_group_id)
    for name, value in columns.items():
        text = re.sub(rf"{{{{ \$json\.data\.{name} }}}}", value, text)
    assert "{{" not in text
    return text


@pytest.fixture
def bob(alice: Caller) -> Caller:
    """Who builds a workflow with a sandbox key."""
    return alice.sandbox()


def test_n8n_starts_one_job_however_often_it_retries_and_takes_everybody(bob: Caller) -> None:
    start, wait, people = addresses("n8n")[:3]
    (body,) = bodies("n8n")

    first = bob.post(target(start, bob), body, idempotency_key="n8n-4711")
    again = bob.post(target(start, bob), body, idempotency_key="n8n-4711")
    job_id = first.data["jobId"]
    while (job := bob.call("GET", target(wait, bob, jobId=job_id), prefer="wait=30").data)["status"] in (
        "queued",
        "running",
    ):
        pass
    found = walk_as_n8n(bob, target(people, bob, audienceId=job["audienceId"]))

    assert (first.status, again.data["jobId"], job["status"]) == (202, job_id, "completed")
    assert len({person["id"] for person in found}) == len(found) == 60


def walk_as_n8n(caller: Caller, url: str) -> list[Json]:
    """Follow the pages with the recipe's two expressions."""
    assert '`{{ $request.url.split("&cursor=")[0] + "&cursor=" + $response.body.data.nextCursor }}`' in recipe("n8n")
    assert "`{{ $response.body.data.hasMore === false }}`" in recipe("n8n")
    url, found = url.replace("limit=100", "limit=25"), []  # so that there are several
    while True:
        data = caller.get(url).data
        found += data["items"]
        if data["hasMore"] is False:
            return found
        url = url.split("&cursor=")[0] + "&cursor=" + data["nextCursor"]


def test_n8n_takes_a_workbook(bob: Caller) -> None:
    job = bob.ended(bob.start_search("cto total:3"))
    assert "`…/audiences/{audienceId}/export?format=xlsx`" in recipe("n8n")

    answer = bob.get(f"{bob.group}/audiences/{job['audienceId']}/export?format=xlsx")

    assert (answer.status, answer.body[:2]) == (200, b"PK")


def test_clay_looks_up_a_person_and_gets_the_fields_that_it_returns(bob: Caller) -> None:
    lookup, start = addresses("clay")
    job = bob.ended(bob.start_search("cto total:1"))
    (person,) = bob.prospects(job["audienceId"])

    answer = bob.get(target(lookup, bob) + person["providerId"])

    assert answer.data["resolution"] == "single"
    assert answer.data["matches"][0]["prospectId"] == person["id"]
    assert urlsplit(start).path.endswith("/prospecting")


def test_clay_starts_one_job_for_a_row_that_runs_again(bob: Caller) -> None:
    _lookup, start = addresses("clay")
    (body,) = bodies("clay")

    answers = [bob.post(target(start, bob), body, idempotency_key="row-7") for _ in range(2)]

    assert {answer.status for answer in answers} == {202}
    assert len({answer.data["jobId"] for answer in answers}) == 1
    assert {"jobId", "audienceId"} <= answers[0].data.keys()
    assert {"status", "counts"} <= bob.job(answers[0].data["jobId"]).keys()
