"""The Prefer header, of which we know one preference: `wait`, in whole seconds.

Source: RFC 7240, section 2 (read 2026-11).
"""

import re

from goldpan.api.parameters import Parameter

MOST_WAIT_SECONDS = 30
WAIT_ARGUMENT = "wait_seconds"

# A list of `name [= value] *( ; parameter )`; a quoted string may hold commas and semicolons.
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_SECONDS = re.compile(r'("?)([1-9][0-9]?)\1', re.ASCII)


def parse_wait(text: str) -> int | None:
    """Return how many seconds the client is willing to wait; None: it did not say.

    Raises:
        ValueError: `wait` is no integer from 1 to 30.
    """
    for preference in _PREFERENCE.findall(text):
        name, _, value = preference.split(";", 1)[0].partition("=")
        if name.strip().lower() != "wait":
            continue  # a server ignores what it does not know
        match = _SECONDS.fullmatch(value.strip())
        if match is None or int(match[2]) > MOST_WAIT_SECONDS:
            raise ValueError(text)
        return int(match[2])  # of several only the first counts
    return None


PREFER = Parameter(
    "Prefer",
    "header",
    WAIT_ARGUMENT,
    parse_wait,
    None,
    f"wait must be an integer from 1 to {MOST_WAIT_SECONDS}, as in wait=10",
    f"`wait=N` (1 to {MOST_WAIT_SECONDS}): answer as soon as the job changes, at the latest after N seconds; with"
    " `If-None-Match` as soon as the ETag differs. A job that has ended is answered at once. Other preferences are"
    " ignored.",
    {"type": "string", "examples": ["wait=10"]},
    may_repeat=True,
)
