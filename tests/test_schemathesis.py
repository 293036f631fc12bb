"""Every operation called with made-up requests, right and wrong ones; `bin/fuzz-api` goes on for longer."""

import re
import sys
import time
from pathlib import Path

import pytest

from tests.fuzzing.fuzz import fuzz, seeded_caller
from tests.service import running

# The same requests in every run, few enough for a minute or two. What is wrong in one part of a request is the same
# for both keys: one of them asks for it.
OPTIONS = {
    "live": ("--max-examples", "5", "--phases", "examples,fuzzing,stateful"),
    "sandbox": ("--max-examples", "8"),
}


@pytest.mark.parametrize("key", OPTIONS)
def test_schemathesis_finds_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    began = time.monotonic()

    with running(tmp_path) as service:  # one of its own: its jobs must not be in the way of other tests
        options = [*OPTIONS[key], "--seed", "1", "--continue-on-failure"]
        done = fuzz(seeded_caller(service, key), key, options)
        log = service.log.read_text()

    cases = re.search(r"[\d,]+ generated.*", done.stdout)
    seconds = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\nschemathesis, {key} key: {cases[0] if cases else 'nothing'} in {seconds:.0f} s\n")
    assert done.returncode == 0, done.stdout
    assert '"event":"crash"' not in log
    assert '"event":"job_crashed"' not in log
