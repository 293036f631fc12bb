"""Tables of the `goldpan` command on terminals of different widths, and the same rows in a pipe."""

import re
from pathlib import Path

import pytest

from tests.cast import Caller, new_caller
from tests.scripted_server import answering, success
from tests.service import Service
from tests.shell import Cli, at_terminal, make_cli, shell_of

ID = "6b03a43ed94f7066925da7ce"
TIME = "2026-04-28T15:30:00.000Z"
IS_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def carol(services: dict[str, Service]) -> Caller:
    """Somebody with a key of the sandbox."""
    return new_caller(services["sqlite"], "carol", credits=50).sandbox()


@pytest.fixture
def cli(carol: Caller, tmp_path: Path) -> Cli:
    return shell_of(carol, tmp_path)


@pytest.mark.parametrize("width", [80, 100, 150])
def test_a_job_of_a_list_is_one_line_with_its_source_and_a_whole_time(cli: Cli, carol: Caller, width: int) -> None:
    job = carol.ended(carol.start_search("cto total:30"))

    screen = at_terminal(cli, "jobs", "list", COLUMNS=str(width), NO_COLOR="1")

    (line,) = [line for line in screen.text.splitlines() if job["jobId"] in line]
    assert "linkedin_search" in line
    assert IS_TIME.findall(line) == [job["createdAt"]]
    assert ("source_exhausted" in line) == (width == 150)
    assert len(screen.text.splitlines()) == (2 if width == 150 else 3)  # the head, the job, and what was left out


def test_a_list_of_jobs_in_a_pipe_has_every_column(cli: Cli, carol: Caller) -> None:
    job = carol.ended(carol.start_search("cto total:30"))

    listed = cli("jobs", "list")

    expected = [job["jobId"], "completed", "linkedin_search", job["createdAt"], "30", "0", "source_exhausted"]
    assert listed.stdout == "\t".join(expected) + "\n"
    assert listed.stderr == ""


def test_the_documents_of_a_list_are_summaries_unless_whole_jobs_are_asked_for(cli: Cli, carol: Caller) -> None:
    carol.ended(carol.start_search("cto total:30"))

    (summary,) = cli.json("jobs", "list")["items"]
    (whole,) = cli.json("jobs", "list", "--view", "full")["items"]

    assert set(summary) == {"jobId", "type", "status", "createdAt", "updatedAt"}
    assert whole["source"] == "linkedin_search"


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_time_of_any_list_is_in_pieces_and_what_is_left_out_is_named(tmp_path: Path, width: int) -> None:
    audience = {"id": ID, "name": "Chief technology officers of Norway and Sweden", "prospectCount": 1}
    entry = {"id": ID, "kind": "capture", "availableChange": -1, "reservedChange": -1, "jobId": ID, "createdAt": TIME}
    item = audience | entry | {"type": "on_demand"}
    with answering(lambda _: success({"items": [item], "nextCursor": None})) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        screens = [
            at_terminal(cli, *words, "--account", ID, COLUMNS=str(width), NO_COLOR="1").text
            for words in (("audiences", "list"), ("credits", "ledger"))
        ]

    for screen in screens:
        table, _, left_out = screen.partition("Left out for want of room: ")
        names = left_out.partition(";")[0].split(", ")
        assert ("createdAt" in names) == (TIME not in table), screen
        assert "2026" not in table.replace(TIME, ""), screen
        assert all(name not in table for name in names if name), screen


def test_a_long_name_is_folded_and_not_cut(tmp_path: Path) -> None:
    name = "Chief technology officers of Norway and Sweden and of all the other countries"
    audience = {"id": ID, "name": name, "type": "on_demand", "prospectCount": 1, "createdAt": TIME}
    with answering(lambda _: success({"items": [audience], "nextCursor": None})) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        screen = at_terminal(cli, "audiences", "list", "--account", ID, COLUMNS="100", NO_COLOR="1")

    assert set(name.split()) <= set(screen.text.split())
    assert ID in screen.text
