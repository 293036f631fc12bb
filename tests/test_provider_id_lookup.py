"""Looking people up by a provider's id: who is found, who is not, and how the databases answer."""

import re
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.provider_port import Person
from goldpan.storage import account_table, audience_table, job_table, prospect_table
from goldpan.storage.account_table import AccountGroup
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, Tx
from goldpan.storage.prospect_table import Collector
from goldpan.storage.provider_id_table import MATCHES, MOST_MATCHES
from tests.cast import Caller, stored_job
from tests.service import Answer

# Three ids of member 123456789: of the classic site, of Sales Navigator, of Recruiter.
CLASSIC = "ACoAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM"
SALES = "ACwAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM"
RECRUITER = "AEMAAAdbzRUBAAECAwQFBgcICQoLDA0ODxAREhM"
MEMBER = "member:123456789"
FIELDS = {"prospectId", "personId", "publicIdentifier", "linkedinUrl", "name", "companyName", "title"}

ADA = Person(
    public_identifier="ada",
    linkedin_url="https://www.linkedin.com/in/ada",
    provider_id=SALES,
    name="Ada Lovelace",
    company_name="Acme",
    title="CTO",
)


def look_up(caller: Caller, provider_id: str) -> Answer:
    return caller.get(f"{caller.group}/prospects/by-provider-id/{provider_id}")


def store(caller: Caller, *people: Person, names: dict[str, int] | None = None, is_sandbox: bool = False) -> list[str]:
    """Write people into the tables, one a millisecond, and return their ids; `names`: identity key -> whose it is."""
    toolbox, group = caller.service.toolbox, caller.account_group_id
    job_id, ids = toolbox.new_id(), [toolbox.new_id() for _ in people]
    job = stored_job(group, job_id, toolbox.new_id(), 1, "completed")
    with toolbox.database.write() as tx:
        audience_table.add(
            tx, group, Audience(job.audience_id, group, "stored", "linkedin_search", is_sandbox, 0, 0, 0)
        )
        job_table.add(tx, group, job, "{}")
        for position, (id_, person) in enumerate(zip(ids, people, strict=True)):
            prospect_table.add_people(tx, group, Collector(job_id, "directory", is_sandbox, position), {id_: person})
        if names:
            prospect_table.add_names(tx, group, is_sandbox, {key: ids[place] for key, place in names.items()})
    return ids


def test_one_person_is_found_by_every_id_of_the_member(alice: Caller) -> None:
    (ada_id,) = store(alice, ADA, names={MEMBER: 0})
    ada = {
        "prospectId": ada_id,
        "personId": ada_id,
        "publicIdentifier": "ada",
        "linkedinUrl": "https://www.linkedin.com/in/ada",
        "name": "Ada Lovelace",
        "companyName": "Acme",
        "title": "CTO",
    }

    for provider_id in (CLASSIC, SALES, RECRUITER, "urn:li:member:123456789", f"urn:li:fsd_profile:{CLASSIC}"):
        found = look_up(alice, provider_id)

        assert found.status == 200
        assert found.data == {"providerId": provider_id, "resolution": "single", "matches": [ada]}


def test_an_id_in_the_path_may_be_percent_encoded(alice: Caller) -> None:
    store(alice, ADA, names={MEMBER: 0})

    found = look_up(alice, "urn%3Ali%3amember%3A123456789").data

    assert (found["providerId"], found["resolution"]) == ("urn:li:member:123456789", "single")


def test_two_people_who_share_a_member_number_are_both_shown_the_first_imported_first(alice: Caller) -> None:
    bob = Person(public_identifier="bob", provider_id=CLASSIC)
    ids = store(alice, ADA, bob, names={"in:ada": 0, "in:bob": 1, MEMBER: 1})

    found = look_up(alice, RECRUITER).data

    assert found["resolution"] == "multiple"
    assert [match["prospectId"] for match in found["matches"]] == ids
    assert all(set(match) == FIELDS for match in found["matches"])


def test_nobody_is_no_error(alice: Caller) -> None:
    assert look_up(alice, SALES).data == {"providerId": SALES, "resolution": "none", "matches": []}


def test_an_id_of_ours_is_found_and_letter_by_letter(alice: Caller) -> None:
    own = Person(provider_id="directory-0a1b", name="Ada")
    store(alice, own, names={"id:directory-0a1b": 0})

    assert look_up(alice, "directory-0a1b").data["resolution"] == "single"
    assert look_up(alice, "directory-0A1B").data["resolution"] == "none"


def test_nobody_of_another_account_group_is_found(alice: Caller, mallory: Caller) -> None:
    store(mallory, ADA, names={MEMBER: 0})

    assert look_up(alice, SALES).data["resolution"] == "none"
    assert look_up(mallory.with_key(account_group_ids=[alice.account_group_id]), SALES).refusal == (403, "FORBIDDEN")
    assert look_up(alice.with_key(Permission.PROSPECTING_READ), SALES).refusal == (403, "FORBIDDEN")


def test_people_of_the_sandbox_are_found_as_elsewhere(alice: Caller) -> None:
    (ada_id,) = store(alice, ADA, names={MEMBER: 0}, is_sandbox=True)

    for caller in (alice, alice.sandbox()):
        assert [match["prospectId"] for match in look_up(caller, SALES).data["matches"]] == [ada_id]


def test_no_more_than_a_hundred_are_shown(alice: Caller) -> None:
    ids = store(alice, *[Person(public_identifier=f"p{n}", provider_id=SALES) for n in range(MOST_MATCHES + 1)])

    found = look_up(alice, SALES).data

    assert [match["prospectId"] for match in found["matches"]] == ids[:MOST_MATCHES]


@pytest.mark.parametrize(
    "provider_id",
    ["a%20b", "a%2Fb", "..%2f", "%2e%2e", "%C3%A9", "a.b", "%0A", "a%0a", "a" * 101, "(x)", "%25", "a;b", "a,b"],
)
def test_what_cannot_be_an_id_is_refused_by_name(alice: Caller, provider_id: str) -> None:
    answer = look_up(alice, provider_id)

    assert answer.refusal == (422, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("path", "providerId")]


@pytest.mark.parametrize("provider_id", ["a", "a" * 100, "_-:", "0", "ACoAAshort"])
def test_whatever_could_be_an_id_is_looked_up(alice: Caller, provider_id: str) -> None:
    assert look_up(alice, provider_id).data["resolution"] == "none"


def test_a_job_makes_its_people_known_by_their_ids(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job = alice.ended(sandbox.start_search("cto total:3"))

    for prospect in alice.prospects(job["audienceId"]):
        found = look_up(alice, prospect["providerId"]).data
        assert [match["prospectId"] for match in found["matches"]] == [prospect["id"]]


# --- how the databases answer


PEOPLE = 20_000


@pytest.fixture
def crowded(database_url: str) -> Database:
    """A database with 20,000 people of two account groups, each with a number of their own."""
    database = Database(database_url)
    with database.write() as tx:
        for group in ("a" * 24, "b" * 24):
            account_table.add(tx, AccountGroup(group, group, "scale", 0, 0, 0))
            audience_table.add(tx, group, Audience(group, group, "stored", "linkedin_search", False, 0, 0, 0))
            job_table.add(tx, group, stored_job(group, group, group, 1, "completed"), "{}")
            people = {f"{group[0]}{n:023x}": Person(provider_id=f"x{n}") for n in range(PEOPLE // 2)}
            prospect_table.add_people(tx, group, Collector(group, "directory", False, 1), people)
            prospect_table.add_names(tx, group, False, {f"id:{p.provider_id}": id_ for id_, p in people.items()})
        tx.execute(sa.text("ANALYZE"))
    return database


def test_a_lookup_is_answered_from_indexes_alone(crowded: Database) -> None:
    sql, own = MATCHES.compile(crowded.dialect)
    parameters: dict[str, Any] = {"account_group_id": "a" * 24, "provider_key": "id:x77"} | own
    with crowded.read() as tx:
        plans = _plans(crowded, tx, sql, parameters)
    crowded.close()

    for plan in plans:
        assert "prospect_provider_key_index" in plan, plan
        assert "prospect_identity" in plan, plan
        assert not re.search(r"SCAN prospect|Seq Scan|Filter: .*(identity|provider)_key", plan), plan


def _plans(database: Database, tx: Tx, sql: str, parameters: dict[str, Any]) -> list[str]:
    if database.dialect.is_sqlite:
        return ["\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))]
    chosen = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {sql}", parameters))
    numbers = count(1)
    numbered_sql = re.sub(r"%\(\w+\)s", lambda _: f"${next(numbers)}", sql)
    generic = "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered_sql}"))
    return [chosen, generic]
