"""How commands call the API: at which address, with whose key, in which account group."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from goldpan.cli.api_failures import failures_explained
from goldpan.cli.profile_file import read_profiles
from goldpan.cli.shell_output import ExitCode, Failure, note
from goldpan.settings import read_settings

if TYPE_CHECKING:
    from goldpan.client import Goldpan

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the API is, who calls, and in which account group; None: the only one that the key reaches."""

    url: str
    api_key: str = field(repr=False)
    account_group_id: str | None
    is_debugging: bool = False


class IdType(click.ParamType[str]):
    """An id, which is one step of a path and no way to another one."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> str:
        if value in ("", ".", ".."):
            self.fail(f"{value!r} is no id", param, context)
        return str(value)


ID = IdType()


CONNECTION_OPTIONS = ("--profile", "--url", "--account", "--debug")


def connection_options(command: Command) -> Command:
    """Add `profile`, `url`, `account` and `debug`."""
    options = (
        click.option(
            "--profile", metavar="NAME", help="Whose address and key of `goldpan login`; else GOLDPAN_PROFILE."
        ),
        click.option("--url", help="The API's address; else GOLDPAN_URL, or that of the profile."),
        click.option("--account", type=ID, help="The account group; else the only one that the key reaches."),
        click.option("--debug", is_flag=True, help="Show what goes over the wire, without the key."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def api_options(command: Command) -> Command:
    """Add what every command over the API takes: it gets a `Caller` as `caller`."""

    def with_caller(profile: str | None, url: str | None, account: str | None, debug: bool, **others: Any) -> Any:
        return command(caller=find_caller(profile, url, account, is_debugging=debug), **others)

    with_caller.__doc__ = command.__doc__
    with_caller.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click's own
    return connection_options(with_caller)  # type: ignore[return-value]  # click only asks that it can be called


def find_caller(profile_name: str | None, url: str | None, account: str | None, *, is_debugging: bool) -> Caller:
    """Return who calls: by the key of the environment, to which no profile adds anything, else by the profile.

    Raises:
        Failure: the address is none, there is no such profile, or it and a key of the environment are both asked for.
    """
    settings = read_settings(os.environ)
    given_url = url or (settings.url if os.environ.get("GOLDPAN_URL") else None)
    if given_url is not None:
        refuse_no_address(given_url)
    if settings.api_key:
        if profile_name is not None:
            step = "unset GOLDPAN_API_KEY, or the same without --profile"
            raise Failure(ExitCode.USAGE, "USAGE", "--profile and GOLDPAN_API_KEY name two keys", next_step=step)
        # Not even the profile's address: this key was never meant for that server.
        return Caller(given_url or settings.url, settings.api_key, account, is_debugging)
    return _caller_of_profile(profile_name or settings.profile, given_url, account, is_debugging=is_debugging)


def _caller_of_profile(name: str, given_url: str | None, account: str | None, *, is_debugging: bool) -> Caller:
    """Return who calls by a kept key; where nobody signed in, somebody without a key."""
    profile = read_profiles().get(name)
    if profile is None and name != "default":
        message = f"there is no profile {name}"
        raise Failure(ExitCode.NOT_ALLOWED, "NO_PROFILE", message, next_step=f"goldpan login --profile {name}")
    if profile is None:
        return Caller(given_url or read_settings(os.environ).url, "", account, is_debugging)
    if given_url is not None and not is_same_server(given_url, profile.url):
        # A key tells who bears it everything that its owner may: only the server that made it gets it.
        message = f"the key of the profile {name} is for {profile.url}, not for {given_url}"
        step = "goldpan login --url URL --profile NAME, or export GOLDPAN_API_KEY=…"
        raise Failure(ExitCode.NOT_ALLOWED, "NO_API_KEY", message, next_step=step)
    return Caller(profile.url, profile.api_key, account or profile.account_group_id, is_debugging)


def is_same_server(url: str, other: str) -> bool:
    return url.rstrip("/") == other.rstrip("/")


@contextmanager
def opened_client(caller: Caller) -> "Iterator[Goldpan]":
    """Hand out a client of the API; what it raises becomes a Failure."""
    refuse_unusable(caller)
    from goldpan.client import Goldpan  # after the checks: a mistake is told at once

    with (
        client_log_shown(caller),
        failures_explained(caller.url),
        Goldpan(caller.api_key, url=caller.url, account_group_id=caller.account_group_id) as client,
    ):
        yield client


@contextmanager
def client_log_shown(caller: Caller) -> Iterator[None]:
    """Tell on standard error that something is tried again, and with --debug every exchange."""
    import logging

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(record.getMessage())

    log, handler = logging.getLogger("goldpan.client"), Notes()
    log.setLevel(logging.DEBUG if caller.is_debugging else logging.INFO)
    log.addHandler(handler)
    log.propagate = False  # a library that shows every log would tell it twice
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = True


def refuse_unusable(caller: Caller) -> None:
    """Say before any call what no call could work with."""
    refuse_no_address(caller.url)
    if not caller.api_key:
        step = "goldpan login, or export GOLDPAN_API_KEY=…"
        raise Failure(ExitCode.NOT_ALLOWED, "NO_API_KEY", "no API key", next_step=step)
    if not re.fullmatch(r"[!-~]+", caller.api_key):
        raise Failure(ExitCode.NOT_ALLOWED, "UNAUTHORIZED", "the API key holds characters that no key has")


def refuse_no_address(url: str) -> None:
    if not is_address(url):
        shown = "this" if "@" in url else url  # what stands before an @ may be a password
        message = f"{shown} is no address: take one like http://127.0.0.1:8470, without a name or a password"
        raise Failure(ExitCode.USAGE, "USAGE", message)


def is_address(url: str) -> bool:
    """Return whether the API could be there; a name and a password in it would stand in messages."""
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            return False
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False
