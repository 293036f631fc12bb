"""A chart of one bar a day: where its bars stand, for a drawing that stretches to whatever room there is."""

from collections.abc import Sequence
from dataclasses import dataclass

SLOT = 10.0
BAR = 7.0
HEIGHT = 100.0
LEAST_HEIGHT = 1.5  # a day with anything at all must not look like one without

_STEPS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, in the units of the drawing, whose y runs downwards."""

    day_ms: int
    number: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """`top` is the number at the upper edge, a round one; `width` the drawing's."""

    bars: tuple[Bar, ...]
    top: int
    total: int
    width: float


def bar_chart(days: Sequence[tuple[int, int]]) -> BarChart:
    """Return the chart of (day in milliseconds, number), the oldest first."""
    top = round_up(max((number for _, number in days), default=0))
    bars = tuple(_bar(place, day_ms, number, top) for place, (day_ms, number) in enumerate(days))
    return BarChart(bars, top, sum(number for _, number in days), len(days) * SLOT)


def _bar(place: int, day_ms: int, number: int, top: int) -> Bar:
    height = round(max(number / top * HEIGHT, LEAST_HEIGHT), 2) if number > 0 else 0.0
    return Bar(day_ms, number, place * SLOT + (SLOT - BAR) / 2, round(HEIGHT - height, 2), height)


def round_up(number: int) -> int:
    """Return a round number that is no less and not much more: 1 to 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100 …"""
    if number <= 10:
        return max(1, number)
    power: int = 10 ** (len(str(number)) - 2)
    return next(step * power for step in _STEPS if step * power >= number)
