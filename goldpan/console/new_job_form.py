"""The form that starts a job: what was pasted or chosen becomes the body of the API, or words beside the field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from goldpan.console.page_words import whole_sentence
from goldpan.contract.audience_resources import LONGEST_NAME
from goldpan.contract.error_catalogue import InvalidField, Problem
from goldpan.contract.paging import is_object_id
from goldpan.contract.resources import SourceType, StartJob
from goldpan.domain.identity_rules import InvalidPostUrl, InvalidProfileUrl, parse_post_url, parse_profile_url
from goldpan.operations.job_request import ParsedSource, parse_source

MOST_FORM_BYTES = 256 * 1024  # a thousand profiles
MOST_PROFILES = 1000
LONGEST_URL = 8192
MOST_PEOPLE = 2**31 - 1

# a run of separators is tried at its beginning alone: from each of its letters on, 256 kB of spaces took 20 seconds
_BETWEEN_URLS = re.compile(r"(?<![\s,;])[\s,;]+(?=https?://|www\.|linkedin\.com)", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_AFTER_A_PROFILE = re.compile(r"[\s,;]+")
_NO_ADDRESS = "This is no address of LinkedIn. Paste a people search, a post or profiles as they stand in the browser."
MOST_PROBLEMS_TOLD = 3
LONGEST_PART_TOLD = 60
_CHOSEN = {
    "search": (SourceType.SALES_NAVIGATOR, "savedSearchId"),
    "list": (SourceType.SALES_NAVIGATOR, "leadListId"),
    "file": (SourceType.FILE_UPLOAD, "fileId"),
}
_FIELDS = {
    "searchUrl": "pasted",
    "postUrl": "pasted",
    "savedSearchId": "chosen",
    "leadListId": "chosen",
    "fileId": "chosen",
    "maxResults": "max_results",
    "maxCredits": "max_credits",
    "audienceName": "audience_name",
    "audienceId": "audience",
}
"""Where of the form each field of the body stands."""


@dataclass
class JobDraft:
    """What the form says: `request` and `parsed` None where it names nothing yet or `errors` say why.

    `errors` are sentences by field of the form; those of "" are about the whole; `profiles` are those pasted.
    """

    values: Mapping[str, str]
    request: StartJob | None = None
    parsed: ParsedSource | None = None
    errors: dict[str, str] = field(default_factory=dict)
    profiles: list[str] = field(default_factory=list)

    @property
    def is_sandbox(self) -> bool:
        return bool(self.values.get("sandbox"))

    @property
    def is_empty(self) -> bool:
        return self.request is None and not self.errors

    def note(self, problem: Problem) -> None:
        """Put what a verb refused beside the fields that it is about."""
        told: dict[str, list[str]] = {}
        for invalid in problem.fields or [_field_of(problem)]:
            name, words = self._beside(invalid)
            told.setdefault(name, []).append(words)
        for name, sentences in told.items():
            rest = ["There are more like it."] if len(sentences) > MOST_PROBLEMS_TOLD else []
            self.errors.setdefault(name, " ".join([*sentences[:MOST_PROBLEMS_TOLD], *rest]))

    def _beside(self, invalid: InvalidField) -> tuple[str, str]:
        """Return (field of the form, sentences) of a problem with a field of the body."""
        words = whole_sentence(invalid.rule)
        if line := re.fullmatch(r"urls\[(\d+)\]", invalid.name):
            number = int(line[1])
            return "pasted", f"Address {number + 1}, “{_shortened(self.profiles[number])}”, is no profile. {words}"
        # a provider names what it cannot answer by the part of the search
        source = "chosen" if self.values.get("chosen") else "pasted"
        return _FIELDS.get(invalid.name, source if invalid.name else ""), words


def read_draft(values: Mapping[str, str]) -> JobDraft:
    """Return what the fields of the form say."""
    draft = JobDraft(values)
    body = {
        **_source(draft),
        **_audience(draft),
        "maxResults": _number(draft, "max_results"),
        "maxCredits": _number(draft, "max_credits"),
        "searchEmails": bool(values.get("search_emails")),
    }
    if "source" not in body or draft.errors:
        return draft
    request = msgspec.convert({name: value for name, value in body.items() if value is not None}, StartJob)
    try:
        draft.parsed = parse_source(request)
    except Problem as problem:
        draft.note(problem)
        return draft
    draft.request = request
    return draft


def _source(draft: JobDraft) -> dict[str, Any]:
    pasted, chosen = draft.values.get("pasted", "").strip(), draft.values.get("chosen", "")
    if pasted and chosen:
        draft.errors["chosen"] = "Paste something or choose something, not both."
    elif pasted:
        return _pasted(draft, split_pasted(pasted))
    elif chosen:
        kind, _, id = chosen.partition(":")
        if kind in _CHOSEN and 1 <= len(id) <= 64 and (kind != "file" or is_object_id(id)):
            source, name = _CHOSEN[kind]
            return {"source": source, name: id}
        draft.errors["chosen"] = "There is no such choice."
    return {}


def split_pasted(text: str) -> list[str]:
    """Return what stands on a line of its own, before or after the separators of an address, or behind a profile."""
    lines = (line.strip() for part in _BETWEEN_URLS.split(text) for line in part.splitlines())
    return [part for line in lines for part in _cut_behind_profile(line) if part]


def _cut_behind_profile(line: str) -> list[str]:
    profile, *rest = _AFTER_A_PROFILE.split(line, maxsplit=1)
    return [profile, *rest] if "linkedin.com/in/" in profile.lower() else [line]


def _pasted(draft: JobDraft, urls: list[str]) -> dict[str, Any]:
    if len(urls) > MOST_PROFILES:
        draft.errors["pasted"] = (
            f"These are {len(urls):,} addresses, and a job takes at most {MOST_PROFILES:,} profiles."
        )
    elif any(len(url) > LONGEST_URL for url in urls):
        draft.errors["pasted"] = f"An address here has more than {LONGEST_URL:,} letters."
    elif len(urls) > 1 or _is_profile(urls[0]):
        draft.profiles = urls
        return {"source": SourceType.URL_UPLOAD, "urls": urls}
    elif _is_post(urls[0]):
        return {"source": SourceType.POST_COMMENTERS, "postUrl": urls[0]}
    elif "linkedin.com" not in urls[0].lower():
        draft.errors["pasted"] = _NO_ADDRESS
    elif "/sales/" in urls[0].lower():
        return {"source": SourceType.SALES_NAVIGATOR, "searchUrl": urls[0]}
    else:
        return {"source": SourceType.LINKEDIN_SEARCH, "searchUrl": urls[0]}
    return {}


def _audience(draft: JobDraft) -> dict[str, Any]:
    id, name = draft.values.get("audience", ""), draft.values.get("audience_name", "").strip()
    if id and name:
        draft.errors["audience_name"] = (
            "The name is for a new audience: leave it empty, or choose “A new audience” above."
        )
    elif id and not is_object_id(id):
        draft.errors["audience"] = "There is no such audience."
    elif len(name) > LONGEST_NAME:
        draft.errors["audience_name"] = f"The name may have at most {LONGEST_NAME} letters."
    return {"audienceId": id or None, "audienceName": name or None}


def _number(draft: JobDraft, name: str) -> int | None:
    text = draft.values.get(name, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > MOST_PEOPLE:
        draft.errors[name] = "This must be a whole number above zero."
        return None
    return int(text)


def _is_profile(text: str) -> bool:
    try:
        parse_profile_url(text)
    except InvalidProfileUrl:
        return False
    return True


def _is_post(text: str) -> bool:
    try:
        parse_post_url(text)
    except InvalidPostUrl:
        return False
    return True


def _field_of(problem: Problem) -> InvalidField:
    """Return the field that a problem without fields begins with, `audienceId: there is no such audience`, if any."""
    words = problem.details or problem.kind.meaning
    name, colon, rule = words.partition(": ")
    return InvalidField("body", name, rule) if colon and name in _FIELDS else InvalidField("body", "", words)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_PART_TOLD else f"{text[:LONGEST_PART_TOLD]}…"
