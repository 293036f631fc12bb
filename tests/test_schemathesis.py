"""Every operation called with made-up requests, right and wrong ones; `bin/fuzz-api` goes on for longer."""

import re
import sys
import time

import pytest

from tests.fuzzing.fuzz import fuzz, seeded_caller
from tests.service import Service

# The same requests in every run, few enough for a minute or two. What is wrong in one part of a request is the same
# for both keys: one of them asks for it.
OPTIONS = {
    "live": ("--max-examples", "5", "--phases", "examples,fuzzing,stateful"),
    "sandbox": ("--max-examples", "8"),
}


@pytest.mark.parametrize("key", OPTIONS)
def test_schemathesis_finds_nothing_wrong(
    services: dict[str, Service], capsys: pytest.CaptureFixture[str], key: str
) -> None:
    service = services["sqlite"]
    begin, began = service.log.stat().st_size, time.monotonic()

    done = fuzz(seeded_caller(service, key), key, [*OPTIONS[key], "--seed", "1", "--continue-on-failure"])

    summary = re.search(r"[\d,]+ generated.*", done.stdout)
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f"\nschemathesis, {key} key: {summary[0] if summary else ''} in {seconds:.0f} s\n")
    assert done.returncode == 0, done.stdout
    assert b'"event":"crash"' not in service.log.read_bytes()[begin:]
