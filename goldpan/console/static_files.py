"""The console's style sheet, scripts and icon, from this package alone; each name changes with what is in the file."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_NAMES = ("console.css", "records.css", "console.js", "upload.js", "theme.js", "htmx.min.js", "icon.svg")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that may be kept for ever under its name."""

    name: str
    media_type: str
    content: bytes


def _read(name: str) -> StaticFile:
    stem, _, suffix = name.rpartition(".")
    content = (files("goldpan.console") / "static" / name).read_bytes()
    return StaticFile(f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}", _MEDIA_TYPES[suffix], content)


_BY_SHORT_NAME = {name: _read(name) for name in _NAMES}
STATIC_FILES: Final = {file.name: file for file in _BY_SHORT_NAME.values()}


def static_path(short_name: str) -> str:
    """Return where the file is served."""
    return f"/static/{_BY_SHORT_NAME[short_name].name}"
