"""The people of an account group, whatever audience they are in: looking for them, and one with all that is known."""

from dataclasses import dataclass
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from goldpan.console.audience_list_page import read_place
from goldpan.console.people_rows import name_of, row_of_found
from goldpan.console.visit import Visit
from goldpan.contract.paging import START, PageRequest, encode_cursor
from goldpan.operations.job_overview_operations import source_texts
from goldpan.operations.prospect_operations import FoundPerson, get_person, place_of, search_people

ROWS = 50
MOST_JOBS_SHOWN = 50
_LINKEDIN = "https://www.linkedin.com/"

_FIELD_WORDS = {
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "headline": "Headline",
    "title": "Title",
    "location": "Place",
    "about": "About",
    "email": "E-mail address",
    "email_status": "The address is",
    "linkedin_url": "LinkedIn",
    "public_identifier": "Name in LinkedIn's address",
    "provider_id": "Id at the provider",
    "photo_url": "Photo",
    "company_name": "Company",
    "company_industry": "Industry",
    "company_size": "Size",
    "company_location": "Place of the company",
    "company_website": "Website",
    "company_linkedin_url": "LinkedIn of the company",
    "company_linkedin_identifier": "Name of the company in LinkedIn's address",
}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One thing that is known of a person, and who told it; `provider` None: nobody noted that."""

    words: str
    value: str
    is_link: bool
    provider: str | None
    job_id: str | None
    collected_ms: int | None


class _Source(NamedTuple):
    provider: str
    job_id: str
    collected_ms: int


async def people_page(visit: Visit) -> Response:
    """Show people whose name, company or address begins so, or the last imported."""
    queried = {name: values[-1] for name, values in visit.queried(("text", "after")).items()}
    text = queried.get("text", "").strip()
    page = PageRequest(read_place(queried["after"]) if "after" in queried else START, ROWS)
    found = await run_in_threadpool(search_people, visit.toolbox, visit.caller, visit.group_id, text, None, page)
    last = found.page.items[-1] if found.page.has_more else None
    return visit.page(
        "people.html",
        rows=[row_of_found(each) for each in found.page.items],
        text=text,
        is_first="after" not in queried,
        next=None if last is None else encode_cursor(place_of(last)),
        is_cut=found.is_cut,
    )


async def person_page(visit: Visit) -> Response:
    """Show one person: every field with who told it, their audiences, and the jobs that met them."""
    prospect_id = visit.request.path_params["prospectId"]
    history = await run_in_threadpool(get_person, visit.toolbox, visit.caller, visit.group_id, prospect_id)
    jobs = history.job_ids[:MOST_JOBS_SHOWN]
    texts = await source_texts(visit.toolbox, visit.caller, visit.group_id, jobs)
    return visit.page(
        "person.html",
        found=history.found,
        name=name_of(history.found.person),
        fields=field_rows(history.found),
        audiences=history.audiences,
        has_more_audiences=history.has_more_audiences,
        jobs=[(job_id, texts.get(job_id, "A job")) for job_id in jobs],
        more_jobs=len(history.job_ids) - len(jobs),
    )


def field_rows(found: FoundPerson) -> list[FieldRow]:
    """Return what is known, in the order of a reader; what is told twice is of who told it last."""
    sources: dict[str, _Source] = {}
    for collection in sorted(found.provenance, key=lambda collection: collection.collected_ms):
        source = _Source(collection.provider, collection.job_id, collection.collected_ms)
        sources |= dict.fromkeys(collection.fields, source)
    rows = []
    for name, words in _FIELD_WORDS.items():
        value = getattr(found.person, name)
        if value is not None:
            is_link = value.startswith(_LINKEDIN)  # whatever else a provider tells stays text
            rows.append(FieldRow(words, value, is_link, *sources.get(name, (None, None, None))))
    return rows
