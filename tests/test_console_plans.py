"""How the databases answer what the console's pages ask: from indexes, whoever else is there."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan import assembly
from goldpan.contract.paging import PageRequest, Position
from goldpan.contract.permission_catalogue import OwnerPermission, Permission
from goldpan.contract.resources import JobStatus, SourceType
from goldpan.domain.access_rules import Principal
from goldpan.domain.job_list_rules import JobFilter
from goldpan.operations import credit_operations, file_operations, job_detail_operations, key_operations
from goldpan.operations import prospect_operations as people
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import tables
from goldpan.storage.database import Database, let_it_take_long
from goldpan.storage.job_list_table import count_by_status
from goldpan.storage.job_table import Job
from goldpan.storage.people_file_tables import UPLOADED_ROW
from tests.cast import stored_job

COUNT = 20_000
GROUPS = 20
JOBS = 4_000
MINUTES_A_LINE = 10
AUDIENCES = 2_000
NOW_MS = COUNT * MINUTES_A_LINE * 60_000
REQUEST = '{"source":"linkedin_search","searchUrl":"https://www.linkedin.com/search/results/people/?keywords=cto"}'
LARGE = (
    *("prospect", "audience_prospect", "job_prospect", "audience", "job", "job_event", "credit_entry"),
    *("api_key", "api_key_account_group", "uploaded_file", "uploaded_row"),
)


def id_of(number: int) -> str:
    return f"{number:024x}"


ALICE = Principal("alice", False, frozenset([*Permission, *OwnerPermission]), frozenset({id_of(0)}))
PLACE = PageRequest(Position(NOW_MS // 2, id_of(COUNT // 2)))
FIRST = PageRequest()

READS: dict[str, Callable[[Toolbox], object]] = {
    "the newest people": lambda box: people.search_people(box, ALICE, id_of(0), "", None, PLACE),
    "people, many": lambda box: people.search_people(box, ALICE, id_of(0), "a", None, PLACE),
    "people, few": lambda box: people.search_people(box, ALICE, id_of(0), "anna 8", None, FIRST),
    "people, spelt in three ways": lambda box: people.search_people(box, ALICE, id_of(0), "éa", None, FIRST),
    "people of an audience": lambda box: people.search_people(box, ALICE, id_of(0), "a", id_of(40), FIRST),
    "a person": lambda box: people.get_person(box, ALICE, id_of(0), id_of(80)),
    "the ledger": lambda box: credit_operations.list_ledger(box, ALICE, id_of(0), FIRST),
    "the ledger, far down": lambda box: credit_operations.list_ledger(box, ALICE, id_of(0), PLACE),
    "the spend of a month": lambda box: credit_operations.get_spend(box, ALICE, id_of(0)),
    "the steps of a job": lambda box: job_detail_operations.list_job_steps(box, ALICE, id_of(0), id_of(40)),
    "the input of a job": lambda box: job_detail_operations.get_job_input(box, ALICE, id_of(0), id_of(40)),
    "the credits of a job": lambda box: job_detail_operations.list_job_credit_entries(box, ALICE, id_of(0), id_of(40)),
    "the people of a job": lambda box: job_detail_operations.list_job_people(box, ALICE, id_of(0), id_of(40)),
    "keys": lambda box: key_operations.list_keys(box, ALICE, id_of(0)),
    "files": lambda box: file_operations.list_files(box, ALICE, id_of(0)),
    "rejects": lambda box: file_operations.list_rejects(box, ALICE, id_of(0), id_of(0), 500, 25),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def toolbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolbox]:
    """Twenty account groups, Alice's is one, with 1,000 people, lines of the ledger and members of audiences each."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/goldpan.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("shared_postgres_url")
    assembly.migrate(url)
    database = Database(url)
    with database.write() as tx:
        let_it_take_long(tx)
        for table, rows in _rows():
            tx.execute(table.insert(), rows)
        tx.execute(sa.text("ANALYZE"))
    yield replace(assembly.build_toolbox(database), now_ms=lambda: NOW_MS)
    database.close()


def _rows() -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """What number 0, 20, 40 … is, is Alice's."""
    credits = {"credits_available": COUNT, "credits_reserved": 0, "plan": "scale"}
    groups = [{"id": id_of(n), "name": f"group {n}", "created_ms": n, **credits} for n in range(GROUPS)]
    yield tables.ACCOUNT_GROUP, groups
    audience = {"name": "stored", "type": "linkedin_search", "is_sandbox": False}
    yield tables.AUDIENCE, [{**audience, **_owned(n), "created_ms": n} for n in range(AUDIENCES)]
    jobs = [_job(n) for n in range(JOBS)]
    yield tables.JOB, [{column.name: getattr(job, column.name) for column in tables.JOB.c} for job in jobs]
    inputs = [{"job_id": job.id, "account_group_id": job.account_group_id, "request_json": REQUEST} for job in jobs]
    yield tables.JOB_INPUT, inputs
    yield tables.JOB_EVENT, [_event(n) for n in range(COUNT)]
    yield tables.CREDIT_ENTRY, [_line(n) for n in range(COUNT)]
    yield tables.PROSPECT, [_prospect(n) for n in range(COUNT)]
    yield tables.AUDIENCE_PROSPECT, [{**_member(n), "audience_id": id_of(n % AUDIENCES)} for n in range(COUNT)]
    yield tables.JOB_PROSPECT, [_taken(n) for n in range(COUNT)]
    key = {"name": "", "secret_hash": b"", "permissions": "prospecting:read", "is_test": False, "created_ms": 1}
    yield tables.API_KEY, [{**key, "id": f"{n:08x}"} for n in range(COUNT)]
    reached = [0 if n < 20 else 1 + n % (GROUPS - 1) for n in range(COUNT)]
    links = [{"api_key_id": f"{n:08x}", "account_group_id": id_of(group)} for n, group in enumerate(reached)]
    yield tables.API_KEY_ACCOUNT_GROUP, links
    file = {"name": "stored.csv", "dialect": "LinkedIn", "mapping_json": "[]", "is_ready": True}
    yield tables.UPLOADED_FILE, [{**file, **_owned(n), "created_ms": n} for n in range(JOBS)]
    yield UPLOADED_ROW, [_uploaded(n) for n in range(COUNT)]


def _owned(number: int) -> dict[str, Any]:
    return {"id": id_of(number), "account_group_id": id_of(number % GROUPS)}


def _job(number: int) -> Job:
    status = list(JobStatus)[number // GROUPS % 5]
    return stored_job(id_of(number % GROUPS), id_of(number), id_of(number % AUDIENCES), number, status)


def _prospect(number: int) -> dict[str, Any]:
    names = {"name": f"Anna {number}", "last_name": f"Miller {number}", "company_name": f"Acme {number % 5_000}"}
    own = {**_owned(number), "job_id": id_of(number % JOBS), "is_sandbox": False, "provenance": "[]"}
    return {**own, **names, "email": f"anna{number}@acme.example", "imported_ms": number}


def _member(number: int) -> dict[str, Any]:
    return {"prospect_id": id_of(number), "account_group_id": id_of(number % GROUPS), "added_ms": number}


def _taken(number: int) -> dict[str, Any]:
    place = {"job_id": id_of(number % JOBS), "position": number // JOBS}
    return {"prospect_id": id_of(number), "account_group_id": id_of(number % GROUPS), **place}


def _line(number: int) -> dict[str, Any]:
    place = {"job_id": id_of(number % JOBS), "page": number // JOBS, "created_ms": number * MINUTES_A_LINE * 60_000}
    return {**_owned(number), **place, "kind": "capture", "available_change": 0, "reserved_change": -1}


def _event(number: int) -> dict[str, Any]:
    statuses = '{"status":"running","stages":{"import":{"status":"running"}}}'
    told = {"kind": "progress" if number // JOBS > 2 else "stage", "data_json": statuses, "created_ms": number}
    place = {"job_id": id_of(number % JOBS), "version": number // JOBS + 1}
    return {"account_group_id": id_of(number % GROUPS), **place, **told}


def _uploaded(number: int) -> dict[str, Any]:
    """One file of a great many rows; every hundredth is no person."""
    person, reason = (None, "no name") if number % 100 == 0 else ("{}", None)
    place = {"file_id": id_of(0), "position": number, "line_number": number, "account_group_id": id_of(0)}
    return {**place, "person_json": person, "reject_reason": reason}


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is asked of the database within the block."""
    asked: list[tuple[str, Any]] = []

    def note(_tx: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        asked.append((sql, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(database.engine, "before_cursor_execute", note)


def plan(database: Database, sql: str, parameters: Any) -> str:
    keyword = "EXPLAIN QUERY PLAN" if database.dialect.is_sqlite else "EXPLAIN"
    with database.read() as tx:
        return "\n".join(row[-1] for row in tx.exec_driver_sql(f"{keyword} {sql}", parameters))


def test_every_read_finds_what_it_needs_by_an_index(toolbox: Toolbox) -> None:
    database = toolbox.database
    with statements(database) as asked:
        for read in READS.values():
            assert read(toolbox)

    plans = [plan(database, sql, parameters) for sql, parameters in asked]

    assert len(plans) > len(READS)
    for found in plans:
        assert not re.search(rf"\bSCAN ({'|'.join(LARGE)})\b|Seq Scan on ({'|'.join(LARGE)})\b", found), found


def test_a_search_reads_the_indexes_of_all_fields_and_nobody_else(toolbox: Toolbox) -> None:
    with statements(toolbox.database) as asked:
        READS["people, many"](toolbox)

    found = plan(toolbox.database, *asked[0])

    for field in tables.SEARCHED_FIELDS:
        assert f"prospect_{field}_index" in found, found
    assert "prospect_newest_index" not in found, found


@pytest.mark.parametrize(
    ("wanted", "index", "count"),
    [
        (JobFilter(), "job_newest_by_status_index", 5),
        (JobFilter(statuses=frozenset({JobStatus.FAILED})), "job_newest_by_status_index", 5),
        (JobFilter(source=SourceType.LINKEDIN_SEARCH), "job_newest_by_source_index", 5),
        (JobFilter(source=SourceType.FILE_UPLOAD), "job_newest_by_source_index", 0),
        (JobFilter(created_after_ms=100, created_before_ms=3_900), "job_newest_by_status_index", 5),
    ],
)
def test_the_counts_are_read_from_one_index_as_far_as_they_go(
    toolbox: Toolbox, wanted: JobFilter, index: str, count: int
) -> None:
    with statements(toolbox.database) as asked, toolbox.database.read() as tx:
        counts = count_by_status(tx, id_of(0), wanted, most=5)

    [found] = [plan(toolbox.database, *statement) for statement in asked]
    assert found.count(index) == len(JobStatus), found
    assert not re.search(r"Sort|TEMP B-TREE", found), found
    assert counts == dict.fromkeys(JobStatus, count)
