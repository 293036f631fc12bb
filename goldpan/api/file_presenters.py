"""Uploaded files as the shapes that go over the wire, and their reject report as CSV."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import asdict

from goldpan.api.presenters import Reply, Stream
from goldpan.contract.file_resources import File, FileColumn, FilePerson, FileReject
from goldpan.contract.paging import format_time
from goldpan.domain.spreadsheet_rules import neutralise_in_csv
from goldpan.operations.file_operations import FileReport, UploadedRow


def present_new_file(report: FileReport) -> Reply:
    return Reply(201, _file(report))


def present_file(report: FileReport) -> Reply:
    return Reply(200, _file(report))


def present_rejects(chunks: AsyncIterator[list[UploadedRow]]) -> Stream:
    headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
    return Stream("text/csv; charset=utf-8", _csv(chunks), headers)


def _file(report: FileReport) -> File:
    file = report.file
    return File(
        id=file.id,
        name=file.name,
        dialect=file.dialect,
        mapping=[FileColumn(column=column, field=name) for column, name in report.mapping],
        rows=file.row_count,
        people=file.people_count,
        distinct=file.distinct_count,
        empty=file.empty_count,
        rejected=file.rejected_count,
        preview=[FilePerson(**asdict(person)) for person in report.people],
        rejects=[FileReject(line=row.line_number, reason=row.reject_reason or "") for row in report.rejects],
        created_at=format_time(file.created_ms),
    )


async def _csv(chunks: AsyncIterator[list[UploadedRow]]) -> AsyncGenerator[bytes, None]:
    yield b"line,reason\r\n"
    async for rows in chunks:
        text = io.StringIO(newline="")
        csv.writer(text).writerows((row.line_number, neutralise_in_csv(row.reject_reason or "")) for row in rows)
        yield text.getvalue().encode()
