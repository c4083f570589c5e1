"""The parts of README.md that are made from the product itself: `python -m tests.readme` brings them up to date."""

from pathlib import Path

from kbq_tui.core.catalogue import ENTRIES
from kbq_tui.core.catalogue_base import fill
from tests.core.google_says import SAID

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- troubleshooting: begin (generated: python -m tests.readme) -->"
END = "<!-- troubleshooting: end -->"
_LONGEST = 110


def _cell(text: str) -> str:
    line = " ".join(text.split())
    short = line if len(line) <= _LONGEST else line[: _LONGEST - 1].rsplit(" ", 1)[0] + " …"
    return short.replace("|", "\\|").replace("`", "'")


def troubleshooting() -> str:
    """Return the table: what Google says, what it means, what to do first."""
    rows = ["| the error says | it means | first thing to do |", "|---|---|---|"]
    seen: set[str] = set()
    for said in SAID:
        if said.code in seen:
            continue
        seen.add(said.code)
        entry = ENTRIES[said.code]
        first = fill(entry.remedy[0].splitlines()[0], {}).rstrip(":.")
        rows.append(f"| `{_cell(said.message)}` | {entry.title} (`{entry.code}`) | {first} |")
    return "\n".join(rows)


def wanted(text: str) -> str:
    """Return README.md as it should be."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{troubleshooting()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    README.write_text(wanted(README.read_text()))
