"""The files in examples/ run as they are written, and the client is light for whoever imports it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cast import Caller, search_url
from tests.processes import bound

REPOSITORY = Path(__file__).parent.parent
EXAMPLES = REPOSITORY / "examples"

# What `import goldpan.client` may bring besides the standard library.
LIGHT = {"goldpan", "msgspec", "typing_extensions"}  # msgspec takes the last where it finds it
LONGEST_IMPORT_SECONDS = 0.3


@pytest.fixture
def tester(alice: Caller) -> Caller:
    return alice.sandbox()


def run_python(*arguments: str, **environment: str) -> str:
    """Return what a Python that ends well prints."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GOLDPAN_")}
    paths = {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(
        command, env=others | paths | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_example(name: str, caller: Caller, *arguments: str) -> str:
    url = f"http://127.0.0.1:{caller.service.port}"
    return run_python(str(EXAMPLES / name), *arguments, GOLDPAN_API_KEY=caller.key, GOLDPAN_URL=url)


def test_the_examples_lead_from_a_search_to_a_file(tester: Caller, tmp_path: Path) -> None:
    target = tmp_path / "people.csv"

    watched = run_example("start_and_wait.py", tester, search_url("cto total:30"))
    walked = run_example("walk_a_list.py", tester)
    *_, audience_id = watched.split()
    exported = run_example("export_an_audience.py", tester, audience_id, str(target))

    assert "running: 25 new, 0 known" in watched
    assert "completed (source_exhausted), 0 credits" in watched
    assert len(walked.splitlines()) == 1
    assert exported == f"{target} is written\n"
    assert target.read_bytes().count(b"https://www.linkedin.com/in/") == 30


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("start_and_wait.py", "usage: start_and_wait.py [-h] search_url"),
        ("export_an_audience.py", "usage: export_an_audience.py [-h] audience_id path"),
    ],
)
def test_an_example_without_its_arguments_says_which_it_takes(name: str, usage: str) -> None:
    command = [sys.executable, str(EXAMPLES / name)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == usage


def test_no_example_is_left_out_here() -> None:
    run = set(re.findall(r'run_example\("(\w+\.py)"', Path(__file__).read_text()))

    assert {path.name for path in EXAMPLES.glob("*.py")} == run


def test_importing_the_client_imports_nothing_of_the_server() -> None:
    show = "import sys; before = set(sys.modules); import goldpan.client; print(*(set(sys.modules) - before))"

    modules = run_python("-c", show).split()

    ours = {".".join(name.split(".")[:2]) for name in modules if name.startswith("goldpan")}
    others = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert ours == {"goldpan", "goldpan.client", "goldpan.contract"}
    assert others <= LIGHT


def test_importing_the_client_takes_no_time_to_speak_of() -> None:
    # of the processor, which others use too
    measure = "import time; t = time.process_time(); import goldpan.client; print(time.process_time() - t)"

    assert min(float(run_python("-c", measure)) for _ in range(3)) < bound(LONGEST_IMPORT_SECONDS)
