"""The console's list of jobs as it leaves the server: what it shows, filters, pages, live answers, and how fast."""

import asyncio
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace

import httpx2
import pytest

from goldpan.api.request_file import FileIntake
from goldpan.assembly.parts import build_console, build_toolbox
from goldpan.console.access_pages import sign_in_page
from goldpan.console.console_app import Access, Console, Page
from goldpan.console.console_pages import PAGES
from goldpan.console.visit import Visit
from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.console_access_operations import sign_in
from goldpan.settings import read_settings
from goldpan.storage.database import Database
from tests.cast import NOBODYS_ID, Caller, new_caller, now_ms, store_jobs
from tests.console_world import HOSTILE_NAME, PASSWORD, Guest, new_user, pages, signed_in, store_many_jobs
from tests.processes import bound
from tests.service import Answer, Service

ROW = re.compile('data-row="([0-9a-f]{24})"')


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service) -> Guest:
    return signed_in(service, "alice")


def text(answer: Answer) -> str:
    assert answer.status == 200, answer
    return answer.body.decode()


def rows(answer: Answer) -> list[str]:
    return ROW.findall(text(answer))


def link(answer: Answer, relation: str) -> str | None:
    found = re.search(rf'rel="{relation}" href="([^"]+)"', text(answer))
    return found[1].replace("&amp;", "&") if found else None


def live_address(answer: Answer) -> str:
    found = re.search('data-live-next="([^"]+)"', text(answer))
    assert found
    return found[1].replace("&amp;", "&")


def test_a_job_is_told_in_plain_words(alice: Caller, guest: Guest) -> None:
    job_id = alice.sandbox().start_search("cto total:60", maxResults=40, audienceName="CTOs of Berlin")
    alice.ended(job_id)

    page = text(guest.get(pages(alice, "jobs")))

    assert "LinkedIn search: keywords cto total:60" in page
    assert "CTOs of Berlin" in page
    assert "Reached the number of people asked for" in page
    assert re.search(r"40<span class=\"of\"> / 40</span>", page)
    assert "sandbox" in page


def test_nobody_has_started_a_job_is_an_invitation_with_a_curl_line(alice: Caller, guest: Guest) -> None:
    page = text(guest.get(pages(alice, "jobs")))

    assert "No jobs yet" in page
    assert f"/v1/accounts/{alice.account_group_id}/prospecting" in page


def test_pages_turn_forth_and_back_and_show_every_job_once(alice: Caller, guest: Guest) -> None:
    ids = store_jobs(alice, [now_ms() - 1000 * (number // 3) for number in range(60)])
    first = guest.get(pages(alice, "jobs"))
    assert link(first, "prev") is None
    second = guest.get(link(first, "next") or "")
    third = guest.get(link(second, "next") or "")

    assert rows(first) + rows(second) + rows(third) == ids
    assert link(third, "next") is None
    assert rows(guest.get(link(third, "prev") or "")) == rows(second)
    back = guest.get(link(guest.get(link(third, "prev") or ""), "prev") or "")
    assert rows(back) == rows(first)
    assert link(back, "prev") is None


@pytest.mark.parametrize("status", ["queued", "completed", "failed", "cancelled"])
def test_the_address_filters_by_status_and_each_status_is_counted(alice: Caller, guest: Guest, status: str) -> None:
    wanted = store_jobs(alice, [now_ms()] * 3, status)
    store_jobs(alice, [now_ms()] * 2, "failed" if status != "failed" else "cancelled")

    page = guest.get(pages(alice, "jobs") + f"?status={status}&source=&from=")

    assert rows(page) == wanted
    assert re.search(rf'id="tab-{status}".*?<span class="tab-count">3</span>', text(page), re.DOTALL)


def test_the_counts_of_the_tabs_are_of_the_jobs_that_the_other_filters_let_through(alice: Caller, guest: Guest) -> None:
    old = store_jobs(alice, [1_790_000_000_000] * 2, "failed")
    store_jobs(alice, [now_ms()] * 3, "failed")
    audience_id = alice.job(old[0])["audienceId"]

    for query, counted in (
        ("", 5),
        ("?status=completed", 5),
        ("?source=linkedin_search", 5),
        ("?source=url_upload", 0),
        ("?to=2026-09-22&status=failed", 2),
        (f"?audience={audience_id}&from=2026-09-21", 2),
    ):
        page = text(guest.get(pages(alice, "jobs") + query))
        assert re.search(rf'id="tab-failed".*?<span class="tab-count">{counted}</span>', page, re.DOTALL), query


def test_filters_by_source_day_and_audience_are_kept_while_pages_turn(alice: Caller, guest: Guest) -> None:
    day_ms = 1_790_000_000_000
    ids = store_jobs(alice, [day_ms + number for number in range(30)])
    store_jobs(alice, [day_ms + 3 * 86_400_000])
    audience_id = alice.job(ids[0])["audienceId"]
    query = f"?source=linkedin_search&from=2026-09-21&to=2026-09-22&audience={audience_id}"

    first = guest.get(pages(alice, "jobs") + query)

    assert rows(first) + rows(guest.get(link(first, "next") or "")) == ids
    assert "Audience</span> <strong" in text(first)


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "source=x",
        "from=yesterday",
        "to=9999-12-31",
        "audience=1",
        "after=x",
        "colour=red",
        "status=failed&status=queued",
    ],
)
def test_an_address_that_means_nothing_is_refused_in_words(alice: Caller, guest: Guest, query: str) -> None:
    answer = guest.get(pages(alice, "jobs") + f"?{query}")

    assert answer.status == 400
    assert b"That did not work" in answer.body


def test_a_page_that_looks_as_it_did_is_not_sent_again(alice: Caller, guest: Guest) -> None:
    store_jobs(alice, [now_ms()])
    address = live_address(guest.get(pages(alice, "jobs")))
    first = guest.get(address)

    again = guest.get(address, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    store_jobs(alice, [now_ms()])

    assert guest.get(address, **{"If-None-Match": first.headers["ETag"]}).status == 200


def test_new_jobs_are_announced_and_move_no_row(alice: Caller, guest: Guest) -> None:
    ids = store_jobs(alice, [now_ms() - 5000 - number for number in range(30)])
    address = live_address(guest.get(pages(alice, "jobs")))
    store_jobs(alice, [now_ms(), now_ms()])

    answer = guest.get(address)

    assert rows(answer) == ids[:25]
    assert "2 new jobs: show" in text(answer)
    assert live_address(answer) == address


def test_names_of_strangers_are_only_text(alice: Caller, service: Service) -> None:
    mallory = new_caller(service, HOSTILE_NAME)
    store_many_jobs(mallory, 3, HOSTILE_NAME)
    guest = signed_in(service, HOSTILE_NAME[:60], "owner")

    page = text(guest.get(pages(mallory, "jobs")))

    assert page.count("&lt;script&gt;") >= 4
    assert "<script>alert" not in page
    assert '"onload' not in page


def test_jobs_of_others_are_not_shown_by_a_filter_that_names_their_audience(alice: Caller, service: Service) -> None:
    ids = store_jobs(alice, [now_ms()])
    audience_id = alice.job(ids[0])["audienceId"]
    mallory = new_caller(service, "Mallory")

    page = text(
        signed_in(service, "mallory", "owner", mallory).get(pages(mallory, "jobs") + f"?audience={audience_id}")
    )

    assert ROW.findall(page) == []
    assert "stored" not in page


@pytest.mark.parametrize(
    "query", ["", "?status=failed", "?source=linkedin_search", "?from=2020-01-01", "?status=queued"]
)
def test_the_list_comes_in_less_than_300_ms_with_100_000_jobs(full: tuple[Caller, Guest], query: str) -> None:
    caller, guest = full
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        page = text(guest.get(pages(caller, "jobs") + query))
        seconds.append(time.perf_counter() - started)

    assert "1,000+" in page
    assert sorted(seconds)[2] < bound(0.3)


@pytest.fixture(scope="module")
def full_groups() -> dict[str, tuple[Caller, Guest]]:
    return {}


@pytest.fixture
def full(service: Service, full_groups: dict[str, tuple[Caller, Guest]]) -> tuple[Caller, Guest]:
    if service.kind not in full_groups:
        caller = new_caller(service, "Hundred thousand")
        store_many_jobs(caller, 100_000)
        full_groups[service.kind] = (caller, signed_in(service, "alice"))
    return full_groups[service.kind]


# --- refusals and crashes, which no page of today leads to --------------------------------------------------------


async def _break(_visit: Visit) -> object:
    raise RuntimeError("canary of a crash")


async def _change(visit: Visit) -> object:
    visit.caller.require(Permission.PROSPECTING_WRITE, visit.group_id)
    return await sign_in_page(visit)


@pytest.fixture
def console(sqlite_url: str) -> Iterator[Console]:
    database = Database(sqlite_url)
    console = build_console(read_settings({}), build_toolbox(database), FileIntake(1000))
    more = (
        Page("broken", "GET", "/broken", _break, Access.ANYONE),  # type: ignore[arg-type]
        Page("change", "POST", "/accounts/{accountGroupId}/change", _change),  # type: ignore[arg-type]
    )
    yield Console(console.parts, (*PAGES, *more))
    database.close()


def ask(console: Console, method: str, path: str, cookie: str = "") -> httpx2.Response:
    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=console)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers={"Sec-Fetch-Site": "same-origin", "Cookie": cookie})

    return asyncio.run(send())


def test_a_crash_shows_its_trace_id_and_nothing_else(console: Console) -> None:
    answer = ask(console, "GET", "/broken")

    assert answer.status_code == 500
    assert answer.headers["X-Trace-Id"] in answer.text
    assert "canary" not in answer.text


def test_a_refusal_names_the_permission_that_is_missing(console: Console) -> None:
    toolbox = console.parts.toolbox
    here = SimpleNamespace(toolbox=toolbox)
    caller = new_caller(here, "Alice")  # type: ignore[arg-type]
    token = sign_in(toolbox, new_user(here, "val", "viewer"), PASSWORD, None)  # type: ignore[arg-type]

    answer = ask(console, "POST", pages(caller, "change"), f"sid={token}")

    assert answer.status_code == 403
    assert "The role viewer lacks the permission prospecting:write" in answer.text


def test_what_a_session_sends_and_downloads_is_limited_and_what_it_reads_is_not(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    toolbox = build_toolbox(database)
    console = build_console(read_settings({"GOLDPAN_RATE_LIMIT": "2/minute"}), toolbox, FileIntake(1000))
    here = SimpleNamespace(toolbox=toolbox)
    caller, name = new_caller(here, "Alice"), new_user(here, "alice")  # type: ignore[arg-type]
    busy, other = (f"sid={sign_in(toolbox, name, PASSWORD, None)}" for _ in range(2))
    typed, export = pages(caller, "jobs", "new", "preview"), pages(caller, "audiences", NOBODYS_ID, "export")

    counted = [ask(console, *asked, busy).status_code for asked in (("POST", typed), ("GET", export))]
    refused = [ask(console, *asked, busy) for asked in (("POST", typed), ("GET", export))]

    assert 429 not in counted
    assert [(answer.status_code, answer.headers["Retry-After"].isdecimal()) for answer in refused] == [(429, True)] * 2
    assert ask(console, "GET", pages(caller, "jobs"), busy).status_code == 200
    assert ask(console, "POST", typed, other).status_code != 429
    database.close()


def test_a_page_that_takes_what_is_typed_says_to_sign_in_and_leaves_it_there(guest: Guest, alice: Caller) -> None:
    guest.cookies.clear()

    answer = guest.post(pages(alice, "jobs", "new", "preview"), {"pasted": "x"}, HX_Request="true")

    assert answer.status == 401
    assert "HX-Refresh" not in answer.headers
    assert "Sign in again" in answer.body.decode()
    assert "<!doctype" not in answer.body.decode()
