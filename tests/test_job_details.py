"""What stands behind a job: its steps, what it was asked, its credits and people; and how many jobs there are."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.access_rules import Principal
from goldpan.operations.account_operations import create_account
from goldpan.operations.job_detail_operations import (
    StepName,
    get_job_input,
    list_job_credit_entries,
    list_job_people,
    list_job_steps,
)
from goldpan.operations.job_start_operations import start_job
from goldpan.storage.tables import JOB_INPUT
from tests.workshop import Workshop, workshop

READS: list[Callable[..., object]] = [get_job_input, list_job_steps, list_job_credit_entries, list_job_people]


@pytest.fixture
def shop(database_url: str) -> Iterator[Workshop]:
    with workshop(database_url, [["ada", "grace"], ["ada", "joan"]]) as shop:
        yield shop


def steps(shop: Workshop, job_id: str) -> list[StepName]:
    told = list_job_steps(shop.toolbox, shop.alice, shop.group_id, job_id)
    assert [step.at_ms for step in told] == sorted(step.at_ms for step in told)
    return [step.name for step in told]


def test_the_steps_of_a_job_are_told_in_their_order(shop: Workshop) -> None:
    job_id = shop.start()
    queued = steps(shop, job_id)
    shop.run(job_id)

    assert queued == [StepName.QUEUED]
    assert steps(shop, job_id) == [StepName.QUEUED, StepName.STARTED, StepName.IMPORT_COMPLETED, StepName.COMPLETED]


def test_a_resumed_job_tells_both_of_its_runs(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, most_steps=1)
    shop.cancel(job_id)
    shop.resume(job_id)
    shop.run(job_id)

    assert steps(shop, job_id) == [
        StepName.QUEUED,
        StepName.STARTED,
        StepName.CANCELLED,
        StepName.RESUMED,
        StepName.STARTED,
        StepName.IMPORT_COMPLETED,
        StepName.COMPLETED,
    ]


def test_a_job_whose_events_are_gone_tells_what_its_row_knows(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id)
    shop.execute("DELETE FROM job_event")

    assert steps(shop, job_id) == [StepName.QUEUED, StepName.STARTED, StepName.COMPLETED]


def test_a_job_whose_first_events_are_gone_tells_the_rest(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id, most_steps=1)
    shop.cancel(job_id)
    shop.execute("DELETE FROM job_event")
    shop.resume(job_id)
    shop.run(job_id)

    told = steps(shop, job_id)
    assert told[:2] == [StepName.QUEUED, StepName.STARTED]
    assert told[2:] == [StepName.RESUMED, StepName.STARTED, StepName.IMPORT_COMPLETED, StepName.COMPLETED]


def test_what_a_job_was_asked_for_is_told_in_plain_words(shop: Workshop) -> None:
    job_id = shop.start(max_results=7)

    asked = get_job_input(shop.toolbox, shop.alice, shop.group_id, job_id)

    assert "miller" in asked.source_text
    assert asked.request.max_results == 7
    assert asked.request_json == shop.request(job_id)


@pytest.mark.parametrize("stored", ['{"source":"linkedin_search","searchUrl":"gopher://x"}', '{"source":7}', "{"])
def test_a_request_that_an_earlier_version_accepted_is_shown_as_it_is(shop: Workshop, stored: str) -> None:
    job_id = shop.start()
    with shop.database.write() as tx:
        tx.execute(JOB_INPUT.update().where(JOB_INPUT.c.job_id == job_id).values(request_json=stored))

    asked = get_job_input(shop.toolbox, shop.alice, shop.group_id, job_id)

    assert asked.source_text == "a source that this version does not understand"
    assert (asked.request.source, asked.request_json) == (SourceType.LINKEDIN_SEARCH, stored)


def test_a_job_of_a_list_counts_its_profiles(shop: Workshop) -> None:
    request = StartJob(source=SourceType.URL_UPLOAD, urls=["linkedin.com/in/ada", "linkedin.com/in/grace"])
    job_id = start_job(shop.toolbox, shop.alice, shop.group_id, request, None).id

    assert get_job_input(shop.toolbox, shop.alice, shop.group_id, job_id).source_text == "2 profiles"


def test_the_credits_of_a_job_are_its_lines_alone_newest_first(shop: Workshop) -> None:
    shop.run(shop.start(max_results=1))
    job_id = shop.start(max_results=10)
    shop.run(job_id)

    lines = list_job_credit_entries(shop.toolbox, shop.alice, shop.group_id, job_id).items

    assert {line.job_id for line in lines} == {job_id}
    assert [line.kind for line in lines] == ["release", "capture", "capture", "reserve"]
    assert sum(line.reserved_change for line in lines) == 0


def test_the_people_of_a_job_come_in_the_order_in_which_it_took_them(shop: Workshop) -> None:
    job_id = shop.start()
    shop.run(job_id)

    everybody = list_job_people(shop.toolbox, shop.alice, shop.group_id, job_id)
    first = list_job_people(shop.toolbox, shop.alice, shop.group_id, job_id, limit=2)

    assert [one.person.public_identifier for one in everybody.items] == ["ada", "grace", "joan"]
    assert {one.job_id for one in everybody.items} == {job_id}
    assert ([one.person.public_identifier for one in first.items], first.has_more) == (["ada", "grace"], True)


@pytest.mark.parametrize("read", READS, ids=lambda read: read.__name__)
def test_a_job_of_a_stranger_is_like_none(shop: Workshop, read: Callable[..., object]) -> None:
    job_id = shop.start()
    stranger = create_account(shop.toolbox, "Mallory", "scale", 0)
    mallory = Principal("mallory", False, shop.alice.permissions, frozenset({stranger.id}))

    refusals = []
    for sought in (job_id, "f" * 24):
        with pytest.raises(Problem) as refusal:
            read(shop.toolbox, mallory, stranger.id, sought)
        refusals.append((refusal.value.kind, refusal.value.details))

    assert refusals == [(ErrorKind.NOT_FOUND, "jobId: there is no such job in this account group")] * 2
    with pytest.raises(Problem) as foreign:
        read(shop.toolbox, mallory, shop.group_id, job_id)
    assert foreign.value.kind is ErrorKind.FORBIDDEN


@pytest.mark.parametrize("read", READS, ids=lambda read: read.__name__)
def test_nobody_without_a_permission_reads_a_job(shop: Workshop, read: Callable[..., object]) -> None:
    job_id = shop.start()

    with pytest.raises(Problem) as refusal:
        read(shop.toolbox, replace(shop.alice, permissions=frozenset()), shop.group_id, job_id)

    assert refusal.value.kind is ErrorKind.FORBIDDEN
