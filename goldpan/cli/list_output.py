"""Lists of the API: their options, and one page as a table or a document, or all of it as one JSON document a line."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

import click

from goldpan.cli.shell_output import answer, is_json_wanted, note, print_document, print_table

if TYPE_CHECKING:
    from goldpan.client import Pages

Command = TypeVar("Command", bound=Callable[..., Any])

WALK_LIMIT = 100  # the largest page: --all has the fewest answers to wait for


def list_options(command: Command) -> Command:
    """Add `limit`, `cursor` and `wants_all`."""
    options = (
        click.option("--limit", type=int, help="Items a page, 1 to 100; 25 if left out."),
        click.option("--cursor", help="nextCursor of the page before."),
        click.option("--all", "wants_all", is_flag=True, help="All pages, one JSON document a line."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def page_limit(limit: int | None, wants_all: bool) -> int | None:
    return WALK_LIMIT if wants_all and limit is None else limit


def shows_columns(wants_all: bool) -> bool:
    """Return whether a list comes out as columns, and not as documents."""
    return not wants_all and not is_json_wanted()


def print_list(
    pages: "Pages[Any]", head: Sequence[str], row_of: Callable[[Any], Sequence[object]], wants_all: bool
) -> None:
    """Print the first page, or with `wants_all` every item while the pages come."""
    if wants_all:
        for item in pages:
            print_document(document_of(item), indent=None)
        return
    with closing(pages.pages()) as walk:  # type: ignore[type-var]  # a generator, though its type says less
        page = next(walk)
    items = [document_of(item) for item in page.items]
    document = {"items": items, "nextCursor": page.next_cursor, "hasMore": page.next_cursor is not None}
    answer(document, lambda: _print_page(head, [row_of(item) for item in items], page.next_cursor))


def document_of(resource: Any) -> Any:
    """Return what the API answered, by its names on the wire."""
    import msgspec

    return msgspec.to_builtins(resource)


def _print_page(head: Sequence[str], rows: list[Sequence[object]], next_cursor: str | None) -> None:
    print_table(head, rows)
    if next_cursor is not None:
        note(f"More with the same options and: --cursor {next_cursor}; everything with --all")


def columns_of(*names: str) -> Callable[[dict[str, Any]], Sequence[object]]:
    """Return what picks these members of a document."""
    return lambda document: [document.get(name) for name in names]


def fields_of(document: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    """Return the members of a document for a table, those of members in it as `outer.inner`."""
    rows: list[tuple[str, object]] = []
    for name, value in document.items():
        rows += fields_of(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return rows


def print_fields(document: dict[str, Any]) -> None:
    print_table(("field", "value"), fields_of(document))
