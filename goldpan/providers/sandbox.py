"""The sandbox provider: invented people for every source, offline and always the same; copy it for a new provider."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from goldpan.contract.error_catalogue import in_one_line
from goldpan.domain.provider_port import (
    NamedSource,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Refusal,
    Rejected,
    Source,
)
from goldpan.domain.search_rules import Search, SearchField
from goldpan.providers.sandbox_people import enrichment_of, number_from, person_of_number, person_of_profile
from goldpan.providers.sandbox_script import ALL_SCRIPT_WORDS, Script, read_script, without_script

PEOPLE_A_PAGE = 25
COMMENTERS_OF_A_POST = 200
ENRICH_SECONDS = 0.05
UNKNOWN_SLUG = "nobody"

SAVED_SEARCHES = (
    NamedSource("50500115", "Heads of engineering in Lisbon"),
    NamedSource("50500099", "Founders of logistics companies"),
    NamedSource("50499870", "Revenue operations, 51 to 200 employees"),
)
LEAD_LISTS = (
    NamedSource("7236596622934118401", "Met at the trade fair"),
    NamedSource("7231180054411550720", "Customers' former champions"),
)


class Sandbox:
    """Invents the people of every source. Keeps nothing: the same question always has the same answer."""

    name = "sandbox"
    people_at_once = 50

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        """Return the script words that the sandbox does not know; it can answer everything else, under any id."""
        mistakes = _script_of(source).mistakes
        return [
            Refusal(word, f"`{in_one_line(word)}` is no word of its script: {ALL_SCRIPT_WORDS}") for word in mistakes
        ]

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        """Return invented searches, in every account group the same."""
        return list(SAVED_SEARCHES)

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        """Return invented lists, in every account group the same."""
        return list(LEAD_LISTS)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        """Return the page at `cursor`, unless the script has a failure for this ask.

        A cursor is the page's number as text, with `+` and how many of its people are done where that is not a page's
        end.
        """
        page_number, done = _place(cursor)
        script = _script_of(source)
        if script.mistakes:
            raise Rejected(f"{script.mistakes[0]}: {ALL_SCRIPT_WORDS}")

        await self._sleep(script.pace_seconds)
        failure = script.failure(page_number, earlier_tries)
        if failure is not None:
            raise failure
        return _part(_page(source, script, page_number), page_number, done, most_people)

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        """Return the page of nobody behind the next person, whatever the script says of failures."""
        page_number, done = _place(cursor)
        page = _part(_page(source, _script_of(source), page_number), page_number, done, 1)
        return replace(page, people=(), unknown_count=page.unknown_count + 1)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        """Return what a profile page would tell, invented from the slug alone; None without a slug."""
        await self._sleep(ENRICH_SECONDS)
        return [
            enrichment_of(person.public_identifier, search_emails) if person.public_identifier is not None else None
            for person in people
        ]


def _place(cursor: str | None) -> tuple[int, int]:
    """Return the number of a page, and how many of its people are done."""
    page_number, _, done = ("1" if cursor is None else cursor).partition("+")
    place = int(page_number), int(done or 0)
    if place < (1, 0):
        raise ValueError(f"a cursor of the sandbox begins with a page number from 1, not {cursor!r}")
    return place


def _part(page: Page, page_number: int, done: int, most_people: int | None) -> Page:
    """Return up to so many people of a page, from one of them on; who is nobody counts with the last of them."""
    end = len(page.people) if most_people is None else done + most_people
    if end < len(page.people):
        more = f"{page_number}+{end}"
        return replace(page, people=page.people[done:end], next_cursor=more, invalid_count=0, unknown_count=0)
    return replace(page, people=page.people[done:])


def _script_of(source: Source) -> Script:
    if isinstance(source, Search):
        return read_script(source.keywords_text)
    if isinstance(source, PostCommenters):
        return Script(total=COMMENTERS_OF_A_POST)
    return Script()


def _page(source: Source, script: Script, page_number: int) -> Page:
    if isinstance(source, ProfileList):
        return _page_of_profiles(source, page_number)
    return _page_of_search(source, script, page_number)


def _page_of_search(source: Source, script: Script, page_number: int) -> Page:
    first_new = (page_number - 1) * PEOPLE_A_PAGE
    end = min(first_new + PEOPLE_A_PAGE, script.total)
    # pages of a live search overlap too: people move down while somebody reads
    first = max(first_new - script.repeats, 0)
    first_number = number_from(_meaning(source))
    return Page(
        people=tuple(person_of_number(first_number + index) for index in range(first, end)),
        next_cursor=_cursor_after(page_number, script.total),
        total_available=script.total,
        invalid_count=script.garbage_count(page_number),
    )


def _page_of_profiles(source: ProfileList, page_number: int) -> Page:
    first = (page_number - 1) * PEOPLE_A_PAGE
    asked = source.profiles[first : first + PEOPLE_A_PAGE]
    known = [profile for profile in asked if not (profile.public_identifier or "").startswith(UNKNOWN_SLUG)]
    return Page(
        people=tuple(person_of_profile(profile) for profile in known),
        next_cursor=_cursor_after(page_number, len(source.profiles)),
        total_available=len(source.profiles),
        unknown_count=len(asked) - len(known),
    )


def _cursor_after(page_number: int, total: int) -> str | None:
    return str(page_number + 1) if page_number * PEOPLE_A_PAGE < total else None


def _meaning(source: Source) -> str:
    """Return a text that two sources share when they ask for the same people."""
    if not isinstance(source, Search):
        return repr(source)
    # the keywords count as text, because in their criterion the script words are parts of the expression
    others = sorted(repr(criterion) for criterion in source.criteria if criterion.field is not SearchField.KEYWORDS)
    return "\n".join([without_script(source.keywords_text), *others])
