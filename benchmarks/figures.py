"""The lines that the benchmarks print together: what was measured, the figure, and the target where there is one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `target` "": the figure is only to be known."""

    what: str
    value: str
    target: str = ""
    is_met: bool = True

    def __str__(self) -> str:
        verdict = ("met" if self.is_met else "MISSED") if self.target else ""
        return f"{self.what:<72} {self.value:>22} {self.target:>10}  {verdict}".rstrip()


def at_least(what: str, ratio: float, bound: float) -> Figure:
    return Figure(what, f"{ratio:.2f}x", f">= {bound:g}", ratio >= bound)


def at_most(what: str, ratio: float, bound: float) -> Figure:
    return Figure(what, f"{ratio:.2f}x", f"<= {bound:g}", ratio <= bound)


def rate(what: str, per_second: float) -> Figure:
    return Figure(what, f"{per_second:,.0f} a second")
