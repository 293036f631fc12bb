"""ETags: they change exactly when the data does, and a client that names the right one is told so for free."""

import pytest

from goldpan.api.conditional_answers import is_known
from goldpan.api.routes import ROUTES, Route
from goldpan.operations.quota_operations import get_quota
from tests.cast import Caller, new_caller, now_ms, store_jobs
from tests.gate_requests import ask_as, each_route, needs_key, target
from tests.service import Service


# A budget that nobody has used yet is reset now: what it tells is another thing at every moment.
@each_route(lambda route: route.method == "GET" and needs_key(route) and route.operation is not get_quota)
def test_every_success_in_the_envelope_has_a_weak_tag_and_is_not_sent_twice(alice: Caller, route: Route) -> None:
    first = ask_as(alice, route)
    if first.status != 200:
        assert first.headers["ETag"] is None
        return

    again = alice.call("GET", target(route, alice.account_group_id), if_none_match=first.headers["ETag"])

    assert first.headers["ETag"].startswith('W/"')
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-Trace-Id"] != first.headers["X-Trace-Id"]
    assert again.headers["RateLimit-Policy"]
    assert again.headers["Content-Type"] is None


def test_a_tag_changes_exactly_when_the_data_does(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:100 pace:30")
    answers = [sandbox.get(f"{sandbox.jobs}/{job_id}")]
    while answers[-1].data["finishedAt"] is None:
        answers.append(sandbox.get(f"{sandbox.jobs}/{job_id}"))
    answers += [sandbox.get(f"{sandbox.jobs}/{job_id}"), alice.get(f"{alice.jobs}/{job_id}")]

    by_tag = {answer.headers["ETag"]: answer.data for answer in answers}

    assert len({str(answer.data) for answer in answers}) == len(by_tag) > 2
    assert all(by_tag[answer.headers["ETag"]] == answer.data for answer in answers)


def test_a_list_is_new_when_a_job_of_it_is(alice: Caller) -> None:
    store_jobs(alice, [now_ms()])
    first = alice.get(alice.jobs)
    unchanged = alice.call("GET", alice.jobs, if_none_match=first.headers["ETag"])
    store_jobs(alice, [now_ms()])

    changed = alice.call("GET", alice.jobs, if_none_match=first.headers["ETag"])

    assert (unchanged.status, changed.status) == (304, 200)
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_head_has_the_tag_of_get(alice: Caller) -> None:
    get, head = alice.get(alice.jobs), alice.call("HEAD", alice.jobs)

    known = alice.call("HEAD", alice.jobs, if_none_match=get.headers["ETag"])

    assert head.headers["ETag"] == get.headers["ETag"]
    assert known.status == 304


def test_an_answer_that_is_known_costs_nothing_of_the_limit(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    first = alice.get(alice.jobs)

    known = [alice.call("GET", alice.jobs, if_none_match=first.headers["ETag"]) for _ in range(12)]
    last = alice.get(alice.jobs)

    assert first.headers["RateLimit"].startswith('"key";r=4;')
    assert {answer.status for answer in known} == {304}
    assert {answer.headers["RateLimit"].split(";")[1] for answer in known} == {"r=4"}
    assert last.headers["RateLimit"].startswith('"key";r=3;')


def test_a_star_names_every_answer_and_is_counted(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")

    answers = [alice.call("GET", alice.jobs, if_none_match="*") for _ in range(6)]

    assert [answer.status for answer in answers] == [304] * 5 + [429]


def test_a_tag_does_not_open_a_limit_that_is_reached(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    *_, last = [alice.get(alice.jobs) for _ in range(5)]

    assert alice.call("GET", alice.jobs, if_none_match=last.headers["ETag"]).status == 429


def test_neither_a_refusal_nor_a_health_check_nor_a_change_has_a_tag(alice: Caller) -> None:
    started = alice.sandbox().start(
        source="post_commenters", postUrl="https://www.linkedin.com/posts/a-activity-7123456789012345678-abcd"
    )
    answers = [
        alice.get(alice.jobs + "?limit=0"),
        alice.get("/healthz"),
        alice.get("/openapi.json"),
        started,
        alice.call("GET", alice.jobs + "/x", if_none_match="*"),
    ]

    assert [answer.headers["ETag"] for answer in answers] == [None] * 5
    assert [answer.status for answer in answers] == [400, 200, 200, 202, 400]


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        ('W/"a1"', True),
        ('"a1"', True),
        ('"b", W/"a1" , "c"', True),
        ("*", True),
        (" * ", True),
        ('"a"', False),
        ('"a12"', False),
        ("a1", False),
        ("W/a1", False),
        ("", False),
        ('"*"', False),
    ],
)
def test_tags_are_compared_weakly_and_whole(sent: str, known: bool) -> None:
    assert is_known('W/"a1"', [sent]) is known


def test_no_line_of_tags_names_none() -> None:
    assert not is_known('W/"a1"', [])
    assert is_known('W/"a1"', ['"b"', '"a1"'])


def test_every_route_with_a_key_documents_its_tag(alice: Caller) -> None:
    document = alice.get("/openapi.json").json

    for route in ROUTES:
        responses = document["paths"][route.path][route.method.lower()]["responses"]
        has_tag = needs_key(route) and route.method == "GET" and not route.success.media_types
        assert ("304" in responses) == has_tag
        assert not has_tag or "ETag" in responses["200"]["headers"]
