"""Calls of Goldpan's own API: retried where that helps, and every refusal a Failure with its exit code."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from goldpan.cli.shell_output import ExitCode, Failure, note

if TYPE_CHECKING:
    import httpx2

ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60
TIMEOUT_SECONDS = 30.0
UPLOAD_TIMEOUT_SECONDS = 600.0  # the answer comes when all rows are stored
UPLOAD_PIECE_BYTES = 256 * 1024
LONGEST_FILE_NAME = 200
TEMPORARY = (429, 503)
LOOPBACK = ("127.0.0.1", "localhost", "::1")

EXIT_CODES = {
    "UNAUTHORIZED": ExitCode.NOT_ALLOWED,
    "FORBIDDEN": ExitCode.NOT_ALLOWED,
    "NOT_FOUND": ExitCode.NOT_FOUND,
    "INSUFFICIENT_CREDITS": ExitCode.NO_CREDITS,
    "RATE_LIMITED": ExitCode.RATE_LIMITED,
}
NEXT_STEPS = {
    "UNAUTHORIZED": "goldpan key create --account ID --permission prospecting:read, then export GOLDPAN_API_KEY=…",
    "FORBIDDEN": "goldpan key list, which shows what each key may do and where",
    "NOT_FOUND": "goldpan jobs list",
    "INSUFFICIENT_CREDITS": "a smaller --max-results or --max-credits",
    "RATE_LIMITED": "the same again later; the server's GOLDPAN_RATE_LIMIT, or one of GOLDPAN_QUOTA_…, sets the limit",
    "IDEMPOTENCY_KEY_REUSED": "another --idempotency-key, or none: one is made for you",
    "INTERNAL_ERROR": "the server's log: it tells more about this trace",
    "SERVICE_UNAVAILABLE": "the same again in a moment; `goldpan doctor` on the server's machine tells what is wrong",
}


class Unreachable(Failure):
    """Nobody answers at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            ExitCode.ERROR,
            "UNREACHABLE",
            f"cannot reach the API at {url}",
            details=reason,
            next_step="goldpan serve, or another address with --url or GOLDPAN_URL",
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the API is, who calls, and in which account group; None: the only one that the key reaches."""

    url: str
    api_key: str
    account_group_id: str | None


class Api:
    """One connection to the API, in one account group."""

    def __init__(self, caller: Caller) -> None:
        import httpx2

        _refuse_unusable(caller)
        self._url = caller.url
        self._client = httpx2.Client(
            base_url=caller.url,
            headers={"Authorization": f"Bearer {caller.api_key}", "Accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            # a proxy of the environment cannot reach this machine's own addresses
            trust_env=urlsplit(caller.url).hostname not in LOOPBACK,
        )
        self._account_group_id = caller.account_group_id

    def __enter__(self) -> "Api":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def list_jobs(self, query: Mapping[str, str]) -> Any:
        return self._call("GET", self._group_path("prospecting"), params=query)

    def get_job(self, job_id: str) -> Any:
        return self._call("GET", self._group_path("prospecting", job_id))

    def start_job(self, body: Mapping[str, Any], idempotency_key: str) -> Any:
        path = self._group_path("prospecting")
        return self._call("POST", path, json=body, headers={"Idempotency-Key": idempotency_key})

    def estimate_job(self, body: Mapping[str, Any]) -> Any:
        return self._call("POST", self._group_path("prospecting"), json={**body, "dryRun": True})

    def resume_job(self, job_id: str) -> Any:
        return self._call("POST", self._group_path("prospecting", job_id, "resume"))

    def upload_file(self, path: Path) -> Any:
        """Upload a file of people; it is read from the disk piece by piece, and again at every attempt."""
        size = str(path.stat().st_size)
        headers = {"Content-Type": _media_type(path), "Content-Length": size}
        query = {"name": path.name[:LONGEST_FILE_NAME]}
        return self._call(
            "POST",
            self._group_path("files"),
            params=query,
            headers=headers,
            content=_FileContent(path),
            timeout=UPLOAD_TIMEOUT_SECONDS,
        )

    def cancel_job(self, job_id: str) -> Any:
        return self._call("POST", self._group_path("prospecting", job_id, "cancel"))

    def _group_path(self, *parts: str) -> str:
        if self._account_group_id is None:
            self._account_group_id = self._only_account_group()
        return "/".join(["/v1/accounts", *(quote(part, safe="") for part in (self._account_group_id, *parts))])

    def _only_account_group(self) -> str:
        groups = self._call("GET", "/v1/accounts", params={"limit": "100"})["items"]
        if len(groups) == 1:
            return str(groups[0]["id"])
        reached = ", ".join(f"{group['id']} ({group['name']})" for group in groups) or "none"
        raise Failure(
            ExitCode.USAGE,
            "WHICH_ACCOUNT_GROUP",
            f"the key reaches {len(groups)} account groups: {reached}",
            next_step="the same with --account ID",
        )

    def _call(self, method: str, path: str, **options: Any) -> Any:
        """Return the `data` of the answer.

        Raises:
            Failure: the API refused, did not answer, or is none.
        """
        response = self._send(method, path, **options)
        try:
            envelope = response.json()
            if envelope["success"]:
                return envelope["data"]
            error, trace_id = envelope["error"], envelope["traceId"]
            code, message, details = error["code"], error["message"], error["details"]
        except (ValueError, KeyError, TypeError) as problem:
            answer = f"HTTP {response.status_code}, but not the answer of a Goldpan"
            raise Failure(ExitCode.ERROR, "NOT_GOLDPAN", f"{self._url} answers", details=answer) from problem
        exit_code = EXIT_CODES.get(code, ExitCode.ERROR)
        raise Failure(exit_code, code, message, details=details, trace_id=trace_id, next_step=NEXT_STEPS.get(code))

    def _send(self, method: str, path: str, **options: Any) -> "httpx2.Response":
        """Send, and send again: reads, cancels, resumes, dry runs and starts with a key may all be repeated."""
        import httpx2

        for attempt in range(1, ATTEMPTS + 1):
            is_last = attempt == ATTEMPTS
            try:
                response = self._client.request(method, path, **options)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                raise Unreachable(self._url, "nobody listens there") from error
            except httpx2.TransportError as error:
                if is_last:
                    raise Unreachable(self._url, "it broke off the connection or took too long") from error
                time.sleep(attempt)
                continue
            wait_seconds = _retry_after(response)
            if response.status_code not in TEMPORARY or is_last or wait_seconds > LONGEST_WAIT_SECONDS:
                return response
            note(f"HTTP {response.status_code}, trying again in {wait_seconds} s")
            time.sleep(wait_seconds)
        raise AssertionError("the last attempt returns or raises")


class _FileContent:
    """What is in a file, from its beginning whenever somebody reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while piece := file.read(UPLOAD_PIECE_BYTES):
                yield piece


def _media_type(path: Path) -> str:
    return {".csv": "text/csv", ".txt": "text/plain", ".zip": "application/zip"}.get(
        path.suffix.lower(), "application/octet-stream"
    )


def _retry_after(response: "httpx2.Response") -> int:
    text = response.headers.get("Retry-After", "")
    return int(text) if text.isdecimal() else 1


def _refuse_unusable(caller: Caller) -> None:
    """Say before any call what no call could work with."""
    address = urlsplit(caller.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Failure(ExitCode.USAGE, "USAGE", f"{caller.url} is no address: take one like http://127.0.0.1:8470")
    key = caller.api_key
    if not key:
        raise Failure(ExitCode.NOT_ALLOWED, "NO_API_KEY", "no API key", next_step=NEXT_STEPS["UNAUTHORIZED"])
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Failure(ExitCode.NOT_ALLOWED, "UNAUTHORIZED", "the API key holds characters that no key has")
