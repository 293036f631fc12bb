"""People of an account group: each once, with all the names they are known by."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from goldpan.domain.provider_port import Person
from goldpan.storage.database import Tx
from goldpan.storage.tables import JOB_PROSPECT, PERSON_FIELDS, PROSPECT, PROSPECT_IDENTITY


@dataclass(frozen=True, slots=True)
class KnownName:
    """One name of a person we know; `public_identifier` tells whether a weak name may be trusted."""

    identity_key: str
    prospect_id: str
    public_identifier: str | None


@dataclass(frozen=True, slots=True)
class Importer:
    """On whose behalf people are stored."""

    job_id: str
    is_sandbox: bool


def to_person(row: tuple[Any, ...]) -> Person:
    """Return the person in a whole row of `prospect`."""
    return Person(*row[-len(PERSON_FIELDS) :])


def known_names(tx: Tx, account_group_id: str, is_sandbox: bool, identity_keys: list[str]) -> list[KnownName]:
    """Return those of the names that somebody in the account group bears."""
    statement = (
        sa.select(PROSPECT_IDENTITY.c.identity_key, PROSPECT.c.id, PROSPECT.c.public_identifier)
        .join(PROSPECT, PROSPECT.c.id == PROSPECT_IDENTITY.c.prospect_id)
        .where(
            PROSPECT_IDENTITY.c.account_group_id == account_group_id,
            PROSPECT_IDENTITY.c.is_sandbox == is_sandbox,
            PROSPECT_IDENTITY.c.identity_key.in_(identity_keys),
        )
    )
    return [KnownName(*row) for row in tx.execute(statement)]


def taken_by_job(tx: Tx, account_group_id: str, job_id: str, prospect_ids: list[str]) -> set[str]:
    """Return those of the people whom the job took on an earlier page."""
    statement = sa.select(JOB_PROSPECT.c.prospect_id).where(
        JOB_PROSPECT.c.job_id == job_id,
        JOB_PROSPECT.c.account_group_id == account_group_id,
        JOB_PROSPECT.c.prospect_id.in_(prospect_ids),
    )
    return set(tx.execute(statement).scalars())


def add_people(tx: Tx, account_group_id: str, importer: Importer, people: dict[str, Person], now_ms: int) -> None:
    """Store new people by their ids."""
    common = {
        "account_group_id": account_group_id,
        "is_sandbox": importer.is_sandbox,
        "job_id": importer.job_id,
        "imported_ms": now_ms,
    }
    rows = [{"id": id_, **common, **_person_values(person)} for id_, person in people.items()]
    tx.execute(PROSPECT.insert(), rows)


def add_names(tx: Tx, account_group_id: str, is_sandbox: bool, names: dict[str, str]) -> None:
    """Store names of people, identity key -> prospect id; none of them may be taken."""
    common = {"account_group_id": account_group_id, "is_sandbox": is_sandbox}
    rows = [{**common, "identity_key": key, "prospect_id": id_} for key, id_ in names.items()]
    tx.execute(PROSPECT_IDENTITY.insert(), rows)


def add_to_job(tx: Tx, account_group_id: str, job_id: str, first_position: int, prospect_ids: list[str]) -> None:
    """Note whom the job took, from position `first_position` on."""
    common = {"job_id": job_id, "account_group_id": account_group_id}
    rows = [{**common, "prospect_id": id_, "position": first_position + n} for n, id_ in enumerate(prospect_ids)]
    tx.execute(JOB_PROSPECT.insert(), rows)


def taken_from(
    tx: Tx, account_group_id: str, job_id: str, first_position: int, limit: int
) -> list[tuple[str, bool, Person]]:
    """Return up to `limit` people whom the job took, from position `first_position` on, in that order.

    As (prospect id, whether this job imported them, person).
    """
    statement = (
        sa.select(*PROSPECT.c)
        .join(JOB_PROSPECT, JOB_PROSPECT.c.prospect_id == PROSPECT.c.id)
        .where(JOB_PROSPECT.c.job_id == job_id, JOB_PROSPECT.c.account_group_id == account_group_id)
        .where(JOB_PROSPECT.c.position >= first_position)
        .order_by(JOB_PROSPECT.c.position)
        .limit(limit)
    )
    return [(row.id, row.job_id == job_id, to_person(tuple(row))) for row in tx.execute(statement)]


def fill_in(tx: Tx, account_group_id: str, prospect_id: str, facts: Person) -> None:
    """Add what is newly known of a person; what we had stays."""
    values = {name: sa.func.coalesce(PROSPECT.c[name], value) for name, value in _person_values(facts).items() if value}
    if values:
        mine = (PROSPECT.c.id == prospect_id) & (PROSPECT.c.account_group_id == account_group_id)
        tx.execute(PROSPECT.update().where(mine).values(values))


def _person_values(person: Person) -> dict[str, str | None]:
    return {name: getattr(person, name) for name in PERSON_FIELDS}
