"""People files with broken rows, hostile cells and foreign contents: what is refused, where, and what still is read."""

from pathlib import Path

import pytest

from goldpan.providers.people_file_sources import InvalidPeopleFile
from goldpan.providers.people_files import read_people
from tests.people_file_samples import ADA, HEADER, PREAMBLE, read, reasons, zip_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_one_damaged_letter_does_not_turn_the_rest_to_gibberish(file: Path) -> None:
    content = (HEADER + ADA.replace("Lovelace", "Müller") * 5).encode() + b"Bob,\xff,,bob@acme.example,,,\n"

    rows = read(file, content)

    assert [row.person.person.last_name for row in rows if row.person][:2] == ["Müller", "Müller"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Eve,X,javascript:alert(1),,Acme,CTO,", "`javascript:`"),
        ("Eve,X,https://www.linkedin.com.evil.example/in/x,,Acme,CTO,", "is not LinkedIn"),
        ("Eve,X,https://evil.example/in/x,,Acme,CTO,", "is not LinkedIn"),
        ("Eve,X,https://www.linkedin.com/company/acme,,,CTO,", "a company page"),
        ("Eve,X,not an address,,,CTO,", "URL: "),
        ("Eve,X,https://linkedin.com@evil.example/x,eve@acme.example,Acme,CTO,", "a user name before an @"),
        ("Eve,X,https://www.1inkedin.com/x,eve@acme.example,Acme,CTO,", "is not LinkedIn"),
        ("Eve,X,=HYPERLINK(https://www.linkedin.com/in/x),,Acme,CTO,", "URL: "),
        ("Eve,X,,not an address,,CTO,", "neither a profile URL"),
        (",,,,Acme,CTO,", "neither a profile URL"),
        ("Eve,X,linkedin.com/in/eve,,Acme,CTO,,one,more", "9 columns where the header has 7"),
        ('Eve,"X"Y,linkedin.com/in/eve,,Acme,CTO,', "not well-formed CSV"),
        (f"Eve,X,linkedin.com/in/eve,,{'a' * 10_001},CTO,", "longer than 10,000 characters"),
        (f"Eve,X,linkedin.com/in/eve,,{'a' * 2_000_000},CTO,", "not well-formed CSV"),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_the_next_one_read(file: Path, row: str, reason: str) -> None:
    rows = read(file, PREAMBLE + HEADER + ADA + row + "\r\n" + ADA.replace("ada", "bob"))

    assert list(reasons(rows)) == [6]
    assert reason in reasons(rows)[6]
    assert [row.line_number for row in rows if row.person] == [5, 7]


def test_a_quote_that_is_never_closed_costs_one_row(file: Path) -> None:
    rows = read(file, HEADER + 'Eve,"X,linkedin.com/in/eve,,,,\n' + ADA * 3)

    assert list(reasons(rows)) == [2]
    assert [row.line_number for row in rows if row.person] == [3, 4, 5]


def test_lines_of_a_list_that_are_no_profile_are_rejected(file: Path) -> None:
    rows = read(
        file,
        "profileUrl\nhttps://www.linkedin.com/in/alice\nhello\njavascript:alert(1)\n"
        "https://www.linkedin.com.evil.example/in/x\nhttps://www.linkedin.com/company/acme\n",
    )

    assert list(reasons(rows)) == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.csv": HEADER, "b/c.csv": HEADER}, "several CSVs.*a.csv, b/c.csv"),
        ({"a.txt": ""}, "without a CSV"),
        ({"xl/workbook.xml": "", "x.csv": HEADER}, "save it as CSV"),
    ],
)
def test_a_zip_without_one_obvious_csv_says_what_it_holds(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidPeopleFile, match=message):
        read_people(zip_of(tmp_path / "people.zip", **files))


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "bomb.zip", **{"Connections.csv": HEADER})
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (2**31 + 1).to_bytes(4, "little")  # the size it claims to unpack to
    path.write_bytes(content)

    with pytest.raises(InvalidPeopleFile, match="more than 2 GiB"):
        read_people(path)


def test_a_damaged_zip_is_no_crash(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "people.zip", **{"Connections.csv": HEADER + ADA * 9_000})
    content = bytearray(path.read_bytes())
    content[120:140] = b"\xff" * 20
    path.write_bytes(content)

    with pytest.raises(InvalidPeopleFile, match="damaged"):
        list(read_people(path).rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"shoe,size\n1,2\n", "no column that we know; it begins with shoe,size"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"PAR1 and nothing else", "damaged Parquet"),
        (b"PK\x03\x04 and nothing else", "damaged zip"),
    ],
)
def test_what_is_no_people_file_is_refused_with_a_helpful_sentence(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)

    with pytest.raises(InvalidPeopleFile, match=message):
        read_people(file)


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidPeopleFile, match="No such file"):
        read_people(tmp_path / "missing.csv")
    with pytest.raises(InvalidPeopleFile, match="Is a directory"):
        read_people(tmp_path)
