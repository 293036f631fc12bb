"""How often each caller was counted in a window of time, in the memory of this process."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Window:
    """A stretch of time that begins with the first count in it."""

    end: float
    count: int = 0


class LocalCounts:
    """Counts of this process, each with the end of its window, as `SharedCounts` has them for several.

    The storage of the library `limits` starts a thread every hundredth of a second to throw away what is over, and
    whoever waits for an answer then waits for it too. Here a new window throws it away, once in a window's time.
    """

    def __init__(self, window_seconds: int, now_seconds: Callable[[], float]) -> None:
        self._window_seconds = window_seconds
        self._now_seconds = now_seconds
        self._windows: dict[str, _Window] = {}
        self._next_sweep = now_seconds() + window_seconds

    def __len__(self) -> int:
        return len(self._windows)

    def add(self, key: str) -> tuple[int, float]:
        window = self._window(key)
        window.count += 1
        return window.count, window.end

    def take_back(self, key: str, window_end: float) -> tuple[int, float]:
        """Take back one count of the window that ends then; in a later one there is nothing to take back."""
        window = self._window(key)
        if window.end == window_end:
            window.count = max(0, window.count - 1)
        return window.count, window.end

    def _window(self, key: str) -> _Window:
        now = self._now_seconds()
        window = self._windows.get(key)
        if window is None or window.end <= now:
            self._sweep(now)
            window = self._windows[key] = _Window(now + self._window_seconds)
        return window

    def _sweep(self, now: float) -> None:
        if now >= self._next_sweep:
            self._windows = {key: window for key, window in self._windows.items() if window.end > now}
            self._next_sweep = now + self._window_seconds
