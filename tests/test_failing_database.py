"""What a caller is told when the database is broken or busy: the truth in the envelope, and nothing of the inside."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.cast import Caller, new_caller
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
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))

    answer = owner.service.call("GET", "/readyz")

    assert answer.refusal == (503, "SERVICE_UNAVAILABLE")


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
        assert time.monotonic() - begin < 15
        assert meanwhile.data["items"] == []
        assert alice.credits() == (1000, 0)
        assert alice.start(source="url_upload", urls=["linkedin.com/in/amara"], idempotency_key="order-1").status == 202
