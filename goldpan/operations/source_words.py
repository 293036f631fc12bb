"""The source of a stored job in plain words: the same wherever it is shown, whichever version stored it."""

import msgspec

from goldpan.contract.audience_resources import LONGEST_NAME
from goldpan.contract.error_catalogue import Problem
from goldpan.contract.paging import format_time
from goldpan.domain.estimate_rules import describe_source
from goldpan.operations.job_request import FileSource, ParsedSource, decode_request, parse_source


def stored_source(request_json: str) -> ParsedSource | None:
    """Return the source of a job's request; None: this version does not understand what an earlier one accepted."""
    try:
        return parse_source(decode_request(request_json))
    except (msgspec.MsgspecError, Problem):
        return None


def describe_stored(parsed: ParsedSource, file_name: str | None = None) -> str:
    """Return the source in plain words; `file_name` None: not known, or not kept any more."""
    if isinstance(parsed.source, FileSource):
        return "people of an uploaded file" if file_name is None else f"people of the uploaded file {file_name}"
    return describe_source(parsed.source, parsed.repeated)


def name_for(source_words: str, created_ms: int) -> str:
    """Return what to call an audience that nobody named: its source and the day, in one line."""
    day = f", {format_time(created_ms)[:10]}"
    words, most = " ".join(source_words.split()), LONGEST_NAME - len(day)
    words = words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
    return words[:1].upper() + words[1:] + day
