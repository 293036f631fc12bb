"""Looking for people of an account group: the newest, those whose name, company or address begins so, and one alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from goldpan.contract.paging import Position
from goldpan.domain.provider_port import Person
from goldpan.storage.audience_table import Audience
from goldpan.storage.columns import PERSON_FIELDS, SmallLetters
from goldpan.storage.database import Tx
from goldpan.storage.keyset import is_within
from goldpan.storage.prospect_table import Collection, read_provenance
from goldpan.storage.tables import AUDIENCE, AUDIENCE_EXISTS, AUDIENCE_PROSPECT, JOB_PROSPECT, PROSPECT, SEARCHED_FIELDS

# What a search looks at of each field: a letter may be the first of a million people.
MOST_CANDIDATES = 5_000

_BEHIND_EVERY_TEXT = "\U0010ffff"
_FOUND = [PROSPECT.c[name] for name in ("id", "imported_ms", "enriched_ms", "is_sandbox", "job_id", "provenance")]
_FOUND += [PROSPECT.c[name] for name in PERSON_FIELDS]


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person of an account group; `job_id` is of the job that imported them, `enriched_ms` None: not yet."""

    id: str
    imported_ms: int
    enriched_ms: int | None
    is_sandbox: bool
    job_id: str
    provenance: list[Collection]
    person: Person


def newest_page(tx: Tx, account_group_id: str, after: Position, limit: int) -> list[FoundPerson]:
    """Return up to `limit` people, the last imported first, after the place `after`."""
    after_place = sa.tuple_(PROSPECT.c.imported_ms, PROSPECT.c.id) < tuple(after)
    statement = sa.select(*_FOUND).where(PROSPECT.c.account_group_id == account_group_id, after_place)
    return _people(tx, statement.limit(limit))


def search_page(
    tx: Tx, account_group_id: str, spellings: Sequence[str], audience_id: str | None, after: Position, limit: int
) -> list[FoundPerson]:
    """Return up to `limit` of the candidates that begin with one of `spellings`, the last imported first.

    `spellings` are in small letters as far as they are of a to z. `audience_id`: only who is in that audience.
    """
    walks = [walk.subquery() for walk in _walks(account_group_id, spellings)]
    candidate = sa.union(*(sa.select(*walk.c) for walk in walks)).subquery().c
    # Place, order and limit first: of all candidates only a page is read whole.
    place = sa.select(candidate.id).where(sa.tuple_(candidate.imported_ms, candidate.id) < tuple(after))
    if audience_id is not None:
        place = place.where(_is_in(sa.literal(audience_id), account_group_id, candidate.id))
    shown = place.order_by(candidate.imported_ms.desc(), candidate.id.desc()).limit(limit).subquery()
    statement = sa.select(*_FOUND).join(shown, shown.c.id == PROSPECT.c.id)
    return _people(tx, statement.where(PROSPECT.c.account_group_id == account_group_id))


def has_more_candidates(tx: Tx, account_group_id: str, spellings: Sequence[str]) -> bool:
    """Return whether more people begin so than a search looks at."""
    beyond = [walk.offset(MOST_CANDIDATES).limit(1).subquery() for walk in _walks(account_group_id, spellings)]
    statement = sa.union_all(*(sa.select(walk.c.id) for walk in beyond)).limit(1)
    return tx.execute(statement).first() is not None


def read_one(tx: Tx, account_group_id: str, prospect_id: str) -> FoundPerson | None:
    mine = (PROSPECT.c.id == prospect_id) & (PROSPECT.c.account_group_id == account_group_id)
    row = tx.execute(sa.select(*_FOUND).where(mine)).one_or_none()
    return None if row is None else _found(row)


def taken_by(tx: Tx, account_group_id: str, job_id: str, first_position: int, limit: int) -> list[FoundPerson]:
    """Return up to `limit` people whom the job took, in that order, from position `first_position` on."""
    statement = (
        sa.select(*_FOUND)
        .join(JOB_PROSPECT, JOB_PROSPECT.c.prospect_id == PROSPECT.c.id)
        .where(JOB_PROSPECT.c.job_id == job_id, is_within(JOB_PROSPECT.c.position, first_position, limit))
        .where(JOB_PROSPECT.c.account_group_id == account_group_id, PROSPECT.c.account_group_id == account_group_id)
        .order_by(JOB_PROSPECT.c.position)
    )
    return [_found(row) for row in tx.execute(statement)]


def audiences_of(tx: Tx, account_group_id: str, prospect_id: str, limit: int) -> list[Audience]:
    """Return up to `limit` audiences that the person is in, the newest first.

    Nothing is indexed by person there: each audience of the account group is asked, by its key.
    """
    statement = (
        sa.select(*AUDIENCE.c)
        .where(AUDIENCE.c.account_group_id == account_group_id, AUDIENCE_EXISTS)
        .where(_is_in(AUDIENCE.c.id, account_group_id, sa.literal(prospect_id)))
        .order_by(AUDIENCE.c.created_ms.desc(), AUDIENCE.c.id.desc())
        .limit(limit)
    )
    return [Audience(*row) for row in tx.execute(statement)]


def _walks(account_group_id: str, spellings: Sequence[str]) -> list[sa.Select[Any]]:
    return [_walk(account_group_id, field, spelling) for field in SEARCHED_FIELDS for spelling in spellings]


def _walk(account_group_id: str, field: str, spelling: str) -> sa.Select[Any]:
    """Return (id, imported_ms) of the first candidates in the index of one field."""
    text = SmallLetters(PROSPECT.c[field])
    return (
        sa.select(PROSPECT.c.id, PROSPECT.c.imported_ms)
        .where(PROSPECT.c.account_group_id == account_group_id, PROSPECT.c[field].is_not(None))
        .where(text >= spelling, text < spelling + _BEHIND_EVERY_TEXT)
        .with_hint(PROSPECT, f"INDEXED BY prospect_{field}_index", "sqlite")
        .order_by(text)
        .limit(MOST_CANDIDATES)
    )


def _is_in(
    audience_id: sa.ColumnElement[str], account_group_id: str, prospect_id: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """A scalar query with a limit is never made into a join, which might read every member of every audience."""
    member = AUDIENCE_PROSPECT.c
    is_here = (member.audience_id == audience_id) & (member.prospect_id == prospect_id)
    one = sa.select(sa.literal(1)).where(is_here, member.account_group_id == account_group_id).limit(1)
    return one.scalar_subquery().is_not(None)


def _people(tx: Tx, statement: sa.Select[Any]) -> list[FoundPerson]:
    newest_first = (PROSPECT.c.imported_ms.desc(), PROSPECT.c.id.desc())
    return [_found(row) for row in tx.execute(statement.order_by(*newest_first))]


def _found(row: Sequence[Any]) -> FoundPerson:
    id_, imported_ms, enriched_ms, is_sandbox, job_id, provenance, *person = row
    collections = read_provenance(provenance)
    return FoundPerson(id_, imported_ms, enriched_ms, bool(is_sandbox), job_id, collections, Person(*person))
