"""Lists that walk themselves: page after page is read while somebody goes through the items."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from goldpan.client.client_failures import UnexpectedAnswer
from goldpan.client.sending import Sender, read_as, read_data
from goldpan.client.wire import Request

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: list[Item]
    next_cursor: str | None


class AsyncPages(Generic[Item]):
    """A list: `async for item in …` goes through all of it, `async for page in ….pages()` page by page."""

    def __init__(self, read_page: Callable[[str | None], Coroutine[Any, Any, Page[Item]]]) -> None:
        """`read_page` takes the cursor of the page, None for the first."""
        self._read_page = read_page

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self) -> AsyncIterator[Page[Item]]:
        cursor: str | None = None
        while True:
            page = await self._read_page(cursor)
            yield page
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                raise UnexpectedAnswer("the list goes in circles", 200)
            cursor = page.next_cursor


async def read_page(sender: Sender, request: Request, item: type[Item]) -> Page[Item]:
    """Return the page that the request asks for."""
    answer = await sender.send(request)
    data = read_data(answer)
    if not isinstance(data, dict):
        raise UnexpectedAnswer("no page of a list", answer.head.status)
    items: list[Item] = read_as(list[item], data.get("items"), answer.head)  # type: ignore[valid-type]  # a type at run time
    cursor = read_as(dict[str, str | None], {"cursor": data.get("nextCursor")}, answer.head)["cursor"]
    return Page(items, cursor)
