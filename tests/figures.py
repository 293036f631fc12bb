"""The figures that a process of Goldpan shows, read as Prometheus reads them."""

from dataclasses import dataclass

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True)
class Figures:
    """What one process showed at one moment."""

    text: str
    samples: list[Sample]

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of that name which have these labels; at least one must be there."""
        found = [s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        assert found, f"{name} {labels} is not among {sorted({s.name for s in self.samples})}"
        return sum(found)

    def labels(self, name: str) -> set[str]:
        """Return every value that a label of ours has, wherever; `name` is the label's."""
        ours = [sample for sample in self.samples if sample.name.startswith("goldpan_")]
        return {sample.labels[name] for sample in ours if name in sample.labels}


def read_figures(port: int) -> Figures:
    response = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert response.status_code == 200, response.text
    families = text_string_to_metric_families(response.text)
    return Figures(response.text, [sample for family in families for sample in family.samples])
