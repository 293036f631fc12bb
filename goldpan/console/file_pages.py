"""The pages on people files: uploading one, what it was taken for, and its rows that are no person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from goldpan.console.visit import Visit
from goldpan.contract.error_catalogue import Collision, ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.provider_port import Person
from goldpan.operations.file_operations import FileReport, get_file, list_files, list_rejects, upload_file

REJECTS = 25
EXAMPLES = 3
LONGEST_NAME = 200
MEDIA_TYPE = "application/octet-stream"

_KEPT_ELSEWHERE: Final = {
    "profile_url": "linkedin_url",
    "company_id": "company_linkedin_identifier",
    "company_url": "company_linkedin_url",
    "city": "location",
    "state": "location",
    "country": "location",
    "company_city": "company_location",
    "company_state": "company_location",
    "company_country": "company_location",
}
"""What a column holds -> where a person has it, unless that has the same name."""


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column: what it was taken for in words, None: ignored; and what the first people have there."""

    name: str
    words: str | None
    examples: tuple[str, ...]


async def file_list_page(visit: Visit) -> Response:
    """Show the files that are kept, and where to drop another."""
    files = await run_in_threadpool(list_files, visit.toolbox, visit.caller, visit.group_id)
    return visit.page("file_list.html", files=files, most_bytes=visit.parts.files.most_bytes)


async def upload(visit: Visit) -> Response:
    """Take a file, which is the body itself, and lead to its page; a refusal is a text for the script that sent it."""
    visit.caller.require(Permission.PROSPECTING_WRITE, visit.group_id)
    if visit.request.headers.get("content-type") != MEDIA_TYPE:
        raise Problem(ErrorKind.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: must be {MEDIA_TYPE}")
    name = shown_name(visit.queried(["name"]).get("name", [""])[-1])
    try:
        report = await _store(visit, name)
    except Problem as problem:
        text = (problem.details or problem.kind.meaning).removeprefix("body: ")
        return PlainTextResponse(text[:1].upper() + text[1:], problem.kind.status, dict(problem.headers))
    return visit.redirect(visit.path("file", fileId=report.file.id))


async def file_page(visit: Visit) -> Response:
    """Show what the file was taken for, its first people, and a page of the rows that are no person."""
    file_id: str = visit.request.path_params["fileId"]
    after = _after(visit)
    report = await run_in_threadpool(get_file, visit.toolbox, visit.caller, visit.group_id, file_id)
    rejects = await run_in_threadpool(
        list_rejects, visit.toolbox, visit.caller, visit.group_id, file_id, after, REJECTS
    )
    return visit.page(
        "file.html",
        file=report.file,
        columns=column_rows(report.mapping, report.people),
        people=report.people,
        rejects=rejects.items,
        is_first=after == 0,
        next_after=rejects.items[-1].position if rejects.has_more else None,
    )


async def _store(visit: Visit, name: str) -> FileReport:
    async with visit.parts.files.received(visit.group_id, visit.request.stream()) as path:
        for _ in range(3):
            try:
                return await run_in_threadpool(upload_file, visit.toolbox, visit.caller, visit.group_id, name, path)
            except Collision:  # the body can be read once only: it is repeated here, and not by the page's caller
                continue
        return await run_in_threadpool(upload_file, visit.toolbox, visit.caller, visit.group_id, name, path)


def shown_name(text: str) -> str:
    """Return the file's name as it can be shown: without letters that nobody sees, which may turn it round."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_NAME].strip() or "upload"


def column_rows(mapping: Iterable[tuple[str, str | None]], people: Sequence[Person]) -> list[ColumnRow]:
    return [ColumnRow(name, _words(field), _examples(field, people)) for name, field in mapping]


def _words(field: str | None) -> str | None:
    return None if field is None else _FIELD_WORDS.get(field, field.replace("_", " "))


_FIELD_WORDS: Mapping[str, str] = {
    "profile_url": "profile address",
    "provider_id": "LinkedIn id",
    "photo_url": "photo address",
    "title": "job title",
    "email": "e-mail address",
    "email_status": "state of the e-mail address",
    "company_id": "LinkedIn id of the company",
    "company_url": "LinkedIn address of the company",
}


def _examples(field: str | None, people: Sequence[Person]) -> tuple[str, ...]:
    if field is None:
        return ()
    told = (getattr(person, _KEPT_ELSEWHERE.get(field, field), None) for person in people)
    return tuple(dict.fromkeys(value for value in told if value))[:EXAMPLES]


def _after(visit: Visit) -> int:
    given = visit.queried(["after"]).get("after", ["0"])[-1]
    if not (given.isascii() and given.isdecimal() and len(given) <= 9):
        raise Problem(ErrorKind.MALFORMED_REQUEST, "the place in the report cannot be read: begin with its first row")
    return int(given)
