"""The texts of an export: no spreadsheet calculates them, and the way back finds every one as it was."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldpan.api.export_cells import domain_of
from goldpan.api.export_formats import write_csv
from goldpan.api.export_presets import Column
from goldpan.domain.provider_port import Person
from goldpan.domain.spreadsheet_rules import neutralise, original
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


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_text_comes_through_csv_as_it_was(texts: list[str]) -> None:
    columns = [Column("title", "person.title")]
    page = [member(number, Person(title=text)) for number, text in enumerate(texts)]

    rows = read_csv(b"".join(write_csv([page], columns)))

    assert [original(row["title"]) for row in rows] == texts
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
