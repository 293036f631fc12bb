"""Who people are, and where each of their fields comes from, in the database: over jobs that tell different things."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from goldpan.domain.provider_port import Page, Person, Source
from goldpan.storage.job_table import Job
from tests.invariants import assert_invariants
from tests.workshop import ScriptedProvider, Workshop

# Two LinkedIn ids of member 123456789: of the classic site and of Sales Navigator.
CLASSIC = "ACoAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM"
SALES = "ACwAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM"
MEMBER = "member:123456789"
ADA = Person(public_identifier="ada", linkedin_url="https://www.linkedin.com/in/ada", name="Ada Lovelace")


@dataclass
class TellingProvider(ScriptedProvider):
    """Finds `found`, all on one page, and tells `facts` of them, by their names."""

    pages: list[list[str]] = field(default_factory=list)
    found: list[Person] = field(default_factory=list)
    facts: dict[str, Person] = field(default_factory=dict)

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        return Page(tuple(self.found), None, len(self.found))

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        self.before_enrichment()
        return [self.facts.get(person.name or "") for person in people]


class People(Workshop):
    """Alice's account group, whose provider tells what a test says."""

    provider: TellingProvider

    def take(self, *found: Person, **facts: Person) -> Job:
        """Run a job that finds these people; `facts` by first name are for enrichment."""
        self.provider.found = list(found)
        self.provider.facts = {person.name or "": facts[key] for person in found for key in facts if key in str(person)}
        return self.run(self.start())

    def all(self) -> list[dict[str, Any]]:
        with self.database.read() as tx:
            rows = tx.exec_driver_sql("SELECT * FROM prospect ORDER BY imported_ms, id").mappings().all()
        return [dict(row) for row in rows]

    def names(self) -> dict[str, str]:
        with self.database.read() as tx:
            return {
                row[0]: row[1] for row in tx.exec_driver_sql("SELECT identity_key, prospect_id FROM prospect_identity")
            }


@pytest.fixture
def people(database_url: str) -> Iterator[People]:
    people = People(database_url, TellingProvider())
    yield people
    people.database.close()
    assert_invariants(database_url)


def sources(person: dict[str, Any]) -> dict[str, str]:
    """Return which job told each field of a person; no field is told twice, and none that is known is untold."""
    collections = json.loads(person["provenance"])
    told = [(name, collection["job_id"]) for collection in collections for name in collection["fields"]]
    assert len(dict(told)) == len(told), collections
    known = {field for field in Person.__dataclass_fields__ if person[field] is not None}
    assert dict(told).keys() == known
    return dict(told)


def test_a_later_job_fills_in_what_was_missing_and_says_so(people: People) -> None:
    first = people.take(ADA)

    second = people.take(replace(ADA, name="Ada King", headline="Counts", email="ada@acme.example"))

    (ada,) = people.all()
    assert (second.imported, second.known) == (0, 1)
    assert (ada["name"], ada["headline"], ada["job_id"]) == ("Ada Lovelace", "Counts", first.id)
    assert sources(ada) == {
        **dict.fromkeys(("public_identifier", "linkedin_url", "name"), first.id),
        **dict.fromkeys(("headline", "email"), second.id),
    }
    assert people.names()["email:ada@acme.example"] == ada["id"]


def test_a_slug_that_is_learned_later_replaces_the_address_by_number_and_says_so(people: People) -> None:
    first = people.take(Person(provider_id=SALES, linkedin_url=f"https://www.linkedin.com/in/{SALES}", name="Ada"))

    second = people.take(replace(ADA, provider_id=CLASSIC))

    (ada,) = people.all()
    assert (ada["linkedin_url"], ada["provider_id"]) == (ADA.linkedin_url, SALES)
    assert sources(ada) == {
        "provider_id": first.id,
        **dict.fromkeys(("public_identifier", "linkedin_url", "name"), second.id),
    }
    assert people.names() == {"in:ada": ada["id"], MEMBER: ada["id"]}


def test_a_repeat_on_the_same_page_adds_to_the_same_person(people: People) -> None:
    job = people.take(ADA, replace(ADA, provider_id=CLASSIC, name=None))

    (ada,) = people.all()
    assert (job.imported, job.duplicate) == (1, 1)
    assert (ada["provider_key"], ada["name"]) == (MEMBER, "Ada Lovelace")
    assert set(sources(ada).values()) == {job.id}


def test_the_key_of_a_provider_id_is_kept_also_where_somebody_bears_it(people: People) -> None:
    people.take(replace(ADA, provider_id=CLASSIC), Person(public_identifier="bob", name="Bob", provider_id=SALES))

    ada, bob = people.all()
    assert (ada["provider_key"], bob["provider_key"]) == (MEMBER, MEMBER)
    assert MEMBER in people.names()


def test_a_provider_id_that_enrichment_tells_is_a_key(people: People) -> None:
    job = people.take(ADA, Ada=Person(provider_id=CLASSIC, title="Countess"))

    (ada,) = people.all()
    assert (ada["provider_key"], ada["title"], people.names()[MEMBER]) == (MEMBER, "Countess", ada["id"])
    assert people.take(Person(provider_id=SALES)).known == job.imported == 1


def test_an_address_that_enrichment_tells_is_a_name_of_the_person(people: People) -> None:
    job = people.take(ADA, Ada=Person(email="Ada@Acme.example"))

    later = people.take(Person(name="Ada", email="ada@acme.example"))

    (ada,) = people.all()
    assert (job.emails_found, later.known, later.imported) == (1, 1, 0)
    assert ada["email"] == "Ada@Acme.example"


def test_an_address_that_enrichment_tells_of_two_people_joins_nobody(people: People) -> None:
    bob = Person(public_identifier="bob", name="Bob Roe")
    shared = Person(email="us@acme.example")

    job = people.take(ADA, bob, Ada=shared, Bob=shared)

    first, second = people.all()
    names = people.names()
    assert (job.imported, job.emails_found) == (2, 2)
    assert {names[f"mailbox:us@acme.example {reader}"] for reader in ("ada lovelace", "bob roe")} == {
        first["id"],
        second["id"],
    }
    assert people.take(Person(name="Bob Roe", email="us@acme.example")).known == 1


def test_a_slug_that_another_person_bears_is_not_taken_by_enrichment(people: People) -> None:
    number = Person(provider_id=CLASSIC, name="Ada")

    people.take(ADA, number, Ada=Person())
    people.take(replace(number, provider_id="x", name="Eve"), Eve=replace(ADA, name=None, title="CTO"))

    eve = people.all()[-1]
    assert (eve["public_identifier"], eve["linkedin_url"], eve["title"]) == (None, None, "CTO")
    assert len(people.all()) == 3


def test_what_another_job_told_while_the_provider_was_asked_stays(people: People) -> None:
    def other_job() -> None:
        people.provider.before_enrichment = lambda: None
        told = """replace(provenance, '"name"', '"name","headline"')"""
        people.execute(f"UPDATE prospect SET headline = 'Counts', provenance = {told}")

    people.provider.before_enrichment = other_job

    people.take(ADA, Ada=Person(headline="Poet", title="CTO"))

    (ada,) = people.all()
    assert (ada["headline"], ada["title"]) == ("Counts", "CTO")
    assert sources(ada).keys() >= {"headline", "title"}
