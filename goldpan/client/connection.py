"""What all nouns of one client share: how it sends, and in which account group."""

import re
from typing import Any, TypeVar

import msgspec

from goldpan.client.client_failures import WhichAccountGroup
from goldpan.client.paged_lists import AsyncPages, Page, read_page
from goldpan.client.sending import Sender, build_path
from goldpan.client.wire import Request
from goldpan.contract.resources import AccountGroup

T = TypeVar("T")
Item = TypeVar("Item")

GROUP = "/v1/accounts/{account_group_id}"

_CAPITAL = re.compile(r"_([a-z])")


class Connection:
    """One key's way to the API."""

    def __init__(self, sender: Sender, account_group_id: str | None) -> None:
        self.sender = sender
        self._account_group_id = account_group_id

    async def path(self, template: str, **ids: str) -> str:
        """Return the path below the account group: the one given, else the only one that the key reaches."""
        if self._account_group_id is None:
            self._account_group_id = await self._only_account_group()
        return build_path(GROUP + template, account_group_id=self._account_group_id, **ids)

    def pages(self, template: str, item: type[Item], query: dict[str, str], **ids: str) -> AsyncPages[Item]:
        """Return the list that stands below the account group."""

        async def read(cursor: str | None) -> Page[Item]:
            path = await self.path(template, **ids)
            return await read_page(self.sender, get(path, **(query | cursor_of(cursor))), item)

        return AsyncPages(read)

    async def _only_account_group(self) -> str:
        page = await read_page(self.sender, get("/v1/accounts", limit="100"), AccountGroup)
        if len(page.items) != 1:
            reached = ", ".join(f"{group.id} ({group.name})" for group in page.items) or "none"
            raise WhichAccountGroup(f"give account_group_id: the key reaches {reached}")
        return page.items[0].id


class Noun:
    """The routes of one noun."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sender = connection.sender


def get(path: str, **query: str) -> Request:
    return Request("GET", path, query=query, is_repeatable=True)


def send_json(method: str, path: str, body: msgspec.Struct | dict[str, Any], is_repeatable: bool = False) -> Request:
    return Request(method, path, json=msgspec.json.encode(body), is_repeatable=is_repeatable)


def cursor_of(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"cursor": cursor}


def to_query(**values: Any) -> dict[str, str]:
    """Return the query of the values that are given, under their names on the wire; several are joined by commas."""
    return {to_wire_name(name): _text(value) for name, value in values.items() if value is not None}


def to_wire_name(name: str) -> str:
    return _CAPITAL.sub(lambda match: match[1].upper(), name)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
