"""People at the console: a browser without scripts that is signed in, and account groups full of jobs."""

import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from goldpan.domain.console_rules import TOKEN_BYTES, ConsoleRole, hash_token, name_key
from goldpan.operations.console_access_operations import Invitation, make_link
from goldpan.operations.password_hashing import hash_password
from goldpan.storage import audience_table, console_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Tx
from goldpan.storage.tables import JOB
from tests.cast import SEARCH_URL, Caller, now_ms, stored_job
from tests.service import Answer, Service, bare_call

PASSWORD = "a river of small stones"
COOKIE = "sid"  # over http at this machine
HOSTILE_NAME = "<script>alert('x')</script> \"onload=alert(1) ＝cmd|' /C calc'!A0 \u202egnp.exe"

LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1360, "height": 850}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1360, "height": 850}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 780}, "color_scheme": "light"},
    "zoomed": {"viewport": {"width": 680, "height": 425}, "color_scheme": "light", "device_scale_factor": 2},
}
"""How a browser stands before somebody."""


@dataclass
class Guest:
    """A browser at the console: it keeps cookies, and follows no redirect by itself."""

    service: Service
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, /, **headers: str) -> Answer:
        return self._call("GET", path, None, headers)

    def post(self, path: str, fields: dict[str, str] | None = None, /, **headers: str) -> Answer:
        """Send a form, as a page of the console would."""
        sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._call("POST", path, urlencode(fields or {}).encode(), sent | named)

    def send_file(self, path: str, content: str | bytes, /, **headers: str) -> Answer:
        """Send a file as the body, as the script of the console's page would."""
        sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/octet-stream"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._call("POST", path, content if isinstance(content, bytes) else content.encode(), sent | named)

    def sign_in(self, name: str, password: str = PASSWORD, **headers: str) -> Answer:
        return self.post("/login", {"name": name, "password": password}, **headers)

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        sent = {"Accept": "text/html", **self.headers, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {name: value for name, value in sent.items() if value}
        answer = bare_call(self.service.port, method, path, sent, body)
        for header in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer


def new_user(service: Service, name: str, role: str = "owner", *groups: Caller) -> str:
    """Let somebody of that name have a password, and return the name: nobody else has it in this database."""
    name = f"{name} {service.toolbox.new_id()}"
    invitation = Invitation(name, ConsoleRole(role), tuple(group.account_group_id for group in groups))
    make_link(service.toolbox, invitation)
    with service.toolbox.database.write() as tx:
        console_table.set_password(tx, _user_id(tx, name), _password_hash())
    return name


def signed_in(service: Service, name: str, role: str = "owner", *groups: Caller) -> Guest:
    """Return the browser of somebody new, who is signed in."""
    return Guest(service, cookies={COOKIE: new_session(service, new_user(service, name, role, *groups))})


def new_session(service: Service, name: str) -> str:
    """Sign somebody in past the page, which lets nobody do so more often than people do."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with service.toolbox.database.write() as tx:
        console_table.add_session(tx, hash_token(token), _user_id(tx, name), service.toolbox.now_ms())
    return token


def _user_id(tx: Tx, name: str) -> str:
    user = console_table.find_user(tx, name_key(name))
    assert user is not None
    return user.id


@cache
def _password_hash() -> str:
    """Slow on purpose: once is enough for everybody in a run."""
    return hash_password(PASSWORD)


def pages(caller: Caller, *steps: str) -> str:
    return "/".join(["", "accounts", caller.account_group_id, *steps])


def store_many_jobs(caller: Caller, count: int, audience_name: str = "Founders in Berlin") -> None:
    """Write so many jobs that have ended, one a minute until now, with what started them."""
    toolbox = caller.service.toolbox
    group_id, audience_id, start_ms = caller.account_group_id, toolbox.new_id(), now_ms() - count * 60_000
    own = toolbox.new_id()[:8] + secrets.token_hex(4)  # two calls within a second have ids of their own
    one = stored_job(group_id, own, audience_id, start_ms, "completed")
    columns = {column.name: f":{column.name}" for column in JOB.c} | _VARIED
    # By the database itself: a hundred thousand rows from here would take a minute.
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
    is_sqlite = toolbox.database.dialect.is_sqlite
    tail = "printf('%08x', n)" if is_sqlite else "lpad(to_hex(n), 8, '0')"
    columns["id"] = f":id || {tail}"
    values = {column.name: getattr(one, column.name) for column in JOB.c}
    with toolbox.database.write() as tx:
        audience = Audience(audience_id, group_id, audience_name, "linkedin_search", False, 0, 0, start_ms)
        audience_table.add(tx, group_id, audience)
        insert = f"INSERT INTO job ({', '.join(columns)}) {numbers} SELECT {', '.join(columns.values())} FROM numbers"
        given = {name: values[name] for name in columns if f":{name}" in columns[name].split(" ||")[0].split()}
        statement = sa.text(insert).bindparams(*(sa.bindparam(name, type_=JOB.c[name].type) for name in given))
        tx.execute(statement, {**given, "start_ms": start_ms, "count": count})
        words = "CASE n % 3 WHEN 0 THEN 'head of sales' WHEN 1 THEN 'founder OR co-founder' ELSE 'supply chain' END"
        request = f"replace(:request, '{_WORDS}', {words})"
        inputs = f"INSERT INTO job_input (job_id, account_group_id, request_json) {numbers}"
        inputs += f" SELECT :id || {tail}, :group_id, {request} FROM numbers"
        url = f"{SEARCH_URL}{_WORDS}"
        start = json.dumps({"source": "linkedin_search", "searchUrl": url})
        tx.execute(sa.text(inputs), {"id": own, "group_id": group_id, "request": start, "count": count})
        tx.execute(sa.text("ANALYZE" if is_sqlite else "ANALYZE job"))  # as a server's database does after a while


_WORDS = "WORDS"
_STATUS = "CASE n % 6 WHEN 4 THEN 'failed' WHEN 5 THEN 'cancelled' ELSE 'completed' END"
_PEOPLE = "(n % 90 + 10)"
_IS_DONE = "n % 6 < 4"
_ENDED = f"CAST(:start_ms AS BIGINT) + CAST(n AS BIGINT) * 60000 + 800 + {_PEOPLE} * 950"
_VARIED = {
    "status": _STATUS,
    "created_ms": "CAST(:start_ms AS BIGINT) + CAST(n AS BIGINT) * 60000",
    "updated_ms": _ENDED,
    "started_ms": "CAST(:start_ms AS BIGINT) + CAST(n AS BIGINT) * 60000 + 800",
    "finished_ms": _ENDED,
    "import_status": _STATUS,
    "enrichment_status": _STATUS,
    "import_progress": f"CASE WHEN {_IS_DONE} THEN 1.0 ELSE 0.42 END",
    "enrichment_progress": f"CASE WHEN {_IS_DONE} THEN 1.0 ELSE 0.17 END",
    "people_enriched": _PEOPLE,
    "found": _PEOPLE,
    "imported": f"{_PEOPLE} - 10",
    "known": "10",
    "total_available": f"CASE WHEN {_IS_DONE} THEN {_PEOPLE} ELSE 240 END",
    "credits_reserved": "100",
    "credits_spent": f"{_PEOPLE} - 10",
    "stop_reason": "CASE n % 6 WHEN 4 THEN 'upstream_failed' WHEN 5 THEN 'cancelled' ELSE 'source_exhausted' END",
    "error_code": "CASE n % 6 WHEN 4 THEN 'UPSTREAM_ERROR' END",
    "error_message": "CASE n % 6 WHEN 4 THEN 'The provider did not answer four times in a row.' END",
}
"""What differs from one of the many jobs to the next, in SQL; `n` is its number."""
