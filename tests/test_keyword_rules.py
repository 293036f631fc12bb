"""The boolean language of text fields: read as LinkedIn reads it, forgiving where LinkedIn forgives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.keyword_rules import (
    AllOf,
    AnyOf,
    Excluding,
    Expression,
    TooDeep,
    Words,
    describe_expression,
    parse_keywords,
)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("recruiter", Words("recruiter")),
        ("supply chain", AllOf((Words("supply"), Words("chain")))),
        ('"supply  chain"', Words("supply chain")),
        ("a AND b", AllOf((Words("a"), Words("b")))),
        ("a OR b OR c", AnyOf((Words("a"), Words("b"), Words("c")))),
        ("a b OR c", AnyOf((AllOf((Words("a"), Words("b"))), Words("c")))),
        ("a (b OR c)", AllOf((Words("a"), AnyOf((Words("b"), Words("c")))))),
        ("a NOT b", Excluding(Words("a"), Words("b"))),
        ("a AND NOT b", Excluding(Words("a"), Words("b"))),
        ("NOT b a", Excluding(Words("a"), Words("b"))),
        ("NOT b", Excluding(None, Words("b"))),
        ("NOT NOT b", Words("b")),
        ("a NOT b NOT c", Excluding(Words("a"), AnyOf((Words("b"), Words("c"))))),
        ("a NOT (b OR c)", Excluding(Words("a"), AnyOf((Words("b"), Words("c"))))),
        ("a OR NOT b", AnyOf((Words("a"), Excluding(None, Words("b"))))),
        ("a and b", AllOf((Words("a"), Words("and"), Words("b")))),
        ("-intern", Words("-intern")),
        ("C++", Words("C++")),
        ("R&D", Words("R&D")),
        ("sales & marketing", AllOf((Words("sales"), Words("marketing")))),
        ("&", Words("&")),
        ("total:50", Words("total:50")),
        ('"AND"', Words("AND")),
    ],
)
def test_keywords_are_read_as_linkedin_reads_them(text: str, expression: Expression) -> None:
    assert parse_keywords(text) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ('"supply chain', AllOf((Words("supply"), Words("chain")))),
        ('a "', Words("a")),
        ("(a OR b", AnyOf((Words("a"), Words("b")))),
        ("a) b", AllOf((Words("a"), Words("b")))),
        (")(a", Words("a")),
        ("a () b", AllOf((Words("a"), Words("b")))),
        ("AND a", Words("a")),
        ("a OR", Words("a")),
        ("a NOT", Words("a")),
        ("a AND OR b", AnyOf((Words("a"), Words("b")))),
        ("OR", Words("OR")),
        ("(" * 5_000 + "a", Words("a")),
        ("NOT " * 4_000 + "a", Words("a")),
    ],
)
def test_unbalanced_keywords_are_forgiven(text: str, expression: Expression) -> None:
    assert parse_keywords(text) == expression


@pytest.mark.parametrize("text", ["", "  ", '""', "()", '( "" )', ")("])
def test_keywords_without_a_word_ask_for_nothing(text: str) -> None:
    assert parse_keywords(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("supply chain", "supply chain"),
        ('cto NOT (intern OR "vice president")', 'cto not (intern or "vice president")'),
        ("NOT intern", "not intern"),
        ("a b OR c", "(a b) or c"),
    ],
)
def test_an_expression_reads_in_plain_words(text: str, words: str) -> None:
    expression = parse_keywords(text)

    assert expression is not None
    assert describe_expression(expression) == words


@given(st.text(st.sampled_from('ab &"() -') | st.characters(exclude_categories=["Cs"])))
def test_any_keywords_can_be_read_and_described(text: str) -> None:
    expression = parse_keywords(text)

    assert expression is None or describe_expression(expression)


def test_parentheses_may_be_nested_32_deep() -> None:
    assert parse_keywords("(" * 32 + "a" + ")" * 32) == Words("a")


def test_parentheses_may_not_be_nested_33_deep() -> None:
    with pytest.raises(TooDeep):
        parse_keywords("(" * 33 + "a" + ")" * 33)


@pytest.mark.parametrize("text", ["“vice president”", "„vice president“", "«vice president»"])
def test_quotes_of_word_processors_are_quotes(text: str) -> None:
    assert parse_keywords(text) == Words("vice president")
