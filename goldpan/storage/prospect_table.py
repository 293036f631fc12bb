"""People of an account group: each once, with all the names they are known by."""

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from goldpan.domain.provider_port import Person
from goldpan.storage.columns import PERSON_FIELDS
from goldpan.storage.database import Tx
from goldpan.storage.tables import JOB, JOB_PROSPECT, PROSPECT, PROSPECT_IDENTITY


@dataclass(frozen=True, slots=True)
class KnownName:
    """One name of a person we know, and the slug among their names, None: they have none."""

    identity_key: str
    prospect_id: str
    slug: str | None


@dataclass(frozen=True, slots=True)
class Collector:
    """On whose behalf people are stored, from whom, and when."""

    job_id: str
    provider: str
    is_sandbox: bool
    collected_ms: int


class Collection(msgspec.Struct, frozen=True):
    """What was learned of a person at one time: which fields, from which provider, by which job."""

    provider: str
    job_id: str
    collected_ms: int
    fields: list[str]


# Made once: looking at the type took longer than decoding, and an export decodes a million.
_decode_provenance = msgspec.json.Decoder(list[Collection]).decode


@dataclass(frozen=True, slots=True)
class Taken:
    """One person whom a job took.

    `importer_id` and `importer_status` are of the job that imported and paid for them, `with_email` whether it paid for
    the search of an address too.
    """

    prospect_id: str
    importer_id: str
    importer_status: str
    with_email: bool
    is_enriched: bool
    provenance: str
    person: Person


def read_provenance(text: str) -> list[Collection]:
    """Return a person's provenance, the oldest collection first."""
    return _decode_provenance(text)


def known_names(tx: Tx, account_group_id: str, is_sandbox: bool, identity_keys: list[str]) -> list[KnownName]:
    """Return those of the names that somebody in the account group bears."""
    others = PROSPECT_IDENTITY.alias()
    slug = (
        sa.select(others.c.identity_key)
        .where(others.c.prospect_id == PROSPECT_IDENTITY.c.prospect_id, others.c.identity_key.startswith("in:"))
        .limit(1)
        .scalar_subquery()
    )
    statement = sa.select(PROSPECT_IDENTITY.c.identity_key, PROSPECT_IDENTITY.c.prospect_id, slug).where(
        PROSPECT_IDENTITY.c.account_group_id == account_group_id,
        PROSPECT_IDENTITY.c.is_sandbox == is_sandbox,
        PROSPECT_IDENTITY.c.identity_key.in_(identity_keys),
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


def add_people(tx: Tx, account_group_id: str, collector: Collector, people: dict[str, Person]) -> None:
    """Store new people by their ids."""
    common = {
        "account_group_id": account_group_id,
        "is_sandbox": collector.is_sandbox,
        "job_id": collector.job_id,
        "imported_ms": collector.collected_ms,
    }
    rows = []
    for id_, person in people.items():
        known = _known_values(person)
        provenance = _add_collection("[]", collector, list(known))
        rows.append({**dict.fromkeys(PERSON_FIELDS), **known, **common, "id": id_, "provenance": provenance})
    tx.execute(PROSPECT.insert(), rows)


def add_names(tx: Tx, account_group_id: str, is_sandbox: bool, names: dict[str, str]) -> None:
    """Store names of people, identity key -> prospect id; none of them may be taken."""
    common = {"account_group_id": account_group_id, "is_sandbox": is_sandbox}
    rows = [{**common, "identity_key": key, "prospect_id": id_} for key, id_ in names.items()]
    tx.execute(PROSPECT_IDENTITY.insert(), rows)


def add_slug(tx: Tx, account_group_id: str, prospect_id: str, person: Person) -> None:
    """Give a person whom we knew without one the slug, and the address, that `person` tells."""
    mine = (PROSPECT.c.id == prospect_id) & (PROSPECT.c.account_group_id == account_group_id)
    values = {"public_identifier": person.public_identifier, "linkedin_url": person.linkedin_url}
    known = {name: value for name, value in values.items() if value is not None}
    if known:
        tx.execute(PROSPECT.update().where(mine, PROSPECT.c.public_identifier.is_(None)).values(known))


def add_to_job(tx: Tx, account_group_id: str, job_id: str, first_position: int, prospect_ids: list[str]) -> None:
    """Note whom the job took, from position `first_position` on."""
    common = {"job_id": job_id, "account_group_id": account_group_id}
    rows = [{**common, "prospect_id": id_, "position": first_position + n} for n, id_ in enumerate(prospect_ids)]
    tx.execute(JOB_PROSPECT.insert(), rows)


def taken_from(tx: Tx, account_group_id: str, job_id: str, first_position: int, limit: int) -> list[Taken]:
    """Return up to `limit` people whom the job took, from position `first_position` on, in that order."""
    statement = (
        sa.select(
            PROSPECT.c.id,
            *(JOB.c.id, JOB.c.status, JOB.c.search_emails),
            *(PROSPECT.c.enriched_ms, PROSPECT.c.provenance),
            *(PROSPECT.c[name] for name in PERSON_FIELDS),
        )
        .join(JOB_PROSPECT, JOB_PROSPECT.c.prospect_id == PROSPECT.c.id)
        .join(JOB, JOB.c.id == PROSPECT.c.job_id)
        .where(JOB_PROSPECT.c.job_id == job_id, JOB_PROSPECT.c.account_group_id == account_group_id)
        .where(JOB_PROSPECT.c.position >= first_position)
        .order_by(JOB_PROSPECT.c.position)
        .limit(limit)
    )
    return [
        Taken(row[0], row[1], row[2], row[3], row[4] is not None, row[5], Person(*row[6:]))
        for row in tx.execute(statement)
    ]


def fill_in(tx: Tx, account_group_id: str, collector: Collector, taken: Taken, facts: Person) -> bool:
    """Add what is newly known of a person; what we had stays. False: another job was faster, nothing was changed."""
    new = {name: value for name, value in _known_values(facts).items() if getattr(taken.person, name) is None}
    values: dict[str, object] = {"enriched_ms": collector.collected_ms, **new}
    if new:
        values["provenance"] = _add_collection(taken.provenance, collector, list(new))
    mine = (PROSPECT.c.id == taken.prospect_id) & (PROSPECT.c.account_group_id == account_group_id)
    return tx.execute(PROSPECT.update().where(mine, PROSPECT.c.enriched_ms.is_(None)).values(values)).rowcount == 1


def _known_values(person: Person) -> dict[str, str]:
    return {name: value for name in PERSON_FIELDS if (value := getattr(person, name)) is not None}


def _add_collection(provenance: str, collector: Collector, names: list[str]) -> str:
    collection = Collection(collector.provider, collector.job_id, collector.collected_ms, names)
    return msgspec.json.encode([*read_provenance(provenance), collection]).decode()
