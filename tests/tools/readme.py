"""The parts of README.md that are made from the product itself.

`python -m tests.tools.readme` brings them up to date.
"""

from pathlib import Path

from kbq_tui.diagnosis.catalogue import ENTRIES
from kbq_tui.diagnosis.entry import fill
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.steps import Step
from kbq_tui.tui.keyboard import KEYS, written
from tests.diagnosis.google_says import SAID

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- {part}: begin (generated: python -m tests.tools.readme) -->"
END = "<!-- {part}: end -->"
_LONGEST = 110
_WHERE: dict[str, str] = {
    "app": "everywhere",
    "working": "while something waits for Google",
    "text": "over a problem, over commands",
    **{step.value: f"step {n}" for n, step in enumerate(Step, 1)},
    "source": "tables",
    "dashboard": "dashboard",
    "connection": "dashboard, one connection",
}


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
        entry = ENTRIES[Code(said.code)]
        first = str(fill(entry.steps[0].text.template, {})).rstrip(":.")
        rows.append(f"| `{_cell(said.message)}` | {entry.title} (`{entry.code}`) | {first} |")
    return "\n".join(rows)


def keys() -> str:
    """Return the table: each key, what it does, and the name under which it can be given another one."""
    rows = ["| key | does | where | name |", "|---|---|---|---|"]
    for key in KEYS:
        faces = " ".join(f"`{written(k)}`" for k in key.keys.split(","))
        rows.append(f"| {faces} | {key.help} | {_WHERE[key.scope]} | `{key.id}` |")
    return "\n".join(rows)


def wanted(text: str) -> str:
    """Return README.md as it should be."""
    for part, made in (("keys", keys()), ("troubleshooting", troubleshooting())):
        begin, end = BEGIN.format(part=part), END.format(part=part)
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{made}\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    README.write_text(wanted(README.read_text()))
