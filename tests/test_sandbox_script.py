"""The words in a search's keywords that script the sandbox: totals, paces, faults, and what is refused."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.provider_port import AccountDisconnected, Page, Rejected, Unavailable
from goldpan.domain.search_rules import Search
from goldpan.providers.sandbox import Sandbox


async def no_sleep(seconds: float) -> None:
    """Sleep not at all."""


def search(keywords: str) -> Search:
    return Search(original_url="", is_sales_navigator=False, keywords_text=keywords, criteria=())


def fetch(source: Search, cursor: str | None = None, earlier_tries: int = 0) -> Page:
    return asyncio.run(Sandbox(no_sleep).fetch_page("a" * 24, source, cursor, earlier_tries))


def test_total_says_how_many_people_a_search_finds() -> None:
    assert len(fetch(search("cto total:20")).people) == 20


def test_a_search_may_find_nobody() -> None:
    assert fetch(search("total:0 cto")) == Page(people=(), next_cursor=None, total_available=0)


def test_a_search_may_find_a_hundred_thousand() -> None:
    last = fetch(search("cto total:100000"), "4000")

    assert len(last.people) == 27
    assert last.next_cursor is None


@pytest.mark.parametrize(
    "keywords",
    ["cto total:60", "total:50 cto", "cto fail:429@1 pace:0", "cto DUPLICATES total:30", "cto  "],
)
def test_script_words_do_not_change_who_is_found(keywords: str) -> None:
    assert fetch(search(keywords), earlier_tries=1).people == fetch(search("cto")).people


def test_script_words_count_inside_an_expression() -> None:
    page = fetch(search('(cto OR "vp sales") AND (total:7)'))

    assert page.total_available == 7


def test_429_fails_the_first_ask_of_its_page_and_says_when_to_ask_again() -> None:
    source = search("cto fail:429@2")

    with pytest.raises(Unavailable) as failure:
        fetch(source, "2", earlier_tries=0)

    assert failure.value.retry_after_seconds == 1
    assert fetch(source, "2", earlier_tries=1) == fetch(search("cto"), "2")


def test_a_timeout_fails_the_first_ask_and_does_not_say_when_to_ask_again() -> None:
    source = search("cto fail:timeout@2")

    with pytest.raises(Unavailable) as failure:
        fetch(source, "2", earlier_tries=0)

    assert failure.value.retry_after_seconds is None
    assert fetch(source, "2", earlier_tries=1) == fetch(search("cto"), "2")


@pytest.mark.parametrize("earlier_tries", [0, 1, 2, 3])
def test_500_fails_the_four_asks_of_one_run(earlier_tries: int) -> None:
    with pytest.raises(Unavailable):
        fetch(search("cto fail:500@2"), "2", earlier_tries)


def test_500_lets_a_resumed_job_pass() -> None:
    assert fetch(search("cto fail:500@2"), "2", earlier_tries=4) == fetch(search("cto"), "2")


def test_disconnect_fails_the_first_ask_and_lets_a_resumed_job_pass() -> None:
    source = search("cto disconnect@2")

    with pytest.raises(AccountDisconnected):
        fetch(source, "2", earlier_tries=0)

    assert fetch(source, "2", earlier_tries=1) == fetch(search("cto"), "2")


def test_garbage_comes_on_top_of_the_people_of_its_page() -> None:
    first, second, third = (fetch(search("cto garbage@2"), cursor) for cursor in ("1", "2", "3"))

    assert [page.invalid_count for page in (first, second, third)] == [0, 5, 0]
    assert second.people == fetch(search("cto"), "2").people


def test_a_fault_leaves_the_other_pages_alone() -> None:
    assert fetch(search("cto fail:500@2 disconnect@3"), "4") == fetch(search("cto"), "4")


def test_several_faults_of_a_page_follow_one_another() -> None:
    source = search("cto fail:429@2 disconnect@2")

    with pytest.raises(Unavailable):
        fetch(source, "2", earlier_tries=0)
    with pytest.raises(AccountDisconnected):
        fetch(source, "2", earlier_tries=1)
    assert fetch(source, "2", earlier_tries=2) == fetch(search("cto"), "2")


@pytest.mark.parametrize(
    "word",
    [
        "total:abc",
        "total:",
        "total:-1",
        "total:100001",
        "total@5",
        "pace:999999",
        "pace:0.5",
        "fail:418@2",
        "fail:429",
        "fail:429@0",
        "fail:500@x",
        "fail@3",
        "disconnect@",
        "garbage:3",
        "garbage@٣",
        "total:" + "9" * 5_000,
    ],
)
def test_a_script_word_with_a_bad_value_is_refused_by_name(word: str) -> None:
    refusals = Sandbox().refusals("a group", search(f"cto {word} total:60"))

    assert [refusal.part for refusal in refusals] == [word]
    assert "fail:429@PAGE" in refusals[0].reason


def test_every_bad_script_word_is_refused() -> None:
    refusals = Sandbox().refusals("a group", search("total:abc cto fail:418@2"))

    assert [refusal.part for refusal in refusals] == ["total:abc", "fail:418@2"]


def test_a_search_with_a_bad_script_word_is_never_answered() -> None:
    with pytest.raises(Rejected, match="total:abc"):
        fetch(search("cto total:abc"))


@pytest.mark.parametrize(
    "keywords", ["total rewards", "subtotal:5", "fail fast", "duplicates:no", "set pace", "garbage"]
)
def test_ordinary_words_are_no_script(keywords: str) -> None:
    assert Sandbox().refusals("a group", search(keywords)) == []
    assert fetch(search(keywords)).total_available == 1_000


@given(st.text())
def test_any_keywords_are_refused_or_answered(keywords: str) -> None:
    refusals = Sandbox().refusals("a group", search(keywords))

    assert refusals or fetch(search(keywords), earlier_tries=9).total_available is not None
