"""The words in a search's keywords that script what the sandbox does: `total:N`, `fail:429@PAGE` and the like."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from goldpan.domain.provider_port import AccountDisconnected, ProviderFailure, Unavailable

USUAL_TOTAL = 1_000
USUAL_PACE_SECONDS = 0.05
USUAL_REPEATS = 2
MANY_REPEATS = 10
GARBAGE_ROWS = 5

_PAGES = range(1, 4_001)  # 25 people a page

# how a script word begins, and the numbers that may follow
_NUMBERS = {
    "total:": range(100_001),
    "pace:": range(60_001),
    "fail:429@": _PAGES,
    "fail:500@": _PAGES,
    "fail:timeout@": _PAGES,
    "disconnect@": _PAGES,
    "garbage@": _PAGES,
}
_DUPLICATES = "duplicates"

ALL_SCRIPT_WORDS = (
    "the sandbox knows total:N (0 to 100000), pace:MS (0 to 60000), fail:429@PAGE, fail:500@PAGE, fail:timeout@PAGE, "
    "disconnect@PAGE, garbage@PAGE (pages 1 to 4000) and duplicates"
)

# what the first asks of a page get instead of an answer
_FAILURES: dict[str, tuple[Callable[[], ProviderFailure], ...]] = {
    "fail:429@": (lambda: Unavailable("The sandbox plays 429 Too Many Requests.", retry_after_seconds=1),),
    # a job asks four times in one run: this fails the run, and a resumed job gets past it
    "fail:500@": (lambda: Unavailable("The sandbox plays 500 Internal Server Error."),) * 4,
    "fail:timeout@": (lambda: Unavailable("The sandbox plays a request that timed out."),),
    "disconnect@": (lambda: AccountDisconnected("The sandbox plays an account that was disconnected."),),
}

_SCRIPT_WORD = re.compile(
    r"""(?<!\w) (?: (?:total|pace|fail|disconnect|garbage) [:@] [^\s()",;]* | duplicates (?![\w:@]) )""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD_WITH_NUMBER = re.compile(r"(.*[:@])([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Script:
    """What the sandbox shall do: `faults` as (how the word begins, page), `mistakes` the words it does not know."""

    total: int = USUAL_TOTAL
    pace_seconds: float = USUAL_PACE_SECONDS
    repeats: int = USUAL_REPEATS
    faults: tuple[tuple[str, int], ...] = ()
    mistakes: tuple[str, ...] = ()

    def failure(self, page_number: int, earlier_tries: int) -> ProviderFailure | None:
        """Return what this ask of the page gets instead of an answer; several faults of a page follow one another."""
        failures = [make for word, page in self.faults if page == page_number for make in _FAILURES.get(word, ())]
        return failures[earlier_tries]() if earlier_tries < len(failures) else None

    def garbage_count(self, page_number: int) -> int:
        """Return how many rows of the page are no person."""
        return GARBAGE_ROWS if ("garbage@", page_number) in self.faults else 0


def read_script(keywords_text: str) -> Script:
    """Return what the script words say; where `total` or `pace` stands twice the last one counts."""
    numbers: list[tuple[str, int]] = []
    mistakes = []
    has_duplicates = False
    for word in _SCRIPT_WORD.findall(keywords_text):
        beginning, number = _split(word.lower())
        if beginning == _DUPLICATES:
            has_duplicates = True
        elif number in _NUMBERS.get(beginning, ()):
            numbers.append((beginning, number))
        else:
            mistakes.append(word)
    last = dict(numbers)
    return Script(
        total=last.get("total:", USUAL_TOTAL),
        pace_seconds=last["pace:"] / 1000 if "pace:" in last else USUAL_PACE_SECONDS,
        repeats=MANY_REPEATS if has_duplicates else USUAL_REPEATS,
        faults=tuple(fault for fault in numbers if fault[0].endswith("@")),
        mistakes=tuple(mistakes),
    )


def without_script(keywords_text: str) -> str:
    """Return the keywords that are left when the script words are taken out."""
    return " ".join(_SCRIPT_WORD.sub(" ", keywords_text).split())


def _split(word: str) -> tuple[str, int]:
    """Return how `word` begins and the number behind it; -1: no number."""
    parts = _WORD_WITH_NUMBER.fullmatch(word)
    return (parts[1], int(parts[2])) if parts else (word, -1)
