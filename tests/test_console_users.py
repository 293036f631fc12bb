"""Who may sign in, as whoever has the shell decides it: links, roles, names, and the end of somebody's access."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.requests import Request

from goldpan import assembly
from goldpan.cli.command_line import root
from goldpan.cli.shell_output import ExitCode, Failure
from goldpan.console.password_turns import Turns
from goldpan.console.request_guard import Origin, find_origin, parse_origins
from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import OwnerPermission, Permission
from goldpan.domain.access_rules import Principal, caller_of
from goldpan.domain.console_rules import ConsoleRole
from goldpan.operations import console_access_operations as access
from goldpan.operations import key_operations
from goldpan.operations.account_operations import InvalidSetting, create_account
from goldpan.operations.console_access_operations import Invitation, SignedIn, make_link, remove_user, use_link
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import console_table
from goldpan.storage.console_table import ConsoleUser, Session
from goldpan.storage.database import Database, Tx
from tests.cast import Caller
from tests.console_world import PASSWORD, Guest, new_user, pages
from tests.service import Service, until

NEW_PASSWORD = "another river of stones"


@pytest.fixture
def toolbox(database_url: str) -> Iterator[Toolbox]:
    database = Database(database_url)
    yield assembly.build_toolbox(database)
    database.close()


def invite(toolbox: Toolbox, name: str, role: ConsoleRole | None = None, *account_group_ids: str) -> SignedIn:
    """Return somebody new as who is signed in."""
    assert use_link(toolbox, make_link(toolbox, Invitation(name, role, account_group_ids)), "", PASSWORD)
    with toolbox.database.read() as tx:
        user = console_table.find_user(tx, name)
    assert user is not None
    return SignedIn(user, Session(None, 0, 0), "")


def everywhere(toolbox: Toolbox, who: SignedIn) -> Principal:
    async def ask() -> Principal:
        async with toolbox.database.opened():
            return await access.principal_everywhere(toolbox, who)

    return asyncio.run(ask())


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code of a command, and why it failed."""
    done = CliRunner().invoke(root, ["console", *arguments])
    failure = done.exception
    return (failure.exit_code, failure.message) if isinstance(failure, Failure) else (done.exit_code, done.output)


# --- roles and names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [("--name", "alice"), ("--role", "viewer"), ("--account", "1" * 24)])
def test_the_first_link_takes_no_wish_that_it_would_not_fulfil(more: tuple[str, str]) -> None:
    code, message = run("link", "--if-nobody", *more)

    assert code == ExitCode.USAGE
    assert "--if-nobody makes the first owner" in message


@pytest.mark.parametrize(
    "invitation", [Invitation("Alice", ConsoleRole.VIEWER), Invitation("Alice", account_group_ids=("1" * 24,))]
)
def test_a_link_for_somebody_who_is_there_changes_nothing_of_what_they_may(
    toolbox: Toolbox, invitation: Invitation
) -> None:
    invite(toolbox, "alice")

    with pytest.raises(InvalidSetting, match="alice is there already, with the role owner"):
        make_link(toolbox, invitation)

    assert use_link(toolbox, make_link(toolbox, Invitation("Alice")), "", NEW_PASSWORD)


def test_of_two_who_take_one_name_at_once_one_gets_it(toolbox: Toolbox) -> None:
    def take(tx: Tx) -> bool:
        user_id = toolbox.new_id()
        return console_table.add_user(tx, ConsoleUser(user_id, "Alice", "alice", None, "owner", True, 1), [])

    def take_alone() -> bool:
        with toolbox.database.write() as tx:
            return take(tx)

    with ThreadPoolExecutor(1) as other:
        with toolbox.database.write() as tx:
            assert take(tx)
            late = other.submit(take_alone)
            with pytest.raises(TimeoutError):
                late.result(1)

        assert not late.result()


def test_spaces_around_a_name_are_no_further_tries(service: Service) -> None:
    name = new_user(service, "alice")
    guest = Guest(service)

    tries = [guest.sign_in(" " * number + name, "not her password").status for number in range(6)]

    assert tries == [401] * 5 + [429]


# --- the end of somebody's access ---------------------------------------------------------------------------------


def test_whoever_is_removed_is_out_at_once_and_their_links_open_nothing(service: Service, alice: Caller) -> None:
    name = new_user(service, "mallory", "operator", alice)
    guest, link = Guest(service), make_link(service.toolbox, Invitation(name))
    guest.sign_in(name)
    assert guest.get(pages(alice, "jobs")).status == 200

    assert remove_user(service.toolbox, name.upper()).name == name

    assert guest.get(pages(alice, "jobs")).status == 303
    assert guest.sign_in(name).status == 401
    assert guest.get(f"/welcome/{link}").status == 410
    with pytest.raises(LookupError):
        remove_user(service.toolbox, name)


def test_the_shell_removes_somebody(toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(toolbox, "mallory")
    url = toolbox.database.url
    is_sqlite = toolbox.database.dialect.is_sqlite
    monkeypatch.setenv("GOLDPAN_DATA", str(Path(url.database or "").parent))
    monkeypatch.setenv("GOLDPAN_DATABASE_URL", "" if is_sqlite else url.render_as_string(hide_password=False))

    assert run("remove", "mallory")[0] == ExitCode.OK
    assert run("remove", "mallory")[0] == ExitCode.NOT_FOUND
    assert access.is_first_link_due(toolbox)


def test_a_password_that_is_changed_just_now_lets_nobody_in_with_the_old_one(toolbox: Toolbox) -> None:
    """Who signs in waits for the change, on PostgreSQL as on SQLite, and then finds another password."""
    user = invite(toolbox, "alice").user
    with ThreadPoolExecutor(1) as other:
        with toolbox.database.write() as tx:
            console_table.set_password(tx, user.id, "of another password")
            signing_in = other.submit(access.sign_in, toolbox, "alice", PASSWORD, None)
            until(lambda: signing_in.running())
            with pytest.raises(TimeoutError):
                signing_in.result(1)
            console_table.end_sessions_of(tx, user.id)

        assert signing_in.result() is None


# --- what an owner may --------------------------------------------------------------------------------------------


def test_an_owner_of_some_account_groups_sees_nothing_of_the_whole_system(toolbox: Toolbox) -> None:
    group = create_account(toolbox, "Alice", "scale", 0)
    everywhere, here = invite(toolbox, "root"), invite(toolbox, "alice", ConsoleRole.OWNER, group.id)

    assert OwnerPermission.SYSTEM_READ in everywhere.principal(group.id).permissions
    assert here.principal(group.id).permissions == {*Permission, OwnerPermission.KEYS_WRITE}


def test_a_key_is_revoked_by_whoever_reaches_all_that_it_reaches(toolbox: Toolbox) -> None:
    groups = [create_account(toolbox, name, "scale", 0).id for name in ("Alice", "Bob")]
    both, one = invite(toolbox, "both", None, *groups), invite(toolbox, "one", None, groups[0])
    new = key_operations.NewKey(groups, [Permission.PROSPECTING_READ])
    owner, other = everywhere(toolbox, both), everywhere(toolbox, one)
    key = key_operations.create_key(toolbox, owner, groups[0], new)

    with pytest.raises(Problem) as refusal:
        key_operations.revoke_key(toolbox, other, groups[0], key.id)
    key_operations.revoke_key(toolbox, owner, groups[0], key.id)

    assert refusal.value.kind is ErrorKind.FORBIDDEN
    [report] = key_operations.list_keys(toolbox, owner, groups[0]).items
    assert (report.state, report.is_shared) == (key_operations.KeyState.REVOKED, False)


# --- proxies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"])
def test_what_came_through_a_proxy_is_not_of_this_machine(service: Service, header: str) -> None:
    guest = Guest(service)

    assert guest.get("/login", **{header: "192.0.2.1"}).status == 421
    assert guest.get("/login", **{header: "192.0.2.1", "Host": "goldpan.example.com"}).status == 200


@pytest.mark.parametrize(
    "origin", ["http://goldpan.example.com", "https://goldpan.example.com/console", "ftp://localhost", "localhost:8080"]
)
def test_the_console_is_named_over_https_or_at_this_machine(origin: str) -> None:
    fine = "https://goldpan.example.com http://localhost:8080"

    assert [str(each) for each in parse_origins(fine)] == fine.split()
    with pytest.raises(ValueError, match=origin):
        parse_origins(f"{fine} {origin}")


def test_a_proxy_of_this_machine_can_be_named() -> None:
    scope = {"type": "http", "headers": [(b"host", b"localhost:8080"), (b"x-forwarded-for", b"127.0.0.1")]}

    assert find_origin(Request(scope), parse_origins("http://localhost:8080")) == Origin("http", "localhost:8080")
    assert find_origin(Request(scope), parse_origins("http://localhost:9090")) is None


# --- strangers who try --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "is_one_caller"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "", False),
    ],
)
def test_the_addresses_of_one_network_are_one_caller(one: str, other: str, is_one_caller: bool) -> None:
    assert (caller_of(one) == caller_of(other)) == is_one_caller


def test_of_too_many_who_wait_for_a_turn_the_last_are_told_to_come_again() -> None:
    async def come(turns: Turns) -> str:
        try:
            async with turns.taken():
                await asyncio.sleep(0.01)
        except Problem as problem:
            return problem.kind.code
        return "had a turn"

    async def come_all() -> tuple[list[str], str]:
        turns = Turns(at_once=1, most_waiting=2)
        return await asyncio.gather(*(come(turns) for _ in range(5))), await come(turns)

    told, afterwards = asyncio.run(come_all())

    assert told == ["had a turn"] * 3 + ["SERVICE_UNAVAILABLE"] * 2
    assert afterwards == "had a turn"
