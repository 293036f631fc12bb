"""The Rest.li grammar: what is written is read back, and what is not Rest.li is refused by position."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.restli_rules import Malformed, parse_restli

RESTLI_TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(str.strip).filter(lambda text: text != "''")
RESTLI_NAME = st.text("abcXYZ_", min_size=1)


def spell_restli(value: object) -> str:
    if isinstance(value, dict):
        return f"({','.join(f'{key}:{spell_restli(item)}' for key, item in value.items())})"
    if isinstance(value, list):
        return f"List({','.join(map(spell_restli, value))})"
    return quote(str(value), safe="")


@given(
    st.dictionaries(
        RESTLI_NAME.filter(lambda name: name not in ("text", "keywords")),
        st.recursive(
            RESTLI_TEXT.filter(bool),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(RESTLI_NAME, inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_a_restli_value_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert parse_restli(spell_restli(value)) == value


def refusal_of(text: str) -> str | None:
    try:
        parse_restli(text)
    except Malformed as refusal:
        return str(refusal)
    return None


@given(st.text("(),:%a List'") | st.text())
def test_any_text_is_a_record_or_refused_by_position(text: str) -> None:
    refusal = refusal_of(text)

    assert refusal is None or "position" in refusal
