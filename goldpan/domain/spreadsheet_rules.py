"""What a spreadsheet makes of a cell, and how to keep it from running one that a stranger wrote."""

# https://owasp.org/www-community/attacks/CSV_Injection (read 2026-11), and the wide forms that some programs fold.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def without_formula(text: str) -> str:
    """Return the text as a cell that no spreadsheet takes for a formula: what looks like one gets an apostrophe."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
