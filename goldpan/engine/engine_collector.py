"""The figures of the engine that stand in the database: read when somebody asks for them, and not too often."""

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from goldpan.engine.job_queue import QUEUE, SANDBOX_QUEUE
from goldpan.operations.figures_operations import EngineFigures, QueueFigures, engine_figures
from goldpan.operations.toolbox import Toolbox

FRESH_SECONDS = 5.0  # so that nobody who asks a hundred times a second makes the database work a hundred times


class EngineCollector(Collector):
    """Queues and leases, the same from every worker; `goldpan_database_up` says whether they could be read."""

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._figures: EngineFigures | None = None
        self._read_at = float("-inf")

    def describe(self) -> list[Metric]:
        return []  # asked for when the collector is registered, and the database may be away then

    def collect(self) -> Iterator[Metric]:
        figures = self._fresh_figures()
        up = GaugeMetricFamily("goldpan_database_up", "Whether the database could be asked")
        up.add_metric([], 0 if figures is None else 1)
        yield up
        if figures is None:
            return
        waiting = GaugeMetricFamily(
            "goldpan_queue_jobs", "Jobs of a queue that wait and that run", labels=["queue", "state"]
        )
        oldest = GaugeMetricFamily(
            "goldpan_queue_age_seconds", "For how long the first job of a queue has waited", labels=["queue"]
        )
        for queue in (QUEUE, SANDBOX_QUEUE):
            of_queue = figures.queues.get(queue, QueueFigures())
            waiting.add_metric([queue, "waiting"], of_queue.waiting)
            waiting.add_metric([queue, "running"], of_queue.running)
            oldest.add_metric([queue], of_queue.oldest_waiting_seconds)
        yield waiting
        yield oldest
        if figures.live_workers is not None:
            leases = GaugeMetricFamily("goldpan_live_workers", "Workers that have a lease")
            leases.add_metric([], figures.live_workers)
            yield leases

    def _fresh_figures(self) -> EngineFigures | None:
        if time.monotonic() - self._read_at > FRESH_SECONDS:
            try:
                self._figures = engine_figures(self._toolbox)
            except Exception:  # noqa: BLE001 whatever ails the database: the other figures must be told all the same
                self._figures = None
            self._read_at = time.monotonic()
        return self._figures
