"""What a provider of people must offer, what it hands over, and the only ways it may fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from goldpan.domain.identity_rules import PostRef, ProfileRef
from goldpan.domain.search_rules import LeadList as LeadList
from goldpan.domain.search_rules import SavedSearch as SavedSearch
from goldpan.domain.search_rules import Search


@dataclass(frozen=True, slots=True)
class PostCommenters:
    """Everybody who commented on one post."""

    post: PostRef


@dataclass(frozen=True, slots=True)
class ProfileList:
    """Named people, each once, in the order the user gave them."""

    profiles: tuple[ProfileRef, ...]


Source = Search | SavedSearch | LeadList | PostCommenters | ProfileList


@dataclass(frozen=True, slots=True)
class Person:
    """One person as a provider tells it; None is "not known". Texts are clean: no NUL, no surrogates, never empty."""

    linkedin_url: str | None = None
    public_identifier: str | None = None
    provider_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    headline: str | None = None
    about: str | None = None
    photo_url: str | None = None
    title: str | None = None
    location: str | None = None
    email: str | None = None
    email_status: str | None = None
    company_name: str | None = None
    company_linkedin_identifier: str | None = None
    company_linkedin_url: str | None = None
    company_industry: str | None = None
    company_website: str | None = None
    company_size: str | None = None
    company_location: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a source.

    `people` come in the provider's order and may repeat people of earlier pages. `next_cursor` is None on the
    last page. `total_available` counts the distinct people of the whole source, None where the provider does not say.
    `invalid_count` rows of this page were no person; `unknown_count` do not exist, of the profiles asked for, or were
    passed over.
    """

    people: tuple[Person, ...]
    next_cursor: str | None
    total_available: int | None
    invalid_count: int = 0
    unknown_count: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One part of a source that a provider cannot answer: the part as the address spells it, and why.

    `reason` names the part as people know it, and what to do; `sandbox_answers`: the sandbox could.
    """

    part: str
    reason: str
    sandbox_answers: bool = False


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A saved search or a lead list that a provider keeps: the id that jobs name, and what the user calls it."""

    id: str
    name: str


class ProviderFailure(Exception):
    """A provider could not do what it was asked; the message is safe to show to a user."""


class Unavailable(ProviderFailure):
    """No answer in time, 429 or 5xx: asking again later may work. `retry_after_seconds` is the provider's wish."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Rejected(ProviderFailure):
    """Asking again will not help: the source is gone or was never valid."""


class AccountDisconnected(ProviderFailure):
    """The user's account at the provider must be connected again first."""


class Provider(Protocol):
    """A source of people. Safe to call from many jobs at once; keeps no state of a job."""

    @property
    def name(self) -> str:
        """The word that provenance shows: `directory`, `sandbox`, …"""

    @property
    def people_at_once(self) -> int:
        """How many people are handed to `enrich` together: what it can ask for in a second or so."""

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        """Return every part of `source` that this provider would have to drop; empty: it can answer all of it.

        A saved search has the refusals of its search; one that does not exist, and a lead list, is refused by the
        name of its field. May block, and raise like `fetch_page`.
        """

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        """Return the searches that a SavedSearch may name, the newest first. May block, and raise like `fetch_page`."""

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        """Return the lists that a LeadList may name, the newest first. May block, and raise like `fetch_page`."""

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        """Return the page at `cursor` (None: the first), with at most `most_people` people, which is 1 or more.

        The same arguments give the same page: a job that crashed asks again. `earlier_tries` counts how often this
        job asked for this very page and got no answer. Whoever cannot make a page so short hands over a whole one.

        Raises:
            Unavailable: no answer in time, 429 or 5xx.
            Rejected: the source is not or no longer valid.
            AccountDisconnected: the user must connect the account again.
        """

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        """Return the page of nobody that leads behind the first person at `cursor`, without a look at that person.

        For somebody of whom workers die. `unknown_count` says how many are passed over: more than one where a source
        cannot be read person by person. Raises like `fetch_page`.
        """

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        """Return what more is known of each of `people`, in their order; None: nothing more.

        E-mail addresses are looked for only with `search_emails`. Raises like `fetch_page`.
        """
