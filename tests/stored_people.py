"""Audiences of many people, written past the jobs that would fill them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from goldpan.domain.provider_port import Person
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, job_table
from goldpan.storage.audience_table import Audience, Member
from goldpan.storage.tables import AUDIENCE_PROSPECT, PROSPECT
from tests.cast import stored_job

FIRST_MS = 1_700_000_000_000
PEOPLE_PER_MOMENT = 7  # share one time: no page's end falls together with a moment's


def person(number: int) -> Person:
    """Return somebody of whom more or less is known, and who may bear a formula's name."""
    return Person(
        linkedin_url=f"https://www.linkedin.com/in/person-{number}",
        public_identifier=f"person-{number}",
        first_name=["Zoë", "=1+1", "李", "Amara"][number % 4],
        about=f'Line one,\r\n"line {number}" <&>' if number % 3 == 0 else None,
        email=f"person{number}@acme.example" if number % 2 else None,
        company_website="https://www.acme.example/about" if number % 5 else None,
    )


def people(count: int) -> list[Person]:
    return [person(number) for number in range(count)]


def member(number: int, one: Person | None = None) -> Member:
    """Return somebody as a member of an audience that is nowhere stored."""
    at = FIRST_MS + number // PEOPLE_PER_MOMENT
    return Member(at, f"{number:024x}", at, number % 2 == 0, [], one or person(number))


@dataclass(frozen=True, slots=True)
class StoredAudience:
    """An audience in the database, which a job that has ended filled."""

    toolbox: Toolbox
    account_group_id: str
    id: str
    job_id: str

    def join(self, people: Sequence[Person], since_ms: int = 0) -> list[str]:
        """Let new people join, a few at each moment, the first so long after the audience began; return their ids."""
        common = {"account_group_id": self.account_group_id}
        ids = [self.toolbox.new_id() for _ in people]
        times = [FIRST_MS + since_ms + number // PEOPLE_PER_MOMENT for number in range(len(people))]
        own = {**common, "job_id": self.job_id, "is_sandbox": False, "provenance": "[]"}
        prospects = [
            {**own, "id": id_, "imported_ms": at, **asdict(one)}
            for id_, at, one in zip(ids, times, people, strict=True)
        ]
        membership = {**common, "audience_id": self.id}
        members = [{**membership, "prospect_id": id_, "added_ms": at} for id_, at in zip(ids, times, strict=True)]
        with self.toolbox.database.write() as tx:
            tx.execute(PROSPECT.insert(), prospects)
            tx.execute(AUDIENCE_PROSPECT.insert(), members)
        return ids

    def leave(self, prospect_ids: Iterable[str]) -> None:
        here = AUDIENCE_PROSPECT.c.audience_id == self.id
        with self.toolbox.database.write() as tx:
            tx.execute(AUDIENCE_PROSPECT.delete().where(here, AUDIENCE_PROSPECT.c.prospect_id.in_(list(prospect_ids))))


def store_audience(toolbox: Toolbox, account_group_id: str, people: Sequence[Person] = ()) -> StoredAudience:
    """Write an audience of these people."""
    stored = StoredAudience(toolbox, account_group_id, toolbox.new_id(), toolbox.new_id())
    audience = Audience(stored.id, account_group_id, "stored", "linkedin_search", False, len(people), 0, FIRST_MS)
    job = stored_job(account_group_id, stored.job_id, stored.id, FIRST_MS, "completed")
    with toolbox.database.write() as tx:
        audience_table.add(tx, account_group_id, audience)
        job_table.add(tx, account_group_id, job, "{}")
    if people:
        stored.join(people)
    return stored
