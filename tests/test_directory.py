"""Importing people files and finding their people again, on both databases."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.assembly.parts import StoredPeople
from goldpan.domain.directory_rules import DEEPEST_QUERY, Phrase
from goldpan.domain.identity_rules import PostRef, ProfileRef
from goldpan.domain.provider_port import (
    LeadList,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Provider,
    Rejected,
    SavedSearch,
    Source,
)
from goldpan.domain.search_rules import (
    AllOf,
    AnyOf,
    Criterion,
    CriterionValue,
    Expression,
    Search,
    SearchField,
    Words,
    parse_search_url,
)
from goldpan.providers.directory import Directory
from goldpan.storage.database import Database
from tests.people_world import (
    ADA_ID,
    HEADER,
    OURS,
    PEOPLE,
    PEOPLE_SEARCH,
    SALES_SEARCH,
    THEIRS,
    bring_in,
    chosen,
    enrich,
    fetch,
    filters,
    find,
    search,
    two_account_groups,
)

# Signs around a word are no part of it.
NAMES_ADA = ['"ada', "ada*", "ada\\", "!ada", "^ada", "ada:*", "'ada'", "-ada", "(" * 300 + "ada"]


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


def test_the_directory_is_a_provider(directory: Directory) -> None:
    provider: Provider = directory

    assert provider.name == "directory"


@pytest.mark.usefixtures("seven_people")
@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("keywords=lovelace", {"ada"}),
        ("keywords=%22ada%20lovelace%22", {"ada"}),
        ("keywords=%22lovelace%20ada%22", set()),
        ("keywords=sales", {"ada", "bob", "kim"}),
        ("keywords=sales%20NOT%20intern", {"ada", "bob"}),
        ("keywords=NOT%20sales%20NOT%20engineer", {"li", "mohammed", "olga"}),
        ("keywords=(engineer%20OR%20manager)%20AND%20NOT%20globex", {"zoe"}),
        ("keywords=%22sales%20manager%22", {"bob"}),
        ("keywords=%22sales%20acme%22", set()),  # a phrase runs within one field
        ("keywords=poet", {"ada"}),
        ("titleFreeText=Sales%20%26%20Marketing", {"ada"}),
        ("titleFreeText=%22R%26D%22", {"zoe"}),
        ("titleFreeText=C%2B%2B", {"zoe"}),
        ("titleFreeText=sales", {"ada", "bob"}),
        ("titleFreeText=vp&company=acme", {"ada"}),
        ("company=acme", {"ada", "zoe", "kim"}),
        ("firstName=zoe&lastName=muller", {"zoe"}),
        ("firstName=Zo%C3%8B", {"zoe"}),
        ("lastName=O%27Brien", {"bob"}),
        ("lastName=Bob", set()),
        ("schoolFreetext=eth%20zurich", {"zoe"}),
        ("keywords=%E7%A7%80%E8%8B%B1", {"li"}),  # 秀英
        ("titleFreeText=%E5%B7%A5%E7%A8%8B%E5%B8%88", {"li"}),  # 工程师 in 软件工程师
        ("keywords=%E7%A8%8B%E5%B7%A5", set()),  # 程工
        ("keywords=%D9%85%D8%AD%D9%85%D9%91%D8%AF", {"mohammed"}),  # محمّد, with a sign that the file lacks
        ("lastName=%D8%A7%D9%84%D8%A7%D8%AD%D9%85%D8%AF", {"mohammed"}),  # الاحمد without the hamza
        ("lastName=%D0%BF%D0%B5%D1%82%D1%80%D0%BE%D0%B2%D0%B0", {"olga"}),  # петрова
    ],
)
def test_a_search_finds_whom_it_describes(directory: Directory, parameters: str, found: set[str]) -> None:
    assert find(directory, PEOPLE_SEARCH + parameters) == found


@pytest.mark.usefixtures("seven_people")
@pytest.mark.parametrize(
    ("url", "found"),
    [
        (filters(chosen("COMPANY_HEADCOUNT", "id:D,selectionType:INCLUDED")), {"ada"}),
        (
            filters(chosen("COMPANY_HEADCOUNT", "id:C,selectionType:INCLUDED", "id:H,selectionType:INCLUDED")),
            {"zoe", "bob"},
        ),
        (filters(chosen("SENIORITY_LEVEL", "id:300,selectionType:INCLUDED")), {"ada"}),
        (filters(chosen("FUNCTION", "id:25,selectionType:INCLUDED")), {"ada", "bob"}),
        (
            filters(
                chosen("FUNCTION", "id:25,selectionType:INCLUDED"),
                chosen("SENIORITY_LEVEL", "id:300,selectionType:EXCLUDED"),
            ),
            {"bob"},
        ),
        (filters(chosen("CURRENT_COMPANY", "id:1,text:Acme,selectionType:INCLUDED")), {"ada", "zoe", "kim"}),
        (
            filters(
                chosen(
                    "CURRENT_COMPANY",
                    "id:1,text:Acme,selectionType:INCLUDED",
                    "text:Acme%2520Labs,selectionType:EXCLUDED",
                )
            ),
            {"ada", "kim"},
        ),
        (filters(chosen("CURRENT_TITLE", "text:Sales%2520Manager,selectionType:INCLUDED")), {"bob"}),
        (filters(chosen("REGION", "id:1,text:Paris%252C%2520France,selectionType:INCLUDED")), {"ada"}),
        (filters(chosen("INDUSTRY", "id:4,text:Software,selectionType:INCLUDED")), {"ada", "zoe"}),
        (f"{SALES_SEARCH}(keywords:%22vp%20sales%22)", {"ada"}),
    ],
)
def test_a_sales_navigator_search_finds_whom_it_describes(directory: Directory, url: str, found: set[str]) -> None:
    assert find(directory, url) == found


@pytest.mark.usefixtures("seven_people")
@pytest.mark.parametrize(
    "text",
    [
        *NAMES_ADA,
        "ad*",
        "document:ada",
        "rowid:1",
        "f_ada",
        "{document}:ada",
        "NEAR(ada lovelace)",
        "ada' OR 'x",
        "'ada' <-> 'b'",
        "ada | bob & c",
        ":*",
        f"g_{THEIRS}",
        "a\0b",
        "\ud800",
        "-- ; DROP TABLE directory_index",
        "\U0001f600",
        '"" OR ""',
    ],
)
def test_hostile_text_is_only_text(database: Database, file: Path, directory: Directory, text: str) -> None:
    bring_in(database, file, HEADER + PEOPLE, THEIRS)
    value = CriterionValue(expression=Words(text))
    source = Search(PEOPLE_SEARCH, False, text, (Criterion(SearchField.FIRST_NAME, "firstName", (value,)),))

    page = Page((), None, 0) if directory.refusals(OURS, source) else fetch(directory, source)

    assert len(page.people) == page.total_available == (1 if text in NAMES_ADA else 0)


@pytest.mark.usefixtures("seven_people")
def test_the_deepest_query_that_is_not_refused_is_answered(directory: Directory) -> None:
    expression: Expression = Words("ada")
    for number in range(DEEPEST_QUERY // 2 - 1):
        expression = AllOf((Words("ada"), AnyOf((Words(f"nobody{number}"), expression))))
    value = CriterionValue(expression=expression)
    source = Search(PEOPLE_SEARCH, False, "", (Criterion(SearchField.KEYWORDS, "keywords", (value,)),))

    assert directory.refusals(OURS, source) == []
    assert fetch(directory, source).total_available == 1


@pytest.mark.usefixtures("seven_people")
def test_people_of_another_account_group_are_never_found(database: Database, file: Path, directory: Directory) -> None:
    bring_in(database, file, HEADER + "Mallory,X,linkedin.com/in/mallory,,Acme,VP Sales,,,,,,,\n", THEIRS)

    assert "mallory" not in find(directory, PEOPLE_SEARCH)
    assert find(directory, PEOPLE_SEARCH + "keywords=NOT%20ada", THEIRS) == {"mallory"}
    assert fetch(directory, search(PEOPLE_SEARCH + "company=acme"), None, THEIRS).total_available == 1
    assert fetch(directory, ProfileList((ProfileRef("mallory"), ProfileRef(None, ADA_ID)))).unknown_count == 1
    assert enrich(directory, [Person(public_identifier="mallory")], search_emails=True) == [None]


@pytest.mark.usefixtures("seven_people")
def test_an_id_that_is_known_with_another_slug_enriches_nobody(directory: Directory) -> None:
    asked = [Person(public_identifier="mallory", provider_id=ADA_ID), Person(provider_id=ADA_ID)]

    stranger, ada = enrich(directory, asked, search_emails=True)

    assert stranger is None
    assert ada is not None
    assert ada.public_identifier == "ada"


@pytest.mark.usefixtures("seven_people")
@pytest.mark.parametrize(
    "source", [search(PEOPLE_SEARCH + "keywords=sales"), ProfileList(tuple(map(ProfileRef, "xyz")))]
)
def test_whoever_is_passed_over_is_left_out_of_the_walk_and_counted(directory: Directory, source: Source) -> None:
    passed = asyncio.run(directory.pass_over(OURS, source, None))

    rest = fetch(directory, source, passed.next_cursor)

    assert (passed.people, passed.unknown_count, passed.total_available) == ((), 1, 3)
    assert rest.people == fetch(directory, source).people[1:]
    assert rest.next_cursor is None


def test_pages_walk_through_everybody_once(database: Database, file: Path, directory: Directory) -> None:
    rows = [f"Ada,No{n},linkedin.com/in/ada-{n},,Acme,CTO,,,,,,,\n" for n in range(120)]
    bring_in(database, file, HEADER + "".join(rows))
    source = search(PEOPLE_SEARCH + "keywords=cto")

    pages = [fetch(directory, source)]
    while cursor := pages[-1].next_cursor:
        pages.append(fetch(directory, source, cursor))

    assert [len(page.people) for page in pages] == [50, 50, 20]
    assert {page.total_available for page in pages} == {120}
    assert len({person.public_identifier for page in pages for person in page.people}) == 120


def test_a_page_reads_no_more_people_than_it_shows(sqlite_url: str, file: Path) -> None:
    with two_account_groups(sqlite_url) as database:
        bring_in(database, file, HEADER + PEOPLE)
        statements: list[tuple[str, tuple[Any, ...]]] = []
        sa.event.listen(
            database.engine, "before_cursor_execute", lambda *event: statements.append((event[2], event[3]))
        )
        StoredPeople(database).search(OURS, Phrase(("sales",)), 0, 51)
        ((statement, parameters),) = statements

        with database.read() as tx:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).scalars("detail").all()

    assert any("directory_person USING INTEGER PRIMARY KEY" in step for step in plan)
    assert not any("SCAN directory_person" in step or "account_group_id=" in step for step in plan)


def test_a_last_page_that_is_full_has_no_next_one(database: Database, file: Path, directory: Directory) -> None:
    rows = [f"Ada,No{n},linkedin.com/in/ada-{n},,Acme,CTO,,,,,,,\n" for n in range(50)]
    bring_in(database, file, HEADER + "".join(rows))

    assert fetch(directory, search(PEOPLE_SEARCH)).next_cursor is None


@pytest.mark.usefixtures("seven_people")
def test_a_search_row_shows_little_and_enrichment_the_rest(directory: Directory) -> None:
    (row,) = fetch(directory, search(PEOPLE_SEARCH + "keywords=lovelace")).people
    (known, stranger) = enrich(directory, [row, Person(public_identifier="nobody")], search_emails=False)
    (with_email,) = enrich(directory, [row], search_emails=True)

    assert (row.name, row.headline, row.provider_id) == ("Ada Lovelace", "Counts", ADA_ID)
    assert (row.title, row.company_name, row.email) == (None, None, None)
    assert known is not None
    assert with_email is not None
    assert (known.title, known.company_size, known.email) == ("VP Sales & Marketing", "120", None)
    assert with_email.email == "ada@acme.example"
    assert stranger is None


@pytest.mark.usefixtures("seven_people")
def test_named_profiles_come_in_their_order_and_strangers_are_counted(directory: Directory) -> None:
    strangers = [ProfileRef(f"stranger-{n}") for n in range(50)]
    source = ProfileList((ProfileRef("zoe"), *strangers, ProfileRef(None, ADA_ID)))

    first = fetch(directory, source)
    second = fetch(directory, source, first.next_cursor)

    assert [person.public_identifier for person in (*first.people, *second.people)] == ["zoe", "ada"]
    assert (first.unknown_count, second.unknown_count, second.next_cursor) == (49, 1, None)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (PostCommenters(PostRef("activity", "7434151475959775232")), "postUrl"),
        (SavedSearch("50500115"), "savedSearchId"),
        (LeadList("7236596622934118401"), "leadListId"),
        (parse_search_url(PEOPLE_SEARCH + "geoUrn=%5B%22104621616%22%5D"), "geoUrn"),
    ],
)
def test_a_source_that_files_cannot_answer_is_refused(directory: Directory, source: Source, part: str) -> None:
    assert [refusal.part for refusal in directory.refusals(OURS, source)] == [part]
    with pytest.raises(Rejected, match=part):
        fetch(directory, source)
