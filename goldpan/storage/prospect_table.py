"""People of an account group: each once, with all the names they are known by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from goldpan.domain.identity_rules import provider_key
from goldpan.domain.provider_port import Person
from goldpan.storage.columns import PERSON_FIELDS
from goldpan.storage.database import Tx
from goldpan.storage.keyset import is_within
from goldpan.storage.many_rows import insert_rows, is_one_of, without_empty_columns
from goldpan.storage.tables import JOB, JOB_PROSPECT, PROSPECT, PROSPECT_IDENTITY


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of one person; `provenance` as it is stored."""

    prospect_id: str
    provenance: str
    is_enriched: bool
    person: Person


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


_NOTHING_KNOWN: dict[str, object] = dict.fromkeys(PERSON_FIELDS)

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
    person: Person


def read_provenance(text: str) -> list[Collection]:
    """Return a person's provenance, the oldest collection first."""
    return _decode_provenance(text)


def known_names(tx: Tx, account_group_id: str, is_sandbox: bool, identity_keys: list[str]) -> dict[str, str]:
    """Return those of the names that somebody in the account group bears, identity key -> prospect id."""
    statement = sa.select(PROSPECT_IDENTITY.c.identity_key, PROSPECT_IDENTITY.c.prospect_id).where(
        PROSPECT_IDENTITY.c.account_group_id == account_group_id,
        PROSPECT_IDENTITY.c.is_sandbox == is_sandbox,
        is_one_of(tx, PROSPECT_IDENTITY.c.identity_key, identity_keys),
    )
    return {row[0]: row[1] for row in tx.execute(statement)}


def known_people(tx: Tx, account_group_id: str, prospect_ids: Iterable[str]) -> dict[str, Known]:
    """Return what we have of the people, by their ids."""
    columns = (PROSPECT.c.id, PROSPECT.c.provenance, PROSPECT.c.enriched_ms)
    mine = (PROSPECT.c.account_group_id == account_group_id) & is_one_of(tx, PROSPECT.c.id, list(prospect_ids))
    statement = sa.select(*columns, *(PROSPECT.c[name] for name in PERSON_FIELDS)).where(mine)
    return {row[0]: Known(row[0], row[1], row[2] is not None, Person(*row[3:])) for row in tx.execute(statement)}


def taken_by_job(tx: Tx, account_group_id: str, job_id: str, prospect_ids: list[str]) -> set[str]:
    """Return those of the people whom the job took on an earlier page."""
    statement = sa.select(JOB_PROSPECT.c.prospect_id).where(
        JOB_PROSPECT.c.job_id == job_id,
        JOB_PROSPECT.c.account_group_id == account_group_id,
        is_one_of(tx, JOB_PROSPECT.c.prospect_id, prospect_ids),
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
    rows: list[dict[str, object]] = []
    provenances: dict[tuple[str, ...], str] = {}  # most people of a page tell the same fields
    for id_, person in people.items():
        known = _known_values(person)
        fields = tuple(known)
        if fields not in provenances:
            provenances[fields] = _add_collection("[]", collector, list(fields))
        keys = {"provider_key": provider_key(person.provider_id), "id": id_, "provenance": provenances[fields]}
        rows.append({**_NOTHING_KNOWN, **known, **keys})
    insert_rows(tx, PROSPECT, common, without_empty_columns(rows))


def add_names(tx: Tx, account_group_id: str, is_sandbox: bool, names: dict[str, str]) -> None:
    """Store names of people, identity key -> prospect id; none of them may be taken."""
    common = {"account_group_id": account_group_id, "is_sandbox": is_sandbox}
    rows = [{"identity_key": key, "prospect_id": id_} for key, id_ in names.items()]
    insert_rows(tx, PROSPECT_IDENTITY, common, rows)


def add_facts(
    tx: Tx, account_group_id: str, collector: Collector, news: Sequence[tuple[Known, dict[str, str]]]
) -> None:
    """Write what was learned of people, by field, and from whom: somebody of whom nothing was is left out."""
    rows: dict[frozenset[str], list[dict[str, object]]] = {}
    for known, facts in news:
        learned = _learned(collector, known, facts)
        rows.setdefault(frozenset(learned), []).append({"prospect_id_": known.prospect_id} | learned)
    mine = (PROSPECT.c.id == sa.bindparam("prospect_id_")) & (PROSPECT.c.account_group_id == account_group_id)
    for names, same in rows.items():
        if names:
            tx.execute(PROSPECT.update().where(mine).values({name: sa.bindparam(name) for name in names}), same)


def add_to_job(tx: Tx, account_group_id: str, job_id: str, first_position: int, prospect_ids: list[str]) -> None:
    """Note whom the job took, from position `first_position` on."""
    common = {"job_id": job_id, "account_group_id": account_group_id}
    rows = [{"prospect_id": id_, "position": first_position + n} for n, id_ in enumerate(prospect_ids)]
    insert_rows(tx, JOB_PROSPECT, common, rows)


def taken_from(tx: Tx, account_group_id: str, job_id: str, first_position: int, limit: int) -> list[Taken]:
    """Return up to `limit` people whom the job took, from position `first_position` on, in that order."""
    statement = (
        sa.select(
            PROSPECT.c.id,
            *(JOB.c.id, JOB.c.status, JOB.c.search_emails),
            PROSPECT.c.enriched_ms,
            *(PROSPECT.c[name] for name in PERSON_FIELDS),
        )
        .join(JOB_PROSPECT, JOB_PROSPECT.c.prospect_id == PROSPECT.c.id)
        .join(JOB, JOB.c.id == PROSPECT.c.job_id)
        .where(*(table.c.account_group_id == account_group_id for table in (JOB_PROSPECT, PROSPECT, JOB)))
        .where(JOB_PROSPECT.c.job_id == job_id, is_within(JOB_PROSPECT.c.position, first_position, limit))
        .order_by(JOB_PROSPECT.c.position)
    )
    return [
        Taken(row[0], row[1], row[2], row[3], row[4] is not None, Person(*row[5:])) for row in tx.execute(statement)
    ]


def mark_enriched(tx: Tx, account_group_id: str, prospect_ids: Iterable[str], now_ms: int) -> None:
    """Note that nothing more is to be learned of those people; of some that was noted before."""
    mine = (PROSPECT.c.account_group_id == account_group_id) & is_one_of(tx, PROSPECT.c.id, list(prospect_ids))
    tx.execute(PROSPECT.update().where(mine, PROSPECT.c.enriched_ms.is_(None)).values(enriched_ms=now_ms))


def _known_values(person: Person) -> dict[str, str]:
    return {name: value for name in PERSON_FIELDS if (value := getattr(person, name)) is not None}


def _learned(collector: Collector, known: Known, news: dict[str, str]) -> dict[str, object]:
    """Return the columns that news of a person change; a field that is replaced comes from the new collection alone."""
    if not news:
        return {}
    values: dict[str, object] = {**news, "provenance": _add_collection(known.provenance, collector, list(news))}
    if "provider_id" in news:
        values["provider_key"] = provider_key(news["provider_id"])
    return values


def _add_collection(provenance: str, collector: Collector, names: list[str]) -> str:
    earlier = [_without(collection, names) for collection in read_provenance(provenance)]
    collection = Collection(collector.provider, collector.job_id, collector.collected_ms, names)
    return msgspec.json.encode([*filter(None, earlier), collection]).decode()


def _without(collection: Collection, names: list[str]) -> Collection | None:
    """Return the collection without the fields of these names; None: nothing is left of it."""
    fields = [field for field in collection.fields if field not in names]
    if len(fields) == len(collection.fields):
        return collection
    return msgspec.structs.replace(collection, fields=fields) if fields else None
