"""The benchmarks' data is made by hand, past the operations: it has to fit the schema, and the list has to show it."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import sqlalchemy as sa

from benchmarks.bulk_insert import BareInsert, twin_of
from benchmarks.growth_plot import growth_svg
from benchmarks.import_parts import DIRECTORY_TABLES, write_connections
from benchmarks.people_seeding import seed_audience
from benchmarks.request_parts import unchanged_figures
from benchmarks.seeding import count_jobs, position_of, seed
from goldpan import assembly
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.paging import START
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.access_rules import Principal
from goldpan.domain.job_list_rules import JobFilter
from goldpan.operations.account_operations import create_account
from goldpan.operations.export_operations import export_audience
from goldpan.operations.people_operations import import_people
from goldpan.storage import job_list_table
from goldpan.storage.database import Database


def test_the_seeded_jobs_are_in_the_list(database_url: str) -> None:
    database = Database(database_url)

    seeded = seed(assembly.build_toolbox(database), jobs=200)

    completed = JobFilter(frozenset({JobStatus.COMPLETED}))

    async def first_ten() -> list[job_list_table.JobSummary]:
        async with database.opened():
            return await job_list_table.page(database, seeded.account_group_id, completed, START, 10)

    tenth = position_of(database, seeded.account_group_id, "completed", 10)
    page = asyncio.run(first_ten())
    assert count_jobs(database, seeded.account_group_id, "completed") > 10
    assert (page[-1].created_ms, page[-1].id) == tenth
    database.close()


def test_the_seeded_audience_can_be_exported(database_url: str) -> None:
    toolbox = assembly.build_toolbox(Database(database_url))

    seeded = seed_audience(toolbox, people=60)

    reader = Principal("reader", False, frozenset(Permission), frozenset({seeded.account_group_id}))
    export = export_audience(
        toolbox, reader, seeded.account_group_id, seeded.audience_id, ExportFormat.CSV, ExportPreset.PLAIN
    )
    people = [member.person for page in export.pages for member in page]
    toolbox.database.close()
    assert len({person.linkedin_url for person in people}) == 60
    assert {len(person.about or "") > 300 for person in people} == {True, False}


def test_the_bare_insert_stores_the_rows_of_an_import(database_url: str, tmp_path: Path) -> None:
    toolbox = assembly.build_toolbox(Database(database_url))
    group_id = create_account(toolbox, "Alice", "scale", 0).id
    path = tmp_path / "Connections.csv"
    write_connections(path, people=30)

    bare = BareInsert(toolbox.database, tmp_path, DIRECTORY_TABLES)
    import_people(toolbox.database, group_id, path, 1, lambda _rows, _share: None)
    with twin_of(toolbox.database, tmp_path, ["account_group"]) as twin:
        _, rows = bare.repeat_on(twin)
        stored = [_rows_of(database, "directory_person") for database in (toolbox.database, twin)]

    toolbox.database.close()
    assert len(stored[0]) == 30
    assert stored[0] == stored[1]
    assert rows == 60


def test_the_load_starts_jobs_and_has_answers_that_the_client_knows() -> None:
    [figure] = unchanged_figures("sqlite", seconds=0.2)

    assert figure.what == "get of a job answered 304, sqlite"
    assert float(figure.value.removesuffix(" a second").replace(",", "")) > 0


def test_the_plot_of_growth_shows_every_series() -> None:
    svg = ElementTree.fromstring(growth_svg("Milliseconds", {"a page": [(10, 0.5), (1000, 0.6)], "a start": [(10, 9)]}))

    texts = {element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a page", "a start", "10", "1,000"} <= texts
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}circle"))) == 3


def _rows_of(database: Database, table: str) -> list[tuple[object, ...]]:
    with database.read() as tx:
        return [tuple(row) for row in tx.execute(sa.text(f"SELECT * FROM {table} ORDER BY id"))]
