"""Files, credits, keys and the system in a real browser: empty, full, hostile, narrow, dark, and used by people."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from goldpan.operations.account_operations import DAY_MS, NewKey, create_account, create_key
from tests.browser import needs_chromium
from tests.cast import Caller, new_caller, now_ms
from tests.chromium import Onlooker, chromium
from tests.console_ledgers import store_spending
from tests.console_world import HOSTILE_NAME, new_session, new_user, pages
from tests.people_file_samples import HEADER, PREAMBLE
from tests.service import Service

pytestmark = needs_chromium

LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1360, "height": 1000}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1360, "height": 1000}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 900}, "color_scheme": "light"},
}
EMPTY = {
    "files": "No files yet",
    "credits": "No credits are left",
    "keys": "No keys yet",
    "system": "Queues",
}  # others have jobs there too
FULL = {"files": 2, "credits": 25, "keys": 3, "system": 0}

Open = Callable[..., Onlooker]


def connections(people: int, rejects: int = 0, name: str = "Ada", company: str = "Acme") -> str:
    rows = [
        f'"{name}",Byron,https://www.linkedin.com/in/ada-{number},ada{number}@example.com,"{company}",CTO,15 Mar 2024'
        for number in range(people)
    ]
    rows += [f"Nobody,,https://evil.example/in/{number},,Acme,,15 Mar 2024" for number in range(rejects)]
    return PREAMBLE + HEADER + "\r\n".join(rows) + "\r\n"


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
    def open_tab(path: str, look: str = "wide", name: str = "", **options: Any) -> Onlooker:
        tab = Onlooker(browser, f"http://127.0.0.1:{service.port}", **{**LOOKS[look], **options})
        tab.take_session(new_session(service, name))
        tab.open(path)
        return tab

    return open_tab


@pytest.fixture(scope="module")
def owner(service: Service) -> str:
    new_caller(service, "Harbour Recruiting")
    return new_user(service, "Alice")


@pytest.fixture(scope="module")
def full(service: Service) -> Caller:
    """An account group with files, spending and keys."""
    caller = new_caller(service, "Meridian Sales", 2000)
    for name, rejects in (("Connections.csv", 60), ("Q3%20conference.csv", 0)):
        body = connections(12, rejects).encode()
        assert caller.call("POST", f"{caller.group}/files?name={name}", body, content_type="text/csv").status == 201
    store_spending(caller, 30)
    group, make = [caller.account_group_id], service.toolbox
    for new in (
        NewKey(group, ["prospects:read"], "Clay", True),  # type: ignore[list-item]
        NewKey(group, ["prospecting:read", "prospecting:write"], "n8n", False, now_ms() + 3 * DAY_MS),  # type: ignore[list-item]
    ):
        create_key(make, new)
    return caller


@pytest.mark.parametrize("looks", LOOKS)
def test_an_empty_page_says_what_to_do(look: Open, service: Service, owner: str, looks: str) -> None:
    group = create_account(service.toolbox, "Brand New", "starter", 0)
    tab = look(f"/accounts/{group.id}/files", looks, owner)

    for place, words in EMPTY.items():
        tab.open(f"/accounts/{group.id}/{place}")
        expect(tab.page.get_by_text(words).first).to_be_visible()
        tab.keep(f"{place}-empty-{looks}")
        tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_a_full_page_is_readable(look: Open, full: Caller, owner: str, looks: str) -> None:
    tab = look(pages(full, "files"), looks, owner)

    for place, rows in FULL.items():
        tab.open(pages(full, place))
        expect(tab.page.locator(".records tr[data-row]")).to_have_count(rows)
        tab.keep_whole(f"{place}-full-{looks}")
        tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_a_file_shows_what_it_was_taken_for(look: Open, full: Caller, owner: str, looks: str) -> None:
    tab = look(pages(full, "files"), looks, owner)
    tab.page.get_by_role("link", name="Connections.csv").click()

    expect(tab.page.get_by_role("heading", name="Connections.csv")).to_be_visible()
    tab.keep_whole(f"file-{looks}")
    tab.check()


@pytest.mark.parametrize("looks", LOOKS)
def test_making_a_key_is_one_form(look: Open, full: Caller, owner: str, looks: str) -> None:
    tab = look(pages(full, "keys", "new"), looks, owner)
    tab.keep_whole(f"key-new-{looks}")
    tab.page.check("[value=chosen]")
    expect(tab.page.get_by_role("group", name="Permissions")).to_be_visible()
    tab.check()

    tab.page.check("[name='prospecting:read']")
    tab.page.fill("[name=name]", "Clay")
    tab.page.click("text=Create the key")

    expect(tab.page.locator("#key")).to_contain_text("sk_live_")
    tab.keep_whole(f"key-shown-{looks}")
    tab.check()


def test_a_key_is_rolled_and_revoked_by_hand(look: Open, service: Service, owner: str) -> None:
    alice = new_caller(service, "Alice")
    tab = look(pages(alice, "keys"), name=owner)

    tab.page.click("text=Roll")
    tab.keep("key-roll")
    tab.check()
    tab.page.click("text=Create the successor")
    expect(tab.page.locator("#key")).to_contain_text("sk_live_")
    tab.page.click("text=I have stored it")
    expect(tab.page.locator("tbody tr")).to_have_count(2)
    tab.page.locator("tr", has_text="Ends soon").get_by_role("link", name="Revoke").click()
    tab.keep("key-revoke")
    tab.check()
    tab.page.fill("[name=word]", "revoke")
    tab.page.press("[name=word]", "Enter")

    expect(tab.page.locator("tbody tr", has_text="Revoked")).to_have_count(1)
    tab.keep("keys-revoked")
    tab.check()


def test_a_chosen_file_is_uploaded_and_its_page_opens(look: Open, service: Service, owner: str, tmp_path: Path) -> None:
    alice = new_caller(service, "Alice")
    tab = look(pages(alice, "files"), name=owner)
    file = tmp_path / "Connections.csv"
    file.write_text(connections(3, 2))

    tab.page.set_input_files("input[type=file]", file)

    expect(tab.page.get_by_role("heading", name="Connections.csv")).to_be_visible()
    expect(tab.page.locator(".figure-main")).to_contain_text("3")


def test_a_dropped_file_that_names_nobody_is_refused_where_it_was_dropped(
    look: Open, service: Service, owner: str
) -> None:
    tab = look(pages(new_caller(service, "Alice"), "files"), name=owner)
    data = tab.page.evaluate_handle(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File(['colour\\nred\\n'], 'colours.csv')); return data }"
    )

    tab.page.dispatch_event(".drop", "drop", {"dataTransfer": data})

    expect(tab.page.locator("[data-upload-status]")).to_contain_text("This file has no column")
    tab.keep("files-refused")
    tab.complaints.clear()  # the browser itself notes the 400
    tab.check()


@pytest.mark.parametrize("looks", ["wide", "narrow"])
def test_hostile_names_and_cells_stay_text_and_break_nothing(look: Open, service: Service, looks: str) -> None:
    mallory = new_caller(service, HOSTILE_NAME, 100)
    cell = "<img src=x onerror=alert(1)>" + "W" * 150
    body = connections(3, 0, cell, HOSTILE_NAME.replace('"', '""')).replace("Email Address", cell).encode()
    target = f"{mallory.group}/files?name=%3Cb%3E%E2%80%AE{'x' * 120}.csv"
    assert mallory.call("POST", target, body, content_type="text/csv").status == 201
    create_key(service.toolbox, NewKey([mallory.account_group_id], ["prospects:read"], HOSTILE_NAME[:90]))  # type: ignore[list-item]
    store_spending(mallory, 1, (HOSTILE_NAME + "W" * 120,))
    tab = look(pages(mallory, "files"), looks, new_user(service, HOSTILE_NAME[:60]))

    tab.check()
    tab.page.locator("tbody a").first.click()
    tab.page.wait_for_url("**/files/*")
    tab.keep_whole(f"file-hostile-{looks}")
    tab.check()
    for place in ("keys", "credits"):
        tab.open(pages(mallory, place))
        tab.keep_whole(f"{place}-hostile-{looks}")
        tab.check()


def test_pages_are_reached_by_two_keys(look: Open, full: Caller, owner: str) -> None:
    tab = look(pages(full, "jobs"), name=owner)

    for key, place in (("f", "files"), ("c", "credits"), ("k", "keys"), ("s", "system")):
        tab.page.keyboard.press("g")
        tab.page.keyboard.press(key)
        tab.page.wait_for_url(f"**/{place}")


def test_a_form_is_sent_once_however_often_its_button_is_pressed(look: Open, service: Service, owner: str) -> None:
    tab = look(pages(new_caller(service, "Alice"), "keys", "new"), name=owner)
    press = "form => form.dispatchEvent(new Event('submit', {bubbles: true, cancelable: true}))"

    is_sent = [tab.page.locator("form.card").evaluate(press) for _ in range(2)]

    assert is_sent == [True, False]
