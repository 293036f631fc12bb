"""The profiles that `goldpan login` keeps: an address and a key each, in a file that nobody else may read."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from goldpan.cli.shell_output import ExitCode, Failure


@dataclass(frozen=True, slots=True)
class Profile:
    """`account_group_id` None: the only one that the key reaches."""

    url: str
    api_key: str = field(repr=False)
    account_group_id: str | None = None


def profile_path() -> Path:
    """Return where the file stands. Source: XDG Base Directory Specification 0.8 (read 2026-11)."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    base = folder if folder.is_absolute() else Path.home() / ".config"
    return base / "goldpan" / "profiles.json"


def read_profiles() -> dict[str, Profile]:
    """Return the profiles by name; none where there is no file.

    Raises:
        Failure: the file is broken, or others may read it.
    """
    path = profile_path()
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise _unusable(f"others may read or change {path}, which holds keys", f"chmod 600 '{path}'")
            document = json.load(file)
        return {name: Profile(**values) for name, values in document["profiles"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(f"cannot read {path}: {error.strerror}", "its permissions") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _unusable(f"{path} is no file of profiles", f"rm '{path}', then goldpan login") from error


def keep_profile(name: str, profile: Profile) -> None:
    _write(read_profiles() | {name: profile})


def forget_profile(name: str) -> bool:
    """Forget a profile; False: there is none of this name."""
    profiles = read_profiles()
    if name not in profiles:
        return False
    _write({kept: profile for kept, profile in profiles.items() if kept != name})
    return True


def _write(profiles: Mapping[str, Profile]) -> None:
    """Replace the file as a whole, so that whoever breaks in here leaves the old one."""
    path = profile_path()
    text = json.dumps({"profiles": {name: asdict(profile) for name, profile in profiles.items()}}, indent=2)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        # The mode holds from the first moment on: nobody can open it in between.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
        part.replace(path)
    except OSError as error:
        raise _unusable(f"cannot write {path}: {error.strerror}", "another XDG_CONFIG_HOME") from error


def _unusable(message: str, next_step: str) -> Failure:
    return Failure(ExitCode.ERROR, "PROFILES_UNUSABLE", message, next_step=next_step)
