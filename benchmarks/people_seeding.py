"""A database with one large audience: people with the fields that a rich provider fills, made by SQL."""

from dataclasses import dataclass

import sqlalchemy as sa

from goldpan.contract.permission_catalogue import Permission
from goldpan.operations.account_operations import NewKey, create_account, create_key
from goldpan.operations.toolbox import Toolbox
from goldpan.storage import audience_table, job_table
from goldpan.storage.audience_table import Audience
from goldpan.storage.database import Database, let_it_take_long
from goldpan.storage.tables import AUDIENCE_PROSPECT, PROSPECT
from tests.cast import stored_job

FIRST_MS = 1_700_000_000_000
PEOPLE_PER_MOMENT = 25  # they join a page at a time

_HEX = {
    "sqlite": "printf('%024x', number * 2654435761 % 1099511627776)",
    "postgresql": "lpad(to_hex(number * 2654435761 % 1099511627776), 24, '0')",
}

# Texts as long as people's are, and numbers in them, so that they pack no better than theirs.
# In brackets: SQLite joins texts before it multiplies.
_ABOUT = (
    "'I lead teams of ' || (number % 97) || ' who build what ' || (number * 7919 % 100003) || ' customers asked for. '"
)
_PERSON = {
    "linkedin_url": "'https://www.linkedin.com/in/amara-okafor-' || number",
    "public_identifier": "'amara-okafor-' || number",
    "provider_id": "'ACoAA' || {hex}",
    "first_name": "'Amara ' || (number % 1009)",
    "last_name": "'Okafor-' || (number * 31 % 10007)",
    "name": "'Amara ' || (number % 1009) || ' Okafor-' || (number * 31 % 10007)",
    "headline": "'Director of Research & Development, ' || (number * 17 % 5003) || ' at Acme Holdings'",
    "about": f"CASE WHEN number % 3 = 0 THEN {' || '.join([_ABOUT] * 8)} END",
    "photo_url": "'https://media.example.com/' || {hex} || '/' || (number * 104729) || '.jpg'",
    "title": "'Director of Research & Development'",
    "location": "'Berlin, Germany'",
    "email": "CASE WHEN number % 2 = 0 THEN 'amara.' || number || '@acme.example' END",
    "email_status": "CASE WHEN number % 2 = 0 THEN 'valid' END",
    "company_name": "'Acme Holdings ' || (number * 17 % 5003)",
    "company_linkedin_identifier": "'' || (number * 17 % 5003)",
    "company_linkedin_url": "'https://www.linkedin.com/company/' || (number * 17 % 5003)",
    "company_industry": "'Software Development'",
    "company_website": "'https://www.acme-' || (number * 17 % 5003) || '.example/'",
    "company_size": "'201-500'",
    "company_location": "'Berlin, Germany'",
}
_FIELDS = ", ".join(f'"{name}"' for name in _PERSON)


@dataclass(frozen=True, slots=True)
class SeededAudience:
    """The account group, its audience, and the text of a key that may read both."""

    account_group_id: str
    audience_id: str
    key: str


def seed_audience(toolbox: Toolbox, people: int) -> SeededAudience:
    """Fill an empty database with one audience of so many people."""
    group = create_account(toolbox, "Benchmark", "scale", 0).id
    audience_id, job_id = toolbox.new_id(), toolbox.new_id()
    audience = Audience(audience_id, group, "Benchmark", "linkedin_search", False, people, 0, FIRST_MS)
    with toolbox.database.write() as tx:
        let_it_take_long(tx)
        audience_table.add(tx, group, audience)
        job_table.add(tx, group, stored_job(group, job_id, audience_id, FIRST_MS, "completed"), "{}")
        dialect = tx.dialect.name
        provenance = f'[{{"provider":"directory","job_id":"{job_id}","collected_ms":{FIRST_MS},"fields":[{_FIELDS}]}}]'
        values = {
            "id": "{hex}",
            "account_group_id": f"'{group}'",
            "is_sandbox": "false",
            "job_id": f"'{job_id}'",
            "imported_ms": f"{FIRST_MS} + number / {PEOPLE_PER_MOMENT}",
            "provenance": ":provenance",
            **_PERSON,
        }
        select = ", ".join(values.values()).format(hex=_HEX[dialect])
        tx.execute(
            sa.text(f"""
                WITH RECURSIVE numbered(number) AS (
                    SELECT CAST(0 AS BIGINT) UNION ALL SELECT number + 1 FROM numbered WHERE number + 1 < :people)
                INSERT INTO {PROSPECT.name} ({", ".join(values)}) SELECT {select} FROM numbered"""),
            {"people": people, "provenance": provenance},
        )
        tx.execute(
            sa.text(f"""
                INSERT INTO {AUDIENCE_PROSPECT.name} (audience_id, prospect_id, account_group_id, added_ms)
                SELECT :audience_id, id, account_group_id, imported_ms FROM {PROSPECT.name}"""),
            {"audience_id": audience_id},
        )
    _settle(toolbox.database)
    _, key = create_key(toolbox, NewKey([group], [Permission.PROSPECTS_READ, Permission.PROSPECTING_READ], "benchmark"))
    return SeededAudience(group, audience_id, key)


def _settle(database: Database) -> None:
    """Bring the database into the state that it has when it has lived for a while."""
    statement = "PRAGMA wal_checkpoint(TRUNCATE)" if database.dialect.is_sqlite else "VACUUM (ANALYZE)"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
