"""What an export reads while its audience changes: nobody who stays is missing or doubled, and nobody joins."""

import asyncio
from collections.abc import Iterator

import pytest

from goldpan import assembly
from goldpan.api.export_presenters import present_export
from goldpan.contract.error_catalogue import Problem
from goldpan.contract.export_choices import ExportFormat, ExportPreset
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.operations.account_operations import create_account
from goldpan.operations.audience_change_operations import delete_audience
from goldpan.operations.caretaker_operations import empty_deleted_audiences
from goldpan.operations.export_operations import PAGE_PEOPLE, AudienceExport, export_audience
from goldpan.storage.audience_table import Member
from goldpan.storage.database import Database
from tests.stored_people import StoredAudience, member, people, store_audience

COUNT = 4 * PAGE_PEOPLE + 10


@pytest.fixture
def audience(database_url: str) -> Iterator[StoredAudience]:
    """An audience of a few more than four pages of people."""
    database = Database(database_url)
    toolbox = assembly.build_toolbox(database)
    yield store_audience(toolbox, create_account(toolbox, "Alice", "scale", 0).id, people(COUNT))
    database.close()


def start(audience: StoredAudience) -> AudienceExport:
    group = audience.account_group_id
    alice = Principal("alice", False, frozenset(Permission), frozenset({group}))
    return export_audience(audience.toolbox, alice, group, audience.id, ExportFormat.JSONL, ExportPreset.PLAIN)


def ids(members: list[Member]) -> list[str]:
    return [one.prospect_id for one in members]


def test_everybody_comes_once_the_last_added_first(audience: StoredAudience) -> None:
    pages = list(start(audience).pages)

    everybody = [(one.added_ms, one.prospect_id) for page in pages for one in page]
    assert [len(page) for page in pages] == [PAGE_PEOPLE] * 4 + [10]
    assert everybody == sorted(set(everybody), reverse=True)
    assert len(everybody) == COUNT


def test_who_joins_or_leaves_meanwhile_moves_nobody_else(audience: StoredAudience) -> None:
    before = ids([one for page in start(audience).pages for one in page])
    pages = start(audience).pages
    found = ids(next(pages))

    joined = audience.join(people(PAGE_PEOPLE), since_ms=COUNT)
    leaving = before[::3]
    audience.leave(leaving)
    found += ids([one for page in pages for one in page])

    assert not set(found) & set(joined)
    assert found[:PAGE_PEOPLE] == before[:PAGE_PEOPLE]
    stayed = set(before) - set(leaving)
    assert [one for one in found if one in stayed] == [one for one in before if one in stayed]


@pytest.mark.parametrize("count", [COUNT, 4 * PAGE_PEOPLE], ids=["a short page", "an empty page"])
def test_an_export_whose_audience_is_deleted_meanwhile_does_not_end_well(audience: StoredAudience, count: int) -> None:
    if count != COUNT:
        audience.leave(ids([one for page in start(audience).pages for one in page])[count:])
    group = audience.account_group_id
    alice = Principal("alice", False, frozenset(Permission), frozenset({group}))
    pages = start(audience).pages
    found = [next(pages), next(pages)]

    delete_audience(audience.toolbox, alice, group, audience.id)
    empty_deleted_audiences(audience.toolbox, 1)

    with pytest.raises(Problem, match="no such audience"):
        found += pages
    assert [len(page) for page in found] == [PAGE_PEOPLE] * 2


def test_between_two_pages_no_connection_is_held(audience: StoredAudience) -> None:
    pool = audience.toolbox.database.engine.pool
    held = [pool.checkedout() for _page in start(audience).pages]  # type: ignore[attr-defined]

    assert held == [0] * 5


def test_the_first_page_is_read_before_the_answer_begins(audience: StoredAudience) -> None:
    export = start(audience)
    audience.toolbox.database.close()
    audience.leave(ids(next(export.pages)))

    assert sum(len(page) for page in export.pages) == COUNT - PAGE_PEOPLE


def test_a_client_who_takes_no_more_ends_the_reading() -> None:
    asked = []

    def pages() -> Iterator[list[Member]]:
        for number in range(100):
            asked.append(number)
            yield [member(number)]

    async def take_three_pieces() -> list[bytes]:
        stream = present_export(AudienceExport("0" * 24, ExportFormat.JSONL, ExportPreset.PLAIN, pages()))
        taken = [await anext(stream.chunks) for _ in range(3)]
        await stream.chunks.aclose()
        return taken

    assert len(asyncio.run(take_three_pieces())) == 3
    assert asked == [0, 1, 2]
