"""Prospects by the key of a provider id: who bears it as a name, and whoever else was told to have it."""

from dataclasses import dataclass

import sqlalchemy as sa

from goldpan.storage.database import Database, HotQuery
from goldpan.storage.tables import PROSPECT, PROSPECT_IDENTITY

MOST_MATCHES = 100

_GROUP: sa.BindParameter[str] = sa.bindparam("account_group_id")
_KEY: sa.BindParameter[str] = sa.bindparam("provider_key")


@dataclass(frozen=True, slots=True)
class Match:
    prospect_id: str
    public_identifier: str | None
    linkedin_url: str | None
    name: str | None
    company_name: str | None
    title: str | None


def _bearer(is_sandbox: sa.ColumnElement[bool]) -> sa.Select[tuple[str]]:
    """Return the query for who bears the key; each of the two worlds is looked up, for the index begins with them."""
    return sa.select(PROSPECT_IDENTITY.c.prospect_id).where(
        PROSPECT_IDENTITY.c.account_group_id == _GROUP,
        PROSPECT_IDENTITY.c.is_sandbox == is_sandbox,
        PROSPECT_IDENTITY.c.identity_key == _KEY,
    )


_TOLD = sa.select(PROSPECT.c.id).where(PROSPECT.c.account_group_id == _GROUP, PROSPECT.c.provider_key == _KEY)
_FOUND = sa.union(_bearer(sa.false()), _bearer(sa.true()), _TOLD).subquery("found")

MATCHES = HotQuery(
    sa.select(*(PROSPECT.c["id" if name == "prospect_id" else name] for name in Match.__slots__))
    .join(_FOUND, _FOUND.c.prospect_id == PROSPECT.c.id)
    .where(PROSPECT.c.account_group_id == _GROUP)
    .order_by(PROSPECT.c.imported_ms, PROSPECT.c.id)
    .limit(MOST_MATCHES)
)


async def find_matches(database: Database, account_group_id: str, provider_key: str) -> list[Match]:
    """Return at most `MOST_MATCHES` people with this provider id, the first imported first."""
    rows = await database.fetch(MATCHES, account_group_id=account_group_id, provider_key=provider_key)
    return [Match(*row) for row in rows]
