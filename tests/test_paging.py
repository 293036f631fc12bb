"""Times and cursors: what is printed can be read back, and nothing else is taken for it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.contract.paging import Position, cut, decode_cursor, encode_cursor, format_time, parse_limit, parse_time

FIRST_MS = -62_135_596_800_000  # the year 1
LAST_MS = 253_402_300_799_999  # the year 9999
_times = st.integers(FIRST_MS, LAST_MS)
_ids = st.text("0123456789abcdef", min_size=24, max_size=24)


@given(_times)
def test_a_time_is_printed_as_the_standard_library_would(milliseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)

    assert format_time(milliseconds) == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@given(_times)
def test_a_printed_time_is_read_back(milliseconds: int) -> None:
    assert parse_time(format_time(milliseconds)) == milliseconds


@given(_times, _ids)
def test_a_cursor_is_read_back(milliseconds: int, id_: str) -> None:
    assert decode_cursor(encode_cursor(Position(milliseconds, id_))) == (milliseconds, id_)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_no_junk_is_a_cursor(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        decode_cursor(text)


@given(st.text())
def test_only_one_to_a_hundred_is_a_limit(text: str) -> None:
    allowed = {str(number) for number in range(1, 101)}

    if text in allowed:
        assert parse_limit(text) == int(text)
    else:
        with pytest.raises(ValueError, match="not a limit"):
            parse_limit(text)


def test_one_row_too_many_tells_that_a_page_follows() -> None:
    assert cut([1, 2, 3], 2).items == [1, 2]
    assert cut([1, 2, 3], 2).has_more
    assert not cut([1, 2], 2).has_more
