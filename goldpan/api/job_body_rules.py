"""What the OpenAPI document says of the body that starts a job beyond its fields: which of them belong together."""

from typing import Any

from goldpan.contract.resources import START_JOB_ALIASES, SourceType
from goldpan.domain.credit_rules import PLAN_CAPS
from goldpan.operations.job_request import SOURCE_FIELDS

_Schema = dict[str, Any]

_FORMATS = {
    (SourceType.LINKEDIN_SEARCH, "searchUrl"): "linkedin-search-url",
    (SourceType.SALES_NAVIGATOR, "searchUrl"): "sales-navigator-url",
    (SourceType.POST_COMMENTERS, "postUrl"): "linkedin-post-url",
    (SourceType.URL_UPLOAD, "urls"): "linkedin-profile-url",
}
"""Names for humans and for whoever makes up bodies: no list of formats knows them."""


def start_job_rules() -> _Schema:
    """Return that exactly one field names the source, by one of its spellings, and that an audience is named once."""
    sources = [_source(source, name) for source, names in SOURCE_FIELDS.items() for name in names]
    exclusive = [("audienceId", "audienceName"), ("audienceId", "folderId")]
    return {
        "anyOf": sources,
        "allOf": [
            *({"not": {"required": spellings}} for spellings in _pairs_of_spellings()),
            *({"not": _both_are_texts(*names)} for names in exclusive),
        ],
    }


def _source(source: SourceType, name: str) -> _Schema:
    others = {other for names in SOURCE_FIELDS.values() for other in names} - {name}
    text: _Schema = {"type": "string"}
    if (source, name) in _FORMATS:
        text["format"] = _FORMATS[source, name]
    value = {"type": "array", "items": text} if name == "urls" else text
    spellings = _spellings(name)
    return {
        "title": f"{source} by {name}",
        "properties": {
            **{spelling: {"const": source.value} for spelling in _spellings("source")},
            **{spelling: value for spelling in spellings},
            **{spelling: {"type": "null"} for other in sorted(others) for spelling in _spellings(other)},
            **({} if name in ("urls", "fileId") else {"maxResults": {"maximum": max(PLAN_CAPS.values())}}),
        },
        "anyOf": [{"required": [spelling]} for spelling in spellings],
    }


def _spellings(name: str) -> list[str]:
    return [name, *(alias for alias, of in START_JOB_ALIASES.items() if of == name)]


def _pairs_of_spellings() -> list[list[str]]:
    names = dict.fromkeys(START_JOB_ALIASES.values())
    return [
        [one, other]
        for name in names
        for position, one in enumerate(_spellings(name))
        for other in _spellings(name)[position + 1 :]
    ]


def _both_are_texts(one: str, other: str) -> _Schema:
    return {"properties": {name: {"type": "string"} for name in (one, other)}, "required": [one, other]}
