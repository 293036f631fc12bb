"""Exports over the wire: whatever the format, they hold the audience as its list shows it, each person once."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from goldpan.api.export_presets import COLUMNS
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.paging import parse_time
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.spreadsheet_rules import neutralise, neutralise_in_csv
from goldpan.operations.account_operations import revoke_key
from goldpan.storage.tables import AUDIENCE
from tests.cast import NOBODYS_ID, Caller, new_caller
from tests.export_readers import READERS, Row, read_csv, read_parquet
from tests.processes import bound
from tests.service import PATIENCE_SECONDS, Answer, Json, running, until
from tests.stored_people import people, store_audience

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}

NEUTRALISE = {"csv": neutralise_in_csv, "xlsx": neutralise}

COUNT = 30
MORE_THAN_BUFFERS_HOLD = 6_000
LAST_CHUNK = b"\r\n0\r\n\r\n"


@pytest.fixture
def audience_id(alice: Caller) -> str:
    return stored(alice, COUNT)


def stored(caller: Caller, count: int) -> str:
    return store_audience(caller.service.toolbox, caller.account_group_id, people(count)).id


def export(caller: Caller, audience_id: str, query: str = "", method: str = "GET") -> Answer:
    return caller.call(method, f"{caller.group}/audiences/{audience_id}/export{query}")


def flat(item: Json) -> Row:
    """Return a person of the list as a row: the company's fields beside the others, without provenance."""
    company = {f"company{name[0].upper()}{name[1:]}": value for name, value in item["company"].items()}
    return {name: value for name, value in item.items() if name not in ("company", "provenance")} | company


def flat_texts(item: Json, format_: str) -> Row:
    """Return a person as a spreadsheet shows them."""
    words = {None: "", True: "true", False: "false"}
    return {name: words[value] if value in words else NEUTRALISE[format_](value) for name, value in flat(item).items()}


@pytest.mark.parametrize("format_", ExportFormat)
def test_an_export_is_a_file_to_keep(alice: Caller, audience_id: str, format_: str) -> None:
    answer = export(alice, audience_id, f"?format={format_}")

    assert answer.status == 200
    assert answer.headers.get_all("Content-Type") == [MEDIA_TYPES[format_]]
    assert answer.headers.get_all("Content-Disposition") == [f'attachment; filename="audience-{audience_id}.{format_}"']
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["RateLimit"]
    assert answer.headers["X-Trace-Id"]


def test_jsonl_has_the_very_items_of_the_list(alice: Caller, audience_id: str) -> None:
    lines = export(alice, audience_id, "?format=jsonl").body.split(b"\n")

    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == alice.prospects(audience_id)
    page = alice.get(f"{alice.group}/audiences/{audience_id}/prospects?limit=1")
    assert page.body.startswith(b'{"success":true,"data":{"items":[' + lines[0] + b"]")


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_spreadsheet_holds_everybody_as_text(alice: Caller, audience_id: str, format_: str) -> None:
    rows = READERS[format_](export(alice, audience_id, f"?format={format_}").body)

    expected = [flat_texts(item, format_) for item in alice.prospects(audience_id)]
    if format_ == "xlsx":  # a line break within a cell is LF there
        expected = [{name: cell.replace("\r\n", "\n") for name, cell in row.items()} for row in expected]
    assert rows == expected
    assert len(rows) == COUNT
    assert "'=1+1" in {row["firstName"] for row in rows}


def test_parquet_holds_everybody_raw_and_typed(alice: Caller, audience_id: str) -> None:
    rows = read_parquet(export(alice, audience_id, "?format=parquet").body)

    expected = [flat(item) for item in alice.prospects(audience_id)]
    for row in expected:
        row["importedAt"] = parse_time(row["importedAt"])
    assert rows == expected
    assert "=1+1" in {row["firstName"] for row in rows}


def test_csv_is_the_default(alice: Caller, audience_id: str) -> None:
    assert export(alice, audience_id).body == export(alice, audience_id, "?format=csv&preset=plain").body


def test_csv_is_as_rfc_4180_says_and_as_excel_needs_it(alice: Caller) -> None:
    body = export(alice, stored(alice, 1)).body

    header, row, rest = body.split(b"\r\n", 1)[0], body.split(b"\r\n", 1)[1], body[-2:]
    assert header.startswith("\ufeffid,firstName,lastName,".encode())
    assert b'"Line one,\r\n""line 0"" <&>"' in row
    assert rest == b"\r\n"


@pytest.mark.parametrize("format_", ExportFormat)
def test_an_audience_of_nobody_is_a_whole_file_too(alice: Caller, format_: str) -> None:
    body = export(alice, stored(alice, 0), f"?format={format_}").body

    assert (body if format_ == "jsonl" else READERS[format_](body)) in (b"", [])


def test_a_preset_chooses_the_columns(alice: Caller, audience_id: str) -> None:
    rows = read_csv(export(alice, audience_id, "?preset=hubspot").body)

    assert {tuple(row) for row in rows} == {tuple(column.name for column in COLUMNS[ExportPreset.HUBSPOT])}
    assert len(rows) == COUNT


# --- who may, and what is refused ---------------------------------------------------------------------------------


def test_head_answers_headers_only(alice: Caller, audience_id: str) -> None:
    get, head = (export(alice, audience_id, "?format=xlsx", method) for method in ("GET", "HEAD"))

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["Content-Disposition"] == get.headers["Content-Disposition"]
    assert head.headers["Content-Length"] is None


def test_an_export_needs_the_permission_to_read_prospects(alice: Caller, audience_id: str) -> None:
    others = set(Permission) - {Permission.PROSPECTS_READ}

    assert export(alice.with_key(Permission.PROSPECTS_READ), audience_id).status == 200
    assert export(alice.with_key(*others), audience_id).refusal == (403, "FORBIDDEN")


def test_the_audience_of_a_stranger_does_not_exist(alice: Caller, mallory: Caller, audience_id: str) -> None:
    foreign, unknown = export(mallory, audience_id), export(mallory, NOBODYS_ID)

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error


def test_a_deleted_audience_does_not_exist(alice: Caller, audience_id: str) -> None:
    with alice.service.toolbox.database.write() as tx:
        tx.execute(AUDIENCE.update().where(AUDIENCE.c.id == audience_id).values(deleted_ms=1))

    assert export(alice, audience_id).refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("format_", ExportFormat)
def test_an_audience_that_a_job_fills_is_not_ready(alice: Caller, format_: str) -> None:
    sandbox = alice.sandbox()
    job_id = sandbox.start_search("cto total:100 pace:60000")

    during = export(alice, sandbox.job(job_id)["audienceId"], f"?format={format_}")
    sandbox.cancel(job_id)

    assert during.refusal == (409, "AUDIENCE_NOT_READY")
    assert during.headers["Content-Disposition"] is None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?format=pdf", "format"),
        ("?format=CSV", "format"),
        ("?format=", "format"),
        ("?format=csv&format=csv", "format"),
        ("?preset=salesforce", "preset"),
        ("?preset=", "preset"),
        ("?format=jsonl&preset=hubspot", "preset"),
        ("?limit=10", "limit"),
    ],
)
def test_a_wrong_parameter_is_named(alice: Caller, query: str, name: str) -> None:
    answer = export(alice, NOBODYS_ID, query)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("query", name)]


def test_a_malformed_audience_id_is_named(alice: Caller) -> None:
    answer = export(alice, "0" * 23)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [field["name"] for field in answer.error["fields"]] == ["audienceId"]


def test_an_export_is_one_request_of_the_limit(alice: Caller, audience_id: str) -> None:
    first, second = export(alice, audience_id), export(alice, audience_id)

    left = [int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in (first, second)]
    assert left[0] - left[1] == 1


# --- readers that are slow, or leave ------------------------------------------------------------------------------


def test_a_reader_who_leaves_ends_the_work(alice: Caller) -> None:
    audience_id = stored(alice, MORE_THAN_BUFFERS_HOLD)
    path = f"{alice.group}/audiences/{audience_id}/export"
    before = alice.service.log.stat().st_size

    with start_reading(alice, f"{path}?format=jsonl") as reader:
        assert reader.recv(12) == b"HTTP/1.1 200"

    until(lambda: f'"path":"{path}"' in alice.service.log.read_text()[before:])


def test_an_export_breaks_off_when_its_key_is_revoked(alice: Caller) -> None:
    path = f"{alice.group}/audiences/{stored_writers(alice)}/export?format=jsonl"
    key_id, key = alice.new_key()

    with start_reading(replace(alice, key=key), path) as reader:
        assert reader.recv(12) == b"HTTP/1.1 200"
        revoke_key(alice.service.toolbox, key_id)
        end = read_to_the_end(reader)

    assert end[-len(LAST_CHUNK) :] != LAST_CHUNK


def test_an_export_breaks_off_when_the_server_stops(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        alice = new_caller(service, "alice")
        path = f"{alice.group}/audiences/{stored_writers(alice)}/export?format=jsonl"
        with start_reading(alice, path) as reader:
            assert reader.recv(12) == b"HTTP/1.1 200"
            service.processes[0].terminate()
            service.processes[0].wait(bound(5))
            end = read_to_the_end(reader)

    assert end[-len(LAST_CHUNK) :] != LAST_CHUNK


def test_a_key_has_ten_exports_under_way_at_most(alice: Caller) -> None:
    audience_id = stored(alice, MORE_THAN_BUFFERS_HOLD)
    path = f"{alice.group}/audiences/{audience_id}/export?format=jsonl"

    with ExitStack() as stack:
        readers = [stack.enter_context(start_reading(alice, path)) for _ in range(10)]
        assert {reader.recv(12) for reader in readers} == {b"HTTP/1.1 200"}
        refused, other = export(alice, audience_id), export(alice.with_key(), audience_id)

    assert (refused.refusal, refused.headers["Retry-After"]) == ((429, "RATE_LIMITED"), "5")
    assert other.status == 200
    until(lambda: export(alice, audience_id).status == 200)


def test_others_are_answered_while_slow_readers_wait(alice: Caller) -> None:
    audience_id = stored(alice, MORE_THAN_BUFFERS_HOLD)
    path = f"{alice.group}/audiences/{audience_id}/export?format=jsonl"
    callers = [alice.with_key() for _ in range(5)]

    with ExitStack() as stack:
        opened = [start_reading(caller, path) for caller in callers for _ in range(9)]  # more than there are threads
        readers = [stack.enter_context(reader) for reader in opened]
        assert {reader.recv(12) for reader in readers} == {b"HTTP/1.1 200"}
        assert alice.get(alice.jobs).status == 200
        assert alice.start(source="url_upload", urls=["linkedin.com/in/ada"]).status == 202
        assert export(alice, stored(alice, COUNT)).status == 200


def stored_writers(caller: Caller) -> str:
    """Store an audience of people who wrote so much of themselves that no connection's buffers hold them."""
    writers = [replace(one, about="x" * 5_000) for one in people(3_000)]
    return store_audience(caller.service.toolbox, caller.account_group_id, writers).id


def read_to_the_end(reader: socket.socket) -> bytes:
    """Read without haste until the other side ends the connection; return the last piece."""
    pieces = [b""]

    def has_ended() -> bool:
        try:
            piece = reader.recv(16_384)
        except ConnectionResetError:
            return True
        pieces.append((pieces[-1] + piece)[-100:])
        return not piece

    until(has_ended)
    return pieces[-1]


@contextmanager
def start_reading(caller: Caller, target: str) -> Iterator[socket.socket]:
    """Ask for an export on a connection that holds little, of which nobody has read anything yet."""
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(PATIENCE_SECONDS)
        reader.connect(("127.0.0.1", caller.service.port))
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {caller.key}\r\n\r\n"
        reader.sendall(head.encode())
        yield reader


# --- the docs -----------------------------------------------------------------------------------------------------


def test_the_docs_name_every_format_preset_and_column() -> None:
    docs = (Path(__file__).parent.parent / "docs" / "exports.md").read_text()

    assert [name for name in (*ExportFormat, *ExportPreset) if f"`{name}`" not in docs] == []
    for columns in COLUMNS.values():
        assert [column.name for column in columns if f"`{column.name}`" not in docs] == []
