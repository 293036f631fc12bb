"""Reading people files: every dialect, every shape of damage, and what becomes of each row."""

from pathlib import Path

import duckdb
import pytest

from goldpan.domain.provider_port import Person
from goldpan.providers.people_files import read_people
from tests.people_file_samples import (
    ADA,
    ADA_ID,
    APOLLO_HEADER,
    EVABOOT_HEADER,
    HEADER,
    PREAMBLE,
    SALES_NAVIGATOR_HEADER,
    SEARCH_HEADER,
    read,
    read_one,
    row_of,
    zip_of,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_linkedins_own_export_is_read_after_its_preamble(file: Path) -> None:
    rows = read(file, "\ufeff" + PREAMBLE + HEADER + ADA)

    assert rows[0].line_number == 5
    assert rows[0].person is not None
    assert rows[0].person.person == Person(
        linkedin_url="https://www.linkedin.com/in/ada-l",
        public_identifier="ada-l",
        first_name="Ada",
        last_name="Lovelace",
        name="Ada Lovelace",
        company_name="Acme",
        title="CTO",
    )


def test_the_mapping_tells_every_column_and_what_it_was_taken_for(file: Path) -> None:
    file.write_text(PREAMBLE + HEADER.replace("Position", "Shoe Size"))

    people = read_people(file)

    assert people.dialect == "LinkedIn Connections.csv"
    assert [(use.column, use.field) for use in people.mapping] == [
        ("First Name", "first_name"),
        ("Last Name", "last_name"),
        ("URL", "profile_url"),
        ("Email Address", "email"),
        ("Company", "company_name"),
        ("Shoe Size", None),
        ("Connected On", None),
    ]


def test_a_header_is_found_after_twenty_lines_of_preamble(file: Path) -> None:
    assert read_one(file, "Notes, and more notes\n" * 20 + HEADER + ADA).title == "CTO"


def test_old_exports_without_urls_are_read(file: Path) -> None:
    person = read_one(
        file,
        "First Name,Last Name,Email Address,Company,Position,Connected On\nAda,L,ada@acme.example,Acme,CTO,1/2/20\n",
    )

    assert (person.email, person.linkedin_url) == ("ada@acme.example", None)


@pytest.mark.parametrize(
    "header",
    [
        "Vorname,Nachname,URL,E-Mail-Adresse,Unternehmen,Position,Verknüpft am",
        "Prénom,Nom,URL,Adresse e-mail,Entreprise,Poste,Connexion le",
        "Nombre,Apellidos,URL,Dirección de correo electrónico,Empresa,Cargo,Conectado el",
        "Имя,Фамилия,URL,Адрес электронной почты,Компания,Должность,Дата установления контакта",
        "名,姓,URL,メールアドレス,会社,役職,つながった日",
        "Eesnimi,Perenimi,Link,Post,Ettevõte,Amet,Ühendatud",  # a language that the table lacks
    ],
)
def test_an_export_in_any_language_is_read(file: Path, header: str) -> None:
    content = "Märkused:\n\n" + header + "\nNobody,Here,,,Acme,CEO,14 märts 2024\n" + ADA

    people = read(file, content)

    assert [row.person.person.title for row in people if row.person] == ["CEO", "CTO"]
    assert read_people(file).dialect == "LinkedIn Connections.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_an_encoding_is_recognised(file: Path, encoding: str) -> None:
    content = (HEADER + ADA.replace("Lovelace", "Müller-Étienne")).encode(encoding)

    assert read_one(file, content).last_name == "Müller-Étienne"


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised(file: Path, delimiter: str) -> None:
    assert read_one(file, (HEADER + ADA).replace(",", delimiter)).company_name == "Acme"


def test_commas_quotes_and_line_ends_stay_inside_their_cell(file: Path) -> None:
    person = read_one(file, HEADER + '"Ada, Dr.",L,linkedin.com/in/ada-l,,"Acme\r\nInc.","VP ""R&D""",1 May 2020\r\n')

    assert (person.first_name, person.company_name, person.title) == ("Ada, Dr.", "Acme Inc.", 'VP "R&D"')


def test_texts_are_composed_and_free_of_control_characters(file: Path) -> None:
    person = read_one(file, HEADER + "Jose\u0301,A\0B\x07\u202eC,linkedin.com/in/jose,,,,\n")

    assert (person.first_name, person.last_name) == ("José", "ABC")


def test_people_who_left_are_empty_rows(file: Path) -> None:
    rows = read(file, HEADER + ",,,,,,\r\n" + ADA + "\r\n")

    assert [(row.person is None, row.reject_reason) for row in rows] == [(True, None), (False, None), (True, None)]


def test_phantombusters_sales_navigator_export_is_read(file: Path) -> None:
    content = row_of(
        SALES_NAVIGATOR_HEADER,
        profileUrl=f"https://www.linkedin.com/sales/lead/{ADA_ID},NAME_SEARCH,abcd",
        fullName="Ada Lovelace",
        companyName="Acme",
        title="CTO",
        companyId="1441",
        regularCompanyUrl="https://www.linkedin.com/company/acme/",
        summary="I count.",
        vmid=ADA_ID,
        defaultProfileUrl="https://www.linkedin.com/in/ada-l",
    )

    person = read_one(file, content)

    assert read_people(file).dialect == "PhantomBuster Sales Navigator export"
    assert (person.public_identifier, person.provider_id, person.name) == ("ada-l", ADA_ID, "Ada Lovelace")
    assert (person.company_linkedin_identifier, person.about) == ("acme", "I count.")


def test_phantombusters_linkedin_search_export_is_read(file: Path) -> None:
    content = row_of(
        SEARCH_HEADER,
        linkedinProfileUrl="https://www.linkedin.com/in/ada-l/",
        headline="Counting",
        company="Acme",
        company2="Old Acme",
        jobTitle="CTO",
        jobTitle2="Intern",
        school="MIT",
    )

    (row,) = read(file, content)

    assert read_people(file).dialect == "PhantomBuster LinkedIn search export"
    assert row.person is not None
    assert row.person.school == "MIT"
    assert (row.person.person.company_name, row.person.person.title) == ("Acme", "CTO")


def test_apollos_export_is_read(file: Path) -> None:
    cells = {
        "First Name": "Ada",
        "Company": "Acme",
        "Email": "ada@acme.example",
        "Email Status": "Verified",
        "Seniority": "C suite",
        "Departments": "Engineering & Technical, Sales",
        "# Employees": "230",
        "Person Linkedin Url": "http://www.linkedin.com/in/ada-l",
        "Website": "https://acme.example",
        "City": "Paris",
        "Country": "France",
        "Company Address": "1 Main Street",
        "Company City": "Lyon",
    }

    (row,) = read(file, row_of(APOLLO_HEADER, **cells))

    assert read_people(file).dialect == "Apollo"
    assert row.person is not None
    person = row.person.person
    assert (row.person.seniority, row.person.functions, person.company_size) == ("310", "8 25", "230")
    assert (person.email, person.email_status, person.location) == ("ada@acme.example", "verified", "Paris, France")
    assert (person.company_location, person.company_website) == ("Lyon", "https://acme.example")


def test_a_second_address_does_not_bear_the_status_of_the_first(file: Path) -> None:
    person = read_one(file, row_of(APOLLO_HEADER, **{"Email Status": "Bounced", "Secondary Email": "ada@acme.example"}))

    assert (person.email, person.email_status) == ("ada@acme.example", None)


def test_evaboots_export_is_read(file: Path) -> None:
    cells = {
        "Prospect Position": "CTO",
        "Company Domain": "acme.example",
        "Prospect Linkedin URL": "linkedin.com/in/ada-l",
    }

    person = read_one(file, row_of(EVABOOT_HEADER, **cells))

    assert read_people(file).dialect == "Evaboot-style Sales Navigator export"
    assert (person.title, person.company_website) == ("CTO", "acme.example")


@pytest.mark.parametrize(
    "header",
    ["LinkedIn URL", "LinkedIn", "LinkedIn Contact Profile URL", "Person LinkedIn URL", "linkedin_profile_url"],
)
def test_other_spellings_of_the_profile_column_are_known(file: Path, header: str) -> None:
    assert read_one(file, f"Name,{header}\nAda,linkedin.com/in/ada-l\n").public_identifier == "ada-l"


def test_a_list_of_urls_is_read_however_they_are_parted(file: Path) -> None:
    content = (
        '\ufeffhttps://www.linkedin.com/in/alice,\r\n"https://fr.linkedin.com/in/bob?trk=x";\r\n'
        "Carol Díaz <https://www.linkedin.com/in/carol>\r\n\r\n"
        f"https://www.linkedin.com/sales/lead/{ADA_ID},NAME_SEARCH,abcd\r\n"
        "linkedin.com/in/dan,linkedin.com/in/erin\thttps://www.linkedin.com/in/frank; https://www.linkedin.com/in/grace"
    )

    rows = read(file, content)

    people = [row.person.person for row in rows if row.person]
    assert [person.public_identifier or person.provider_id for person in people] == (
        ["alice", "bob", "carol", ADA_ID, "dan", "erin", "frank", "grace"]
    )
    assert people[2].name == "Carol Díaz"
    assert read_people(file).dialect == "list of profile URLs"


def test_parquet_is_read_by_its_column_names(tmp_path: Path) -> None:
    path = tmp_path / "people [1].parquet"
    columns = "'Ada' AS first_name, 'linkedin.com/in/ada-l' AS \"LinkedIn URL\", 7 AS shoe_size, NULL AS company"
    duckdb.sql(f"COPY (SELECT {columns} FROM range(3)) TO '{path}' (FORMAT parquet)")

    people = read_people(path)
    rows = list(people.rows)

    assert people.dialect == "Parquet"
    assert [row.line_number for row in rows] == [1, 2, 3]
    assert all(row.person and row.person.person.public_identifier == "ada-l" for row in rows)
    assert people.fraction_read() == 1


def test_the_zip_that_linkedin_sends_is_read(tmp_path: Path) -> None:
    name = "Basic_LinkedInDataExport_03-15-2024/Connections.csv"
    path = zip_of(
        tmp_path / "export.zip", **{name: PREAMBLE + HEADER + ADA, "Basic/Messages.csv": "a,b\n", "x.txt": ""}
    )

    (row,) = read_people(path).rows

    assert row.person is not None


def test_a_long_file_streams_and_tells_how_far_it_is(file: Path) -> None:
    file.write_text(HEADER + "".join(ADA.replace("ada", f"ada-{number}") for number in range(10_000)))
    people = read_people(file)

    next(people.rows)
    at_first = people.fraction_read()
    rest = sum(1 for _ in people.rows)

    assert 0 < at_first < 0.1
    assert (rest, people.fraction_read()) == (9_999, 1)
