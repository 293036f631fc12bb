"""The console's pages on files, credits, keys and the system as they leave the server, and whom they are not for."""

import asyncio
import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx2
import pytest

from goldpan.api.request_file import FileIntake
from goldpan.assembly.parts import build_console, build_toolbox
from goldpan.console.bar_chart import bar_chart, round_up
from goldpan.console.console_app import Access, Console, Page
from goldpan.console.console_pages import PAGES
from goldpan.console.file_pages import shown_name
from goldpan.console.system_page import worries
from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import Collision, ErrorKind
from goldpan.domain.credit_rules import is_low, lasting_days
from goldpan.operations.figures_operations import QueueFigures
from goldpan.operations.system_operations import ServerHealth, SystemReport
from goldpan.settings import read_settings
from goldpan.storage.database import Database
from goldpan.storage.tables import ACCOUNT_GROUP
from tests.cast import NOBODYS_ID, Caller, new_caller, now_ms
from tests.console_ledgers import store_spending
from tests.console_world import HOSTILE_NAME, Guest, pages, signed_in
from tests.people_file_samples import ADA, HEADER, PREAMBLE
from tests.service import Answer, Service, until

CONNECTIONS = PREAMBLE + HEADER + ADA
STRANGER = "Nobody,,https://evil.example/in/x,,Acme,,15 Mar 2024\r\n"
KEY = re.compile(r"sk_(?:live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}")


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service, alice: Caller) -> Guest:
    return signed_in(service, "alice", "owner", alice)


def text(answer: Answer, status: int = 200) -> str:
    assert answer.status == status, answer
    return html.unescape(answer.body.decode())


def rel(answer: Answer, relation: str) -> str | None:
    found = re.search(rf'(?:rel="{relation}" href="([^"]+)"|href="([^"]+)" rel="{relation}")', text(answer))
    return (found[1] or found[2]).partition("#")[0] if found else None


def send(guest: Guest, caller: Caller, content: str | bytes, name: str = "Connections.csv") -> Answer:
    return guest.send_file(pages(caller, "files") + f"?name={name}", content)


def sent(guest: Guest, caller: Caller, content: str | bytes, name: str = "Connections.csv") -> str:
    """Upload a file that is taken, and return where its page is."""
    answer = send(guest, caller, content, name)
    assert answer.status == 303, answer
    return str(answer.headers["Location"])


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_leads_to_a_page_that_says_what_it_was_taken_for(alice: Caller, guest: Guest) -> None:
    page = text(guest.get(sent(guest, alice, CONNECTIONS + STRANGER)))

    assert "LinkedIn Connections.csv" in page
    assert re.search(r"Position</span>.*?job title.*?CTO", page, re.DOTALL)
    assert re.search(r"Connected On</span>.*?ignored", page, re.DOTALL)
    assert "Ada" in page
    assert "https://evil.example/in/x" in page or "profile" in page.split('id="rejects"')[1]
    assert "Connections.csv" in text(guest.get(pages(alice, "files")))


def test_a_job_starts_with_the_file_that_the_console_took(alice: Caller, guest: Guest) -> None:
    file_id = sent(guest, alice, CONNECTIONS).rpartition("/")[2]

    job_id = alice.started(source="file_upload", fileId=file_id)["jobId"]

    assert alice.ended(job_id)["counts"]["imported"] == 1


def test_rejected_rows_are_read_page_by_page(alice: Caller, guest: Guest) -> None:
    lines: list[str] = []
    address: str | None = sent(guest, alice, CONNECTIONS + STRANGER * 60)
    while address:
        page = guest.get(address)
        rejects = text(page).split('id="rejects"')[1]
        lines += re.findall(r'<td role="cell" class="number">([0-9,]+)</td>', rejects)
        address = rel(page, "next")

    assert len(lines) == 60
    assert lines == sorted(set(lines), key=int)


def test_a_file_that_names_nobody_is_refused_in_one_line(alice: Caller, guest: Guest) -> None:
    answer = send(guest, alice, "colour\nred\n")

    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.body.startswith(b"This file has no column that we know")
    assert "No files yet" in text(guest.get(pages(alice, "files")))


def test_a_file_may_be_as_large_as_the_api_takes_and_no_larger(tight_service: Service) -> None:
    alice = new_caller(tight_service, "Alice")
    guest = signed_in(tight_service, "alice", "owner", alice)

    assert send(guest, alice, CONNECTIONS + "\n" * (1000 - len(CONNECTIONS))).status == 303
    answer = send(guest, alice, CONNECTIONS + "\n" * (1001 - len(CONNECTIONS)))

    assert (answer.status, answer.body) == (413, b"The file must be at most 1000 bytes")


def test_a_form_or_a_page_of_another_site_uploads_nothing(alice: Caller, guest: Guest) -> None:
    path = pages(alice, "files")

    assert guest.send_file(path, CONNECTIONS, Content_Type="text/csv").status == 415
    assert guest.send_file(path, CONNECTIONS, Content_Type="multipart/form-data; boundary=x").status == 415
    assert guest.send_file(path, CONNECTIONS, Sec_Fetch_Site="cross-site").status == 403
    assert "No files yet" in text(guest.get(path))


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9999999999", "²"])
def test_a_place_in_the_report_that_is_none_is_refused(alice: Caller, guest: Guest, after: str) -> None:
    address = sent(guest, alice, CONNECTIONS)

    assert guest.get(f"{address}?after={quote(after)}").status == 400


@pytest.mark.parametrize(
    ("given", "shown"),
    [("people.csv", "people.csv"), (" \u202egnp.exe\x00\n ", "gnp.exe"), ("", "upload"), ("é" * 300, "é" * 200)],
)
def test_a_file_is_called_by_letters_that_can_be_seen(given: str, shown: str) -> None:
    assert shown_name(given) == shown


# --- credits ------------------------------------------------------------------------------------------------------


def test_credits_show_balance_pace_and_what_each_day_cost(alice: Caller, guest: Guest) -> None:
    spent = store_spending(alice, 10)

    page = text(guest.get(pages(alice, "credits")))

    assert f"<dd>{1000 - spent:,}</dd>" in page
    assert f"<dd>{(1000 - spent) * 10 // spent} days<small>" in page
    assert page.count('class="chart-bar"') == 2 * 10
    assert len(re.findall(r'<th scope="row">', page)) == 30


@pytest.mark.parametrize(
    ("age_days", "pace"),
    [
        (0, "This is the pace of 1 day: the account group is no older."),
        (9, "This is the pace of 10 days: the account group is no older."),
        (400, "This is the pace of the last 30 days."),
    ],
)
def test_the_pace_is_of_30_days_or_of_as_many_as_the_account_group_is_old(
    service: Service, age_days: int, pace: str
) -> None:
    bob = new_caller(service, "Bob", 100)
    spent = store_spending(bob, 1)
    with service.toolbox.database.write() as tx:
        of_bob = ACCOUNT_GROUP.c.id == bob.account_group_id
        tx.execute(ACCOUNT_GROUP.update().where(of_bob).values(created_ms=now_ms() - age_days * 86_400_000))

    page = text(signed_in(service, "bob", "viewer", bob).get(pages(bob, "credits")))

    lasts = (100 - spent) * min(age_days + 1, 30) // spent
    assert f"<dd>{lasts} day" in page
    assert pace in page


def test_what_went_out_has_one_kind_of_minus(alice: Caller, guest: Guest) -> None:
    store_spending(alice, 1)

    page = text(guest.get(pages(alice, "credits")))

    assert re.findall(r'data-label="Available">([^<]+)<', page)[-2:] == ["−70", "+1,000"]


def test_every_line_of_the_ledger_is_on_one_page_with_the_balance_after_it(alice: Caller, guest: Guest) -> None:
    spent = store_spending(alice, 20)
    ids: list[str] = []
    balances: list[str] = []
    address: str | None = pages(alice, "credits")
    while address:
        page = guest.get(address)
        ids += re.findall('data-row="([0-9a-f]{24})"', text(page))
        balances += re.findall('data-label="Available after">([0-9,]+)<', text(page))
        address = rel(page, "next")

    assert len(ids) == len(set(ids)) == 3 * 20 + 1
    assert (balances[0], balances[-1]) == (f"{1000 - spent:,}", "1,000")
    assert "head of sales berlin" in text(guest.get(pages(alice, "credits")))


def test_an_account_group_without_credits_is_told_how_to_get_some(service: Service) -> None:
    poor = new_caller(service, "Poor", 0)

    page = text(signed_in(service, "paul", "viewer", poor).get(pages(poor, "credits")))

    assert "No credits are left" in page
    assert f"goldpan account top-up {poor.account_group_id}" in page


@pytest.mark.parametrize(
    ("available", "spent", "days", "lasts", "low"),
    [(100, 0, 30, None, False), (0, 0, 30, None, True), (70, 100, 10, 7, False), (69, 100, 10, 6, True)],
)
def test_a_balance_is_low_when_it_goes_within_a_week(
    available: int, spent: int, days: int, lasts: int | None, low: bool
) -> None:
    assert lasting_days(available, spent, days) == lasts
    assert is_low(available, spent, days) is low


def test_bars_stand_within_their_drawing_and_any_day_can_be_seen() -> None:
    chart = bar_chart([(0, 0), (1, 1), (2, 480)])

    assert (chart.top, chart.total, chart.width) == (500, 481, 30)
    assert [bar.height for bar in chart.bars] == [0, 1.5, 96]
    assert all(bar.y + bar.height == 100 for bar in chart.bars)
    assert [round_up(number) for number in (0, 1, 7, 11, 50, 51, 99, 801)] == [1, 1, 7, 12, 50, 60, 100, 1000]


# --- keys ---------------------------------------------------------------------------------------------------------


def make(guest: Guest, caller: Caller, **fields: str) -> Answer:
    form_id = caller.service.toolbox.new_id()
    form = {"name": "Clay", "preset": "read", "mode": "live", "ends": "never", "form_id": form_id, **fields}
    return guest.post(pages(caller, "keys", "new"), form)


def made(guest: Guest, caller: Caller, **fields: str) -> str:
    (key,) = set(KEY.findall(text(make(guest, caller, **fields))))
    return str(key)


def test_a_key_is_shown_once_and_may_what_was_chosen(alice: Caller, guest: Guest, service: Service) -> None:
    key = made(guest, alice, preset="chosen", **{"prospecting:read": "on"})

    bearer = Caller(service, alice.account_group_id, key)
    assert bearer.get(bearer.jobs).status == 200
    assert bearer.get(f"{bearer.group}/audiences").status == 403
    keys = text(guest.get(pages(alice, "keys")))
    assert "Clay" in keys
    assert key not in keys
    assert key.split("_")[3] not in keys


def test_a_preset_is_more_than_the_boxes_below_it(alice: Caller, guest: Guest, service: Service) -> None:
    bearer = Caller(service, alice.account_group_id, made(guest, alice, preset="read", **{"prospecting:write": "on"}))

    assert bearer.get(f"{bearer.group}/audiences").status == 200
    assert bearer.start(source="linkedin_search").status == 403


@pytest.mark.parametrize(
    "fields", [{"preset": "chosen"}, {"preset": "all"}, {"ends": "1"}, {"mode": ""}, {"name": "x" * 101}]
)
def test_a_key_that_cannot_be_is_refused_beside_its_form(alice: Caller, guest: Guest, fields: dict[str, str]) -> None:
    page = text(make(guest, alice, **fields), 422)

    assert 'role="alert"' in page
    assert KEY.findall(page) == []
    assert f'value="{fields.get("name", "Clay")}"' in page


def test_a_rolled_key_has_a_successor_and_ends_when_its_owner_said(
    alice: Caller, guest: Guest, service: Service
) -> None:
    old = made(guest, alice)
    address = pages(alice, "keys", old.split("_")[2], "roll")

    assert guest.post(address, {"overlap": "7000"}).status == 400
    new = KEY.findall(text(guest.post(address, {"overlap": "24"})))[0]

    assert Caller(service, alice.account_group_id, old).get(alice.jobs).status == 200
    assert Caller(service, alice.account_group_id, new).get(alice.jobs).status == 200
    assert "Ends soon" in text(guest.get(pages(alice, "keys")))


def test_a_form_that_is_sent_twice_makes_one_key_and_says_what_to_do(alice: Caller, guest: Guest) -> None:
    form_id = re.findall('name="form_id" value="([0-9a-f]{24})"', text(guest.get(pages(alice, "keys", "new"))))[0]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: make(guest, alice, form_id=form_id), range(4)))

    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    (key,) = {key for answer in answers for key in KEY.findall(answer.body.decode())}
    again = text(make(guest, alice, form_id=form_id), 409)
    assert pages(alice, "keys", key.split("_")[2], "roll") in again
    assert text(guest.get(pages(alice, "keys"))).count(">Clay<") == 1


def test_a_key_that_was_rolled_is_offered_no_second_successor(alice: Caller, guest: Guest) -> None:
    old = made(guest, alice, ends="30").split("_")[2]
    shown = text(guest.post(pages(alice, "keys", old, "roll"), {"overlap": "720"}))
    new = KEY.findall(shown)[0].split("_")[2]

    again = text(guest.post(pages(alice, "keys", old, "roll"), {"overlap": "720"}), 409)

    assert "The old key ends: <strong><time" in shown
    assert pages(alice, "keys", new, "roll") in again
    listed = text(guest.get(pages(alice, "keys")))
    assert pages(alice, "keys", new, "roll") in listed
    assert pages(alice, "keys", old, "roll") not in listed


def test_a_key_is_revoked_by_whoever_types_the_word(alice: Caller, guest: Guest, service: Service) -> None:
    key = made(guest, alice)
    address = pages(alice, "keys", key.split("_")[2], "revoke")
    bearer = Caller(service, alice.account_group_id, key)

    assert guest.get(address).status == 200
    assert guest.post(address, {"word": "yes"}).status == 422
    assert bearer.get(bearer.jobs).status == 200
    assert guest.post(address, {"word": "Revoke "}).status == 303

    assert "Revoked" in text(guest.get(pages(alice, "keys")))
    until(lambda: bearer.get(bearer.jobs).status == 401)


# --- whom they are not for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_keys_and_system_are_for_owners(service: Service, alice: Caller, role: str) -> None:
    val = signed_in(service, "val", role, alice)

    for steps in (["keys"], ["keys", "new"], ["keys", "x" * 8, "revoke"], ["system"]):
        page = text(val.get(pages(alice, *steps)), 403)
        assert re.search(r"lacks the permission (keys:write|system:read)", page)
    assert make(val, alice).status == 403
    assert val.post(pages(alice, "keys", "x" * 8, "revoke"), {"word": "revoke"}).status == 403
    menu = text(val.get(pages(alice, "credits")))
    assert pages(alice, "keys") not in menu
    assert pages(alice, "system") not in menu


def test_a_viewer_reads_files_and_uploads_none(service: Service, alice: Caller, guest: Guest) -> None:
    address = sent(guest, alice, CONNECTIONS)
    val = signed_in(service, "val", "viewer", alice)

    assert "data-upload" not in text(val.get(pages(alice, "files")))
    assert val.get(address).status == 200
    assert "lacks the permission prospecting:write" in text(send(val, alice, CONNECTIONS), 403)


def test_what_is_anothers_is_like_what_is_not_there(service: Service, alice: Caller, guest: Guest) -> None:
    file_id = sent(guest, alice, CONNECTIONS).rpartition("/")[2]
    key_id = made(guest, alice).split("_")[2]
    bob = new_caller(service, "Bob")
    mallory = signed_in(service, "mallory", "owner", bob)

    def seen(*steps: str) -> str:
        return re.sub(r'id="trace">[0-9a-f]+', "", text(mallory.get(pages(bob, *steps)), 404))

    assert seen("files", file_id) == seen("files", NOBODYS_ID)
    for change in ("roll", "revoke"):
        assert seen("keys", key_id, change) == seen("keys", "zzzzzzzz", change)
        assert mallory.post(pages(bob, "keys", key_id, change), {"word": "revoke", "overlap": "0"}).status == 404
    for place in ("files", "credits", "keys", "system"):
        assert mallory.get(pages(alice, place)).status == 404
    assert send(mallory, alice, CONNECTIONS).status == 404


def test_names_and_cells_of_strangers_are_only_text(service: Service) -> None:
    mallory = new_caller(service, HOSTILE_NAME)
    guest = signed_in(service, HOSTILE_NAME[:60], "owner", mallory)
    cell = "<script>alert(1)</script>"
    content = CONNECTIONS.replace("Ada", cell).replace("Connected On", cell) + STRANGER.replace("Nobody", cell)
    made(guest, mallory, name=cell)
    store_spending(mallory, 1, (cell,))

    address = sent(guest, mallory, content, "%3Cscript%3Ealert(1)%3C/script%3E.csv")

    for path in (address, *(pages(mallory, place) for place in ("files", "credits", "keys"))):
        body = guest.get(path).body.decode()
        assert "&lt;script&gt;" in body
        assert "<script>alert" not in body


# --- the system ---------------------------------------------------------------------------------------------------


def test_the_system_is_for_owners_of_all_account_groups(alice: Caller, guest: Guest) -> None:
    assert "system:read" in text(guest.get(pages(alice, "system")), 403)


def test_the_system_tells_which_database_and_how_to_keep_it(alice: Caller, service: Service) -> None:
    page = text(signed_in(service, "olga").get(pages(alice, "system")))

    if service.kind == "sqlite":
        assert "without the WAL-reset bug" in page
        assert "goldpan backup" in page
    else:
        assert "PostgreSQL 1" in page
        assert "pg_dump" in page


def test_what_is_wrong_is_said_with_what_to_do() -> None:
    health = ServerHealth(9.0, True, 90, 100, ("fsync",))
    queues = {"jobs": QueueFigures(waiting=3, running=0, oldest_waiting_seconds=900)}
    report = SystemReport("1", "0001", False, "18", 1, health, [], queues, 2)

    found = " ".join(worries(report))

    for words in ("replica", "fsync", "9 s", "max_connections", "goldpan worker", "stranded", "15 minutes"):
        assert words in found


def test_a_healthy_system_is_worth_no_words() -> None:
    queues = {"jobs": QueueFigures(waiting=1, running=2, oldest_waiting_seconds=2)}

    assert worries(SystemReport("1", "0001", True, "3.53", 1, None, [], queues, 0)) == []


# --- forms that collide -------------------------------------------------------------------------------------------


@pytest.fixture
def tries() -> list[dict[str, str]]:
    return []


@pytest.fixture
def console(sqlite_url: str, tries: list[dict[str, str]]) -> Iterator[Console]:
    async def collide_once(visit: Visit) -> object:
        tries.append(await visit.form())
        if len(tries) == 1:
            raise Collision(ErrorKind.CONFLICT)
        return visit.redirect("/")

    database = Database(sqlite_url)
    parts = build_console(read_settings({}), build_toolbox(database), FileIntake(1000)).parts
    row = Page("collide", "POST", "/collide", collide_once, Access.ANYONE)  # type: ignore[arg-type]
    yield Console(parts, (*PAGES, row))
    database.close()


def test_a_form_that_collided_is_taken_once_more(console: Console, tries: list[dict[str, str]]) -> None:
    async def post() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=console)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/collide", data={"a": "b"}, headers={"Sec-Fetch-Site": "same-origin"})

    answer = asyncio.run(post())

    assert answer.status_code == 303
    assert tries == [{"a": "b"}] * 2
