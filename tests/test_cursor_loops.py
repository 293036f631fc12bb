"""A provider whose cursor leads back: the job takes everybody once and comes to an end."""

from dataclasses import dataclass, replace

import pytest

from goldpan.domain.provider_port import Page, Source
from tests.invariants import assert_invariants
from tests.workshop import ScriptedProvider, Workshop


@dataclass
class Roundabout(ScriptedProvider):
    """Behind the last page comes the page number `back_to` again."""

    back_to: int = 0

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        page = await super().fetch_page(account_group_id, source, cursor, earlier_tries, most_people)
        return replace(page, next_cursor=page.next_cursor or str(self.back_to))


@pytest.mark.parametrize("back_to", [0, 2])
def test_a_job_whose_source_leads_back_ends_with_everybody_once(database_url: str, back_to: int) -> None:
    people = [[f"ada-{page}-{number}" for number in range(12)] for page in range(3)]
    shop = Workshop(database_url, Roundabout(people, back_to=back_to))
    job_id = shop.start()

    job = shop.run(job_id)

    assert (job.status, job.stop_reason) == ("completed", "source_exhausted")
    assert (job.imported, job.credits_spent) == (36, 36)
    assert job.pages_done <= 21  # each page four times over, and a few
    shop.database.close()
    assert_invariants(database_url)


def test_pages_without_anybody_that_lead_to_themselves_end_at_once(database_url: str) -> None:
    shop = Workshop(database_url, Roundabout([["ada"], []], back_to=1))

    job = shop.run(shop.start())

    assert (job.status, job.imported, job.pages_done) == ("completed", 1, 2)
    shop.database.close()
