"""Uploading files of people over HTTP: what is read, what is refused, and what is told of it afterwards."""

import csv
import fcntl
import io
import socket
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from goldpan import assembly
from goldpan.api.request_file import remove_left_files
from goldpan.assembly.parts import max_file_bytes
from goldpan.contract.permission_catalogue import Permission
from goldpan.settings import read_settings
from tests.cast import NOBODYS_ID, Caller, new_caller
from tests.people_file_samples import (
    ADA,
    ADA_ID,
    APOLLO_HEADER,
    HEADER,
    PREAMBLE,
    SALES_NAVIGATOR_HEADER,
    row_of,
)
from tests.processes import Goldpan
from tests.service import PATIENCE_SECONDS, Answer, Json, Service, until

FILE_LIMIT = 64 * 1024 * 1024
CONNECTIONS = PREAMBLE + HEADER + ADA
BOB = "Bob,Marley,https://evil.example/in/bob,,Acme,CTO,15 Mar 2024\r\n"


def upload(caller: Caller, content: str | bytes, content_type: str = "text/csv", **more: str) -> Answer:
    body = content if isinstance(content, bytes) else content.encode()
    query = f"?name={more.pop('name')}" if "name" in more else ""
    return caller.call("POST", f"{caller.group}/files{query}", body, content_type=content_type, **more)


def uploaded(caller: Caller, content: str | bytes, content_type: str = "text/csv") -> Json:
    answer = upload(caller, content, content_type)
    assert answer.status == 201, answer
    return answer.data


def head(caller: Caller, *lines: str) -> bytes:
    """Return the head of an upload, to be followed by whatever bytes a test sends."""
    first = f"POST {caller.group}/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {caller.key}\r\n"
    return (first + "".join(line + "\r\n" for line in lines) + "\r\n").encode()


def connected(caller: Caller) -> socket.socket:
    return socket.create_connection(("127.0.0.1", caller.service.port), timeout=PATIENCE_SECONDS)


def begun_upload(caller: Caller) -> socket.socket:
    """Return the connection of an upload that holds its place: it was told to go on, and has sent a single byte."""
    connection = connected(caller)
    connection.sendall(head(caller, "Content-Type: text/csv", "Content-Length: 1000", "Expect: 100-continue"))
    assert connection.recv(100).startswith(b"HTTP/1.1 100")
    connection.sendall(b"a")
    return connection


def files_under_way(temporary: Path) -> list[Path]:
    return list(temporary.glob("goldpan-upload-*"))


def stored(service: Service) -> list[int]:
    """Return how many files and rows the database holds."""
    with service.toolbox.database.read() as tx:
        tables = ("uploaded_file", "uploaded_row")
        return [tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables]


# --- what is read -------------------------------------------------------------------------------------------------


def test_a_file_tells_what_it_was_taken_for_and_whom_it_names(alice: Caller) -> None:
    answer = upload(alice, CONNECTIONS + ADA + BOB + ",,,,,,\r\n", name="Connections.csv")

    assert answer.status == 201
    file = answer.data
    assert (file["name"], file["dialect"]) == ("Connections.csv", "LinkedIn Connections.csv")
    assert {"column": "URL", "field": "profile_url"} in file["mapping"]
    assert {"column": "Connected On", "field": None} in file["mapping"]
    counts = [file[name] for name in ("rows", "people", "distinct", "empty", "rejected")]
    assert counts == [4, 2, 1, 1, 1]
    assert [person["publicIdentifier"] for person in file["preview"]] == ["ada-l", "ada-l"]
    assert file["preview"][0] | {"name": "Ada Lovelace", "title": "CTO", "companyName": "Acme"} == file["preview"][0]
    [reject] = file["rejects"]
    assert reject["line"] == 7
    assert "evil.example" in reject["reason"]


def zipped(content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Basic_LinkedInDataExport/Connections.csv", content)
        archive.writestr("Basic_LinkedInDataExport/Profile.csv", "First Name\r\nAlice\r\n")
    return packed.getvalue()


SALES_NAVIGATOR = row_of(
    SALES_NAVIGATOR_HEADER, vmid=ADA_ID, fullName="Ada L", defaultProfileUrl="https://www.linkedin.com/in/ada-l"
)
APOLLO = row_of(APOLLO_HEADER, **{"First Name": "Ada", "Person Linkedin Url": "http://linkedin.com/in/ada-l"})


@pytest.mark.parametrize(
    ("content", "content_type", "dialect"),
    [
        (zipped(CONNECTIONS), "application/zip", "LinkedIn Connections.csv"),
        (zipped(CONNECTIONS), "application/x-zip-compressed", "LinkedIn Connections.csv"),
        (zipped(CONNECTIONS), "application/octet-stream", "LinkedIn Connections.csv"),
        (SALES_NAVIGATOR, "text/csv; charset=utf-8; header=present", "PhantomBuster Sales Navigator export"),
        (APOLLO, "Text/CSV", "Apollo"),
        ("https://www.linkedin.com/in/ada-l", "text/plain", "list of profile URLs"),
        ("Ada <linkedin.com/in/ada-l>;\r\n\r\n", "text/plain", "list of profile URLs"),
        ("name\tlinkedin url\nAda\tlinkedin.com/in/ada-l\n", "text/tab-separated-values", "CSV"),
        (b"\xef\xbb\xbf" + CONNECTIONS.encode(), "text/csv", "LinkedIn Connections.csv"),
        (CONNECTIONS.encode("utf-16"), "text/csv", "LinkedIn Connections.csv"),
    ],
    ids=["zip", "x-zip", "binary", "PhantomBuster", "Apollo", "list", "names", "tabs", "BOM", "UTF-16"],
)
def test_every_kind_of_file_is_read(alice: Caller, content: str | bytes, content_type: str, dialect: str) -> None:
    file = uploaded(alice, content, content_type)

    assert file["dialect"] == dialect
    assert [person["publicIdentifier"] for person in file["preview"]] == ["ada-l"]


def test_parquet_is_read(alice: Caller, tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "people.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'linkedin.com/in/ada-l' AS linkedin_url) TO '{path}' (FORMAT parquet)")

    file = uploaded(alice, path.read_bytes(), "application/vnd.apache.parquet")

    assert (file["dialect"], file["people"]) == ("Parquet", 1)


def test_somebody_without_a_profile_gets_an_id(alice: Caller) -> None:
    file = uploaded(alice, "Name,Email\nAda,ada@example.com\nAda,ada@example.com\nBob,bob@example.com\n")

    ids = [person["providerId"] for person in file["preview"]]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("directory-")
    assert (file["people"], file["distinct"]) == (3, 2)


def test_a_file_in_chunks_is_read_as_one(alice: Caller) -> None:
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in CONNECTIONS.encode()) + b"0\r\n\r\n"

    assert upload(alice, chunks, transfer_encoding="chunked").status == 201


def test_a_file_that_comes_slowly_keeps_nobody_waiting(alice: Caller) -> None:
    content = CONNECTIONS.encode()
    with connected(alice) as slow:
        slow.sendall(head(alice, "Content-Type: text/csv", f"Content-Length: {len(content)}") + content[:50])
        assert alice.get(alice.jobs).status == 200
        assert upload(alice, CONNECTIONS).status == 201
        slow.sendall(content[50:])

        assert slow.recv(12) == b"HTTP/1.1 201"


def test_an_account_group_may_send_four_files_at_once_and_who_goes_away_makes_room(alice: Caller) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(begun_upload(alice)) for _ in range(4)]

        refused = upload(alice, CONNECTIONS)
        with_another_key = upload(alice.with_key(), CONNECTIONS)
        other = upload(new_caller(alice.service, "bob"), CONNECTIONS)
        slow[0].close()

        assert (refused.refusal, refused.headers["Retry-After"]) == ((429, "RATE_LIMITED"), "5")
        assert "4 files under way" in refused.details
        assert with_another_key.status == 429
        assert other.status == 201
        until(lambda: upload(alice, CONNECTIONS).status == 201)


def test_so_many_files_are_under_way_at_once_and_no_more(alice: Caller) -> None:
    callers = [new_caller(alice.service, name) for name in ("bob", "carol", "dave", "erin", "frank")]
    with ExitStack() as stack:
        for caller in (callers * 4)[:16]:
            stack.enter_context(begun_upload(caller))

        refused = upload(alice, CONNECTIONS)

        assert (refused.refusal, refused.headers["Retry-After"]) == ((503, "SERVICE_UNAVAILABLE"), "5")
        assert alice.get(alice.jobs).status == 200

    until(lambda: upload(alice, CONNECTIONS).status == 201)


def test_the_same_file_twice_is_two_files(alice: Caller) -> None:
    first, second = uploaded(alice, CONNECTIONS), uploaded(alice, CONNECTIONS)

    assert first["id"] != second["id"]
    assert first | second == second


def test_a_file_without_a_name_is_called_upload(alice: Caller) -> None:
    assert uploaded(alice, CONNECTIONS)["name"] == "upload"


@pytest.mark.parametrize("name", ["%C3%A9t%C3%A9%20%F0%9F%8E%89", "x" * 200])
def test_a_name_is_shown_back(alice: Caller, name: str) -> None:
    answer = upload(alice, CONNECTIONS, name=name)

    assert answer.data["name"] == {"%C3": "été 🎉"}.get(name[:3], name)


@pytest.mark.parametrize("name", ["", "%20", "x" * 201, "a%00", "a%0A", "%C2%85", "%ED%A0%80"])
def test_a_name_that_is_none_is_refused(alice: Caller, name: str) -> None:
    assert upload(alice, CONNECTIONS, name=name).refusal == (400, "VALIDATION_ERROR")


# --- what is told afterwards --------------------------------------------------------------------------------------


def test_the_file_is_told_again(alice: Caller) -> None:
    file = uploaded(alice, CONNECTIONS + BOB)

    assert alice.get(f"{alice.group}/files/{file['id']}").data == file


@pytest.mark.parametrize("rest", ["", "/rejects"])
def test_a_file_is_there_for_its_account_group_alone(alice: Caller, mallory: Caller, rest: str) -> None:
    file_id = uploaded(alice, CONNECTIONS)["id"]
    reader = alice.with_key(Permission.PROSPECTING_READ)

    assert reader.get(f"{alice.group}/files/{file_id}{rest}").status == 200
    foreign = mallory.get(f"{mallory.group}/files/{file_id}{rest}")
    unknown = mallory.get(f"{mallory.group}/files/{NOBODYS_ID}{rest}")
    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.details == unknown.details
    assert alice.get(f"{alice.group}/files/abc{rest}").refusal == (400, "VALIDATION_ERROR")
    assert upload(reader, CONNECTIONS).refusal == (403, "FORBIDDEN")


def test_the_reject_report_holds_every_rejected_row(alice: Caller) -> None:
    file = uploaded(alice, HEADER + ADA + BOB * 2_500)

    report = alice.get(f"{alice.group}/files/{file['id']}/rejects")

    assert report.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(report.body.decode(), newline="")))
    assert lines[0] == ["line", "reason"]
    assert [int(line) for line, _ in lines[1:]] == list(range(3, 2_503))
    assert (len(file["rejects"]), file["rejected"]) == (100, 2_500)


def test_a_report_without_rejects_is_its_head(alice: Caller) -> None:
    file = uploaded(alice, CONNECTIONS)

    assert alice.get(f"{alice.group}/files/{file['id']}/rejects").body == b"line,reason\r\n"


def test_the_reject_report_holds_no_formula(alice: Caller) -> None:
    file = uploaded(alice, "=LinkedIn Url,Name\nlinkedin.com/in/ada-l,Ada\njavascript:alert(1),Bob\n")

    report = alice.get(f"{alice.group}/files/{file['id']}/rejects").body.decode()

    assert file["rejects"][0]["reason"].startswith("=")
    assert list(csv.reader(io.StringIO(report)))[1][1].startswith("'=")


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "what_it_is"),
    [
        (b"", "this file is empty"),
        (b" \r\n\r\n", "this file is empty"),
        (bytes(range(256)) * 40, "this file is not a text file"),
        (b"%PDF-1.7 ...", "this file is a PDF"),
        (b"First Name,Shoe Size\nAda,39\n", "no column that we know; it begins with First Name"),
        (b"PK\x03\x04 and no more", "this file is a damaged zip"),
        (HEADER.encode(), "was read as LinkedIn Connections.csv and names nobody"),
        ((HEADER + BOB).encode(), "names nobody; line 2: URL: `evil.example` is not LinkedIn"),
    ],
    ids=["empty", "blank", "binary", "PDF", "other columns", "zip", "head only", "rejects only"],
)
def test_a_file_that_names_nobody_is_refused_with_what_it_is(alice: Caller, content: bytes, what_it_is: str) -> None:
    before = stored(alice.service)

    answer = upload(alice, content)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert what_it_is in answer.details
    assert "goldpan-upload" not in answer.details
    assert stored(alice.service) == before


def test_a_file_that_breaks_off_leaves_nothing(alice: Caller) -> None:
    packed = zipped(HEADER + "".join(ADA.replace("ada-l", f"ada-{number}") for number in range(9_000)))
    middle = len(packed) // 2
    before = stored(alice.service)

    answer = upload(alice, packed[:middle] + b"\0" * 40 + packed[middle + 40 :], "application/zip")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert stored(alice.service) == before


def test_control_characters_and_formulas_in_cells_are_kept_out_or_kept_as_text(alice: Caller) -> None:
    row = '"A\0da","=HYPERLINK(""http://evil.example"")",linkedin.com/in/ada-l,,"\u202eemcA",+1,15 Mar 2024\r\n'

    [person] = uploaded(alice, HEADER + row)["preview"]

    assert (person["firstName"], person["companyName"]) == ("Ada", "emcA")
    assert person["lastName"] == '=HYPERLINK("http://evil.example")'


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/csvx",
        "text/html",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ],
)
def test_another_type_of_content_is_refused_with_what_to_send(alice: Caller, content_type: str) -> None:
    answer = upload(alice, CONNECTIONS, content_type)

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "curl --data-binary @people.csv" in answer.details


def test_a_file_without_a_type_is_refused(alice: Caller) -> None:
    answer = alice.call("POST", f"{alice.group}/files", CONNECTIONS.encode())

    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_transfer_is_refused(alice: Caller) -> None:
    assert upload(alice, CONNECTIONS, content_encoding="gzip").refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("length", [FILE_LIMIT + 1, 10**30])
def test_a_large_file_is_refused_before_it_was_sent(alice: Caller, length: int) -> None:
    lines = ("Content-Type: text/html", f"Content-Length: {min(length, 2**62)}", "Expect: 100-continue")

    answer = alice.service.send_raw(head(alice, *lines))

    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")


def test_a_large_file_in_chunks_is_refused_as_soon_as_it_is_too_large(alice: Caller) -> None:
    megabyte = b"%x\r\n%s\r\n" % (1024 * 1024, b"a" * 1024 * 1024)
    with connected(alice) as connection:
        connection.sendall(head(alice, "Content-Type: text/csv", "Transfer-Encoding: chunked"))
        for _ in range(65):
            connection.sendall(megabyte)  # and no end

        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_wrong_query_is_refused_before_the_file_was_sent(alice: Caller) -> None:
    request = head(alice, "Content-Type: text/csv", "Content-Length: 1000").replace(b"/files ", b"/files?nam=x ")

    assert alice.service.send_raw(request).refusal == (400, "VALIDATION_ERROR")


def test_a_zip_that_unpacks_to_too_much_is_refused(alice: Caller) -> None:
    packed = bytearray(zipped(CONNECTIONS))
    size = packed.index(b"PK\x01\x02") + 24  # what it claims to unpack to
    packed[size : size + 4] = (513 * 2**20).to_bytes(4, "little")

    answer = upload(alice, bytes(packed), "application/zip")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "unpacks to more than 0.5 GiB" in answer.details


def test_a_file_of_64_mib_is_read_and_left_at_a_million_rows(alice: Caller) -> None:
    before, content = stored(alice.service), CONNECTIONS.encode()

    answer = upload(alice, content + b"\n" * (FILE_LIMIT - len(content)))

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "more than 1,000,000 rows" in answer.details
    assert stored(alice.service) == before


# --- whoever goes away --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_client_that_goes_away_in_the_middle_leaves_nothing(alice: Caller, chunked: bool) -> None:
    before = stored(alice.service)
    encoding = "Transfer-Encoding: chunked" if chunked else "Content-Length: 3000000"
    piece = b"%x\r\n%s\r\n" % (2_000_000, b"a" * 2_000_000) if chunked else b"a" * 2_000_000
    with connected(alice) as connection:
        connection.sendall(head(alice, "Content-Type: text/csv", encoding) + piece)
        [file] = until(lambda: [path for path in files_under_way(alice.service.temporary) if path.stat().st_size])
        assert file.stat().st_mode & 0o777 == 0o600

    until(lambda: not file.exists())
    assert stored(alice.service) == before


def test_a_body_that_is_shorter_than_it_says_is_no_file(alice: Caller) -> None:
    before, content = stored(alice.service), CONNECTIONS.encode()
    with connected(alice) as connection:
        connection.sendall(head(alice, "Content-Type: text/csv", f"Content-Length: {len(content) + 1}") + content)
        connection.shutdown(socket.SHUT_WR)

        assert connection.recv(100) == b""

    assert stored(alice.service) == before


def test_what_follows_a_body_that_is_longer_than_it_says_is_no_request(alice: Caller) -> None:
    content = CONNECTIONS.encode()
    request = head(alice, "Content-Type: text/csv", f"Content-Length: {len(content)}") + content + b"rest of it\r\n\r\n"

    assert alice.service.send_raw(request).status == 400


def test_nothing_stays_in_the_temporary_folder(alice: Caller) -> None:
    requests: list[Callable[[], Answer]] = [
        lambda: upload(alice, CONNECTIONS),
        lambda: upload(alice, b""),
        lambda: upload(alice, bytes(range(256))),
    ]

    for request in requests:
        request()

    assert files_under_way(alice.service.temporary) == []


def test_what_a_killed_process_left_is_removed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = ("left", "in_use", "empty")
    left, in_use, empty = (tmp_path / f"goldpan-upload-{name}" for name in names)
    other, link = tmp_path / "other", tmp_path / "goldpan-upload-link"
    for path in (left, in_use, other):
        path.write_text("people")
    empty.touch()
    link.symlink_to(other)
    with in_use.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        remove_left_files()

    assert sorted(tmp_path.iterdir()) == sorted([in_use, empty, other, link])


NO_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))"


def test_a_disk_without_room_is_told_with_503_and_leaves_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with Goldpan(tmp_path, settings={"TMPDIR": str(temporary)}) as goldpan:
        goldpan.serve(NO_ROOM)
        group = f"http://127.0.0.1:{goldpan.port}/v1/accounts/{goldpan.keys.account_group_id}"
        headers = {"Authorization": f"Bearer {goldpan.keys.live}", "Content-Type": "text/csv"}

        answer = httpx2.post(f"{group}/files", content=b"a" * 4_000_000, headers=headers, trust_env=False)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert files_under_way(temporary) == []


# --- the operator's limit -----------------------------------------------------------------------------------------


def test_the_operator_says_how_large_a_file_may_be(tight_service: Service) -> None:
    alice = new_caller(tight_service, "alice")
    content = CONNECTIONS.encode()

    assert upload(alice, content + b"\n" * (1000 - len(content))).status == 201
    answer = upload(alice, content + b"\n" * (1001 - len(content)))
    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")
    assert answer.details == "the file must be at most 1000 bytes"


@pytest.mark.parametrize("size", ["0", "-1", "64 MiB", "1e6", "1.5"])
def test_a_limit_that_is_no_number_of_bytes_is_refused_by_its_name(size: str) -> None:
    with pytest.raises(assembly.CannotStart, match="GOLDPAN_MAX_FILE_BYTES"):
        max_file_bytes(read_settings({"GOLDPAN_MAX_FILE_BYTES": size}))
