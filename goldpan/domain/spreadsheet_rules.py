"""What a spreadsheet makes of a cell, and how to keep it from running one that a stranger wrote."""

import re

# What a spreadsheet may take for the beginning of a formula, the full-width forms too (OWASP ASVS 5.0, 1.2.10).
# White space and what cannot be seen may stand before it: importers can be told to trim, and some do it unasked.
_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_FORMULA = re.compile(rf"[\t\r\n\x00]|[{_UNSEEN}]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+[0-9][0-9 ().-]{5,20}")


def neutralise(text: str) -> str:
    """Return the text with `'` before it if a spreadsheet might take it for a formula; a phone number is none.

    A text that begins like a neutralised one gets its `'` too, so that `original` can tell them apart.
    """
    # Nearly every text begins with a letter or a digit: a look at that is quicker than a pattern.
    return text if text[:1].isalnum() or not _is_risky(text) else "'" + text


def original(cell: str) -> str:
    """Return the text of which `neutralise` made `cell`."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell[1:]) else cell


def _is_risky(text: str) -> bool:
    bare = text.lstrip("'")
    return _FORMULA.match(bare) is not None and _PHONE.fullmatch(bare) is None
