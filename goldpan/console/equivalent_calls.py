"""The same start as a line for a terminal: as curl, and as our own command."""

import shlex

from goldpan.contract.resources import StartJob
from goldpan.operations.job_request import encode_request

_MOST_NAMED = 5  # profiles on a command line; more of them are a file


def curl_line(origin: str, account_group_id: str, request: StartJob) -> str:
    return (
        f"curl {origin}/v1/accounts/{account_group_id}/prospecting \\\n"
        '  -H "Authorization: Bearer $GOLDPAN_API_KEY" -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(encode_request(request))}"
    )


def command_line(account_group_id: str, request: StartJob) -> str:
    options = [
        ("--search-url", request.search_url),
        ("--saved-search-id", request.saved_search_id),
        ("--lead-list-id", request.lead_list_id),
        ("--post-url", request.post_url),
        ("--file-id", request.file_id),
        *_profiles(request.urls or []),
        ("--max-results", request.max_results),
        ("--max-credits", request.max_credits),
        ("--audience-id", request.audience_id),
        ("--audience-name", request.audience_name),
    ]
    words = [f"{option} {shlex.quote(str(value))}" for option, value in options if value is not None]
    if request.search_emails:
        words.append("--search-emails")
    return " \\\n  ".join([f"goldpan jobs start --account {account_group_id}", *words])


def _profiles(urls: list[str]) -> list[tuple[str, str]]:
    return [("--urls", url) for url in urls] if len(urls) <= _MOST_NAMED else [("--url-file", "profiles.txt")]
