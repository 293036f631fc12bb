"""Numbers, times and states in the words of people."""

import re
from datetime import UTC, datetime

from goldpan.contract.resources import JobStatus, SourceType, StopReason

STATUS_WORDS = {
    JobStatus.QUEUED: "Queued",
    JobStatus.RUNNING: "Running",
    JobStatus.COMPLETED: "Completed",
    JobStatus.FAILED: "Failed",
    JobStatus.CANCELLED: "Cancelled",
}

SOURCE_WORDS = {
    SourceType.LINKEDIN_SEARCH: "LinkedIn search",
    SourceType.SALES_NAVIGATOR: "Sales Navigator",
    SourceType.POST_COMMENTERS: "Commenters of a post",
    SourceType.URL_UPLOAD: "List of profiles",
    SourceType.FILE_UPLOAD: "Uploaded file",
}

STOP_WORDS = {
    StopReason.COMPLETED: "Everybody on the list was worked on",
    StopReason.MAX_RESULTS: "Reached the number of people asked for",
    StopReason.SOURCE_EXHAUSTED: "Read to the end",
    StopReason.PROVIDER_CAP_REACHED: "The provider gives no more of it",
    StopReason.CREDITS_EXHAUSTED: "Credits ran out",
    StopReason.MAX_CREDITS_REACHED: "Reached the credits allowed",
    StopReason.ACCOUNT_DISCONNECTED: "The account was disconnected",
    StopReason.CANCELLED: "Cancelled",
    StopReason.UPSTREAM_FAILED: "The provider did not answer",
    StopReason.INVALID_SOURCE: "The provider cannot read the source",
}

_SAYS_OF_IT = re.compile(r"(must|may|is|has|holds|names|does)\b")


def time_words(milliseconds: int) -> str:
    """Return a time in UTC, which the browser turns into the viewer's own zone."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%-d %b %Y, %H:%M} UTC"


def day_words(milliseconds: int) -> str:
    """Return a day of UTC: `25 Nov`."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%-d %b}"


def byte_words(number: int) -> str:
    """Return a size in its largest unit: `512 bytes`, `64 MiB`, `1.5 GiB`."""
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{number} bytes"


def duration_words(milliseconds: int) -> str:
    """Return a length of time in its two largest units: `850 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if milliseconds < 1000:
        return f"{max(0, milliseconds)} ms"
    seconds = milliseconds // 1000
    for unit, size, smaller, smaller_size in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            rest = seconds % size // smaller_size
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def count_words(number: int, most: int | None = None) -> str:
    """Return a number with commas; beyond `most`, which is as far as anybody counted, `1,000+`."""
    return f"{most:,}+" if most is not None and number > most else f"{number:,}"


def whole_sentence(words: str) -> str:
    """Return what a rule says of a field, `must be a whole number`, as a sentence that stands by itself."""
    text = f"It {words}" if _SAYS_OF_IT.match(words) else words[:1].upper() + words[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def change_words(number: int) -> str:
    """Return by how much something has changed, with its sign, which of less is the minus of print."""
    return f"{'−' if number < 0 else '+'}{abs(number):,}"


def share_words(share: float) -> str:
    """Return a share of 1 in per cent, which is 100 only when all is done."""
    return f"{int(share * 100)}%"
