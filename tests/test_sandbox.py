"""The sandbox provider: whom its sources find, how its pages come, and what its people are like."""

import asyncio
import base64
import unicodedata
from collections.abc import Sequence
from dataclasses import astuple

import pytest

from goldpan.domain.identity_rules import PostRef, ProfileRef, member_number, parse_profile_url
from goldpan.domain.provider_port import (
    LeadList,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Provider,
    SavedSearch,
    Source,
)
from goldpan.domain.search_rules import Criterion, CriterionValue, Search, SearchField, Words
from goldpan.providers.sandbox import Sandbox

A_POST = PostCommenters(PostRef("activity", "7434151475959775232"))
CTO_BY_TITLE = Criterion(SearchField.TITLE, "titleFreeText", (CriterionValue(expression=Words("cto")),))
IN_FRANCE = Criterion(SearchField.LOCATION, "geoUrn", (CriterionValue(id="105015875"),))


class Sleeper:
    """Sleeps not at all, and remembers how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def search(keywords: str, *criteria: Criterion, url: str = "https://www.linkedin.com/search/results/people/") -> Search:
    return Search(original_url=url, is_sales_navigator=False, keywords_text=keywords, criteria=criteria)


def profiles(*slugs: str) -> ProfileList:
    return ProfileList(tuple(ProfileRef(public_identifier=slug) for slug in slugs))


def ids(*provider_ids: str) -> ProfileList:
    return ProfileList(tuple(ProfileRef(provider_id=provider_id) for provider_id in provider_ids))


def fetch(source: Source, cursor: str | None = None, earlier_tries: int = 0, sleep: Sleeper | None = None) -> Page:
    return asyncio.run(Sandbox(sleep or Sleeper()).fetch_page("a" * 24, source, cursor, earlier_tries))


def walk(source: Source) -> list[Page]:
    pages = [fetch(source)]
    while pages[-1].next_cursor is not None:
        pages.append(fetch(source, pages[-1].next_cursor))
    return pages


def everybody(source: Source) -> list[Person]:
    """Return the people of all pages, each once, in the order in which they first come."""
    return list(dict.fromkeys(person for page in walk(source) for person in page.people))


def enrich(people: Sequence[Person], search_emails: bool = False, sleep: Sleeper | None = None) -> list[Person | None]:
    return asyncio.run(Sandbox(sleep or Sleeper()).enrich("a" * 24, people, search_emails))


def slugs(people: Sequence[Person]) -> list[str]:
    return [str(person.public_identifier) for person in people]


def fetch_part(source: Source, cursor: str | None, most_people: int) -> Page:
    return asyncio.run(Sandbox(Sleeper()).fetch_page("a" * 24, source, cursor, 0, most_people))


# --- what a source finds


def test_the_sandbox_is_a_provider() -> None:
    provider: Provider = Sandbox()

    assert provider.name == "sandbox"


@pytest.mark.parametrize(
    "source", [search("cto"), search(""), SavedSearch("50500115"), LeadList("7236596622934118401")]
)
def test_any_search_or_list_finds_a_thousand_distinct_people(source: Source) -> None:
    people = everybody(source)

    assert len(set(slugs(people))) == 1_000
    assert len({person.provider_id for person in people}) == 1_000
    assert len({member_number(str(person.provider_id)) for person in people}) == 1_000


def test_any_post_finds_two_hundred_distinct_people() -> None:
    assert len(set(slugs(everybody(A_POST)))) == 200


@pytest.mark.parametrize(("source", "total"), [(search("cto total:60"), 60), (A_POST, 200), (profiles("ada", "bo"), 2)])
def test_every_page_says_how_many_people_there_are(source: Source, total: int) -> None:
    assert {page.total_available for page in walk(source)} == {total}


def test_the_same_question_has_the_same_answer() -> None:
    assert fetch(search("cto"), "7") == fetch(search("cto"), "7")


def test_other_words_give_other_people() -> None:
    assert not set(slugs(everybody(search("cto")))) & set(slugs(everybody(search("ceo"))))


def test_other_filters_give_other_people() -> None:
    plain, filtered = fetch(search("cto")), fetch(search("cto", IN_FRANCE))

    assert not set(slugs(plain.people)) & set(slugs(filtered.people))


def test_the_order_of_the_filters_does_not_matter() -> None:
    assert fetch(search("", IN_FRANCE, CTO_BY_TITLE)) == fetch(search("", CTO_BY_TITLE, IN_FRANCE))


def test_noise_in_the_url_does_not_change_the_people() -> None:
    assert fetch(search("cto", url="https://www.linkedin.com/x?sid=UwU&page=3")) == fetch(search("cto"))


def test_a_saved_search_and_a_lead_list_of_one_number_are_different() -> None:
    assert fetch(SavedSearch("1")).people[0] != fetch(LeadList("1")).people[0]


@pytest.mark.parametrize("source", [A_POST, SavedSearch("total:abc"), LeadList("x"), profiles("ada"), search("cto")])
def test_every_source_can_be_answered(source: Source) -> None:
    assert Sandbox().refusals("a group", source) == []


# --- pages


def test_every_page_has_twenty_five_new_people_after_the_last_two_of_the_page_before() -> None:
    first, second = walk(search("cto total:50"))

    assert len(first.people) == 25
    assert len(second.people) == 27
    assert second.people[:2] == first.people[-2:]
    assert not set(second.people[2:]) & set(first.people)


def test_duplicates_repeats_the_last_ten_of_the_page_before() -> None:
    first, second = walk(search("cto total:50 duplicates"))

    assert second.people[:10] == first.people[-10:]
    assert len(second.people) == 35


def test_the_last_page_has_who_is_left_and_no_cursor() -> None:
    last = walk(search("cto total:60"))[2]

    assert len(last.people) == 2 + 10
    assert last.next_cursor is None


def test_a_page_past_the_last_one_is_empty() -> None:
    page = fetch(search("cto total:60"), "5")

    assert page.people == ()
    assert page.next_cursor is None


@pytest.mark.parametrize("cursor", ["0", "-1", "abc", "", "1.5"])
def test_a_cursor_that_is_no_positive_integer_is_a_bug(cursor: str) -> None:
    with pytest.raises(ValueError, match=r"page number|invalid literal"):
        fetch(search("cto"), cursor)


@pytest.mark.parametrize(("source", "seconds"), [(search("cto"), 0.05), (search("cto pace:1500"), 1.5), (A_POST, 0.05)])
def test_a_page_takes_its_pace(source: Source, seconds: float) -> None:
    sleep = Sleeper()

    fetch(source, sleep=sleep)

    assert sleep.seconds == [seconds]


# --- people


def test_every_person_has_a_url_that_leads_back_to_the_slug() -> None:
    people = everybody(search("world"))

    found = [parse_profile_url(str(person.linkedin_url)) for person in people]

    assert found == [ProfileRef(public_identifier=person.public_identifier) for person in people]


def test_every_provider_id_is_built_like_a_real_one() -> None:
    provider_id = str(fetch(search("cto")).people[0].provider_id)

    raw = base64.urlsafe_b64decode(provider_id + "=")

    assert len(provider_id) == 39
    assert provider_id.startswith("ACoA")
    assert (raw[:4], raw[8], len(raw)) == (bytes.fromhex("002A0000"), 1, 29)


def test_texts_are_composed_and_never_empty() -> None:
    people = everybody(search("world"))
    people += [found for found in enrich(people, search_emails=True) if found is not None]

    texts = [text for person in people for text in astuple(person) if text is not None]

    assert "" not in texts
    assert [text for text in texts if unicodedata.normalize("NFC", text) != text] == []


def test_some_people_lack_fields() -> None:
    people = everybody(search("world"))

    lacking = {field: sum(getattr(person, field) is None for person in people) for field in Person.__slots__}

    assert lacking["name"] == lacking["first_name"] == 0
    assert 20 < lacking["last_name"] < 150
    assert 40 < lacking["headline"] < 150
    assert 200 < lacking["photo_url"] < 400
    assert 300 < lacking["location"] < 500


def test_names_come_from_many_scripts() -> None:
    letters = {letter for person in everybody(search("world")) for letter in str(person.name) if letter.isalpha()}

    scripts = {unicodedata.name(letter).split()[0] for letter in letters}

    assert scripts >= {
        *("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "CJK"),
        *("HIRAGANA", "HANGUL", "ETHIOPIC", "ARMENIAN", "GEORGIAN", "TAMIL", "BENGALI"),
    }


def test_some_slugs_need_percent_encoding() -> None:
    plain = [slug.isascii() for slug in slugs(everybody(search("world")))]

    assert 50 < plain.count(False) < 250


# --- profiles by their URLs


def test_every_profile_that_is_asked_for_is_found_under_its_very_slug() -> None:
    asked = ["ada-l", "josé-n", "x", "李-明", "a" * 100]

    assert slugs(fetch(profiles(*asked)).people) == asked


def test_profiles_come_twenty_five_a_page_and_do_not_repeat() -> None:
    asked = [f"alice-{number}" for number in range(60)]

    pages = walk(profiles(*asked))

    assert [len(page.people) for page in pages] == [25, 25, 10]
    assert slugs([person for page in pages for person in page.people]) == asked


def test_no_profiles_are_one_empty_page() -> None:
    assert fetch(profiles()) == Page(people=(), next_cursor=None, total_available=0)


def test_profiles_of_nobody_are_unknown() -> None:
    page = fetch(profiles("nobody", "alice", "nobody-else"))

    assert slugs(page.people) == ["alice"]
    assert (page.unknown_count, page.total_available) == (2, 3)


@pytest.mark.parametrize("provider_id", ["ACoAAAdbzRUB" + "x" * 27, "AEMAAAdbzRUB" + "y" * 27, "ACoAAnything"])
def test_a_profile_by_provider_id_keeps_it_and_gets_a_slug(provider_id: str) -> None:
    (person,) = fetch(ids(provider_id)).people

    assert person.provider_id == provider_id
    assert person.public_identifier


def test_the_ids_of_one_member_lead_to_one_person() -> None:
    classic, sales, recruiter = (
        kind + "AAdbzRUB" + signature * 26 + "A" for kind, signature in (("ACoA", "x"), ("ACwA", "y"), ("AEMA", "z"))
    )

    people = fetch(ids(classic, sales, recruiter)).people

    assert len({person.linkedin_url for person in people}) == 1


def test_a_person_of_a_search_is_the_same_by_slug_and_by_id() -> None:
    people = fetch(search("cto"), "3").people

    by_slug = fetch(profiles(*slugs(people[:25]))).people
    by_id = fetch(ids(*(str(person.provider_id) for person in people[:25]))).people

    assert by_slug == by_id == people[:25]


def test_two_slugs_that_end_alike_are_two_people() -> None:
    alice, bob = fetch(profiles("alice-ab12cd34ef56", "bob-ab12cd34ef56")).people

    assert alice.provider_id != bob.provider_id


# --- enrichment


def test_enrichment_tells_company_title_and_location_of_nearly_everybody() -> None:
    found = enrich(everybody(search("world")))

    known = [person for person in found if person is not None]

    assert 20 < found.count(None) < 90
    assert all(person.company_name and person.title and person.location for person in known)


def test_enrichment_follows_from_the_slug_alone() -> None:
    people = list(fetch(search("cto")).people)
    only_slugs = [Person(public_identifier=person.public_identifier) for person in people]

    assert enrich(only_slugs, search_emails=True) == enrich(people, search_emails=True)


def test_enrichment_agrees_with_the_search_row() -> None:
    people = everybody(search("world"))

    pairs = [(person, more) for person, more in zip(people, enrich(people), strict=True) if person.location and more]

    assert [person.location for person, _ in pairs] == [more.location for _, more in pairs]


def test_emails_are_found_for_seventy_percent_when_they_are_looked_for() -> None:
    found = [person for person in enrich(everybody(search("world")), search_emails=True) if person is not None]

    emails = [person.email for person in found if person.email is not None]

    assert 0.65 < len(emails) / len(found) < 0.75
    assert len(set(emails)) == len(emails)
    assert all(email.isascii() and email.endswith(".example") for email in emails)
    assert {person.email_status for person in found if person.email} == {"verified", "risky"}


def test_no_email_is_told_when_none_is_looked_for() -> None:
    found = enrich(everybody(search("world")))

    assert {(person.email, person.email_status) for person in found if person is not None} == {(None, None)}


def test_nothing_more_is_known_of_a_person_without_a_slug() -> None:
    assert enrich([Person(name="Alice")]) == [None]


def test_an_enrichment_takes_fifty_milliseconds_a_call() -> None:
    sleep = Sleeper()

    enrich(fetch(search("cto")).people, sleep=sleep)

    assert sleep.seconds == [0.05]


# --- pages read in parts


@pytest.mark.parametrize("source", [search("cto total:60 garbage@2"), A_POST, profiles(*map(str, range(30)))])
def test_pages_read_person_by_person_are_the_same_people(source: Source) -> None:
    parts = [fetch_part(source, None, 1)]
    while parts[-1].next_cursor is not None:
        parts.append(fetch_part(source, parts[-1].next_cursor, 1))

    pages = walk(source)
    assert [person for part in parts for person in part.people] == [person for page in pages for person in page.people]
    assert sum(part.invalid_count for part in parts) == sum(page.invalid_count for page in pages)


def test_a_person_who_is_passed_over_is_left_out_and_counted() -> None:
    source = search("cto total:30")

    passed = asyncio.run(Sandbox(Sleeper()).pass_over("a" * 24, source, "1+3"))
    rest = fetch(source, passed.next_cursor)

    assert (passed.people, passed.unknown_count) == ((), 1)
    assert rest.people == fetch(source).people[4:]
