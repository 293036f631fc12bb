"""`goldpan jobs start --wait` and `jobs watch`: progress on terminals and in pipes, Ctrl-C, and every way to end."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.cast import Caller, new_caller
from tests.scripted_server import NO_ANSWER, Reply, Seen, answering, success
from tests.service import Service
from tests.shell import SEARCH, SECONDS, Cli, at_terminal, make_cli, shell_of

JOB_ID = "6b03a43ed94f7066925da7ce"


@pytest.fixture
def carol(services: dict[str, Service]) -> Caller:
    """Somebody with a key of the sandbox."""
    return new_caller(services["sqlite"], "carol").sandbox()


@pytest.fixture
def cli(carol: Caller, tmp_path: Path) -> Cli:
    return shell_of(carol, tmp_path)


def start(keywords: str, *options: str) -> list[str]:
    return ["jobs", "start", "--search-url", SEARCH + keywords, *options]


def test_a_start_that_waits_prints_the_job_as_it_ended(alice: Caller, tmp_path: Path) -> None:
    done = shell_of(alice.sandbox(), tmp_path)(*start("cto%20total%3A30", "--wait"))

    job = json.loads(done.stdout)
    assert (done.returncode, job["status"], job["counts"]["imported"]) == (0, "completed", 30)
    key = re.search(r"Idempotency-Key (\w+):", done.stderr)
    assert key is not None
    assert f"{job['jobId']} linkedin_search completed: import 100% 30 new" in done.stderr
    again = shell_of(alice.sandbox(), tmp_path)(*start("cto%20total%3A30", "--wait", "--idempotency-key", key[1]))
    assert json.loads(again.stdout) == job


def test_a_failed_job_a_cancelled_one_and_a_timeout_have_their_exit_codes(cli: Cli, carol: Caller) -> None:
    failed = cli(*start("cto%20total%3A60%20disconnect%401", "--wait"))
    assert (failed.returncode, json.loads(failed.stdout)["status"]) == (7, "failed")

    late = cli(*start("cto%20total%3A90%20pace%3A20000", "--wait", "--timeout", "1", "--json"))
    assert (late.returncode, json.loads(late.stdout)["error"]["code"]) == (124, "WAIT_TIMEOUT")
    (job_id,) = re.findall(r"try: goldpan jobs watch (\w+)", late.stderr)

    watch = subprocess.Popen(cli.line("jobs", "watch", job_id), env=cli.environment, stdout=-1, stderr=-1, text=True)
    assert watch.stderr is not None
    watch.stderr.readline()  # it watches
    assert carol.cancel(job_id).status == 200
    watch.communicate(timeout=SECONDS)
    assert watch.returncode == 8


def test_in_a_pipe_progress_is_a_line_every_five_seconds(cli: Cli) -> None:
    late = cli(*start("cto%20total%3A90%20pace%3A60000", "--wait", "--timeout", "11"))

    lines = [line for line in late.stderr.splitlines() if " linkedin_search " in line]
    assert 3 <= len(lines) <= 4, late.stderr  # queued, perhaps running, then two ticks
    assert "import 0% 0 new, 0 known · enrichment 0%" in lines[-1]


def test_a_terminal_shows_a_bar_for_each_stage_and_then_the_job(cli: Cli) -> None:
    screen = at_terminal(cli, *start("cto%20total%3A60%20pace%3A100", "--wait"))

    assert screen.exit_code == 0, screen.text
    bars = screen.text.rpartition("{\r\n")[0]
    assert re.search(r"import +\S*━", bars)
    assert re.search(r"enrichment +\S*━", bars)
    assert "60 new, 0 known" in bars
    assert '"status": "completed"' in screen.text


def test_ctrl_c_leaves_the_job_running_and_says_how_to_come_back(cli: Cli, carol: Caller) -> None:
    screen = at_terminal(cli, *start("cto%20total%3A900%20pace%3A20000", "--wait"), typed={"enrichment": "\x03"})

    assert screen.exit_code == 130, screen.text
    (job_id,) = re.findall(r"job continues: goldpan jobs watch (\w+)", screen.text)
    assert "Traceback" not in screen.text
    assert carol.job(job_id)["status"] in ("queued", "running")
    assert carol.cancel(job_id).status == 200


def test_sigint_in_a_pipe_detaches_too(cli: Cli, carol: Caller) -> None:
    line = cli.line(*start("cto%20total%3A900%20pace%3A20000", "--wait"))
    waiting = subprocess.Popen(line, env=cli.environment, stdout=-1, stderr=-1, text=True)
    assert waiting.stderr is not None
    while " linkedin_search " not in (shown := waiting.stderr.readline()):
        assert shown

    waiting.send_signal(signal.SIGINT)

    printed, told = waiting.communicate(timeout=SECONDS)
    (job_id,) = re.findall(r"job continues: goldpan jobs watch (\w+)", told)
    assert (waiting.returncode, printed) == (130, "")
    assert carol.cancel(job_id).status == 200


def test_several_jobs_are_watched_at_once(cli: Cli, carol: Caller) -> None:
    first, second = carol.start_search("cto total:30"), carol.start_search("cto total:5")

    items = cli.json("jobs", "watch", first, second)["items"]

    assert [(job["jobId"], job["status"]) for job in items] == [(first, "completed"), (second, "completed")]


def test_a_watch_goes_on_when_the_server_was_away(tmp_path: Path) -> None:
    # Not an ended job: a restart of a real server takes longer than this whole test.
    answers = [job_reply("running"), NO_ANSWER, job_reply("running"), job_reply("completed"), job_reply("completed")]

    def answer(seen: Seen) -> Reply:
        return Reply(404) if seen.path.endswith("/events") else answers.pop(0)

    with answering(answer) as server:
        done = stranger(tmp_path, server.url)("jobs", "watch", JOB_ID, "--account", JOB_ID)

    assert (done.returncode, answers) == (0, [])
    assert "trying again in" in done.stderr


def test_a_start_whose_answer_is_lost_tells_how_to_repeat_it_safely(tmp_path: Path) -> None:
    with answering(lambda _: NO_ANSWER) as server:
        done = stranger(tmp_path, server.url)(*start("cto", "--account", JOB_ID))

    keys = {seen.headers["idempotency-key"] for seen in server.seen}
    assert (done.returncode, len(server.seen), len(keys)) == (1, 5, 1)
    assert f"  try: the same again with --idempotency-key {keys.pop()}" in done.stderr


def test_a_server_that_goes_away_after_a_start_may_have_started_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        line = stranger(tmp_path, url).line(*start("cto", "--account", JOB_ID))
        starting = subprocess.Popen(line, env=stranger(tmp_path, url).environment, stdout=-1, stderr=-1, text=True)
        connection, _ = listener.accept()
        key = re.search(rb"[Ii]dempotency-[Kk]ey: (\w+)", connection.recv(65536))
    connection.close()  # the answer is lost, and from now on nobody listens

    _, told = starting.communicate(timeout=SECONDS)

    assert key is not None
    assert told.splitlines()[-1].startswith(f"  try: the same again with --idempotency-key {key[1].decode()}"), told


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_ended_by_a_signal_tells_how_to_repeat_it_safely(tmp_path: Path, signal_number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cli = stranger(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}")
        line = cli.line(*start("cto", "--account", JOB_ID))
        starting = subprocess.Popen(line, env=cli.environment, stdout=-1, stderr=-1, text=True)
        connection, _ = listener.accept()
        key = re.search(rb"[Ii]dempotency-[Kk]ey: (\w+)", connection.recv(65536))
        starting.send_signal(signal_number)
        _, told = starting.communicate(timeout=SECONDS)
        connection.close()

    assert key is not None
    assert starting.returncode == 130
    assert f"The job may have started: the same again with --idempotency-key {key[1].decode()}" in told


def test_a_start_that_is_refused_tells_no_idempotency_key(services: dict[str, Service], tmp_path: Path) -> None:
    bob = new_caller(services["sqlite"], "bob", credits=0)

    done = shell_of(bob, tmp_path)(*start("cto"))

    assert done.returncode == 5, done.stderr
    assert "dempotency" not in done.stderr


def stranger(folder: Path, url: str) -> Cli:
    return make_cli(folder, GOLDPAN_URL=url, GOLDPAN_API_KEY="sk_live_x")


def job_reply(status: str) -> Reply:
    stage = {"status": status, "progress": 1.0 if status == "completed" else 0.5}
    return success(
        {
            "jobId": JOB_ID,
            "type": "prospecting",
            "status": status,
            "source": "linkedin_search",
            "createdAt": "2026-04-28T15:30:00.000Z",
            "updatedAt": "2026-04-28T15:30:00.000Z",
            "stages": {"import": stage, "enrichment": stage},
            "error": None,
        }
    )
