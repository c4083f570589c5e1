"""One line of the table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BenchRow:
    """A measured figure against its target.

    Attributes:
        name: what was measured.
        value: the figure, None if it could not be measured.
        target: the figure to reach.
        at_least: whether larger is better.
        unit: `x`, `B`, `ms`, `MiB` or nothing.
        detail: the absolute figures behind it, or why there are none.
    """

    name: str
    value: float | None
    target: float
    unit: str = "x"
    at_least: bool = False
    detail: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        good = self.value >= self.target if self.at_least else self.value <= self.target
        return "held" if good else "missed"

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": None if self.value is None else round(self.value, 3),
            "unit": self.unit,
            "target": self.target,
            "better": "more" if self.at_least else "less",
            "verdict": self.verdict,
            "detail": self.detail,
        }

    @staticmethod
    def table(rows: Sequence["BenchRow"]) -> list[str]:
        lines = [f"{'what':<58} {'measured':>10} {'target':>10}  verdict"]
        for row in rows:
            shown = "-" if row.value is None else f"{row.value:.2f}{row.unit}"
            sign = "≥" if row.at_least else "≤"
            lines.append(f"{row.name:<58} {shown:>10} {sign + f'{row.target:g}{row.unit}':>10}  {row.verdict}")
            if row.detail:
                lines.append(f"    {row.detail}")
        return lines
