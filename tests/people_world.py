"""Two account groups, seven people in a file, and short ways to import them and to ask the directory for them."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from goldpan.domain.provider_port import Page, Person, Source
from goldpan.domain.search_rules import Search, parse_search_url
from goldpan.operations.people_operations import ImportReport, import_people
from goldpan.providers.directory import Directory
from goldpan.storage.database import Database
from goldpan.storage.tables import ACCOUNT_GROUP

OURS, THEIRS = "65a1b2c3d4e5f60718293a4b", "65a1b2c3d4e5f60718293a4c"
NOW_MS = 1_700_000_000_000
PEOPLE_SEARCH = "https://www.linkedin.com/search/results/people/?"
SALES_SEARCH = "https://www.linkedin.com/sales/search/people?query="
ADA_ID = "ACwAAAdbzRUBAAAAAAAAAAAAAAAAAAAAAAAAAAA"
HEADER = "First Name,Last Name,URL,Email,Company,Position,School,# Employees,Industry,Location,Headline,Summary,vmid\n"
PEOPLE = f"""\
Ada,Lovelace,linkedin.com/in/ada,ada@acme.example,"Acme, Inc.",VP Sales & Marketing,MIT,120,Software,\
"Paris, Île-de-France, France",Counts,Poet,{ADA_ID}
Bob,O'Brien,linkedin.com/in/bob,,Globex GmbH,Sales Manager,,8000,Retail,"Austin, Texas",,,
Zoë,Müller,linkedin.com/in/zoe,zoe@acme.example,Acme Labs,R&D Engineer (C++),ETH Zürich,30,Software,Zürich,,,
李,秀英,linkedin.com/in/li,,北京科技有限公司,软件工程师,,,,,,,
محمد,الأحمد,linkedin.com/in/mohammed,,شركة النور,مدير المبيعات,,,,,,,
Olga,Петрова,linkedin.com/in/olga,,Ромашка,Директор,,,,,,,
Kim,Intern,linkedin.com/in/kim,,Sales of Acme,Intern,,,,,Marketing Sales,,
"""


@contextmanager
def two_account_groups(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    group = {"plan": "starter", "credits_available": 0, "credits_reserved": 0, "created_ms": NOW_MS}
    with database.write() as tx:
        tx.execute(ACCOUNT_GROUP.insert(), [{"id": id_, "name": id_, **group} for id_ in (OURS, THEIRS)])
    yield database
    database.close()


def bring_in(database: Database, file: Path, content: str, account_group_id: str = OURS) -> ImportReport:
    file.write_text(content)
    return import_people(database, account_group_id, file, NOW_MS, lambda rows, fraction: None)


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


def fetch(directory: Directory, source: Source, cursor: str | None = None, account_group_id: str = OURS) -> Page:
    return asyncio.run(directory.fetch_page(account_group_id, source, cursor, 0))


def enrich(directory: Directory, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
    return asyncio.run(directory.enrich(OURS, people, search_emails))


def search(url: str) -> Search:
    found = parse_search_url(url)
    assert isinstance(found, Search)
    return found


def find(directory: Directory, url: str, account_group_id: str = OURS) -> set[str | None]:
    source = search(url)
    assert directory.refusals(OURS, source) == []
    return {person.public_identifier for person in fetch(directory, source, None, account_group_id).people}


def filters(*filters: str) -> str:
    return f"{SALES_SEARCH}(filters:List({','.join(filters)}))"


def chosen(type_: str, *values: str) -> str:
    return f"(type:{type_},values:List({','.join(f'({value})' for value in values)}))"
