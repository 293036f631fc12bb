"""Templates become HTML here: everything that is filled in is escaped, and a name that is missing is an error."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from goldpan.console.page_words import count_words, duration_words, share_words, time_words
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
# (page, words, icon, key after `g`): those whose page is there stand in the menu, in this order.
_ENVIRONMENT.globals["navigation"] = (
    ("jobs", "Jobs", "jobs", "j"),
    ("new_job", "New job", "plus", "n"),
    ("audiences", "Audiences", "list", "a"),
    ("people", "People", "people", "p"),
    ("files", "Files", "file", "f"),
    ("credits", "Credits", "coins", "w"),
    ("keys", "Keys", "key", "k"),
    ("system", "System", "system", "s"),
)
_ENVIRONMENT.filters.update(
    {
        "count": count_words,
        "duration": duration_words,
        "iso_time": format_time,
        "share": share_words,
        "time": time_words,
    }
)


def render(template: str, **values: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(**values)
