"""How the blocking client runs the asynchronous one: its transport never suspends, so a coroutine ends in one step.

All that the client does is written once, as coroutines. What waits in them is the transport alone; the blocking one
waits within its calls, and no event loop is needed.
"""

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from goldpan.client.paged_lists import AsyncPages, Page

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Blocking:
    """The blocking twin of the object `core`."""

    def __init__(self, core: Any) -> None:
        self._core = core


class Pages(Generic[Item]):
    """A list: `for item in …` goes through all of it, `for page in ….pages()` page by page."""

    def __init__(self, pages: AsyncPages[Item]) -> None:
        self._pages = pages

    def __iter__(self) -> Iterator[Item]:
        return iterate(aiter(self._pages))

    def pages(self) -> Iterator[Page[Item]]:
        return iterate(self._pages.pages())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what the coroutine returns; it must not suspend."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    coroutine.close()
    raise AssertionError("a coroutine of the blocking client has suspended")


def iterate(items: AsyncIterator[Item]) -> Iterator[Item]:
    """Go through an asynchronous generator that does not suspend."""
    generator = cast("AsyncGenerator[Item, None]", items)
    try:
        while True:
            try:
                item = run(generator.__anext__())
            except StopAsyncIteration:
                return
            yield item
    finally:
        run(generator.aclose())


def blocking(method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[Blocking, P], T]:
    @functools.wraps(method)
    def call(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(method(self._core, *args, **kwargs))

    return call


def blocking_pages(
    method: Callable[Concatenate[Any, P], AsyncPages[Item]],
) -> Callable[Concatenate[Blocking, P], Pages[Item]]:
    @functools.wraps(method)
    def call(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> Pages[Item]:
        return Pages(method(self._core, *args, **kwargs))

    return call


def blocking_iterator(
    method: Callable[Concatenate[Any, P], AsyncIterator[Item]],
) -> Callable[Concatenate[Blocking, P], Iterator[Item]]:
    @functools.wraps(method)
    def call(self: Blocking, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Item]:
        return iterate(method(self._core, *args, **kwargs))

    return call
