"""One request to the console, as a page sees it: who asks, for which account group, and how to answer."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from goldpan.console.request_guard import Origin, session_cookie
from goldpan.console.templating import render
from goldpan.contract.error_catalogue import ErrorKind, Problem, invalid_body
from goldpan.contract.permission_catalogue import OwnerPermission, Permission
from goldpan.domain.access_rules import Principal
from goldpan.operations.account_operations import AccountGroup
from goldpan.operations.console_access_operations import SignedIn, principal_everywhere
from goldpan.operations.export_operations import AudienceExport
from goldpan.operations.toolbox import Toolbox

MOST_FORM_BYTES = 64 * 1024
MOST_FIELDS = 100


class LimitVerdict(Protocol):
    @property
    def is_allowed(self) -> bool: ...

    @property
    def headers(self) -> dict[str, str]: ...


class Limit(Protocol):
    async def hit(self, caller: str) -> LimitVerdict: ...


class FileIntake(Protocol):
    """Where files of people come in, to the console as to the API: what `received` yields is there for its block."""

    @property
    def most_bytes(self) -> int: ...

    def received(self, account_group_id: str, stream: AsyncIterator[bytes]) -> AbstractAsyncContextManager[Path]: ...


class Download(Protocol):
    """A file that is made while it is sent."""

    @property
    def media_type(self) -> str: ...

    @property
    def chunks(self) -> AsyncGenerator[bytes]: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class ConsoleParts(NamedTuple):
    """What the console needs.

    `sign_in_limit` counts by address and name, `address_limit` by address alone, `session_limit` what somebody who is
    signed in sends and downloads.

    `present_export` writes an export as the API does: doors do not know each other, so assembly hands it in.
    """

    toolbox: Toolbox
    sign_in_limit: Limit
    address_limit: Limit
    session_limit: Limit
    origins: Sequence[Origin]
    new_trace_id: Callable[[], str]
    now_seconds: Callable[[], float]
    log: Callable[..., None]
    log_crash: Callable[..., None]
    files: FileIntake
    present_export: Callable[[AudienceExport], Download]


@dataclass(slots=True)
class Visit:
    """`paths` are the pages that exist, by name; `who` and `account_group` are there where the page's row asks so.

    `sent` is the form, once it was read: a page that collided with another request is asked again.
    """

    parts: ConsoleParts
    request: Request
    origin: Origin
    trace_id: str
    paths: Mapping[str, str]
    page_name: str = ""
    who: SignedIn | None = None
    account_group: AccountGroup | None = None
    groups: Sequence[AccountGroup] = ()
    headers: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] | None = None

    @property
    def toolbox(self) -> Toolbox:
        return self.parts.toolbox

    @property
    def group_id(self) -> str:
        assert self.account_group is not None, "a page with {accountGroupId} in its path has one"
        return self.account_group.id

    @property
    def caller(self) -> Principal:
        """Whom operations are told of."""
        assert self.who is not None
        return self.who.principal(self.group_id)

    async def caller_everywhere(self) -> Principal:
        """Whom operations on keys are told of: a key may reach several account groups, and so must who changes it."""
        assert self.who is not None
        return await principal_everywhere(self.toolbox, self.who)

    @property
    def session_token(self) -> str | None:
        return self.request.cookies.get(session_cookie(self.origin))

    @property
    def here(self) -> str:
        """The page's own address, with its query."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def may(self, permission: str) -> bool:
        """Return whether the user carries the permission: a button that cannot work says so beforehand."""
        assert permission in (*Permission, *OwnerPermission), permission
        return permission in self.caller.permissions

    def knows(self, name: str) -> bool:
        """Return whether there is a page of that name."""
        return name in self.paths

    def is_below(self, name: str) -> bool:
        """Return whether this page's address begins with that of the other one, as a file's does with that of files."""
        return self.request.url.path.startswith(self.path(name) + "/")

    def path(self, name: str, **ids: str) -> str:
        """Return where the page of that name is, in the account group at hand unless `ids` say another."""
        if self.account_group is not None:
            ids = {"accountGroupId": self.account_group.id, **ids}
        return self.paths[name].format(**ids)

    def queried(self, allowed: Sequence[str]) -> dict[str, list[str]]:
        """Return the values of the query by name, without those that are empty: forms send what nobody filled in.

        Raises:
            Problem: MALFORMED_REQUEST, a name that is not `allowed`: a filter must not be ignored in silence.
        """
        values: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            if name not in allowed:
                raise Problem(ErrorKind.MALFORMED_REQUEST, "the address has a part that this page does not know")
            if value:
                values.setdefault(name, []).append(value)
        return values

    async def form(self, most_bytes: int = MOST_FORM_BYTES) -> dict[str, str]:
        """Return the fields of the form that was sent; of a name given twice, the last.

        Raises:
            Problem: it is no form, or none of ours.
        """
        if self.sent is not None:
            return self.sent
        if self.request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise Problem(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "a form was expected")
        body = b""
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > most_bytes:
                raise Problem(ErrorKind.PAYLOAD_TOO_LARGE, f"a form may have {most_bytes} bytes")
        try:
            text = body.decode()
            fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise invalid_body("form", "cannot be read") from error
        if any("\x00" in value for _, value in fields):
            raise invalid_body("form", "holds a letter that no text has")
        self.sent = dict(fields)
        return self.sent

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return the page that the template makes of `values`; the template knows this visit as `visit`."""
        return HTMLResponse(render(template, visit=self, **values), status)

    def redirect(self, path: str, **query: str) -> Response:
        """Send the browser to another page of ours, to read it."""
        return RedirectResponse(path + (f"?{urlencode(query)}" if query else ""), 303)


def local_path(text: str) -> str:
    """Return where to go on after signing in: an address of this console, whatever a link made of it."""
    is_local = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_local else "/"
