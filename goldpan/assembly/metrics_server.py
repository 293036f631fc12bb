"""Where a process shows its figures to Prometheus: an address of its own, never the port of the API."""

import errno
import re
from collections.abc import Iterator, Sequence

from prometheus_client import REGISTRY, Info, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import goldpan
from goldpan.assembly.database_access import CannotStart
from goldpan.json_log import configure_logs
from goldpan.settings import Settings
from goldpan.storage.database import Database

_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/@]+)):([1-9][0-9]{0,4})")


class PoolCollector(Collector):
    """How many connections to the database this process has in use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily(
            "goldpan_database_connections", "Connections of a pool: in use, and its size", labels=["pool", "state"]
        )
        for labels, count in self._database.connection_counts().items():
            connections.add_metric(labels, count)
        yield connections


def metrics_address(settings: Settings) -> tuple[str, int] | None:
    """Return the host and port of the figures; None: they are shown nowhere.

    Raises:
        CannotStart: the setting is no address.
    """
    if not settings.metrics_address:
        return None
    match = _ADDRESS.fullmatch(settings.metrics_address)
    if match is None or int(match[3]) > 65_535:
        raise CannotStart("GOLDPAN_METRICS_ADDRESS must look like 127.0.0.1:9470")
    return match[1] or match[2], int(match[3])


def show_figures(settings: Settings, collectors: Sequence[Collector], processes: int = 1) -> None:
    """Show this process's figures at the first free one of as many ports as there may be `processes` like it.

    Where all of them are taken, by another process with the same settings as a rule, it works without, and says so.

    Raises:
        CannotStart: the setting is no address, or none of this machine.
    """
    address = metrics_address(settings)
    if address is None:
        return
    host, first_port = address
    for collector in collectors:
        REGISTRY.register(collector)
    Info("goldpan_build", "This program").info({"version": goldpan.__version__})
    for port in range(first_port, min(first_port + processes, 65_536)):
        try:
            start_http_server(port, host)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                place = f"{host}:{port}: {error.strerror}"
                raise CannotStart(f"cannot show figures on {place}; change GOLDPAN_METRICS_ADDRESS") from error
        else:
            return
    configure_logs().warning("figures_not_shown", address=settings.metrics_address, reason="the port is taken")
