"""Audiences and people as they leave the server: lists, looking for somebody, who told what, and whole files."""

import asyncio
import re
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from goldpan.assembly.parts import build_console, file_intake
from goldpan.console import audience_page
from goldpan.console.console_app import Console
from goldpan.console.console_pages import PAGES
from goldpan.domain.console_rules import hash_token
from goldpan.operations.console_access_operations import sign_out
from goldpan.settings import read_settings
from goldpan.storage.console_tables import CONSOLE_SESSION
from tests.cast import NOBODYS_ID, Caller, new_caller
from tests.console_world import HOSTILE_NAME, Guest, pages, signed_in
from tests.service import Answer, Service

ROW = re.compile('data-row="([0-9a-f]{24})"')


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service) -> Guest:
    return signed_in(service, "alice")


def text(answer: Answer, status: int = 200) -> str:
    assert answer.status == status, answer
    return answer.body.decode()


def filled(alice: Caller, count: int, name: str = "Founders") -> str:
    """Return an audience of so many people of the account group's own files."""
    alice.import_people(f"ada-{number},Founder" for number in range(count))
    started = alice.started(
        source="linkedin_search",
        searchUrl="https://www.linkedin.com/search/results/people/?keywords=founder",
        audienceName=name,
    )
    alice.ended(started["jobId"])
    return str(started["audienceId"])


def walked(guest: Guest, path: str) -> list[str]:
    """Return the rows of a list, page by page."""
    rows: list[str] = []
    address: str | None = path
    while address:
        page = text(guest.get(address))
        rows += ROW.findall(page)
        found = re.search('rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else None
    return rows


def test_everybody_in_an_audience_is_shown_once(alice: Caller, guest: Guest) -> None:
    audience_id = filled(alice, 120)

    rows = walked(guest, pages(alice, "audiences", audience_id))

    assert rows == [person["id"] for person in alice.prospects(audience_id)]


def test_a_search_of_an_audience_turns_pages_too(alice: Caller, guest: Guest) -> None:
    audience_id = filled(alice, 120)

    found = walked(guest, pages(alice, "audiences", audience_id) + "?text=ADA-1")

    begins_so = [each["id"] for each in alice.prospects(audience_id) if each["name"].startswith("ada-1")]
    assert sorted(found) == sorted(begins_so)
    assert "Nobody begins so" in text(guest.get(pages(alice, "audiences", audience_id) + "?text=zoe"))


def test_people_are_found_in_the_whole_account_group(alice: Caller, guest: Guest) -> None:
    audience_id = filled(alice, 60)

    assert sorted(walked(guest, pages(alice, "people"))) == sorted(row["id"] for row in alice.prospects(audience_id))
    assert len(walked(guest, pages(alice, "people") + "?text=ada-5")) == 11


def test_a_person_is_shown_with_who_told_each_field(alice: Caller, guest: Guest) -> None:
    audience_id = filled(alice, 1, "Founders of Berlin")
    person = alice.prospects(audience_id)[0]
    job_id = person["provenance"][0]["jobId"]

    page = text(guest.get(pages(alice, "people", person["id"])))

    title = re.search(r"<dt>Title</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    assert title
    assert "Founder" in title[1]
    assert "directory" in title[1]
    assert pages(alice, "jobs", job_id) in title[1]
    assert "Founders of Berlin" in page


@pytest.mark.parametrize("export_format", ["csv", "xlsx", "jsonl", "parquet"])
@pytest.mark.parametrize("preset", ["plain", "hubspot"])
def test_a_download_is_the_file_of_the_api(alice: Caller, guest: Guest, export_format: str, preset: str) -> None:
    audience_id = filled(alice, 7)
    columns = "plain" if export_format == "jsonl" else preset
    target = f"{alice.group}/audiences/{audience_id}/export?format={export_format}&preset={columns}"
    file = alice.get(target)

    download = guest.get(f"{pages(alice, 'audiences', audience_id, 'export')}?format={export_format}&preset={preset}")

    assert download.status == 200
    assert download.headers["Content-Disposition"] == file.headers["Content-Disposition"]
    assert download.headers["Content-Type"] == file.headers["Content-Type"]
    if export_format != "xlsx":  # which holds the time of its making
        assert download.body == file.body
    assert len(download.body) > 100


def test_a_download_breaks_off_when_its_session_ends(
    alice: Caller, guest: Guest, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    audience_id = filled(alice, 250)
    monkeypatch.setattr(audience_page, "LOOKS_EVERY_SECONDS", 0)
    token = guest.cookies["sid"]
    settings = read_settings({})
    console = build_console(settings, service.toolbox, file_intake(settings))
    sent: list[bytes] = []

    async def take(message: Any) -> None:
        assert message.get("more_body", True), "the last piece of a whole file"
        sent.append(message.get("body", b""))
        if len(sent) == 3:
            await asyncio.to_thread(sign_out, service.toolbox, token)

    log: list[dict[str, Any]] = []
    told = console.parts._replace(log=lambda event, **values: log.append({"event": event, **values}))
    asyncio.run(ask(Console(told, PAGES), alice, audience_id, token, take))

    assert [(entry["event"], entry["reason"]) for entry in log] == [
        ("broken_off", "the session of a download has ended")
    ]
    assert b"ada-249" in b"".join(sent)
    assert b"ada-0" not in b"".join(sent)


def test_who_waits_for_a_long_download_stays_signed_in(
    alice: Caller, guest: Guest, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    audience_id = filled(alice, 250)
    monkeypatch.setattr(audience_page, "LOOKS_EVERY_SECONDS", 0)
    token = guest.cookies["sid"]
    settings = read_settings({})
    console = build_console(settings, service.toolbox, file_intake(settings))
    sent: list[bytes] = []

    def seen_ms() -> int:
        with service.toolbox.database.read() as tx:
            where = CONSOLE_SESSION.c.token_hash == hash_token(token)
            return int(tx.execute(sa.select(CONSOLE_SESSION.c.seen_ms).where(where)).scalar_one())

    def idle_for_ten_minutes() -> None:
        with service.toolbox.database.write() as tx:
            change = CONSOLE_SESSION.update().where(CONSOLE_SESSION.c.token_hash == hash_token(token))
            earlier = {name: CONSOLE_SESSION.c[name] - 600_000 for name in ("seen_ms", "created_ms")}
            tx.execute(change.values(earlier))

    began_ms = seen_ms()

    async def take(message: Any) -> None:
        sent.append(message.get("body", b""))
        if len(sent) == 2:
            await asyncio.to_thread(idle_for_ten_minutes)

    asyncio.run(ask(console, alice, audience_id, token, take))

    assert seen_ms() >= began_ms


async def ask(console: Console, alice: Caller, audience_id: str, token: str, take: Any) -> None:
    """Ask for an export as a browser would, without a server in between."""
    path = pages(alice, "audiences", audience_id, "export")
    headers = [(b"host", b"127.0.0.1"), (b"cookie", f"sid={token}".encode())]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    never = asyncio.Event()

    async def receive() -> Any:
        await never.wait()

    async with console.parts.toolbox.database.opened():
        await console({**scope, "headers": headers, "scheme": "http", "server": ("127.0.0.1", 80)}, receive, take)


def test_an_audience_is_made_once_and_its_name_is_kept_where_it_is_refused(alice: Caller, guest: Guest) -> None:
    fields = {"name": HOSTILE_NAME, "type": "monitoring", "description": "for <b>tests</b>"}

    made = guest.post(pages(alice, "audiences"), fields)
    again = text(guest.post(pages(alice, "audiences"), fields), 409)
    page = text(guest.get(made.headers["Location"]))

    assert made.status == 303
    assert "has this name already" in again
    assert "<script>alert" not in again + page
    assert "<b>tests" not in page
    assert [audience["name"] for audience in alice.walk(f"{alice.group}/audiences")] == [HOSTILE_NAME]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "  ", "type": "on_demand"}, "name"),
        ({"name": "x" * 201, "type": "on_demand"}, "name"),
        ({"name": "Founders", "type": "other"}, "type"),
        ({"name": "Founders", "type": "on_demand", "description": "x" * 1001}, "description"),
    ],
)
def test_what_is_wrong_with_a_new_audience_stands_beside_its_field(
    alice: Caller, guest: Guest, fields: dict[str, str], name: str
) -> None:
    page = text(guest.post(pages(alice, "audiences"), fields), 400)

    assert re.search(rf'id="{name}-error"><svg', page)
    assert alice.walk(f"{alice.group}/audiences") == []


def test_audiences_are_shown_folder_by_folder(alice: Caller, guest: Guest) -> None:
    inside, outside = filled(alice, 1, "In Berlin"), filled(alice, 1, "Elsewhere")
    folder = alice.post(f"{alice.group}/audiences/folders", {"name": "Berlin", "audienceType": "on_demand"}).data
    alice.call(
        "PATCH",
        f"{alice.group}/audiences/{inside}",
        ('{"folderId":"' + folder["id"] + '"}').encode(),
        content_type="application/json",
    )

    assert walked(guest, pages(alice, "audiences")) == [outside, inside]
    assert walked(guest, pages(alice, "audiences") + f"?folder={folder['id']}") == [inside]
    assert walked(guest, pages(alice, "audiences") + "?folder=none") == [outside]
    assert guest.get(pages(alice, "audiences") + f"?folder={NOBODYS_ID}").status == 404


def test_an_audience_that_is_being_filled_says_so(alice: Caller, guest: Guest) -> None:
    started = alice.sandbox().started(
        source="linkedin_search",
        searchUrl="https://www.linkedin.com/search/results/people/?keywords=cto+total:2000+pace:1000",
    )

    page = text(guest.get(pages(alice, "audiences", started["audienceId"])))

    assert "A job is filling this audience" in page
    assert guest.get(pages(alice, "audiences", started["audienceId"], "export")).status == 409
    alice.cancel(started["jobId"])


def test_another_tenants_audience_and_person_are_like_random_ids(alice: Caller, service: Service) -> None:
    audience_id = filled(alice, 2)
    person_id = alice.prospects(audience_id)[0]["id"]
    mallory = new_caller(service, "Mallory")
    guest = signed_in(service, "mallory", "operator", mallory)
    trace = re.compile(rb'<code id="trace">[0-9a-f]+')

    for steps in (
        ("audiences", audience_id),
        ("audiences", audience_id, "export"),
        ("people", person_id),
    ):
        nobodys = [NOBODYS_ID if step in (audience_id, person_id) else step for step in steps]
        mine, random = guest.get(pages(mallory, *steps)), guest.get(pages(mallory, *nobodys))
        assert guest.get(pages(alice, *steps)).status == mine.status == random.status == 404
        assert trace.sub(b"", mine.body) == trace.sub(b"", random.body)
    assert walked(guest, pages(mallory, "people") + "?text=ada") == []


def test_hostile_searches_and_places_find_nothing_and_break_nothing(alice: Caller, guest: Guest) -> None:
    filled(alice, 1)

    assert "<script>alert" not in text(guest.get(f"{pages(alice, 'people')}?text={quote(HOSTILE_NAME[:40])}"))
    for query in ("text=" + "x" * 101, "text=%00", "after=x", "other=1"):
        assert guest.get(f"{pages(alice, 'people')}?{query}").status == 400
    audience = pages(alice, "audiences", alice.walk(f"{alice.group}/audiences")[0]["id"])
    assert guest.get(f"{audience}/export?format=exe").status == 400


def test_a_viewer_makes_no_audience(alice: Caller, service: Service) -> None:
    guest = signed_in(service, "val", "viewer", alice)

    assert "New audience" not in text(guest.get(pages(alice, "audiences")))
    assert guest.post(pages(alice, "audiences"), {"name": "Founders", "type": "on_demand"}).status == 403
