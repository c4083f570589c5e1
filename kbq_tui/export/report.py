"""A verification as a report for audit: Markdown and HTML in the person's language, JSON. The same answers give the
same report.

Evidence is text from outside: it is scrubbed, made inert, and quoted so that it is markup neither in Markdown nor in
HTML.
"""

import html
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from kbq_tui import __version__
from kbq_tui.i18n.messages import N_, Message, as_message, language, message, render, translate
from kbq_tui.model import status_words
from kbq_tui.model.checks import CheckResult, Verdict, healthy, verified
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.secret import scrub
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.text import inert

_EVIDENCE = 4_000
_TITLE = N_("Klaviyo and BigQuery: verification")
_VERDICTS = {
    Verdict.PASS: status_words.OK,
    Verdict.FAIL: status_words.FAIL,
    Verdict.UNKNOWN: status_words.UNKNOWN,
    Verdict.SKIPPED: status_words.SKIPPED,
}
_MARKUP = re.compile(
    r"[\\`*\[\]|~<>&]"  # special anywhere
    r"|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])"  # emphasis, but not within a name such as KLAVIYO_TMP
    r"|(?<=:)//|(?<=[wW]{3})\."  # would become a link automatically
)
_LINK = re.compile(r"https://[\w./#?=&%~+:-]+")
_START = re.compile(r"^(\d{0,9})([-+#=.)])")  # would begin a list, a heading or a rule


_IS_MARKDOWN = re.compile(
    r"# [^\n]+\n\n\*\*[^\n]+\*\*\n\n\| \| \|\n\|---\|---\|\n(?:\| [^\n]+ \|\n)*\| [^|\n]+ \| `kbq-tui [^`\n]+` \|\n\n"
    r"\|(?: [^|\n]+ \|){4}\n\|---\|---\|---\|---:\|\n"
)
_IS_HTML = re.compile(
    r'<!doctype html>\n<html lang="[^"\n]+">\n<head>\n<meta charset="utf-8">\n'
    r"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    r'.{0,4000}?<p class="overall (?:ok|bad)">[^\n]*\n<table><tbody>[^\n]*<td>kbq-tui [^<\n]+</td></tr></tbody>',
    re.DOTALL,
)
"""The beginning of a report; the last of its first rows names the tool."""


@dataclass(frozen=True, slots=True)
class About:
    """What a report has besides the verdicts.

    Attributes:
        spec: the connection.
        at: when it was verified, aware.
        location: where the datasets are; empty if not known.
        operator: the principal who ran the verification; empty if not known.
        key_id: the key it was verified with; empty if not known.
    """

    spec: ConnectionSpec
    at: datetime
    location: str = ""
    operator: str = ""
    key_id: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the same as the first fields of a report in JSON."""
        return {
            "connection": self.spec.name,
            "project_id": self.spec.project,
            "location": self.location or None,
            "service_account": self.spec.account_email,
            "key_id": self.key_id or None,
            "operator": self.operator or None,
            "tool": f"kbq-tui {__version__}",
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
        }

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return labels and values, rendered and made inert."""
        spec, unknown = self.spec, translate("not known")
        rows = (
            (translate("Connection"), spec.name),
            (translate("Project ID"), spec.project),
            (translate("Datasets"), ", ".join(f"{w.name} ({w.purpose})" for w in spec.datasets())),
            (translate("Location"), self.location or unknown),
            (translate("Service account"), spec.account_email),
            (translate("Key"), self.key_id or unknown),
            (translate("Verified at"), self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
            (translate("Verified by"), self.operator or unknown),
            (translate("Tool"), f"kbq-tui {__version__}"),
        )
        return tuple((label, clean(value)) for label, value in rows)


def report(results: Sequence[CheckResult], about: About, kind: str) -> str:
    """Return a report.

    Args:
        results: the verdicts, in the order in which they are shown.
        about: the rest.
        kind: `md`, `html` or `json` (a file's suffix, with or without the dot).

    Raises:
        ValueError: it is another kind.
    """
    writers = {"md": to_markdown, "html": to_html, "json": to_json}
    writer = writers.get(kind.lstrip(".").lower())
    if writer is None:
        raise ValueError(message("A report is .md, .html or .json."))
    return writer(results, about)


def is_report(data: bytes) -> bool:
    """Return whether content is a report as written here, of any kind and in any language."""
    text = data.decode(errors="replace")
    if text.startswith("{"):
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return body.get("schema") in ("kbq-tui/verify/v1", "kbq-tui/source/v1") and str(
            body.get("tool", "")
        ).startswith("kbq-tui ")
    return _IS_MARKDOWN.match(text) is not None or _IS_HTML.match(text) is not None


def to_json(results: Sequence[CheckResult], about: About) -> str:
    """Return the verification in its schema, with the report's other fields."""
    body: dict[str, object] = {
        "schema": "kbq-tui/verify/v1",
        **about.to_json(),
        "ok": healthy(results),
        "checks": [r.to_json() for r in results],
    }
    return json.dumps(cleaned(body), indent=2) + "\n"


def to_markdown(results: Sequence[CheckResult], about: About) -> str:
    """Return the report as Markdown (GitHub's)."""
    lines = [f"# {translate(_TITLE)}", "", f"**{render(verified(results))}**", ""]
    lines += ["| | |", "|---|---|", *(f"| {label} | {code_span(value)} |" for label, value in about.rows()), ""]
    lines += [f"| {' | '.join(_columns())} |", "|---|---|---|---:|"]
    lines += [
        f"| {_word(r)} | {markdown_text(r.title)} | {markdown_text(r.check.article)} | {r.seconds:.2f} |"
        for r in results
    ]
    for result in results:
        lines += [
            "",
            f"## {_word(result)}: {markdown_text(result.title)}",
            "",
            f"{code_span(result.id)}. {markdown_text(result.check.why)}",
        ]
        if result.evidence:
            lines += ["", translate("Evidence:"), "", *_fence(result.evidence)]
        if result.command:
            lines += ["", translate("Asked with:"), "", *_fence(result.command)]
        if result.problem is not None:
            lines += _problem_markdown(result.problem)
    return "\n".join(lines) + "\n"


def to_html(results: Sequence[CheckResult], about: About) -> str:
    """Return the report as one HTML page: no script, nothing loaded from anywhere."""
    title = html.escape(translate(_TITLE))
    overall = "ok" if healthy(results) else "bad"
    parts = [HTML_HEAD.format(title=title, language=language()), f"<h1>{title}</h1>"]
    parts.append(f'<p class="overall {overall}">{html_text(verified(results))}</p>')
    rows = "".join(
        f"<tr><th scope=row>{html_text(label)}</th><td>{html_text(value)}</td></tr>" for label, value in about.rows()
    )
    parts.append(f"<table><tbody>{rows}</tbody></table>")
    head = "".join(f"<th scope=col>{word}</th>" for word in _columns())
    rows = "".join(
        f"<tr><td class={r.verdict.value}>{_word(r)}</td><td>{html_text(r.title)}</td>"
        f"<td>{html_text(r.check.article)}</td><td class=number>{r.seconds:.2f}</td></tr>"
        for r in results
    )
    parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
    parts += [_section_html(result) for result in results]
    return "\n".join([*parts, "</main>", "</body>", "</html>"]) + "\n"


def _section_html(result: CheckResult) -> str:
    parts = [
        f'<section><h2><span class="{result.verdict.value}">{_word(result)}</span>: {html_text(result.title)}</h2>',
        f"<p><code>{html_text(result.id)}</code> {html_text(result.check.why)}</p>",
    ]
    for label, value in ((translate("Evidence"), result.evidence), (translate("Asked with"), result.command)):
        if value:
            parts.append(f"<h3>{label}</h3><pre>{html_text(value, lines=True)}</pre>")
    if (problem := result.problem) is not None:
        code = problem.code or translate("Unrecognised")
        parts.append(f"<h3>{html_text(problem.title)} ({html_text(code)})</h3><p>{html_text(problem.cause)}</p>")
        parts.append("<ol>")
        for step in problem.remedy:
            # The commands are scrubbed together, because part of a key would not be recognised.
            commands = "\n".join(step.lines)
            block = f"<pre>{html_text(commands, lines=True)}</pre>" if commands else ""
            parts.append(f"<li>{html_text(step.text)}{block}</li>")
        parts.append("</ol>")
        if problem.who:
            parts.append(f"<p>{html_text(message('Who: {who}', who=problem.who))}</p>")
        if _LINK.fullmatch(problem.link):
            parts.append(f'<p><a rel="noreferrer" href="{html_text(problem.link)}">{html_text(problem.link)}</a></p>')
        if problem.original and str(problem.original) != str(result.evidence):
            parts.append(f"<pre>{html_text(problem.original, lines=True)}</pre>")
    return "\n".join([*parts, "</section>"])


def _problem_markdown(problem: Problem) -> list[str]:
    lines = [
        "",
        f"**{markdown_text(problem.title)}** ({markdown_text(problem.code or translate('unrecognised'))})",
        "",
        markdown_text(problem.cause),
        "",
    ]
    for number, step in enumerate(problem.remedy, 1):
        lines.append(f"{number}. {markdown_text(step.text)}")
        if step.commands:
            lines += ["", *("   " + line for line in _fence("\n".join(step.lines))), ""]
    if problem.who:
        lines += ["", markdown_text(message("Who: {who}", who=problem.who))]
    if _LINK.fullmatch(problem.link):
        lines += ["", f"<{inert(problem.link)}>"]
    if problem.original:
        lines += ["", translate("In Google's words:"), "", *_fence(problem.original)]
    return lines


def _columns() -> tuple[str, ...]:
    return translate("Verdict"), translate("Check"), translate("Article"), translate("Seconds")


def _word(result: CheckResult) -> str:
    return translate(status_words.WARNING if result.warns else _VERDICTS[result.verdict]).upper()


def clean(value: str | Message, *, lines: bool = False) -> str:
    """Return text for a person; only our own messages are translated, text from outside is not."""
    return inert(scrub(render(as_message(value))), _EVIDENCE, keep_lines=lines)


def cleaned(value: object) -> object:
    """Return a JSON value, in English, made inert."""
    if isinstance(value, str):
        return inert(scrub(value), _EVIDENCE, keep_lines=True)
    if isinstance(value, dict):
        return {key: cleaned(inner) for key, inner in value.items()}
    return [cleaned(inner) for inner in value] if isinstance(value, list | tuple) else value


def html_text(value: str | Message, *, lines: bool = False) -> str:
    """Return text escaped for HTML."""
    return html.escape(clean(value, lines=lines), quote=True)


def markdown_text(value: str | Message) -> str:
    """Return text in which no character is markup or makes a link in Markdown; plain names stay readable."""
    return _START.sub(r"\1\\\2", _MARKUP.sub(lambda found: "\\" + found[0], clean(value).strip()))


def code_span(value: str) -> str:
    """Return a code span for a cell of a table."""
    text = clean(value).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text or ' '}`"


def _fence(value: str | Message) -> list[str]:
    """Return a fenced block that nothing in its content can close."""
    text = clean(value, lines=True)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *text.split("\n"), fence]


HTML_HEAD = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 }}
main {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0; width: 100% }}
th, td {{ border: 1px solid #c8c8c8; padding: .3rem .6rem; text-align: left; overflow-wrap: anywhere }}
th {{ background: #f2f2f2 }}
pre {{ background: #f6f6f6; border: 1px solid #ddd; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere }}
.number {{ text-align: right }}
.overall {{ font-weight: bold }}
.pass, .ok {{ color: #0b6623; font-weight: bold }}
.fail, .bad {{ color: #a40000; font-weight: bold }}
.unknown {{ color: #7a4b00; font-weight: bold }}
.skipped {{ color: #555; font-weight: bold }}
</style>
</head>
<body>
<main>"""
