"""The directory provider: answers searches and lists from the people files that the user imported."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, assert_never

from goldpan.domain.directory_rules import IndexQuery, translate_search
from goldpan.domain.identity_rules import ProfileRef, identity_keys
from goldpan.domain.provider_port import (
    LeadList,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Refusal,
    Rejected,
    SavedSearch,
    Source,
)
from goldpan.domain.search_rules import Search

PEOPLE_A_PAGE = 50


class PeopleIndex(Protocol):
    """The people of the imported files and their search index; every call may block."""

    def count(self, account_group_id: str, query: IndexQuery) -> int:
        """Return how many people the query finds."""

    def search(self, account_group_id: str, query: IndexQuery, after_id: int, limit: int) -> list[tuple[int, Person]]:
        """Return up to `limit` people whom the query finds, by ascending id, from the first id above `after_id` on."""

    def find(self, account_group_id: str, identity_keys: Sequence[str]) -> dict[str, Person]:
        """Return those of the identity keys that somebody bears, with the person."""


class Directory:
    """Knows whom the account group's own files name, and nobody else."""

    name = "directory"

    def __init__(self, index: PeopleIndex) -> None:
        self._index = index

    def refusals(self, source: Source) -> list[Refusal]:
        """Return every part of the source that files of people cannot answer."""
        match source:
            case Search():
                return translate_search(source)[1]
            case SavedSearch():
                return [Refusal("savedSearchId", _needs_provider("holds no saved searches"))]
            case LeadList():
                return [Refusal("leadListId", _needs_provider("holds no lead lists"))]
            case PostCommenters():
                return [Refusal("postUrl", _needs_provider("does not know who commented on a post"))]
            case ProfileList():
                return []
        assert_never(source)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        """Return the page at `cursor`: how many of the profiles are done, or `{last id}:{total}` of a search."""
        refusals = self.refusals(source)
        if refusals:
            raise Rejected(f"{refusals[0].part}: {refusals[0].reason}")
        size = min(PEOPLE_A_PAGE, most_people or PEOPLE_A_PAGE)
        if isinstance(source, ProfileList):
            return await self._page_of_profiles(account_group_id, source.profiles, int(cursor or 0), size)
        assert isinstance(source, Search)
        return await self._page_of_search(account_group_id, translate_search(source)[0], cursor, size)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        """Return all that the files tell; None for those whom they do not name."""
        known = await self._find(account_group_id, [_keys(person) for person in people])
        return [person and _without_email(person, search_emails) for person in known]

    async def _page_of_search(self, account_group_id: str, query: IndexQuery, cursor: str | None, size: int) -> Page:
        if cursor is None:
            after_id, total = 0, await asyncio.to_thread(self._index.count, account_group_id, query)
        else:
            after_id, total = map(int, cursor.split(":"))
        # one more person tells us whether a page follows
        found = await asyncio.to_thread(self._index.search, account_group_id, query, after_id, size + 1)
        shown = found[:size]
        return Page(
            people=tuple(_search_row(person) for _, person in shown),
            next_cursor=f"{shown[-1][0]}:{total}" if len(found) > size else None,
            total_available=total,
        )

    async def _page_of_profiles(
        self, account_group_id: str, profiles: Sequence[ProfileRef], done: int, size: int
    ) -> Page:
        asked = profiles[done : done + size]
        keys = [identity_keys(None, profile.public_identifier, profile.provider_id) for profile in asked]
        found = [person for person in await self._find(account_group_id, keys) if person]
        return Page(
            people=tuple(_search_row(person) for person in found),
            next_cursor=str(done + len(asked)) if done + len(asked) < len(profiles) else None,
            total_available=len(profiles),
            unknown_count=len(asked) - len(found),
        )

    async def _find(self, account_group_id: str, keys: Sequence[tuple[str, ...]]) -> list[Person | None]:
        """Return for each person's keys, strongest first, whom the files know by the first that they know."""
        wanted = list(dict.fromkeys(key for each in keys for key in each))
        known = await asyncio.to_thread(self._index.find, account_group_id, wanted)
        return [next((known[key] for key in each if key in known), None) for each in keys]


def _needs_provider(what_is_missing: str) -> str:
    return (
        f"the directory of your own files {what_is_missing}; connect a provider that does, or try it out with a "
        "sandbox key (sk_test_…)"
    )


def _keys(person: Person) -> tuple[str, ...]:
    return identity_keys(person.linkedin_url, person.public_identifier, person.provider_id)


def _search_row(person: Person) -> Person:
    """Return what a page of results shows of a person; the rest comes with enrichment."""
    return Person(
        linkedin_url=person.linkedin_url,
        public_identifier=person.public_identifier,
        provider_id=person.provider_id,
        first_name=person.first_name,
        last_name=person.last_name,
        name=person.name,
        headline=person.headline,
    )


def _without_email(person: Person, search_emails: bool) -> Person:
    return person if search_emails else replace(person, email=None, email_status=None)
