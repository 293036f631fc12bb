"""The shapes of uploaded files of people."""

from typing import Annotated

from msgspec import Meta

from goldpan.contract.resources import Count, ObjectId, Shape, Time


class FileColumn(Shape):
    """What a column of a file was taken for."""

    column: str
    field: Annotated[str | None, Meta(description="null: the column is ignored")]


class FilePerson(Shape):
    """A person as the row of a file tells it."""

    linkedin_url: str | None
    public_identifier: str | None
    provider_id: str | None
    first_name: str | None
    last_name: str | None
    name: str | None
    headline: str | None
    about: str | None
    photo_url: str | None
    title: str | None
    location: str | None
    email: str | None
    email_status: str | None
    company_name: str | None
    company_linkedin_identifier: str | None
    company_linkedin_url: str | None
    company_industry: str | None
    company_website: str | None
    company_size: str | None
    company_location: str | None


class FileReject(Shape):
    """A row that is no person; lines are counted from 1."""

    line: Count
    reason: str


class File(Shape):
    """An uploaded file: rows = people + empty + rejected."""

    id: ObjectId
    name: str
    dialect: Annotated[str, Meta(description="whose export it is, as far as its columns tell")]
    mapping: list[FileColumn]
    rows: Count
    people: Annotated[int, Meta(ge=0, description="rows that name somebody")]
    distinct: Annotated[int, Meta(ge=0, description="people among them: what a job may cost at the most")]
    empty: Count
    rejected: Count
    preview: Annotated[list[FilePerson], Meta(description="the first 10 people")]
    rejects: Annotated[list[FileReject], Meta(description="the first 100 rejected rows")]
    created_at: Time
