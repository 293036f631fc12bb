"""Which versions of SQLite must not be used."""


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite can corrupt a database that several connections write.

    Source: https://sqlite.org/wal.html (read 2026-11): 3.7.0 to 3.51.2, but for 3.50.7 and 3.44.6.
    """
    if version >= (3, 51, 3):
        return False
    return not ((3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45))
