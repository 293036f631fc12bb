"""What a caller is told when the database is broken or busy: the truth in the envelope, and nothing of the inside."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier
from sqlalchemy.exc import OperationalError

from goldpan.storage import account_table
from goldpan.storage.database import Database
from tests.cast import Caller, new_caller, now_ms, store_jobs
from tests.processes import bound
from tests.service import Service, running, until


@pytest.fixture
def own_service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running Goldpan of this test alone, to be broken."""
    url = "" if database_url.startswith("sqlite") else database_url
    with running(tmp_path_factory.mktemp("broken"), url) as service:
        yield service


@pytest.fixture
def owner(own_service: Service) -> Caller:
    return new_caller(own_service, "alice")


def test_a_bug_is_an_internal_error_that_shows_nothing_of_itself(owner: Caller) -> None:
    with owner.service.toolbox.database.write() as tx:
        tx.execute(sa.text("ALTER TABLE job RENAME TO elsewhere"))

    answers = [owner.get(owner.jobs), owner.cancel(owner.service.toolbox.new_id())]

    for answer in answers:
        assert answer.refusal == (500, "INTERNAL_ERROR")
        assert answer.error["details"] is None
        assert answer.headers["RateLimit"] is not None
        assert answer.json["traceId"] in owner.service.log.read_text()
    assert owner.service.call("GET", "/healthz").status == 200


def test_a_database_of_an_older_version_is_not_ready(owner: Caller) -> None:
    with owner.service.toolbox.database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))

    answer = owner.service.call("GET", "/readyz")

    assert answer.refusal == (503, "SERVICE_UNAVAILABLE")


def test_a_process_goes_on_when_the_database_is_migrated_under_it(owner: Caller) -> None:
    with owner.service.toolbox.database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    assert owner.service.call("GET", "/readyz").status == 200


def test_a_database_without_a_schema_is_not_ready(owner: Caller) -> None:
    with owner.service.toolbox.database.write() as tx:
        tx.execute(sa.text("DROP TABLE alembic_version"))

    answer = owner.service.call("GET", "/readyz")

    assert answer.refusal == (503, "SERVICE_UNAVAILABLE")


def test_writers_that_wait_do_not_keep_the_readiness_from_being_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("busy")) as service, ThreadPoolExecutor(60) as many:
        alice = new_caller(service, "alice")

        with service.toolbox.database.write():  # SQLite has one writer
            starts = [many.submit(alice.start, source="url_upload", urls=["linkedin.com/in/amara"]) for _ in range(60)]
            until(lambda: starts[0].running())
            answers = [service.call("GET", "/readyz") for _ in range(20)]
            is_over = any(start.done() for start in starts)

        assert {answer.status for answer in answers} == {200}
        assert not is_over


def test_a_start_that_cannot_be_written_is_refused_and_may_be_sent_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("busy")) as service:
        alice = new_caller(service, "alice")
        begin = time.monotonic()

        with service.toolbox.database.write():  # SQLite has one writer
            answer = alice.start(source="url_upload", urls=["linkedin.com/in/amara"], idempotency_key="order-1")
            meanwhile = alice.get(alice.jobs)

        assert answer.refusal == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
        assert "the same Idempotency-Key" in answer.details
        assert "nothing was changed" not in answer.body.decode()  # a commit that lost its answer looks the same
        assert time.monotonic() - begin < bound(15)
        assert meanwhile.data["items"] == []
        assert alice.credits() == (1000, 0)
        assert alice.start(source="url_upload", urls=["linkedin.com/in/amara"], idempotency_key="order-1").status == 202


# --- what only PostgreSQL does ------------------------------------------------------------------------------------


@pytest.fixture
def scaled(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Alice on a PostgreSQL of this test alone, which looks for deadlocks after three seconds of waiting."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        name = Identifier(admin.info.dbname)
        admin.execute(SQL("ALTER DATABASE {} SET deadlock_timeout = '3s'").format(name))
    with running(tmp_path_factory.mktemp("scaled"), postgres_url) as service:
        yield new_caller(service, "alice")


def test_of_two_transactions_that_wait_for_each_other_the_requests_is_repeated_unasked(scaled: Caller) -> None:
    [job_id] = store_jobs(scaled, [now_ms()], "queued")
    database = scaled.service.toolbox.database
    with ThreadPoolExecutor(1) as other, database.engine.begin() as tx:
        tx.execute(sa.text("SET LOCAL deadlock_timeout = '60s'"))
        tx.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
        tx.execute(sa.text("SELECT 1 FROM job WHERE id = :id FOR UPDATE"), {"id": job_id})
        cancelled = other.submit(scaled.cancel, job_id)
        until(lambda: _waiters(scaled) > 0)  # it has the account group and wants the job
        account_table.lock(tx, scaled.account_group_id)  # and we want the account group: who waited first is broken off
        tx.commit()
        answer = cancelled.result()

    assert answer.status == 200
    assert scaled.job(job_id)["status"] == "cancelled"


def test_a_read_that_stands_behind_a_lock_is_given_up_after_some_seconds(scaled: Caller) -> None:
    with scaled.service.toolbox.database.engine.begin() as tx:
        tx.execute(sa.text("LOCK TABLE job IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        answer = scaled.get(scaled.jobs)
        seconds = time.monotonic() - began

    assert answer.refusal == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert 4 < seconds < bound(15)
    assert scaled.get(scaled.jobs).status == 200


@pytest.mark.parametrize("condition", ["program_limit_exceeded", "statement_too_complex"])
def test_what_is_too_much_for_postgresql_is_a_bug_and_not_tried_for_ever(postgres_url: str, condition: str) -> None:
    with closing(Database(postgres_url)) as database, pytest.raises(OperationalError), database.write() as tx:
        tx.execute(sa.text(f"DO $$ BEGIN RAISE {condition}; END $$"))


def _waiters(caller: Caller) -> int:
    with caller.service.toolbox.database.read() as tx:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        count: int = tx.execute(sa.text(query)).scalar_one()
    return count
