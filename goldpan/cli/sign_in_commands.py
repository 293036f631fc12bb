"""Commands that keep an address and a key for the next ones, forget them, and say who is calling."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from goldpan.cli.api_calls import ID, Caller, api_options, opened_client, refuse_no_address
from goldpan.cli.json_option import JsonCommand
from goldpan.cli.list_output import document_of
from goldpan.cli.profile_file import Profile, forget_profile, keep_profile, profile_path, read_profiles
from goldpan.cli.shell_output import ExitCode, Failure, answer, note, print_line, print_table
from goldpan.settings import read_settings

if TYPE_CHECKING:
    from goldpan.client import Goldpan

profile_option = click.option("--profile", metavar="NAME", help="Else GOLDPAN_PROFILE, else default.")


@click.command(cls=JsonCommand)
@profile_option
@click.option("--url", help="The API's address; else GOLDPAN_URL, the profile's, this machine.")
@click.option("--account", type=ID, help="The account group that commands use; needed where the key reaches several.")
@click.option("--debug", is_flag=True, help="Show what goes over the wire, without the key.")
def login(profile: str | None, url: str | None, account: str | None, debug: bool) -> None:
    """Keep an API key for the commands to come; it is asked for, or read from standard input.

    \b
    goldpan login
    goldpan login --profile work --url https://goldpan.example.com
    goldpan login < key.txt
    """
    name = profile or read_settings(os.environ).profile
    if not name.isprintable():
        raise Failure(ExitCode.USAGE, "USAGE", "the name of a profile must be printable")
    address = url or _address_of(name)
    refuse_no_address(address)
    kept = Profile(address.rstrip("/"), _ask_for_key(address), account)
    with opened_client(Caller(kept.url, kept.api_key, account, debug)) as client:
        groups = _reached_groups(client)
    if account is not None and account not in [group["id"] for group in groups]:
        raise Failure(ExitCode.NOT_ALLOWED, "FORBIDDEN", f"the key does not reach the account group {account}")
    keep_profile(name, kept)
    note(f"Kept in {profile_path()} as the profile {name}.")
    if os.environ.get("GOLDPAN_API_KEY"):
        note("GOLDPAN_API_KEY is set, and goes before it.")
    _answer_caller(name, kept.url, kept.api_key, groups)


@click.command(cls=JsonCommand)
@profile_option
def logout(profile: str | None) -> None:
    """Forget the key that `login` kept; it stays good until it is revoked.

    \b
    goldpan logout --profile work
    """
    name = profile or read_settings(os.environ).profile
    if not forget_profile(name):
        known = ", ".join(read_profiles()) or "none"
        raise Failure(ExitCode.NOT_FOUND, "NOT_FOUND", f"there is no profile {name}; there are: {known}")
    answer({"profile": name, "status": "forgotten"}, lambda: note(f"The profile {name} is forgotten."))


@click.command(cls=JsonCommand)
@api_options
def whoami(caller: Caller) -> None:
    """Show the server, the key's id and the account groups that it reaches.

    \b
    goldpan whoami
    """
    with opened_client(caller) as client:
        groups = _reached_groups(client)
    _answer_caller(_profile_of(caller), caller.url, caller.api_key, groups)


def _address_of(name: str) -> str:
    """Return where to sign in without --url: a profile that is renewed stays with its server."""
    profile = None if os.environ.get("GOLDPAN_URL") else read_profiles().get(name)
    return profile.url if profile else read_settings(os.environ).url


def _ask_for_key(address: str) -> str:
    """Return the key that somebody types unseen, or pipes: no list of processes and no history shows it."""
    if sys.stdin.isatty():
        return str(click.prompt(f"API key for {address}", hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()


def _reached_groups(client: "Goldpan") -> list[dict[str, Any]]:
    return [document_of(group) for group in client.accounts.list(limit=100)]


def _profile_of(caller: Caller) -> str | None:
    """Return the name of the profile whose key is used; None: it is the environment's."""
    if os.environ.get("GOLDPAN_API_KEY"):
        return None
    return next((name for name, kept in read_profiles().items() if kept.api_key == caller.api_key), None)


def _answer_caller(profile: str | None, url: str, api_key: str, groups: list[dict[str, Any]]) -> None:
    from goldpan.domain.access_rules import read_key

    parts = read_key(api_key)
    document = {
        "url": url,
        "profile": profile,
        "keyId": parts.id if parts else None,
        "test": parts.is_test if parts else None,
        "accountGroups": groups,
    }
    answer(document, lambda: _print_caller(document))


def _print_caller(document: dict[str, Any]) -> None:
    kind = " (sandbox)" if document["test"] else ""
    source = f"profile {document['profile']}" if document["profile"] else "GOLDPAN_API_KEY"
    print_line(f"{document['url']} as key {document['keyId'] or '(of another server)'}{kind}, {source}")
    print_table(("id", "name"), [(group["id"], group["name"]) for group in document["accountGroups"]])
