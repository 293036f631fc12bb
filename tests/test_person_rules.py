"""When records are one person: the rules of weak keys, and what holds over any records in any order."""

import base64
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.identity_rules import slug_key
from goldpan.domain.person_rules import learned_keys, news_of, person_keys, settle_facts
from goldpan.domain.provider_port import Person
from tests.intake_world import Group

EMAIL = "ada@acme.example"


def provider_id(number: int, kind: str = "002a0000") -> str:
    raw = bytes.fromhex(kind) + number.to_bytes(4, "big") + b"\x01" + bytes(range(20))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def people_of(*pages: list[Person]) -> int:
    """Return how many people the records are, taken page by page."""
    group = Group()
    for page in pages:
        group.take(page)
    return len(group.people)


SLUG = Person(public_identifier="ada", name="Ada Lovelace", email=EMAIL)
NUMBER = Person(provider_id=provider_id(5), name="Ada Lovelace", email=EMAIL)
ALONE = Person(name="Ada Lovelace", email=EMAIL)


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("pages", ["one page", "a page each"])
@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        pytest.param(SLUG, NUMBER, 1, id="a slug and a number"),
        pytest.param(SLUG, ALONE, 1, id="a slug and nothing"),
        pytest.param(SLUG, Person(email=" ADA@Acme.example"), 1, id="no name contradicts none"),
        pytest.param(SLUG, Person(name="Lovelace, ADA", email=EMAIL), 1, id="the same words"),
        pytest.param(SLUG, Person(first_name="Ada", last_name="Lovelace", email=EMAIL), 1, id="two parts"),
        pytest.param(SLUG, Person(name="Dr. Ada King Lovelace", email=EMAIL), 1, id="more words"),
        pytest.param(SLUG, Person(name="Ada", email=EMAIL), 1, id="fewer words"),
        pytest.param(SLUG, Person(name="Bob Lovelace", email=EMAIL), 2, id="another name"),
        pytest.param(SLUG, Person(name="Ada", last_name="Byron", email=EMAIL), 2, id="another name in parts"),
        pytest.param(SLUG, Person(public_identifier="ada-2", name="Ada Lovelace", email=EMAIL), 2, id="two slugs"),
        pytest.param(NUMBER, Person(provider_id=provider_id(6), name="Ada Lovelace", email=EMAIL), 2, id="two numbers"),
        pytest.param(NUMBER, Person(provider_id="vendor-7", name="Ada", email=EMAIL), 1, id="ids of two vendors"),
        pytest.param(Person(email=EMAIL), Person(email=EMAIL), 1, id="the address alone, twice"),
    ],
)
def test_an_address_joins_two_records_where_nothing_contradicts(
    one: Person, other: Person, count: int, pages: str, is_reversed: bool
) -> None:
    records = [other, one] if is_reversed else [one, other]

    assert people_of(records) == count if pages == "one page" else people_of(*[[record] for record in records]) == count


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("name", "count"), [("Ada Lovelace", 1), ("lovelace ada", 1), ("Ada", 2), (None, 2), ("Bob Lovelace", 2)]
)
def test_a_mailbox_that_several_people_read_joins_equal_names_only(
    name: str | None, count: int, is_reversed: bool
) -> None:
    records = [
        Person(public_identifier="ada", name="Ada Lovelace", email="info@acme.example"),
        Person(name=name, email="Info@acme.example"),
    ]

    assert people_of(records[::-1] if is_reversed else records) == count


def test_two_readers_of_one_mailbox_stay_two_and_are_both_found_again() -> None:
    group = Group()
    ada, bob = Person(name="Ada", email="us@acme.example"), Person(name="Bob", email="us@acme.example")
    group.take([ada, bob])
    group.taken = []

    again = group.take([bob, ada])

    assert (again.known, len(again.new)) == (2, 0)
    assert again.taken == ["id-1", "id-0"]


def test_a_key_is_not_taken_from_who_bears_it() -> None:
    group = Group()
    group.take([SLUG])
    before = dict(group.names)

    group.take([Person(public_identifier="ada-2", name="Ada Lovelace", email=EMAIL, provider_id=provider_id(5))])

    assert group.names | before == group.names
    assert group.names["member:5"] != before["in:ada"]


@pytest.mark.parametrize("pages", ["one page", "a page each"])
def test_whoever_shares_a_given_name_and_an_address_with_two_others_is_one_of_three_at_most(pages: str) -> None:
    records = [
        Person(name="Anna", email="anna@acme.example"),
        Person(name="Anna Bell", email="anna@acme.example"),
        Person(name="Anna Carl", email="anna@acme.example", provider_id="vendor-9"),
        Person(name="Anna Dunn", email="anna@acme.example", public_identifier="anna-dunn"),
    ]

    assert people_of(records) == 3 if pages == "one page" else people_of(*[[record] for record in records]) == 3


# --- what one record adds to another


COMPANY = Person(company_name="Acme, Inc.", title="CTO", email="ada@acme.example", email_status="verified")


@pytest.mark.parametrize(
    ("known", "told", "news"),
    [
        (Person(name="Ada"), Person(name="Bob", headline="Counts"), {"headline": "Counts"}),
        (Person(name="Ada"), Person(name="Lovelace, ADA"), {"name": "Lovelace, ADA"}),
        (Person(name="Ada Lovelace"), Person(name="Ada"), {}),
        (Person(name="Ada Lovelace"), Person(name="Lovelace Ada"), {}),
        (COMPANY, Person(company_name="acme inc", company_size="7"), {"company_size": "7"}),
        (
            COMPANY,
            Person(company_name="Globex", company_size="7", title="CEO", location="Paris"),
            {"location": "Paris"},
        ),
        (Person(company_name="Acme"), Person(company_name="Globex", title="CEO"), {}),
        (Person(email="a@b.example"), Person(email="A@b.example", email_status="risky"), {"email_status": "risky"}),
        (Person(email="a@b.example"), Person(email="c@b.example", email_status="risky"), {}),
        (Person(email="a@b.example"), Person(email_status="risky"), {}),
        (
            Person(),
            Person(email="a@b.example", email_status="risky"),
            {"email": "a@b.example", "email_status": "risky"},
        ),
        (
            Person(linkedin_url=f"https://www.linkedin.com/in/{provider_id(5)}"),
            Person(linkedin_url="https://www.linkedin.com/in/ada", public_identifier="ada"),
            {"linkedin_url": "https://www.linkedin.com/in/ada", "public_identifier": "ada"},
        ),
        (
            Person(linkedin_url="https://www.linkedin.com/in/ada", public_identifier="ada"),
            Person(linkedin_url=f"https://www.linkedin.com/in/{provider_id(5)}", provider_id=provider_id(5)),
            {"provider_id": provider_id(5)},
        ),
        (Person(linkedin_url="https://www.linkedin.com/in/ada"), Person(public_identifier="bob"), {}),
        (Person(), Person(public_identifier=provider_id(5)), {}),
    ],
)
def test_what_we_had_stays_and_what_belongs_together_comes_together(
    known: Person, told: Person, news: dict[str, str]
) -> None:
    assert news_of(known, told) == news


def test_an_address_that_is_learned_becomes_a_name_if_it_is_free() -> None:
    known, told = Person(public_identifier="ada", name="Ada"), Person(email=EMAIL)

    alone = settle_facts(known, told, {"in:ada": "1"}, "1")
    taken = settle_facts(known, told, {"in:ada": "1", f"email:{EMAIL}": "2"}, "1")

    assert alone.free_keys == [f"mailbox:{EMAIL} ada", f"email:{EMAIL}"]
    assert taken.free_keys == [f"mailbox:{EMAIL} ada"]
    assert alone.news == taken.news == {"email": EMAIL}


def test_a_slug_that_somebody_bears_is_not_learned() -> None:
    known = Person(provider_id=provider_id(5))
    told = Person(public_identifier="ada", linkedin_url="https://www.linkedin.com/in/ada", title="CTO")

    learned = settle_facts(known, told, {"in:ada": "2", "member:5": "1"}, "1")

    assert learned_keys(known, told) == ("in:ada", "member:5")
    assert (learned.news, learned.free_keys) == ({"title": "CTO"}, [])


# --- over any records


def maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


SLUGS = ("ada", "bob", "eve")
RECORDS = st.builds(
    Person,
    public_identifier=maybe(*SLUGS),
    linkedin_url=maybe(*[f"https://www.linkedin.com/in/{slug}" for slug in SLUGS]),
    provider_id=maybe(*[provider_id(number, kind) for number in (5, 6) for kind in ("002a0000", "002c0000")], "x"),
    email=maybe("ada@acme.example", "bob@acme.example", "info@acme.example"),
    name=maybe("Ada", "Ada Lovelace", "Bob Roe"),
)
PAGES = st.lists(st.lists(RECORDS, max_size=6), max_size=6)


@given(PAGES)
def test_of_any_records_no_two_prospects_share_a_slug_and_no_two_slugs_are_one(pages: list[list[Person]]) -> None:
    group = Group()

    for page in pages:
        group.take(page)

    slugs = [slug_key(person_keys(person)) for person in group.people.values()]
    known = [slug for slug in slugs if slug]
    assert len(known) == len(set(known))
    assert {slug: group.people[group.names[slug]] for slug in known} == {
        slug: person for slug, person in zip(slugs, group.people.values(), strict=True) if slug
    }
    told = {key for page in pages for person in page if (key := slug_key(person_keys(person)))}
    assert told == set(known)


@given(PAGES)
def test_of_any_records_everybody_stored_can_be_found_again(pages: list[list[Person]]) -> None:
    group = Group()

    for page in pages:
        group.take(page)

    assert set(group.names.values()) == group.people.keys()


@given(PAGES, st.integers())
def test_the_same_records_again_in_any_order_add_nobody(pages: list[list[Person]], seed: int) -> None:
    group = Group()
    for page in pages:
        group.take(page)
    group.taken, people = [], set(group.people)
    records = [person for page in pages for person in page]
    Random(seed).shuffle(records)

    intakes = [group.take(records[place : place + 4]) for place in range(0, len(records), 4)]

    assert group.people.keys() == people
    counted = sum(intake.known + intake.duplicate + intake.invalid for intake in intakes)
    assert counted == len(records)


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["all", "slug", "number", "address"]))), st.integers(1, 5))
def test_people_who_share_no_key_are_counted_right_in_any_order(told: list[tuple[int, str]], length: int) -> None:
    def record(number: int, tells: str) -> Person:
        whole = Person(
            public_identifier=f"p{number}",
            provider_id=provider_id(number),
            email=f"p{number}@acme.example",
            name=f"Person{number}",
        )
        parts = {
            "slug": Person(public_identifier=whole.public_identifier),
            "number": Person(provider_id=provider_id(number, "002c0000"), email=whole.email),
            "address": Person(email=whole.email, name=whole.name),
        }
        return parts.get(tells, whole)

    group = Group()
    group.take([record(number, "all") for number, _ in told])

    for place in range(0, len(told), length):
        group.take([record(*each) for each in told[place : place + length]])

    assert len(group.people) == len({number for number, _ in told})
