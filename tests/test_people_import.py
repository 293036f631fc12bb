"""Importing people files into the directory: who is added, who is known already, and what is reported."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from goldpan.assembly.parts import StoredPeople
from goldpan.domain.identity_rules import ProfileRef
from goldpan.domain.provider_port import Person, ProfileList
from goldpan.operations.people_operations import import_people
from goldpan.providers.directory import Directory
from goldpan.storage.database import Database
from tests.people_world import (
    ADA_ID,
    HEADER,
    NOW_MS,
    OURS,
    PEOPLE,
    PEOPLE_SEARCH,
    bring_in,
    counts,
    enrich,
    fetch,
    find,
    search,
    two_account_groups,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with two_account_groups(database_url) as database:
        yield database


@pytest.fixture
def directory(database: Database) -> Directory:
    return Directory(StoredPeople(database))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


@pytest.fixture
def seven_people(database: Database, file: Path) -> None:
    bring_in(database, file, HEADER + PEOPLE)


def test_an_import_reports_every_row(database: Database, file: Path) -> None:
    progress: list[tuple[int, float]] = []
    file.write_text(HEADER + PEOPLE + ",,,,,,,,,,,,\nEve,X,javascript:alert(1),,,,,,,,,,\n")

    report = import_people(database, OURS, file, NOW_MS, lambda rows, fraction: progress.append((rows, fraction)))

    assert (report.rows, *counts(report), report.empty, report.rejected) == (9, 7, 0, 0, 1, 1)
    assert [line for line, _ in report.rejects] == [10]
    assert progress == [(9, 1.0)]


def test_only_the_first_hundred_rejects_are_told(database: Database, file: Path) -> None:
    report = bring_in(database, file, HEADER + "Eve,X,javascript:alert(1),,,,,,,,,,\n" * 150)

    assert (report.rejected, len(report.rejects)) == (150, 100)


def test_an_unknown_account_group_gets_no_people(database: Database, file: Path) -> None:
    with pytest.raises(LookupError, match="no account group 65a1b2c3d4e5f60718293a4d"):
        bring_in(database, file, HEADER + PEOPLE, "65a1b2c3d4e5f60718293a4d")


def test_the_same_file_twice_adds_nobody(database: Database, file: Path, directory: Directory) -> None:
    content = HEADER + PEOPLE + ",,,carol@acme.example,,,,,,,,,\nDan,Silva,,,Acme,,,,,,,,\n"
    first = bring_in(database, file, content)

    second = bring_in(database, file, content)

    assert (counts(first), counts(second)) == ((9, 0, 0), (0, 0, 9))
    assert fetch(directory, search(PEOPLE_SEARCH)).total_available == 9


def test_two_imports_at_once_store_nobody_twice(database: Database, file: Path, directory: Directory) -> None:
    file.write_text(HEADER + "".join(f"Ada,No{n},linkedin.com/in/ada-{n},,,,,,,,,,\n" for n in range(3_000)))

    with ThreadPoolExecutor() as threads:
        imports = [threads.submit(import_people, database, OURS, file, NOW_MS, lambda *_: None) for _ in range(2)]

    reports = [each.result() for each in imports]
    assert sum(report.added for report in reports) == sum(report.unchanged for report in reports) == 3_000
    assert fetch(directory, search(PEOPLE_SEARCH)).total_available == 3_000


def test_spellings_of_one_profile_in_one_file_are_one_person(database: Database, file: Path) -> None:
    rows = "Ada,,https://fr.linkedin.com/in/ADA/?trk=x,,,,,,,,,,\n,,linkedin.com/in/ada,,,CTO,,,,,,,\n"

    report = bring_in(database, file, HEADER + rows)

    assert counts(report) == (1, 1, 0)


@pytest.mark.usefixtures("seven_people")
def test_a_later_file_adds_to_what_is_known(database: Database, file: Path, directory: Directory) -> None:
    report = bring_in(database, file, "Profile Url,Company,Location\nlinkedin.com/in/bob,Initech,\n")

    (bob,) = enrich(directory, [Person(public_identifier="bob")], search_emails=False)
    assert counts(report) == (0, 1, 0)
    assert bob is not None
    assert (bob.company_name, bob.location, bob.title) == ("Initech", "Austin, Texas", "Sales Manager")
    assert find(directory, PEOPLE_SEARCH + "company=initech") == {"bob"}
    assert find(directory, PEOPLE_SEARCH + "company=globex") == set()


@pytest.mark.usefixtures("seven_people")
def test_a_later_file_leaves_what_it_does_not_tell(database: Database, file: Path, directory: Directory) -> None:
    bring_in(database, file, "Profile Url,Company\nlinkedin.com/in/zoe,Initech\n")

    assert find(directory, PEOPLE_SEARCH + "schoolFreetext=eth&company=initech&titleFreeText=engineer") == {"zoe"}


@pytest.mark.usefixtures("seven_people")
def test_a_file_that_knows_only_the_members_number_adds_to_the_same_person(
    database: Database, file: Path, directory: Directory
) -> None:
    url = f"https://www.linkedin.com/sales/lead/ACoA{ADA_ID[4:]},NAME_SEARCH,abcd"

    report = bring_in(database, file, f'Profile Url,Title\n"{url}",CEO\n')

    assert counts(report) == (0, 1, 0)
    (ada,) = fetch(directory, search(PEOPLE_SEARCH + "titleFreeText=ceo")).people
    assert ada.linkedin_url == "https://www.linkedin.com/in/ada"


def test_a_number_that_gets_a_name_stays_one_person(database: Database, file: Path, directory: Directory) -> None:
    bring_in(database, file, f"vmid,Title\n{ADA_ID},CTO\n")

    report = bring_in(database, file, f"vmid,Profile Url\n{ADA_ID},linkedin.com/in/ada\n")

    assert counts(report) == (0, 1, 0)
    page = fetch(directory, ProfileList((ProfileRef("ada"), ProfileRef(None, ADA_ID))))
    assert [person.public_identifier for person in page.people] == ["ada", "ada"]
