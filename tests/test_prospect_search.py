"""Looking for people of an account group: what finds them, what does not, page by page, and one person's history."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from goldpan import assembly
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.paging import START, PageRequest, Position
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import Person
from goldpan.operations.account_operations import create_account
from goldpan.operations.prospect_operations import LONGEST_SEARCH, FoundPeople, get_person, place_of, search_people
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import prospect_search_table
from goldpan.storage.columns import LETTERS_LOOKED_AT
from goldpan.storage.database import Database
from tests.stored_people import StoredAudience, people, store_audience
from tests.workshop import Workshop, workshop

ADA = Person(name="Ada Lovelace", last_name="Lovelace", company_name="Analytical Engines", email="Ada@engines.example")
GRACE = Person(name="Grace Hopper", last_name="Hopper", company_name="US Navy", email="grace@navy.example")
ELODIE = Person(name="Élodie Durand", last_name="Durand", company_name="Öresund AB")
PERCENT = Person(name="100% Real_Name", last_name="Real_Name", company_name="%")
NAMELESS = Person(public_identifier="nobody")


@pytest.fixture
def toolbox(database_url: str) -> Iterator[Toolbox]:
    database = Database(database_url)
    yield assembly.build_toolbox(database)
    database.close()


@pytest.fixture
def audience(toolbox: Toolbox) -> StoredAudience:
    """Alice's audience of five people."""
    group = create_account(toolbox, "Alice", "scale", 0)
    return store_audience(toolbox, group.id, [ADA, GRACE, ELODIE, PERCENT, NAMELESS])


def reader(account_group_id: str) -> Principal:
    return Principal("alice", False, frozenset(Permission), frozenset({account_group_id}))


def search(
    audience: StoredAudience, text: str, audience_id: str | None = None, after: Position = START, limit: int = 25
) -> FoundPeople:
    group = audience.account_group_id
    return search_people(audience.toolbox, reader(group), group, text, audience_id, PageRequest(after, limit))


def names(found: FoundPeople) -> set[str | None]:
    return {one.person.name for one in found.page.items}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", {"Ada Lovelace"}),
        ("ADA LOVE", {"Ada Lovelace"}),
        (" lovelace ", {"Ada Lovelace"}),
        ("analytical e", {"Ada Lovelace"}),
        ("ada@ENGINES", {"Ada Lovelace"}),
        ("us navy", {"Grace Hopper"}),
        ("élodie", {"Élodie Durand"}),
        ("ÉLODIE", {"Élodie Durand"}),
        ("öresund", {"Élodie Durand"}),
        ("100%", {"100% Real_Name"}),
        ("%", {"100% Real_Name"}),
        ("real_", {"100% Real_Name"}),
        ("_", set()),
        ("'; --", set()),
        ("ovelace", set()),
        ("", {"Ada Lovelace", "Grace Hopper", "Élodie Durand", "100% Real_Name", None}),
    ],
)
def test_a_person_is_found_by_how_a_name_a_company_or_an_address_begins(
    audience: StoredAudience, text: str, found: set[str | None]
) -> None:
    assert names(search(audience, text)) == found


def test_a_field_without_end_is_kept_and_found_by_how_it_begins(audience: StoredAudience) -> None:
    endless = "".join(random.Random(1).choices("abcdefghij", k=50_000))  # nothing that a database could compress much
    audience.join([Person(name=endless, last_name=endless, company_name=endless, email=endless)])

    assert names(search(audience, endless[:LONGEST_SEARCH])) == {endless}
    assert names(search(audience, endless[: LONGEST_SEARCH - 1] + "z")) == set()


def test_a_text_whose_capitals_are_three_times_as_long_is_found_by_all_of_them(audience: StoredAudience) -> None:
    text = "\u0390" * LONGEST_SEARCH  # no other letter becomes longer
    capitals = text.upper()
    audience.join([Person(name=capitals), Person(name=capitals[:-1] + "Z")])

    assert len(capitals) == LETTERS_LOOKED_AT == 3 * LONGEST_SEARCH
    assert names(search(audience, text)) == {capitals}


def test_whoever_is_found_by_several_fields_comes_once(audience: StoredAudience) -> None:
    audience.join([Person(name="Miller", last_name="Miller", company_name="Miller", email="miller@miller.example")])

    found = search(audience, "miller")

    assert [one.person.name for one in found.page.items] == ["Miller"]
    assert not found.is_cut


@pytest.mark.parametrize("text", ["", "person"])
def test_pages_lead_through_everybody_once_the_last_imported_first(audience: StoredAudience, text: str) -> None:
    named = [replace(one, name=f"Person {number}") for number, one in enumerate(people(100))]
    audience.join(named, since_ms=1000)

    places, after, has_more = [], START, True
    while has_more:
        page = search(audience, text, after=after, limit=7).page
        places += [place_of(one) for one in page.items]
        after, has_more = places[-1], page.has_more

    assert places == sorted(set(places), reverse=True)
    assert len(places) == 100 + (0 if text else 5)


def test_an_audience_narrows_the_search(audience: StoredAudience) -> None:
    other = store_audience(audience.toolbox, audience.account_group_id, [replace(ADA, name="Ada Yonath")])

    assert names(search(audience, "ada")) == {"Ada Lovelace", "Ada Yonath"}
    assert names(search(audience, "ada", other.id)) == {"Ada Yonath"}


def test_a_search_that_looked_at_too_many_says_so(audience: StoredAudience, monkeypatch: pytest.MonkeyPatch) -> None:
    audience.join([Person(name=f"Miller {number}") for number in range(4)])
    monkeypatch.setattr(prospect_search_table, "MOST_CANDIDATES", 4)
    exact = search(audience, "miller")
    audience.join([Person(name="Miller 5")])

    one_too_many = search(audience, "miller")

    assert (len(exact.page.items), exact.is_cut) == (4, False)
    assert (len(one_too_many.page.items), one_too_many.is_cut) == (4, True)


def test_a_strangers_many_people_take_nobodys_place_in_a_search(
    audience: StoredAudience, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = create_account(audience.toolbox, "Mallory", "scale", 0)
    store_audience(audience.toolbox, stranger.id, [Person(name=f"Ada {number}") for number in range(5)])
    monkeypatch.setattr(prospect_search_table, "MOST_CANDIDATES", 4)

    found = search(audience, "ada")

    assert (names(found), found.is_cut) == ({"Ada Lovelace"}, False)


def test_nobody_of_another_account_group_is_found(audience: StoredAudience) -> None:
    stranger = create_account(audience.toolbox, "Mallory", "scale", 0)
    hers = store_audience(audience.toolbox, stranger.id, [Person(name="Ada Mallory")])
    [ada] = search(hers, "ada").page.items

    with pytest.raises(Problem) as person:
        get_person(audience.toolbox, reader(audience.account_group_id), audience.account_group_id, ada.id)
    with pytest.raises(Problem) as within:
        search(audience, "ada", hers.id)

    assert names(search(audience, "ada")) == {"Ada Lovelace"}
    assert names(search(hers, "")) == {"Ada Mallory"}
    assert person.value.kind is within.value.kind is ErrorKind.NOT_FOUND


def test_people_are_for_those_who_may_read_them(audience: StoredAudience) -> None:
    group = audience.account_group_id
    [ada] = search(audience, "ada").page.items
    blind = replace(reader(group), permissions=frozenset({Permission.AUDIENCES_READ}))

    with pytest.raises(Problem) as searching:
        search_people(audience.toolbox, blind, group, "ada", None, PageRequest())
    with pytest.raises(Problem) as reading:
        get_person(audience.toolbox, blind, group, ada.id)

    assert searching.value.kind is reading.value.kind is ErrorKind.FORBIDDEN


@pytest.mark.parametrize("text", ["x" * 101, "a\0b", "a\ud800b", "a\nb"], ids=ascii)
def test_a_text_that_cannot_be_looked_for_is_refused(audience: StoredAudience, text: str) -> None:
    with pytest.raises(Problem) as refusal:
        search(audience, text)

    assert [field.name for field in refusal.value.fields] == ["text"]


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada", "grace"]]) as shop:
        yield shop


def test_a_person_tells_their_audiences_and_which_jobs_told_what(shop: Workshop) -> None:
    first, second = shop.start(search_emails=True, max_results=2), shop.start(max_results=2)
    first_job, second_job = shop.run(first), shop.run(second)
    [ada] = search_people(shop.toolbox, shop.alice, shop.group_id, "ada", None, PageRequest()).page.items

    history = get_person(shop.toolbox, shop.alice, shop.group_id, ada.id)

    assert {audience.id for audience in history.audiences} == {first_job.audience_id, second_job.audience_id}
    assert not history.has_more_audiences
    assert history.job_ids == [first]
    assert (history.found.person.email, history.found.job_id) == ("ada@example.com", first)
    told = {name: collection.job_id for collection in history.found.provenance for name in collection.fields}
    assert (told["name"], told["email"]) == (first, first)
    assert history.found.enriched_ms is not None
