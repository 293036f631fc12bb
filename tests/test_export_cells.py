"""The texts of an export: no spreadsheet calculates them, and the way back finds every one as it was."""

import re
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldpan.api.export_cells import domain_of
from goldpan.api.export_formats import write_csv
from goldpan.api.export_presets import Column
from goldpan.domain.provider_port import Person
from goldpan.domain.spreadsheet_rules import neutralise, neutralise_in_csv, original, original_in_csv
from tests.export_readers import read_csv
from tests.stored_people import member

TRIGGERS = tuple("=+-@\t\r\n\0＝＋－＠")
PHONES = ["+49 30 1234567", "+1 (555) 010-0199", "+441632960961", "+1.555.010.0199"]

FORMULA_LIKE = st.text(st.sampled_from("'=+-@\t\r\n\0＝＋－＠ \u200b\ufeff\xa0\"1a,"), max_size=8)
TEXTS = st.text() | FORMULA_LIKE


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_text_that_begins_with_a_trigger_is_neutralised(trigger: str) -> None:
    text = f"{trigger}cmd|' /C calc'!A0"

    assert neutralise(text) == "'" + text
    assert original("'" + text) == text


@pytest.mark.parametrize("before", [" ", "\t ", "\xa0", "\u3000", "\ufeff", "\u200b", "\x01", "\x85"])
@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_what_cannot_be_seen_hides_no_formula(before: str, sign: str) -> None:
    assert neutralise(f"{before}{sign}1+1") == f"'{before}{sign}1+1"


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_number_stays_as_it_is(phone: str) -> None:
    assert neutralise(phone) == phone


@pytest.mark.parametrize(
    "formula",
    [
        "+1",
        "+1+1+1+1=A1",
        "+49 30 123456789 123456789 12345",
        "+49 30 1234567\n",
        "+４９３０１２３４５６",
        "+1 555 0100*2",
    ],
)
def test_what_only_resembles_a_phone_number_is_neutralised(formula: str) -> None:
    assert neutralise(formula) == "'" + formula


@pytest.mark.parametrize("text", ["Amara", "R&D", "2+2", "it's", "'quoted'", "é=1", "a@b.example", "", " a", "'"])
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == original(text) == text


@settings(deadline=None)
@given(TEXTS)
@example("'=1")
@example("''+49 30 1234567")
def test_the_way_back_is_exact_and_no_cell_begins_with_a_trigger(text: str) -> None:
    cell = neutralise(text)

    assert original(cell) == text
    assert cell == text or cell == "'" + text
    if cell.startswith(TRIGGERS):
        assert cell == text
        assert cell[1:2].isdigit()  # a phone number


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Acme;=1+1", "Acme;'=1+1"),
        ("Acme\t=1+1", "Acme\t'=1+1"),
        ("Acme | @SUM(1)", "Acme |' @SUM(1)"),
        ("Acme; \u200b-1+1", "Acme;' \u200b-1+1"),
        ("a;＝1;b;+1", "a;'＝1;b;'+1"),
        ("Acme;'=1+1", "Acme;''=1+1"),
        ("Hello\r\n=1+1;", "Hello\r\n'=1+1;"),
        ("Hello\n-1+1;", "Hello\n'-1+1;"),
        ("=1;=1", "'=1;'=1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_a_formula_behind_a_mark_that_may_part_columns_or_rows_is_neutralised(text: str, cell: str) -> None:
    assert neutralise_in_csv(text) == cell
    assert original_in_csv(cell) == text


@pytest.mark.parametrize(
    "text",
    [
        "Amara - CTO",
        "CTO | Acme",
        "Skills:\n- Python\n- SQL",
        "https://acme.example/?a=1;b=-1",
        "ada@acme.example; bob@acme.example",
        "1 + 1 = 2",
        "R&D; C++",
    ],
)
def test_a_text_without_a_formula_behind_such_a_mark_stays_as_it_is(text: str) -> None:
    assert neutralise_in_csv(text) == original_in_csv(text) == text


@settings(deadline=None)
@given(st.text() | st.text(st.sampled_from("'=+-@;|\t\r\n＝ \u200b\xa0\"1a,"), max_size=12))
@example(";\t=")
@example(" \t=1")
@example("\n- ;=")
def test_no_part_of_a_csv_cell_is_a_formula_and_the_way_back_is_exact(text: str) -> None:
    cell = neutralise_in_csv(text)

    assert original_in_csv(cell) == text
    for number, part in enumerate(re.split(r"[;|\t\r\n]", cell)):
        bare = re.sub(r"^[\s\x00-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+", "", part)
        if bare.startswith(tuple("=+-@＝＋－＠")):
            assert bare[:2] in ("- ", "-\xa0") or (number == 0 and bare[1].isdigit())


def test_a_cell_of_marks_takes_linear_time() -> None:
    start = process_time()

    for letter in ";\t\n'|":
        neutralise_in_csv(letter * 1_000_000)
    neutralise_in_csv(";" + " " * 1_000_000)

    assert process_time() - start < 10


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_text_comes_through_csv_as_it_was(texts: list[str]) -> None:
    columns = [Column("title", "person.title")]
    page = [member(number, Person(title=text)) for number, text in enumerate(texts)]

    rows = read_csv(b"".join(write_csv([page], columns)))

    assert [original_in_csv(row["title"]) for row in rows] == texts
    assert not [row for row in rows if row["title"].startswith(TRIGGERS) and not row["title"][1:2].isdigit()]


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.acme.example/about?a=b", "acme.example"),
        ("http://ACME.example:8080", "acme.example"),
        ("acme.example/about", "acme.example"),
        ("www.acme.example", "acme.example"),
        ("shop.acme.example", "shop.acme.example"),
        ("https://", None),
        ("http://[acme", None),
        ("", None),
    ],
)
def test_the_domain_of_an_address(address: str, domain: str | None) -> None:
    assert domain_of(address) == domain
