"""A source check as JSON, and as a report in Markdown and HTML. The content of tables is text from outside."""

import html
import json
from collections.abc import Iterator, Sequence

from kbq_tui.export.report import HTML_HEAD, About, clean, cleaned, code_span, html_text, markdown_text
from kbq_tui.i18n.messages import N_, Message, grouped, joined, language, message, message_n, render, translate
from kbq_tui.model import status_words
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Ready, Severity, SourceFinding, SourceReport, TableReport, Use

_TITLE = N_("Klaviyo and BigQuery: source check")
USES = {Use.PROFILES: N_("profiles"), Use.EVENTS: N_("events"), Use.OBJECTS: N_("objects")}
WORDS = {
    Severity.FAIL: status_words.FAIL,
    Severity.UNKNOWN: status_words.UNKNOWN,
    Severity.WARNING: status_words.WARNING,
    Severity.NOTE: N_("note"),
    None: status_words.OK,
}
_CLASSES = {
    Severity.FAIL: "fail",
    Severity.UNKNOWN: "unknown",
    Severity.WARNING: "unknown",
    Severity.NOTE: "skipped",
    None: "pass",
}


@dataclass(frozen=True, slots=True)
class SourceAbout:
    """What a source check is about.

    Attributes:
        about: the connection, and who checked it when.
        dataset: the dataset that was checked.
        use: the use that was asked about; None for any use.
    """

    about: About
    dataset: str
    use: Use | None = None


def summed(report: SourceReport, use: Use | None) -> Message:
    """Return how many tables are ready, and of how many that is not known, such as of those that were not counted."""
    outcome = outcome_of(report.tables, use)
    unknown = sum(t.is_ready(use) is Ready.UNKNOWN for t in report.tables)
    return joined(" ", outcome, message("{unknown} could not be judged yet.", unknown=unknown)) if unknown else outcome


def outcome_of(tables: Sequence[TableReport], use: Use | None) -> Message:
    """Return how many tables are ready, in one sentence.

    Args:
        tables: the tables that were checked.
        use: the use that was asked about; None for any use.
    """
    if not tables:
        return message("There is no table yet.")
    ready = sum(t.is_ready(use) is Ready.YES for t in tables)
    if use is None:
        return message_n(
            "{ready} of {n} table is ready for Klaviyo.",
            "{ready} of {n} tables are ready for Klaviyo.",
            len(tables),
            ready=ready,
        )
    return message_n(
        "{ready} of {n} table is ready for {use}.",
        "{ready} of {n} tables are ready for {use}.",
        len(tables),
        ready=ready,
        use=Message(USES[use]),
    )


def ready_for(table: TableReport) -> Message:
    """Return the uses that a table is ready for, in words."""
    uses = [use for use in Use if table.ready[use] is Ready.YES]
    if not uses:
        unknown = Ready.UNKNOWN in table.ready.values()
        return message("not known") if unknown else message("not ready")
    names = {f"u{i}": Message(USES[use]) for i, use in enumerate(uses)}
    return Message("{" + "}, {".join(names) + "}", names)


def json_parts(report: SourceReport, what: SourceAbout) -> Iterator[str]:
    """Yield the check in its schema, in parts, so that thousands of tables are not built at once."""
    head: dict[str, object] = {
        "schema": "kbq-tui/source/v1",
        **what.about.to_json(),
        "dataset": what.dataset,
        "as": what.use.value if what.use else None,
        "complete": report.complete,
        "left_out": list(report.left_out),
        "findings": [_finding(f) for f in report.findings],
    }
    yield json.dumps(cleaned(head))[:-1] + ', "tables": ['
    for number, table in enumerate(report.tables):
        yield (", " if number else "") + json.dumps(cleaned(_table(table)))
    yield "]}"


def _finding(finding: SourceFinding) -> dict[str, object]:
    return {**finding.to_json(), "uses": sorted(finding.uses)}


def _table(table: TableReport) -> dict[str, object]:
    return {
        "name": table.name,
        "kind": table.kind,
        "readable": table.problem is None,
        "rows": table.rows,
        "bytes": table.size,
        "newest": table.newest.isoformat() if table.newest else None,
        "likely": table.likely.value,
        **{
            use.value: {"ready": table.ready[use].value, "reasons": [f.to_json() for f in table.reasons(use)]}
            for use in Use
        },
        "columns": [
            {
                "name": c.name,
                "type": c.type,
                "role": c.role.value if c.role else None,
                "verdict": c.severity.value if c.severity else "ok",
                "sent": c.role is None and table.likely is Use.EVENTS,
            }
            for c in table.columns
        ],
        "problem": table.problem.to_json() if table.problem else None,
        "examples": {rule: list(values) for rule, values in table.examples.items()},
    }


def source_report(report: SourceReport, what: SourceAbout, path: str) -> str:
    """Return a report in the format of a file's name: `.md`, `.html` or `.json`."""
    kind = path.rpartition(".")[2]
    if kind == "json":
        return "".join(json_parts(report, what)) + "\n"
    return _to_html(report, what) if kind == "html" else _to_markdown(report, what)


def _word(severity: Severity | None) -> str:
    return translate(WORDS[severity]).upper()


def _columns() -> tuple[str, ...]:
    return translate("Verdict"), translate("Table"), translate("Ready for"), translate("Rows")


def _to_markdown(report: SourceReport, what: SourceAbout) -> str:
    use = what.use
    lines = [f"# {translate(_TITLE)}", "", f"**{clean(summed(report, use))}**", ""]
    lines += ["| | |", "|---|---|", *(f"| {label} | {code_span(value)} |" for label, value in what.about.rows()), ""]
    lines += [f"| {' | '.join(_columns())} |", "|---|---|---|---:|"]
    for t in report.tables:
        rows = render(grouped(t.rows)) if t.rows is not None else "?"
        lines.append(f"| {_word(t.verdict(use))} | {markdown_text(t.name)} | {markdown_text(ready_for(t))} | {rows} |")
    for finding in report.findings:
        lines += ["", f"**{_word(finding.severity)}**: {markdown_text(finding.text)}"]
    for t in report.tables:
        found = t.reasons(use or t.likely)
        if found:
            lines += ["", f"## {markdown_text(t.name)}", ""]
            lines += [f"- **{_word(f.severity)}** {markdown_text(f.text)} (`{f.rule}`)" for f in found]
    return "\n".join(lines) + "\n"


def _to_html(report: SourceReport, what: SourceAbout) -> str:
    use, title = what.use, html.escape(translate(_TITLE))
    parts = [HTML_HEAD.format(title=title, language=language()), f"<h1>{title}</h1>"]
    overall = "ok" if report.any_ready(use) else "bad"
    parts.append(f'<p class="overall {overall}">{html_text(summed(report, use))}</p>')
    rows = "".join(
        f"<tr><th scope=row>{html_text(label)}</th><td>{html_text(value)}</td></tr>"
        for label, value in what.about.rows()
    )
    parts.append(f"<table><tbody>{rows}</tbody></table>")
    head = "".join(f"<th scope=col>{word}</th>" for word in _columns())
    cells = "".join(
        f"<tr><td class={_CLASSES[t.verdict(use)]}>{_word(t.verdict(use))}</td><td>{html_text(t.name)}</td>"
        f"<td>{html_text(ready_for(t))}</td><td class=number>{t.rows if t.rows is not None else '?'}</td></tr>"
        for t in report.tables
    )
    parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>")
    parts += [_item(f) for f in report.findings]
    for t in report.tables:
        if found := t.reasons(use or t.likely):
            items = "".join(f"<li>{_item(f)}</li>" for f in found)
            parts.append(f"<section><h2>{html_text(t.name)}</h2><ul>{items}</ul></section>")
    return "\n".join([*parts, "</main>", "</body>", "</html>"]) + "\n"


def _item(finding: SourceFinding) -> str:
    word = f"<span class={_CLASSES[finding.severity]}>{_word(finding.severity)}</span>"
    return f"<p>{word} {html_text(finding.text)} <code>{html_text(finding.rule)}</code></p>"
