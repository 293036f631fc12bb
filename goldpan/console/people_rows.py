"""A person as a row of a list shows them, wherever the list comes from."""

from dataclasses import dataclass

from goldpan.domain.provider_port import Person
from goldpan.operations.audience_operations import Member
from goldpan.operations.prospect_operations import FoundPerson


@dataclass(frozen=True, slots=True)
class PersonRow:
    """`at_ms` is when they were added to an audience, or imported."""

    id: str
    name: str
    work: str
    company: str
    place: str
    email: str
    email_status: str
    is_sandbox: bool
    at_ms: int


def row_of_member(member: Member) -> PersonRow:
    return _row(member.prospect_id, member.person, member.is_sandbox, member.added_ms)


def row_of_found(found: FoundPerson) -> PersonRow:
    return _row(found.id, found.person, found.is_sandbox, found.imported_ms)


def name_of(person: Person) -> str:
    return person.name or person.public_identifier or person.email or "Somebody without a name"


def _row(id: str, person: Person, is_sandbox: bool, at_ms: int) -> PersonRow:
    return PersonRow(
        id=id,
        name=name_of(person),
        work=person.title or person.headline or "",
        company=person.company_name or "",
        place=person.location or "",
        email=person.email or "",
        email_status=person.email_status or "",
        is_sandbox=bool(is_sandbox),
        at_ms=at_ms,
    )
