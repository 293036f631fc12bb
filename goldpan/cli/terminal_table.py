"""Tables for a terminal: which columns its width has room for, and which of them may be folded."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

WHOLE_WIDTH: Final = 24
"""Columns up to this width are never folded: an id that is in pieces cannot be copied, nor a time be read."""
FOLDED_WIDTH: Final = 16
"""What a wider column is left at the least."""
FEWEST_COLUMNS: Final = 2


def table_that_fits(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> tuple[Table, Sequence[str]]:
    """Return a table of the columns that the width has room for, and the names of the rest, the last of `head`."""
    longest = [max(map(cell_len, column)) for column in zip(head, *rows, strict=True)]
    needed = [cells if _is_whole(place, cells) else FOLDED_WIDTH for place, cells in enumerate(longest)]
    fitting = sum(1 for end in accumulate(cells + 1 for cells in needed) if end - 1 <= width)
    shown = max(fitting, FEWEST_COLUMNS)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for place, name in enumerate(head[:shown]):
        is_kept_whole = place == 0 or (place < fitting and _is_whole(place, longest[place]))
        table.add_column(name, overflow="fold", no_wrap=is_kept_whole)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row[:shown]))
    return table, head[shown:]


def _is_whole(place: int, cells: int) -> bool:
    return place == 0 or cells <= WHOLE_WIDTH
