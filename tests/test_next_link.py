"""The Link header: a walk along it is the walk along the cursors."""

import re

import pytest

from goldpan.api.next_link import next_link
from tests.cast import Caller, now_ms, store_jobs
from tests.service import Answer

LINK = re.compile(r'<(/[^<>\s"]*)>; rel="next"', re.ASCII)


def followed(answer: Answer) -> str | None:
    link = answer.headers["Link"]
    if link is None:
        return None
    match = LINK.fullmatch(link)
    assert match is not None, link
    return match[1]


@pytest.mark.parametrize(
    "query", ["?limit=2", "?status=completed&limit=3", "?limit=4&view=full", "?%6cimit=2&view=full"]
)
def test_a_walk_along_the_links_sees_every_item_once(alice: Caller, query: str) -> None:
    begin = now_ms()
    job_ids = store_jobs(alice, range(begin - 10, begin))
    target: str | None = alice.jobs + query
    seen: list[str] = []

    while target:
        answer = alice.get(target)
        seen += [item["jobId"] for item in answer.data["items"]]
        assert (answer.headers["Link"] is not None) == answer.data["hasMore"]
        target = followed(answer)

    assert seen == job_ids


def test_the_link_is_the_request_with_the_next_cursor(alice: Caller) -> None:
    store_jobs(alice, range(now_ms() - 4, now_ms()))
    first = alice.get(alice.jobs + "?limit=1&status=completed")

    second = alice.get(alice.jobs + f"?limit=1&cursor={first.data['nextCursor']}&status=completed")

    for answer in (first, second):
        cursor = answer.data["nextCursor"]
        assert followed(answer) == f"{alice.jobs}?limit=1&status=completed&cursor={cursor}"


def test_a_list_that_ends_and_what_is_no_list_have_no_link(alice: Caller) -> None:
    (job_id,) = store_jobs(alice, [now_ms()])

    assert alice.get(alice.jobs).headers["Link"] is None
    assert alice.get(f"{alice.jobs}/{job_id}").headers["Link"] is None


def test_the_link_stands_in_the_headers_of_head(alice: Caller) -> None:
    store_jobs(alice, range(now_ms() - 2, now_ms()))
    target = alice.jobs + "?limit=1"

    assert alice.call("HEAD", target).headers["Link"] == alice.get(target).headers["Link"]


@pytest.mark.parametrize(
    ("path", "query", "link"),
    [
        (b"/a", b"", "</a?cursor=Q>"),
        (b"/a", b"cursor=old", "</a?cursor=Q>"),
        (b"/a", b"%63ursor=old&limit=1", "</a?limit=1&cursor=Q>"),
        (b"/%61", b"q=a+b%20c", "</%61?q=a%20b%20c&cursor=Q>"),
        (b"/a", b"q=%26%3D%25&status=a,b", "</a?q=%26%3D%25&status=a%2Cb&cursor=Q>"),
        (b"/a", b'q=<>"\\^`{|}', "</a?q=%3C%3E%22%5C%5E%60%7B%7C%7D&cursor=Q>"),
        (b"/a", b"q=%C3%A9&q=2&e=", "</a?q=%C3%A9&q=2&e=&cursor=Q>"),
    ],
)
def test_what_stands_in_the_link_is_percent_encoded(path: bytes, query: bytes, link: str) -> None:
    assert next_link(path, query, "Q") == f'{link}; rel="next"'
