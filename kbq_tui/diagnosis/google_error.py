"""Parses the forms in which errors are pasted into a Fault, with bounded work for any text."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kbq_tui.diagnosis.entry import clean
from kbq_tui.diagnosis.rules import HTTP_OF
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.problem import Fault
from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

LIMIT: Final = 32_768
"""The most characters of an error that are read. A traceback has its message in the last lines, a REST error in the
first."""

_COLOUR: Final = pattern(r"\x1b\[[0-9;:]{0,40}[mK]")
_EDGE: Final = pattern(r"\A[ \t]{0,40}[│┃╷╵](?: |\Z)")
_HYPHEN: Final = pattern(r"\w-\Z")
_NEW: Final = pattern(
    r"\s*(?:[-*•] |(?:ERROR|WARN|WARNING|INFO|DEBUG|FATAL)\b|Traceback |File \"|[12]\d{3}-\d\d-\d\d|"
    r"[\w.]{0,200}(?:Error|Exception|exceptions\.\w{1,60}):)"
)
"""Beginnings of lines that do not continue the line before: an item, a line of a log or of a traceback."""

_MARK: Final = pattern(r"-----(BEGIN|END) [A-Z ]{0,40}PRIVATE KEY")


def bounded(text: str) -> str:
    """Return both ends of a long text, scrubbed and inert, with its line ends."""
    if len(text) > LIMIT:
        half = LIMIT // 2
        text = text[:half] + "\n…\n" + _tail(text, len(text) - half)
    return inert(scrub(_COLOUR.sub("", text)), LIMIT + 16, keep_lines=True)


def unwrapped(text: str) -> str:
    """Return a text with the lines that were broken at a terminal's width joined again.

    bq wraps its output at the terminal's width, also after a hyphen within a name; Terraform draws a border beside its
    lines. A line break counts as made by a tool if nothing new begins after it and the next word would not have fitted.
    Of the first line, a part may not have been copied.

    Args:
        text: as returned by `bounded`.
    """
    parts: list[str] = []
    last = ""
    for raw in text.split("\n"):
        line = _EDGE.sub("", raw).rstrip()
        first = line.split(maxsplit=1)[:1]
        full = len(parts) == 1 or (first and len(last) + 1 + len(first[0]) > len(line))
        if last and first and full and not _NEW.match(line):
            parts.append(("" if _HYPHEN.search(last) else " ") + line.lstrip())
        else:
            parts.append("\n" + line if parts else line)
        last = line
    return "".join(parts)


def _tail(text: str, start: int) -> str:
    """Return the end of a text from `start` on, beginning with a whole line, without part of a private key."""
    line = text.find("\n", start)
    tail = text[line + 1 :] if line >= 0 else ""
    mark = _MARK.search(tail)
    if mark is None:
        # There is no mark here: if the last mark before is a beginning, all of the tail may belong to a key.
        begun, ended = text.rfind("-----BEGIN ", 0, start), text.rfind("-----END ", 0, start)
        return "" if begun > ended else tail
    return tail[mark.end() :] if mark[1] == "END" else tail


_STATUSES: Final = "|".join(HTTP_OF)
_GRPC: Final = pattern(rf"\bStatusCode\.({_STATUSES})\b")
# Names that are also plain English words count only where a status is expected.
_STATUS: Final = pattern(
    rf"\b(?:status|code)[\\'\"]{{0,2}}\s{{0,3}}[:=]\s{{0,3}}[\\'\"]{{0,2}}({_STATUSES})\b|"
    r"(?:\A\s{0,20}|\) |\b\d{1,2} )(UNAVAILABLE|ABORTED|UNAUTHENTICATED): |\b([A-Z]{3,12}_[A-Z]{4,12})\b"
)
_HTTP: Final = tuple(
    pattern(text)
    for text in (
        r"\b([45]\d\d) (?:GET|POST|PUT|PATCH|DELETE|HEAD) http",
        r"\bexceptions\.\w{2,60}: ([45]\d\d)\b",
        r"\b(?:HttpError|HTTPError|HTTP|googleapi: Error|HTTP Error|(?:status|response) code:?) ?\[?([45]\d\d)\b",
        r"\bHttp response status: ([45]\d\d)\b",
        r"[\"']code[\"']\s{0,3}:\s{0,3}([45]\d\d)\b",
        r"\A\s{0,20}([45]\d\d):? (?=[A-Z<('])",
    )
)
_REASON: Final = pattern(
    r"\breason[\\'\"]{0,2}\s{0,3}[:=]\s{0,3}[\\'\"]{0,2}(?!duplicate(?![\\'\",]))([A-Za-z_]{3,60})"
)
_GO_REASON: Final = pattern(r"googleapi: Error [45]\d\d: [^\n]{1,4000}, ([a-z][A-Za-z]{3,40})\s{0,10}$", re.MULTILINE)
_VIOLATION: Final = pattern(r"\btype[\\'\"]{0,2}\s{0,3}[:=]\s{0,3}[\\'\"]{0,2}(constraints/[\w.]{3,100}\w)")
_OWN: Final = pattern(r"\bKBQ-[A-Z]{2,20}(?:-[A-Z]{2,20}){0,5}\b")
_RETRY: Final = pattern(r"(?i)\bretry-after[\\'\"]{0,2}\s{0,3}[:=]\s{0,3}[\\'\"]{0,2}(\d{1,5})\b")


def fault_of(text: str) -> tuple[Fault, str]:
    """Return the Fault that a pasted text describes, and the text in the form in which it may be shown.

    Args:
        text: any text.
    """
    shown = bounded(text)
    words = unwrapped(shown)
    found = _from_json(shown)
    message, http, status, reason = found.message, found.http, found.status, found.reason
    if own := next((m[0] for m in _OWN.finditer(words)), None):
        reason = own
    if status is None and (match := _GRPC.search(words) or _STATUS.search(words)):
        name = next(group for group in match.groups() if group)
        status = name if name in HTTP_OF else None
    if http is None:
        http = next((int(m[1]) for pattern in _HTTP if (m := pattern.search(words))), None)
    if reason is None and (match := _REASON.search(words) or _GO_REASON.search(shown)):
        reason = match[1]
    violations = found.violations or tuple(match[1] for match in _VIOLATION.finditer(words))[:8]
    retry_after = found.retry_after
    if retry_after is None and (match := _RETRY.search(words)):
        retry_after = float(match[1])
    joined = f"{message}\n{words}" if message else words
    return Fault(joined, http, status, reason, violations, found.metadata, None, retry_after), shown


def _from_json(words: str) -> Fault:
    """Return the first error in JSON; an empty Fault if there is none."""
    for body in _objects(words):
        error: Any = body
        if isinstance(body.get("status"), Mapping):  # a BigQuery job
            error = body["status"].get("errorResult") or body
        elif "error" in body:
            error = body["error"]
        if isinstance(error, str):  # OAuth
            return Fault(f"{error}: {_text(body.get('error_description'))}")
        if isinstance(error, Mapping) and isinstance(error.get("message"), str):
            return from_error(error, described=True)
    return Fault("")


def _objects(words: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects in a text, also those in a list. Gives up after a few attempts."""
    decoder, position = json.JSONDecoder(strict=False), 0
    for _ in range(12):
        position = words.find("{", position)
        if position < 0:
            return
        try:
            value, end = decoder.raw_decode(words, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        position = end
        if isinstance(value, Mapping):
            yield value


def from_error(error: Mapping[str, Any], *, described: bool = False) -> Fault:
    """Parse an error in Google's JSON; used for answers and for pasted text.

    Args:
        error: the object under `error`, or a job's `errorResult`. Hostile.
        described: whether to add the description of each violated precondition to the message.

    Source: https://google.aip.dev/193
    """
    code = error.get("code")
    message, reason, status = _text(error.get("message")), error.get("reason"), error.get("status")
    violations: list[str] = []
    metadata: dict[str, str] = {}
    retry_after: float | None = None
    for detail in _dicts(error.get("details")):
        kind = _text(detail.get("@type")).rpartition(".")[2]
        if kind == "ErrorInfo":
            reason = detail.get("reason") or reason
            pairs = detail.get("metadata")
            if isinstance(pairs, Mapping):
                metadata.update({_text(k): _text(v) for k, v in list(pairs.items())[:40]})
        elif kind == "PreconditionFailure":
            for violation in _dicts(detail.get("violations")):
                violations.append(_text(violation.get("type")))
                message += "\n" + _text(violation.get("description")) if described else ""
        elif kind == "RetryInfo":
            seconds = re.match(r"(\d{1,6}(?:\.\d{1,9})?)s\Z", _text(detail.get("retryDelay")))
            retry_after = float(seconds[1]) if seconds else None
    if not reason:
        reason = next((item.get("reason") for item in _dicts(error.get("errors"))), None)
    return Fault(
        message,
        code if isinstance(code, int) and 100 <= code <= 599 else None,
        status if isinstance(status, str) and status in HTTP_OF else None,
        clean(reason, 100) if isinstance(reason, str) else None,
        tuple(v for v in violations if v),
        metadata,
        None,
        retry_after,
    )


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value[:20] if isinstance(item, Mapping)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Return text from JSON, made inert again, because escape sequences may have hidden something."""
    return inert(scrub(value[:4_000]), 4_000, keep_lines=True) if isinstance(value, str) else ""
