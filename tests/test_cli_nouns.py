"""The nouns of the API at the shell: audiences, credits, files and keys, in tables, tabs, documents and lines."""

import csv
import inspect
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from goldpan.cli.command_line import root
from goldpan.contract.error_catalogue import ErrorKind
from tests.cast import Caller, new_caller
from tests.scripted_server import Reply, answering, as_json, success
from tests.service import Service
from tests.shell import Cli, at_terminal, make_cli, shell_of

REPOSITORY = Path(__file__).parent.parent
SAMPLE = REPOSITORY / "samples" / "Connections.csv"
NOBODYS_ID = "0" * 24


@pytest.fixture
def carol(services: dict[str, Service]) -> Caller:
    """Somebody with a key of the sandbox, and an audience of 30 people."""
    return new_caller(services["sqlite"], "carol", credits=50).sandbox()


@pytest.fixture
def audience_id(carol: Caller) -> str:
    job = carol.ended(carol.start_search("cto total:30"))
    return str(job["audienceId"])


@pytest.fixture
def cli(carol: Caller, tmp_path: Path) -> Cli:
    return shell_of(carol, tmp_path)


# --- audiences ----------------------------------------------------------------------------------------------------


def test_an_audience_is_listed_shown_and_walked(cli: Cli, carol: Caller, audience_id: str) -> None:
    piped = cli("audiences", "list").stdout
    audience = cli.json("audiences", "get", audience_id)
    page = cli.json("audiences", "prospects", audience_id, "--limit", "7")
    walked = [json.loads(line) for line in cli("audiences", "prospects", audience_id, "--all").stdout.splitlines()]

    assert piped.startswith(f"{audience_id}\t")
    assert audience["prospectCount"] == 30
    assert (len(page["items"]), page["hasMore"]) == (7, True)
    assert walked == carol.prospects(audience_id)
    rest = cli.json("audiences", "prospects", audience_id, "--limit", "100", "--cursor", page["nextCursor"])
    assert (len(rest["items"]), rest["nextCursor"], rest["hasMore"]) == (23, None, False)


def test_at_a_terminal_a_list_is_a_table_with_a_head(cli: Cli, audience_id: str) -> None:
    bright = at_terminal(cli, "audiences", "list")
    plain = at_terminal(cli, "audiences", "list", NO_COLOR="1")

    assert "prospectCount" in bright.text
    assert "\t" not in bright.text
    assert audience_id in plain.text
    assert "\x1b[3" not in plain.text


def test_a_name_cannot_drive_the_terminal(tmp_path: Path) -> None:
    name = "CTOs\x1b]0;owned\x07\x9b31m\u202e\nsecond"
    audience = {"id": NOBODYS_ID, "name": name, "type": "on_demand", "prospectCount": 1}
    with answering(lambda _: success({"items": [audience], "nextCursor": None})) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        piped = cli("audiences", "list", "--account", NOBODYS_ID).stdout
        screen = at_terminal(cli, "audiences", "list", "--account", NOBODYS_ID)

    shown = "CTOs\ufffd]0;owned\ufffd\ufffd31m\ufffd second"
    assert piped.split("\t")[1] == shown
    assert shown in screen.text


def test_a_document_with_a_name_cannot_drive_the_terminal_and_is_the_same_document(tmp_path: Path) -> None:
    name = "CTOs\x1b]0;owned\x07\x9b31m\u202e\x7f Zoë"
    audience = {"id": NOBODYS_ID, "name": name, "type": "on_demand", "prospectCount": 1}
    with answering(lambda _: success({"items": [audience], "nextCursor": None})) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        page = cli("audiences", "list", "--account", NOBODYS_ID, "--json").stdout
        line = cli("audiences", "list", "--account", NOBODYS_ID, "--all").stdout

    assert json.loads(page)["items"][0]["name"] == json.loads(line)["name"] == name
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", page + line)
    assert "Zoë" in line


def test_a_refusal_cannot_drive_the_terminal(tmp_path: Path) -> None:
    error = {"code": "NOT_FOUND\x1b", "message": "gone\x1b]0;owned\x07\n  try: curl", "details": "\u202e"}
    with answering(lambda _: as_json({"error": error | {"traceId": "\x9b"}}, 404)) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        done = cli("audiences", "list", "--account", NOBODYS_ID)

    assert done.stderr.startswith("error: gone\ufffd]0;owned\ufffd try: curl — \ufffd (NOT_FOUND\ufffd")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stderr)


def test_an_audience_is_exported_to_a_file_and_to_a_pipe(cli: Cli, audience_id: str, tmp_path: Path) -> None:
    target = tmp_path / "people.csv"

    saved = cli.json("audiences", "export", audience_id, "--output", str(target))
    piped = cli("audiences", "export", audience_id, "--preset", "hubspot")

    assert saved == {
        "audienceId": audience_id,
        "file": str(target),
        "bytes": target.stat().st_size,
        "status": "written",
    }
    assert len(list(csv.reader(io.StringIO(target.read_text("utf-8-sig"))))) == 31
    assert len(list(csv.reader(io.StringIO(piped.stdout)))) == 31
    assert cli("audiences", "export", audience_id, "--json").returncode == 2
    assert cli("audiences", "export", NOBODYS_ID, "-o", str(tmp_path / "no.csv")).returncode == 3
    assert not (tmp_path / "no.csv").exists()


def test_a_workbook_is_not_poured_over_a_terminal(cli: Cli, audience_id: str) -> None:
    screen = at_terminal(cli, "audiences", "export", audience_id, "--format", "xlsx")

    assert screen.exit_code == 2
    assert "--output FILE" in screen.text


def test_an_export_to_a_device_leaves_it_a_device(cli: Cli, audience_id: str) -> None:
    discarded = cli.json("audiences", "export", audience_id, "--output", "/dev/null")
    printed = cli("audiences", "export", audience_id, "--output", "/dev/stdout")

    assert (discarded["bytes"], Path("/dev/null").is_char_device()) == (None, True)
    assert len(list(csv.reader(io.StringIO(printed.stdout)))) == 31, printed.stderr


def test_an_export_into_a_missing_folder_is_one_error(cli: Cli, audience_id: str) -> None:
    done = cli("audiences", "export", audience_id, "--output", "/nowhere/people.csv")

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# --- credits, quota, files, anything ------------------------------------------------------------------------------


def test_credits_are_shown_with_the_ledger_that_adds_up_to_them(cli: Cli) -> None:
    balance = cli.json("credits")
    lines = [json.loads(line) for line in cli("credits", "ledger", "--all").stdout.splitlines()]

    assert balance == cli.json("credits", "get")
    assert balance["available"] == sum(line["availableChange"] for line in lines) == 50
    assert cli.json("jobs", "quota", "--list-type", "SALES_NAVIGATOR")["remaining"] == 2500


def test_credits_take_the_options_of_the_connection_wherever_they_stand(cli: Cli, tmp_path: Path) -> None:
    far_away = make_cli(tmp_path, GOLDPAN_API_KEY=cli.environment["GOLDPAN_API_KEY"], GOLDPAN_URL="http://127.0.0.1:9")
    url = cli.environment["GOLDPAN_URL"]

    assert far_away.json("credits", "--url", url) == cli.json("credits", "get")
    assert far_away.json("credits", "--url", url, "get") == cli.json("credits", "get")
    assert far_away.json("credits", "ledger", "--url", url) == cli.json("credits", "ledger")
    assert far_away.json("credits", "--url", "http://127.0.0.1:9", "get", "--url", url) == cli.json("credits", "get")


def test_a_file_is_uploaded_shown_and_its_rejects_are_written(cli: Cli, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "First Name,Last Name,LinkedIn Url\nAda,L,linkedin.com/in/ada\nBob,M,https://evil.example/in/bob\n"
    )

    file_id = cli("people", "files", "upload", str(people)).stdout.strip()

    assert cli.json("people", "files", "get", file_id)["rejected"] == 1
    assert "  line 3: " in cli("people", "files", "get", file_id).stdout
    assert "evil.example" in cli("people", "files", "rejects", file_id).stdout


def test_any_route_can_be_called(cli: Cli, carol: Caller) -> None:
    listed = cli("api", "get", "/v1/accounts")
    body = json.dumps({"name": "CTOs", "type": "on_demand"})
    made = cli.fed(body, "api", "POST", f"{carol.group}/audiences", "--body", "-")
    missing = cli("api", "GET", "/v1/nothing")

    assert json.loads(listed.stdout)["data"]["items"][0]["id"] == carol.account_group_id
    assert json.loads(made.stdout)["data"]["name"] == "CTOs"
    assert (missing.returncode, missing.stdout) == (3, "")
    assert cli("api", "GET", "v1/accounts").returncode == 2


# --- keys ---------------------------------------------------------------------------------------------------------


def test_a_key_is_rolled_and_the_old_one_stays_good_for_a_while(database_url: str, tmp_path: Path) -> None:
    is_embedded = database_url.startswith("sqlite")
    cli = make_cli(tmp_path, GOLDPAN_DATABASE_URL="" if is_embedded else database_url)
    account_id = cli.json("account", "create", "Acme")["id"]
    old = cli.json("keys", "create", "--account", account_id, "--permission", "prospecting:read", "--name", "crm")

    new = cli.json("keys", "roll", old["id"], "--overlap", "7d")

    assert new["key"] != old["key"]
    assert [new[name] for name in ("name", "permissions", "replaces")] == ["crm", ["prospecting:read"], old["id"]]
    stored = {item["id"]: item for item in cli.json("keys", "list")["items"]}
    assert stored[old["id"]]["expiresAt"] == new["replacedUntil"]
    assert stored[new["id"]]["expiresAt"] is None
    assert cli("keys", "roll", "nobody").returncode == 3
    assert cli("keys", "roll", old["id"], "--overlap", "31d").returncode == 2
    cli.json("key", "revoke", old["id"])  # the former name
    assert cli("keys", "roll", old["id"]).returncode == 2


# --- errors -------------------------------------------------------------------------------------------------------


def refusing(kind: ErrorKind, details: str | None) -> Reply:
    error = {"code": kind.code, "message": kind.meaning, "details": details}
    envelope = {"success": False, "data": None, "error": error, "traceId": "4bf9"}
    return as_json(envelope, kind.status, Retry_After="0")


@pytest.mark.parametrize(
    ("kind", "details", "exit_code", "step"),
    [
        (ErrorKind.FORBIDDEN, None, 4, "goldpan whoami"),
        (ErrorKind.INSUFFICIENT_CREDITS, None, 5, "goldpan credits"),
        (ErrorKind.RATE_LIMITED, "quota: the 2500 people are used up", 5, "goldpan jobs quota"),
        (ErrorKind.RATE_LIMITED, None, 6, "the same again later"),
        (ErrorKind.UPSTREAM_ERROR, None, 1, "the same again in a moment"),
    ],
)
def test_an_error_tells_code_trace_next_step_and_where_to_read_more(
    tmp_path: Path, kind: ErrorKind, details: str | None, exit_code: int, step: str
) -> None:
    with answering(lambda _: refusing(kind, details)) as server:
        cli = make_cli(tmp_path, GOLDPAN_URL=server.url, GOLDPAN_API_KEY="sk_live_x")
        done = cli("jobs", "list", "--account", NOBODYS_ID)

    shown = f" — {details}" if details else ""
    error, to_try, docs = done.stderr.splitlines()[-3:]
    assert done.returncode == exit_code
    assert error == f"error: {kind.meaning}{shown} ({kind.code}, trace 4bf9)"
    assert to_try.startswith(f"  try: {step}")
    assert docs == f"  docs: {server.url}/docs/errors#{kind.code.lower()}"


def test_where_no_server_listens_no_word_of_python_is_said(tmp_path: Path) -> None:
    done = make_cli(tmp_path, GOLDPAN_API_KEY="sk_live_x")("jobs", "list", "--url", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        "error: no server answers at http://127.0.0.1:9: is `goldpan serve` running there? (UNREACHABLE)",
        "  try: goldpan serve, or another address with --url or GOLDPAN_URL",
    ]
    assert not re.search(r"[a-z]Error|Timeout|Traceback", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [(["jobs", "strat"], "Did you mean 'start'?"), (["jobs", "list", "--statsu", "x"], "Did you mean '--status'?")],
)
def test_a_typo_is_answered_with_what_was_meant(cli: Cli, arguments: list[str], suggestion: str) -> None:
    done = cli(*arguments)

    assert done.returncode == 2
    assert suggestion in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[1].startswith("  try: goldpan jobs ")


@pytest.mark.parametrize(
    ("arguments", "step"),
    [
        (["--url", "URL", "jobs", "list"], "--url behind the whole command: goldpan COMMAND --url …"),
        (["jobs", "--profile", "work", "list"], "--profile behind the whole command: goldpan jobs COMMAND --profile …"),
        (["doctor", "--url", "URL"], "the same without --url: goldpan doctor calls no API, it works on this machine"),
    ],
)
def test_an_option_of_the_connection_in_a_wrong_place_is_told_where_to_stand(
    cli: Cli, arguments: list[str], step: str
) -> None:
    done = cli(*arguments)

    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"  try: {step}")


# --- help, completion, start-up -----------------------------------------------------------------------------------


def test_the_guide_runs_as_it_is_written(services: dict[str, Service], tmp_path: Path) -> None:
    server = services["sqlite"]
    cli = make_cli(server.log.parent, GOLDPAN_URL=f"http://127.0.0.1:{server.port}", XDG_CONFIG_HOME=str(tmp_path))
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "docs" / "cli.md").read_text(), re.DOTALL)
    function = f'goldpan() {{ {shlex.join(cli.line())} "$@"; }}'
    script = "\n".join(("set -euo pipefail", function, f"cp {SAMPLE} .", *blocks))

    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=cli.environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "people.csv").read_bytes().count(b"linkedin.com/in/") == 50


def leaves(group: click.Group, path: str = "goldpan") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


LEAVES = dict(leaves(root))


@pytest.mark.parametrize("path", LEAVES)
def test_help_begins_with_examples_that_parse(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY / "samples")  # whose Connections.csv the examples name
    command = LEAVES[path]
    _, mark, rest = inspect.cleandoc(command.help or "").partition("\n\n\b\n")
    examples = rest.partition("\n\n")[0].splitlines()

    assert mark, f"{path}: let an example follow the first sentence of its help"
    for example in examples:
        words = shlex.split(example.split(" <")[0].split(" >")[0])
        assert " ".join(words).startswith(path), f"{path}: {example}"
        given = [str(SAMPLE) if word.endswith((".txt", ".db")) else word for word in words[len(path.split()) :]]
        command.make_context(path, given).close()  # a usage error fails the test


def test_completion_completes_commands_in_bash(cli: Cli, tmp_path: Path) -> None:
    # The script calls what stands on PATH.
    command = tmp_path / "goldpan"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(cli.line())} "$@"\n')
    command.chmod(0o700)
    ask = "COMP_WORDS=(goldpan jobs wa); COMP_CWORD=2; _goldpan_completion goldpan"
    lines = (cli("completion", "bash").stdout, ask, 'echo "${COMPREPLY[@]}"')
    environment = cli.environment | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout == "watch\n", done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(cli: Cli, shell: str) -> None:
    assert "_GOLDPAN_COMPLETE" in cli("completion", shell).stdout


SLOW = {"asyncio", "ssl", "http", "email", "logging", "sqlite3", "subprocess", "multiprocessing", "concurrent"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["jobs", "start", "--help"], ["settings"]])
def test_a_command_that_calls_nobody_imports_nothing_slow(arguments: list[str]) -> None:
    code = "import sys; from goldpan.cli.command_line import run; run(sys.argv[1:]); print('|', *sys.modules)"

    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)

    loaded = {name.split(".")[0] for name in done.stdout.rpartition("|")[2].split()}
    before = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True)
    others = loaded - set(sys.stdlib_module_names) - {name.split(".")[0] for name in before.stdout.split()}
    assert others == {"click", "goldpan"}
    assert not loaded & SLOW


def test_one_command_does_not_import_the_others() -> None:
    code = "import sys; from goldpan.cli.command_line import run; run(['whoami', '--help']); print('|', *sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    commands = {name for name in done.stdout.rpartition("|")[2].split() if name.endswith(("_command", "_commands"))}
    assert commands == {"goldpan.cli.lazy_commands", "goldpan.cli.sign_in_commands"}


def test_a_command_that_calls_the_api_imports_no_room_of_the_server(cli: Cli, audience_id: str) -> None:
    code = "import sys; from goldpan.cli.command_line import run; run(['audiences', 'list']); print('|', *sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], env=cli.environment, capture_output=True, text=True, check=True)

    loaded = done.stdout.rpartition("|")[2].split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("goldpan.")}
    assert audience_id in done.stdout
    assert rooms == {"cli", "client", "contract", "settings"}
    assert not {"rich", "sqlalchemy", "dbos", "starlette", "structlog", "duckdb", "jinja2"} & set(loaded)
