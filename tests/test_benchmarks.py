"""The benchmarks' data is made by hand, past the operations: it has to fit the schema, and the list has to show it."""

import asyncio

from benchmarks.people_seeding import seed_audience
from benchmarks.seeding import count_jobs, position_of, seed
from goldpan import assembly
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.paging import START
from goldpan.contract.permission_catalogue import Permission
from goldpan.contract.resources import JobStatus
from goldpan.domain.access_rules import Principal
from goldpan.domain.job_list_rules import JobFilter
from goldpan.operations.export_operations import export_audience
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
