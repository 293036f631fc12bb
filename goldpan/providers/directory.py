"""The directory provider: answers searches and lists from the people files that the user imported."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, assert_never

from goldpan.domain.directory_rules import IndexQuery, translate_search
from goldpan.domain.identity_rules import ProfileRef, identity_keys
from goldpan.domain.person_rules import may_join
from goldpan.domain.provider_port import (
    LeadList,
    NamedSource,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Refusal,
    Rejected,
    SavedSearch,
    Source,
)
from goldpan.domain.search_rules import Search, parse_search_url

PEOPLE_A_PAGE = 50
_NO_COMMENTERS = "your own people files do not say who commented on a post: connect a provider that does"


class PeopleIndex(Protocol):
    """The people of the imported files and their search index; every call may block."""

    def count(self, account_group_id: str, query: IndexQuery) -> int:
        """Return how many people the query finds."""

    def search(self, account_group_id: str, query: IndexQuery, after_id: int, limit: int) -> list[tuple[int, Person]]:
        """Return up to `limit` people whom the query finds, by ascending id, from the first id above `after_id` on."""

    def find(self, account_group_id: str, identity_keys: Sequence[str]) -> dict[str, Person]:
        """Return those of the identity keys that somebody bears, with the person."""

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        """Return the saved searches, the newest first."""

    def saved_search_url(self, account_group_id: str, search_id: str) -> str | None:
        """Return the URL of a saved search; None: there is no such."""

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        """Return the lead lists, the newest first."""

    def count_of_list(self, account_group_id: str, list_id: str) -> int:
        """Return how many people are in a lead list."""

    def people_of_list(
        self, account_group_id: str, list_id: str, after_id: int, limit: int
    ) -> list[tuple[int, Person]]:
        """Return up to `limit` people of a lead list, by ascending id, from the first id above `after_id` on."""


class Directory:
    """Knows whom the account group's own files name, and nobody else."""

    name = "directory"
    people_at_once = 500

    def __init__(self, index: PeopleIndex) -> None:
        self._index = index

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        """Return every part of the source that files of people cannot answer."""
        match source:
            case Search():
                return translate_search(source)[1]
            case SavedSearch(id):
                search = self._saved_search(account_group_id, id)
                return translate_search(search)[1] if search else [Refusal("savedSearchId", _no_such_search(id))]
            case LeadList(id):
                is_known = id in {known.id for known in self._index.lead_lists(account_group_id)}
                return [] if is_known else [Refusal("leadListId", _no_such_list(id))]
            case PostCommenters():
                return [Refusal("postUrl", _NO_COMMENTERS, sandbox_answers=True)]
            case ProfileList():
                return []
        assert_never(source)

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        """Return the searches that the operator gave a name."""
        return self._index.saved_searches(account_group_id)

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        """Return the lists that the operator imported."""
        return self._index.lead_lists(account_group_id)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        """Return the page at `cursor`: how many of the profiles are done, else `{last id}:{total}`."""
        refusals = await asyncio.to_thread(self.refusals, account_group_id, source)
        if refusals:
            raise Rejected(f"{refusals[0].part}: {refusals[0].reason}")
        size = min(PEOPLE_A_PAGE, most_people or PEOPLE_A_PAGE)
        match source:
            case ProfileList(profiles):
                return await self._page_of_profiles(account_group_id, profiles, int(cursor or 0), size)
            case LeadList(id):
                return await asyncio.to_thread(self._page_of_list, account_group_id, id, cursor, size)
            case SavedSearch(id):
                search = await asyncio.to_thread(self._saved_search, account_group_id, id)
                if search is None:  # removed since the refusals were asked for
                    raise Rejected(f"savedSearchId: {_no_such_search(id)}")
                return await asyncio.to_thread(self._page_of_search, account_group_id, search, cursor, size)
        assert isinstance(source, Search)
        return await asyncio.to_thread(self._page_of_search, account_group_id, source, cursor, size)

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        """Return the page of nobody behind the next person, of whom only the id is used."""
        if isinstance(source, ProfileList):
            done, total = int(cursor or 0) + 1, len(source.profiles)
            return Page((), str(done) if done < total else None, total, unknown_count=1)
        page = await self.fetch_page(account_group_id, source, cursor, 0, 1)
        return replace(page, people=(), unknown_count=1)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        """Return all that the files tell; None for those whom they do not name."""
        known = await self._find(account_group_id, people)
        return [person and _without_email(person, search_emails) for person in known]

    def _saved_search(self, account_group_id: str, search_id: str) -> Search | None:
        url = self._index.saved_search_url(account_group_id, search_id)
        return None if url is None else parse_search_url(url)

    def _page_of_search(self, account_group_id: str, search: Search, cursor: str | None, size: int) -> Page:
        query = translate_search(search)[0]
        after_id, total = _place(cursor) or (0, self._index.count(account_group_id, query))
        # one more person tells us whether a page follows
        return _page(self._index.search(account_group_id, query, after_id, size + 1), total, size)

    def _page_of_list(self, account_group_id: str, list_id: str, cursor: str | None, size: int) -> Page:
        after_id, total = _place(cursor) or (0, self._index.count_of_list(account_group_id, list_id))
        return _page(self._index.people_of_list(account_group_id, list_id, after_id, size + 1), total, size)

    async def _page_of_profiles(
        self, account_group_id: str, profiles: Sequence[ProfileRef], done: int, size: int
    ) -> Page:
        asked = profiles[done : done + size]
        people = [Person(None, profile.public_identifier, profile.provider_id) for profile in asked]
        found = [person for person in await self._find(account_group_id, people) if person]
        return Page(
            people=tuple(_search_row(person) for person in found),
            next_cursor=str(done + len(asked)) if done + len(asked) < len(profiles) else None,
            total_available=len(profiles),
            unknown_count=len(asked) - len(found),
        )

    async def _find(self, account_group_id: str, people: Sequence[Person]) -> list[Person | None]:
        """Return for each person whom the files know by the first of their keys, where nothing says it is another."""
        keys = [_keys(person) for person in people]
        wanted = list(dict.fromkeys(key for each in keys for key in each))
        known = await asyncio.to_thread(self._index.find, account_group_id, wanted)
        return [
            next((known[key] for key in each if key in known and may_join(key, person, known[key])), None)
            for person, each in zip(people, keys, strict=True)
        ]


def _place(cursor: str | None) -> tuple[int, int] | None:
    """Return the last id and the total that a cursor holds; None: it is the first page."""
    if cursor is None:
        return None
    after_id, total = map(int, cursor.split(":"))
    return after_id, total


def _page(found: list[tuple[int, Person]], total: int, size: int) -> Page:
    shown = found[:size]
    return Page(
        people=tuple(_search_row(person) for _, person in shown),
        next_cursor=f"{shown[-1][0]}:{total}" if len(found) > len(shown) else None,
        total_available=total,
    )


def _no_such_search(search_id: str) -> str:
    return (
        f"`{search_id[:40]}` is no saved search of the directory of your own files; save one with "
        "`goldpan people search save NAME URL`: LinkedIn's number says nothing here"
    )


def _no_such_list(list_id: str) -> str:
    return (
        f"`{list_id[:40]}` is no lead list of the directory of your own files; make one with "
        "`goldpan people import FILE --list NAME` and give its id as leadListId: LinkedIn's number says nothing here"
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
