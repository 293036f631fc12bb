"""The body of a PATCH: what it names is changed, what it leaves out stays."""

from typing import Any

from msgspec import UNSET, structs

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.resources import Shape


def given_changes(request: Shape) -> dict[str, Any]:
    """Return the fields that the body names.

    Raises:
        Problem: it names none.
    """
    fields = structs.fields(request)
    given = {field.name: value for field in fields if (value := getattr(request, field.name)) is not UNSET}
    if not given:
        names = ", ".join(field.encode_name for field in fields)
        raise Problem(ErrorKind.MALFORMED_REQUEST, f"body: must name at least one of {names}")
    return given
