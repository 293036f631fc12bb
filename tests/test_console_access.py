"""Getting into the console: links, passwords, sessions, and everything that must keep others out."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from goldpan.domain.console_rules import IDLE_MS, LINK_MS, SESSION_MS
from goldpan.operations.console_access_operations import (
    Invitation,
    make_first_link,
    make_link,
    name_on_link,
    sign_in,
    use_link,
)
from goldpan.storage.console_tables import CONSOLE_LINK, CONSOLE_SESSION
from tests.cast import NOBODYS_ID, Caller, new_caller
from tests.console_world import PASSWORD, Guest, new_user, pages, signed_in
from tests.service import Answer, Service, bare_call

Step = Callable[[Guest], Answer]


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service) -> Guest:
    return Guest(service)


def text(answer: Answer) -> str:
    return answer.body.decode()


def age_sessions(service: Service, **columns: int) -> None:
    """Let every session look so many milliseconds older."""
    with service.toolbox.database.write() as tx:
        tx.execute(
            CONSOLE_SESSION.update().values({name: CONSOLE_SESSION.c[name] - ms for name, ms in columns.items()})
        )


# --- links --------------------------------------------------------------------------------------------------------


def test_a_link_makes_an_owner_who_is_signed_in_at_once(service: Service, guest: Guest, alice: Caller) -> None:
    link = f"/welcome/{make_link(service.toolbox)}"
    name = f"Zoë {service.toolbox.new_id()}"
    assert "Welcome to Goldpan" in text(guest.get(link))

    answer = guest.post(link, {"name": name, "password": PASSWORD, "again": PASSWORD})

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert name in text(guest.get(pages(alice, "jobs")))


def test_a_link_is_good_once(service: Service, guest: Guest) -> None:
    link = f"/welcome/{make_link(service.toolbox, Invitation(f'bob {service.toolbox.new_id()}'))}"
    fields = {"password": PASSWORD, "again": PASSWORD}

    assert guest.post(link, fields).status == 303
    assert guest.post(link, fields).status == 410
    assert guest.get(link).status == 410


def test_a_link_is_good_for_fifteen_minutes(service: Service, guest: Guest) -> None:
    token = make_link(service.toolbox)
    with service.toolbox.database.write() as tx:
        older = {name: CONSOLE_LINK.c[name] - LINK_MS for name in ("created_ms", "expires_ms")}
        tx.execute(CONSOLE_LINK.update().where(CONSOLE_LINK.c.used_ms.is_(None)).values(older))

    assert guest.get(f"/welcome/{token}").status == 410
    assert guest.post(f"/welcome/{token}", {"name": "eve", "password": PASSWORD, "again": PASSWORD}).status == 410


def test_a_made_up_link_opens_nothing(guest: Guest) -> None:
    assert guest.get("/welcome/" + "A" * 43).status == 410


def test_no_first_link_is_made_once_somebody_can_sign_in(service: Service) -> None:
    new_user(service, "alice")

    assert make_first_link(service.toolbox) is None


def test_a_new_password_ends_the_sessions_of_the_old_one(service: Service, alice: Caller) -> None:
    name = new_user(service, "alice")
    guest = Guest(service)
    guest.sign_in(name)
    assert guest.get(pages(alice, "jobs")).status == 200

    use_link(service.toolbox, make_link(service.toolbox, Invitation(name)), "", "another river of stones")

    assert guest.get(pages(alice, "jobs")).status == 303
    assert sign_in(service.toolbox, name, PASSWORD, None) is None
    assert sign_in(service.toolbox, name.upper(), "another river of stones", None) is not None


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("eleven char", "eleven char", "12 letters or more"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "too easy to guess"),
        (PASSWORD, PASSWORD + ".", "passwords differ"),
    ],
)
def test_a_weak_password_is_refused_in_words_and_the_link_stays_good(
    service: Service, guest: Guest, password: str, again: str, words: str
) -> None:
    token = make_link(service.toolbox)

    answer = guest.post(f"/welcome/{token}", {"name": "Zoë", "password": password, "again": again})

    assert answer.status == 422
    assert words in text(answer)
    assert name_on_link(service.toolbox, token) == (True, None)


# --- signing in and out -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("nobody", PASSWORD), ("{alice}", "not her password")])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(service: Service, name: str, password: str) -> None:
    user, guest = new_user(service, "alice"), Guest(service)

    answer = guest.sign_in(name.format(alice=user), password)

    assert answer.status == 401
    assert "do not fit together" in text(answer)
    assert guest.cookies == {}


def test_the_sixth_try_within_a_minute_must_wait_even_with_the_right_password(service: Service) -> None:
    name, guest = new_user(service, "alice"), Guest(service)
    for _ in range(5):
        assert guest.sign_in(name, "not her password").status == 401

    answer = guest.sign_in(name)

    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_signing_in_changes_the_session_and_ends_the_one_before(service: Service, alice: Caller) -> None:
    name, guest = new_user(service, "alice"), Guest(service)
    guest.sign_in(name)
    before = dict(guest.cookies)
    guest.sign_in(name)

    assert guest.cookies != before
    assert Guest(service, before).get(pages(alice, "jobs")).status == 303
    assert guest.get(pages(alice, "jobs")).status == 200


def test_a_session_that_somebody_else_chose_is_no_session(service: Service, alice: Caller) -> None:
    guest = Guest(service, {"sid": "chosen-by-mallory"})
    guest.sign_in(new_user(service, "alice"))

    assert guest.cookies["sid"] != "chosen-by-mallory"
    assert Guest(service, {"sid": "chosen-by-mallory"}).get(pages(alice, "jobs")).status == 303


def test_whoever_signs_out_is_out_with_every_copy_of_the_cookie(service: Service, alice: Caller) -> None:
    guest = signed_in(service, "alice")
    copy = Guest(service, dict(guest.cookies))

    assert guest.post("/logout").headers["Location"] == "/login"
    assert guest.cookies["sid"] == ""
    assert copy.get(pages(alice, "jobs")).status == 303


@pytest.mark.parametrize(
    "older", [{"seen_ms": IDLE_MS, "created_ms": IDLE_MS}, {"created_ms": SESSION_MS}], ids=["idle", "old"]
)
def test_a_session_ends_when_it_is_idle_or_old(service: Service, alice: Caller, older: dict[str, int]) -> None:
    guest = signed_in(service, "alice")
    assert guest.get(pages(alice, "jobs")).status == 200

    age_sessions(service, **older)

    answer = guest.get(pages(alice, "jobs") + "?source=url_upload")
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/login?next=%2Faccounts%2F")


def test_a_page_that_asks_on_a_timer_keeps_nobody_signed_in(service: Service, alice: Caller) -> None:
    guest = signed_in(service, "alice")
    age_sessions(service, seen_ms=IDLE_MS - 30_000, created_ms=IDLE_MS - 30_000)
    assert guest.get(pages(alice, "jobs", "live")).status == 200

    age_sessions(service, seen_ms=30_000, created_ms=30_000)

    assert guest.get(pages(alice, "jobs", "live")).status == 401


def test_a_page_that_somebody_opens_keeps_them_signed_in(service: Service, alice: Caller) -> None:
    guest = signed_in(service, "alice")
    age_sessions(service, seen_ms=IDLE_MS - 30_000, created_ms=IDLE_MS - 30_000)
    assert guest.get(pages(alice, "jobs")).status == 200

    age_sessions(service, seen_ms=30_000, created_ms=30_000)

    assert guest.get(pages(alice, "jobs")).status == 200


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ("/accounts/x/jobs?status=failed", "/accounts/x/jobs?status=failed"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\tevil", "/"),
    ],
)
def test_signing_in_goes_on_to_pages_of_ours_alone(service: Service, wish: str, path: str) -> None:
    answer = Guest(service).post("/login", {"name": new_user(service, "alice"), "password": PASSWORD, "next": wish})

    assert answer.headers["Location"] == path


# --- other sites, other hosts, other doors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "", "Origin": "null"},
        {"Sec_Fetch_Site": "", "Origin": ""},
    ],
)
def test_a_form_of_another_site_changes_nothing(service: Service, alice: Caller, headers: dict[str, str]) -> None:
    guest = signed_in(service, "alice")

    assert guest.post("/logout", **headers).status == 403

    assert guest.get(pages(alice, "jobs")).status == 200


def test_an_old_browser_is_known_by_its_origin(service: Service) -> None:
    guest = signed_in(service, "alice")

    answer = guest.post("/logout", Sec_Fetch_Site="", Origin=f"http://127.0.0.1:{service.port}")

    assert answer.status == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""])
def test_a_name_that_is_not_ours_leads_to_no_page(service: Service, host: str) -> None:
    answer = bare_call(service.port, "GET", "/login", {"Host": host, "Accept": "text/html"})

    assert answer.status == 421
    assert b"<html" not in answer.body


@pytest.mark.parametrize("host", ["localhost", "localhost:8470", "127.0.0.1:80", "127.8.9.10", "[::1]:8470"])
def test_this_machines_own_names_lead_to_the_console(service: Service, host: str) -> None:
    assert bare_call(service.port, "GET", "/login", {"Host": host, "Accept": "text/html"}).status == 200


def test_a_key_opens_no_page_and_a_session_opens_no_route(service: Service, alice: Caller) -> None:
    guest = signed_in(service, "alice")

    assert alice.get(pages(alice, "jobs")).refusal == (404, "NOT_FOUND")
    assert service.call("GET", alice.jobs, {"Cookie": f"sid={guest.cookies['sid']}"}).refusal == (401, "UNAUTHORIZED")


def test_an_unknown_path_is_a_page_for_browsers_and_json_for_clients(service: Service, guest: Guest) -> None:
    for path in (
        "/nothing",
        "/console/nothing",
        "/docs/nothing",
        "/docs/",
        "/docs/assets/nothing.js",
        "/healthz/nothing",
    ):
        page = guest.get(path)

        assert (page.status, page.headers.get_content_type()) == (404, "text/html"), path
        assert b'href="/"' in page.body
        assert service.call("GET", path).refusal == (404, "NOT_FOUND")
    assert service.call("GET", "/v1/nothing", {"Accept": "text/html"}).refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/errors", "/docs/errors.md", "/docs/api", "/llms.txt", "/openapi.json"]
)
def test_what_the_documentation_has_is_there_for_browsers(service: Service, guest: Guest, path: str) -> None:
    assert guest.get(path).body == service.call("GET", path).body


def test_an_unknown_path_is_a_page_where_the_console_does_not_answer_too(service: Service) -> None:
    answer = bare_call(service.port, "GET", "/docs/nothing", {"Host": "goldpan.example", "Accept": "text/html"})

    assert (answer.status, answer.headers.get_content_type()) == (404, "text/html")
    assert b'href="/docs"' in answer.body
    assert b"/static/" not in answer.body


@pytest.mark.parametrize("path", ["/login", "/nothing", "/static/nothing.js", "/"])
def test_every_answer_lets_nothing_of_others_in(guest: Guest, path: str) -> None:
    headers = guest.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Trace-Id"])


def test_the_cookie_is_nothing_that_a_script_or_another_site_gets(service: Service) -> None:
    cookie = Guest(service).sign_in(new_user(service, "alice")).headers["Set-Cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie


@pytest.mark.parametrize("body", [b"\xff=1", b"a=%ff", b"name=%00", b"a=1&" * 200])
def test_a_form_that_is_none_is_refused(guest: Guest, service: Service, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

    assert bare_call(service.port, "POST", "/login", headers, body).status == 400


def test_a_form_has_a_largest_size(service: Service) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

    assert bare_call(service.port, "POST", "/login", headers, b"a=" + b"x" * 70_000).status == 413


# --- account groups -----------------------------------------------------------------------------------------------


def test_another_tenants_pages_are_not_there(service: Service, alice: Caller) -> None:
    mallory = new_caller(service, "Mallory")
    guest = signed_in(service, "mallory", "operator", mallory)
    assert guest.get(pages(mallory, "jobs")).status == 200

    foreign, unknown = guest.get(pages(alice, "jobs")), guest.get(f"/accounts/{NOBODYS_ID}/jobs")

    assert foreign.status == unknown.status == 404
    without_trace = [re.sub("[0-9a-f]{32}", "", text(answer)) for answer in (foreign, unknown)]
    assert without_trace[0] == without_trace[1]
    assert "Alice" not in without_trace[0]


def test_the_start_leads_to_the_account_group_that_was_looked_at_last(service: Service, alice: Caller) -> None:
    bob = new_caller(service, "Bob")
    guest = signed_in(service, "carol", "viewer", alice, bob)
    for caller in (alice, bob, alice):
        guest.get(pages(caller, "jobs"))

        assert guest.get("/").headers["Location"] == pages(caller, "jobs")


def test_whoever_reaches_no_account_group_learns_how_to_make_one(service: Service, alice: Caller) -> None:
    guest = signed_in(service, "carol", "viewer", alice)
    from goldpan.storage.console_tables import CONSOLE_USER_ACCOUNT_GROUP as REACHED

    with service.toolbox.database.write() as tx:
        tx.execute(REACHED.delete().where(REACHED.c.account_group_id == alice.account_group_id))

    assert "goldpan account create" in text(guest.get("/"))


def test_behind_https_the_cookie_and_the_host_are_bound_to_it(service: Service) -> None:
    name = new_user(service, "alice")
    headers = {
        "Host": "goldpan.example.com",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": "https://goldpan.example.com",
    }

    answer = bare_call(
        service.port, "POST", "/login", headers, urlencode({"name": name, "password": PASSWORD}).encode()
    )

    assert answer.status == 303
    assert re.match(r"__Host-sid=\S{43}; ", answer.headers["Set-Cookie"])
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
