"""An event loop whose time is virtual and whose threads are hops: what runs between two awaits runs whole."""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any


class Deadlock(Exception):
    """Everybody waits for somebody else."""


class _NoSockets(selectors.BaseSelector):
    """Waits for nothing but time, which passes at once."""

    def __init__(self) -> None:
        self.now_seconds = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, 0, None)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("nobody has anything to do, and nobody waits for a time")
        self.now_seconds += timeout
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class VirtualLoop(asyncio.SelectorEventLoop):
    """`hop(work)` says how a thread's work is done: it is given the work and must return a future of its result."""

    def __init__(self) -> None:
        self._no_sockets = _NoSockets()
        super().__init__(self._no_sockets)
        self.hop: Callable[[Callable[[], Any]], asyncio.Future[Any]] = self._never

    def time(self) -> float:
        return self._no_sockets.now_seconds

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, function: Callable[..., Any], *arguments: Any
    ) -> asyncio.Future[Any]:
        return self.hop(partial(function, *arguments))

    def _never(self, _work: Callable[[], Any]) -> asyncio.Future[Any]:
        raise AssertionError("nobody said how threads work here")


def function_of(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a thread was asked to run, out of what `to_thread` and Starlette wrap around it."""
    while isinstance(work, partial):
        is_context_run = getattr(work.func, "__name__", "") == "run" and work.args and callable(work.args[0])
        work = work.args[0] if is_context_run else work.func
    return work


def name_of(work: Callable[..., Any]) -> str:
    """Return `module.function` of what a thread was asked to run."""
    function = function_of(work)
    name = getattr(function, "__name__", type(function).__name__)
    return f"{getattr(function, '__module__', '').rpartition('.')[2]}.{name}"
