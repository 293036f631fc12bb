"""Which door a request goes through: the API's or the console's; both are behind one port."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from goldpan.console.console_app import Console


class FrontDoor:
    """The application of a server. `api_answers` tells which paths are the API's, whoever asks for them."""

    def __init__(self, api: ASGIApp, api_answers: Callable[[str], bool], console: "Console") -> None:
        self._api = api
        self._api_answers = api_answers
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_for_console = scope["type"] == "http" and self._is_for_console(scope)
        await (self._console if is_for_console else self._api)(scope, receive, send)

    def _is_for_console(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if self._api_answers(path):
            return False
        headers = Headers(scope=scope)
        if "authorization" in headers:
            return False  # whoever bears a key is a client of the API, and keys open nothing else
        return self._console.serves(path) or "text/html" in headers.get("accept", "")
