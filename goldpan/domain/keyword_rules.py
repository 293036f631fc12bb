"""The boolean language of LinkedIn's text fields: words, "phrases", AND, OR, NOT and parentheses as an Expression."""

import re
from dataclasses import dataclass
from typing import assert_never

DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Words:
    """Words that must stand next to each other, in this order (one word, or a quoted phrase)."""

    text: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Excluding:
    """What matches `wanted` (None: everybody) and does not match `unwanted`."""

    wanted: "Expression | None"
    unwanted: "Expression"


Expression = Words | AllOf | AnyOf | Excluding


class TooDeep(ValueError):
    """Parentheses are nested deeper than DEEPEST."""


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is one of `( ) AND OR NOT`, or `text` for a word or phrase."""

    kind: str
    text: str = ""


_TOKEN = re.compile(r'"(?P<phrase>[^"]*)"|(?P<mark>[()])|(?P<word>[^\s()"]+)')
_OPERATORS = ("AND", "OR", "NOT")
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))  # as word processors write them


def parse_keywords(text: str) -> Expression | None:
    """Return what `text` asks for; None: it holds no word.

    Binds tightest first: quotes, parentheses, NOT, AND (also unwritten, between neighbours), OR; operators in capitals
    only. As on LinkedIn nothing else fails: unbalanced quotes and parentheses and operators without an operand are
    passed over. Signs that stand alone, as & does, are no words where there are others.
    Docs: https://www.linkedin.com/help/linkedin/answer/a524335 (from general knowledge, not re-read).

    Raises:
        TooDeep: parentheses are nested deeper than DEEPEST.
    """
    tokens = _drop_unbalanced(_drop_signs(_tokens(text.translate(_QUOTES))))
    found = _Parser(tokens).parse_any() if tokens else None
    if found is None and any(token.kind in _OPERATORS for token in tokens):
        # nothing but operators: OR is also Oregon
        return Words(" ".join(token.kind for token in tokens if token.kind in _OPERATORS))
    return found


def describe_expression(expression: Expression) -> str:
    """Return `expression` in plain words, such as `cto not (intern or "vice president")`."""
    match expression:
        case Words(text):
            return f'"{text}"' if " " in text else text
        case AllOf(parts):
            return " ".join(_enclosed(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_enclosed(part) for part in parts)
        case Excluding(wanted, unwanted):
            return f"{_enclosed(wanted)} not {_enclosed(unwanted)}" if wanted else f"not {_enclosed(unwanted)}"
    assert_never(expression)


def _enclosed(part: Expression) -> str:
    words = describe_expression(part)
    return words if isinstance(part, Words) else f"({words})"


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(text):
        if found["mark"]:
            tokens.append(_Token(found["mark"]))
        elif found["word"] in _OPERATORS:
            tokens.append(_Token(found["word"]))
        elif words := " ".join((found["phrase"] or found["word"] or "").split()):
            tokens.append(_Token("text", words))
    return tokens


def _drop_signs(tokens: list[_Token]) -> list[_Token]:
    kept = [token for token in tokens if token.kind != "text" or any(map(str.isalnum, token.text))]
    return kept if any(token.kind == "text" for token in kept) else tokens


def _drop_unbalanced(tokens: list[_Token]) -> list[_Token]:
    opened: list[int] = []
    dropped: set[int] = set()
    for index, token in enumerate(tokens):
        if token.kind == "(":
            opened.append(index)
        elif token.kind == ")" and opened:
            opened.pop()
        elif token.kind == ")":
            dropped.add(index)
    dropped.update(opened)
    return [token for index, token in enumerate(tokens) if index not in dropped]


class _Parser:
    """Recursive descent over balanced tokens; every rule answers None where it finds no word."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def parse_any(self) -> Expression | None:
        parts = [self._parse_all()]
        while self._take("OR"):
            parts.append(self._parse_all())
        found = tuple(part for part in parts if part is not None)
        return AnyOf(found) if len(found) > 1 else next(iter(found), None)

    def _parse_all(self) -> Expression | None:
        wanted: list[Expression] = []
        unwanted: list[Expression] = []
        while self._kind() not in ("OR", ")", ""):
            is_unwanted = self._take_negation()
            part = self._parse_one()
            if part is not None:
                (unwanted if is_unwanted else wanted).append(part)
        both = _joined(AllOf, wanted)
        without = _joined(AnyOf, unwanted)
        return Excluding(both, without) if without is not None else both

    def _parse_one(self) -> Expression | None:
        """Read a word or a group; None without moving: an operator with nothing to work on, or the end."""
        if self._take("("):
            return self._parse_group()
        if self._kind() == "text":
            self._next += 1
            return Words(self._tokens[self._next - 1].text)
        return None

    def _parse_group(self) -> Expression | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise TooDeep(f"parentheses are nested deeper than {DEEPEST}")
        found = self.parse_any()
        self._take(")")
        self._depth -= 1
        return found

    def _take_negation(self) -> bool:
        negations = 0
        while self._kind() in ("AND", "NOT"):
            negations += self._kind() == "NOT"
            self._next += 1
        return negations % 2 == 1

    def _take(self, kind: str) -> bool:
        if self._kind() != kind:
            return False
        self._next += 1
        return True

    def _kind(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else ""


def _joined(kind: type[AllOf] | type[AnyOf], parts: list[Expression]) -> Expression | None:
    return kind(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)
