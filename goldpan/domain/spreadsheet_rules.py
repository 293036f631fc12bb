"""What a spreadsheet makes of a cell, and how to keep it from running one that a stranger wrote."""

import re

# What a spreadsheet may take for the beginning of a formula, the full-width forms too (OWASP ASVS 5.0, 1.2.10).
# White space and what cannot be seen may stand before it: importers can be told to trim, and some do it unasked.
_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"[\t\r\n\x00]|[{_UNSEEN}]*{_SIGN}")
_PHONE = re.compile(r"\+[0-9][0-9 ().-]{5,20}")

# Where the columns of a CSV are not parted by commas, as Excel thinks in half of the world, they are parted within its
# texts, and our quotes mean nothing: a line break begins a row. Only a `- ` there stays: it lists things.
_HIDDEN = rf"(?:(?![\t\r\n])['{_UNSEEN}])*+"
_PARTING = re.compile(rf"[;|\t](?={_HIDDEN}{_SIGN})|[\r\n](?={_HIDDEN}{_SIGN})(?!{_HIDDEN}-[ \xa0])")
_PARTED = re.compile(rf"({_PARTING.pattern})'")


def neutralise(text: str) -> str:
    """Return the text with `'` before it if a spreadsheet might take it for a formula; a phone number is none.

    A text that begins like a neutralised one gets its `'` too, so that `original` can tell them apart.
    """
    # Nearly every text begins with a letter or a digit: a look at that is quicker than a pattern.
    return text if text[:1].isalnum() or not _is_risky(text) else "'" + text


def neutralise_in_csv(text: str) -> str:
    """Return the neutralised text with a `'` behind every mark too that may part a formula from what is before it."""
    cell = neutralise(text)
    if ";" not in text and "|" not in text and text.isprintable():  # as nearly all are: a tenth of the pattern's cost
        return cell
    return cell.removesuffix(text) + _PARTING.sub(r"\g<0>'", text)


def original(cell: str) -> str:
    """Return the text of which `neutralise` made `cell`."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell[1:]) else cell


def original_in_csv(cell: str) -> str:
    """Return the text of which `neutralise_in_csv` made `cell`."""
    return original(_PARTED.sub(r"\1", cell))


def _is_risky(text: str) -> bool:
    bare = text.lstrip("'")
    return _FORMULA.match(bare) is not None and _PHONE.fullmatch(bare) is None
