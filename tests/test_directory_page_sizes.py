"""Pages of the directory that are cut to what a quota still allows: short ones lose nobody and bring nobody twice."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from goldpan.assembly.parts import StoredPeople
from goldpan.domain.identity_rules import parse_profile_url
from goldpan.domain.provider_port import Page, ProfileList, Source
from goldpan.domain.search_rules import parse_linkedin_search_url
from goldpan.providers.directory import PEOPLE_A_PAGE, Directory
from tests.people_world import OURS, bring_in, two_account_groups

PEOPLE = 130
SEARCH = parse_linkedin_search_url("https://www.linkedin.com/search/results/people/?keywords=miller")
PROFILES = ProfileList(tuple(parse_profile_url(f"linkedin.com/in/person-{number}") for number in range(PEOPLE)))


def walk(directory: Directory, source: Source, sizes: Sequence[int | None]) -> list[Page]:
    """Return the pages that follow each other, of at most so many people each."""
    pages: list[Page] = []
    for most_people in sizes:
        cursor = pages[-1].next_cursor if pages else None
        pages.append(asyncio.run(directory.fetch_page(OURS, source, cursor, 0, most_people)))
    assert pages[-1].next_cursor is None
    return pages


@pytest.mark.parametrize("source", [SEARCH, PROFILES], ids=["a search", "a list of profiles"])
def test_pages_of_any_size_follow_each_other(database_url: str, tmp_path: Path, source: Source) -> None:
    rows = [f"P{number},Test,https://www.linkedin.com/in/person-{number},,A,Miller," for number in range(PEOPLE)]
    head = "First Name,Last Name,URL,Email Address,Company,Position,Connected On"
    with two_account_groups(database_url) as database:
        bring_in(database, tmp_path / "people.csv", "\n".join([head, *rows]))

        pages = walk(Directory(StoredPeople(database)), source, [1, None, 7, 1000, 3, None])

    sizes = [len(page.people) for page in pages]
    assert sizes == [1, PEOPLE_A_PAGE, 7, PEOPLE_A_PAGE, 3, PEOPLE - 2 * PEOPLE_A_PAGE - 11]
    assert {page.total_available for page in pages} == {PEOPLE}
    slugs = [person.public_identifier or "" for page in pages for person in page.people]
    assert sorted(slugs) == sorted(f"person-{number}" for number in range(PEOPLE))
