"""What the list endpoint has to show: its ratios to peers and floor, its slowest answers, its deep pages."""

from collections.abc import Iterator
from statistics import median

from benchmarks.figures import Figure, at_least, at_most, rate
from benchmarks.list_endpoint import (
    DJANGO,
    FLOOR,
    GOLDPAN,
    ORM,
    ListFigures,
    ListOptions,
    Round,
    Scenario,
    cpu_us,
    measure_list,
    p50_ms,
    p99_ms,
    print_table,
    requests_per_second,
)

PEER_BOUNDS = {"postgresql": {ORM: 6, DJANGO: 9}, "sqlite": {ORM: 8}}
FLOOR_BOUND = 0.70
P99_BOUND = 0.25
DEEP_BOUND = 1.1


def list_figures(options: ListOptions) -> Iterator[Figure]:
    figures = measure_list(options)
    print_table(figures)
    for scenario in figures.scenarios:
        yield from _scenario_figures(figures, scenario)
    for first, deep in zip(figures.scenarios[::2], figures.scenarios[1::2], strict=True):
        yield at_most(
            f"list, {options.database}: {deep.name} over {first.name}, median", _depth(figures, first, deep), DEEP_BOUND
        )


def _scenario_figures(figures: ListFigures, scenario: Scenario) -> Iterator[Figure]:
    database = figures.options.database
    name = f"list, {database}, {scenario.name}"
    yield rate(f"{name}: goldpan", median(map(requests_per_second, figures.rounds[scenario.name, GOLDPAN])))
    for peer, bound in PEER_BOUNDS[database].items():
        yield at_least(
            f"{name}: requests a second, over {peer}", figures.ratio(scenario, requests_per_second, peer), bound
        )
    yield at_least(
        f"{name}: requests a second, over the floor", figures.ratio(scenario, requests_per_second, FLOOR), FLOOR_BOUND
    )
    yield Figure(f"{name}: processor time, over the floor", f"{figures.ratio(scenario, cpu_us, FLOOR):.2f}x")
    yield at_most(f"{name}: p99, over {ORM}", figures.ratio(scenario, p99_ms, ORM), P99_BOUND)


def _depth(figures: ListFigures, first: Scenario, deep: Scenario) -> float:
    def rounds(scenario: Scenario) -> list[Round]:
        return figures.rounds[scenario.name, GOLDPAN]

    return median(p50_ms(b) / p50_ms(a) for a, b in zip(rounds(first), rounds(deep), strict=True))
