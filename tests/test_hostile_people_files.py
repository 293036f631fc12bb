"""People files made to take hours, and rows that are only partly unusable: each row costs bounded time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import pytest

from goldpan.cli import people_commands
from goldpan.operations import people_operations
from tests.people_file_samples import ADA, ADA_ID, HEADER, read, read_one, reasons


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


@contextmanager
def in_seconds(most: float) -> Iterator[None]:
    start = process_time()
    yield
    assert process_time() - start < most


def test_a_quote_left_open_on_every_line_takes_linear_time(file: Path) -> None:
    with in_seconds(5):
        rows = read(file, HEADER + 'a","b\n' * 20_000 + ADA)

    assert "a row of more than 250 lines" in reasons(rows)[2]
    assert rows[-1].line_number == 20_002
    assert rows[-1].person is not None


def test_a_row_of_long_lines_is_given_up_too(file: Path) -> None:
    rows = read(file, HEADER + ('a","' + "b" * 100_000 + "\n") * 20 + ADA)

    assert "1,000,000 characters" in reasons(rows)[2]
    assert rows[-1].person is not None


def test_a_cell_of_two_hundred_lines_is_one_row(file: Path) -> None:
    content = HEADER + ADA.replace("Acme", '"' + "Acme\n" * 200 + '"') + ADA

    assert [row.line_number for row in read(file, content)] == [2, 202 + 1]


def test_a_list_with_a_line_of_spaces_takes_linear_time(file: Path) -> None:
    line = " " * 300_000 + "https://www.linkedin.com/in/ada-l\n"
    inside = "<" + " " * 30_000 + "https://www.linkedin.com/in/bob-l\n"

    with in_seconds(2):
        rows = read(file, "profileUrl\n" + line + inside)

    assert [row.person.person.public_identifier for row in rows if row.person] == ["ada-l", "bob-l"]


@pytest.mark.parametrize("website", ["http://" + "a." * 4_990, "a." * 4_990 + ":", "http://" + "." * 4_990 + " "])
def test_a_website_longer_than_any_address_is_not_kept(file: Path, website: str) -> None:
    row = f"ada@acme.example,{website},{website},{website}\n"

    with in_seconds(2):
        rows = read(file, "Email,Website,Company Url,Photo Url\n" + row * 20)

    people = [row.person.person for row in rows if row.person]
    assert len(people) == 20
    assert {(person.company_website, person.photo_url) for person in people} == {(None, None)}


def test_only_columns_that_are_used_are_limited_in_length(file: Path) -> None:
    rows = read(file, "Email,Shoe Size,Title\n" + f"a@acme.example,{'9' * 10_001},CTO\nb@acme.example,9,{'C' * 10_001}")

    assert rows[0].person is not None
    assert "the column 'Title' is longer" in reasons(rows)[3]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.linkedin.com/company/acme",
        "https://www.linkedin.com/in/",
        "https://lnkd.in/abc",
        "https://acme.example/ada",
        "she is not on LinkedIn.",
        "urn:li:member:123",
    ],
)
@pytest.mark.parametrize("others", ["ada@acme.example,", ",Acme"])
def test_a_slip_in_the_profile_column_costs_only_the_profile(file: Path, url: str, others: str) -> None:
    person = read_one(file, f"Name,LinkedIn Url,Email,Company\nAda,{url},{others}\n")

    assert (person.name, person.linkedin_url, person.provider_id) == ("Ada", None, None)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html;x",
        "https://www.linkedin.com.evil.example/x",
        "https://linkedin.com@evil.example/x",
        "https://evil.example/in/ada",
        "https://www.linkedln.example/x",
        "https://www.l\u0456nkedin.com/x",
        "https://xn--lnkedin-9fg.com/x",
    ],
)
def test_a_hostile_address_costs_the_row(file: Path, url: str) -> None:
    rows = read(file, f"Name,LinkedIn Url,Email,Company\nAda,{url},ada@acme.example,Acme\n")

    assert list(reasons(rows)) == [2]


def test_a_member_number_alone_is_no_identity_but_does_no_harm(file: Path) -> None:
    header = "Name,Profile Id,Email\n"

    rows = read(file, header + f"A,urn:li:member:123,a@acme.example\nB,urn:li:member:123,\nC,{ADA_ID},\n")

    assert [row.person.person.provider_id for row in rows if row.person] == [None, ADA_ID]
    assert "member number" in reasons(rows)[3]


def test_a_mistake_of_ours_is_not_blamed_on_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened_toolbox() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(database=None, now_ms=lambda: 0)

    def break_down(*_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(people_commands, "opened_toolbox", opened_toolbox)
    monkeypatch.setattr(people_operations, "import_people", break_down)
    command = people_commands.import_people.callback
    assert command is not None

    with pytest.raises(ValueError, match="a mistake of ours"):
        command(file, "any", None)
