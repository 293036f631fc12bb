"""One job, a new job, audiences and people in a real browser: empty, full, hostile, narrow, dark, by keyboard, live."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from goldpan.storage.tables import AUDIENCE, JOB, PROSPECT
from tests.browser import needs_chromium
from tests.cast import Caller, new_caller, search_url
from tests.chromium import Onlooker, chromium
from tests.console_world import HOSTILE_NAME, LOOKS, new_session, new_user, pages
from tests.service import Service

pytestmark = needs_chromium

Open = Callable[..., Onlooker]


@pytest.fixture(scope="module")
def service(services: dict[str, Service]) -> Service:
    """One database will do: what differs between them does not reach the browser."""
    return services["sqlite"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def session(browser: Browser, service: Service) -> Any:
    """The cookies of an owner."""
    new_caller(service, "Harbour Recruiting")
    tab = Onlooker(browser, f"http://127.0.0.1:{service.port}")
    tab.take_session(new_session(service, new_user(service, "Alice")))
    return tab.page.context.storage_state()


@pytest.fixture
def look(browser: Browser, service: Service, session: Any) -> Open:
    def open_tab(path: str, look: str = "wide", **options: Any) -> Onlooker:
        origin = f"http://127.0.0.1:{service.port}"
        tab = Onlooker(browser, origin, storage_state=session, **{**LOOKS[look], **options})
        tab.open(path)
        return tab

    return open_tab


@pytest.fixture(scope="module")
def full(service: Service) -> Caller:
    """An account group with 300 people of its own files, taken by a job, and some invented ones."""
    caller = new_caller(service, "Meridian Sales")
    titles = ("CTO", "Head of Sales", "Founder & CEO", "VP Engineering")
    caller.import_people(f"ada-{number},{titles[number % 4]},ada{number}@example.com" for number in range(300))
    wanted = "cto OR head OR founder"
    leaders = caller.start_search(wanted, maxResults=220, searchEmails=True, audienceName="Leaders in Berlin")
    caller.ended(leaders)
    caller.ended(caller.sandbox().start_search("cto total:60", maxResults=40, audienceName="Tried in the sandbox"))
    return caller


@pytest.fixture(scope="module")
def hostile(service: Service) -> Caller:
    """An account group in which everything that somebody else could choose is an attack."""
    caller = new_caller(service, HOSTILE_NAME)
    caller.import_people(f"ada-{number},CTO,ada{number}@example.com" for number in range(5))
    job_id = caller.start_search("cto", audienceName=HOSTILE_NAME[:100] + "W" * 90)
    caller.ended(job_id)
    group_id = caller.account_group_id
    long = HOSTILE_NAME + "W" * 300
    with service.toolbox.database.write() as tx:
        of_group = PROSPECT.c.account_group_id == group_id
        told = {name: long for name in ("name", "title", "location", "email", "company_name", "about")}
        tx.execute(sa.update(PROSPECT).where(of_group).values(**told, company_website="javascript:alert(1)"))
        failed = {"status": "failed", "enrichment_status": "failed", "enrichment_progress": 0.4}
        failed |= {"stop_reason": "upstream_failed", "error_code": "UPSTREAM_ERROR", "error_message": long}
        tx.execute(sa.update(JOB).where(JOB.c.id == job_id).values(**failed))
        tx.execute(sa.update(AUDIENCE).where(AUDIENCE.c.account_group_id == group_id).values(description=long))
    return caller


def job_of(caller: Caller, number: int = 0) -> str:
    return str(caller.walk(caller.jobs)[number]["jobId"])


def audience_of(caller: Caller, number: int = 0) -> str:
    return str(caller.walk(f"{caller.group}/audiences")[number]["id"])


def person_of(caller: Caller) -> str:
    return str(caller.prospects(audience_of(caller, -1))[0]["id"])


def places(caller: Caller) -> dict[str, str]:
    """Return every page with something on it, by name."""
    return {
        "job": pages(caller, "jobs", job_of(caller, -1)),
        "job-json": pages(caller, "jobs", job_of(caller, -1), "json"),
        "audiences": pages(caller, "audiences"),
        "audience": pages(caller, "audiences", audience_of(caller, -1)),
        "people": pages(caller, "people"),
        "person": pages(caller, "people", person_of(caller)),
    }


@pytest.mark.parametrize("looks", LOOKS)
def test_full_pages_are_readable(look: Open, full: Caller, looks: str) -> None:
    tab = look(pages(full, "jobs"), looks)
    for place, path in places(full).items():
        tab.open(path)
        tab.keep(f"{place}-full-{looks}")
        tab.check()


@pytest.mark.parametrize("looks", ["wide", "narrow"])
def test_hostile_texts_stay_text_and_break_nothing(look: Open, hostile: Caller, looks: str) -> None:
    tab = look(pages(hostile, "jobs"), looks)
    for place, path in places(hostile).items():
        tab.open(path)
        assert tab.page.locator("a[href^=javascript]").count() == 0
        tab.keep(f"{place}-hostile-{looks}")
        tab.check()


@pytest.mark.parametrize("looks", ["wide", "narrow"])
def test_empty_pages_say_what_to_do(look: Open, service: Service, looks: str) -> None:
    nobody = new_caller(service, "Brand New")
    tab = look(pages(nobody, "jobs"), looks)
    for place, heading in (("audiences", "No audiences yet"), ("people", "Nobody yet")):
        tab.open(pages(nobody, place))
        expect(tab.page.get_by_role("heading", name=heading)).to_be_visible()
        tab.keep(f"{place}-empty-{looks}")
        tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_a_new_job_is_understood_while_it_is_typed(look: Open, full: Caller, looks: str) -> None:
    tab = look(pages(full, "jobs", "new"), looks)
    tab.keep(f"new-job-empty-{looks}")
    tab.check()

    tab.page.fill("#pasted", search_url("cto"))

    expect(tab.page.locator(".understood")).to_contain_text("LinkedIn search: keywords cto")
    expect(tab.page.locator(".lines")).to_contain_text("This is reckoned from the first 50 people")
    expect(tab.page.locator(".lines")).to_contain_text("aside when it starts")
    tab.page.click("text=The same from a terminal")
    tab.keep(f"new-job-{looks}")
    tab.check()


def test_what_is_wrong_is_said_beside_the_field_and_the_button_says_why(look: Open, full: Caller) -> None:
    tab = look(pages(full, "jobs", "new"), "narrow")

    tab.page.fill("#pasted", "ada lovelace")

    expect(tab.page.locator("#pasted-error")).to_contain_text("is no address of LinkedIn")
    expect(tab.page.locator("#start-button")).to_be_disabled()
    expect(tab.page.locator("#start-reason")).to_contain_text("not right yet")
    tab.keep("new-job-wrong")
    tab.check()


def test_a_field_is_marked_as_wrong_for_as_long_as_it_is(look: Open, full: Caller) -> None:
    tab = look(pages(full, "jobs", "new"))
    field = tab.page.locator("#max_results")
    tab.page.fill("#pasted", search_url("cto"))

    tab.page.fill("#max_results", "many")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(tab.page.locator("#max_results-error")).to_have_text("This must be a whole number above zero.")
    tab.keep("new-job-field-wrong")
    tab.page.fill("#max_results", "20")

    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(tab.page.locator("#max_results-error")).to_be_hidden()


def test_a_mark_that_the_server_set_goes_when_the_field_is_mended(look: Open, full: Caller) -> None:
    tab = look(pages(full, "jobs", "new"))
    tab.page.fill("#pasted", search_url("cto"))
    tab.page.fill("#max_credits", "1")
    tab.page.evaluate("document.querySelector('#max_credits').value = 'x'; document.querySelector('#new-job').submit()")
    expect(tab.page.locator("#max_credits")).to_have_attribute("aria-invalid", "true")

    tab.page.fill("#max_credits", "20")

    expect(tab.page.locator("#max_credits")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("where", ["jobs", "people", "audiences"])
def test_a_time_stands_on_one_line_in_a_window_of_1280(look: Open, full: Caller, where: str) -> None:
    tab = look(pages(full, where), viewport={"width": 1280, "height": 800}, locale="en-US")
    times = tab.page.locator("table time")

    lines = times.evaluate_all("times => times.map(time => time.getClientRects().length)")
    fits = times.evaluate_all(
        "times => times.map(time => time.closest('td')).map(td => td.scrollWidth <= td.clientWidth)"
    )

    tab.keep(f"{where}-1280")
    tab.check()
    assert lines
    assert set(lines) == {1}
    assert all(fits)


def test_an_unknown_page_of_the_documentation_leads_back(look: Open) -> None:
    tab = look("/docs/nothing")

    expect(tab.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    tab.keep("docs-not-found")
    tab.complaints.clear()  # the browser itself notes the 404
    tab.check()
    tab.page.get_by_role("link", name="documentation", exact=True).click()
    tab.page.wait_for_url("**/docs")


def test_a_job_is_started_watched_cancelled_and_resumed(look: Open, service: Service) -> None:
    alice = new_caller(service, "Alice")
    tab = look(pages(alice, "jobs"))
    page = tab.page
    page.keyboard.press("n")
    page.wait_for_url("**/jobs/new")
    page.fill("#pasted", search_url("cto total:900 pace:1500"))
    page.check("[name=sandbox]")
    expect(page.locator(".lines")).to_contain_text("nothing")
    page.click("#start-button")

    expect(page.locator(".job-line .status")).to_have_text("Running")
    tab.complaints.clear()  # a page that is left gives up what it had asked for, and says so
    expect(page.locator(".people tbody tr").first).to_be_visible()
    tab.keep("job-running")
    tab.check()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Cancel this job?")).to_be_visible()
    tab.keep("job-cancel")
    tab.check()
    page.keyboard.press("Escape")
    expect(page.locator("#act-cancel")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".job-line .status")).to_have_text("Cancelled")
    tab.complaints.clear()
    tab.keep("job-cancelled")
    tab.check()
    page.click("#act-resume")
    expect(page.get_by_role("dialog", name="Resume this job?")).to_be_visible()
    tab.keep("job-resume")
    tab.check()
    page.get_by_role("button", name="Resume the job").click()
    expect(page.locator(".steps")).to_contain_text("Resumed")
    alice.cancel(job_of(alice))


def test_without_scripts_a_job_is_started_and_cancelled_too(look: Open, service: Service) -> None:
    alice = new_caller(service, "Alice")
    tab = look(pages(alice, "jobs", "new"), java_script_enabled=False)

    tab.page.fill("#pasted", search_url("cto total:900 pace:1500"))
    tab.page.check("[name=sandbox]")
    tab.page.click("text=Only tell me what it would do")
    assert "900 people" in tab.page.locator(".lines").inner_text()
    tab.page.click("#start-button")
    tab.page.click("#act-cancel")
    tab.keep("job-cancel-without-scripts")
    tab.page.click("button:has-text('Cancel the job')")

    assert tab.page.locator(".job-line .status").inner_text() == "Cancelled"


def test_an_audience_is_searched_by_keyboard_and_comes_as_a_file(look: Open, full: Caller) -> None:
    tab = look(pages(full, "audiences", audience_of(full, -1)))
    page = tab.page

    with page.expect_download() as download:
        page.click("button:has-text('Export')")
    assert download.value.path().read_text(encoding="utf-8-sig").count("\n") == 221
    page.keyboard.press("/")
    page.keyboard.type("ada-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=ada-1**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/*")

    expect(page.locator(".known")).to_contain_text("directory")


def test_an_audience_is_made(look: Open, full: Caller) -> None:
    tab = look(pages(full, "audiences"))
    tab.page.click("text=New audience")
    tab.page.fill("#name", "Made by hand")
    tab.keep("audience-maker")
    tab.check()
    tab.page.click("text=Create the audience")

    expect(tab.page.get_by_role("heading", name="Nobody is in this audience")).to_be_visible()
    tab.keep("audience-empty")
    tab.check()
    tab.open(pages(full, "audiences"))
    tab.page.click("text=New audience")
    tab.page.fill("#name", "Made by hand")
    tab.page.click("text=Create the audience")
    expect(tab.page.locator("#name-error")).to_contain_text("has this name already")
