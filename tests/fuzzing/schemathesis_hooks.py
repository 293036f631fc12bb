"""What schemathesis cannot know: values of the formats that the OpenAPI document names."""

from typing import Any

import schemathesis
from hypothesis import strategies as st

from goldpan.contract.paging import Position, encode_cursor

LAST_MS = 253_402_300_799_999  # the end of the year 9999

schemathesis.openapi.format(
    "goldpan-cursor",
    st.builds(
        lambda created_ms, id_: encode_cursor(Position(created_ms, id_)),
        st.integers(0, LAST_MS),
        st.text("0123456789abcdef", min_size=24, max_size=24),
    ),
)
WORDS = st.text("abcdefgh", min_size=1, max_size=10)
schemathesis.openapi.format(
    # to the sandbox: a handful of people, at once
    "linkedin-search-url",
    WORDS.map(lambda word: f"https://www.linkedin.com/search/results/people/?keywords={word}%20total%3A5%20pace%3A0"),
)
schemathesis.openapi.format(
    "sales-navigator-url",
    WORDS.map(lambda word: f"https://www.linkedin.com/sales/search/people?query=(keywords%3A{word})"),
)
schemathesis.openapi.format(
    "linkedin-post-url",
    st.integers(10**18, 8 * 10**18).map(lambda n: f"https://www.linkedin.com/feed/update/urn:li:activity:{n}/"),
)
schemathesis.openapi.format("linkedin-profile-url", WORDS.map(lambda word: f"https://www.linkedin.com/in/{word}"))


@schemathesis.deserializer("text/html", "text/css", "text/javascript", "text/markdown", "text/plain")
def read_text(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    return response.content.decode()


@schemathesis.deserializer(
    "text/csv",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
def read_file(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> str:
    return response.content.decode("latin-1")


@schemathesis.hook
def before_load_schema(_context: schemathesis.HookContext, document: dict[str, Any]) -> None:
    """Leave file_upload out of the starts: with a seventh source there are more ways to put a body together than
    schemathesis follows, and it would try none. tests/test_file_jobs.py starts them.

    And the folder: which one takes the audience of which source no schema knows. tests/test_folders.py has them.
    """
    start = document["components"]["schemas"]["StartJob"]
    del start["properties"]["folderId"]
    for rule in start["allOf"]:
        rule["anyOf"] = [choice for choice in rule["anyOf"] if choice.get("title") != "file_upload by fileId"]
