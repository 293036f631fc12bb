"""`goldpan login`, `logout` and `whoami`: where the key stays, who wins, and to whom it is never sent."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from goldpan.cli.command_line import root
from tests.cast import Caller, new_caller
from tests.scripted_server import answering, as_json, success
from tests.service import Service
from tests.shell import Cli, at_terminal, make_cli, shell_of


@pytest.fixture
def carol(services: dict[str, Service]) -> Caller:
    """Somebody with a key, who has not signed in yet."""
    return new_caller(services["sqlite"], "carol")


@pytest.fixture
def cli(carol: Caller, tmp_path: Path) -> Cli:
    return make_cli(tmp_path, GOLDPAN_URL=f"http://127.0.0.1:{carol.service.port}")


def profiles_of(cli: Cli) -> Path:
    return Path(cli.environment["XDG_CONFIG_HOME"]) / "goldpan" / "profiles.json"


def sign_in(cli: Cli, caller: Caller, *options: str) -> None:
    """Pipe the key into `login`."""
    done = cli.fed(caller.key + "\n", "login", *options)
    assert done.returncode == 0, done.stderr


def test_a_key_from_a_pipe_is_kept_for_the_next_commands_and_forgotten_again(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol)

    path = profiles_of(cli)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert cli.json("whoami") == {
        "url": f"http://127.0.0.1:{carol.service.port}",
        "profile": "default",
        "keyId": carol.key.split("_")[2],
        "test": False,
        "accountGroups": [cli.json("whoami")["accountGroups"][0] | {"id": carol.account_group_id, "name": "carol"}],
    }
    assert cli.json("logout") == {"profile": "default", "status": "forgotten"}
    assert carol.key not in path.read_text()
    signed_out = cli("jobs", "list")
    assert signed_out.returncode == 4
    assert "  try: goldpan login" in signed_out.stderr
    assert cli("logout").returncode == 3


def test_a_key_that_is_typed_is_not_shown(cli: Cli, carol: Caller) -> None:
    screen = at_terminal(cli, "login", typed={"API key": f"{carol.key}\n"})

    assert screen.exit_code == 0, screen.text
    assert carol.key not in screen.text
    assert carol.key in profiles_of(cli).read_text()


def test_a_wrong_key_is_not_kept(cli: Cli) -> None:
    done = cli.fed("sk_live_wrong\n", "login")

    assert done.returncode == 4
    assert "(UNAUTHORIZED, trace " in done.stderr
    assert not profiles_of(cli).exists()


def test_the_environment_goes_before_the_profile(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol)

    assert cli("jobs", "list", GOLDPAN_API_KEY="sk_live_wrong").returncode == 4
    both = cli("jobs", "list", "--profile", "default", GOLDPAN_API_KEY=carol.key)
    assert (both.returncode, "two keys" in both.stderr) == (2, True)


def test_the_key_of_the_environment_does_not_go_to_the_server_of_a_profile(cli: Cli, carol: Caller) -> None:
    with answering(lambda _: success({"items": [], "nextCursor": None})) as stranger:
        signed_in = cli.fed("sk_live_strange\n", "login", "--url", stranger.url)
        asked = len(stranger.seen)
        done = cli("whoami", GOLDPAN_API_KEY=carol.key, GOLDPAN_URL="")

    assert signed_in.returncode == 0, signed_in.stderr
    assert (len(stranger.seen), stranger.url in done.stderr) == (asked, False)


def test_with_a_key_of_the_environment_the_file_of_profiles_is_not_opened(cli: Cli, carol: Caller) -> None:
    profiles_of(cli).parent.mkdir(parents=True)
    profiles_of(cli).write_text("broken")

    assert cli("whoami", GOLDPAN_API_KEY=carol.key).returncode == 0


@pytest.mark.parametrize("command", [("login",), ("jobs", "list"), ("api", "GET", "/v1/accounts"), ("mcp",)])
@pytest.mark.parametrize("key", ["sk_live_x", ""])
def test_an_address_with_a_password_is_refused_without_showing_it(
    cli: Cli, carol: Caller, command: tuple[str, ...], key: str
) -> None:
    sign_in(cli, carol)

    done = cli(*command, "--url", "http://carol:hunter2@127.0.0.1:9", "--json", GOLDPAN_API_KEY=key)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (2, "USAGE")
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_who_signs_in_to_a_profile_again_stays_at_its_address(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol, "--profile", "work")
    (here,) = {profile["url"] for profile in json.loads(profiles_of(cli).read_text())["profiles"].values()}
    elsewhere = Cli(cli.environment | {"GOLDPAN_URL": ""})

    sign_in(elsewhere, carol, "--profile", "work")

    assert elsewhere.json("whoami", "--profile", "work")["url"] == here


def test_a_profile_is_chosen_by_its_name(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol, "--profile", "work")

    assert cli("jobs", "list").returncode == 4
    assert cli("jobs", "list", "--profile", "work").returncode == 0
    assert cli("jobs", "list", GOLDPAN_PROFILE="work").returncode == 0
    assert cli("jobs", "list", "--profile", "play").returncode == 4


def test_the_key_of_a_profile_goes_to_no_other_server(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol)

    with answering(lambda _: as_json({}, 200)) as stranger:
        by_option = cli("jobs", "list", "--url", stranger.url)
        by_environment = cli("jobs", "list", GOLDPAN_URL=stranger.url)

    assert (by_option.returncode, by_environment.returncode, stranger.seen) == (4, 4, [])


def test_a_file_of_keys_that_others_may_read_is_refused(cli: Cli, carol: Caller) -> None:
    sign_in(cli, carol)
    profiles_of(cli).chmod(0o644)

    done = cli("jobs", "list")

    assert done.returncode == 1
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"profiles": {"default": {"url": 1}}}'])
def test_a_broken_file_of_profiles_is_one_error(cli: Cli, text: str) -> None:
    profiles_of(cli).parent.mkdir(parents=True)
    profiles_of(cli).write_text(text)
    profiles_of(cli).chmod(0o600)

    done = cli("jobs", "list", "--json")

    assert json.loads(done.stdout)["error"]["code"] == "PROFILES_UNUSABLE"


def test_what_goes_over_the_wire_is_shown_without_the_key(carol: Caller, tmp_path: Path) -> None:
    done = shell_of(carol, tmp_path)("jobs", "list", "--debug")

    assert done.returncode == 0
    assert "> GET /v1/accounts?limit=100" in done.stderr
    assert "> authorization: (hidden)" in done.stderr
    assert "< x-trace-id: " in done.stderr
    assert carol.key.split("_")[3] not in done.stderr


def commands_below(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from commands_below(command)


def test_no_command_takes_a_key_as_an_option() -> None:
    options = {option for command in commands_below(root) for param in command.params for option in param.opts}

    assert not {option for option in options if "key" in option} - {"--idempotency-key", "key_id"}
