"""The plot of what requests cost as a database grows: a small SVG, made by hand."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 24, 48
COLOURS = ("#0b6e99", "#d9730d", "#0f7b6c", "#ad1a72", "#6940a5", "#64473a")

Points = Sequence[tuple[int, float]]
"""(jobs, milliseconds), from few jobs to many."""


def growth_svg(title: str, series: Mapping[str, Points]) -> str:
    """Return the plot; both axes are logarithmic."""
    jobs = [count for points in series.values() for count, _ in points]
    times = [ms for points in series.values() for _, ms in points]
    first_jobs, last_jobs = math.log10(min(jobs)), math.log10(max(jobs))
    lowest, highest = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(count: float) -> float:
        share = (math.log10(count) - first_jobs) / ((last_jobs - first_jobs) or 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(ms: float) -> float:
        share = (math.log10(ms) - lowest) / ((highest - lowest) or 1)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for exponent in range(lowest, highest + 1):
        lines.append(_grid_line(LEFT, y(10**exponent), WIDTH - RIGHT, y(10**exponent)))
        lines.append(_text(LEFT - 8, y(10**exponent) + 4, f"{10.0**exponent:g} ms", "end"))
    for count in sorted(set(jobs)):
        lines.append(_grid_line(x(count), TOP, x(count), HEIGHT - BOTTOM))
        lines.append(_text(x(count), HEIGHT - BOTTOM + 18, f"{count:,}", "middle"))
    lines.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "jobs in the database", "middle"))
    for (name, points), colour, label_y in zip(series.items(), COLOURS, _label_places(series, y), strict=False):
        path = " ".join(f"{x(count):.1f},{y(ms):.1f}" for count, ms in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.extend(f'<circle cx="{x(count):.1f}" cy="{y(ms):.1f}" r="3" fill="{colour}"/>' for count, ms in points)
        lines.append(_text(WIDTH - RIGHT + 12, label_y + 4, name, "start", colour))
    return "\n".join([*lines, "</svg>", ""])


def _label_places(series: Mapping[str, Points], y: Callable[[float], float]) -> list[float]:
    """Return the height of each label: at the end of its line, but none over another."""
    ends = {name: y(points[-1][1]) for name, points in series.items()}
    places: dict[str, float] = {}
    lowest_free = -math.inf
    for name in sorted(ends, key=ends.__getitem__):
        places[name] = lowest_free = max(ends[name], lowest_free + 15)
    return [places[name] for name in series]


def _grid_line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
