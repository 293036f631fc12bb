"""Templates become HTML here: everything that is filled in is escaped, and a name that is missing is an error."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from goldpan.console.page_words import (
    byte_words,
    change_words,
    count_words,
    day_words,
    duration_words,
    share_words,
    time_words,
)
from goldpan.console.static_files import static_path
from goldpan.contract.paging import format_time

_ENVIRONMENT = Environment(
    loader=PackageLoader("goldpan.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.globals["static"] = static_path
# (page, words, icon, key after `g`, the permission that opens it): pages that are there, and open, stand in the menu.
_ENVIRONMENT.globals["navigation"] = (
    ("jobs", "Jobs", "jobs", "j", "prospecting:read"),
    ("new_job", "New job", "plus", "n", "prospecting:write"),
    ("audiences", "Audiences", "list", "a", "audiences:read"),
    ("people", "People", "people", "p", "prospects:read"),
    ("files", "Files", "file", "f", "prospecting:read"),
    ("credits", "Credits", "coins", "c", "prospecting:read"),
    ("keys", "Keys", "key", "k", "keys:write"),
    ("system", "System", "system", "s", "system:read"),
)
_ENVIRONMENT.filters.update(
    {
        "count": count_words,
        "bytes": byte_words,
        "change": change_words,
        "day": day_words,
        "duration": duration_words,
        "iso_time": format_time,
        "share": share_words,
        "time": time_words,
    }
)


def render(template: str, **values: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(**values)
