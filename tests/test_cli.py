"""The `goldpan` command as a shell sees it: real processes, a real data directory, a real server."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest

from goldpan.cli.command_line import root
from goldpan.cli.lazy_commands import PLACES
from tests import service
from tests.shell import SEARCH, SECONDS, Acme, Cli, make_cli

SAMPLE = Path(__file__).parent.parent / "samples" / "Connections.csv"
UNKNOWN_ID = "0" * 24


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """The command on a machine where nothing was done yet."""
    return make_cli(tmp_path / "my data")


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    data = tmp_path_factory.mktemp("acme")
    with service.running(data) as server:
        cli = make_cli(data, GOLDPAN_URL=f"http://127.0.0.1:{server.port}")
        account_id = cli.json("account", "create", "Acme", "--plan", "scale", "--credits", "20")["id"]
        yield Acme(cli, account_id, cli.create_key(account_id), cli.create_key(account_id, "--test"))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# --- the command itself -------------------------------------------------------------------------------------------


def all_commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from all_commands(command)


@pytest.mark.parametrize("command", [root, *all_commands(root)], ids=lambda command: str(command.name))
def test_every_command_takes_json(command: click.Command) -> None:
    assert "--json" in [option for parameter in command.params for option in parameter.opts]


def test_asking_for_help_loads_nothing_slow(cli: Cli) -> None:
    slow = "{'httpx2', 'rich', 'sqlalchemy', 'dbos', 'starlette', 'uvicorn', 'msgspec', 'structlog', 'duckdb'}"
    code = f"import sys; from goldpan.cli import main; print(sorted({slow} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded == "[]\n"


def test_the_list_of_commands_imports_none_of_them_and_says_what_they_say(cli: Cli) -> None:
    code = """if True:
        import sys
        from goldpan.cli.command_line import run
        run(["--help"])
        print(*(name for name in sys.modules if name.startswith("goldpan.cli.")), file=sys.stderr)
    """
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert all(f"  {name} " in shown.stdout for name in PLACES)
    modules = {place.target.partition(":")[0] for place in PLACES.values()}
    assert not modules & set(shown.stderr.split())
    assert {name: place.short_help for name, place in PLACES.items()} == {
        name: command.get_short_help_str(500) for name, command in root.commands.items()
    }


def test_a_misspelt_command_is_a_usage_error_that_suggests_the_right_one(cli: Cli) -> None:
    done = cli("acount", "list")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "error: No such command 'acount'. Did you mean 'account'? (USAGE)",
        "  try: goldpan --help",
    ]


def test_a_failure_with_json_is_one_document_too(cli: Cli) -> None:
    done = cli("account", "create", "Acme", "--plan", "gold", "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "USAGE"


def test_json_may_stand_before_the_command(cli: Cli) -> None:
    done = cli("--json", "account", "list")

    assert json.loads(done.stdout) == {"items": []}


def test_a_reader_that_stops_early_is_no_error(cli: Cli) -> None:
    with subprocess.Popen(
        cli.line("settings"), env=cli.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == ""

    assert process.returncode == 0


def test_the_settings_keep_secrets_to_themselves(cli: Cli) -> None:
    secrets = {"GOLDPAN_API_KEY": "sk_live_hidden", "GOLDPAN_DATABASE_URL": "postgresql://me:hidden@host/name"}

    shown = cli("settings", "--json", **secrets).stdout

    assert "hidden" not in shown
    assert shown.count('"value": "(set)"') == 2


# --- account groups, keys, people ---------------------------------------------------------------------------------


def test_an_account_group_is_created_and_listed(acme: Acme) -> None:
    created = acme.cli.json("account", "create", "Beta", "--plan", "starter", "--credits", "7")

    assert created == {"id": created["id"], "name": "Beta", "plan": "starter", "credits": 7}
    assert acme.cli.json("account", "list")["items"][-1]["id"] == created["id"]


def test_an_account_group_is_topped_up(acme: Acme) -> None:
    account_id = acme.cli.json("account", "create", "Gamma", "--credits", "20")["id"]
    before = acme.cli.json("account", "list")["items"][-1]

    topped_up = acme.cli.json("account", "top-up", account_id, "25")

    assert topped_up == before | {"credits": 45, "added": 25}
    assert acme.cli("account", "top-up", account_id, "5").stdout == "50\n"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        ((UNKNOWN_ID, "5"), 3, "NOT_FOUND"),
        (("{acme}", "0"), 2, "USAGE"),
        (("{acme}", "many"), 2, "USAGE"),
        (("{acme}", "2147483647"), 2, "USAGE"),
    ],
)
def test_a_top_up_that_cannot_be_is_refused(acme: Acme, arguments: tuple[str, ...], exit_code: int, code: str) -> None:
    before = acme.cli.json("account", "list")

    done = acme.cli("account", "top-up", *(part.format(acme=acme.account_id) for part in arguments), "--json")

    assert done.returncode == exit_code
    assert json.loads(done.stdout)["error"]["code"] == code
    assert acme.cli.json("account", "list") == before


def test_an_unknown_plan_is_refused_with_those_that_exist(cli: Cli) -> None:
    done = cli("account", "create", "Acme", "--plan", "gold")

    assert done.returncode == 2
    assert "'tester', 'starter', 'scale', 'enterprise'" in done.stderr


def test_an_unknown_permission_is_refused_with_those_that_exist(cli: Cli) -> None:
    done = cli("keys", "create", "--account", UNKNOWN_ID, "--permission", "everything")

    assert done.returncode == 2
    assert "prospecting:read" in done.stderr


def test_a_key_is_shown_when_it_is_created_and_never_again(acme: Acme) -> None:
    key = acme.cli.create_key(acme.account_id, "--test", "--name", "trial", "--expires", "30d")

    listed = acme.cli("keys", "list", "--json").stdout
    assert key.startswith("sk_test_")
    assert json.loads(listed)["items"][-1]["name"] == "trial"
    assert key.split("_")[3] not in listed


@pytest.mark.parametrize("expires", ["soon", "2020-01-01", "999999w"])
def test_a_key_expires_at_a_time_to_come(acme: Acme, expires: str) -> None:
    done = acme.cli(
        "keys", "create", "--account", acme.account_id, "--permission", "prospecting:read", "--expires", expires
    )

    assert (done.returncode, done.stdout) == (2, "")


def test_revoking_a_key_that_does_not_exist_is_not_found(acme: Acme) -> None:
    done = acme.cli("keys", "revoke", "nobody", "--json")

    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "NOT_FOUND"


def test_importing_the_same_people_twice_adds_nobody(acme: Acme) -> None:
    import_sample = ("people", "import", str(SAMPLE), "--account", acme.account_id)

    first, second = acme.cli.json(*import_sample), acme.cli.json(*import_sample)

    assert first["dialect"] == "LinkedIn Connections.csv"
    assert {"column": "URL", "field": "profile_url"} in first["mapping"]
    assert (second["added"], second["unchanged"]) == (0, first["added"])


def test_an_import_names_the_rows_that_it_rejected(acme: Acme, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("First Name,Last Name,LinkedIn Url\nAda,L,linkedin.com/in/ada\nBob,M,https://evil.example/in/bob\n")

    report = acme.cli("people", "import", str(file), "--account", acme.account_id)

    assert report.returncode == 0
    assert "1 rejected" in report.stdout
    assert "  line 3: " in report.stdout


def test_people_of_an_unknown_account_group_are_not_found(acme: Acme) -> None:
    assert acme.cli("people", "import", str(SAMPLE), "--account", UNKNOWN_ID).returncode == 3


def test_a_file_without_people_is_refused_in_one_line(acme: Acme, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing of interest")

    done = acme.cli("people", "import", str(tmp_path / "notes.txt"), "--account", acme.account_id)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_a_saved_search_is_listed_and_forgotten(acme: Acme) -> None:
    account = ("--account", acme.account_id)
    saved = acme.cli.json("people", "search", "save", "CTOs", f"{SEARCH}cto", *account)

    again = acme.cli.json("people", "search", "save", "CTOs", f"{SEARCH}cto", *account)
    shown = acme.cli("people", "search", "list", *account)
    removed = acme.cli.json("people", "search", "remove", "CTOs", *account)

    assert saved == {"id": saved["id"], "name": "CTOs", "url": f"{SEARCH}cto", "createdAt": saved["createdAt"]}
    assert again == saved
    assert shown.stdout == f"{saved['id']}\tCTOs\t{SEARCH}cto\t{saved['createdAt']}\n"
    assert removed == {"id": saved["id"], "removed": True}
    assert acme.cli("people", "search", "remove", "CTOs", *account).returncode == 3


def test_a_search_that_the_directory_cannot_answer_is_not_saved(acme: Acme) -> None:
    url = "https://www.linkedin.com/search/results/people/?geoUrn=%5B%22104621616%22%5D"

    done = acme.cli("people", "search", "save", "Norway", url, "--account", acme.account_id, "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["message"].startswith("geoUrn: ")


def test_people_are_imported_into_a_list_that_is_shown_with_its_size(acme: Acme) -> None:
    import_sample = ("people", "import", str(SAMPLE), "--account", acme.account_id)

    report = acme.cli.json(*import_sample, "--list", "Trade fair")

    assert report["leadListId"] in acme.cli(*import_sample, "--list", "Trade fair").stdout
    (fair,) = acme.cli.json("people", "lists", "--account", acme.account_id)["items"]
    assert fair == {"id": report["leadListId"], "name": "Trade fair", "people": 495, "createdAt": fair["createdAt"]}
    assert acme.cli(*import_sample, "--list", " ").returncode == 2


# --- the machine --------------------------------------------------------------------------------------------------


def test_the_doctor_changes_nothing_on_a_fresh_machine(cli: Cli) -> None:
    assert cli.json("doctor")["ok"] is True
    assert not Path(cli.environment["GOLDPAN_DATA"]).exists()


def test_the_doctor_looks_into_the_database(cli: Cli) -> None:
    cli.json("account", "create", "Acme")

    checks = {check["name"]: check["details"] for check in cli.json("doctor")["checks"]}

    assert checks["account groups"] == "1"
    assert "has no WAL-reset bug" in checks["database"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOLDPAN_RATE_LIMIT", "many"),
        ("GOLDPAN_RATE_LIMIT", "600/minute;5/second"),
        ("GOLDPAN_UNAUTHENTICATED_RATE_LIMIT", "0/minute"),
        ("GOLDPAN_QUOTA_URL_UPLOAD", "0"),
        ("GOLDPAN_DATABASE_URL", "sqlite:///other.db"),
        ("GOLDPAN_URL", "127.0.0.1:8470"),
        ("GOLDPAN_URL", "http://carol:hunter2@127.0.0.1:8470"),
        ("GOLDPAN_DATA", "/dev/null"),
        ("GOLDPAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none"),
    ],
)
def test_the_doctor_finds_what_is_wrong(cli: Cli, name: str, value: str) -> None:
    done = cli("doctor", "--json", **{name: value})

    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


def test_the_doctor_finds_a_file_that_is_no_database(cli: Cli) -> None:
    data = Path(cli.environment["GOLDPAN_DATA"])
    data.mkdir()
    (data / "goldpan.db").write_text("no database at all, but long enough to look like a header of one")

    assert cli("doctor").returncode == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("GOLDPAN_DATABASE_URL", "nonsense"), ("GOLDPAN_DATABASE_URL", "sqlite:///x.db"), ("GOLDPAN_DATA", "/dev/null")],
)
def test_a_database_that_cannot_be_used_gives_one_line(cli: Cli, name: str, value: str) -> None:
    done = cli("account", "list", **{name: value})

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


def test_a_full_disk_under_the_result_gives_one_line(cli: Cli) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            cli.line("settings"), env=cli.environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_migrating_twice_is_no_error(cli: Cli) -> None:
    assert cli("migrate").returncode == 0
    assert cli.json("migrate")["status"] == "migrated"


def test_a_server_ends_well_on_sigterm(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    server = subprocess.Popen(
        cli.line("serve", "--port", str(port), "--json"),
        env=cli.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    service.until(lambda: is_listening(port))

    server.send_signal(signal.SIGTERM)
    printed, log = server.communicate(timeout=SECONDS)

    assert server.returncode == 0
    assert json.loads(printed)["status"] == "stopped"
    assert all(json.loads(line) for line in log.splitlines())


def test_a_quota_of_nobody_gives_one_line(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    done = cli("serve", "--port", str(port), GOLDPAN_QUOTA_POST_COMMENTERS="0")

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "GOLDPAN_QUOTA_POST_COMMENTERS must be a whole number of people above zero" in done.stderr


def test_a_busy_port_gives_one_line(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = cli("serve", "--port", str(listener.getsockname()[1]))

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


# --- jobs, over the API -------------------------------------------------------------------------------------------


def test_a_job_is_started_watched_listed_and_shown(acme: Acme) -> None:
    job_id = acme.start("cto%20total%3A30")

    watched = acme.cli("jobs", "watch", job_id, "--json", GOLDPAN_API_KEY=acme.live_key)

    assert watched.returncode == 0
    assert json.loads(watched.stdout)["counts"]["imported"] == 30
    assert job_id in watched.stderr
    listed = acme.cli.json("jobs", "list", "--limit", "1", "--view", "full", GOLDPAN_API_KEY=acme.live_key)
    assert listed["items"] == [acme.cli.json("jobs", "get", job_id, GOLDPAN_API_KEY=acme.live_key)]


def test_the_list_takes_every_filter_of_the_api(acme: Acme) -> None:
    job_id = acme.start("cto%20total%3A5")
    job = json.loads(acme.cli("jobs", "watch", job_id, "--json", GOLDPAN_API_KEY=acme.live_key).stdout)
    options = ["--status", "queued", "--status", "completed", "--source", "linkedin_search", "--sort", "createdAt"]
    options += ["--audience-id", job["audienceId"], "--created-before", "2099-01-01T00:00:00.000Z"]

    def listed(*more: str) -> list[str]:
        page = acme.cli.json("jobs", "list", *options, *more, GOLDPAN_API_KEY=acme.live_key)
        return [item["jobId"] for item in page["items"]]

    assert listed("--created-after", "2026-01-01T00:00:00.000Z") == [job_id]
    assert listed("--created-after", job["createdAt"]) == []


def test_the_same_idempotency_key_starts_one_job(acme: Acme) -> None:
    first = acme.start("cto%20total%3A1", "--idempotency-key", "once")

    assert acme.start("cto%20total%3A1", "--idempotency-key", "once") == first


def test_a_file_is_uploaded_and_a_job_started_with_it(acme: Acme) -> None:
    done = acme.cli("jobs", "start", "--file", str(SAMPLE), GOLDPAN_API_KEY=acme.test_key)

    assert done.returncode == 0, done.stderr
    assert "Connections.csv was read as LinkedIn Connections.csv: 495 people in 500 rows, 0 rejected" in done.stderr
    watched = acme.cli.json("jobs", "watch", done.stdout.strip(), GOLDPAN_API_KEY=acme.live_key)
    assert (watched["source"], watched["counts"]["imported"]) == ("file_upload", 495)
    again = done.stderr.partition("--file-id ")[2].split()[0]
    assert acme.cli("jobs", "start", "--file-id", again, GOLDPAN_API_KEY=acme.test_key).returncode == 0


@pytest.mark.parametrize(
    ("options", "key", "exit_code", "message"),
    [
        (["--file", "/nowhere/people.csv"], "test", 2, "does not exist"),
        (["--file", str(SAMPLE), "--urls", "linkedin.com/in/ada"], "test", 2, "leave the other source out"),
        (["--file", str(SAMPLE)], "none", 4, "UNAUTHORIZED"),
        (["--file", str(SAMPLE)], "live", 5, "INSUFFICIENT_CREDITS"),
        (["--file", sys.executable], "test", 1, "this file is not a text file"),
        (["--file-id", UNKNOWN_ID], "test", 3, "fileId: there is no such file"),
    ],
)
def test_a_file_that_starts_nothing_is_explained(
    acme: Acme, options: list[str], key: str, exit_code: int, message: str
) -> None:
    keys = {"test": acme.test_key, "live": acme.live_key, "none": "sk_live_none"}

    done = acme.cli("jobs", "start", *options, GOLDPAN_API_KEY=keys[key])

    assert done.returncode == exit_code, done.stderr
    assert message in done.stderr


@pytest.mark.parametrize(
    ("options", "source"),
    [
        (["--search-url", "https://www.linkedin.com/sales/search/people?query=(keywords:cto)"], "sales_navigator"),
        (
            ["--post-url", "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/"],
            "post_commenters",
        ),
        (["--urls", "https://www.linkedin.com/in/alice", "--urls", "linkedin.com/in/bob"], "url_upload"),
        (["--saved-search-id", "50500115", "--max-results", "5", "--search-emails"], "sales_navigator"),
    ],
)
def test_the_options_tell_the_source(acme: Acme, options: Sequence[str], source: str) -> None:
    job_id = acme.cli.json("jobs", "start", *options, GOLDPAN_API_KEY=acme.test_key)["jobId"]

    assert acme.cli.json("jobs", "get", job_id, GOLDPAN_API_KEY=acme.test_key)["source"] == source


def test_profiles_come_from_a_file(acme: Acme, tmp_path: Path) -> None:
    file = tmp_path / "profiles.txt"
    file.write_text("https://www.linkedin.com/in/alice\n\nhttps://www.linkedin.com/in/bob\n", "utf-8-sig")
    job_id = acme.cli.json("jobs", "start", "--url-file", str(file), GOLDPAN_API_KEY=acme.test_key)["jobId"]

    job = acme.cli.json("jobs", "watch", job_id, GOLDPAN_API_KEY=acme.test_key)

    assert job["counts"]["found"] == 2


def test_a_job_that_failed_makes_its_watch_fail(acme: Acme) -> None:
    job_id = acme.start("cto%20total%3A60%20disconnect%401")

    watched = acme.cli("jobs", "watch", job_id, GOLDPAN_API_KEY=acme.test_key)

    assert watched.returncode == 7
    assert "failed" in watched.stdout


def test_a_watch_gives_up_and_a_job_is_cancelled(acme: Acme) -> None:
    job_id = acme.start("cto%20total%3A900%20pace%3A3000")
    bob = {"GOLDPAN_API_KEY": acme.test_key}

    assert acme.cli("jobs", "watch", job_id, "--timeout", "0.1", **bob).returncode == 124
    assert acme.cli.json("jobs", "cancel", job_id, **bob) == {"jobId": job_id, "status": "cancelled"}
    assert acme.cli("jobs", "watch", job_id, **bob).returncode == 8


def test_a_job_that_failed_is_resumed(acme: Acme) -> None:
    job_id = acme.start("resumed%20total%3A60%20disconnect%402")
    bob = {"GOLDPAN_API_KEY": acme.test_key}
    assert acme.cli("jobs", "watch", job_id, **bob).returncode == 7

    resumed = acme.cli.json("jobs", "resume", job_id, **bob)

    assert resumed["jobId"] == job_id
    assert acme.cli.json("jobs", "watch", job_id, **bob)["counts"]["imported"] == 60
    again = acme.cli("jobs", "resume", job_id, **bob)
    assert (again.returncode, again.stdout) == (1, "")
    assert "completed" in again.stderr
    assert acme.cli("jobs", "resume", UNKNOWN_ID, **bob).returncode == 3


def test_a_dry_run_prints_an_estimate_and_starts_nothing(acme: Acme) -> None:
    options = ["--search-url", SEARCH + "cto%20total%3A700", "--max-results", "650", "--dry-run"]
    bob = {"GOLDPAN_API_KEY": acme.test_key}
    before = acme.cli.json("jobs", "list", **bob)

    printed = acme.cli("jobs", "start", *options, **bob)
    document = acme.cli.json("jobs", "start", *options, **bob)

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.splitlines()[:3] == [
        "LinkedIn search: keywords cto total:700",
        "available: 700 people",
        "at most: 650 people",
    ]
    assert "ends after: 650 people, --max-results stops it" in printed.stdout
    assert (document["dryRun"], document["maxPeople"], document["cap"]["reason"]) == (True, 650, "max_results")
    assert acme.cli.json("jobs", "list", **bob) == before


def test_a_dry_run_says_that_credits_are_short(acme: Acme) -> None:
    urls = [part for number in range(21) for part in ("--urls", f"linkedin.com/in/person-{number}")]

    done = acme.cli("jobs", "start", *urls, "--dry-run", GOLDPAN_API_KEY=acme.live_key)

    assert done.returncode == 0
    assert "21 profiles" in done.stdout
    assert done.stdout.splitlines()[-1] == "The job would not start: there are too few credits."


def test_an_interrupted_watch_leaves_the_job_alone(acme: Acme) -> None:
    job_id = acme.start("cto%20total%3A900%20pace%3A3000")
    environment = acme.cli.environment | {"GOLDPAN_API_KEY": acme.test_key}
    watch = subprocess.Popen(acme.cli.line("jobs", "watch", job_id), env=environment, stderr=subprocess.PIPE, text=True)
    assert watch.stderr is not None
    watch.stderr.readline()  # from here on it watches

    watch.send_signal(signal.SIGINT)

    assert "Traceback" not in watch.communicate(timeout=SECONDS)[1]
    assert watch.returncode == 130
    assert acme.cli.json("jobs", "cancel", job_id, GOLDPAN_API_KEY=acme.test_key)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["get", UNKNOWN_ID], 3, "NOT_FOUND"),
        (["list", "--account", "."], 2, "USAGE"),
        (["list", "--account", UNKNOWN_ID], 4, "FORBIDDEN"),
        (["start", "--search-url", SEARCH + "cto", "--max-results", "21"], 5, "INSUFFICIENT_CREDITS"),
        (["list", "--limit", "0"], 1, "VALIDATION_ERROR"),
        (["list", "--url", "http://127.0.0.1:9"], 1, "UNREACHABLE"),
        (["start"], 2, "USAGE"),
        (["start", "--search-url", SEARCH + "cto", "--max-credits", "0"], 2, "USAGE"),
        (["start", "--search-url", SEARCH + "cto", "--max-results", "0"], 2, "USAGE"),
    ],
)
def test_every_refusal_has_its_exit_code(acme: Acme, arguments: list[str], exit_code: int, code: str) -> None:
    done = acme.cli("jobs", *arguments, "--json", GOLDPAN_API_KEY=acme.live_key)

    assert done.returncode == exit_code
    assert json.loads(done.stdout)["error"]["code"] == code
    assert f"({code}" in done.stderr


def test_a_revoked_key_is_refused_a_second_later(acme: Acme) -> None:
    created = acme.cli.json("keys", "create", "--account", acme.account_id, "--permission", "prospecting:read")
    assert acme.cli("jobs", "list", GOLDPAN_API_KEY=created["key"]).returncode == 0

    acme.cli.json("keys", "revoke", created["id"])
    time.sleep(1)

    assert acme.cli("jobs", "list", GOLDPAN_API_KEY=created["key"]).returncode == 4


def test_a_key_of_two_account_groups_asks_which_one(acme: Acme) -> None:
    other_id = acme.cli.json("account", "create", "Beta")["id"]
    key = acme.cli.create_key(acme.account_id, "--account", other_id)

    done = acme.cli("jobs", "list", GOLDPAN_API_KEY=key)

    assert done.returncode == 2
    assert other_id in done.stderr
    assert acme.cli.json("jobs", "list", "--account", other_id, GOLDPAN_API_KEY=key)["items"] == []


# --- an API that is busy ------------------------------------------------------------------------------------------


class Busy(BaseHTTPRequestHandler):
    """Answers 429 as often as the server's `refusals` says, then an empty list."""

    def do_GET(self) -> None:
        server: Any = self.server
        is_refused = server.refusals > 0
        server.refusals -= 1
        error = {"code": "RATE_LIMITED", "message": "Rate limit exceeded", "details": None}
        envelope = {
            "success": not is_refused,
            "data": {"items": [], "nextCursor": None, "hasMore": False},
            "error": error if is_refused else None,
            "traceId": "4bf92f35",
        }
        self.send_response(429 if is_refused else 200)
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(json.dumps(envelope).encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("refusals", "exit_code"), [(4, 0), (5, 6)])
def test_a_busy_api_is_asked_again_a_few_times(cli: Cli, busy: Any, refusals: int, exit_code: int) -> None:
    busy.refusals = refusals

    done = cli(
        *("jobs", "list", "--account", UNKNOWN_ID, "--url", f"http://127.0.0.1:{busy.server_port}"), GOLDPAN_API_KEY="x"
    )

    assert done.returncode == exit_code
