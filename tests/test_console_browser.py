"""The console in a real browser: signed out, empty, full, hostile, foreign, narrow, dark, by keyboard, and live."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from goldpan.operations.console_access_operations import make_link
from tests.browser import needs_chromium
from tests.cast import Caller, new_caller, now_ms, store_jobs
from tests.chromium import Onlooker, chromium
from tests.console_world import HOSTILE_NAME, LOOKS, PASSWORD, new_session, new_user, pages, store_many_jobs
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


@pytest.fixture
def look(browser: Browser, service: Service) -> Open:
    def open_tab(path: str = "", look: str = "wide", name: str | None = None, **options: Any) -> Onlooker:
        tab = Onlooker(browser, f"http://127.0.0.1:{service.port}", **{**LOOKS[look], **options})
        if name is not None:
            tab.take_session(new_session(service, name))
        if path:
            tab.open(path)
        return tab

    return open_tab


@pytest.fixture(scope="module")
def owner(service: Service) -> str:
    new_caller(service, "Harbour Recruiting")
    return new_user(service, "Alice")


@pytest.fixture(scope="module")
def full(service: Service) -> Caller:
    caller = new_caller(service, "Meridian Sales")
    store_many_jobs(caller, 100_000)
    store_jobs(caller, [now_ms()], "queued")
    return caller


@pytest.mark.parametrize("looks", LOOKS)
def test_signed_out_is_a_page_to_sign_in(look: Open, looks: str) -> None:
    tab = look("/", looks)

    expect(tab.page).to_have_title("Sign in · Goldpan")
    tab.keep(f"sign-in-{looks}")
    tab.check()


def test_the_first_person_gets_in_by_a_link(look: Open, service: Service) -> None:
    tab = look(f"/welcome/{make_link(service.toolbox)}")
    tab.keep("welcome")
    tab.check()

    tab.page.fill("[name=name]", f"Zoë {service.toolbox.new_id()}")
    tab.page.fill("[name=password]", PASSWORD)
    tab.page.fill("[name=again]", PASSWORD)
    tab.page.click("text=Begin")

    expect(tab.page.locator(".who-name")).to_contain_text("Zoë")


def test_a_wrong_password_is_said_where_it_is_heard(look: Open, owner: str) -> None:
    tab = look("/login")
    tab.page.fill("[name=name]", owner)
    tab.page.fill("[name=password]", "not her password")
    tab.page.press("[name=password]", "Enter")

    expect(tab.page.get_by_role("alert")).to_contain_text("do not fit together")
    tab.keep("sign-in-refused")
    tab.complaints.clear()  # the browser itself notes the 401
    tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_an_empty_list_says_what_to_do(look: Open, service: Service, owner: str, looks: str) -> None:
    tab = look(pages(new_caller(service, "Brand New"), "jobs"), looks, owner)

    expect(tab.page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    tab.keep(f"jobs-empty-{looks}")
    tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_a_full_list_is_readable(look: Open, full: Caller, owner: str, looks: str) -> None:
    tab = look(pages(full, "jobs"), looks, owner)

    expect(tab.page.locator("tbody tr")).to_have_count(25)
    expect(tab.page.locator("#tab-completed")).to_contain_text("1,000+")
    tab.keep(f"jobs-full-{looks}")
    tab.check()


@pytest.mark.parametrize("looks", ["wide", "narrow"])
def test_hostile_names_stay_text_and_break_nothing(look: Open, service: Service, looks: str) -> None:
    mallory = new_caller(service, HOSTILE_NAME)
    store_many_jobs(mallory, 30, HOSTILE_NAME + "W" * 120)

    tab = look(pages(mallory, "jobs"), looks, new_user(service, HOSTILE_NAME[:60]))

    expect(tab.page.locator("tbody tr")).to_have_count(25)
    tab.keep(f"jobs-hostile-{looks}")
    tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_another_tenants_page_is_not_there(look: Open, service: Service, full: Caller, looks: str) -> None:
    bob = new_caller(service, "Bob")
    tab = look("", looks, new_user(service, "bob", "operator", bob))
    tab.open(pages(full, "jobs"))

    expect(tab.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert "Meridian" not in tab.page.content()
    tab.keep(f"not-found-{looks}")
    tab.complaints.clear()  # the browser itself notes the 404
    tab.check()


def test_the_list_is_walked_by_keyboard(look: Open, full: Caller, owner: str) -> None:
    tab = look(pages(full, "jobs"), name=owner)
    keyboard, page = tab.page.keyboard, tab.page
    ids = page.eval_on_selector_all("tr[data-row]", "rows => rows.map(row => row.dataset.row)")

    for key in "jjk":
        keyboard.press(key)
    expect(page.locator(f'tr[data-row="{ids[0]}"]')).to_have_attribute("data-at", "")
    keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab.keep("keyboard")
    tab.check()
    keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    keyboard.press("/")
    expect(page.locator("select[name=source]")).to_be_focused()
    page.locator("select[name=source]").blur()
    keyboard.press("]")
    page.wait_for_url("**after=**")
    assert ids[0] not in page.content()
    keyboard.press("g")
    keyboard.press("j")
    page.wait_for_url("**/jobs")


def test_filters_stand_in_the_address_and_come_back_with_it(look: Open, full: Caller, owner: str) -> None:
    tab = look(pages(full, "jobs"), name=owner)

    tab.page.click("#tab-failed")
    tab.page.wait_for_url("**status=failed**")
    tab.page.select_option("select[name=source]", "url_upload")
    tab.page.wait_for_url("**source=url_upload**")
    expect(tab.page.get_by_role("heading", name="No job fits these filters")).to_be_visible()
    tab.page.reload()

    expect(tab.page.locator("select[name=source]")).to_have_value("url_upload")
    expect(tab.page.locator("#tab-failed")).to_have_attribute("aria-current", "true")


def test_the_theme_that_somebody_chose_is_there_before_the_page_is_painted(look: Open) -> None:
    tab = look("/login")
    for theme in ("light", "dark"):
        tab.page.click("[data-act=theme]")
        assert tab.page.evaluate("document.documentElement.dataset.theme") == theme
    tab.page.route("**/console-*.js", lambda route: route.abort())

    tab.page.reload()

    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 21, 19)"


def test_a_running_job_moves_without_a_reload(look: Open, service: Service, owner: str) -> None:
    alice = new_caller(service, "Alice")
    tab = look(pages(alice, "jobs"), name=owner)
    expect(tab.page.get_by_role("heading", name="No jobs yet")).to_be_visible()

    job_id = alice.sandbox().start_search("cto total:60")

    expect(tab.page.locator(f'tr[data-row="{job_id}"]')).to_contain_text("Completed")
    alice.sandbox().start_search("ceo total:20")
    expect(tab.page.locator("#news")).to_contain_text("1 new job: show")
    tab.keep("jobs-live")
    tab.check()


def test_a_server_that_is_away_is_said_and_found_again(look: Open, full: Caller, owner: str) -> None:
    tab = look(pages(full, "jobs"), name=owner)
    state = tab.page.locator("[data-live-words]")
    expect(state).to_have_text("Live")

    tab.page.context.set_offline(True)
    expect(state).to_have_text("Reconnecting…")
    tab.keep("jobs-reconnecting")
    tab.page.context.set_offline(False)

    expect(state).to_have_text("Live")
    tab.page.keyboard.press("r")
    expect(state).to_have_text("Paused")


def test_without_scripts_everything_can_be_read(look: Open, full: Caller, owner: str) -> None:
    tab = look(pages(full, "jobs"), name=owner, java_script_enabled=False)

    tab.page.click("text=Older")

    assert "after=" in tab.page.url
    assert tab.page.locator("tbody tr").count() == 25
    assert not tab.page.locator("[data-live-state]").is_visible()
    assert tab.page.locator("button", has_text="Filter").is_visible()
