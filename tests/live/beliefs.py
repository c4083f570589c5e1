"""The sandbox's assumptions about Google: `kbq_tui/sandbox/beliefs.toml`, and BELIEFS.md, which is made from it.

`python -m tests.live.beliefs` writes BELIEFS.md again.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SANDBOX = Path(__file__).parents[2] / "kbq_tui" / "sandbox"
PAGE = SANDBOX / "BELIEFS.md"
SURE = ("documented", "recorded", "reported", "assumed")


@dataclass(frozen=True)
class Belief:
    """One behaviour of the sandbox.

    Attributes:
        id: its name.
        says: the behaviour.
        sure: one of `SURE`.
        source: its source.
        call: Google's id of the method that would prove it.
        untried: why `make test-live` does not try it; empty if it does.
    """

    id: str
    says: str
    sure: str
    source: str
    call: str
    untried: str = ""


@cache
def beliefs() -> tuple[Belief, ...]:
    """All of them, in the file's order."""
    data = tomllib.loads((SANDBOX / "beliefs.toml").read_text(encoding="utf-8"))
    return tuple(Belief(id_, **entry) for id_, entry in data.items())


def page() -> str:
    """BELIEFS.md."""
    lines = [
        "# What the sandbox assumes about Google",
        "",
        "Made from `beliefs.toml` by `python -m tests.live.beliefs`. None of these was seen at the real Google yet:",
        "each is listed with its source and with the call that proves or disproves it.",
        "`make test-live PROJECT=ID` tries them in a real project and reports on each; `make test` on the sandbox.",
        "",
        "| belief | behaviour | how sure | source | call | tried by `make test-live` |",
        "|---|---|---|---|---|---|",
    ]
    for b in beliefs():
        tried = f"no: {b.untried}" if b.untried else "yes"
        lines.append(f"| {b.id} | {b.says} | {b.sure} | {b.source} | `{b.call}` | {tried} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
