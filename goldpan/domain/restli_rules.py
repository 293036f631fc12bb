"""The Rest.li grammar of Sales Navigator's `query=(…)`: records, lists and texts as plain Python values."""

import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

DEEPEST = 32

Value: TypeAlias = "str | list[Value] | dict[str, Value]"


class Malformed(ValueError):
    """The text breaks the grammar; the message names the position, counted from 1."""


@dataclass(frozen=True, slots=True)
class _Token:
    """`text` is one of `( ) , :`, other text as written, or "" at the end; `position` counts from 1."""

    text: str
    position: int


_TOKEN = re.compile(r"[(),:]|[^(),:]+")
_MARKS = ("(", ")", ",", ":", "")
# Their values are people's own words: a comma, colon or pair of parentheses that is not encoded belongs to them.
_FREE_TEXTS = ("text", "keywords")


def parse_restli(text: str) -> dict[str, Value]:
    """Return the record that `text` holds, such as `(filters:List((type:REGION)),keywords:supply%20chain)`.

    Texts inside come back percent-decoded once more; a lone % in them is text, as some tools encode once only.

    Raises:
        Malformed: it is no record, or is cut off.
    """
    # some tools encode the whole query twice
    parser = _Parser(_decode(text, 1) if text.lower().startswith("%28") else text)
    record = parser.parse_record(1)
    parser.expect_end()
    return record


class _Parser:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str) -> None:
        found = [_Token(match[0], match.start() + 1) for match in _TOKEN.finditer(text) if match[0].strip()]
        self._tokens = [*found, _Token("", len(text) + 1)]
        self._next = 0

    def expect_end(self) -> None:
        if self._ahead().text:
            raise self._error("the end of the query")

    def parse_record(self, depth: int) -> dict[str, Value]:
        self._take("(", "`(`")
        record: dict[str, Value] = {}
        while not self._takes(")"):
            key = self._take_key()
            if key in record:
                raise Malformed(f"The query names `{key[:40]}` twice, before position {self._ahead().position}")
            record[key] = self._take_free_text() if key in _FREE_TEXTS else self._parse_value(depth)
            self._take_separator()
        return record

    def _parse_value(self, depth: int) -> Value:
        if depth > DEEPEST:
            raise Malformed(f"The query is nested deeper than {DEEPEST} at position {self._ahead().position}")
        if self._ahead().text == "(":
            return self.parse_record(depth + 1)
        if self._ahead().text.strip() == "List" and self._ahead(1).text == "(":
            self._next += 1
            return self._parse_list(depth + 1)
        return self._take_text()

    def _parse_list(self, depth: int) -> list[Value]:
        self._take("(", "`(`")
        values: list[Value] = []
        while not self._takes(")"):
            values.append(self._parse_value(depth))
            self._take_separator()
        return values

    def _take_separator(self) -> None:
        if self._ahead().text != ")":
            self._take(",", "a comma or a closing parenthesis")

    def _take_key(self) -> str:
        if not self._is_pair(0):
            raise self._error("a name and a colon")
        self._next += 2
        return self._tokens[self._next - 2].text.strip()

    def _take_text(self) -> str:
        pieces = []
        while self._ahead().text not in ("(", ")", ",", ""):
            pieces.append(self._take_any())
        return _decode("".join(pieces), self._ahead().position)

    def _take_free_text(self) -> str:
        pieces: list[str] = []
        opened = 0
        while self._ahead().text and (opened or not self._is_end_of_value()):
            opened += {"(": 1, ")": -1}.get(self._ahead().text, 0)
            pieces.append(self._take_any())
        return _decode("".join(pieces), self._ahead().position)

    def _is_end_of_value(self) -> bool:
        return self._ahead().text == ")" or (
            self._ahead().text == "," and (self._ahead(1).text in (")", "") or self._is_pair(1))
        )

    def _is_pair(self, offset: int) -> bool:
        return self._ahead(offset).text not in _MARKS and self._ahead(offset + 1).text == ":"

    def _takes(self, mark: str) -> bool:
        if self._ahead().text != mark:
            return False
        self._next += 1
        return True

    def _take(self, mark: str, expected: str) -> None:
        if not self._takes(mark):
            raise self._error(expected)

    def _take_any(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1].text

    def _ahead(self, offset: int = 0) -> _Token:
        return self._tokens[min(self._next + offset, len(self._tokens) - 1)]

    def _error(self, expected: str) -> Malformed:
        token = self._ahead()
        if not token.text:
            return Malformed(
                f"The query ends at position {token.position} where {expected} should follow: was it cut off?"
            )
        return Malformed(f"The query has `{token.text[:20]}` at position {token.position} instead of {expected}")


def _decode(text: str, position: int) -> str:
    try:
        return "" if text.strip() == "''" else unquote(text, errors="strict").strip()
    except UnicodeDecodeError:
        raise Malformed(f"The percent-encoding of the query is not UTF-8 before position {position}") from None
