"""What of an error may stand in a log, and what of it must not."""

import logging
import sqlite3
import sys
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from goldpan.json_log import LogForwarder
from goldpan.log_redaction import described_error, redacted
from goldpan.storage.database import Database


def described(error: Exception) -> list[dict[str, Any]]:
    try:
        raise error
    except Exception:  # noqa: BLE001 any error is described
        exception = sys.exc_info()
        assert exception[0] is not None
        assert exception[1] is not None
        return described_error((exception[0], exception[1], exception[2]))


@pytest.mark.parametrize("error", [ValueError("alice"), KeyError("alice"), RuntimeError("sk_live_alice"), Exception()])
def test_an_error_is_named_by_its_class_and_place_alone(error: Exception) -> None:
    [found] = described(error)

    assert found["type"] == f"builtins.{type(error).__name__}"
    assert found["says"] is None
    assert found["frames"][-1].endswith(" described")
    assert __file__ in found["frames"][-1]


def test_what_caused_an_error_is_described_too() -> None:
    def fail() -> None:
        try:
            raise KeyError("alice")
        except KeyError as error:
            raise ValueError("bob") from error

    try:
        fail()
    except ValueError as error:
        found = described(error)

    assert [part["type"] for part in found] == ["builtins.ValueError", "builtins.KeyError"]


def test_an_error_that_causes_itself_is_described_nevertheless() -> None:
    error, other = ValueError(), KeyError()
    error.__cause__, other.__cause__ = other, error

    assert len(described(error)) == 5


def test_a_refused_row_is_told_by_the_constraint_alone(database_url: str) -> None:
    database = Database(database_url)
    statement = sa.text("INSERT INTO account_group VALUES (:id, 'Alice', 'scale', -1, 0, 0)")

    with pytest.raises(sa.exc.IntegrityError) as refused, database.write() as tx:
        tx.execute(statement, {"id": "a" * 24})
    found = described(refused.value)
    database.close()

    assert "Alice" not in str(found)
    assert "a" * 24 not in str(found)
    says = found[1]["says"]
    assert says.startswith(("CHECK constraint failed: ", "23514 account_group ")), found


def test_a_system_error_and_an_assertion_of_ours_say_what_they_are() -> None:
    assert described(OSError(28, "No space left on device", "/home/alice"))[0]["says"] == "No space left on device"
    assert described(AssertionError("two runs of one hold"))[0]["says"] == "two runs of one hold"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("connection to postgresql://goldpan:secret@db.internal/goldpan failed", "postgresql://…@db.internal/goldpan"),
        ("redis://:secret@cache:6379 is away", "redis://…@cache:6379 is away"),
        ("the key sk_live_0123abcd_secret is bad", "the key sk_live_… is bad"),
        ("user=goldpan password=secret host=db", "user=goldpan password=… host=db"),
        ('{"Authorization": "secret"}', '{"Authorization": …'),
        ("authorization: Bearer abc.secret was refused", "authorization: … was refused"),
        ("Authorization=basic secret", "Authorization=…"),
        (r"user=goldpan password='a \' secret' host=db", "user=goldpan password=… host=db"),
        ('{"token": "a \\" secret", "a": 1}', '{"token": …, "a": 1}'),
        ("password='it is secret", "password=…"),
        ("(b'authorization', b'x'), 'authorization': b'Bearer secret', 1", "'authorization': …, 1"),
        ("alice.secret@example.com wrote", "…@… wrote"),
        ("it failed\nfuture: <Task exception=ValueError('secret')>", "it failed"),
        ("refused DETAIL:  Failing row contains (secret).", "refused DETAIL: …"),
    ],
)
def test_what_a_library_says_is_shown_without_secrets(message: str, shown: str) -> None:
    assert shown in redacted(message)
    assert "secret" not in redacted(message)


def test_a_library_speaks_through_the_same_rules() -> None:
    lines: list[dict[str, Any]] = []

    class Lines:
        def log(self, _level: int, event: str, **fields: Any) -> None:
            lines.append({"event": event, **fields})

    forwarder = LogForwarder(Lines(), "library")

    forwarder.emit(logging.LogRecord("a", logging.WARNING, "a.py", 1, "bad key %s", ("sk_test_secret",), None))

    assert lines == [{"event": "library", "library": "a", "message": "bad key sk_test_…", "exc_info": None}]


def test_errors_of_both_drivers_have_the_codes_that_are_shown() -> None:
    error = psycopg.errors.UniqueViolation("duplicate key value: alice")
    assert described(error)[0]["says"] == "23505"
    with pytest.raises(sqlite3.OperationalError) as missing:
        sqlite3.connect(":memory:").execute("SELECT alice")
    assert described(missing.value)[0]["says"] == "SQLITE_ERROR"
