"""The body that starts a job: which fields belong together, what source they name, and when two bodies are the same."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from goldpan.contract.error_catalogue import InvalidField, invalid, invalid_body
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.identity_rules import (
    InvalidPostUrl,
    InvalidProfileUrl,
    ProfileRef,
    canonical_profile_url,
    identity_keys,
    parse_post_url,
    parse_profile_url,
)
from goldpan.domain.provider_port import LeadList, PostCommenters, ProfileList, SavedSearch, Source
from goldpan.domain.search_rules import (
    InvalidSearch,
    parse_linkedin_search_url,
    parse_sales_navigator_url,
)

SOURCE_FIELDS = {
    SourceType.LINKEDIN_SEARCH: ("searchUrl",),
    SourceType.SALES_NAVIGATOR: ("searchUrl", "savedSearchId", "leadListId"),
    SourceType.POST_COMMENTERS: ("postUrl",),
    SourceType.URL_UPLOAD: ("urls",),
    SourceType.FILE_UPLOAD: ("fileId",),
}
"""The fields that name each source: exactly one of them must be given, and none of another source's."""

_ATTRIBUTES = {
    "searchUrl": "search_url",
    "savedSearchId": "saved_search_id",
    "leadListId": "lead_list_id",
    "postUrl": "post_url",
    "urls": "urls",
    "fileId": "file_id",
}


@dataclass(frozen=True, slots=True)
class FileSource:
    """The people of an uploaded file: no provider is asked for them."""

    file_id: str


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A source ready to be read; `repeated` profiles were given more than once."""

    source: Source | FileSource
    repeated: int = 0


def parse_source(request: StartJob) -> ParsedSource:
    """Return the source that the body names.

    Raises:
        Problem: fields are missing, too many, or no valid URL.
    """
    if request.audience_id is not None and (request.audience_name is not None or request.folder_id is not None):
        raise invalid_body("audienceId", "names an audience that exists: leave out audienceName and folderId")
    field = _source_field(request)
    return _PARSERS[request.source, field](request)


def encode_request(request: StartJob) -> str:
    """Return the body in the one form in which equal bodies are equal texts."""
    return msgspec.json.encode(request, order="deterministic").decode()


def hash_request(request: StartJob) -> bytes:
    return hashlib.sha256(encode_request(request).encode()).digest()


def decode_request(text: str) -> StartJob:
    return msgspec.json.decode(text, type=StartJob)


def _source_field(request: StartJob) -> str:
    """Return the one field that names the source."""
    given = [field for field, attribute in _ATTRIBUTES.items() if getattr(request, attribute) is not None]
    allowed = SOURCE_FIELDS[request.source]
    foreign = [field for field in given if field not in allowed]
    if foreign:
        raise invalid([InvalidField("body", field, f"does not belong to source {request.source}") for field in foreign])
    if len(given) != 1:
        rule = "is required" if len(allowed) == 1 else f"exactly one of {', '.join(allowed)} is required"
        raise invalid_body(allowed[0], f"{rule} for source {request.source}")
    return given[0]


def _linkedin_search(request: StartJob) -> ParsedSource:
    try:
        return ParsedSource(parse_linkedin_search_url(request.search_url or ""))
    except InvalidSearch as error:
        raise invalid_body("searchUrl", str(error)) from error


def _sales_navigator_url(request: StartJob) -> ParsedSource:
    try:
        parsed = parse_sales_navigator_url(request.search_url or "")
    except InvalidSearch as error:
        raise invalid_body("searchUrl", str(error)) from error
    return ParsedSource(parsed)


def _post(request: StartJob) -> ParsedSource:
    try:
        return ParsedSource(PostCommenters(parse_post_url(request.post_url or "")))
    except InvalidPostUrl as error:
        raise invalid_body("postUrl", str(error)) from error


def _profiles(request: StartJob) -> ParsedSource:
    profiles: dict[str, ProfileRef] = {}
    problems = []
    urls = request.urls or []
    for position, url in enumerate(urls):
        try:
            profile = parse_profile_url(url)
        except InvalidProfileUrl as error:
            problems.append(InvalidField("body", f"urls[{position}]", str(error)))
        else:
            key = identity_keys(canonical_profile_url(profile), profile.public_identifier, profile.provider_id)[0]
            profiles.setdefault(key, profile)
    if problems:
        raise invalid(problems)
    return ParsedSource(ProfileList(tuple(profiles.values())), repeated=len(urls) - len(profiles))


_PARSERS: dict[tuple[SourceType, str], Callable[[StartJob], ParsedSource]] = {
    (SourceType.LINKEDIN_SEARCH, "searchUrl"): _linkedin_search,
    (SourceType.SALES_NAVIGATOR, "searchUrl"): _sales_navigator_url,
    (SourceType.SALES_NAVIGATOR, "savedSearchId"): lambda request: ParsedSource(
        SavedSearch(request.saved_search_id or "")
    ),
    (SourceType.SALES_NAVIGATOR, "leadListId"): lambda request: ParsedSource(LeadList(request.lead_list_id or "")),
    (SourceType.POST_COMMENTERS, "postUrl"): _post,
    (SourceType.URL_UPLOAD, "urls"): _profiles,
    (SourceType.FILE_UPLOAD, "fileId"): lambda request: ParsedSource(FileSource(request.file_id or "")),
}
